/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections to origin servers and the pool of idle ones of a thread.
 *
 * The key of a connection holds everything that decides whose requests it may
 * carry: a connection with a client's address has that address in its key, and
 * with source ports that belong to one client connection, the port as well; one
 * that was authenticated as a whole, or began with a PROXY header, has the
 * session. So no request can leave on
 * another client's address or with another's rights.
 *
 *	connecting -> busy -> idle (in the pool) -> busy ...
 *	     any -> closed: buried, freed at the end of the loop's turn
 *
 * Busy: @owner is set. Idle: it is NULL, and anything that happens on the
 * connection (data too: nobody asked) closes it.
 */
#ifndef TIPHARES_UPSTREAM_H
#define TIPHARES_UPSTREAM_H

#include "addr.h"
#include "buf.h"
#include "likeness.h"
#include "loop.h"
#include "metrics.h"
#include "objpool.h"

/**
 * struct upstream_key - what a connection is good for; compared as octets
 * @dst: the origin
 * @client: address our side has; AF_UNSPEC: our own. Port 0 unless the
 *	connection is for one client connection only
 * @session: the only one that may use it, 0: any
 * @announced: the header that it began with, enum proxy_version
 * @source_port: enum tiph_source_port: what was asked for
 * @likeness: what it looks like. No padding may be left
 */
struct upstream_key {
	struct endpoint dst;
	struct endpoint client;
	uint64_t session;
	uint16_t announced;
	uint16_t source_port;
	struct likeness likeness;
};

struct upstream_pool;

/**
 * struct upstream - a connection to an origin
 * @owner, @notify: whom to tell when something happened
 * @in: octets received and not used yet
 * @local: our end; AF_UNSPEC before upstream_local() asked for it
 * @served: exchanges that were completed on it
 * @idle_since, @expires: in the pool: milliseconds of the loop's clock
 */
struct upstream {
	struct watch watch;
	struct work work;
	struct upstream_pool *pool;
	void *owner;
	void (*notify)(void *owner);
	struct buf *in;
	struct upstream_key key;
	struct endpoint local;
	struct upstream *hash_next;
	struct upstream **hash_at;
	struct list lru;
	uint64_t idle_since;
	uint64_t expires;
	uint32_t served;
	bool nodelay;
};

/**
 * struct upstream_pool - of one thread
 * @lru: idle ones, the one idle longest first
 * @timer: closes those
 */
struct upstream_pool {
	struct loop *loop;
	struct buf_pool *bufs;
	struct metrics *metrics;
	struct upstream **buckets;
	size_t n_buckets;
	size_t n_idle;
	struct list lru;
	struct timer timer;
	struct objpool objs;
};

int upstream_pool_init(struct upstream_pool *pool, struct loop *loop, struct buf_pool *bufs,
		       struct metrics *metrics);
/* Close all idle ones. */
void upstream_pool_flush(struct upstream_pool *pool);
void upstream_pool_destroy(struct upstream_pool *pool);

/**
 * upstream_take() - an idle connection for @key
 * @max_idle: not one that was idle longer, in milliseconds
 *
 * The one used last on which nothing has come since. NULL if there is none.
 */
struct upstream *upstream_take(struct upstream_pool *pool, const struct upstream_key *key,
			       uint64_t max_idle);

/* Make @fd, connecting, a busy connection. Consumes @fd. NULL: out of memory. */
struct upstream *upstream_new(struct upstream_pool *pool, const struct upstream_key *key, int fd);

/* Begin to connect to @dst from an address of our own: descriptor or negative errno. */
int upstream_connect_plain(const struct endpoint *dst);

/* 1: connected, 0: not yet, or a negative errno. */
int upstream_connected(struct upstream *up);

/* Into the pool for at most @idle_ms. There must be nothing unread in it. */
void upstream_release(struct upstream *up, uint64_t idle_ms);

/* NULL is legal; @reset: by RST. Always returns NULL. */
struct upstream *upstream_close(struct upstream *up, bool reset);

/* Our end's address. */
const struct endpoint *upstream_local(struct upstream *up);

/* More than one write will follow: do not wait for acknowledgements. */
void upstream_nodelay(struct upstream *up);

#endif /* TIPHARES_UPSTREAM_H */
