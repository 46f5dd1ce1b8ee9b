// SPDX-License-Identifier: GPL-2.0-only
/* Buffers of one thread: a free list of one size, larger ones from the heap. */
#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* kept for reuse; the rest goes back to the heap, where a sanitizer sees its misuse */
#ifdef __SANITIZE_ADDRESS__
#define BUF_FREE_MAX 0
#else
#define BUF_FREE_MAX 256
#endif

void buf_pool_init(struct buf_pool *pool, uint64_t limit)
{
	memset(pool, 0, sizeof(*pool));
	pool->limit = limit;
}

void buf_pool_destroy(struct buf_pool *pool)
{
	while (pool->free) {
		struct buf *b = pool->free;

		pool->free = b->next;
		free(b);
	}
	pool->n_free = 0;
}

static size_t buf_octets(const struct buf *b)
{
	return offsetof(struct buf, data) + b->size;
}

struct buf *buf_get(struct buf_pool *pool, size_t size)
{
	size_t octets = BUF_OCTETS;
	struct buf *b = pool->free;

	if (size > BUF_ROOM)
		octets = offsetof(struct buf, data) + size;
	if (pool->used + octets > pool->limit)
		return NULL;
	if (size <= BUF_ROOM && b) {
		pool->free = b->next;
		pool->n_free--;
	} else {
		b = malloc(octets);
		if (!b)
			return NULL;
		b->size = (uint32_t)(octets - offsetof(struct buf, data));
	}
	b->next = NULL;
	b->r = b->w = 0;
	pool->used += octets;
	return b;
}

struct buf *buf_put(struct buf_pool *pool, struct buf *b)
{
	if (!b)
		return NULL;
	pool->used -= buf_octets(b);
	if (b->size != BUF_ROOM || pool->n_free + 1 > BUF_FREE_MAX) {
		free(b);
		return NULL;
	}
	b->next = pool->free;
	pool->free = b;
	pool->n_free++;
	return NULL;
}

int buf_grow(struct buf_pool *pool, struct buf **b, size_t size)
{
	struct buf *old = *b;
	struct buf *larger;

	if (old->size >= size) {
		buf_compact(old);
		return 0;
	}
	larger = buf_get(pool, size);
	if (!larger)
		return -ENOMEM;
	larger->w = buf_len(old);
	memcpy(larger->data, buf_head(old), larger->w);
	buf_put(pool, old);
	*b = larger;
	return 0;
}

void buf_compact(struct buf *b)
{
	if (!b->r)
		return;
	memmove(b->data, buf_head(b), buf_len(b));
	b->w -= b->r;
	b->r = 0;
}
