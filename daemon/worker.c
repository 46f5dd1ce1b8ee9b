// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker process. Its first thread only listens to the parent: it parses
 * configurations, hands them and their listeners to the loop threads, and beats.
 *
 * A configuration takes effect in two phases: every thread prepares (which may
 * fail, then nothing changed), then every thread commits. Sessions that run keep
 * what they began with. When the control channel ends the parent is dead: the
 * process ends at once, the kernel closes what it had.
 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "clients.h"
#include "listener.h"
#include "log.h"
#include "sysnames.h"
#include "trigger.h"
#include "worker_internal.h"

#define BEAT_MS 500
#define DRAIN_POLL_MS 50
#define SHORT_DRAIN_MS 2000	/* up to here nobody waits for clients that are half-way through the handshake */
#define LOOK_MS 25	/* the shortest beat */
#define HOSTS_LEN_MAX (8U << 20)

uint64_t worker_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* --- a new configuration --- */

static void forget_pending(struct worker *w)
{
	for (size_t i = 0; i < w->n_next; i++)
		if (w->next[i].fd >= 0)
			close(w->next[i].fd);
	free(w->next);
	w->next = NULL;
	w->n_next = 0;
	hosts_free(w->next_hosts);
	w->next_hosts = NULL;
	conf_put(w->next_conf);
	w->next_conf = NULL;
}

static void log_errors(struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++)
		log_error("configuration:%u:%u: %s", errors->v[i].line, errors->v[i].column,
			  errors->v[i].text);
	conf_errors_free(errors);
}

/* All that can be read of @fd, to be freed; a file that is too long is cut. */
static char *read_text(int fd, size_t max, size_t *ret_len)
{
	char *text = NULL;
	size_t room = 0, len = 0;
	ssize_t n;

	do {
		if (len == room) {
			char *more = realloc(text, room ? room * 2 : 4096);

			if (!more)
				break;
			text = more;
			room = room ? room * 2 : 4096;
		}
		n = pread(fd, text + len, room - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len < max);
	*ret_len = len;
	return text;
}

/* One that can't be read is no reason not to serve. */
static int on_hosts(struct worker *w, int fd)
{
	size_t len;
	char *text;

	if (!w->next_conf || w->next_hosts)
		return -EPROTO;
	text = read_text(fd, HOSTS_LEN_MAX, &len);
	w->next_hosts = text ? hosts_create(text, len) : NULL;
	if (!w->next_hosts)
		log_error("the hosts file can't be read");
	free(text);
	return 0;
}

static int on_conf(struct worker *w, int fd, size_t len)
{
	struct conf_errors errors = { 0 };
	char *text;
	int r;

	forget_pending(w);
	if (!len)
		return -EINVAL;
	text = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return -errno;
	r = conf_load_written("configuration", text, len, &w->next_conf, &errors);
	munmap(text, len);
	if (r) {
		w->next_conf = NULL;
		log_errors(&errors);
	}
	return r;
}

static int on_listener(struct worker *w, size_t port, unsigned int thread, int fd)
{
	struct pending_listener *v;

	if (!w->next_conf || port >= w->next_conf->n_ports || thread >= w->n_threads)
		return -EPROTO;
	v = realloc(w->next, (w->n_next + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	v[w->n_next] = (struct pending_listener){ .fd = fd, .port = port, .thread = thread };
	w->next = v;
	w->n_next++;
	return 0;
}

struct commit_mail {
	struct mail mail;
	struct worker *w;
	struct generation *gen;
	int result;
};

static void do_prepare(struct thread *t, struct mail *mail)
{
	struct commit_mail *m = container_of(mail, struct commit_mail, mail);

	m->result = thread_prepare(t, m->gen);
}

static void do_cancel(struct thread *t, struct mail *mail)
{
	(void)mail;
	thread_cancel(t);
}

static void do_commit(struct thread *t, struct mail *mail)
{
	struct commit_mail *m = container_of(mail, struct commit_mail, mail);

	thread_commit(t);
	for (size_t i = 0; i < m->w->n_next; i++) {
		struct pending_listener *l = &m->w->next[i];
		int r = 0;

		if (l->thread != t->index)
			continue;
		if (l->fd < 0)
			listener_keep(t, l->port);
		else
			r = listener_add(t, l->fd, l->port);
		l->fd = -1;
		if (r)
			m->result = r;
	}
	listener_retire_old(t);
}

static int on_all_threads(struct worker *w, struct generation *gen,
			  void (*fn)(struct thread *, struct mail *))
{
	struct commit_mail m = { .mail.fn = fn, .w = w, .gen = gen };

	for (unsigned int i = 0; i < w->n_threads && !m.result; i++)
		thread_call(&w->threads[i], &m.mail);
	return m.result;
}

/* The access log goes where @conf says; what was opened for it is used now. */
static void open_log(struct worker *w, const struct conf *conf)
{
	int fd = w->log_fd;
	int r;

	w->log_fd = -1;
	if (!accesslog_wanted(&conf->log) && fd < 0)
		return;
	r = accesslog_open(&conf->log, fd);
	if (r)
		log_error("access log %s: %s", conf->log.to, strerror(-r));
}

/* 0, or a negative errno: nothing changed; 1: it is in force only in part. */
static int commit(struct worker *w)
{
	struct generation *gen, *old;
	int r;

	if (!w->next_conf)
		return -EPROTO;
	gen = generation_create(conf_get(w->next_conf), w->next_hosts, w->n_threads);
	w->next_hosts = NULL;
	if (!gen)
		return -ENOMEM;
	r = on_all_threads(w, gen, do_prepare);
	if (r) {
		on_all_threads(w, gen, do_cancel);
		generation_put(gen);
		return r;
	}
	if (w->log_fd >= 0 || !w->gen || !w->gen->conf->log.to ||
	    strcmp(w->gen->conf->log.to, gen->conf->log.to))
		open_log(w, gen->conf);
	log_set_level((int)gen->conf->log.level);
	r = on_all_threads(w, gen, do_commit);
	pthread_mutex_lock(&w->lock);
	old = w->gen;
	w->gen = gen;
	pthread_mutex_unlock(&w->lock);
	generation_put(old);
	return r ? 1 : 0;
}

static int on_commit(struct worker *w)
{
	struct channel_msg msg = { .kind = CHANNEL_READY };
	int r = commit(w);

	forget_pending(w);
	if (r < 0)
		msg.a = (uint32_t)-r;
	if (r > 0)
		log_error("the listeners of a thread could not be watched");
	else
		r = channel_send(w->args->control, &msg, NULL, 0);
	return r;
}

static int on_reopen(struct worker *w, int fd)
{
	if (w->log_fd >= 0)
		close(w->log_fd);
	w->log_fd = fd;
	if (!w->next_conf && w->gen && fd >= 0)
		open_log(w, w->gen->conf);
	return 0;
}

/* --- drain --- */

struct drain_mail {
	struct mail mail;
	bool at_once;
	bool busy;
};

static void do_drain(struct thread *t, struct mail *mail)
{
	thread_drain(t, container_of(mail, struct drain_mail, mail)->at_once);
}

/* Sessions that others wait for, or listeners that may still bring some. */
static void look_busy(struct thread *t, struct mail *mail)
{
	struct drain_mail *m = container_of(mail, struct drain_mail, mail);

	m->busy |= t->n_sessions || !list_empty(&t->listeners);
}

static bool drain_step(struct worker *w, void (*fn)(struct thread *, struct mail *), bool at_once)
{
	struct drain_mail m = { .mail.fn = fn, .at_once = at_once };

	for (unsigned int i = 0; i < w->n_threads; i++)
		thread_call(&w->threads[i], &m.mail);
	return m.busy;
}

static int on_drain(struct worker *w, unsigned int ms, bool superseded)
{
	pthread_mutex_lock(&w->lock);
	w->draining = true;
	pthread_mutex_unlock(&w->lock);
	w->drain_until = worker_now() + ms;
	log_info("draining, for at most %u ms", ms);
	if (superseded) {
		admin_stop(w->admin);
		w->admin = NULL;
	}
	drain_step(w, do_drain, superseded || ms <= SHORT_DRAIN_MS);
	return 0;
}

/* --- another daemon --- */

#define COPIES_MAX (TIPH_PORTS_MAX * 4)

struct copies_mail {
	struct mail mail;
	struct listener_copy v[COPIES_MAX];
	size_t n;
};

static void do_copy(struct thread *t, struct mail *mail)
{
	struct copies_mail *m = container_of(mail, struct copies_mail, mail);

	m->n = listener_copies(t, m->v, COPIES_MAX);
}

static int give_thread(struct worker *w, unsigned int thread)
{
	struct copies_mail m = { .mail.fn = do_copy };
	int r = 0;

	thread_call(&w->threads[thread], &m.mail);
	for (size_t i = 0; i < m.n; i++) {
		struct channel_msg msg = { .kind = CHANNEL_LISTENER, .a = m.v[i].port, .b = thread };

		if (!r)
			r = channel_patient(w->args->control, &msg, &m.v[i].fd, 1);
		close(m.v[i].fd);
	}
	return r;
}

static int on_give(struct worker *w)
{
	struct channel_msg msg = { .kind = CHANNEL_GAVE };
	int r = 0;

	for (unsigned int i = 0; i < w->n_threads && !r; i++)
		r = give_thread(w, i);
	msg.a = (uint32_t)-r;
	return channel_patient(w->args->control, &msg, NULL, 0);
}

/* --- the control channel --- */

/* Takes @fds over. 0 or a negative errno: the parent must not be trusted to know us. */
static int obey(struct worker *w, const struct channel_msg *msg, int *fds, size_t n)
{
	int fd = n ? fds[0] : -1;
	int r = -EPROTO;

	switch (msg->kind) {
	case CHANNEL_CONF:
		if (n == 1)
			r = on_conf(w, fd, msg->a);
		break;
	case CHANNEL_HOSTS:
		if (n == 1)
			r = on_hosts(w, fd);
		break;
	case CHANNEL_LISTENER:
		if (n == 1)
			r = on_listener(w, msg->a, msg->b, fd);
		n = r ? n : 0;
		break;
	case CHANNEL_KEEP:
		r = n ? -EPROTO : on_listener(w, msg->a, msg->b, -1);
		break;
	case CHANNEL_COMMIT:
		r = n ? -EPROTO : on_commit(w);
		break;
	case CHANNEL_DRAIN:
		r = n ? -EPROTO : on_drain(w, msg->a, msg->b);
		break;
	case CHANNEL_BYPASS_DONE:
		r = n > 1 ? -EPROTO : 0;
		if (!r)
			worker_bypass_done(msg, fd);
		n = r ? n : 0;
		break;
	case CHANNEL_GIVE:
		r = n ? -EPROTO : on_give(w);
		break;
	case CHANNEL_REOPEN:
		r = n == 1 ? on_reopen(w, fd) : -EPROTO;
		n = r ? n : 0;
		break;
	}
	while (n)
		close(fds[--n]);
	return r;
}

/* 1: go on, 0: the parent is gone, or a negative errno. */
static int listen_to_parent(struct worker *w)
{
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;
	size_t n = 0;
	int r = channel_recv(w->args->control, &msg, fds, &n);

	if (r == -EAGAIN)
		return 1;
	if (r <= 0)
		return r;
	r = obey(w, &msg, fds, n);
	if (r)
		log_error("message %u of the parent: %s", msg.kind, strerror(r < 0 ? -r : EIO));
	return r ? -EPROTO : 1;
}

/* A log that can't be written may have been moved, or its reader was started anew. */
static void complain(struct worker *w)
{
	static const struct channel_msg msg = { .kind = CHANNEL_REOPEN };

	if (accesslog_broken())
		channel_send(w->args->control, &msg, NULL, 0);
}

/* The shorter the time in which we have to show life, the more often. */
static unsigned int beat_ms(const struct worker *w)
{
	unsigned int patience = w->gen ? w->gen->conf->heartbeat : 0;

	return patience && patience / 4 < BEAT_MS ? patience / 4 : BEAT_MS;
}

/* Says that every loop thread turned since the last time; silent if one did not. */
static void beat(struct worker *w)
{
	struct channel_msg msg = { .kind = CHANNEL_HEARTBEAT, .a = w->overload.engaged };
	uint64_t now = worker_now();

	if (now < w->next_beat)
		return;
	w->next_beat = now + beat_ms(w);
	complain(w);
	for (unsigned int i = 0; i < w->n_threads; i++)
		if (__atomic_load_n(&w->threads[i].loop.turns, __ATOMIC_RELAXED) == w->beats[i])
			return;
	for (unsigned int i = 0; i < w->n_threads; i++) {
		w->beats[i] = __atomic_load_n(&w->threads[i].loop.turns, __ATOMIC_RELAXED);
		msg.b |= __atomic_load_n(&w->threads[i].deaf, __ATOMIC_RELAXED);
	}
	channel_send(w->args->control, &msg, NULL, 0);
}

/* Exit status. */
static int serve(struct worker *w)
{
	struct pollfd p[] = {
		{ .fd = w->args->control, .events = POLLIN }, { .fd = w->poke, .events = POLLIN },
	};

	for (;;) {
		int r = 1;

		p[1].fd = w->overload.engaged ? -1 : w->poke;
		poll(p, 2, w->draining ? DRAIN_POLL_MS : LOOK_MS);
		if (p[0].revents)
			r = listen_to_parent(w);
		if (!r || r == -ECONNRESET)
			_exit(0);
		if (r < 0)
			return 1;
		if (w->draining && (worker_now() >= w->drain_until || !drain_step(w, look_busy, false)))
			return 0;
		worker_overload_look(w, p[1].revents);
		beat(w);
	}
}

/* --- start and end --- */

static int start_threads(struct worker *w)
{
	const struct worker_args *args = w->args;

	w->threads = calloc(args->threads, sizeof(*w->threads));
	w->beats = calloc(args->threads, sizeof(*w->beats));
	if (!w->threads || !w->beats)
		return -ENOMEM;
	while (w->n_threads < args->threads) {
		int r = thread_start(&w->threads[w->n_threads], w->n_threads, args->ops,
				     args->sockets[w->n_threads]);

		if (r)
			return r;
		w->n_threads++;
	}
	return 0;
}

static void clean_up(struct worker *w)
{
	for (unsigned int i = 0; i < w->n_threads; i++)
		thread_stop(&w->threads[i]);
	accesslog_close();
	forget_pending(w);
	generation_put(w->gen);
	clients_destroy();
	if (w->log_fd >= 0)
		close(w->log_fd);
	free(w->threads);
	free(w->beats);
	free(w->looks);
}

int worker_run(const struct worker_args *args)
{
	struct worker w = { .args = args, .log_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
	int status = 1;
	int r;

	signal(SIGPIPE, SIG_IGN);
	trigger_init(args->control);
	r = start_threads(&w);
	if (!r)
		r = worker_overload_init(&w);
	if (!r)
		r = admin_start(args->admin_fd, args->metrics_fd, args->threads, args->shm,
				&worker_admin_ops, &w, &w.admin);
	if (r)
		log_error("the worker can't start: %s", strerror(-r));
	else
		status = serve(&w);
	admin_stop(w.admin);
	clean_up(&w);
	return status;
}
