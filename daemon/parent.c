// SPDX-License-Identifier: GPL-2.0-only
/*
 * The privileged parent: owns the datapath, makes listeners and spoofing
 * sockets, supervises the worker.
 *
 * It reads nothing that a network peer wrote: its inputs are signals, the
 * configuration file, the datapath's notifications and the worker's messages of
 * fixed size. It is one poll loop without threads, so that it may fork. It
 * starts in this order: datapath opened, worker forked, listeners bound, ports
 * applied, listeners marked and handed over, privileges reduced.
 */
#include "parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin_socket.h"
#include "background.h"
#include "log.h"
#include "parent_internal.h"
#include "privs.h"
#include "sdnotify.h"
#include "shm.h"

#define TICK_MS 1000
#define GRACE_MS 2000	/* for exchanges, */
#define SETTLE_MS 3000	/* then for the last octets of their answers */
#define SETTLE_STEP_MS 10
#define END_MS 3000
#define EVENTS_MAX 64	/* of the datapath, before others get their turn */

uint64_t parent_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void parent_end(struct parent *p, int status)
{
	if (p->state == ENDING)
		return;
	p->state = ENDING;
	p->status = status;
}

static void on_event(struct parent *p, const struct datapath_event *e)
{
	switch (e->kind) {
	case DP_EVENT_PORTS:
		log_debug("%s", e->text);
		parent_follow_ports(p);
		break;
	case DP_EVENT_OWNER_LOST:
		p->lost = true;
		if (p->heir_state == GIVEN || p->superseded)
			break;	/* to the successor, which serves in a moment */
		log_warning("%s", e->text);
		parent_drain(p);
		break;
	case DP_EVENT_REPAIRED:
		log_warning("%s", e->text);
		shm_write_begin(p->env.shm);
		p->env.shm->repairs++;
		shm_write_end(p->env.shm);
		break;
	case DP_EVENT_FAILED:
		log_error("%s", e->text);
		break;
	case DP_EVENT_BYPASS:
		p->bypass_dirty = true;
		log_info("%s", e->text);
		break;
	case DP_EVENT_NOTICE:
	case DP_EVENT_WARNING:
		log_warning("%s", e->text);
		break;
	}
}

static void serve_datapath(struct parent *p)
{
	struct datapath_event e;

	for (int i = 0; i < EVENTS_MAX && p->ops->dispatch(p->dp, &e) == 1; i++)
		on_event(p, &e);
}

static void publish_counters(struct parent *p)
{
	struct shm_page *shm = p->env.shm;
	int n;

	shm_write_begin(shm);
	n = p->ops->counters(p->dp, shm->counters, SHM_COUNTERS_MAX);
	if (n >= 0)
		shm->n_counters = (uint32_t)n;
	shm_write_end(shm);
}

static void on_signal(struct parent *p)
{
	struct signalfd_siginfo info;

	while (read(p->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			parent_worker_reap(p);
			parent_upgrade_reap(p);
			break;
		case SIGHUP:
			parent_reload(p);
			break;
		case SIGUSR1:
			parent_reopen_log(p);
			break;
		case SIGUSR2:
			parent_upgrade(p);
			break;
		default:
			log_info("signal %u: ending", info.ssi_signo);
			parent_end(p, 0);
		}
	}
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Milliseconds until the next thing that no descriptor announces. */
static int patience(const struct parent *p, uint64_t tick)
{
	uint64_t now = parent_now(), next = tick;

	if (p->restart_at && p->restart_at < next)
		next = p->restart_at;
	return next > now ? (int)(next - now) : 0;
}

/* Before the socket channels of the threads. */
enum { PFD_SIGNALS, PFD_DATAPATH, PFD_CONTROL, PFD_NOTIFY, PFD_MEETING, PFD_HEIR, PFD_SOCKETS };

/* The descriptors are read anew each turn: the worker's come and go. */
static unsigned int fill(const struct parent *p, struct pollfd *pfd)
{
	unsigned int n = PFD_SOCKETS;

	pfd[PFD_SIGNALS] = (struct pollfd){ .fd = p->signals, .events = POLLIN };
	pfd[PFD_DATAPATH] = (struct pollfd){ .fd = p->dp ? p->ops->pollfd(p->dp) : -1, .events = POLLIN };
	pfd[PFD_CONTROL] = (struct pollfd){ .fd = p->worker.pid ? p->worker.control : -1, .events = POLLIN };
	pfd[PFD_NOTIFY] = (struct pollfd){ .fd = p->worker.pid ? p->worker.notify : -1, .events = POLLIN };
	pfd[PFD_MEETING] = (struct pollfd){ .fd = p->meeting, .events = POLLIN };
	pfd[PFD_HEIR] = (struct pollfd){ .fd = p->heir, .events = POLLIN };
	for (unsigned int t = 0; t < p->env.threads; t++)
		pfd[n++] = (struct pollfd){ .fd = p->worker.pid ? p->worker.sockets[t] : -1,
					    .events = POLLIN };
	return n;
}

/* What an earlier step closed in this turn is not looked at. */
static void turn(struct parent *p, const struct pollfd *pfd)
{
	if (pfd[PFD_NOTIFY].revents & POLLIN && p->worker.notify == pfd[PFD_NOTIFY].fd)
		parent_worker_violation(p);
	if (pfd[PFD_DATAPATH].revents)
		serve_datapath(p);
	for (unsigned int t = 0; t < p->env.threads; t++)
		if (pfd[PFD_SOCKETS + t].revents && p->worker.sockets[t] == pfd[PFD_SOCKETS + t].fd)
			parent_worker_serve(p, t);
	if (pfd[PFD_CONTROL].revents && p->worker.control == pfd[PFD_CONTROL].fd)
		parent_worker_read(p);
	if (pfd[PFD_HEIR].revents && p->heir == pfd[PFD_HEIR].fd)
		parent_heir_read(p);
	if (pfd[PFD_MEETING].revents && p->meeting == pfd[PFD_MEETING].fd)
		parent_heir_meet(p);
	if (pfd[PFD_SIGNALS].revents)
		on_signal(p);
	parent_heir_tick(p);
	parent_worker_tick(p);
}

static void loop(struct parent *p)
{
	struct pollfd pfd[PFD_SOCKETS + WORKER_THREADS_MAX];
	uint64_t tick = parent_now() + TICK_MS;

	while (p->state != ENDING) {
		unsigned int n = fill(p, pfd);

		if (poll(pfd, n, patience(p, tick)) < 0)
			continue;
		turn(p, pfd);
		if (parent_now() < tick || p->state == ENDING)
			continue;
		serve_datapath(p);
		publish_counters(p);
		sdnotify_alive();
		parent_bypass_save(p, false);
		tick = parent_now() + TICK_MS;
	}
}

/* It may still ask for sockets, while there is a datapath. Signals are but those of its end. */
static void wait_for_worker(struct parent *p, unsigned int ms)
{
	struct pollfd pfd[PFD_SOCKETS + WORKER_THREADS_MAX];
	struct signalfd_siginfo info;
	unsigned int n = fill(p, pfd);

	for (unsigned int i = PFD_DATAPATH; i < (p->dp ? PFD_SOCKETS : n); i++)
		pfd[i].fd = -1;
	if (poll(pfd, n, (int)ms) <= 0)
		return;
	while (read(p->signals, &info, sizeof(info)) > 0)
		;
	for (unsigned int t = 0; t < p->env.threads; t++)
		if (pfd[PFD_SOCKETS + t].revents && p->worker.sockets[t] == pfd[PFD_SOCKETS + t].fd)
			parent_worker_serve(p, t);
}

/* A drain, of no time as well, lets a sound worker write its log and go. */
static void end_worker(struct parent *p, unsigned int grace)
{
	uint64_t until = parent_now() + grace + END_MS;

	if (p->worker.pid && (p->worker.control < 0 || worker_proc_drain(&p->worker, grace, false)))
		worker_proc_kill(&p->worker);
	while (p->worker.pid && parent_now() < until) {
		if (waitpid(p->worker.pid, NULL, WNOHANG) == p->worker.pid)
			p->worker.pid = 0;
		else
			wait_for_worker(p, 100);
	}
	if (p->worker.pid) {
		log_warning("worker %d does not end and is killed", (int)p->worker.pid);
		worker_proc_kill(&p->worker);
		waitpid(p->worker.pid, NULL, 0);
		p->worker.pid = 0;
	}
	worker_proc_disconnect(&p->worker);
}

/* The kernel still sends what the worker wrote, and needs the answers delivered. */
static void settle(struct parent *p)
{
	uint64_t until = parent_now() + SETTLE_MS;

	while (!p->ops->settled(p->dp) && parent_now() < until)
		poll(NULL, 0, SETTLE_STEP_MS);
}

static void close_admin(struct parent *p)
{
	if (p->admin_path)
		unlink(p->admin_path);
	free(p->admin_path);
	p->admin_path = NULL;
}

static void close_datapath(struct parent *p, bool remove)
{
	p->ops->close(p->dp, remove);
	p->dp = NULL;
}

/* Nothing new comes to the worker; what has begun gets a moment where the datapath can go on without the new. */
static void stop(struct parent *p)
{
	/* one that never served leaves the interception to its predecessor */
	bool remove = !p->lost && p->inherited.channel < 0;
	bool retired = remove && p->ops->retire && !p->ops->retire(p->dp);

	if (!p->superseded)
		sdnotify("STOPPING=1");
	parent_bypass_save(p, true);
	if (!retired)
		close_datapath(p, remove);
	end_worker(p, retired ? GRACE_MS : 0);
	if (retired) {
		settle(p);
		close_datapath(p, true);
	}
	close_admin(p);
	inheritance_forget(&p->inherited);
	conf_put(p->previous);
	conf_put(p->conf);
}

static int fail(const char *what, int err)
{
	log_error("%s: %s", what, strerror(-err));
	return err;
}

static int use(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

/* Those of a predecessor that are the same are used on: nobody is turned away meanwhile. */
static int open_admin(struct parent *p)
{
	int *offers = p->inherited.offers;
	const char *path = p->args->admin ? p->args->admin : p->conf->admin.socket;
	char why[WHY_MAX] = "";

	if (path && admin_socket_is(offers[OFFER_ADMIN], path))
		p->env.admin_fd = use(&offers[OFFER_ADMIN]);
	else if (path)
		p->env.admin_fd = admin_socket_open(path, &p->env.user, why, sizeof(why));
	if (!*why && path)
		p->admin_path = strdup(path);
	if (p->conf->admin.metrics.addr.family != AF_UNSPEC &&
	    admin_metrics_is(offers[OFFER_METRICS], &p->conf->admin.metrics))
		p->env.metrics_fd = use(&offers[OFFER_METRICS]);
	else if (!*why && p->conf->admin.metrics.addr.family != AF_UNSPEC)
		p->env.metrics_fd = admin_metrics_open(&p->conf->admin.metrics, why, sizeof(why));
	if (*why)
		log_error("%s", why);
	return *why ? -EIO : 0;
}

static int open_shm(struct parent *p)
{
	struct shm_page *shm = shm_create();

	if (!shm)
		return fail("shared page", -ENOMEM);
	snprintf(shm->datapath, sizeof(shm->datapath), "%s", p->ops->name);
	snprintf(shm->datapath_why, sizeof(shm->datapath_why), "%s", p->args->why);
	shm->started = (uint64_t)time(NULL);
	p->env.shm = shm;
	return 0;
}

/* What must be there before the datapath is touched. */
static int open_environment(struct parent *p)
{
	char why[WHY_MAX];
	int err = privs_find_user(p->conf->user, &p->env.user, why, sizeof(why));

	if (err) {
		log_error("%s", why);
		return err;
	}
	if (*why)
		log_warning("%s", why);
	privs_raise_nofile();
	if (!p->args->foreground) {
		p->ready_fd = background_enter();
		if (p->ready_fd < 0)
			return fail("can't go to the background", p->ready_fd);
	}
	p->signals = open_signals();
	if (p->signals < 0)
		return fail("signalfd", p->signals);
	err = open_shm(p);
	if (!err)
		err = parent_inherit(p);
	return err ? err : open_admin(p);
}

static int start_serving(struct parent *p)
{
	int err = parent_worker_start(p);

	if (!err)
		err = parent_conf_first(p);
	if (err)
		return err;
	err = privs_reduce_parent();
	return err ? fail("can't give up privileges", err) : 0;
}

int parent_run(const struct parent_args *args)
{
	struct parent p = {
		.args = args, .ops = args->ops, .conf = args->conf, .ready_fd = -1, .meeting = -1, .heir = -1,
		.env = { .ops = args->ops, .threads = args->conf->workers, .admin_fd = -1, .metrics_fd = -1 },
	};
	char why[WHY_MAX] = "";

	log_open();
	log_set_level((int)p.conf->log.level);
	p.worker.control = p.worker.notify = p.worker.leash[0] = p.worker.leash[1] = -1;
	inheritance_init(&p.inherited);
	if (readlink("/proc/self/exe", p.program, sizeof(p.program) - 1) < 0)
		snprintf(p.program, sizeof(p.program), "%s", args->argv[0]);
	if (open_environment(&p))
		goto err_admin;
	log_info("datapath %s: %s", p.ops->name, args->why);
	if (p.ops->open(p.conf, p.inherited.channel >= 0, &p.dp, why, sizeof(why))) {
		log_error("datapath %s: %s", p.ops->name, why);
		goto err_admin;
	}
	if (start_serving(&p))
		parent_end(&p, 1);
	loop(&p);
	stop(&p);
	return p.status;

err_admin:
	close_admin(&p);
	conf_put(p.conf);
	return 1;
}
