/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets with a client's address, which the parent gives for datapaths where it
 * takes privilege to make them. Each is asked for with the ends of the client's
 * connection, over the thread's socket channel.
 */
#ifndef TIPHARES_SOCKPOOL_H
#define TIPHARES_SOCKPOOL_H

#include "channel.h"
#include "list.h"
#include "loop.h"

/* Questions under way; the channel has room for the answers to more. */
#define SOCKPOOL_ASKED_MAX 128

/**
 * struct sock_waiter - somebody who asked for one
 * @link: on sockpool.waiting; off it: was asked for, or not waiting
 * @fn: called once: @fd is the caller's, or a negative errno
 */
struct sock_waiter {
	struct list link;
	struct channel_msg ask;
	void (*fn)(struct sock_waiter *w, int fd);
};

/**
 * struct sockpool - of one thread
 * @channel: its socket channel
 * @asked: whose question is under way, by its number; NULL: nobody's any more
 * @free: numbers that are not under way, @n_free of them
 * @waiting: for a number
 */
struct sockpool {
	struct watch channel;
	struct sock_waiter *asked[SOCKPOOL_ASKED_MAX];
	uint8_t free[SOCKPOOL_ASKED_MAX];
	unsigned int n_free;
	struct list waiting;
};

/* @channel stays the caller's. 0 or a negative errno. */
int sockpool_init(struct sockpool *pool, struct loop *loop, int channel);

/**
 * sockpool_ask() - ask for a socket with the address of @remote
 * @local, @remote: ends of the client's connection, which we hold
 * @source_port: enum tiph_source_port: may it have another port than @remote?
 *
 * Return: 0: w->fn will be called, later; or a negative errno.
 */
int sockpool_ask(struct sockpool *pool, struct sock_waiter *w, const struct endpoint *local,
		 const struct endpoint *remote, uint8_t source_port);
/* @w does not wait any more; legal when it does not. */
void sockpool_cancel(struct sockpool *pool, struct sock_waiter *w);

#endif /* TIPHARES_SOCKPOOL_H */
