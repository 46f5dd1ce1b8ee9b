// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PROXY protocol on both sides of a session: the header that connections of
 * configured senders must begin with, and the one that a route wants.
 *
 * A sender's connection counts as the sender's until its header is whole, without
 * a limit for one address, and as its client's from then on. Where it is from
 * decides alone whether there must be a header; nothing is guessed.
 */
#include <errno.h>
#include <limits.h>
#include <sys/socket.h>

#include "clients.h"
#include "exchange.h"
#include "proxy_header.h"

bool proxied_is_sender(const struct conf_port *port, const struct addr *peer)
{
	for (size_t i = 0; i < port->proxy_senders.n; i++)
		if (prefix_contains(&port->proxy_senders.v[i], peer))
			return true;
	return false;
}

static bool refuse(struct session *s)
{
	metric_inc(&s->thread->metrics, METRIC_PROXY_REFUSED);
	session_end(s, SESSION_RESET);
	return true;
}

/* It is whose the header says. False: that client has too many. */
static bool become(struct session *s, const struct proxy_header *h)
{
	if (h->client.addr.family == AF_UNSPEC)
		return true;
	if (clients_enter(&h->client.addr, UINT_MAX, s->setup->conf->limits.per_client) != CLIENTS_OK)
		return false;
	clients_leave(&s->address.addr);
	s->address = h->client;
	s->named = h->server;
	return true;
}

/* 1: it is there, 0: not yet, or a negative errno. */
static int take_header(struct session *s)
{
	struct proxy_header h;
	int n = proxy_header_parse(buf_head(s->in), buf_len(s->in), &h);

	if (n <= 0)
		return n;
	buf_consume(s->in, (uint32_t)n);
	if (!become(s, &h)) {
		metric_inc(&s->thread->metrics, METRIC_REFUSED_CLIENT);
		return -EUSERS;
	}
	metric_inc(&s->thread->metrics, METRIC_PROXY_HEADERS);
	return 1;
}

static int grow_input(struct session *s)
{
	size_t size = 2 * (size_t)s->in->size;

	return buf_grow(&s->thread->bufs, &s->in, size < PROXY_HEADER_MAX ? size : PROXY_HEADER_MAX);
}

static bool ended(struct session *s, int err)
{
	if (!err && !buf_len(s->in)) {	/* a sender that only looks whether we live */
		session_end(s, SESSION_CLOSE);
		return true;
	}
	if (err == -ENOBUFS || err == -ENOMEM) {
		metric_inc(&s->thread->metrics, METRIC_REFUSED_MEMORY);
		session_end(s, SESSION_RESET);
		return true;
	}
	return refuse(s);
}

bool proxied_step(struct session *s)
{
	while (s->client.ready & READY_IN) {
		int r = body_read(&s->thread->bufs, &s->client, &s->in);

		if (r == -EAGAIN)
			return false;
		if (r == -ENOBUFS && !grow_input(s))
			continue;
		if (r <= 0)
			return ended(s, r);
		r = take_header(s);
		if (r == -EUSERS) {
			session_end(s, SESSION_RESET);
			return true;
		}
		if (r < 0)
			return refuse(s);
		if (r) {
			session_begin(s);
			return true;
		}
	}
	return false;
}

void proxied_timeout(struct session *s)
{
	metric_inc(&s->thread->metrics, METRIC_TIMEOUT_HEADER);
	refuse(s);
}

/* Where the client thinks that it went. */
static struct endpoint server_of(const struct session *s)
{
	struct endpoint e = s->named;

	if (e.addr.family == AF_UNSPEC)
		e = s->original;
	if (e.addr.family == AF_UNSPEC)
		session_local(s, &e);
	return e;
}

/* The buffer of a new connection always has room for so little. */
bool proxied_announce(struct session *s)
{
	const struct endpoint server = server_of(s);
	struct exchange *x = s->x;
	char header[PROXY_HEADER_WRITTEN_MAX];
	size_t n = proxy_header_write(x->announce, &s->address, &server, header);
	int more = x->tunnel || x->relay ? 0 : MSG_MORE;

	return send(x->up->watch.fd, header, n, MSG_NOSIGNAL | more) == (ssize_t)n;
}
