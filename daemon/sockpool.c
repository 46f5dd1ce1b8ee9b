// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prepared sockets. A shelf asks for more when it runs low, one question under
 * way at a time; those who wait are woken in order, as many as came.
 */
#include "sockpool.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

#define SHELF_LOW 16
#define SHELF_BATCH 32

static struct sock_shelf *shelf_of(struct sockpool *pool, int family)
{
	return family == AF_INET ? &pool->v4 : &pool->v6;
}

static void shelf_ask(struct sockpool *pool, int family)
{
	struct sock_shelf *s = shelf_of(pool, family);
	unsigned int want = SHELF_BATCH + s->n_waiting;
	struct channel_msg msg = { .kind = CHANNEL_WANT_SOCKETS, .a = (uint32_t)family };

	if (s->asked || s->n + SHELF_LOW > CHANNEL_FDS_MAX)
		return;
	msg.b = want < CHANNEL_FDS_MAX ? want : CHANNEL_FDS_MAX;
	s->asked = !channel_send(pool->channel.fd, &msg, NULL, 0);
}

static void shelf_wake(struct sock_shelf *s, unsigned int n, int err)
{
	while (n-- && !list_empty(&s->waiting)) {
		struct sock_waiter *w = container_of(s->waiting.next, struct sock_waiter, link);

		list_del(&w->link);
		s->n_waiting--;
		w->fn(w, err);
	}
}

static void shelf_stock(struct sockpool *pool, const struct channel_msg *msg, const int *fds,
			size_t n)
{
	struct sock_shelf *s = shelf_of(pool, (int)msg->a);

	s->asked = false;
	for (size_t i = 0; i < n; i++) {
		if (s->n < sizeof(s->fds) / sizeof(s->fds[0]))
			s->fds[s->n++] = fds[i];
		else
			close(fds[i]);
	}
	if (!n) {
		shelf_wake(s, s->n_waiting, msg->c ? -(int)msg->c : -ENOBUFS);
		return;
	}
	shelf_wake(s, (unsigned int)n, 0);
	if (s->n_waiting || s->n < SHELF_LOW)
		shelf_ask(pool, (int)msg->a);
}

static void on_channel(struct watch *w)
{
	struct sockpool *pool = container_of(w, struct sockpool, channel);
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;
	size_t n;
	int r = channel_recv(w->fd, &msg, fds, &n);

	if (r == -EAGAIN)
		return;
	if (r == 1 && msg.kind == CHANNEL_SOCKETS) {
		shelf_stock(pool, &msg, fds, n);
		return;
	}
	/* the control channel ends as well then, and the process with it */
	if (r < 0)
		log_error("socket channel: %s", strerror(-r));
	w->fd = -1;
}

static void shelf_init(struct sock_shelf *s)
{
	memset(s, 0, sizeof(*s));
	list_init(&s->waiting);
}

int sockpool_init(struct sockpool *pool, struct loop *loop, int channel)
{
	shelf_init(&pool->v4);
	shelf_init(&pool->v6);
	pool->channel = (struct watch){ .fd = channel, .fn = on_channel };
	return channel < 0 ? 0 : loop_watch_level(loop, &pool->channel);
}

static void shelf_close(struct sock_shelf *s)
{
	while (s->n)
		close(s->fds[--s->n]);
}

void sockpool_destroy(struct sockpool *pool)
{
	shelf_close(&pool->v4);
	shelf_close(&pool->v6);
}

int sockpool_take(struct sockpool *pool, int family)
{
	struct sock_shelf *s = shelf_of(pool, family);
	int fd = s->n ? s->fds[--s->n] : -EAGAIN;

	if (s->n < SHELF_LOW)
		shelf_ask(pool, family);
	return fd;
}

void sockpool_wait(struct sockpool *pool, int family, struct sock_waiter *w)
{
	struct sock_shelf *s = shelf_of(pool, family);

	list_add_tail(&s->waiting, &w->link);
	s->n_waiting++;
	shelf_ask(pool, family);
}

void sockpool_cancel(struct sockpool *pool, int family, struct sock_waiter *w)
{
	if (list_empty(&w->link))
		return;
	list_del(&w->link);
	shelf_of(pool, family)->n_waiting--;
}
