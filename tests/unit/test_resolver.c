// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resolver against a DNS server of our own: answers, cache, coalescing,
 * failures, bounds. Times are waited for by turning the loop until the state
 * is there.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "dns_server.h"
#include "resolver.h"
#include "tap.h"

#define PATIENCE_MS 30000

static struct loop loop;
static struct dns_server server;

/* What a query came to; @calls tells that it was answered, once. */
struct outcome {
	struct resolver_query *query;
	unsigned int calls;
	int err;
	size_t n;
	struct addr v[RESOLVER_ADDRS_MAX];
};

static void on_answer(void *arg, int err, const struct addr *v, size_t n)
{
	struct outcome *o = arg;

	o->calls++;
	o->err = err;
	o->n = n;
	o->query = NULL;
	memcpy(o->v, v ? v : o->v, n * sizeof(v[0]));
}

static int ask(struct resolver *r, const char *name, struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	return resolver_query(r, name, strlen(name), on_answer, o, &o->query);
}

/* Turns until @flag is at least @value; false when patience is over. */
static bool turn_until(const unsigned int *flag, unsigned int value)
{
	uint64_t end = loop.now + PATIENCE_MS;

	while (*flag < value && loop.now < end)
		loop_turn(&loop, 100);
	return *flag >= value;
}

static bool resolve(struct resolver *r, const char *name, struct outcome *o)
{
	return !ask(r, name, o) && turn_until(&o->calls, 1);
}

static struct resolver *create(unsigned int timeout)
{
	struct resolver *r = NULL;

	if (resolver_create(&loop, &server.address, 1, timeout, NULL, &r)) {
		puts("Bail out! no resolver");
		exit(1);
	}
	return r;
}

static bool has(const struct outcome *o, const char *text)
{
	struct addr a;
	size_t i;

	addr_parse(text, strlen(text), &a);
	for (i = 0; i < o->n; i++)
		if (addr_equal(&o->v[i], &a))
			return true;
	return false;
}

static bool only(const struct outcome *o, const char *text)
{
	return !o->err && o->n == 1 && has(o, text);
}

static void test_answers(void)
{
	struct resolver *r = create(PATIENCE_MS);
	struct outcome o;

	ok(resolve(r, "both.test", &o) && !o.err && o.n == 3 && has(&o, "2001:db8::1") &&
	   has(&o, "192.0.2.1") && has(&o, "192.0.2.2"), "addresses of both families");
	ok(o.n == 3 && o.v[0].family == AF_INET6 && o.v[1].family == AF_INET, "in turn, IPv6 first");
	ok(resolve(r, "four.test", &o) && only(&o, "192.0.2.4"), "IPv4 alone");
	ok(resolve(r, "alias.test", &o) && only(&o, "192.0.2.5"), "through a CNAME");
	ok(resolve(r, "none.test", &o) && o.err == -ENOENT && !o.n, "no such name");
	ok(resolve(r, "fail.test", &o) && o.err == -EAGAIN, "a server failure");
	ok(resolve(r, "forged.test", &o) && only(&o, "192.0.2.9"), "another id is ignored");
	ok(resolve(r, "junk.test", &o) && only(&o, "192.0.2.10"), "so is junk");
	ok(resolve(r, "large.test", &o) && !o.err && o.n == 16 && server.over_tcp,
	   "a truncated answer is fetched over TCP, its addresses are bounded");
	resolver_destroy(r);
}

static void test_literals(void)
{
	static const char *const bad[] = {
		"", ".", "a..b", ".a", "a b", "a/b", "1.2.3", "256.1.1.1", "a.1", "0x7f.1", "a\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
	};
	struct resolver *r = create(PATIENCE_MS);
	unsigned int asked = server.asked;
	char name[300];
	struct outcome o;
	size_t i;

	ok(!ask(r, "192.0.2.99", &o) && !o.calls, "an answer never comes from within");
	ok(turn_until(&o.calls, 1) && only(&o, "192.0.2.99"), "an IPv4 address is its own answer");
	ok(resolve(r, "2001:db8::99", &o) && only(&o, "2001:db8::99"), "so is an IPv6 address");
	ok(resolve(r, "::ffff:192.0.2.98", &o) && only(&o, "192.0.2.98"), "a mapped one is IPv4");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(ask(r, bad[i], &o) == -EINVAL, "no name: '%s'", i == 10 ? "a LF" : bad[i]);
	memset(name, 'a', sizeof(name));
	for (i = 50; i < sizeof(name); i += 50)
		name[i] = '.';
	name[254] = '\0';
	ok(ask(r, name, &o) == -EINVAL, "no name: 254 octets");
	ok(server.asked == asked, "nobody was asked");
	resolver_destroy(r);
}

static int cached(struct resolver *r, const char *name)
{
	struct addr v[RESOLVER_ADDRS_MAX];

	return resolver_cached(r, name, strlen(name), v);
}

static void test_cache(void)
{
	struct resolver *r = create(PATIENCE_MS);
	unsigned int asked = server.asked;
	struct outcome o, again;

	ok(cached(r, "both.test") == 0, "nothing is known at first");
	resolve(r, "both.test", &o);
	ok(server.asked == asked + 2, "two questions, one for each family");
	ok(resolve(r, "BOTH.Test.", &again) && again.n == 3 && server.asked == asked + 2,
	   "case and a final dot make no other name; it is known");
	ok(!memcmp(o.v, again.v, sizeof(o.v[0]) * 3), "in the same order");
	ok(cached(r, "both.test") == 3, "and can be had at once");
	resolve(r, "none.test", &o);
	asked = server.asked;
	ok(resolve(r, "none.test", &o) && o.err == -ENOENT && server.asked == asked,
	   "an absence is remembered");
	ok(cached(r, "none.test") == -ENOENT, "and can be had at once too");
	ok(cached(r, "192.0.2.1") == 1, "literals are always known");
	resolver_destroy(r);
}

/* How often it is asked for, until it is asked again over the wire. */
static bool expires(struct resolver *r, const char *name)
{
	uint64_t end = loop.now + PATIENCE_MS;
	struct outcome o;
	unsigned int asked;

	resolve(r, name, &o);
	asked = server.asked;
	while (server.asked == asked && loop.now < end) {
		resolve(r, name, &o);
		loop_turn(&loop, 50);
	}
	return server.asked > asked && o.calls == 1;
}

static void test_expiry(void)
{
	struct resolver *r = create(PATIENCE_MS);

	ok(expires(r, "short.test"), "a TTL of 0 is held for a moment and not longer");
	ok(expires(r, "alias.test"), "the TTL of a CNAME counts");
	ok(expires(r, "fail.test"), "a failure is forgotten soon");
	ok(expires(r, "lame.test"), "so is an answer that lacks a family for a failure");
	ok(expires(r, "none.test"), "and an absence");
	resolver_destroy(r);
}

static void test_coalescing(void)
{
	struct resolver *r = create(PATIENCE_MS);
	unsigned int asked = server.asked, i, calls = 0;
	struct outcome o[100];

	for (i = 0; i < 100; i++)
		ask(r, i & 1 ? "hold-a.test" : "Hold-A.test", &o[i]);
	turn_until(&server.pending, 2);
	resolver_cancel(o[7].query);
	ok(server.asked == asked + 2, "a hundred equal questions are asked once");
	dns_server_release(&server);
	turn_until(&o[99].calls, 1);
	for (i = 0; i < 100; i++)
		calls += o[i].calls == 1 && only(&o[i], "192.0.2.11");
	ok(calls == 99 && !o[7].calls, "and all are answered, but the one that was cancelled");
	resolver_destroy(r);
}

static void test_silence(void)
{
	struct resolver *r = create(PATIENCE_MS);
	struct outcome o;

	ok(resolve(r, "deaf.test", &o) && only(&o, "192.0.2.7"),
	   "8305 3: a server that ignores AAAA keeps nobody waiting");
	ok(resolve(r, "deaf.test", &o) && only(&o, "192.0.2.7"), "nor those who come later");
	resolver_destroy(r);
	r = create(300);
	ok(resolve(r, "silent.test", &o) && o.err == -ETIMEDOUT && o.calls == 1,
	   "a silent server is given up");
	ok(resolve(r, "four.test", &o) && only(&o, "192.0.2.4"), "others are answered");
	resolver_destroy(r);
}

static void test_bounds(void)
{
	struct resolver *r = create(PATIENCE_MS);
	unsigned int i, taken = 0, asked = server.asked, calls = 0;
	static struct outcome o[RESOLVER_NAMES_MAX + 10];
	char name[64];

	for (i = 0; i < RESOLVER_NAMES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "hold-%u.test", i);
		taken += !ask(r, name, &o[i]);
	}
	ok(taken == RESOLVER_NAMES_MAX, "names at work are bounded");
	ok(ask(r, "hold-9999.test", &o[taken]) == -ENOBUFS, "one more is refused");
	turn_until(&server.pending, 2 * RESOLVER_RUNNING_MAX);
	for (i = 100; i < RESOLVER_NAMES_MAX; i++)
		resolver_cancel(o[i].query);
	ok(!ask(r, "hold-9999.test", &o[taken]), "what is cancelled makes room");
	for (i = 0; i < 20; i++)
		loop_turn(&loop, 10);
	ok(server.asked - asked <= 2 * RESOLVER_RUNNING_MAX, "questions at the same time are bounded");
	for (i = 0; i < 1000 && !o[taken].calls; i++) {
		dns_server_release(&server);
		loop_turn(&loop, 10);
	}
	for (i = 0; i < 100; i++)
		calls += o[i].calls == 1 && only(&o[i], "192.0.2.11");
	ok(only(&o[taken], "192.0.2.11") && calls == 100, "what is left is asked in turn");
	for (i = 100; i < RESOLVER_NAMES_MAX; i++)
		calls += o[i].calls;
	ok(calls == 100, "what was cancelled is not answered");
	resolver_destroy(r);
}

static void test_eviction(void)
{
	struct resolver *r = create(PATIENCE_MS);
	unsigned int i, good = 0;
	struct outcome o;
	char name[64];

	for (i = 0; i < RESOLVER_NAMES_MAX + 50; i++) {
		snprintf(name, sizeof(name), "four-%u.test", i);
		good += resolve(r, name, &o) && only(&o, "192.0.2.4");
		if (i == 100 || i == 2000)
			resolve(r, "four-7.test", &o);
	}
	ok(good == RESOLVER_NAMES_MAX + 50, "more names than there is room for");
	ok(cached(r, "four-1.test") == 0, "the oldest are forgotten");
	ok(cached(r, "four-7.test") == 1, "not those that were used since");
	resolver_destroy(r);
}

/* Answers that come while others are told: asks and cancels from within. */
struct chain {
	struct resolver *r;
	struct outcome *victim;
	struct outcome next;
	unsigned int calls;
};

static void on_chain(void *arg, int err, const struct addr *v, size_t n)
{
	struct chain *c = arg;

	(void)err;
	(void)v;
	(void)n;
	c->calls++;
	resolver_cancel(c->victim->query);
	c->victim->query = NULL;
	ask(c->r, "four.test", &c->next);
}

static void test_reentrance(void)
{
	struct resolver *r = create(PATIENCE_MS);
	struct outcome victim;
	struct chain c = { .r = r, .victim = &victim };
	struct resolver_query *q;

	resolver_query(r, "hold.test", 9, on_chain, &c, &q);
	ask(r, "hold.test", &victim);
	turn_until(&server.pending, 2);
	dns_server_release(&server);
	ok(turn_until(&c.next.calls, 1) && c.calls == 1 && !victim.calls,
	   "an answer may cancel another one and ask anew");
	ask(r, "hold-last.test", &victim);
	turn_until(&server.pending, 2);
	resolver_destroy(r);
	dns_server_release(&server);
	loop_turn(&loop, 50);
	ok(!victim.calls, "a resolver that is gone answers nobody");
}

static void test_no_server(void)
{
	struct endpoint nobody = server.address;
	struct resolver *r = NULL;
	struct outcome o;

	dns_server_stop(&server);
	ok(!resolver_create(&loop, &nobody, 1, 500, NULL, &r) && resolve(r, "four.test", &o) &&
	   (o.err == -EAGAIN || o.err == -ETIMEDOUT), "nobody listens");
	resolver_destroy(r);
	resolver_destroy(NULL);
	resolver_cancel(NULL);
}

int main(void)
{
	if (loop_init(&loop) || dns_server_start(&server, &loop)) {
		puts("Bail out! no loop or no server");
		return 1;
	}
	test_answers();
	test_literals();
	test_cache();
	test_expiry();
	test_coalescing();
	test_silence();
	test_bounds();
	test_eviction();
	test_reentrance();
	test_no_server();
	loop_destroy(&loop);
	return tap_done();
}
