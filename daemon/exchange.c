// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request's way through its upstream connection, the proxy's own answers when
 * there is no way, and what is done when a time is over.
 */
#include "exchange.h"

#include <errno.h>
#include <string.h>

#include "resolver.h"

/* --- answers of our own --- */

bool exchange_head_room(struct session *s, struct body *b, size_t size)
{
	struct buf_pool *pool = &s->thread->bufs;

	if (b->out && b->out->size - b->out->w >= size)
		return true;
	if (buf_len(b->out))
		return !buf_grow(pool, &b->out, buf_len(b->out) + size);
	buf_put(pool, b->out);
	b->out = buf_get(pool, size);
	return b->out;
}

/* Was the whole request taken out of the client's connection? */
static bool request_consumed(const struct exchange *x)
{
	return x->request.in_done && !x->request.span;
}

/* RFC 9209 2.3, of what the access log calls the result. */
static const char *error_type(const char *result)
{
	static const char *const types[][2] = {
		{ "bad_request", "http_request_error" },
		{ "bad_response", "http_protocol_error" },
		{ "bad_upgrade", "http_upgrade_failed" },
		{ "client_timeout", "http_request_error" },
		{ "connect_error", "destination_unavailable" },
		{ "connect_refused", "connection_refused" },
		{ "connect_timeout", "connection_timeout" },
		{ "header_timeout", "http_request_error" },
		{ "large_response", "http_response_header_section_size" },
		{ "loop", "proxy_loop_detected" },
		{ "no_memory", "proxy_internal_error" },
		{ "no_next_hop", "http_request_error" },
		{ "no_such_host", "dns_error" },
		{ "origin_closed", "connection_terminated" },
		{ "origin_truncated", "http_response_incomplete" },
		{ "resolve_error", "dns_error" },
		{ "resolve_timeout", "dns_timeout" },
		{ "port_taken", "connection_limit_reached" },
		{ "response_timeout", "http_response_timeout" },
		{ "socket_timeout", "connection_limit_reached" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i][0], result))
			return types[i][1];
	return NULL;
}

static bool write_answer(struct session *s, unsigned int status, const char *detail)
{
	struct exchange *x = s->x;
	const char *type = status == 403 ? "http_request_denied" : error_type(x->result);
	struct buf *out;
	int n;

	if (!exchange_head_room(s, &x->response, 2048))
		return false;
	out = x->response.out;
	n = http_write_proxy_error(status, type, detail,
				   x->html, x->method == HTTP_M_HEAD, x->client_keep,
				   out->data + out->w, buf_room(out));
	if (n < 0)
		return false;
	out->w += (uint32_t)n;
	return true;
}

void exchange_answer(struct session *s, unsigned int status, const char *result,
		     const char *detail)
{
	struct exchange *x = s->x;

	x->up = upstream_close(x->up, false);
	exchange_drop_rivals(x);
	resolver_cancel(x->query);
	x->query = NULL;
	x->client_keep = x->client_keep && request_consumed(x) && !s->thread->draining;
	x->result = result;
	if (x->relay || x->head_done || !write_answer(s, status, detail)) {
		session_end_exchange(s, NULL);
		session_end(s, SESSION_RESET);
		return;
	}
	x->status = (uint16_t)status;
	body_begin(&x->response, HTTP_BODY_NONE, 0, HTTP_BODY_NONE);
	metric_inc(&s->thread->metrics, METRIC_ANSWERS);
	session_set(s, SESSION_ANSWER);
}

bool answer_step(struct session *s)
{
	struct exchange *x = s->x;
	struct buf *none = NULL;
	bool keep = x->client_keep;

	switch (body_pump(&x->response, &s->thread->carrier, NULL, &none, &s->client)) {
	case BODY_DONE:
		session_end_exchange(s, NULL);
		if (keep)
			session_next(s);
		else
			session_end(s, SESSION_CLOSE_LINGER);
		return true;
	case BODY_WAIT:
		return false;
	default:
		session_end_exchange(s, NULL);
		session_end(s, SESSION_CLOSE);
		return true;
	}
}

bool exchange_client_gone(struct session *s)
{
	if (!(s->client.ready & READY_GONE))
		return false;
	metric_inc(&s->thread->metrics, METRIC_CLIENT_ABORTS);
	session_end_exchange(s, "client_abort");
	session_end(s, SESSION_CLOSE);
	return true;
}

/* --- the request --- */

/* True: the state changed. */
static bool push_request(struct session *s)
{
	struct exchange *x = s->x;
	struct thread *t = s->thread;

	if (x->request.in != HTTP_BODY_NONE)
		upstream_nodelay(x->up);
	switch (body_pump(&x->request, &t->carrier, &s->client, &s->in, &x->up->watch)) {
	case BODY_WAIT:
		return false;
	case BODY_BUSY:
		loop_again(&t->loop, &s->again);
		return false;
	case BODY_DONE:
		x->request_done = true;
		return false;
	case BODY_SINK_GONE:
		/* it may have answered before */
		x->request_dead = true;
		x->up->watch.ready |= READY_IN;
		return false;
	case BODY_TRUNCATED:
		metric_inc(&t->metrics, METRIC_CLIENT_ABORTS);
		session_end_exchange(s, "client_abort");
		session_end(s, SESSION_CLOSE);
		return true;
	case BODY_MALFORMED:
		metric_inc(&t->metrics, METRIC_BAD_REQUESTS);
		x->client_keep = false;
		exchange_answer(s, 400, "bad_request", "the body is not valid chunked coding");
		return true;
	case BODY_NO_MEMORY:
		metric_inc(&t->metrics, METRIC_REFUSED_MEMORY);
		exchange_answer(s, 503, "no_memory", "the proxy is short of memory");
		return true;
	}
	return false;
}

bool exchange_step(struct session *s)
{
	struct exchange *x = s->x;

	if (exchange_client_gone(s))
		return true;
	if (!x->request_done && !x->request_dead && push_request(s))
		return true;
	if (!x->head_done && response_head(s))
		return true;
	return x->head_done && response_body(s);
}

/* --- time --- */

bool exchange_waits_for_client(const struct exchange *x)
{
	if (x->head_done)
		return body_pending(&x->response);
	return !x->request_done && !x->request_dead && !body_pending(&x->request);
}

static void head_timeout(struct session *s)
{
	metric_inc(&s->thread->metrics, METRIC_TIMEOUT_HEADER);
	if (!buf_len(s->in) || !exchange_create(s)) {
		session_end(s, SESSION_CLOSE);
		return;
	}
	exchange_note_raw(s, buf_head(s->in), buf_len(s->in));
	exchange_answer(s, 408, "header_timeout", "the request did not come in time");
}

static void moving_timeout(struct session *s)
{
	struct exchange *x = s->x;
	struct metrics *m = &s->thread->metrics;
	bool client = x->slow ? x->slow == EXCHANGE_SLOW_CLIENT : exchange_waits_for_client(x);

	if (x->slow)
		metric_inc(m, client ? METRIC_SLOW_CLIENTS : METRIC_SLOW_ORIGINS);
	else
		metric_inc(m, client ? METRIC_TIMEOUT_CLIENT : METRIC_TIMEOUT_RESPONSE);
	if (client)
		exchange_answer(s, 408, "client_timeout", "the request did not come in time");
	else
		exchange_answer(s, 504, "response_timeout", "the origin did not answer in time");
}

void exchange_timeout(struct session *s)
{
	struct metrics *m = &s->thread->metrics;

	switch (s->state) {
	case SESSION_PROXY:
		proxied_timeout(s);
		break;
	case SESSION_SNIFF:
	case SESSION_SILENT:
		sniff_timeout(s);
		break;
	case SESSION_HEAD:
		head_timeout(s);
		break;
	case SESSION_RESOLVE:
		metric_inc(m, METRIC_TIMEOUT_RESOLVE);
		exchange_answer(s, 504, "resolve_timeout", "the name was not resolved in time");
		break;
	case SESSION_SOCKET:
		exchange_answer(s, 503, "socket_timeout", "no socket was to be had in time");
		break;
	case SESSION_CONNECT:
		connect_timeout(s);
		break;
	case SESSION_EXCHANGE:
		moving_timeout(s);
		break;
	case SESSION_TUNNEL:
		metric_inc(m, METRIC_TIMEOUT_TUNNEL);
		session_end_exchange(s, "tunnel_timeout");
		session_end(s, SESSION_RESET);
		break;
	default:
		metric_inc(m, s->state == SESSION_IDLE ? METRIC_TIMEOUT_IDLE :
							 METRIC_TIMEOUT_CLIENT);
		session_end_exchange(s, NULL);
		session_end(s, s->state == SESSION_IDLE ? SESSION_CLOSE : SESSION_RESET);
		break;
	}
}
