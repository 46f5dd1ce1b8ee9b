// SPDX-License-Identifier: GPL-2.0-only
/*
 * A loop thread's life. Another thread reaches it by its mailbox alone: it posts
 * and waits, so that what is called runs between two events and needs no lock.
 */
#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "exchange.h"
#include "listener.h"
#include "resolver.h"
#include "session.h"
#include "sysnames.h"

#define TURN_MAX_MS 250		/* so that a thread that stands still is noticed soon */
#define LOOK_MAX_MS 250
#define SECOND_MS 1000
#define SESSIONS_FREE_MAX 4096
#define EXCHANGES_FREE_MAX 1024

/* --- generations and setups --- */

struct generation *generation_create(struct conf *conf, struct hosts *hosts, unsigned int threads)
{
	struct generation *gen = calloc(1, sizeof(*gen));

	if (gen) {
		gen->routes = routes_create(conf);
		gen->access = access_create(conf);
	}
	if (!gen || !gen->routes || !gen->access) {
		if (gen) {
			routes_free(gen->routes);
			access_free(gen->access);
		}
		free(gen);
		hosts_free(hosts);
		conf_put(conf);
		return NULL;
	}
	gen->refs = 1;
	gen->hosts = hosts;
	gen->threads = threads;
	gen->conf = conf;
	return gen;
}

struct generation *generation_get(struct generation *gen)
{
	__atomic_add_fetch(&gen->refs, 1, __ATOMIC_RELAXED);
	return gen;
}

void generation_put(struct generation *gen)
{
	if (!gen || __atomic_sub_fetch(&gen->refs, 1, __ATOMIC_ACQ_REL))
		return;
	routes_free(gen->routes);
	access_free(gen->access);
	hosts_free(gen->hosts);
	conf_put(gen->conf);
	free(gen);
}

void setup_put(struct setup *setup)
{
	if (!setup || --setup->refs)
		return;
	resolver_destroy(setup->resolver);
	generation_put(setup->gen);
	free(setup->rules);
	free(setup);
}

/* Readers of other threads walk the list while it grows. */
static struct port_stats *port_stats(struct thread *t, const char *name)
{
	struct port_stats *stats = t->port_stats;

	while (stats && strcmp(stats->name, name))
		stats = stats->next;
	if (stats)
		return stats;
	stats = calloc(1, sizeof(*stats));
	if (!stats)
		return NULL;
	snprintf(stats->name, sizeof(stats->name), "%s", name);
	stats->next = t->port_stats;
	__atomic_store_n(&t->port_stats, stats, __ATOMIC_RELEASE);
	return stats;
}

int thread_prepare(struct thread *t, struct generation *gen)
{
	size_t n = gen->conf->n_ports;
	struct setup *setup = calloc(1, sizeof(*setup) + n * sizeof(setup->ports[0]));

	if (!setup)
		return -ENOMEM;
	setup->rules = calloc(gen->conf->n_rules + 1, sizeof(*setup->rules));
	for (size_t i = 0; i < n; i++) {
		setup->ports[i] = port_stats(t, gen->conf->ports[i].name);
		if (setup->rules && setup->ports[i])
			continue;
		free(setup->rules);
		free(setup);
		return -ENOMEM;
	}
	setup->refs = 1;
	setup->gen = generation_get(gen);
	setup->conf = gen->conf;
	setup->log = accesslog_wanted(&gen->conf->log);
	t->next_setup = setup;
	return 0;
}

void thread_cancel(struct thread *t)
{
	setup_put(t->next_setup);
	t->next_setup = NULL;
}

void thread_commit(struct thread *t)
{
	setup_put(t->setup);
	t->setup = t->next_setup;
	t->next_setup = NULL;
	t->bufs.limit = t->setup->conf->limits.memory / t->setup->gen->threads;
}

void thread_drain(struct thread *t, bool at_once)
{
	struct list *l = t->sessions.next;

	t->draining = true;
	if (at_once)
		listener_close_all(t);
	else
		listener_retire_all(t);
	while (l != &t->sessions) {
		struct session *s = container_of(l, struct session, link);

		l = l->next;
		session_drain(s);
	}
	upstream_pool_flush(&t->upstreams);
}

/* --- the mailbox --- */

static void on_mailbox(struct watch *w)
{
	struct thread *t = container_of(w, struct thread, mailbox);
	struct list mails;
	eventfd_t n;

	eventfd_read(w->fd, &n);
	pthread_mutex_lock(&t->lock);
	list_take(&t->mails, &mails);
	pthread_mutex_unlock(&t->lock);
	while (!list_empty(&mails)) {
		struct mail *m = container_of(mails.next, struct mail, link);

		list_del(&m->link);
		m->fn(t, m);
		pthread_mutex_lock(&t->lock);
		m->done = true;
		pthread_cond_broadcast(&t->mail_done);
		pthread_mutex_unlock(&t->lock);
	}
}

void thread_call(struct thread *t, struct mail *m)
{
	m->done = false;
	pthread_mutex_lock(&t->lock);
	list_add_tail(&t->mails, &m->link);
	eventfd_write(t->mailbox.fd, 1);
	while (!m->done)
		pthread_cond_wait(&t->mail_done, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

/* --- start and end --- */

static void on_second(struct timer *timer)
{
	struct thread *t = container_of(timer, struct thread, second);

	accesslog_flush(&t->log);
	metric_store(&t->metrics.v[METRIC_LOG_DROPPED], t->log.dropped);
	metric_store(&t->metrics.v[METRIC_LOG_LEFT_OUT], t->log.left_out);
	loop_timer(&t->loop, timer, SECOND_MS);
}

/* Several looks in each beat that the datapath waits for. */
static unsigned int look_ms(const struct thread *t)
{
	unsigned int patience = t->setup ? t->setup->conf->heartbeat : 0;

	return patience && patience / 8 < LOOK_MAX_MS ? patience / 8 : LOOK_MAX_MS;
}

static void on_look(struct timer *timer)
{
	struct thread *t = container_of(timer, struct thread, look);

	__atomic_store_n(&t->deaf, listener_is_deaf(t), __ATOMIC_RELAXED);
	loop_timer(&t->loop, timer, look_ms(t));
}

static void close_sessions(struct thread *t)
{
	while (!list_empty(&t->sessions)) {
		struct session *s = container_of(t->sessions.next, struct session, link);

		session_end_exchange(s, "shutdown");
		session_end(s, SESSION_RESET);
	}
}

/* Several turns in each beat that the datapath waits for, even without anything to do. */
static unsigned int turn_max(const struct thread *t)
{
	unsigned int patience = t->setup ? t->setup->conf->heartbeat : 0;

	return patience && patience / 8 < TURN_MAX_MS ? patience / 8 : TURN_MAX_MS;
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	loop_timer(&t->loop, &t->second, SECOND_MS);
	loop_timer(&t->loop, &t->look, look_ms(t));
	while (!t->stopping)
		loop_turn(&t->loop, turn_max(t));
	listener_close_all(t);
	close_sessions(t);
	asymmetry_stop(t);
	upstream_pool_flush(&t->upstreams);
	accesslog_destroy(&t->log);
	setup_put(t->setup);
	loop_destroy(&t->loop);
	return NULL;
}

static int thread_init(struct thread *t, int channel)
{
	int r = loop_init(&t->loop);

	if (r)
		return r;
	buf_pool_init(&t->bufs, UINT64_MAX);
	t->carrier = (struct carrier){ &t->loop, &t->bufs, &t->pipes };
	list_init(&t->listeners);
	list_init(&t->sessions);
	list_init(&t->mails);
	objpool_init(&t->session_objs, sizeof(struct session), SESSIONS_FREE_MAX);
	objpool_init(&t->exchange_objs, sizeof(struct exchange), EXCHANGES_FREE_MAX);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->mail_done, NULL);
	asymmetry_init(&t->asymmetry);
	t->second.fn = on_second;
	t->look.fn = on_look;
	t->mailbox = (struct watch){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				     .fn = on_mailbox };
	if (t->mailbox.fd < 0)
		return -errno;
	r = loop_watch_level(&t->loop, &t->mailbox);
	if (!r)
		r = sockpool_init(&t->sockets, &t->loop, channel);
	if (!r)
		r = upstream_pool_init(&t->upstreams, &t->loop, &t->bufs, &t->metrics);
	return r;
}

int thread_start(struct thread *t, unsigned int index, const struct datapath_ops *ops, int channel)
{
	sigset_t all, old;
	int r;

	memset(t, 0, sizeof(*t));
	t->index = index;
	t->next_id = index;
	t->ops = ops;
	r = thread_init(t, channel);
	if (r)
		return r;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t->pthread, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static void stop(struct thread *t, struct mail *m)
{
	(void)m;
	t->stopping = true;
}

void thread_stop(struct thread *t)
{
	struct mail m = { .fn = stop };

	thread_call(t, &m);
	pthread_join(t->pthread, NULL);
	upstream_pool_destroy(&t->upstreams);
	buf_pool_destroy(&t->bufs);
	pipe_pool_destroy(&t->pipes);
	objpool_destroy(&t->session_objs);
	objpool_destroy(&t->exchange_objs);
	watch_close(&t->mailbox);
	while (t->port_stats) {
		struct port_stats *stats = t->port_stats;

		t->port_stats = stats->next;
		free(stats);
	}
}
