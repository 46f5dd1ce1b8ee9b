// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool of idle upstream connections: who may get which, and when they end.
 * The connections are socket pairs; the test holds the origin's ends.
 */
#include <linux/tiphares.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "upstream.h"

static struct loop loop;
static struct buf_pool bufs;
static struct metrics metrics;
static struct upstream_pool pool;

static void on_owner(void *owner)
{
	(*(unsigned int *)owner)++;
}

static struct upstream *busy(const struct upstream_key *key, int *origin)
{
	static unsigned int told;
	struct upstream *up;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		abort();
	*origin = fds[1];
	up = upstream_new(&pool, key, fds[0]);
	up->owner = &told;
	up->notify = on_owner;
	loop_turn(&loop, 0);
	return up;
}

static struct upstream_key key_of(const char *dst, const char *client, uint64_t session)
{
	struct upstream_key key = { .session = session };

	endpoint_parse(dst, strlen(dst), &key.dst);
	if (client && strchr(client, ']'))
		endpoint_parse(client, strlen(client), &key.client);
	else if (client && addr_parse(client, strlen(client), &key.client.addr))
		endpoint_parse(client, strlen(client), &key.client);
	return key;
}

static void start(void)
{
	memset(&metrics, 0, sizeof(metrics));
	if (loop_init(&loop) || upstream_pool_init(&pool, &loop, &bufs, &metrics))
		abort();
	buf_pool_init(&bufs, UINT64_MAX);
}

static void end(void)
{
	upstream_pool_flush(&pool);
	ok(!pool.n_idle && !metrics.v[METRIC_UP_IDLE], "none is left");
	loop_turn(&loop, 0);
	loop_destroy(&loop);
	upstream_pool_destroy(&pool);
	buf_pool_destroy(&bufs);
}

static void test_keys(void)
{
	static const struct {
		const char *dst, *client;
		uint64_t session;
	} keys[] = {
		{ "192.0.2.1:80", NULL, 0 },		 { "192.0.2.1:81", NULL, 0 },
		{ "192.0.2.2:80", NULL, 0 },		 { "[2001:db8::1]:80", NULL, 0 },
		{ "192.0.2.1:80", "10.0.0.1", 0 },	 { "192.0.2.1:80", "10.0.0.2", 0 },
		{ "192.0.2.1:80", "10.0.0.1:1000", 0 },	 { "192.0.2.1:80", "10.0.0.1:1001", 0 },
		{ "192.0.2.1:80", NULL, 1 },		 { "192.0.2.1:80", NULL, 2 },
		{ "192.0.2.1:80", "10.0.0.1", 1 },	 { "[2001:db8::1]:80", "2001:db8::2", 0 },
	};
	const size_t n = sizeof(keys) / sizeof(keys[0]);
	struct upstream *ups[sizeof(keys) / sizeof(keys[0])];
	int origins[sizeof(keys) / sizeof(keys[0])];
	unsigned int wrong = 0;

	start();
	for (size_t i = 0; i < n; i++) {
		struct upstream_key key = key_of(keys[i].dst, keys[i].client, keys[i].session);

		ups[i] = busy(&key, &origins[i]);
		for (size_t j = 0; j < i; j++)
			upstream_release(ups[j], 1000);
		wrong += upstream_take(&pool, &key, UINT64_MAX) != NULL;
		for (size_t j = 0; j < i; j++) {
			key = key_of(keys[j].dst, keys[j].client, keys[j].session);
			wrong += upstream_take(&pool, &key, UINT64_MAX) != ups[j];
		}
	}
	ok(!wrong, "a connection is for its own destination, client and session only: %u", wrong);
	for (size_t i = 0; i < n; i++) {
		upstream_close(ups[i], false);
		close(origins[i]);
	}
	end();
}

static void test_order_and_age(void)
{
	struct upstream_key key = key_of("192.0.2.1:80", NULL, 0);
	struct upstream *a, *b;
	int oa, ob;

	start();
	a = busy(&key, &oa);
	b = busy(&key, &ob);
	upstream_release(a, 1000);
	upstream_release(b, 1000);
	ok(upstream_take(&pool, &key, UINT64_MAX) == b, "the one used last comes first");
	ok(upstream_take(&pool, &key, UINT64_MAX) == a, "then the other");
	upstream_release(a, 1000);
	loop.now += 500;
	ok(!upstream_take(&pool, &key, 499), "not one that is idle for too long");
	ok(upstream_take(&pool, &key, 500) == a, "if that matters");
	upstream_release(a, 1000);
	upstream_release(b, 5000);
	loop.now += 2000;
	timer_wheel_run(&loop.timers, loop.now);
	ok(pool.n_idle == 1 && upstream_take(&pool, &key, UINT64_MAX) == b, "its time is over");
	upstream_close(b, false);
	close(oa);
	close(ob);
	end();
}

static void test_surprises(void)
{
	struct upstream_key key = key_of("192.0.2.1:80", NULL, 0);
	struct upstream *up;
	int origin;

	start();
	upstream_release(busy(&key, &origin), 1000);
	send(origin, "HTTP/1.1 200 OK\r\n\r\n", 19, 0);
	loop_turn(&loop, 0);
	ok(!upstream_take(&pool, &key, UINT64_MAX), "data that nobody asked for ends it");
	close(origin);
	upstream_release(busy(&key, &origin), 1000);
	close(origin);
	loop_turn(&loop, 0);
	ok(!upstream_take(&pool, &key, UINT64_MAX), "so does the origin");
	up = busy(&key, &origin);
	up->in = buf_get(&bufs, 100);
	upstream_release(up, 1000);
	ok(bufs.used == sizeof(*up), "an idle one holds no buffer, but counts itself");
	close(origin);
	end();
}

/* The parent made the socket and may be slow to close its copy. */
static void test_shared(void)
{
	struct upstream_key key = key_of("192.0.2.1:80", "192.0.2.7", 0);
	struct epoll_event event;
	struct upstream *up;
	int origin, copy;

	start();
	up = busy(&key, &origin);
	copy = dup(up->watch.fd);
	upstream_close(up, false);
	loop_turn(&loop, 0);
	send(origin, "late", 4, 0);
	ok(!epoll_wait(loop.epoll, &event, 1, 0), "nothing is heard of a closed one, though somebody has a copy of it");
	close(copy);
	close(origin);
	end();
}

static void test_source_ports(void)
{
	struct upstream_key key = key_of("192.0.2.1:80", "192.0.2.7:4711", 0);
	struct upstream *up;
	int origin;

	start();
	key.source_port = TIPH_SOURCE_PORT_PRESERVE;
	upstream_release(busy(&key, &origin), 1000);
	key.source_port = TIPH_SOURCE_PORT_STRICT;
	ok(!upstream_take(&pool, &key, UINT64_MAX), "one that may have another port than the client's is none for strict");
	key.source_port = TIPH_SOURCE_PORT_PRESERVE;
	up = upstream_take(&pool, &key, UINT64_MAX);
	ok(up, "it is one for others of its kind");
	upstream_close(up, false);
	close(origin);
	end();
}

/* What came in the moment before a connection is taken, of which the loop knows nothing yet. */
static void test_races(void)
{
	static const char *const names[] = { "octets", "an end", "a reset" };
	struct upstream_key key = key_of("192.0.2.1:80", NULL, 0);
	struct upstream *quiet, *up;
	int origin, other;

	start();
	for (unsigned int i = 0; i < 3; i++) {
		up = busy(&key, &origin);
		upstream_release(up, 1000);
		if (!i && write(origin, "HTTP/1.1 200 OK\r\n\r\n", 19) != 19)
			abort();
		if (i == 1)
			shutdown(origin, SHUT_WR);
		if (i == 2)
			close(origin);
		ok(!upstream_take(&pool, &key, UINT64_MAX), "%s came: not taken", names[i]);
		ok(!pool.n_idle, "but closed");
		if (i < 2)
			close(origin);
	}
	quiet = busy(&key, &other);
	up = busy(&key, &origin);
	upstream_release(quiet, 1000);
	upstream_release(up, 1000);
	shutdown(origin, SHUT_WR);
	ok(upstream_take(&pool, &key, UINT64_MAX) == quiet, "another that is quiet is taken instead");
	upstream_close(quiet, false);
	close(origin);
	close(other);
	end();
}

static void test_many(void)
{
	enum { MANY = 2000 };
	static int origins[MANY];
	unsigned int wrong = 0;
	struct upstream_key key = key_of("192.0.2.1:80", NULL, 0);

	start();
	for (int i = 0; i < MANY; i++) {
		key.dst.port = (uint16_t)(i + 1);
		if (i % 400 == 399)
			loop_turn(&loop, 0);
		upstream_release(busy(&key, &origins[i]), 1000000);
	}
	for (int i = 0; i < MANY; i++) {
		struct upstream *up;

		key.dst.port = (uint16_t)(i + 1);
		up = upstream_take(&pool, &key, UINT64_MAX);
		wrong += !up || up->key.dst.port != i + 1;
		upstream_close(up, false);
		close(origins[i]);
	}
	ok(!wrong, "all of many are found: %u wrong", wrong);
	end();
}

int main(void)
{
	test_keys();
	test_order_and_age();
	test_surprises();
	test_shared();
	test_source_ports();
	test_races();
	test_many();
	return tap_done();
}
