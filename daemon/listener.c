// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accepting. A lone connection costs no accept that fails; when there are more
 * in the next turn already, they are taken in bites that double. When descriptors
 * run out, accepting pauses: what waits in the queue is the datapath's to shed.
 *
 * A listener that is not wanted any more retires: nothing new is given to it by
 * then, but clients may be half-way through the handshake or in its queue, and a
 * close would reset them. It accepts for RETIRE_MS, which a lost ACK survives.
 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "exchange.h"
#include "log.h"
#include "overload.h"

#define BATCH_MAX 64
#define PAUSE_MS 100
#define FULL_MS 3000		/* for a session to end before others are refused */
#define FULL_POLL_MS 20
#define RETIRE_MS 2000
#define WAITING_MAX 65536	/* at least a backlog */
#define DEAF_LOOKS 2
#define GROUP_MAX 16	/* of a thread at a port that comes and goes quickly */
#define SILENCE_MS 10000	/* without an error before the next is logged */

/**
 * struct listener - a listening socket of a thread
 * @resume: while accepting pauses
 * @close: when a retired one is closed
 * @orphan: of these, one whose port is gone: the datapath takes a port that comes
 *	with its name for another
 * @batch: how many to take in one go
 * @full_until: when what waits is refused instead, 0: there is room
 * @turn: of the loop, when it was taken from last
 * @taken: how many were taken; @seen: how many when it was last looked at
 * @stale: looks in a row that saw somebody wait, and nobody taken since
 */
struct listener {
	struct watch watch;
	struct work work;
	struct timer resume;
	struct timer close;
	bool retired;
	bool orphan;
	struct list link;
	struct thread *thread;
	struct setup *setup;
	const struct conf_port *port;
	unsigned int batch;
	uint64_t turn;
	uint64_t taken;
	uint64_t seen;
	unsigned int stale;
	uint64_t silent_until;
	uint64_t full_until;
};

static void remember_refused(struct listener *l, const struct endpoint *client, enum clients_verdict v)
{
	struct recent_entry *e = recent_add(&l->thread->recent);

	e->order_us = l->thread->loop.now_us;
	e->at = l->thread->loop.wall;
	e->client = *client;
	e->mode = l->port->mode;
	e->result = v == CLIENTS_FULL ? "limit_sessions" : "limit_per_client";
	snprintf(e->port, sizeof(e->port), "%s", l->port->name);
}

static void admit(struct listener *l, int fd, const struct sockaddr_storage *ss)
{
	struct thread *t = l->thread;
	const struct conf_limits *limits = &l->setup->conf->limits;
	enum clients_verdict v;
	struct endpoint client;

	if (endpoint_from_sockaddr(&client, ss)) {
		close(fd);
		return;
	}
	if (buf_pool_short(&t->bufs)) {
		metric_inc(&t->metrics, METRIC_REFUSED_MEMORY);
		close(fd);
		return;
	}
	v = clients_enter(&client.addr, limits->sessions,
			  proxied_is_sender(l->port, &client.addr) ? UINT_MAX : limits->per_client);
	if (overload_sessions(limits, clients_count()))
		overload_poke();
	if (v == CLIENTS_OK) {
		session_create(t, l->setup, l->port, fd, &client);
		return;
	}
	remember_refused(l, &client, v);
	metric_inc(&t->metrics, v == CLIENTS_FULL ? METRIC_REFUSED_SESSIONS :
						    METRIC_REFUSED_CLIENT);
	close(fd);
}

/* Away from the loop for a while: level-triggered, it would spin. */
static void pause_accepting(struct listener *l, int err)
{
	struct thread *t = l->thread;

	metric_inc(&t->metrics, METRIC_ACCEPT_ERRORS);
	if (t->loop.now >= l->silent_until)
		log_warning("port %s: accept: %s", l->port->name, strerror(err));
	l->silent_until = t->loop.now + SILENCE_MS;
	loop_unwatch(&t->loop, &l->watch);
	loop_timer(&t->loop, &l->resume, PAUSE_MS);
}

static void on_resume(struct timer *timer)
{
	struct listener *l = container_of(timer, struct listener, resume);

	if (l->watch.fd >= 0)
		loop_watch_level(&l->thread->loop, &l->watch);
}

/* Errors of one connection or of the network, not of accepting (accept(2)). */
static bool is_passing(int err)
{
	switch (err) {
	case ECONNABORTED:
	case EINTR:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case EPERM:
		return true;
	}
	return false;
}

/* Return: 1: one was taken, 0: none waits, or a negative errno. */
static int take_one(struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = accept4(l->watch.fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		l->taken++;
		admit(l, fd, &ss);
	} else if (errno == EAGAIN) {
		return 0;
	} else if (!is_passing(errno)) {
		return -errno;
	}
	return 1;
}

static bool is_full(const struct listener *l)
{
	return clients_count() >= l->setup->conf->limits.sessions || buf_pool_short(&l->thread->bufs);
}

/*
 * At limits.sessions or limits.memory: what waits has been accepted for us, by the datapath, just
 * before it was told to send no more. A session may end in time.
 */
static bool hold_back(struct listener *l)
{
	struct thread *t = l->thread;

	if (!is_full(l)) {
		l->full_until = 0;
		return false;
	}
	if (!l->full_until)
		l->full_until = t->loop.now + FULL_MS;
	if (t->loop.now >= l->full_until)
		return false;
	loop_unwatch(&t->loop, &l->watch);
	loop_timer(&t->loop, &l->resume, FULL_POLL_MS);
	return true;
}

static void on_listener(struct watch *w)
{
	struct listener *l = container_of(w, struct listener, watch);
	uint64_t turns = l->thread->loop.turns;
	unsigned int n = 0;
	int r = 1;

	if (turns != l->turn + 1)
		l->batch = 1;
	else if (l->batch < BATCH_MAX)
		l->batch *= 2;
	l->turn = turns;
	while (n++ < l->batch && r == 1) {
		if (hold_back(l))
			return;
		r = take_one(l);
	}
	if (!r)
		l->batch = 1;
	else if (r < 0)
		pause_accepting(l, -r);
}

static void listener_free(struct work *w)
{
	struct listener *l = container_of(w, struct listener, work);

	setup_put(l->setup);
	free(l);
}

static void listener_close(struct listener *l)
{
	list_del(&l->link);
	timer_cancel(&l->resume);
	timer_cancel(&l->close);
	/* the parent may have the same socket open: closing alone would not do */
	loop_unwatch(&l->thread->loop, &l->watch);
	watch_close(&l->watch);
	loop_bury(&l->thread->loop, &l->work);
}

static void on_close(struct timer *timer)
{
	listener_close(container_of(timer, struct listener, close));
}

static void take_waiting(struct listener *l)
{
	for (int i = 0; i < WAITING_MAX && take_one(l) == 1; i++)
		;
}

/* The port of the new configuration that listens where it does, or NULL. */
static const struct conf_port *heir_of(const struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct endpoint at;

	if (getsockname(l->watch.fd, (struct sockaddr *)&ss, &len) || endpoint_from_sockaddr(&at, &ss))
		return NULL;
	return conf_port_at(l->thread->setup->conf, &at);
}

static size_t count_of(const struct thread *t, const struct conf_port *port)
{
	size_t n = 0;

	for (const struct list *i = t->listeners.next; i != &t->listeners; i = i->next)
		n += container_of(i, struct listener, link)->port == port;
	return n;
}

/* The datapath takes its connections for those of @heir: it is the same port, or came in its place. */
static bool may_serve(const struct listener *l, const struct conf_port *heir)
{
	const struct conf *conf = l->thread->setup->conf;

	return !l->orphan && !((l->port->mode ^ heir->mode) & TIPH_INBOUND) &&
	       (!strcmp(l->port->name, heir->name) || !conf_port_by_name(conf, l->port->name)) &&
	       count_of(l->thread, heir) < GROUP_MAX;
}

/* Accepted sockets inherit them. */
static void set_options(const struct listener *l)
{
	const int on = 1, likeness = l->port->likeness;

	setsockopt(l->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(l->watch.fd, IPPROTO_TCP, TCP_SAVE_SYN, &likeness, sizeof(likeness));
}

static void serve(struct listener *l, const struct conf_port *port)
{
	setup_put(l->setup);
	l->setup = setup_get(l->thread->setup);
	l->port = port;
	l->retired = false;
	set_options(l);
	timer_cancel(&l->close);
}

/*
 * Others listen where it does: it goes on getting what is theirs, so it serves
 * their port, or goes at once.
 */
static void listener_succeed(struct listener *l, const struct conf_port *heir)
{
	if (may_serve(l, heir)) {
		serve(l, heir);
		return;
	}
	take_waiting(l);
	listener_close(l);
}

static void listener_retire(struct listener *l)
{
	const struct conf_port *heir = l->setup == l->thread->setup ? NULL : heir_of(l);

	if (heir) {
		listener_succeed(l, heir);
		return;
	}
	if (l->retired)
		return;
	l->retired = true;
	l->orphan = !conf_port_by_name(l->thread->setup->conf, l->port->name);
	loop_timer(&l->thread->loop, &l->close, RETIRE_MS);
}

int listener_add(struct thread *t, int fd, size_t port_index)
{
	struct listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	l->thread = t;
	l->watch.fd = fd;
	l->watch.fn = on_listener;
	l->work.fn = listener_free;
	l->resume.fn = on_resume;
	l->close.fn = on_close;
	list_init(&l->resume.link);
	list_init(&l->close.link);
	list_init(&l->work.link);
	l->setup = setup_get(t->setup);
	l->port = &t->setup->conf->ports[port_index];
	l->batch = 1;
	list_add_tail(&t->listeners, &l->link);
	set_options(l);
	r = loop_watch_level(&t->loop, &l->watch);
	if (r)
		listener_close(l);
	return r;
}

void listener_keep(struct thread *t, size_t port_index)
{
	const struct conf_port *port = &t->setup->conf->ports[port_index];

	for (struct list *i = t->listeners.next; i != &t->listeners; i = i->next) {
		struct listener *l = container_of(i, struct listener, link);

		if (!l->retired && l->setup != t->setup && heir_of(l) == port)
			serve(l, port);
	}
}

size_t listener_copies(struct thread *t, struct listener_copy *ret, size_t max)
{
	size_t n = 0;

	for (struct list *i = t->listeners.next; i != &t->listeners && n < max; i = i->next) {
		struct listener *l = container_of(i, struct listener, link);
		int fd = l->retired ? -1 : fcntl(l->watch.fd, F_DUPFD_CLOEXEC, 0);

		if (fd >= 0)
			ret[n++] = (struct listener_copy){ .fd = fd, .port = l->port->index };
	}
	return n;
}

/* The kernel tells the length of a listener's queue in the place of another number. */
static bool has_waiting(const struct listener *l)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	return !getsockopt(l->watch.fd, IPPROTO_TCP, TCP_INFO, &info, &len) && info.tcpi_unacked;
}

bool listener_is_deaf(struct thread *t)
{
	bool deaf = false;

	for (struct list *i = t->listeners.next; i != &t->listeners; i = i->next) {
		struct listener *l = container_of(i, struct listener, link);

		/* at a limit they wait on purpose, and not for long */
		if (l->taken != l->seen || l->full_until || !has_waiting(l))
			l->stale = 0;
		else
			l->stale++;
		l->seen = l->taken;
		deaf |= l->stale >= DEAF_LOOKS;
	}
	return deaf;
}

/* @keep: the setup whose listeners stay as they are, or NULL. */
static void end_listeners(struct thread *t, const struct setup *keep, void (*end)(struct listener *l))
{
	struct list *l = t->listeners.next;

	while (l != &t->listeners) {
		struct listener *listener = container_of(l, struct listener, link);

		l = l->next;
		if (listener->setup != keep)
			end(listener);
	}
}

void listener_retire_old(struct thread *t)
{
	end_listeners(t, t->setup, listener_retire);
}

void listener_retire_all(struct thread *t)
{
	end_listeners(t, NULL, listener_retire);
}

void listener_close_all(struct thread *t)
{
	end_listeners(t, NULL, listener_close);
}
