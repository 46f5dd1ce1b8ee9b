// SPDX-License-Identifier: GPL-2.0-only
/*
 * An exchange's way to its upstream connection, the request's way through it,
 * and the proxy's own answers when there is no way.
 */
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "resolver.h"

/*
 * A request that can't be repeated goes out on a connection only if it was idle
 * for less than this: origins close theirs after seconds, not at once.
 */
#define FRESH_IDLE_MS 1000

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
				   x->method == HTTP_M_HEAD, x->client_keep,
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

/* --- names --- */

static void add_addresses(struct exchange *x, const struct addr *v, size_t n)
{
	for (size_t i = 0; i < n && x->n_hops < EXCHANGE_HOPS_MAX; i++)
		x->hops[x->n_hops++] = (struct endpoint){ v[i], x->hop_port };
}

static void answer_unresolved(struct session *s, int err)
{
	if (err == -ETIMEDOUT)
		exchange_answer(s, 504, "resolve_timeout", "the name was not resolved in time");
	else if (err == -ENOENT || err == -EINVAL)
		exchange_answer(s, 502, "no_such_host", "the host is not known");
	else
		exchange_answer(s, 503, "resolve_error", "the name can't be resolved now");
}

static void on_resolved(void *arg, int err, const struct addr *v, size_t n)
{
	struct session *s = arg;

	s->x->query = NULL;
	if (err) {
		answer_unresolved(s, err);
	} else {
		add_addresses(s->x, v, n);
		exchange_connect(s);
	}
	session_run(s);
}

static int resolver_of(struct session *s, struct resolver **ret)
{
	const struct conf *conf = s->setup->conf;
	int r = 0;

	if (!s->setup->resolver)
		r = resolver_create(&s->thread->loop, conf->resolver_servers,
				    conf->n_resolver_servers, conf->resolver_timeout,
				    &s->setup->resolver);
	*ret = s->setup->resolver;
	return r;
}

int exchange_resolve(struct session *s, const char *name, size_t len, uint16_t port)
{
	struct addr v[RESOLVER_ADDRS_MAX];
	struct exchange *x = s->x;
	struct resolver *resolver;
	int r = resolver_of(s, &resolver);

	if (r)
		return r;
	x->hop_port = port;
	r = resolver_cached(resolver, name, len, v);
	if (r > 0)
		add_addresses(x, v, (size_t)r);
	if (r)
		return r < 0 ? r : 0;
	r = resolver_query(resolver, name, len, on_resolved, s, &x->query);
	return r ? r : 1;
}

/* --- to an upstream connection --- */

static void on_upstream(void *owner)
{
	session_run(owner);
}

static void attach(struct session *s, struct upstream *up)
{
	up->owner = s;
	up->notify = on_upstream;
	s->x->up = up;
}

static struct upstream_key key_of(const struct session *s, const struct endpoint *hop)
{
	struct upstream_key key = {
		.dst = *hop,
		.session = s->bound || s->x->announce ? s->id : 0,
		.announced = s->x->announce,
	};

	if (!(s->port->mode & TIPH_OUTBOUND))
		return key;
	key.client = s->address;
	key.source_port = s->port->source_port;
	if (s->port->source_port == TIPH_SOURCE_PORT_ANY)
		key.client.port = 0;
	return key;
}

static bool is_repeatable(const struct exchange *x)
{
	return x->idempotent && x->request.in == HTTP_BODY_NONE && !x->fresh;
}

static bool take_idle(struct session *s, const struct upstream_key *key)
{
	struct exchange *x = s->x;
	struct upstream *up;

	if (x->fresh || x->tunnel || x->relay)
		return false;
	up = upstream_take(&s->thread->upstreams, key,
			   is_repeatable(x) ? UINT64_MAX : FRESH_IDLE_MS);
	if (!up)
		return false;
	x->reused = true;
	x->request.keep_out = is_repeatable(x);
	metric_inc(&s->thread->metrics, METRIC_UP_REUSED);
	attach(s, up);
	exchange_connected(s);
	return true;
}

/* A source port that is not the client's, where it has to be another. */
static uint8_t source_port_of(const struct session *s)
{
	return s->x->other_port ? TIPH_SOURCE_PORT_ANY : s->port->source_port;
}

/* @fd: of the connection to the current hop, or a negative errno. */
static void hop_opened(struct session *s, int fd)
{
	struct exchange *x = s->x;
	const struct upstream_key key = key_of(s, &x->hops[x->hop]);
	struct upstream *up;

	if (fd == -EADDRINUSE && source_port_of(s) == TIPH_SOURCE_PORT_PRESERVE) {
		x->other_port = true;
		exchange_connect(s);
		return;
	}
	x->other_port = false;
	metric_inc(&s->thread->metrics, METRIC_CONNECTS);
	up = fd < 0 ? NULL : upstream_new(&s->thread->upstreams, &key, fd);
	if (!up) {
		exchange_hop_failed(s, fd < 0 ? fd : -ENOMEM);
		return;
	}
	x->reused = false;
	attach(s, up);
	session_set(s, SESSION_CONNECT);
}

static int connect_spoofed(struct session *s, int given)
{
	return s->thread->ops->connect(source_port_of(s), s->client.fd, given, &s->address,
				       &s->x->hops[s->x->hop]);
}

static void on_socket(struct sock_waiter *w, int fd)
{
	struct session *s = container_of(w, struct session, waiter);

	hop_opened(s, fd < 0 ? fd : connect_spoofed(s, fd));
	session_run(s);
}

/* 0: the socket will come. */
static int ask_socket(struct session *s)
{
	struct endpoint local = s->original;
	int err = s->port->mode & TIPH_INBOUND ? 0 : session_local(s, &local);

	metric_inc(&s->thread->metrics, METRIC_SOCKETS_ASKED);
	session_set(s, SESSION_SOCKET);
	s->waiter.fn = on_socket;
	return err ? err : sockpool_ask(&s->thread->sockets, &s->waiter, &local, &s->address, source_port_of(s));
}

static void open_hop(struct session *s, const struct endpoint *hop)
{
	int err;

	if (!(s->port->mode & TIPH_OUTBOUND)) {
		hop_opened(s, upstream_connect_plain(hop));
	} else if (hop->addr.family != s->address.addr.family) {
		hop_opened(s, -EAFNOSUPPORT);
	} else if (!s->thread->ops->give_socket) {
		hop_opened(s, connect_spoofed(s, -1));
	} else {
		err = ask_socket(s);
		if (err)
			hop_opened(s, err);
	}
}

bool exchange_binds(const char *credentials, size_t len)
{
	static const char *const schemes[] = { "NTLM", "Negotiate" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (len >= n && !strncasecmp(credentials, schemes[i], n))
			return true;
	}
	return false;
}

/* The rules forbid the current hop: the next, or an answer. */
static void hop_denied(struct session *s)
{
	struct exchange *x = s->x;

	if (x->hop + 1 < x->n_hops) {
		x->hop++;
		exchange_connect(s);
		return;
	}
	exchange_deny(s);
}

void exchange_connect(struct session *s)
{
	struct exchange *x = s->x;
	const struct endpoint *hop = &x->hops[x->hop];
	const struct upstream_key key = key_of(s, hop);

	if (exchange_ask_hop(s, hop) == ACTION_DENY) {
		hop_denied(s);
		return;
	}
	if (take_idle(s, &key))
		return;
	if (origin_is_self(s->setup->conf, hop)) {
		metric_inc(&s->thread->metrics, METRIC_LOOPS);
		exchange_answer(s, 508, "loop", "the request would come back to this proxy");
		return;
	}
	open_hop(s, hop);
}

static void answer_connect_error(struct session *s, int err)
{
	char peer[ENDPOINT_STRLEN];

	endpoint_format(&s->x->hops[s->x->hop], peer, sizeof(peer));
	log_debug("port %s: connect to %s: %s", s->port->name, peer, strerror(-err));
	switch (-err) {
	case ETIMEDOUT:
		exchange_answer(s, 504, "connect_timeout", "the origin did not answer in time");
		break;
	case EADDRINUSE:
		exchange_answer(s, 503, "port_taken", "the client's own port is taken");
		break;
	case ECONNREFUSED:
		exchange_answer(s, 502, "connect_refused", "the origin refuses connections");
		break;
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EAFNOSUPPORT:
		exchange_answer(s, 502, "connect_error", "the origin can't be reached");
		break;
	default:
		exchange_answer(s, 503, "connect_error", "no connection can be made now");
		break;
	}
}

void exchange_hop_failed(struct session *s, int err)
{
	struct exchange *x = s->x;

	metric_inc(&s->thread->metrics, METRIC_CONNECT_ERRORS);
	x->up = upstream_close(x->up, false);
	if (x->hop + 1 < x->n_hops) {
		x->hop++;
		exchange_connect(s);
		return;
	}
	answer_connect_error(s, err);
}

void exchange_connected(struct session *s)
{
	struct exchange *x = s->x;

	if (!x->reused && x->announce && !proxied_announce(s)) {
		exchange_hop_failed(s, -ECONNRESET);
		return;
	}
	x->connected_us = s->thread->loop.now_us;
	if (s->setup->log)
		x->source = *upstream_local(x->up);
	if (x->silent)
		session_set(s, SESSION_SILENT);
	else if (x->tunnel || x->relay)
		tunnel_begin(s);
	else
		session_set(s, SESSION_EXCHANGE);
}

static bool client_gone(struct session *s)
{
	if (!(s->client.ready & READY_GONE))
		return false;
	metric_inc(&s->thread->metrics, METRIC_CLIENT_ABORTS);
	session_end_exchange(s, "client_abort");
	session_end(s, SESSION_CLOSE);
	return true;
}

bool connect_step(struct session *s)
{
	int r;

	if (client_gone(s))
		return true;
	r = upstream_connected(s->x->up);
	if (r > 0)
		exchange_connected(s);
	else if (r < 0)
		exchange_hop_failed(s, r);
	return r;
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

	if (client_gone(s))
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
	bool client = exchange_waits_for_client(x);

	metric_inc(&s->thread->metrics, client ? METRIC_TIMEOUT_CLIENT : METRIC_TIMEOUT_RESPONSE);
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
		exchange_answer(s, 504, "resolve_timeout", "the name was not resolved in time");
		break;
	case SESSION_SOCKET:
		exchange_answer(s, 503, "socket_timeout", "no socket was to be had in time");
		break;
	case SESSION_CONNECT:
		metric_inc(m, METRIC_TIMEOUT_CONNECT);
		exchange_hop_failed(s, -ETIMEDOUT);
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
