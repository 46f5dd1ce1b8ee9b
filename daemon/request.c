// SPDX-License-Identifier: GPL-2.0-only
/*
 * From octets of a client to an exchange: read a head, refuse it or write it as
 * the origin shall see it, and say where it goes.
 */
#include <errno.h>
#include <string.h>

#include "exchange.h"
#include "trigger.h"

#define HTTP_PORT 80
#define LAST_ROOM 512		/* http_write_last() besides twice the head */
#define REWRITE_ROOM 1024	/* http_write_request() may add this much */

struct exchange *exchange_create(struct session *s)
{
	struct thread *t = s->thread;
	struct exchange *x;

	if (!buf_pool_count(&t->bufs, sizeof(*x)))
		return NULL;
	x = objpool_get(&t->exchange_objs);
	if (!x) {
		buf_pool_uncount(&t->bufs, sizeof(*x));
		return NULL;
	}
	memset(x, 0, offsetof(struct exchange, text));
	x->began_us = t->loop.now_us;
	x->minor = 1;
	x->result = "ok";
	s->x = x;
	return x;
}

static void out_of_memory(struct session *s)
{
	metric_inc(&s->thread->metrics, METRIC_REFUSED_MEMORY);
	session_end_exchange(s, "no_memory");
	session_end(s, SESSION_RESET);
}

/* A refused request may still be one whose answer has no content. */
static bool asks_for_head(struct buf *in)
{
	static const char head[] = "HEAD ";
	const char *p = buf_head(in), *end = p + buf_len(in);

	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	return (size_t)(end - p) >= sizeof(head) - 1 && !memcmp(p, head, sizeof(head) - 1);
}

/* The request can't be taken: nothing behind it may be looked at. */
static void refuse(struct session *s, unsigned int status, const char *why)
{
	struct exchange *x = s->x ? s->x : exchange_create(s);

	if (!x) {
		out_of_memory(s);
		return;
	}
	metric_inc(&s->thread->metrics, METRIC_BAD_REQUESTS);
	if (s->requests <= 1 && s->in && http1_begins(buf_head(s->in), buf_len(s->in)) == HTTP1_BEGIN_NO)
		trigger_fire(s, TIPH_BYPASS_NOT_HTTP);
	if (s->in && asks_for_head(s->in))
		x->method = HTTP_M_HEAD;
	if (!x->line_len && s->in)
		exchange_note_raw(s, buf_head(s->in), buf_len(s->in));
	x->head_octets += buf_len(s->in);
	s->in = buf_put(&s->thread->bufs, s->in);
	x->client_keep = false;
	exchange_answer(s, status, "bad_request", why);
}

void exchange_add_route(struct session *s, const struct conf_route *route)
{
	size_t first = s->thread->turn++ % route->n_to;

	s->x->announce = route->proxy_protocol;
	exchange_add_hops(s, route->to, route->n_to, first);
}

/*
 * Our pseudonym in Via. Only where the request chooses the next hop: gateways in
 * a row may well have the same one.
 */
static bool passed_before(const struct session *s, const struct http_head *head, const char *base)
{
	const char *via = s->setup->conf->http.via;

	if (!via || !http_via_has(head, base, via))
		return false;
	metric_inc(&s->thread->metrics, METRIC_LOOPS);
	return true;
}

/*
 * The next hop. Intercepted: the original destination, whatever the request
 * says. Else a route, else what the request names. 1: its addresses are not
 * known yet. Negative: status to answer with.
 */
static int choose_hop(struct session *s, const struct http_head *head, const char *base,
		      const char **why)
{
	const char *host = base + head->host.off;
	struct exchange *x = s->x;
	const struct conf_route *route;
	int r;

	if (s->port->mode & TIPH_INBOUND) {
		*why = "this is not a proxy that opens tunnels";
		exchange_add_hops(s, &s->original, 1, 0);
		return head->method_id == HTTP_M_CONNECT ? -403 : 0;
	}
	*why = "the request passed this proxy before";
	if (passed_before(s, head, base))
		return -508;
	route = routes_find(s->setup->gen->routes, host, head->host.len);
	if (route) {
		exchange_add_route(s, route);
		return 0;
	}
	x->chosen = true;
	*why = "the request names no host";
	if (!head->host.len)
		return -400;
	r = exchange_resolve(s, host, head->host.len,
			     head->host_port ? head->host_port : HTTP_PORT);
	*why = r == -ENOENT || r == -EINVAL ? "the host is not known" :
					      "the name can't be resolved now";
	if (r >= 0)
		return r;
	return r == -ETIMEDOUT ? -504 : r == -ENOENT || r == -EINVAL ? -502 : -503;
}

static void keep_upgrade(struct exchange *x, const struct http_head *head, const char *base)
{
	const struct http_field *f = head->upgrade ? http_head_find(head, HTTP_F_UPGRADE) : NULL;

	if (!f || f->value.len > sizeof(x->upgrade))
		return;
	memcpy(x->upgrade, base + f->value.off, f->value.len);
	x->upgrade_len = (uint8_t)f->value.len;
}

/* Credentials that hold for a connection must not be used by other clients. */
static void note_credentials(struct session *s, const struct http_head *head, const char *base)
{
	const struct http_field *f = http_head_find(head, HTTP_F_AUTHORIZATION);

	if (f && exchange_binds(base + f->value.off, f->value.len))
		s->bound = true;
}

static int write_request(struct session *s, const struct http_head *head, const char *base)
{
	const struct conf_http *http = &s->setup->conf->http;
	struct exchange *x = s->x;
	struct http_forward fwd = {
		.peer = &s->address,
		.origin = x->n_hops ? &x->hops[0] : NULL,
		.via = http->via,
		.forwarded = (uint8_t)http->forwarded,
		.keep_alive = true,
		.chunked = head->body == HTTP_BODY_CHUNKED,
		.length = head->body == HTTP_BODY_LENGTH,
		.trailers = x->request.keep_trailers,
		.upgrade = x->upgrade_len,
		.origin_form = true,
		.content_length = head->content_length,
	};
	struct buf *out = buf_get(&s->thread->bufs, head->head_len + REWRITE_ROOM);
	int n;

	if (!out)
		return -ENOMEM;
	n = http_write_request(head, base, &fwd, out->data, out->size);
	if (n < 0) {
		buf_put(&s->thread->bufs, out);
		return n;
	}
	out->w = (uint32_t)n;
	x->request.out = out;
	return 0;
}

static void take_properties(struct exchange *x, const struct http_head *head, const char *base)
{
	x->method = head->method_id;
	x->minor = head->minor;
	x->html = http_wants_html(head, base);
	x->tunnel = head->method_id == HTTP_M_CONNECT;
	/* behind a CONNECT that fails may be what was meant for the tunnel */
	x->client_keep = head->keep_alive && !head->close_after && head->minor && !x->tunnel;
	x->idempotent = http_method_is_idempotent(head->method_id);
	keep_upgrade(x, head, base);
	x->te_trailers = head->te_trailers;
	body_begin(&x->request, head->body, head->content_length, head->body);
	/* one that Connection names is of this hop: it is not remembered which */
	x->request.keep_trailers = head->body == HTTP_BODY_CHUNKED && !head->named;
}

static void count_request(struct session *s)
{
	uint64_t *requests = &s->setup->ports[s->port->index]->v[PORT_METRIC_REQUESTS];

	s->requests++;
	metric_inc(&s->thread->metrics, METRIC_REQUESTS);
	metric_store(requests, *requests + 1);
}

static int ask_access(struct session *s, const struct http_head *head, const char *base)
{
	struct access_question q = {
		.spoken = SPOKEN_HTTP,
		.host = { base + head->host.off, head->host.len },
		.method = { base + head->method.off, head->method.len },
		.path = { base + head->path.off, head->path.len },
	};

	return exchange_ask(s, &q);
}

/* Max-Forwards is 0: we are who it was meant for. */
static void answer_last(struct session *s, const struct http_head *head, const char *base)
{
	struct exchange *x = s->x;
	struct buf *out;
	int n = -ENOMEM;

	x->client_keep = x->client_keep && x->request.in_done && !s->thread->draining;
	if (exchange_head_room(s, &x->response, 2 * (size_t)head->head_len + LAST_ROOM)) {
		out = x->response.out;
		n = http_write_last(head, base, x->client_keep, out->data + out->w, buf_room(out));
	}
	if (n < 0) {
		out_of_memory(s);
		return;
	}
	x->response.out->w += (uint32_t)n;
	x->head_octets = head->head_len;
	buf_consume(s->in, head->head_len);
	x->status = 200;
	x->result = "max_forwards";
	body_begin(&x->response, HTTP_BODY_NONE, 0, HTTP_BODY_NONE);
	session_set(s, SESSION_ANSWER);
}

/* The head is good: say where it goes, write it, forget its octets, go there. */
static void take_request(struct session *s, const struct http_head *head)
{
	const char *base = buf_head(s->in);
	struct exchange *x = s->x;
	const char *why = "";
	int action, r;

	take_properties(x, head, base);
	note_credentials(s, head, base);
	if (s->setup->log)
		exchange_note(s, head, base);
	count_request(s);
	action = ask_access(s, head, base);
	if (action == ACTION_ALLOW && !http_max_forwards(head, base)) {
		answer_last(s, head, base);
		return;
	}
	r = action == ACTION_DENY ? -EACCES : choose_hop(s, head, base, &why);
	x->relay = action == ACTION_TUNNEL && s->requests == 1 && r >= 0 && !x->tunnel;
	if (action < 0 || (r >= 0 && !x->tunnel && !x->relay && write_request(s, head, base))) {
		out_of_memory(s);
		return;
	}
	if (!x->relay) {
		x->head_octets = head->head_len;
		buf_consume(s->in, head->head_len);
	}
	if (action == ACTION_DENY)
		exchange_deny(s);
	else if (r < 0)
		exchange_answer(s, (unsigned int)-r, "no_next_hop", why);
	else if (r)
		session_set(s, SESSION_RESOLVE);
	else
		exchange_connect(s);
}

/* Is there a whole head in s->in? Then take it. */
static bool find_request(struct session *s)
{
	const struct conf_http *http = &s->setup->conf->http;
	const struct http1_limits limits = { http->header_limit, http->header_fields };
	size_t from = s->scanned;
	size_t end = http1_scan(buf_head(s->in), buf_len(s->in), &from);
	const char *why = "";
	int r;

	s->scanned = (uint32_t)from;
	if (!end && buf_len(s->in) < limits.head)
		return false;
	if (!end) {
		r = http1_too_large(buf_head(s->in), buf_len(s->in), &why);
		refuse(s, (unsigned int)-r, why);
		return true;
	}
	if (!exchange_create(s)) {
		out_of_memory(s);
		return true;
	}
	r = http1_parse_request(buf_head(s->in), end, &limits, &s->thread->head, &why);
	if (r)
		refuse(s, (unsigned int)-r, why);
	else
		take_request(s, &s->thread->head);
	return true;
}

/* s->in is full and holds no whole head. */
static int grow_input(struct session *s)
{
	size_t limit = s->setup->conf->http.header_limit + 1;
	size_t size = 2 * (size_t)s->in->size;

	return buf_grow(&s->thread->bufs, &s->in, size < limit ? size : limit);
}

bool request_step(struct session *s)
{
	for (;;) {
		int r;

		if (buf_len(s->in) && find_request(s))
			return true;
		if (buf_len(s->in) && s->state == SESSION_IDLE)
			session_set(s, SESSION_HEAD);
		if (!(s->client.ready & READY_IN))
			return false;
		r = body_read(&s->thread->bufs, &s->client, &s->in);
		if (r > 0)
			continue;
		if (r == -EAGAIN)
			return false;
		if (r == -ENOBUFS && !grow_input(s))
			continue;
		if (r == -ENOBUFS || r == -ENOMEM)
			out_of_memory(s);
		else
			session_end(s, SESSION_CLOSE);
		return true;
	}
}
