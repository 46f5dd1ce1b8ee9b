// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking for sockets. A question has the number of its place in asked[]; the
 * place stays taken until the answer came, even if nobody waits for it any more,
 * so an answer can't reach somebody else.
 */
#include "sockpool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define READS_MAX 16	/* before others get their turn */

static int ask(struct sockpool *pool, struct sock_waiter *w)
{
	unsigned int number = pool->free[pool->n_free - 1];
	int err;

	w->ask.a = number;
	err = channel_send(pool->channel.fd, &w->ask, NULL, 0);
	if (err)
		return err;
	pool->n_free--;
	pool->asked[number] = w;
	return 0;
}

/* Who found no number, or no room in the channel, tries again when an answer came. */
static void ask_more(struct sockpool *pool)
{
	while (pool->n_free && !list_empty(&pool->waiting)) {
		struct sock_waiter *w = container_of(pool->waiting.next, struct sock_waiter, link);

		if (ask(pool, w))
			return;
		list_del(&w->link);
	}
}

static void take_answer(struct sockpool *pool, const struct channel_msg *msg, int fd)
{
	struct sock_waiter *w;

	if (msg->a >= SOCKPOOL_ASKED_MAX || pool->n_free == SOCKPOOL_ASKED_MAX) {
		if (fd >= 0)
			close(fd);
		return;
	}
	w = pool->asked[msg->a];
	pool->asked[msg->a] = NULL;
	pool->free[pool->n_free++] = (uint8_t)msg->a;
	if (w)
		w->fn(w, fd >= 0 ? fd : msg->b ? -(int)msg->b : -EIO);
	else if (fd >= 0)
		close(fd);
}

/* False: nothing more to read. */
static bool read_answer(struct sockpool *pool)
{
	struct channel_msg msg;
	size_t n = 0;
	int fd = -1, r = channel_recv(pool->channel.fd, &msg, &fd, &n);

	if (r == -EAGAIN)
		return false;
	if (r == 1 && msg.kind == CHANNEL_SOCKET) {
		take_answer(pool, &msg, n ? fd : -1);
		return true;
	}
	/* the control channel ends as well then, and the process with it */
	if (r < 0)
		log_error("socket channel: %s", strerror(-r));
	pool->channel.fd = -1;
	return false;
}

static void on_channel(struct watch *w)
{
	struct sockpool *pool = container_of(w, struct sockpool, channel);

	for (int i = 0; i < READS_MAX && read_answer(pool); i++)
		;
	ask_more(pool);
}

int sockpool_init(struct sockpool *pool, struct loop *loop, int channel)
{
	memset(pool, 0, sizeof(*pool));
	list_init(&pool->waiting);
	while (pool->n_free < SOCKPOOL_ASKED_MAX) {
		pool->free[pool->n_free] = (uint8_t)pool->n_free;
		pool->n_free++;
	}
	pool->channel = (struct watch){ .fd = channel, .fn = on_channel };
	return channel < 0 ? 0 : loop_watch_level(loop, &pool->channel);
}

int sockpool_ask(struct sockpool *pool, struct sock_waiter *w, const struct endpoint *local,
		 const struct endpoint *remote, uint8_t source_port)
{
	int err = -EAGAIN;

	w->ask = (struct channel_msg){ .kind = CHANNEL_WANT_SOCKET, .b = source_port, .local = *local,
				       .remote = *remote };
	if (pool->n_free && list_empty(&pool->waiting))
		err = ask(pool, w);
	if (err != -EAGAIN || pool->n_free == SOCKPOOL_ASKED_MAX)
		return err;
	list_add_tail(&pool->waiting, &w->link);
	return 0;
}

void sockpool_cancel(struct sockpool *pool, struct sock_waiter *w)
{
	if (!list_empty(&w->link))
		list_del(&w->link);
	else if (w->ask.a < SOCKPOOL_ASKED_MAX && pool->asked[w->ask.a] == w)
		pool->asked[w->ask.a] = NULL;
}
