// SPDX-License-Identifier: GPL-2.0-only
/* What the admin thread gets to know about the loop threads. */
#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "log.h"
#include "worker_internal.h"

static struct conf *admin_conf(void *arg)
{
	struct worker *w = arg;
	struct conf *conf;

	pthread_mutex_lock(&w->lock);
	conf = w->gen ? conf_get(w->gen->conf) : NULL;
	pthread_mutex_unlock(&w->lock);
	return conf;
}

struct flows_mail {
	struct mail mail;
	struct admin_flow *ret;
	size_t max;
	size_t n;
};

static void copy_flow(const struct session *s, struct admin_flow *ret)
{
	const struct exchange *x = s->x;

	*ret = (struct admin_flow){
		.id = s->id,
		.thread = s->thread->index,
		.mode = s->port->mode,
		.client = s->address,
		.original = s->original,
		.requests = s->requests,
		.received = s->received,
		.sent = s->sent,
		.age_ms = s->thread->loop.now - s->began,
	};
	snprintf(ret->port, sizeof(ret->port), "%s", s->port->name);
	snprintf(ret->state, sizeof(ret->state), "%s", session_state_names[s->state]);
	if (!x)
		return;
	ret->received += x->head_octets + x->request.received;
	ret->sent += x->response.sent;
	if (!x->up)
		return;
	ret->upstream = x->up->key.dst;
	if (x->connected_us)
		ret->source = *upstream_local(x->up);
}

static void collect_flows(struct thread *t, struct mail *mail)
{
	struct flows_mail *m = container_of(mail, struct flows_mail, mail);

	for (struct list *l = t->sessions.next; l != &t->sessions && m->n < m->max; l = l->next)
		copy_flow(container_of(l, struct session, link), &m->ret[m->n++]);
}

static size_t admin_flows(void *arg, struct admin_flow *ret, size_t max)
{
	struct worker *w = arg;
	size_t n = 0;

	for (unsigned int i = 0; i < w->n_threads; i++) {
		struct flows_mail m = {
			.mail.fn = collect_flows, .ret = ret + n, .max = max - n,
		};

		thread_call(&w->threads[i], &m.mail);
		n += m.n;
	}
	return n;
}

struct rules_mail {
	struct mail mail;
	const struct conf *conf;
	uint64_t *ret;
};

/* Of the configuration in force alone: another one's rules are others. */
static void add_rules(struct thread *t, struct mail *mail)
{
	struct rules_mail *m = container_of(mail, struct rules_mail, mail);

	for (size_t i = 0; t->setup && t->setup->conf == m->conf && i < m->conf->n_rules; i++)
		m->ret[i] += t->setup->rules[i];
}

static void admin_rules_of(void *arg, const struct conf *conf, uint64_t *ret)
{
	struct worker *w = arg;

	for (unsigned int i = 0; i < w->n_threads; i++) {
		struct rules_mail m = { .mail.fn = add_rules, .conf = conf, .ret = ret };

		thread_call(&w->threads[i], &m.mail);
	}
}

static void describe(struct admin_counter *ret, const char *port, const struct metric_desc *desc)
{
	*ret = (struct admin_counter){
		.name = desc->name, .help = desc->help, .gauge = desc->gauge,
	};
	snprintf(ret->port, sizeof(ret->port), "%s", port);
}

static uint64_t sum_metric(const struct worker *w, enum metric id)
{
	uint64_t sum = id == METRIC_LOG_DROPPED ? accesslog_lost() : id == METRIC_MESSAGES_DROPPED ? log_dropped() : 0;

	for (unsigned int i = 0; i < w->n_threads; i++)
		sum += metric_load(&w->threads[i].metrics.v[id]);
	return sum;
}

/* Of one thread; NULL: it has seen no such port yet. */
static const struct port_stats *find_port_stats(const struct thread *t, const char *port)
{
	const struct port_stats *s = __atomic_load_n(&t->port_stats, __ATOMIC_ACQUIRE);

	while (s && strcmp(s->name, port))
		s = s->next;
	return s;
}

static uint64_t sum_port_metric(const struct worker *w, const char *port, enum port_metric id)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < w->n_threads; i++) {
		const struct port_stats *s = find_port_stats(&w->threads[i], port);

		if (s)
			sum += metric_load(&s->v[id]);
	}
	return sum;
}

static size_t admin_counters(void *arg, struct admin_counter *ret, size_t max)
{
	struct worker *w = arg;
	struct conf *conf = admin_conf(arg);
	size_t n = 0;

	for (int id = 0; id < METRIC_MAX && n < max; id++, n++) {
		describe(&ret[n], "", &metric_descs[id]);
		ret[n].value = sum_metric(w, (enum metric)id);
	}
	/* by counter, then by port: as the metrics endpoint wants them */
	for (int id = 0; id < PORT_METRIC_MAX; id++) {
		for (size_t i = 0; conf && i < conf->n_ports && n < max; i++, n++) {
			const char *port = conf->ports[i].name;

			describe(&ret[n], port, &port_metric_descs[id]);
			ret[n].value = sum_port_metric(w, port, (enum port_metric)id);
		}
	}
	conf_put(conf);
	return n;
}

static void add_durations(struct histogram *sum, const struct histogram *h)
{
	for (unsigned int i = 0; i <= DURATION_BOUNDS; i++)
		sum->bucket[i] += metric_load(&h->bucket[i]);
	sum->sum_us += metric_load(&h->sum_us);
}

static void sum_durations(const struct worker *w, const char *port, enum duration id, struct histogram *sum)
{
	for (unsigned int i = 0; i < w->n_threads; i++) {
		const struct port_stats *s = find_port_stats(&w->threads[i], port);

		if (s)
			add_durations(sum, &s->durations[id]);
	}
}

static size_t admin_histograms(void *arg, struct admin_histogram *ret, size_t max)
{
	struct conf *conf = admin_conf(arg);
	size_t n = 0;

	for (int id = 0; id < DURATION_MAX; id++) {
		for (size_t i = 0; conf && i < conf->n_ports && n < max; i++, n++) {
			ret[n] = (struct admin_histogram){ .desc = &duration_descs[id] };
			snprintf(ret[n].port, sizeof(ret[n].port), "%s", conf->ports[i].name);
			sum_durations(arg, ret[n].port, (enum duration)id, &ret[n].h);
		}
	}
	conf_put(conf);
	return n;
}

struct recent_mail {
	struct mail mail;
	struct recent_entry *ret;
	size_t max;
	size_t n;
	uint64_t from;
	uint64_t lost;
};

static void collect_recent(struct thread *t, struct mail *mail)
{
	struct recent_mail *m = container_of(mail, struct recent_mail, mail);

	m->n = recent_copy(&t->recent, m->from, m->ret, m->max, &m->lost);
	m->from = t->recent.n;
}

/* Each thread gets an equal share of the room. */
static size_t admin_recent(void *arg, uint64_t *cursor, struct recent_entry *ret, size_t max, uint64_t *lost)
{
	struct worker *w = arg;
	size_t n = 0;

	*lost = 0;
	for (unsigned int i = 0; i < w->n_threads; i++) {
		struct recent_mail m = {
			.mail.fn = collect_recent, .ret = ret + n, .max = max / w->n_threads,
			.from = cursor[i],
		};

		thread_call(&w->threads[i], &m.mail);
		n += m.n;
		*lost += m.lost;
		cursor[i] = m.from;
	}
	return n;
}

static int admin_request(void *arg, enum channel_kind kind)
{
	struct worker *w = arg;
	struct channel_msg msg = { .kind = kind };

	return channel_send(w->args->control, &msg, NULL, 0);
}

static const char *admin_state(void *arg)
{
	struct worker *w = arg;
	const char *state;

	pthread_mutex_lock(&w->lock);
	state = w->draining ? "draining" : w->gen ? "serving" : "starting";
	pthread_mutex_unlock(&w->lock);
	return state;
}

const struct admin_ops worker_admin_ops = {
	.conf = admin_conf,
	.flows = admin_flows,
	.counters = admin_counters,
	.histograms = admin_histograms,
	.recent = admin_recent,
	.rules = admin_rules_of,
	.request = admin_request,
	.ask = worker_bypass_ask,
	.state = admin_state,
};
