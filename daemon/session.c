// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a session: made when a connection is accepted, moved by steps, one
 * function for each state, until none can go on; buried when its client
 * connection ends.
 */
#include "session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "exchange.h"
#include "resolver.h"

#define STEPS_MAX 64		/* pipelined requests are served in turn with others */
#define ATTEMPT_MS 250		/* Connection Attempt Delay of RFC 8305 8 */
#define LINGER_MS 2000
#define DRAIN_FIRST_MS 1000	/* a first request gets so long once draining began */
#define LINGER_READS 16		/* in one go */

const char *const session_state_names[SESSION_STATE_MAX] = {
	[SESSION_PROXY] = "proxy",
	[SESSION_SNIFF] = "sniff",
	[SESSION_IDLE] = "idle",
	[SESSION_HEAD] = "head",
	[SESSION_RESOLVE] = "resolve",
	[SESSION_SOCKET] = "socket",
	[SESSION_CONNECT] = "connect",
	[SESSION_EXCHANGE] = "exchange",
	[SESSION_ANSWER] = "answer",
	[SESSION_TUNNEL] = "tunnel",
	[SESSION_SILENT] = "silent",
	[SESSION_LINGER] = "linger",
	[SESSION_DEAD] = "dead",
};

static unsigned int state_timeout(const struct session *s, enum session_state state)
{
	const struct conf_http *http = &s->setup->conf->http;

	switch (state) {
	case SESSION_SNIFF:
		return s->port->protocol == PROTOCOL_AUTO ? http->sniff_timeout : http->header_timeout;
	case SESSION_PROXY:
	case SESSION_HEAD:
		return http->header_timeout;
	case SESSION_CONNECT:
		return exchange_may_race(s->x) && http->connect_timeout > ATTEMPT_MS ? ATTEMPT_MS :
									http->connect_timeout;
	case SESSION_RESOLVE:
	case SESSION_SOCKET:
		return http->connect_timeout;
	case SESSION_EXCHANGE:
		return http->response_timeout;
	case SESSION_TUNNEL:
	case SESSION_SILENT:
		return http->tunnel_timeout;
	case SESSION_LINGER:
		return LINGER_MS;
	default:
		return http->idle_timeout;
	}
}

void session_set(struct session *s, enum session_state state)
{
	if (s->state == SESSION_SOCKET)
		sockpool_cancel(&s->thread->sockets, &s->waiter);
	s->state = (uint8_t)state;
	if (state == SESSION_DEAD)
		timer_cancel(&s->timer);
	else
		loop_timer(&s->thread->loop, &s->timer, state_timeout(s, state));
}

static bool linger_step(struct session *s)
{
	for (int i = 0; i < LINGER_READS && s->client.ready & READY_IN; i++) {
		ssize_t n = recv(s->client.fd, NULL, 1 << 20, MSG_TRUNC);

		if (n > 0)
			continue;
		if (n < 0 && errno == EAGAIN)
			s->client.ready &= (uint8_t)~READY_IN;
		else if (!n || errno != EINTR)
			session_end(s, SESSION_CLOSE);
		else
			continue;
		return false;
	}
	if (s->client.ready & READY_IN)
		loop_again(&s->thread->loop, &s->again);
	return false;
}

static bool wait_step(struct session *s)
{
	if (!(s->client.ready & READY_GONE))
		return false;
	metric_inc(&s->thread->metrics, METRIC_CLIENT_ABORTS);
	session_end_exchange(s, "client_abort");
	session_end(s, SESSION_CLOSE);
	return false;
}

static bool (*const steps[])(struct session *s) = {
	[SESSION_PROXY] = proxied_step,
	[SESSION_SNIFF] = sniff_step,
	[SESSION_IDLE] = request_step,
	[SESSION_HEAD] = request_step,
	[SESSION_RESOLVE] = wait_step,
	[SESSION_SOCKET] = wait_step,
	[SESSION_CONNECT] = connect_step,
	[SESSION_EXCHANGE] = exchange_step,
	[SESSION_ANSWER] = answer_step,
	[SESSION_TUNNEL] = tunnel_step,
	[SESSION_SILENT] = silent_step,
	[SESSION_LINGER] = linger_step,
};

/*
 * Who moves something now and then is never idle. When octets move again after
 * idle_timeout or more, whoever is waited for must have moved its share meanwhile.
 */
static void check_rate(struct session *s, uint64_t moved)
{
	const struct conf_http *http = &s->setup->conf->http;
	struct loop *loop = &s->thread->loop;
	struct exchange *x = s->x;
	uint64_t took = loop->now - x->pace_since;
	bool client;
	size_t rate;

	if (x->pace_since && took < http->idle_timeout)
		return;
	client = exchange_waits_for_client(x);
	rate = client ? http->client_rate : http->origin_rate;
	if (x->pace_since && (moved - x->pace_from) * 1000 < rate * took) {
		x->slow = client ? EXCHANGE_SLOW_CLIENT : EXCHANGE_SLOW_ORIGIN;
		loop_timer(loop, &s->timer, 0);
	}
	x->pace_since = loop->now;
	x->pace_from = moved;
}

/* Nothing more can be done now: give back what is empty, see to the timer. */
static void session_rest(struct session *s)
{
	struct exchange *x = s->x;
	const struct conf_http *http = &s->setup->conf->http;
	uint64_t moved;

	if (s->in && !buf_len(s->in))
		s->in = buf_put(&s->thread->bufs, s->in);
	if (!x)
		return;
	if (x->up && x->up->in && !buf_len(x->up->in))
		x->up->in = buf_put(&s->thread->bufs, x->up->in);
	moved = x->request.sent + x->request.received + x->response.sent + x->response.received;
	if (moved == s->progress)
		return;
	s->progress = moved;
	if (s->state == SESSION_TUNNEL)
		loop_timer(&s->thread->loop, &s->timer, http->tunnel_timeout);
	if (s->state != SESSION_EXCHANGE || x->slow)
		return;
	loop_timer(&s->thread->loop, &s->timer, x->request_done && !x->head_done ?
		   http->response_timeout : http->idle_timeout);
	check_rate(s, moved / 2);
}

void session_run(struct session *s)
{
	unsigned int left = STEPS_MAX;

	while (s->state != SESSION_DEAD && steps[s->state](s)) {
		if (--left)
			continue;
		loop_again(&s->thread->loop, &s->again);
		break;
	}
	if (s->state != SESSION_DEAD)
		session_rest(s);
}

static void on_client(struct watch *w)
{
	session_run(container_of(w, struct session, client));
}

static void on_again(struct work *w)
{
	session_run(container_of(w, struct session, again));
}

static void on_timer(struct timer *t)
{
	struct session *s = container_of(t, struct session, timer);

	exchange_timeout(s);
	session_run(s);
}

static void session_free(struct work *w)
{
	struct session *s = container_of(w, struct session, again);

	setup_put(s->setup);
	buf_pool_uncount(&s->thread->bufs, sizeof(*s));
	objpool_put(&s->thread->session_objs, s);
}

static void session_bury(struct session *s, bool reset)
{
	/* where the process dies instead, it is as port_sockets.c has set it */
	const struct linger now = { .l_onoff = reset };
	struct thread *t = s->thread;

	session_set(s, SESSION_DEAD);
	setsockopt(s->client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	watch_close(&s->client);
	s->in = buf_put(&t->bufs, s->in);
	list_del(&s->link);
	t->n_sessions--;
	metric_sub(&t->metrics, METRIC_SESSIONS, 1);
	clients_leave(&s->address.addr);
	s->again.fn = session_free;
	loop_bury(&t->loop, &s->again);
}

void session_end(struct session *s, enum session_end how)
{
	bool unread = buf_len(s->in) || s->client.ready & READY_IN;

	if (how == SESSION_RESET || s->client.ready & READY_GONE || s->state == SESSION_LINGER ||
	    (how == SESSION_CLOSE && !unread)) {
		session_bury(s, how == SESSION_RESET);
		return;
	}
	s->in = buf_put(&s->thread->bufs, s->in);
	shutdown(s->client.fd, SHUT_WR);
	session_set(s, SESSION_LINGER);
}

static void exchange_free(struct session *s)
{
	struct exchange *x = s->x;
	struct thread *t = s->thread;

	resolver_cancel(x->query);
	exchange_drop_rivals(x);
	body_end(&x->request, &t->carrier);
	body_end(&x->response, &t->carrier);
	if (x->heap_text)
		buf_pool_uncount(&t->bufs, x->heap_len);
	free(x->heap_text);
	free(x->hello);
	free(x->pending);
	buf_pool_uncount(&t->bufs, sizeof(*x));
	objpool_put(&t->exchange_objs, x);
	s->x = NULL;
}

struct upstream *session_drop_exchange(struct session *s)
{
	struct upstream *up = s->x->up;

	exchange_free(s);
	return up;
}

void session_end_exchange(struct session *s, const char *result)
{
	struct exchange *x = s->x;
	struct thread *t = s->thread;
	uint64_t *port = s->setup->ports[s->port->index]->v;
	uint64_t received;

	if (!x)
		return;
	if (result)
		x->result = result;
	received = x->head_octets + x->request.received;
	s->received += received;
	s->sent += x->response.sent;
	s->progress = 0;
	metric_add(&t->metrics, METRIC_RECEIVED, received);
	metric_add(&t->metrics, METRIC_SENT, x->response.sent);
	metric_add(&t->metrics, METRIC_UP_SENT, x->request.sent);
	metric_add(&t->metrics, METRIC_UP_RECEIVED, x->origin_octets + x->response.received);
	metric_store(&port[PORT_METRIC_RECEIVED], port[PORT_METRIC_RECEIVED] + received);
	metric_store(&port[PORT_METRIC_SENT], port[PORT_METRIC_SENT] + x->response.sent);
	if (x->status >= 200 && x->status < 600)
		metric_inc(&t->metrics, METRIC_STATUS_1XX + x->status / 100 - 1);
	exchange_count(s);
	exchange_remember(s);
	if (x->rule)
		s->setup->rules[x->rule->index]++;
	if (s->setup->log)
		exchange_log(s);
	upstream_close(x->up, false);
	exchange_free(s);
}

void session_next(struct session *s)
{
	s->scanned = 0;
	session_set(s, buf_len(s->in) ? SESSION_HEAD : SESSION_IDLE);
}

/* The next request is here already, though nobody has read it. */
static bool is_asked(const struct session *s)
{
	char octet;

	return recv(s->client.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Who never asked has just come, and is about to. */
void session_drain(struct session *s)
{
	if (s->state == SESSION_IDLE && !is_asked(s))
		session_end(s, SESSION_CLOSE);
	else if (s->state == SESSION_HEAD && !buf_len(s->in))
		loop_timer(&s->thread->loop, &s->timer, DRAIN_FIRST_MS);
}

int session_local(const struct session *s, struct endpoint *ret)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(s->client.fd, (struct sockaddr *)&ss, &len))
		return -errno;
	return endpoint_from_sockaddr(ret, &ss);
}

/* The one place where the protocol of a port decides what is done. */
void session_begin(struct session *s)
{
	switch (s->port->protocol) {
	case PROTOCOL_HTTP:
		session_set(s, SESSION_HEAD);
		break;
	case PROTOCOL_TLS:
	case PROTOCOL_AUTO:
		sniff_begin(s);
		break;
	case PROTOCOL_TCP:
		relay_begin(s, NULL);
		break;
	}
}

static void session_init(struct session *s, struct thread *t, struct setup *setup, int fd)
{
	memset(s, 0, sizeof(*s));
	s->client.fd = fd;
	s->client.fn = on_client;
	s->again.fn = on_again;
	s->timer.fn = on_timer;
	s->thread = t;
	s->setup = setup_get(setup);
	t->next_id += 256;
	s->id = t->next_id;
	s->began = t->loop.now;
	list_init(&s->again.link);
	list_init(&s->timer.link);
	list_init(&s->waiter.link);
	list_add_tail(&t->sessions, &s->link);
	t->n_sessions++;
}

void session_create(struct thread *t, struct setup *setup, const struct conf_port *port, int fd,
		    const struct endpoint *client)
{
	struct session *s = buf_pool_count(&t->bufs, sizeof(*s)) ? objpool_get(&t->session_objs) : NULL;
	uint64_t *accepted = &setup->ports[port->index]->v[PORT_METRIC_ACCEPTED];

	if (!s) {
		clients_leave(&client->addr);
		close(fd);
		return;
	}
	session_init(s, t, setup, fd);
	s->port = port;
	s->address = *client;
	if (port->likeness)
		likeness_read(fd, &s->likeness);
	metric_inc(&t->metrics, METRIC_ACCEPTED);
	metric_inc(&t->metrics, METRIC_SESSIONS);
	metric_store(accepted, *accepted + 1);
	if ((port->mode & TIPH_INBOUND && session_local(s, &s->original)) ||
	    loop_watch(&t->loop, &s->client, false)) {
		session_bury(s, true);
		return;
	}
	if (proxied_is_sender(port, &client->addr))
		session_set(s, SESSION_PROXY);
	else
		session_begin(s);
}
