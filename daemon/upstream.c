// SPDX-License-Identifier: GPL-2.0-only
/*
 * Upstream connections and their pool: a hash table by key, chains with the one
 * used last in front, and a list by age for expiry and eviction.
 */
#include "upstream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define POOL_BUCKETS_MIN 256
#define POOL_IDLE_MAX 8192
#define OBJS_FREE_MAX 1024

static size_t key_hash(const struct upstream_key *key)
{
	uint64_t h = addr_hash(&key->dst.addr, key->dst.port);

	return addr_hash(&key->client.addr, h ^ key->client.port ^ key->session << 16);
}

static void pool_grow(struct upstream_pool *pool)
{
	size_t n = pool->n_buckets * 2;
	struct upstream **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return; /* longer chains will do */
	/* oldest first, so that chains stay in order */
	for (struct list *l = pool->lru.next; l != &pool->lru; l = l->next) {
		struct upstream *up = container_of(l, struct upstream, lru);
		struct upstream **at = &buckets[key_hash(&up->key) & (n - 1)];

		up->hash_next = *at;
		if (*at)
			(*at)->hash_at = &up->hash_next;
		up->hash_at = at;
		*at = up;
	}
	free(pool->buckets);
	pool->buckets = buckets;
	pool->n_buckets = n;
}

static void pool_insert(struct upstream_pool *pool, struct upstream *up)
{
	struct upstream **at;

	if (pool->n_idle >= pool->n_buckets)
		pool_grow(pool);
	at = &pool->buckets[key_hash(&up->key) & (pool->n_buckets - 1)];
	up->hash_next = *at;
	if (*at)
		(*at)->hash_at = &up->hash_next;
	up->hash_at = at;
	*at = up;
	list_add_tail(&pool->lru, &up->lru);
	pool->n_idle++;
	metric_inc(pool->metrics, METRIC_UP_IDLE);
}

static void pool_remove(struct upstream_pool *pool, struct upstream *up)
{
	*up->hash_at = up->hash_next;
	if (up->hash_next)
		up->hash_next->hash_at = up->hash_at;
	up->hash_at = NULL;
	list_del(&up->lru);
	pool->n_idle--;
	metric_sub(pool->metrics, METRIC_UP_IDLE, 1);
}

static struct upstream *pool_oldest(struct upstream_pool *pool)
{
	return list_empty(&pool->lru) ? NULL : container_of(pool->lru.next, struct upstream, lru);
}

/*
 * An idle one that we close first. On a client's address it goes by RST: what
 * TIME_WAIT would keep is a 4-tuple that the client may use itself, and then the
 * answers to its SYN would come to us.
 */
static void pool_drop(struct upstream *up)
{
	upstream_close(up, up->key.client.addr.family != AF_UNSPEC);
}

static void on_pool_timer(struct timer *t)
{
	struct upstream_pool *pool = container_of(t, struct upstream_pool, timer);
	struct upstream *up;

	while ((up = pool_oldest(pool)) && up->expires <= pool->loop->now)
		pool_drop(up);
	if (up)
		timer_set(&pool->loop->timers, t, up->expires);
}

int upstream_pool_init(struct upstream_pool *pool, struct loop *loop, struct buf_pool *bufs,
		       struct metrics *metrics)
{
	memset(pool, 0, sizeof(*pool));
	pool->loop = loop;
	pool->bufs = bufs;
	pool->metrics = metrics;
	pool->n_buckets = POOL_BUCKETS_MIN;
	pool->buckets = calloc(pool->n_buckets, sizeof(*pool->buckets));
	list_init(&pool->lru);
	pool->timer.fn = on_pool_timer;
	objpool_init(&pool->objs, sizeof(struct upstream), OBJS_FREE_MAX);
	return pool->buckets ? 0 : -ENOMEM;
}

void upstream_pool_flush(struct upstream_pool *pool)
{
	struct upstream *up;

	while ((up = pool_oldest(pool)))
		pool_drop(up);
}

void upstream_pool_destroy(struct upstream_pool *pool)
{
	free(pool->buckets);
	objpool_destroy(&pool->objs);
}

static struct upstream *pool_find(struct upstream_pool *pool, const struct upstream_key *key)
{
	struct upstream *up = pool->buckets[key_hash(key) & (pool->n_buckets - 1)];

	while (up && memcmp(&up->key, key, sizeof(*key)))
		up = up->hash_next;
	return up;
}

/*
 * Octets or an end may have come since the loop looked last. What comes before the
 * request was sent is no response to it.
 */
static bool is_quiet(const struct upstream *up)
{
	char octet;

	return recv(up->watch.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

struct upstream *upstream_take(struct upstream_pool *pool, const struct upstream_key *key,
			       uint64_t max_idle)
{
	struct upstream *up;

	while ((up = pool_find(pool, key)) && pool->loop->now - up->idle_since <= max_idle) {
		if (is_quiet(up)) {
			pool_remove(pool, up);
			return up;
		}
		upstream_close(up, false);
	}
	return NULL;
}

static void on_upstream(struct watch *w)
{
	struct upstream *up = container_of(w, struct upstream, watch);

	if (up->owner)
		up->notify(up->owner);
	else if (w->ready & (READY_IN | READY_GONE))
		upstream_close(up, false);
}

static void upstream_free(struct work *w)
{
	struct upstream *up = container_of(w, struct upstream, work);

	buf_pool_uncount(up->pool->bufs, sizeof(*up));
	objpool_put(&up->pool->objs, up);
}

struct upstream *upstream_new(struct upstream_pool *pool, const struct upstream_key *key, int fd)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct upstream *up = buf_pool_count(pool->bufs, sizeof(*up)) ? objpool_get(&pool->objs) : NULL;

	if (!up) {
		close(fd);
		return NULL;
	}
	/* what a process leaves that dies; upstream_close() decides anew */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	memset(up, 0, sizeof(*up));
	up->pool = pool;
	up->key = *key;
	up->watch.fd = fd;
	up->watch.fn = on_upstream;
	up->work.fn = upstream_free;
	list_init(&up->work.link);
	list_init(&up->lru);
	if (!loop_watch(pool->loop, &up->watch, true))
		return up;
	close(fd);
	buf_pool_uncount(pool->bufs, sizeof(*up));
	objpool_put(&pool->objs, up);
	return NULL;
}

int upstream_connect_plain(const struct endpoint *dst)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(dst, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&ss, len) || errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int upstream_connected(struct upstream *up)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (!(up->watch.ready & READY_OUT))
		return 0;
	if (!(up->watch.ready & READY_GONE))
		return 1;
	if (getsockopt(up->watch.fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return err ? -err : -ECONNRESET;
}

void upstream_release(struct upstream *up, uint64_t idle_ms)
{
	struct upstream_pool *pool = up->pool;

	up->owner = NULL;
	up->in = buf_put(pool->bufs, up->in);
	up->idle_since = pool->loop->now;
	up->expires = up->idle_since + idle_ms;
	up->served++;
	if (pool->n_idle >= POOL_IDLE_MAX) {
		metric_inc(pool->metrics, METRIC_UP_EVICTED);
		upstream_close(pool_oldest(pool), false);
	}
	pool_insert(pool, up);
	if (!pool->timer.armed)
		timer_set(&pool->loop->timers, &pool->timer, pool_oldest(pool)->expires);
}

struct upstream *upstream_close(struct upstream *up, bool reset)
{
	const struct linger now = { .l_onoff = reset };

	if (!up)
		return NULL;
	if (up->hash_at)
		pool_remove(up->pool, up);
	up->owner = NULL;
	up->in = buf_put(up->pool->bufs, up->in);
	if (up->watch.fd >= 0)
		setsockopt(up->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	/* the parent may not have closed its copy yet: closing ours would not end the watch */
	if (up->watch.fd >= 0)
		loop_unwatch(up->pool->loop, &up->watch);
	watch_close(&up->watch);
	loop_bury(up->pool->loop, &up->work);
	return NULL;
}

const struct endpoint *upstream_local(struct upstream *up)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (up->local.addr.family == AF_UNSPEC &&
	    !getsockname(up->watch.fd, (struct sockaddr *)&ss, &len))
		endpoint_from_sockaddr(&up->local, &ss);
	return &up->local;
}

void upstream_nodelay(struct upstream *up)
{
	static const int on = 1;

	if (up->nodelay)
		return;
	up->nodelay = true;
	setsockopt(up->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
