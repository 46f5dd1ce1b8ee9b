// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access rules in the course of an exchange. Where the next hop is known from the
 * start, one question decides. Where it is not, the rules that it may make true
 * are kept, up to the first that holds whatever it is; each hop that is tried is
 * compared with those.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "exchange.h"

#define PENDING_MIN 8

/* A fatal alert, access_denied (RFC 8446 6), so that nobody tries again. */
static const char tls_denied[] = { 21, 3, 3, 0, 2, 2, 49 };

/* Room grows at powers of two. */
static int keep(struct exchange *x, const struct conf_rule *rule)
{
	uint32_t n = x->n_pending;
	const struct conf_rule **v;

	if (!n || (n >= PENDING_MIN && !(n & (n - 1)))) {
		v = reallocarray(x->pending, n ? 2 * (size_t)n : PENDING_MIN, sizeof(*v));
		if (!v)
			return -ENOMEM;
		x->pending = v;
	}
	x->pending[x->n_pending++] = rule;
	return 0;
}

int exchange_ask(struct session *s, struct access_question *q)
{
	const struct access *access = s->setup->gen->access;
	const struct conf_rule *rule = NULL;
	struct exchange *x = s->x;

	q->port = s->port;
	q->client = &s->address.addr;
	q->destination = s->port->mode & TIPH_INBOUND ? &s->original : NULL;
	x->n_pending = 0;
	if (s->setup->conf->n_rules)
		rule = access_find(access, q, 0);
	while (rule && !q->destination && access_knows_destination(rule)) {
		if (keep(x, rule))
			return -ENOMEM;
		rule = access_find(access, q, rule->index + 1);
	}
	x->rule = rule;
	if (!x->n_pending)
		return rule ? rule->action : ACTION_ALLOW;
	return keep(x, rule) ? -ENOMEM : ACTION_ALLOW;
}

enum conf_action exchange_ask_hop(struct session *s, const struct endpoint *hop)
{
	struct exchange *x = s->x;
	uint32_t i = 0;

	if (x->n_pending) {
		while (i + 1 < x->n_pending && !access_is_destination(x->pending[i], hop))
			i++;
		x->rule = x->pending[i];
	}
	return access_action(x->rule, hop, x->chosen);
}

void exchange_deny(struct session *s)
{
	struct exchange *x = s->x;
	bool tls = x->hello;

	metric_inc(&s->thread->metrics, METRIC_DENIED);
	if (!x->relay) {
		exchange_answer(s, 403, "denied", "the rules of this network do not allow this");
		return;
	}
	if (tls)
		send(s->client.fd, tls_denied, sizeof(tls_denied), MSG_NOSIGNAL | MSG_DONTWAIT);
	session_end_exchange(s, "denied");
	session_end(s, tls ? SESSION_CLOSE_LINGER : SESSION_RESET);
}
