// SPDX-License-Identifier: GPL-2.0-only
/* What the admin thread gets to know about the loop threads. */
#include <stdio.h>
#include <string.h>

#include "exchange.h"
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

static void describe(struct admin_counter *ret, const char *port, const struct metric_desc *desc)
{
	*ret = (struct admin_counter){
		.name = desc->name, .help = desc->help, .gauge = desc->gauge,
	};
	snprintf(ret->port, sizeof(ret->port), "%s", port);
}

static uint64_t sum_metric(const struct worker *w, enum metric id)
{
	uint64_t sum = id == METRIC_LOG_DROPPED ? accesslog_lost() : 0;

	for (unsigned int i = 0; i < w->n_threads; i++)
		sum += metric_load(&w->threads[i].metrics.v[id]);
	return sum;
}

static uint64_t sum_port_metric(const struct worker *w, const char *port, enum port_metric id)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < w->n_threads; i++) {
		const struct port_stats *s;

		s = __atomic_load_n(&w->threads[i].port_stats, __ATOMIC_ACQUIRE);
		while (s && strcmp(s->name, port))
			s = s->next;
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
	.request = admin_request,
	.state = admin_state,
};
