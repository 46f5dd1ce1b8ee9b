// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of client addresses in shards, each with its own lock, and one count
 * of all sessions. A shard grows by doubling; an address without a session has
 * no entry.
 */
#include "clients.h"

#include <pthread.h>
#include <stdlib.h>

#define SHARDS 64
#define BUCKETS_MIN 16

struct client {
	struct client *next;
	struct addr addr;
	unsigned int n;
};

/**
 * struct shard - clients whose hash ends the same
 * @lock: protects the others
 */
struct shard {
	pthread_mutex_t lock;
	struct client **buckets;
	size_t n_buckets;
	size_t n;
} __attribute__((aligned(64)));

static struct shard shards[SHARDS] = {
	[0 ... SHARDS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER },
};
static unsigned int total;

/* Nobody outside knows where the process was loaded, so nobody can fill one chain. */
static uint64_t client_hash(const struct addr *addr)
{
	return addr_hash(addr, (uintptr_t)&total);
}

static void shard_grow(struct shard *s)
{
	size_t n = s->n_buckets ? s->n_buckets * 2 : BUCKETS_MIN;
	struct client **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return; /* longer chains will do */
	for (size_t i = 0; i < s->n_buckets; i++) {
		while (s->buckets[i]) {
			struct client *c = s->buckets[i];
			size_t to = client_hash(&c->addr) / SHARDS % n;

			s->buckets[i] = c->next;
			c->next = buckets[to];
			buckets[to] = c;
		}
	}
	free(s->buckets);
	s->buckets = buckets;
	s->n_buckets = n;
}

static struct client **shard_find(struct shard *s, const struct addr *addr, uint64_t hash)
{
	struct client **at = &s->buckets[hash / SHARDS % s->n_buckets];

	while (*at && !addr_equal(&(*at)->addr, addr))
		at = &(*at)->next;
	return at;
}

static enum clients_verdict shard_enter(struct shard *s, const struct addr *addr, uint64_t hash,
					unsigned int max)
{
	struct client **at;
	struct client *c;

	if (s->n >= s->n_buckets)
		shard_grow(s);
	if (!s->n_buckets)
		return CLIENTS_FULL;
	at = shard_find(s, addr, hash);
	c = *at;
	if (c && c->n >= max)
		return CLIENTS_CLIENT_FULL;
	if (!c) {
		c = calloc(1, sizeof(*c));
		if (!c)
			return CLIENTS_FULL;
		c->addr = *addr;
		*at = c;
		s->n++;
	}
	c->n++;
	return CLIENTS_OK;
}

enum clients_verdict clients_enter(const struct addr *client, unsigned int sessions,
				   unsigned int per_client)
{
	uint64_t hash = client_hash(client);
	struct shard *s = &shards[hash % SHARDS];
	enum clients_verdict v;

	if (__atomic_add_fetch(&total, 1, __ATOMIC_RELAXED) > sessions) {
		__atomic_sub_fetch(&total, 1, __ATOMIC_RELAXED);
		return CLIENTS_FULL;
	}
	pthread_mutex_lock(&s->lock);
	v = shard_enter(s, client, hash, per_client);
	pthread_mutex_unlock(&s->lock);
	if (v != CLIENTS_OK)
		__atomic_sub_fetch(&total, 1, __ATOMIC_RELAXED);
	return v;
}

unsigned int clients_count(void)
{
	return __atomic_load_n(&total, __ATOMIC_RELAXED);
}

void clients_leave(const struct addr *client)
{
	uint64_t hash = client_hash(client);
	struct shard *s = &shards[hash % SHARDS];
	struct client **at;
	struct client *gone = NULL;

	pthread_mutex_lock(&s->lock);
	at = shard_find(s, client, hash);
	if (*at && !--(*at)->n) {
		gone = *at;
		*at = gone->next;
		s->n--;
	}
	pthread_mutex_unlock(&s->lock);
	free(gone);
	__atomic_sub_fetch(&total, 1, __ATOMIC_RELAXED);
}

void clients_destroy(void)
{
	for (unsigned int i = 0; i < SHARDS; i++) {
		free(shards[i].buckets);
		shards[i].buckets = NULL;
		shards[i].n_buckets = 0;
	}
}
