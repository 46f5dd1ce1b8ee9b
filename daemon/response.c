// SPDX-License-Identifier: GPL-2.0-only
/*
 * Responses: interim ones, the final one, and what is done when the origin
 * sends something else or nothing.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "exchange.h"
#include "trigger.h"

#define INTERIM_MAX 64
#define REWRITE_ROOM 1024

static bool refuse(struct session *s, const char *result, const char *detail)
{
	metric_inc(&s->thread->metrics, METRIC_BAD_RESPONSES);
	trigger_fire(s, TIPH_BYPASS_BAD_RESPONSE);
	exchange_answer(s, 502, result, detail);
	return true;
}

/* What came is no response to this request. */
static bool bad_response(struct session *s, const char *detail)
{
	return refuse(s, "bad_response", detail);
}

static bool large_response(struct session *s)
{
	return refuse(s, "large_response", "the head of the origin's response is too large");
}

static bool may_retry(const struct exchange *x)
{
	return x->reused && x->request.keep_out && !x->first_us;
}

/* An idle connection was closed while the request was on its way: once more. */
static void retry(struct session *s)
{
	struct exchange *x = s->x;

	metric_inc(&s->thread->metrics, METRIC_RETRIES);
	x->up = upstream_close(x->up, false);
	x->request.out->r = 0;
	x->request.keep_out = false;
	x->request_done = false;
	x->request_dead = false;
	x->fresh = true;
	exchange_connect(s);
}

static bool origin_ended(struct session *s)
{
	if (may_retry(s->x)) {
		retry(s);
		return true;
	}
	metric_inc(&s->thread->metrics, METRIC_TRUNCATED);
	exchange_answer(s, 502, "origin_closed", "the origin closed the connection too early");
	return true;
}

/* How the body is sent to this client. */
static enum http_body sent_framing(const struct exchange *x, const struct http_head *head)
{
	if (head->body != HTTP_BODY_CHUNKED && head->body != HTTP_BODY_CLOSE)
		return head->body;
	return x->minor ? HTTP_BODY_CHUNKED : HTTP_BODY_CLOSE;
}

static int write_head(struct session *s, const struct http_head *head, const char *base,
		      const struct http_forward *fwd)
{
	struct buf *out = s->x->response.out;
	int n = http_write_response(head, base, fwd, out->data + out->w, buf_room(out));

	if (n > 0)
		out->w += (uint32_t)n;
	return n;
}

static bool take_switch(struct session *s, const struct http_head *head, const char *base)
{
	struct exchange *x = s->x;
	struct http_forward fwd = {
		.via = s->setup->conf->http.via,
		.keep_alive = true,
		.upgrade = true,
		.minor_peer = x->minor,
	};

	if (!x->upgrade_len || !x->request_done ||
	    !http_upgrade_accepted(head, base, x->upgrade, x->upgrade_len))
		return refuse(s, "bad_upgrade", "the origin switched to a protocol nobody asked for");
	if (write_head(s, head, base, &fwd) < 0)
		return large_response(s);
	x->status = 101;
	buf_consume(x->up->in, head->head_len);
	tunnel_begin(s);
	return true;
}

static bool take_interim(struct session *s, const struct http_head *head, const char *base)
{
	struct exchange *x = s->x;
	struct http_forward fwd = {
		.via = s->setup->conf->http.via,
		.keep_alive = true,
		.minor_peer = x->minor,
	};

	if (++x->n_interim > INTERIM_MAX)
		return bad_response(s, "the origin sent too many interim responses");
	metric_inc(&s->thread->metrics, METRIC_STATUS_1XX);
	if (x->minor && write_head(s, head, base, &fwd) < 0)
		return large_response(s);
	buf_consume(x->up->in, head->head_len);
	return false;
}

/*
 * From a challenge on, the connection is the session's. Every such field is
 * looked at: the origin may offer several schemes.
 */
static void note_challenge(struct session *s, const struct http_head *head, const char *base)
{
	for (uint32_t i = 0; head->status == 401 && i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (f->id == HTTP_F_WWW_AUTHENTICATE &&
		    exchange_binds(base + f->value.off, f->value.len))
			s->bound = true;
	}
	if (s->bound)
		s->x->up->key.session = s->id;
}

/* Only repeated ones are a trigger: what an origin has answered well in between speaks for it. */
static void note_status(struct session *s, unsigned int status)
{
	const struct conf_bypass *bypass = &s->setup->conf->bypass;
	struct tally *errors = &s->thread->server_errors;

	if (!trigger_wanted(bypass, TIPH_BYPASS_SERVER_ERROR) || !(s->port->mode & TIPH_INBOUND))
		return;
	if (status < 500)
		tally_clear(errors, &s->original);
	else if (tally_add(errors, &s->original) >= bypass->server_errors)
		trigger_fire(s, TIPH_BYPASS_SERVER_ERROR);
}

static bool take_final(struct session *s, const struct http_head *head, const char *base)
{
	struct exchange *x = s->x;
	enum http_body framing = sent_framing(x, head);
	struct http_forward fwd = {
		.peer = &x->up->key.dst,
		.via = s->setup->conf->http.via,
		.chunked = framing == HTTP_BODY_CHUNKED,
		.length = framing == HTTP_BODY_LENGTH,
		.trailers = head->body == HTTP_BODY_CHUNKED && x->te_trailers && !head->named,
		.minor_peer = x->minor,
		.content_length = head->content_length,
		.add_date = s->thread->loop.wall,
	};

	/* a request whose end is not here yet can't be waited for: it may never come */
	x->client_keep = x->client_keep && framing != HTTP_BODY_CLOSE && x->request_done &&
			 !s->thread->draining;
	x->up_keep = head->keep_alive && !head->close_after && head->body != HTTP_BODY_CLOSE;
	fwd.keep_alive = x->client_keep;
	note_challenge(s, head, base);
	note_status(s, head->status);
	if (write_head(s, head, base, &fwd) < 0)
		return large_response(s);
	x->status = head->status;
	x->head_done = true;
	buf_consume(x->up->in, head->head_len);
	body_begin(&x->response, head->body, head->content_length, framing);
	x->response.keep_trailers = fwd.trailers;
	return false;
}

/* A head of @len octets is there. True: the state changed. */
static bool take_response(struct session *s, size_t len)
{
	const struct conf_http *http = &s->setup->conf->http;
	const struct http1_limits limits = { http->header_limit, http->header_fields };
	struct http_head *head = &s->thread->head;
	struct exchange *x = s->x;
	const char *base = buf_head(x->up->in);
	const char *why = "";

	x->origin_octets += len;
	x->scanned = 0;
	if (http1_parse_response(base, len, x->method, &limits, head, &why))
		return bad_response(s, "the origin's response is not valid");
	if (head->status == 101)
		return take_switch(s, head, base);
	if (head->status < 200)
		return take_interim(s, head, base);
	return take_final(s, head, base);
}

/* The first octets came: the request can't be repeated any more. */
static void response_began(struct session *s)
{
	struct exchange *x = s->x;

	if (x->first_us)
		return;
	x->first_us = s->thread->loop.now_us;
	x->request.keep_out = false;
	if (!buf_len(x->request.out))
		x->request.out = buf_put(&s->thread->bufs, x->request.out);
}

/* Whole heads in the input buffer. *@more: none is left, read on. */
static bool scan_responses(struct session *s, bool *more)
{
	struct exchange *x = s->x;
	struct buf **in = &x->up->in;
	size_t limit = s->setup->conf->http.header_limit;

	*more = false;
	while (!x->head_done && buf_len(*in)) {
		size_t from = x->scanned;
		size_t end = http1_scan(buf_head(*in), buf_len(*in), &from);

		x->scanned = (uint32_t)from;
		if (!end && buf_len(*in) >= limit)
			return large_response(s);
		if (!end)
			break;
		if (!exchange_head_room(s, &x->response, end + REWRITE_ROOM))
			return bad_response(s, "the proxy is short of memory");
		if (take_response(s, end))
			return true;
	}
	*more = !x->head_done;
	return false;
}

static int grow_input(struct session *s, struct buf **in)
{
	size_t limit = s->setup->conf->http.header_limit + 1;
	size_t size = 2 * (size_t)(*in)->size;

	return buf_grow(&s->thread->bufs, in, size < limit ? size : limit);
}

bool response_head(struct session *s)
{
	struct exchange *x = s->x;
	struct upstream *up = x->up;
	bool more = true;

	while (more && up->watch.ready & READY_IN) {
		int r = body_read(&s->thread->bufs, &up->watch, &up->in);

		if (r == -EAGAIN)
			break;
		if (r == -ENOBUFS && !grow_input(s, &up->in))
			continue;
		if (r == -ENOBUFS || r == -ENOMEM)
			return bad_response(s, "the proxy is short of memory");
		if (r <= 0)
			return origin_ended(s);
		response_began(s);
		if (scan_responses(s, &more))
			return true;
	}
	/* an interim response does not wait for the next one */
	if (!x->head_done && buf_len(x->response.out))
		body_flush(&x->response, &s->thread->carrier, &s->client);
	return false;
}

/* Nothing unread on it? What comes now was not asked for. */
static bool is_drained(struct upstream *up)
{
	char octet;

	if (buf_len(up->in) || up->watch.ready & (READY_EOF | READY_GONE))
		return false;
	if (!(up->watch.ready & READY_IN))
		return true;
	if (recv(up->watch.fd, &octet, 1, MSG_PEEK) >= 0 || errno != EAGAIN)
		return false;
	up->watch.ready &= (uint8_t)~READY_IN;
	return true;
}

static void finish(struct session *s)
{
	struct exchange *x = s->x;
	enum session_end how = x->request_done ? SESSION_CLOSE : SESSION_CLOSE_LINGER;
	bool keep = x->client_keep;

	if (x->up_keep && x->request_done && is_drained(x->up)) {
		upstream_release(x->up, s->setup->conf->http.idle_timeout);
		x->up = NULL;
	}
	session_end_exchange(s, NULL);
	if (keep)
		session_next(s);
	else
		session_end(s, how);
}

/* The client must not take what it has for the whole; if it has nothing, it is told. */
static void truncated(struct session *s, enum body_result r)
{
	struct exchange *x = s->x;
	bool open_ended = x->response.framing == HTTP_BODY_CLOSE;

	metric_inc(&s->thread->metrics, r == BODY_MALFORMED ? METRIC_BAD_RESPONSES :
							      METRIC_TRUNCATED);
	if (r == BODY_MALFORMED)
		trigger_fire(s, TIPH_BYPASS_BAD_RESPONSE);
	if (!x->response.sent) {
		body_end(&x->response, &s->thread->carrier);
		x->head_done = false;
		exchange_answer(s, 502, r == BODY_MALFORMED ? "bad_response" : "origin_truncated",
				"the origin's response is not whole");
		return;
	}
	session_end_exchange(s, r == BODY_MALFORMED ? "bad_response" : "origin_truncated");
	session_end(s, open_ended ? SESSION_RESET : SESSION_CLOSE_LINGER);
}

bool response_body(struct session *s)
{
	struct exchange *x = s->x;
	struct thread *t = s->thread;
	enum body_result r = body_pump(&x->response, &t->carrier, &x->up->watch, &x->up->in,
				       &s->client);

	switch (r) {
	case BODY_WAIT:
		return false;
	case BODY_BUSY:
		loop_again(&t->loop, &s->again);
		return false;
	case BODY_DONE:
		finish(s);
		return true;
	case BODY_SINK_GONE:
		metric_inc(&t->metrics, METRIC_CLIENT_ABORTS);
		session_end_exchange(s, "client_abort");
		session_end(s, SESSION_CLOSE);
		return true;
	default:
		truncated(s, r);
		return true;
	}
}
