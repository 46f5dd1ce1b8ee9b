// SPDX-License-Identifier: GPL-2.0-only
/*
 * Supervision of the worker: what it says, and what follows when it ends.
 *
 * While there is no worker there is no listener, so that the ports' failure
 * policies rule. A worker that breaks the rules of the channel, or whose threads
 * do not turn for long, is killed, and then replaced like one that crashed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "background.h"
#include "broker.h"
#include "channel.h"
#include "confine.h"
#include "log.h"
#include "parent_internal.h"
#include "sdnotify.h"

#ifndef BACKOFF_FIRST_MS	/* a test of many workers is shorter of patience */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 10000
#endif
#define SOUND_AFTER_MS 30000	/* one that lived so long resets the back-off */
#define LOG_AGAIN_MS 10000
#define RELOAD_AGAIN_MS 500
#define UPGRADE_AGAIN_MS 5000

int parent_worker_start(struct parent *p)
{
	int err = worker_proc_start(&p->worker, &p->env);

	if (err) {
		log_error("the worker can't be started: %s", strerror(-err));
		return err;
	}
	p->born = p->beat = parent_now();
	p->restart_at = 0;
	return 0;
}

void parent_worker_condemn(struct parent *p, const char *what, int err)
{
	if (!p->worker.pid || p->worker.control < 0)
		return;
	log_error("the worker is ended: %s%s%s", what, err ? ": " : "", err ? strerror(-err) : "");
	worker_proc_kill(&p->worker);
}

/*
 * The datapath hears of life only when the worker showed some: its threads turn,
 * and take what waits in their accept queues. A drain is an
 * overload, too: there is to be nothing new.
 */
static void pass_beat(struct parent *p)
{
	if (p->lost || p->awaiting || p->deaf || (p->state != SERVING && p->state != DRAINING))
		return;
	p->ops->heartbeat(p->dp, p->overloaded || p->state == DRAINING);
}

void parent_drain(struct parent *p)
{
	int err;

	if (p->state != SERVING)
		return;
	log_info("draining: nothing new is accepted, sessions have %u ms", p->conf->drain_timeout);
	if (!p->superseded)
		sdnotify("STOPPING=1");
	p->state = DRAINING;
	pass_beat(p);
	if (!p->worker.pid) {
		parent_end(p, 0);
		return;
	}
	err = worker_proc_drain(&p->worker, p->conf->drain_timeout, p->superseded);
	if (err)
		parent_worker_condemn(p, "it can't be drained", err);
}

static void on_ready(struct parent *p, int error)
{
	if (p->state == STARTING && !error) {
		if (parent_succeed(p)) {
			log_error("the daemon that ran has taken its ports back");
			parent_end(p, 1);
			return;
		}
		p->state = SERVING;
		background_ready(p->ready_fd);
		p->ready_fd = -1;
	}
	parent_answered(p, error);
	pass_beat(p);
}

static void on_beat(struct parent *p, const struct channel_msg *msg)
{
	bool deaf = msg->kind == CHANNEL_HEARTBEAT ? msg->b : p->deaf;

	if (deaf != p->deaf)
		log_warning(deaf ? "the worker does not accept: in a heartbeat's time on_failure rules" :
				   "the worker accepts again");
	p->deaf = deaf;
	p->beat = parent_now();
	p->overloaded = msg->a;
	pass_beat(p);
}

/* As often as it helps, whoever asks. */
static void reopen_log(struct parent *p)
{
	uint64_t now = parent_now();

	if (p->log_asked && now - p->log_asked < LOG_AGAIN_MS)
		return;
	p->log_asked = now;
	parent_reopen_log(p);
}

static bool is_due(bool *due, uint64_t *asked, unsigned int pause)
{
	uint64_t now = parent_now();

	if (!*due || (*asked && now - *asked < pause))
		return false;
	*due = false;
	*asked = now;
	return true;
}

/* What somebody asked the worker for is done, but not as often as a worker may ask. */
static void grant_wishes(struct parent *p)
{
	if (is_due(&p->reload_due, &p->reload_asked, RELOAD_AGAIN_MS))
		parent_reload(p);
	if (is_due(&p->upgrade_due, &p->upgrade_asked, UPGRADE_AGAIN_MS))
		parent_upgrade(p);
}

static void describe_confinement(struct parent *p, const struct channel_msg *msg)
{
	char *text = p->env.shm->confinement;
	size_t size = sizeof(p->env.shm->confinement);

	shm_write_begin(p->env.shm);
	if (!msg->b)
		snprintf(text, size, "none: a build for debugging");
	else if (msg->a)
		snprintf(text, size, "seccomp, Landlock %u", msg->a);
	else
		snprintf(text, size, "seccomp, no Landlock in this kernel");
	shm_write_end(p->env.shm);
	if (!msg->b)
		log_warning("this build does not confine its worker: it is for debugging only");
	else
		log_info("worker %d is confined: %s", (int)p->worker.pid, text);
}

/* Its first words, said before it has read anything. */
static int on_confined(struct parent *p, const struct channel_msg *msg, const int *fds, size_t n_fds)
{
	if (p->worker.confined || n_fds > 1)
		return -EPROTO;
	p->worker.confined = true;
	p->worker.notify = n_fds ? fds[0] : -1;
	describe_confinement(p, msg);
	return 0;
}

/* Return: 0 or -EPROTO. */
static int obey(struct parent *p, const struct channel_msg *msg)
{
	switch (msg->kind) {
	case CHANNEL_GAVE:
		return msg->a > 4095 ? -EPROTO : parent_heir_gave(p, (int)msg->a);
	case CHANNEL_BYPASS:
	case CHANNEL_BYPASS_ADD:
	case CHANNEL_BYPASS_DEL:
	case CHANNEL_BYPASS_FLUSH:
	case CHANNEL_BYPASS_LIST:
		return parent_bypass_serve(p, msg);
	case CHANNEL_EXPLAIN:
		return parent_explain(p, msg);
	case CHANNEL_LOG_LEVEL:
		if (msg->b > LOG_LEVEL_DEBUG)
			return -EPROTO;
		log_set_level((int)msg->b);
		parent_answer(p, &(struct channel_msg){ .kind = CHANNEL_BYPASS_DONE, .a = msg->a }, -1);
		return 0;
	case CHANNEL_UPGRADE:
		p->upgrade_due = true;
		grant_wishes(p);
		return 0;
	case CHANNEL_READY:
		if (!p->awaiting || msg->a > 4095)
			return -EPROTO;
		on_ready(p, (int)msg->a);
		return 0;
	case CHANNEL_REOPEN:
		reopen_log(p);
		return 0;
	case CHANNEL_HEARTBEAT:
	case CHANNEL_OVERLOAD:
		on_beat(p, msg);
		return 0;
	case CHANNEL_RELOAD:
		p->reload_due = true;
		grant_wishes(p);
		return 0;
	case CHANNEL_DRAIN_REQUEST:
		parent_drain(p);
		return 0;
	default:
		return -EPROTO;
	}
}

void parent_worker_read(struct parent *p)
{
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;
	size_t n_fds = 0;
	int got = channel_recv(p->worker.control, &msg, fds, &n_fds);

	if (got == -EAGAIN)
		return;
	if (!got) {
		worker_proc_kill(&p->worker);	/* it is ending already: SIGCHLD follows */
		return;
	}
	if (got == 1 && msg.kind == CHANNEL_CONFINED) {
		got = on_confined(p, &msg, fds, n_fds);
		n_fds = got ? n_fds : 0;
	} else if (got == 1 && !p->worker.confined) {
		got = -EPROTO;
	} else if (got == 1 && n_fds == 1 && msg.kind == CHANNEL_LISTENER) {
		got = parent_heir_give(p, &msg, fds[0]);
		n_fds = 0;
	} else if (got == 1) {
		got = n_fds ? -EPROTO : obey(p, &msg);
	}
	while (n_fds)
		close(fds[--n_fds]);
	if (got < 0)
		parent_worker_condemn(p, "control channel", got);
}

void parent_worker_violation(struct parent *p)
{
	char name[64], what[120];

	if (!confine_violation(p->worker.notify, name, sizeof(name)))
		return;
	shm_write_begin(p->env.shm);
	p->env.shm->worker_violations++;
	shm_write_end(p->env.shm);
	snprintf(what, sizeof(what), "it made the system call %s, which it may not", name);
	parent_worker_condemn(p, what, 0);
}

void parent_worker_serve(struct parent *p, unsigned int thread)
{
	int err = broker_serve(p->worker.sockets[thread], p->ops, p->dp);

	if (err == -EPIPE || err == -ECONNRESET)
		worker_proc_kill(&p->worker);	/* the same */
	else if (err)
		parent_worker_condemn(p, "socket channel", err);
}

static void log_end(pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_error("worker %d was ended by signal %d (%s)", (int)pid, WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_error("worker %d ended with status %d", (int)pid, WEXITSTATUS(status));
	else
		log_info("worker %d ended", (int)pid);
}

static void schedule_restart(struct parent *p)
{
	uint64_t now = parent_now();

	if (!p->backoff || now - p->born > SOUND_AFTER_MS)
		p->backoff = BACKOFF_FIRST_MS;
	else if (p->backoff < BACKOFF_LAST_MS)
		p->backoff = p->backoff * 2 < BACKOFF_LAST_MS ? p->backoff * 2 : BACKOFF_LAST_MS;
	p->restart_at = now + p->backoff;
	log_warning("the next worker starts in %u ms", p->backoff);
	shm_write_begin(p->env.shm);
	p->env.shm->worker_restarts++;
	shm_write_end(p->env.shm);
}

static void worker_ended(struct parent *p, int status)
{
	log_end(p->worker.pid, status);
	worker_proc_disconnect(&p->worker);
	p->worker.pid = 0;
	p->awaiting = false;
	p->overloaded = false;
	p->deaf = false;
	p->has_listeners = false;
	p->giving = false;
	parent_heir_forget(p, "the worker died");
	conf_put(p->previous);	/* the next worker gets p->conf, which the datapath has */
	p->previous = NULL;
	if (p->state == STARTING)
		parent_end(p, 1);
	else if (p->state == DRAINING)
		parent_end(p, 0);
	else if (p->state == SERVING)
		schedule_restart(p);
}

void parent_worker_reap(struct parent *p)
{
	int status;

	if (p->worker.pid && waitpid(p->worker.pid, &status, WNOHANG) == p->worker.pid)
		worker_ended(p, status);
}

/* What waits in the channel may be the beat that we, not the worker, were too late for. */
static bool is_hung(const struct parent *p)
{
	struct pollfd pfd = { .fd = p->worker.control, .events = POLLIN };

	return p->worker.pid && p->worker.control >= 0 && parent_now() - p->beat > p->conf->hang_timeout &&
	       poll(&pfd, 1, 0) == 0;
}

void parent_worker_tick(struct parent *p)
{
	grant_wishes(p);
	if (is_hung(p))
		parent_worker_condemn(p, "its threads do not turn", 0);
	if (!p->restart_at || parent_now() < p->restart_at || p->state != SERVING)
		return;
	if (parent_worker_start(p))
		schedule_restart(p);
	else
		parent_conf_again(p);
}
