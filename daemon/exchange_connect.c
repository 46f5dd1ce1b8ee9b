// SPDX-License-Identifier: GPL-2.0-only
/*
 * An exchange's way to its upstream connection: names to addresses, an idle
 * connection or a new one to the first address that takes it.
 *
 * Addresses are tried in turn, those that failed lately last. Where the client
 * chose the name, nobody is waited for longer than a moment (RFC 8305 5): the next
 * address is tried while the others go on, and who answers first is taken.
 * exchange.up is the attempt made last, exchange.rivals are those before it.
 */
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "resolver.h"
#include "trigger.h"

/*
 * A request that can't be repeated goes out on a connection only if it was idle
 * for less than this: origins close theirs after seconds, not at once.
 */
#define FRESH_IDLE_MS 1000

/* --- where to --- */

void exchange_add_hops(struct session *s, const struct endpoint *v, size_t n, size_t first)
{
	const struct endpoint *avoided[EXCHANGE_HOPS_MAX];
	struct thread *t = s->thread;
	struct exchange *x = s->x;
	size_t n_avoided = 0;

	for (size_t i = 0; i < n && x->n_hops < EXCHANGE_HOPS_MAX; i++) {
		const struct endpoint *hop = &v[(first + i) % n];

		if (n == 1 || !health_avoid(&t->health, hop, t->loop.now))
			x->hops[x->n_hops++] = *hop;
		else if (n_avoided < EXCHANGE_HOPS_MAX)
			avoided[n_avoided++] = hop;
	}
	metric_add(&t->metrics, METRIC_AVOIDED, n_avoided);
	for (size_t i = 0; i < n_avoided && x->n_hops < EXCHANGE_HOPS_MAX; i++)
		x->hops[x->n_hops++] = *avoided[i];
}

/* --- names --- */

static void add_addresses(struct session *s, const struct addr *v, size_t n)
{
	struct endpoint hops[RESOLVER_ADDRS_MAX];

	for (size_t i = 0; i < n; i++)
		hops[i] = (struct endpoint){ v[i], s->x->hop_port };
	exchange_add_hops(s, hops, n, 0);
}

static void answer_unresolved(struct session *s, int err)
{
	if (err == -ETIMEDOUT)
		metric_inc(&s->thread->metrics, METRIC_TIMEOUT_RESOLVE);
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
		add_addresses(s, v, n);
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
				    s->setup->gen->hosts, &s->setup->resolver);
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
		add_addresses(s, v, (size_t)r);
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
	key.likeness = s->likeness;
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

/* What was asked for, or, after that has failed, any instead of the client's and the other way round. */
static uint8_t source_port_of(const struct session *s)
{
	if (!s->x->other_port)
		return s->port->source_port;
	return s->port->source_port == TIPH_SOURCE_PORT_ANY ? TIPH_SOURCE_PORT_STRICT : TIPH_SOURCE_PORT_ANY;
}

/*
 * The client's port may be taken; the ports that the kernel chooses from may all
 * be, towards one origin, but then the client's own is not: it has none twice.
 */
static bool wants_other_port(struct session *s, int err)
{
	if (s->x->other_port)
		return false;
	if (err == -EADDRINUSE)
		return s->port->source_port == TIPH_SOURCE_PORT_PRESERVE;
	if (err != -EADDRNOTAVAIL || s->port->source_port != TIPH_SOURCE_PORT_ANY || !(s->port->mode & TIPH_OUTBOUND))
		return false;
	metric_inc(&s->thread->metrics, METRIC_PORTS_EXHAUSTED);
	return true;
}

/* @fd: of the connection to the current hop, or a negative errno. */
static void hop_opened(struct session *s, int fd)
{
	struct exchange *x = s->x;
	const struct upstream_key key = key_of(s, &x->hops[x->hop]);
	struct upstream *up;

	if (fd < 0 && wants_other_port(s, fd)) {
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

/* @given: the parent's socket, or negative: one of our own will do. */
static int connect_spoofed(struct session *s, int given)
{
	const struct endpoint *hop = &s->x->hops[s->x->hop];
	int fd = given < 0 ? socket(hop->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : given;

	if (fd < 0)
		return -errno;
	likeness_apply(&s->likeness, fd, hop->addr.family);
	return s->thread->ops->connect(source_port_of(s), s->client.fd, fd, &s->address, hop);
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

/* An earlier attempt succeeded, or is the only one left. */
static void take_rival(struct exchange *x, unsigned int i)
{
	upstream_close(x->up, false);
	x->up = x->rivals[i];
	x->rivals[i] = x->rivals[--x->n_rivals];
	x->hop = 0;
	while (x->hop + 1 < x->n_hops && !endpoint_equal(&x->hops[x->hop], &x->up->key.dst))
		x->hop++;
}

/* Go on after the current hop: with the next, or with those tried before. False: there is none. */
static bool go_on(struct session *s)
{
	struct exchange *x = s->x;

	if (x->next < x->n_hops) {
		x->hop = x->next;
		exchange_connect(s);
		return true;
	}
	if (!x->n_rivals)
		return false;
	take_rival(x, x->n_rivals - 1u);
	session_set(s, SESSION_CONNECT);
	return true;
}

void exchange_connect(struct session *s)
{
	struct exchange *x = s->x;
	const struct endpoint *hop = &x->hops[x->hop];
	const struct upstream_key key = key_of(s, hop);

	if (x->next <= x->hop)
		x->next = x->hop + 1;
	if (exchange_ask_hop(s, hop) == ACTION_DENY) {
		if (!go_on(s))
			exchange_deny(s);
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

	trigger_fire(s, TIPH_BYPASS_CONNECT_ERROR);
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
	case EAFNOSUPPORT:
	/* all that routing or ICMP says of a destination */
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case EACCES:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
		exchange_answer(s, 502, "connect_error", "the origin can't be reached");
		break;
	default:
		exchange_answer(s, 503, "connect_error", "no connection can be made now");
		break;
	}
}

/* Is it the address that does not work, or something here? */
static bool blames_address(int err)
{
	return err == -ETIMEDOUT || err == -ECONNREFUSED || err == -ECONNRESET ||
	       err == -EHOSTUNREACH || err == -ENETUNREACH || err == -EHOSTDOWN || err == -ENONET || err == -EACCES ||
	       err == -ENOPROTOOPT || err == -EOPNOTSUPP || err == -EPROTO;
}

static void note_failure(struct session *s, const struct endpoint *hop, int err)
{
	struct thread *t = s->thread;

	metric_inc(&t->metrics, METRIC_CONNECT_ERRORS);
	if (s->x->n_hops > 1 && blames_address(err))
		health_failed(&t->health, hop, t->loop.now);
}

void exchange_hop_failed(struct session *s, int err)
{
	struct exchange *x = s->x;

	note_failure(s, &x->hops[x->hop], err);
	if (err == -ETIMEDOUT)
		asymmetry_unanswered(s);
	else if (err == -ECONNREFUSED || err == -ECONNRESET)
		asymmetry_answered(s);
	x->up = upstream_close(x->up, false);
	if (!go_on(s))
		answer_connect_error(s, err);
}

void exchange_connected(struct session *s)
{
	struct exchange *x = s->x;

	exchange_drop_rivals(x);
	if (!x->reused)
		asymmetry_answered(s);
	if (!x->reused && x->n_hops > 1)
		health_works(&s->thread->health, &x->hops[x->hop]);
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

/* True: one of them is connected, and is exchange.up now. */
static bool look_at_rivals(struct session *s)
{
	struct exchange *x = s->x;

	for (unsigned int i = 0; i < x->n_rivals;) {
		int r = upstream_connected(x->rivals[i]);

		if (r > 0) {
			take_rival(x, i);
			exchange_ask_hop(s, &x->hops[x->hop]);	/* allowed; by which rule is logged */
			return true;
		}
		if (r < 0) {
			note_failure(s, &x->rivals[i]->key.dst, r);
			upstream_close(x->rivals[i], false);
			x->rivals[i] = x->rivals[--x->n_rivals];
		} else {
			i++;
		}
	}
	return false;
}

bool connect_step(struct session *s)
{
	int r;

	if (exchange_client_gone(s))
		return true;
	r = look_at_rivals(s) ? 1 : upstream_connected(s->x->up);
	if (r > 0)
		exchange_connected(s);
	else if (r < 0)
		exchange_hop_failed(s, r);
	return r;
}

/* --- time --- */

bool exchange_may_race(const struct exchange *x)
{
	return x->chosen && x->next < x->n_hops && x->n_rivals < EXCHANGE_RIVALS_MAX;
}

void exchange_drop_rivals(struct exchange *x)
{
	while (x->n_rivals)
		upstream_close(x->rivals[--x->n_rivals], false);
}

void connect_timeout(struct session *s)
{
	struct exchange *x = s->x;

	if (exchange_may_race(x)) {
		x->rivals[x->n_rivals++] = x->up;
		x->up = NULL;
		go_on(s);
		return;
	}
	metric_inc(&s->thread->metrics, METRIC_TIMEOUT_CONNECT);
	for (unsigned int i = 0; i < x->n_rivals; i++)
		note_failure(s, &x->rivals[i]->key.dst, -ETIMEDOUT);
	exchange_drop_rivals(x);
	exchange_hop_failed(s, -ETIMEDOUT);
}
