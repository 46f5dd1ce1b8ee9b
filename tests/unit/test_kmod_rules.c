// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of bypass entries: what they cover, for connections and for other
 * entries; shapes and their limit; what a list keeps when it changes.
 */
#include "rules.h"
#include "tap.h"

/* A bad one: entries share buckets all the time. */
u32 jhash(const void *data, u32 len, u32 seed)
{
	const u8 *octet = data;
	u32 sum = seed;

	while (len--)
		sum += *octet++;
	return sum;
}

enum { V4 = TIPH_SHAPE_IPV4, V6 = TIPH_SHAPE_IPV6 };

static struct tiph_key key4(u32 source, unsigned int slen, u32 destination, unsigned int dlen, u16 port)
{
	return (struct tiph_key){ .source = { htonl(source) }, .destination = { htonl(destination) }, .dport = port,
				  .shape = V4 | (port ? TIPH_SHAPE_PORT : 0) | dlen << 8 | slen };
}

/* Addresses of one octet repeated. */
static struct tiph_key key6(u8 source, unsigned int slen, u8 destination, unsigned int dlen, u16 port)
{
	struct tiph_key key = { .dport = port, .shape = V6 | (port ? TIPH_SHAPE_PORT : 0) | dlen << 8 | slen };
	unsigned int i;

	for (i = 0; i < 128; i++) {
		if (i < slen)
			((u8 *)key.source)[i / 8] |= source & 0x80 >> i % 8;
		if (i < dlen)
			((u8 *)key.destination)[i / 8] |= destination & 0x80 >> i % 8;
	}
	return key;
}

static const struct tiph_key any_80 = { .dport = 80, .shape = V4 | V6 | TIPH_SHAPE_PORT };

static struct tiph_key syn4(u32 source, u32 destination, u16 port)
{
	const struct tiph_syn syn = { .family = AF_INET, .dport = port, .saddr4 = htonl(source), .daddr4 = htonl(destination) };
	struct tiph_key key;

	tiph_key_of_syn(&key, &syn);
	return key;
}

static struct tiph_key syn6(u8 source, u8 destination, u16 port)
{
	struct in6_addr s, d;
	const struct tiph_syn syn = { .family = AF_INET6, .dport = port, .saddr6 = &s, .daddr6 = &d };
	struct tiph_key key;

	memset(&s, source, sizeof(s));
	memset(&d, destination, sizeof(d));
	tiph_key_of_syn(&key, &syn);
	return key;
}

static struct netlink_ext_ack extack;

static struct tiph_rules *build(const struct tiph_rules *old, const struct tiph_key *keys, u32 n)
{
	struct tiph_rules *ret = NULL;

	if (tiph_rules_build(old, keys, n, &ret, &extack))
		return NULL;
	return ret;
}

static bool covers(const struct tiph_key *entry, struct tiph_key conn)
{
	struct tiph_rules *rules = build(NULL, entry, 1);
	const struct tiph_key *found = tiph_rules_find(rules, &conn);
	bool ret = found && !memcmp(found, entry, sizeof(*entry));

	tiph_rules_free(rules);
	return ret;
}

#define COVERS(want, entry, conn) \
	ok(covers((struct tiph_key[]){ entry }, conn) == (want), "%s %s %s", #entry, (want) ? "covers" : "does not cover", #conn)

static void test_connections(void)
{
	COVERS(true, key4(0, 0, 0xc0000200, 24, 0), syn4(1, 0xc00002ff, 80));
	COVERS(false, key4(0, 0, 0xc0000200, 24, 0), syn4(0xc0000201, 0xc0000301, 80));
	COVERS(true, key4(0x0a010203, 32, 0, 0, 0), syn4(0x0a010203, 7, 80));
	COVERS(false, key4(0x0a010203, 32, 0, 0, 0), syn4(0x0a010202, 7, 80));
	COVERS(true, key4(0x0a000000, 8, 0xc0000200, 31, 80), syn4(0x0affffff, 0xc0000201, 80));
	COVERS(false, key4(0x0a000000, 8, 0xc0000200, 31, 80), syn4(0x0affffff, 0xc0000202, 80));
	COVERS(false, key4(0x0a000000, 8, 0xc0000200, 31, 80), syn4(0x0affffff, 0xc0000201, 81));
	COVERS(true, key4(0, 0, 0, 0, 0), syn4(1, 2, 3));
	COVERS(false, key4(0, 0, 0, 0, 0), syn6(1, 2, 3));
	COVERS(true, any_80, syn4(1, 2, 80));
	COVERS(true, any_80, syn6(1, 2, 80));
	COVERS(false, any_80, syn4(1, 2, 8080));
	COVERS(true, key6(0, 0, 0x55, 128, 0), syn6(1, 0x55, 80));
	COVERS(false, key6(0, 0, 0x55, 128, 0), syn6(0x55, 0x54, 80));
	COVERS(true, key6(0xff, 1, 0, 0, 0), syn6(0x80, 1, 80));
	COVERS(false, key6(0xff, 1, 0, 0, 0), syn6(0x7f, 1, 80));
	COVERS(true, key6(0x55, 63, 0x33, 65, 443), syn6(0x55, 0x33, 443));
	COVERS(false, key6(0x55, 63, 0x33, 65, 443), syn6(0x55, 0x55, 443));
}

/* What the never list must cover whole, to refuse it. */
static void test_entries(void)
{
	const struct tiph_key never = key4(0, 0, 0xcb007100, 24, 0);

	COVERS(true, never, key4(0, 0, 0xcb007101, 32, 0));
	COVERS(true, never, key4(0x0a000001, 32, 0xcb007180, 25, 80));
	COVERS(true, never, never);
	COVERS(false, never, key4(0, 0, 0xcb007000, 23, 0));
	COVERS(false, never, key4(0x0a000001, 32, 0, 0, 0));
	COVERS(false, never, any_80);
	COVERS(false, key4(0, 0, 0, 0, 0), any_80);
	COVERS(false, key6(0, 0, 0, 0, 80), any_80);
	COVERS(true, any_80, any_80);
	COVERS(true, any_80, key6(0x11, 64, 0, 0, 80));
	COVERS(false, any_80, key6(0x11, 64, 0, 0, 0));
}

static void test_changes(void)
{
	const struct tiph_key keys[] = { key4(1, 32, 0, 0, 0), key4(2, 32, 0, 0, 0), key4(1, 32, 0, 0, 0), key4(0, 0, 3, 32, 0), any_80 };
	const struct tiph_key conn = syn4(2, 9, 9), odd = key4(7, 32, 0, 0, 0);
	struct tiph_rules *rules = build(NULL, keys, 5), *less = NULL, *more;

	ok(rules->n == 4 && rules->v4.n == 3 && rules->v6.n == 1, "what occurs twice is there once; shapes by family");
	ok(tiph_rules_find(rules, &conn) == &rules->key[1], "the order is kept");
	more = build(rules, &odd, 1);
	ok(more->n == 5 && !memcmp(more->key, rules->key, 4 * sizeof(odd)) && !memcmp(&more->key[4], &odd, sizeof(odd)),
	   "one more stands behind those before");
	ok(rules->n == 4, "those before are as they were");
	ok(!tiph_rules_without(more, &keys[1], 1, &less, &extack) && less->n == 4 && !tiph_rules_find(less, &conn),
	   "one less");
	tiph_rules_free(less);
	less = NULL;
	ok(tiph_rules_without(rules, (struct tiph_key[]){ keys[0], odd }, 2, &less, &extack) == -ENOENT && !less,
	   "one that is not there: none goes");
	ok(tiph_rules_without(NULL, &odd, 1, &less, &extack) == -ENOENT, "nothing can go where nothing is");
	ok(!tiph_rules_without(rules, keys, 5, &less, &extack) && !less->n && !less->v4.n && !less->v6.n, "all go, and their shapes");
	ok(!tiph_rules_find(less, &conn) && !tiph_rules_find(NULL, &conn), "an empty list covers nothing, and no list as well");
	tiph_rules_free(less);
	tiph_rules_free(more);
	tiph_rules_free(rules);
	tiph_rules_free(NULL);
}

static void test_shapes(void)
{
	struct tiph_shapes shapes = { 0 };
	struct tiph_key keys[TIPH_BYPASS_SHAPES_MAX + 1];
	struct tiph_rules *rules;
	unsigned int i;

	for (i = 0; i <= TIPH_BYPASS_SHAPES_MAX; i++)
		keys[i] = key4(0, i % 33, 0, i / 33, 0);
	rules = build(NULL, keys, TIPH_BYPASS_SHAPES_MAX);
	ok(rules && rules->v4.n == TIPH_BYPASS_SHAPES_MAX, "as many shapes as there may be");
	tiph_rules_free(rules);
	extack = (struct netlink_ext_ack){ 0 };
	ok(!build(NULL, keys, TIPH_BYPASS_SHAPES_MAX + 1) && extack._msg && strstr(extack._msg, "combinations"), "one more is refused, with a reason");
	keys[1] = key6(0, 0, 0, 0, 1);
	rules = build(NULL, keys, TIPH_BYPASS_SHAPES_MAX + 1);
	ok(rules && rules->v6.n == 1, "the other family has its own");
	tiph_rules_free(rules);

	ok(!tiph_shapes_add(&shapes, 1) && !tiph_shapes_add(&shapes, 2) && !tiph_shapes_add(&shapes, 3) && shapes.n == 3, "three");
	tiph_shapes_remove(&shapes, 2);
	ok(shapes.n == 3 && !shapes.v[1], "one in the middle goes: those behind keep their place, for who is reading");
	tiph_shapes_remove(&shapes, 2);
	ok(shapes.n == 3 && shapes.v[0] == 1 && shapes.v[2] == 3, "one that is not there takes nothing with it");
	ok(!tiph_shapes_add(&shapes, 4) && shapes.n == 3 && shapes.v[1] == 4, "the next takes its place");
	tiph_shapes_remove(&shapes, 4);
	tiph_shapes_remove(&shapes, 3);
	ok(shapes.n == 1, "the last ones are no longer looked at");
}

static void test_memory(void)
{
	const struct tiph_key key = key4(1, 32, 0, 0, 0);
	struct tiph_rules *rules = build(NULL, &key, 1), *ret = NULL;
	int left;

	for (left = 0; left < 4; left++) {
		memory_left = left;
		ok(tiph_rules_build(rules, &key, 1, &ret, &extack) == -ENOMEM && !ret, "no memory after %d objects", left);
	}
	for (left = 0; left < 8; left++) {
		memory_left = left;
		ok(tiph_rules_without(rules, &key, 1, &ret, &extack) == -ENOMEM && !ret, "removing: no memory after %d objects", left);
	}
	memory_left = -1;
	tiph_rules_free(rules);
}

int main(void)
{
	test_connections();
	test_entries();
	test_changes();
	test_shapes();
	test_memory();
	return tap_done();
}
