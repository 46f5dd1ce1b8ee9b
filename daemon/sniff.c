// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports of protocol tls and auto: a client's first octets are looked at until they
 * tell what is spoken, and are kept for whoever gets them then.
 *
 * On auto, a client that says nothing may wait for the server to speak first.
 * After a moment the origin is connected to, at once where its server is known to
 * speak first; then whoever speaks first decides. A client that only was slow (a
 * browser connects ahead of need) is read as ever; the connection that was made
 * serves its request.
 *
 * What began like HTTP or TLS is held to it: it is not relayed unread because it
 * went on too slowly, or wrong.
 */
#include <errno.h>

#include "exchange.h"
#include "trigger.h"

/* What the first octets are. */
enum verdict {
	VERDICT_MORE,
	VERDICT_HTTP,
	VERDICT_TLS,
	VERDICT_BAD_TLS,
	VERDICT_OTHER,
};

static enum verdict judge(struct session *s, struct tls_hello *hello)
{
	const char *v = buf_head(s->in);
	size_t n = buf_len(s->in);
	int r = tls_hello_parse(&s->hello, v, n, hello);

	if (r != -EPROTO)
		return !r ? VERDICT_MORE : r > 0 ? VERDICT_TLS : VERDICT_BAD_TLS;
	if (s->port->protocol == PROTOCOL_TLS)
		return VERDICT_OTHER;
	switch (http1_begins(v, n)) {
	case HTTP1_BEGIN_MORE:
		return VERDICT_MORE;
	case HTTP1_BEGIN_YES:
		return VERDICT_HTTP;
	default:
		return VERDICT_OTHER;
	}
}

/* Not what the port is for. */
static void refuse(struct session *s, const char *result)
{
	struct exchange *x = s->x ? s->x : exchange_create(s);

	metric_inc(&s->thread->metrics, METRIC_TLS_REFUSED);
	trigger_fire(s, TIPH_BYPASS_NOT_HTTP);
	if (x) {
		x->relay = true;
		x->silent = false;
		x->head_octets = buf_len(s->in);
	}
	session_end_exchange(s, result);
	session_end(s, SESSION_RESET);
}

/* A connection made in vain so far serves the first request. */
static void go_to_http(struct session *s)
{
	struct upstream *up = s->x ? session_drop_exchange(s) : NULL;

	metric_inc(&s->thread->metrics, METRIC_SNIFFED_HTTP);
	if (up)
		upstream_release(up, s->setup->conf->http.idle_timeout);
	s->scanned = 0;
	session_set(s, SESSION_HEAD);
}

static void decide(struct session *s, enum verdict verdict, const struct tls_hello *hello)
{
	struct metrics *m = &s->thread->metrics;
	bool any = s->port->protocol == PROTOCOL_AUTO;

	switch (verdict) {
	case VERDICT_HTTP:
		go_to_http(s);
		break;
	case VERDICT_TLS:
		metric_inc(m, METRIC_TLS_HELLOS);
		relay_begin(s, hello);
		break;
	case VERDICT_OTHER:
		if (any) {
			metric_inc(m, METRIC_SNIFFED_OTHER);
			trigger_fire(s, TIPH_BYPASS_NOT_HTTP);
		}
		if (any)
			relay_begin(s, NULL);
		else
			refuse(s, "not_tls");
		break;
	default:
		refuse(s, "bad_hello");
	}
}

/* The client says no more. What came of it is passed on, and its end. */
static void ended(struct session *s)
{
	if (s->port->protocol == PROTOCOL_AUTO) {
		s->client.ready |= READY_IN;	/* the end is to be read once more */
		decide(s, VERDICT_OTHER, NULL);
	} else if (buf_len(s->in)) {
		refuse(s, "not_tls");
	} else {
		session_end(s, SESSION_CLOSE);
	}
}

/* s->in is full. */
static int grow_input(struct session *s)
{
	size_t size = 2 * (size_t)s->in->size;

	return buf_grow(&s->thread->bufs, &s->in, size < TLS_HELLO_MAX ? size : TLS_HELLO_MAX);
}

static void read_failed(struct session *s, int err)
{
	if (!err) {
		ended(s);
		return;
	}
	if (err == -ENOBUFS || err == -ENOMEM)
		metric_inc(&s->thread->metrics, METRIC_REFUSED_MEMORY);
	session_end_exchange(s, err == -ENOBUFS || err == -ENOMEM ? "no_memory" : "client_abort");
	session_end(s, SESSION_RESET);
}

/* Do the octets that are there tell? Then go on with what they are. @first: none were there before. */
static bool decided(struct session *s, bool first)
{
	struct tls_hello hello;
	enum verdict verdict = judge(s, &hello);

	if (verdict == VERDICT_MORE && first)
		loop_timer(&s->thread->loop, &s->timer, s->setup->conf->http.header_timeout);
	if (verdict == VERDICT_MORE)
		return false;
	decide(s, verdict, &hello);
	return true;
}

bool sniff_step(struct session *s)
{
	for (;;) {
		bool first = !buf_len(s->in);
		int r;

		if (!(s->client.ready & READY_IN))
			return false;
		r = body_read(&s->thread->bufs, &s->client, &s->in);
		if (r == -EAGAIN)
			return false;
		if (r == -ENOBUFS && !grow_input(s))
			continue;
		if (r <= 0)
			read_failed(s, r);
		else if (!decided(s, first))
			continue;
		return true;
	}
}

bool silent_step(struct session *s)
{
	struct exchange *x = s->x;
	uint8_t ready = x->up->watch.ready;

	if (!(ready & (READY_IN | READY_EOF | READY_GONE)))
		return sniff_step(s);
	if (!(ready & READY_GONE))
		speakers_remember(&s->thread->speakers, &x->hops[x->hop], s->thread->loop.now);
	x->silent = false;
	tunnel_begin(s);
	return true;
}

void sniff_begin(struct session *s)
{
	session_set(s, SESSION_SNIFF);
	if (buf_len(s->in)) {	/* behind a PROXY header */
		decided(s, true);
		return;
	}
	if (s->port->protocol == PROTOCOL_AUTO && s->port->mode & TIPH_INBOUND &&
	    speakers_know(&s->thread->speakers, &s->original, s->thread->loop.now))
		relay_silence(s);
}

/* Nothing came, and nothing may be done about it: the client gets more time. */
static void be_patient(struct session *s)
{
	s->patient = true;
	loop_timer(&s->thread->loop, &s->timer, s->setup->conf->http.header_timeout);
}

void sniff_timeout(struct session *s)
{
	struct metrics *m = &s->thread->metrics;

	if (buf_len(s->in)) {
		metric_inc(m, METRIC_TIMEOUT_HEADER);
		if (*buf_head(s->in) == 0x16)
			refuse(s, "hello_timeout");
		else
			go_to_http(s);
	} else if (s->state == SESSION_SILENT) {
		metric_inc(m, METRIC_TIMEOUT_TUNNEL);
		session_end_exchange(s, "tunnel_timeout");
		session_end(s, SESSION_RESET);
	} else if (s->port->protocol != PROTOCOL_AUTO || s->patient) {
		metric_inc(m, METRIC_TIMEOUT_HEADER);
		session_end(s, SESSION_CLOSE);
	} else {
		metric_inc(m, METRIC_SNIFFED_SILENT);
		if (!relay_silence(s))
			be_patient(s);
	}
}
