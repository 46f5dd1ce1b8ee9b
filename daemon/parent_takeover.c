// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takeover, both halves of the parent: what the one before us gives, and what
 * we give to the one after us. takeover.h has the messages.
 *
 * Who has the interception is decided by the datapath: a commit makes it ours.
 * What a death leaves, step by step:
 *
 *	before GAVE		the predecessor serves; without it, the policy rules
 *	after GAVE		the same; without it, the successor goes on
 *	after its commit	successor dead: the predecessor takes it back;
 *				predecessor dead: the successor has the listeners
 *	after TOOK		the successor serves
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "parent_internal.h"
#include "sdnotify.h"

#define HEIR_MS 30000	/* from its question to its service */

/* --- the one before us --- */

int parent_inherit(struct parent *p)
{
	int got;

	inheritance_init(&p->inherited);
	if (!p->args->takeover) {
		if (!takeover_lives())
			return 0;
		log_error("a daemon serves this network namespace already; --takeover replaces it");
		return -EBUSY;
	}
	got = takeover_ask(&p->inherited);
	if (got > 0)
		log_info("taking over, with %zu listening sockets", p->inherited.n);
	else if (got)
		log_error("the daemon that runs gives nothing away: %s", strerror(-got));
	else
		log_info("there is no daemon to take over from");
	return got < 0 ? got : 0;
}

static uint32_t offers_used(const struct parent *p)
{
	uint32_t used = 0;

	for (int i = 0; i < OFFER_MAX; i++)
		if (p->inherited.offers[i] < 0)
			used |= 1U << i;
	return used;
}

int parent_succeed(struct parent *p)
{
	struct channel_msg took = { .kind = CHANNEL_TOOK };
	int err = 0;

	p->meeting = p->inherited.offers[OFFER_MEETING];
	p->inherited.offers[OFFER_MEETING] = -1;
	if (p->meeting < 0)
		p->meeting = takeover_listen();
	if (p->meeting < 0)
		log_warning("no takeover will be possible: %s", strerror(-p->meeting));
	took.a = offers_used(p);
	inheritance_forget(&p->inherited);
	if (p->inherited.channel < 0)
		return 0;
	err = channel_send(p->inherited.channel, &took, NULL, 0);
	close(p->inherited.channel);
	p->inherited.channel = -1;
	/* a predecessor that died meanwhile has lost nothing but itself */
	return err && p->lost ? -EIO : 0;
}

/* --- the one after us --- */

static void heir_close(struct parent *p)
{
	if (p->heir >= 0)
		close(p->heir);
	p->heir = -1;
	p->heir_state = NOBODY;
}

void parent_heir_meet(struct parent *p)
{
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(p->meeting, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	pid_t pid;

	if (fd < 0)
		return;
	pid = takeover_peer(fd);
	if (pid < 0 || p->heir >= 0) {
		close(fd);
		return;
	}
	p->heir = fd;
	p->heir_pid = pid;
	p->heir_state = MET;
	p->heir_until = parent_now() + HEIR_MS;
}

static int refuse(struct parent *p, int error)
{
	struct channel_msg msg = { .kind = CHANNEL_GAVE, .a = (uint32_t)error };

	channel_send(p->heir, &msg, NULL, 0);
	heir_close(p);
	return 0;
}

/* A worker that crashed has nothing; the next one makes listeners anew. */
static int on_takeover(struct parent *p)
{
	static const struct channel_msg give = { .kind = CHANNEL_GIVE };

	if (p->heir_state != MET)
		return -EPROTO;
	if (p->state != SERVING || p->awaiting || p->giving)
		return refuse(p, EBUSY);
	log_info("process %d takes over", (int)p->heir_pid);
	p->heir_state = GIVING;
	p->giving = true;
	if (!p->worker.pid)
		return parent_heir_gave(p, 0);
	return channel_send(p->worker.control, &give, NULL, 0);
}

/* The successor may be gone before the worker has answered. */
int parent_heir_give(struct parent *p, const struct channel_msg *msg, int fd)
{
	int err = p->heir_state == GIVING ? channel_patient(p->heir, msg, &fd, 1) : 0;

	close(fd);
	if (!p->giving)
		return -EPROTO;
	if (err)
		parent_heir_forget(p, strerror(-err));
	return 0;
}

static int offer(struct parent *p, enum takeover_offer what, int fd)
{
	struct channel_msg msg = { .kind = CHANNEL_OFFER, .a = what };

	return fd < 0 ? 0 : channel_patient(p->heir, &msg, &fd, 1);
}

int parent_heir_gave(struct parent *p, int error)
{
	struct channel_msg msg = { .kind = CHANNEL_GAVE, .a = (uint32_t)error };
	int err;

	if (!p->giving)
		return -EPROTO;
	p->giving = false;
	if (p->heir_state != GIVING)
		return 0;
	err = offer(p, OFFER_MEETING, p->meeting);
	if (!err)
		err = offer(p, OFFER_ADMIN, p->env.admin_fd);
	if (!err)
		err = offer(p, OFFER_METRICS, p->env.metrics_fd);
	if (!err)
		err = channel_patient(p->heir, &msg, NULL, 0);
	p->heir_state = GIVEN;
	if (err || error)
		parent_heir_forget(p, strerror(err ? -err : error));
	return 0;
}

/* It serves: what it uses of ours is its own now. */
static int on_took(struct parent *p, uint32_t used)
{
	char text[64];

	if (p->heir_state != GIVEN)
		return -EPROTO;
	log_info("process %d has taken over", (int)p->heir_pid);
	p->superseded = true;
	p->lost = true;
	close(p->meeting);
	p->meeting = -1;
	if (used & 1U << OFFER_ADMIN) {
		free(p->admin_path);
		p->admin_path = NULL;
	}
	snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1", (int)p->heir_pid);
	sdnotify(text);
	heir_close(p);
	parent_drain(p);
	return 0;
}

void parent_heir_forget(struct parent *p, const char *why)
{
	bool given = p->heir_state == GIVEN, met = p->heir_state > MET;

	if (p->heir_state == NOBODY)
		return;
	heir_close(p);
	if (met)
		log_error("process %d has not taken over: %s", (int)p->heir_pid, why);
	if (given && p->state == SERVING)
		parent_conf_retake(p);
}

void parent_heir_read(struct parent *p)
{
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;
	size_t n = 0;
	int got = channel_recv(p->heir, &msg, fds, &n), err = -EPROTO;

	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		parent_heir_forget(p, got ? strerror(-got) : "it ended");
		return;
	}
	if (!n && msg.kind == CHANNEL_TAKEOVER)
		err = on_takeover(p);
	else if (!n && msg.kind == CHANNEL_TOOK)
		err = on_took(p, msg.a);
	while (n)
		close(fds[--n]);
	if (err)
		parent_heir_forget(p, strerror(-err));
}

void parent_heir_tick(struct parent *p)
{
	if (p->heir_state != NOBODY && parent_now() > p->heir_until)
		parent_heir_forget(p, "it takes too long");
}

/* --- the same program, anew --- */

/* The file may have been replaced since: its name counts, not what we run. */
static void __attribute__((noreturn)) exec_again(struct parent *p)
{
	char *const *argv = p->args->argv;
	char **args;
	size_t n = 0;
	sigset_t none;

	while (argv[n])
		n++;
	args = calloc(n + 2, sizeof(*args));
	if (!args)
		_exit(1);
	for (size_t i = 0; i < n; i++)
		args[i] = argv[i];
	if (!p->args->takeover)
		args[n] = (char *)"--takeover";
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(p->program, args);
	log_error("%s: %s", p->program, strerror(errno));
	_exit(1);
}

void parent_upgrade(struct parent *p)
{
	pid_t pid;

	if (p->state != SERVING || p->upgrade || p->heir >= 0)
		return;
	pid = fork();
	if (!pid)
		exec_again(p);
	if (pid < 0) {
		log_error("the new daemon can't be started: %s", strerror(errno));
		return;
	}
	log_info("upgrade: %s is started as process %d", p->program, (int)pid);
	p->upgrade = pid;
}

/* One that goes to the background ends with 0 when it serves. */
void parent_upgrade_reap(struct parent *p)
{
	int status;

	if (!p->upgrade || waitpid(p->upgrade, &status, WNOHANG) != p->upgrade)
		return;
	p->upgrade = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		log_error("the new daemon ended; this one goes on");
}
