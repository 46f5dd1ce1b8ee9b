/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets the parent prepared to take a client's address, asked for in batches
 * over the thread's socket channel, for datapaths that need it.
 */
#ifndef TIPHARES_SOCKPOOL_H
#define TIPHARES_SOCKPOOL_H

#include "channel.h"
#include "list.h"
#include "loop.h"

/**
 * struct sock_waiter - somebody who found none
 * @fn: called once, off the list: @err 0: try again, else none can be made
 */
struct sock_waiter {
	struct list link;
	void (*fn)(struct sock_waiter *w, int err);
};

/* Sockets of one family. */
struct sock_shelf {
	int fds[2 * CHANNEL_FDS_MAX];
	unsigned int n;
	unsigned int n_waiting;
	bool asked;
	struct list waiting;
};

/**
 * struct sockpool - of one thread
 * @channel: its socket channel
 */
struct sockpool {
	struct watch channel;
	struct sock_shelf v4;
	struct sock_shelf v6;
};

/* @channel stays the caller's. 0 or a negative errno. */
int sockpool_init(struct sockpool *pool, struct loop *loop, int channel);
void sockpool_destroy(struct sockpool *pool);

/* A prepared socket, now the caller's, or -EAGAIN: wait for the next batch. */
int sockpool_take(struct sockpool *pool, int family);
void sockpool_wait(struct sockpool *pool, int family, struct sock_waiter *w);
void sockpool_cancel(struct sockpool *pool, int family, struct sock_waiter *w);

#endif /* TIPHARES_SOCKPOOL_H */
