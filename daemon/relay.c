// SPDX-License-Identifier: GPL-2.0-only
/*
 * Relays: what is not HTTP, and where it goes. Intercepted: to the original
 * destination, whatever name a ClientHello has. Else by that name: a route, or
 * the resolver and the port of HTTPS; without a name, the route of any host.
 */
#include <errno.h>
#include <stdlib.h>

#include "exchange.h"

#define HTTPS_PORT 443

static void end(struct session *s, const char *result)
{
	session_end_exchange(s, result);
	session_end(s, SESSION_RESET);
}

static void out_of_memory(struct session *s)
{
	metric_inc(&s->thread->metrics, METRIC_REFUSED_MEMORY);
	end(s, "no_memory");
}

/* 0, 1: addresses are not known yet, or a negative errno. */
static int choose_hops(struct session *s)
{
	const struct tls_hello *hello = s->x->hello;
	const char *name = hello ? hello->name : "";
	size_t len = hello ? hello->name_len : 0;
	const struct conf_route *route;
	struct exchange *x = s->x;

	x->n_hops = x->hop = x->next = 0;
	if (s->port->mode & TIPH_INBOUND) {
		exchange_add_hops(s, &s->original, 1, 0);
		return 0;
	}
	route = routes_find(s->setup->gen->routes, name, len);
	if (route) {
		exchange_add_route(s, route);
		return 0;
	}
	if (!len)
		return -EDESTADDRREQ;
	x->chosen = true;
	return exchange_resolve(s, name, len, HTTPS_PORT);
}

static struct exchange *create(struct session *s)
{
	struct exchange *x = s->x ? s->x : exchange_create(s);

	if (x)
		x->relay = true;
	return x;
}

static int ask_access(struct session *s)
{
	const struct tls_hello *hello = s->x->hello;
	struct access_question q = { .spoken = hello ? SPOKEN_TLS : SPOKEN_OTHER };

	if (hello) {
		q.host = (struct access_text){ hello->name, hello->name_len };
		q.alpn = (struct access_text){ hello->alpn, hello->alpn_len };
		q.ech = hello->ech;
	}
	return exchange_ask(s, &q);
}

/* Connected already, as the client was silent: only intercepted ones go on as they are. */
static bool goes_on(struct session *s)
{
	struct exchange *x = s->x;

	if (!x->silent)
		return false;
	x->silent = false;
	if (!x->hello || s->port->mode & TIPH_INBOUND)
		return true;
	x->up = upstream_close(x->up, false);
	x->connected_us = 0;
	return false;
}

void relay_begin(struct session *s, const struct tls_hello *hello)
{
	struct exchange *x = create(s);
	int r;

	if (x && hello)
		x->hello = malloc(sizeof(*hello));
	if (!x || (hello && !x->hello)) {
		out_of_memory(s);
		return;
	}
	if (hello)
		*x->hello = *hello;
	r = ask_access(s);
	if (r < 0) {
		out_of_memory(s);
	} else if (r == ACTION_DENY) {
		exchange_deny(s);
	} else if (goes_on(s)) {
		tunnel_begin(s);
	} else {
		r = choose_hops(s);
		if (r < 0)
			end(s, r == -EDESTADDRREQ ? "no_route" : "resolve_error");
		else if (r)
			session_set(s, SESSION_RESOLVE);
		else
			exchange_connect(s);
	}
}

bool relay_silence(struct session *s)
{
	struct exchange *x = create(s);

	if (!x)
		return false;
	if (ask_access(s) == ACTION_DENY || choose_hops(s)) {
		session_drop_exchange(s);
		return false;
	}
	x->silent = true;
	exchange_connect(s);
	return true;
}
