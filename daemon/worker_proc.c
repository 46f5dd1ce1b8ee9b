// SPDX-License-Identifier: GPL-2.0-only
/* The worker process as its parent sees it: birth, messages, end. */
#include "worker_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "conf_write.h"
#include "confine.h"
#include "log.h"
#include "log_sink.h"
#include "worker.h"

#define HOSTS "/etc/hosts"

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b ? -1 : 1;
}

/* Close all descriptors but the standard ones and those of @args. */
static void close_others(const struct worker_args *args)
{
	int keep[WORKER_THREADS_MAX + 4];
	unsigned int next = STDERR_FILENO + 1;
	size_t n = 0;

	keep[n++] = args->control;
	keep[n++] = args->admin_fd;
	keep[n++] = args->metrics_fd;
	keep[n++] = log_descriptor();
	memcpy(keep + n, args->sockets, args->threads * sizeof(int));
	n += args->threads;
	qsort(keep, n, sizeof(int), compare_int);
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < 0 || (unsigned int)keep[i] < next)
			continue;
		if ((unsigned int)keep[i] > next)
			close_range(next, (unsigned int)keep[i] - 1, 0);
		next = (unsigned int)keep[i] + 1;
	}
	close_range(next, ~0U, 0);
}

/*
 * The parent's signals are its own: those that a terminal or a service manager
 * sends to all processes must not end the worker before its parent has decided.
 */
static void reset_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The parent takes the descriptor over: nobody here can read or answer what it hears. */
static int be_confined(int control)
{
	struct channel_msg msg = { .kind = CHANNEL_CONFINED };
	struct confinement c;
	int err = confine(&c);

	if (err)
		return err;
	msg.a = c.landlock;
	msg.b = c.filtered;
	err = channel_send(control, &msg, &c.notify, c.notify >= 0);
	if (c.notify >= 0)
		close(c.notify);
	return err;
}

/*
 * A pull at the other end kills this process, for the kernel sends the signal
 * that we ask it for, with the right of our own user: the parent needs none.
 * Only the parent has the descriptors afterwards: nobody here can undo it.
 */
static int be_leashed(int leash)
{
	struct pollfd pfd = { .fd = leash, .events = POLLIN };

	if (fcntl(leash, F_SETOWN, getpid()) || fcntl(leash, F_SETSIG, SIGKILL) ||
	    fcntl(leash, F_SETFL, O_NONBLOCK | O_ASYNC))
		return -errno;
	return poll(&pfd, 1, 0) ? -ECANCELED : 0;
}

static void __attribute__((noreturn))
be_worker(const struct worker_env *env, const struct worker_args *args, int leash, pid_t parent)
{
	int err;

	reset_signals();
	tzset();
	log_set_process("worker");
	err = shm_protect(env->shm);
	if (!err)
		err = privs_drop_worker(&env->user, parent);
	if (!err)
		err = be_leashed(leash);
	close_others(args);
	if (!err)
		err = be_confined(args->control);
	if (err) {
		log_error("the worker can't give up its privileges: %s", strerror(-err));
		_exit(1);
	}
	exit(worker_run(args));
}

static void close_all(int *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

/* @ours[0] and @theirs[0] are the control channel. */
static int make_channels(int *ours, int *theirs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int pair[2], err = channel_pair(pair);

		if (err) {
			close_all(ours, i);
			close_all(theirs, i);
			return err;
		}
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	return 0;
}

int worker_proc_start(struct worker_proc *w, const struct worker_env *env)
{
	int ours[WORKER_THREADS_MAX + 1] = { -1 }, theirs[WORKER_THREADS_MAX + 1] = { -1 };
	unsigned int n = env->threads + 1;
	struct worker_args args = {
		.ops = env->ops, .sockets = theirs + 1, .threads = env->threads, .shm = env->shm,
		.admin_fd = env->admin_fd, .metrics_fd = env->metrics_fd,
	};
	pid_t parent = getpid(), pid;
	int err;

	close_all(w->leash, 2);
	if (pipe2(w->leash, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	err = make_channels(ours, theirs, n);
	if (err)
		return err;
	args.control = theirs[0];
	pid = fork();
	if (!pid)
		be_worker(env, &args, w->leash[0], parent);
	err = pid < 0 ? -errno : 0;
	close_all(theirs, n);
	if (err) {
		close_all(ours, n);
		return err;
	}
	w->pid = pid;
	w->control = ours[0];
	w->notify = -1;
	w->confined = false;
	w->threads = env->threads;
	memcpy(w->sockets, ours + 1, env->threads * sizeof(int));
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A sealed memfd with @conf as YAML, read from its start. */
static int conf_memfd(const struct conf *conf, size_t *len)
{
	char *text;
	int err = conf_write(conf, conf->ports, conf->n_ports, &text, len), fd;

	if (err)
		return err;
	fd = memfd_create("tiphares-conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	err = fd < 0 ? -errno : write_all(fd, text, *len);
	free(text);
	if (!err && (lseek(fd, 0, SEEK_SET) < 0 ||
		     fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)))
		err = -errno;
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

static int send_conf(struct worker_proc *w, const struct conf *conf)
{
	struct channel_msg msg = { .kind = CHANNEL_CONF };
	size_t len;
	int fd = conf_memfd(conf, &len), err;

	if (fd < 0)
		return fd;
	msg.a = (uint32_t)len;
	err = channel_patient(w->control, &msg, &fd, 1);
	close(fd);
	return err;
}

/* Whoever has none has nothing to say in it. */
static int send_hosts(struct worker_proc *w)
{
	static const struct channel_msg msg = { .kind = CHANNEL_HOSTS };
	int fd = open(HOSTS, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return 0;
	err = channel_patient(w->control, &msg, &fd, 1);
	close(fd);
	return err;
}

int worker_proc_log(struct worker_proc *w, const struct conf *conf)
{
	static const struct channel_msg msg = { .kind = CHANNEL_REOPEN };
	int fd = log_sink_open(&conf->log), err;

	if (fd < 0)
		return 0;
	err = channel_patient(w->control, &msg, &fd, 1);
	close(fd);
	return err;
}

static int send_kept(struct worker_proc *w, unsigned int port)
{
	int err = 0;

	for (unsigned int t = 0; t < w->threads && !err; t++) {
		struct channel_msg msg = { .kind = CHANNEL_KEEP, .a = port, .b = t };

		err = channel_patient(w->control, &msg, NULL, 0);
	}
	return err;
}

static int send_listeners(struct worker_proc *w, const struct conf *conf, const struct port_sockets *l)
{
	int err = 0;

	for (size_t i = 0; i < conf->n_ports && !err; i++)
		if (l->kept[i])
			err = send_kept(w, (unsigned int)i);
	for (size_t i = 0; i < l->n && !err; i++) {
		struct channel_msg msg = {
			.kind = CHANNEL_LISTENER, .a = l->v[i].port, .b = l->v[i].thread,
		};

		err = channel_patient(w->control, &msg, &l->v[i].fd, 1);
	}
	return err;
}

int worker_proc_configure(struct worker_proc *w, const struct conf *conf, const struct port_sockets *l)
{
	static const struct channel_msg commit = { .kind = CHANNEL_COMMIT };
	int err = send_conf(w, conf);

	if (!err)
		err = send_hosts(w);
	if (!err)
		err = worker_proc_log(w, conf);
	if (!err)
		err = send_listeners(w, conf, l);
	return err ? err : channel_patient(w->control, &commit, NULL, 0);
}

int worker_proc_drain(struct worker_proc *w, unsigned int ms, bool superseded)
{
	struct channel_msg msg = { .kind = CHANNEL_DRAIN, .a = ms, .b = superseded };

	return channel_patient(w->control, &msg, NULL, 0);
}

void worker_proc_disconnect(struct worker_proc *w)
{
	close_all(&w->control, 1);
	close_all(&w->notify, 1);
	close_all(w->sockets, w->threads);
}

/* First: a system call that waits for the answer to its violation would go on without a listener. */
void worker_proc_kill(struct worker_proc *w)
{
	if (w->pid && write(w->leash[1], "", 1) < 0)
		log_error("worker %d can't be killed: %s", (int)w->pid, strerror(errno));
	worker_proc_disconnect(w);
}
