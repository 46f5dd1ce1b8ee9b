// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tunnels (CONNECT, Upgrade) and relays: octets both ways, each end of stream
 * passed on alone, a reset passed on as a reset.
 */
#include <string.h>
#include <sys/socket.h>

#include "exchange.h"
#include "trigger.h"

static const char connect_ok[] = "HTTP/1.1 200 Connection established\r\n\r\n";

static bool begin_directions(struct session *s)
{
	struct exchange *x = s->x;

	body_begin(&x->request, HTTP_BODY_CLOSE, 0, HTTP_BODY_CLOSE);
	body_begin(&x->response, HTTP_BODY_CLOSE, 0, HTTP_BODY_CLOSE);
	if (!x->tunnel)
		return true;
	if (!exchange_head_room(s, &x->response, sizeof(connect_ok)))
		return false;
	memcpy(x->response.out->data + x->response.out->w, connect_ok, sizeof(connect_ok) - 1);
	x->response.out->w += sizeof(connect_ok) - 1;
	x->status = 200;
	return true;
}

void tunnel_begin(struct session *s)
{
	if (!begin_directions(s)) {
		session_end_exchange(s, "no_memory");
		session_end(s, SESSION_RESET);
		return;
	}
	metric_inc(&s->thread->metrics, METRIC_TUNNELS);
	upstream_nodelay(s->x->up);
	s->x->result = "tunnel";
	session_set(s, SESSION_TUNNEL);
}

/* One direction. False: it broke. */
static bool relay(struct session *s, struct body *b, struct watch *src, struct buf **in,
		  struct watch *dst, bool *eof_sent)
{
	struct thread *t = s->thread;

	if (*eof_sent)
		return true;
	switch (body_pump(b, &t->carrier, src, in, dst)) {
	case BODY_WAIT:
		return true;
	case BODY_BUSY:
		loop_again(&t->loop, &s->again);
		return true;
	case BODY_DONE:
		*eof_sent = true;
		return !shutdown(dst->fd, SHUT_WR);
	default:
		return false;
	}
}

/* A client that does not like what the origin said to its ClientHello. */
static void look_for_alert(struct session *s)
{
	uint8_t octets[TLS_ALERT_LOOK];
	struct exchange *x = s->x;
	ssize_t n;

	if (x->greeted || !x->hello || !(s->client.ready & READY_IN) || buf_len(s->in) || !x->response.received)
		return;
	n = recv(s->client.fd, octets, sizeof(octets), MSG_PEEK);
	if (n < 0)
		return;
	x->greeted = true;
	if (tls_is_alert(octets, (size_t)n))
		trigger_fire(s, TIPH_BYPASS_TLS_ALERT);
}

bool tunnel_step(struct session *s)
{
	struct exchange *x = s->x;
	struct upstream *up = x->up;
	bool alive = relay(s, &x->response, &up->watch, &up->in, &s->client,
			   &x->client_eof_sent);

	look_for_alert(s);

	alive = alive && relay(s, &x->request, &s->client, &s->in, &up->watch, &x->up_eof_sent);
	if (alive && !(x->client_eof_sent && x->up_eof_sent))
		return false;
	if (!alive)
		x->up = upstream_close(up, true);
	session_end_exchange(s, alive ? NULL : "tunnel_reset");
	session_end(s, alive ? SESSION_CLOSE : SESSION_RESET);
	return true;
}
