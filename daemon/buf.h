/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Octet buffers from a pool that belongs to one thread.
 *
 * Octets are written at w and read at r; r == w is empty. A connection holds a
 * buffer only while octets are in it. All in use together are bounded by the
 * pool's limit, so that peers can't make the process grow without end.
 */
#ifndef TIPHARES_BUF_H
#define TIPHARES_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_OCTETS 16384	/* of a pooled buffer, its header included */

struct buf {
	struct buf *next;	/* in the pool */
	uint32_t r;
	uint32_t w;
	uint32_t size;
	char data[];
};

#define BUF_ROOM (BUF_OCTETS - offsetof(struct buf, data))

/**
 * struct buf_pool - buffers of one thread
 * @used: octets handed out, and counted for other things
 * @limit: get fails above it
 */
struct buf_pool {
	struct buf *free;
	unsigned int n_free;
	uint64_t used;
	uint64_t limit;
};

void buf_pool_init(struct buf_pool *pool, uint64_t limit);
void buf_pool_destroy(struct buf_pool *pool);

/*
 * What else peers make us keep counts against the same limit. False: there is no
 * room for it.
 */
static inline bool buf_pool_count(struct buf_pool *pool, size_t octets)
{
	if (pool->used + octets > pool->limit)
		return false;
	pool->used += octets;
	return true;
}

static inline void buf_pool_uncount(struct buf_pool *pool, size_t octets)
{
	pool->used -= octets;
}

/* The last sixteenth is for those who are being served: nobody new may begin. */
static inline bool buf_pool_short(const struct buf_pool *pool)
{
	return pool->used > pool->limit - pool->limit / 16;
}

/* An empty buffer with room for @size octets at least, or NULL. */
struct buf *buf_get(struct buf_pool *pool, size_t size);
/* NULL is legal; always returns NULL. */
struct buf *buf_put(struct buf_pool *pool, struct buf *b);

/**
 * buf_grow() - make room for @size octets in all, keeping the content
 *
 * May move: *@b is updated. Return: 0 or -ENOMEM (nothing changed).
 */
int buf_grow(struct buf_pool *pool, struct buf **b, size_t size);

/* Move the content to the start. */
void buf_compact(struct buf *b);

static inline uint32_t buf_len(const struct buf *b)
{
	return b ? b->w - b->r : 0;
}

static inline uint32_t buf_room(const struct buf *b)
{
	return b->size - b->w;
}

static inline char *buf_head(const struct buf *b)
{
	return (char *)b->data + b->r;
}

static inline void buf_consume(struct buf *b, uint32_t n)
{
	b->r += n;
	if (b->r == b->w)
		b->r = b->w = 0;
}

#endif /* TIPHARES_BUF_H */
