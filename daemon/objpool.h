/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free list of objects of one type, of one thread: what is made and freed with
 * each request or connection does not go to the heap. Under the address
 * sanitizer it does, so that a use after free is seen.
 */
#ifndef TIPHARES_OBJPOOL_H
#define TIPHARES_OBJPOOL_H

#include <stdlib.h>
#include <string.h>

struct objpool {
	void *free;
	unsigned int n_free;
	unsigned int max_free;
	size_t size;
};

static inline void objpool_init(struct objpool *pool, size_t size, unsigned int max_free)
{
	pool->free = NULL;
	pool->n_free = 0;
#ifdef __SANITIZE_ADDRESS__
	pool->max_free = 0;
#else
	pool->max_free = max_free;
#endif
	pool->size = size;
}

/* Not zeroed; NULL when out of memory. */
static inline void *objpool_get(struct objpool *pool)
{
	void *obj = pool->free;

	if (!obj)
		return malloc(pool->size);
	memcpy(&pool->free, obj, sizeof(void *));
	pool->n_free--;
	return obj;
}

static inline void objpool_put(struct objpool *pool, void *obj)
{
	if (pool->n_free >= pool->max_free) {
		free(obj);
		return;
	}
	memcpy(obj, &pool->free, sizeof(void *));
	pool->free = obj;
	pool->n_free++;
}

static inline void objpool_destroy(struct objpool *pool)
{
	while (pool->free)
		free(objpool_get(pool));
}

#endif /* TIPHARES_OBJPOOL_H */
