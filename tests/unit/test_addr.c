// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, endpoints and prefixes: text forms, equality, containment. */
#include <arpa/inet.h>
#include <errno.h>

#include "addr.h"
#include "guard.h"
#include "tap.h"

static int addr_of(const char *s, struct addr *ret)
{
	return addr_parse(guard_end(s, strlen(s)), strlen(s), ret);
}

static int endpoint_of(const char *s, struct endpoint *ret)
{
	return endpoint_parse(guard_end(s, strlen(s)), strlen(s), ret);
}

static int prefix_of(const char *s, struct prefix *ret)
{
	return prefix_parse(guard_end(s, strlen(s)), strlen(s), ret);
}

static void test_addresses(void)
{
	static const char *const good[][2] = {
		{ "192.0.2.1", "192.0.2.1" }, { "0.0.0.0", "0.0.0.0" }, { "::", "::" },
		{ "2001:DB8:0:0::1", "2001:db8::1" }, { "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:c000:201", "192.0.2.1" },
	};
	static const char *const bad[] = {
		"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4",
		"1.2.3.4/8", "a.b.c.d", ":", ":::", "1::2::3", "12345::", "[::1]", "fe80::1%eth0",
		"::1 ", "0x1.2.3.4", "1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"0000:0000:0000:0000:0000:ffff:255.255.255.255000",
	};
	char text[ENDPOINT_STRLEN];
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ok(!addr_of(good[i][0], &a), "%s is an address", good[i][0]);
		is(addr_format(&a, text, sizeof(text)), good[i][1], "and its text");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(addr_of(bad[i], &a) == -EINVAL, "'%s' is none", bad[i]);
	ok(addr_parse("1.2.3.4\0", 8, &a) == -EINVAL, "nor is one with a NUL");
	ok(!addr_parse("1.2.3.45", 7, &a) && a.bytes[3] == 4, "the length counts, not the string");
}

static void test_endpoints(void)
{
	static const char *const good[] = { "192.0.2.1:80", "[2001:db8::1]:65535", "[::]:1" };
	static const char *const bad[] = {
		"", ":", ":80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:+1",
		"1.2.3.4: 80", "1.2.3.4:80 ", "::1:80", "[::1]", "[::1]80", "[::1:80", "::1]:80",
		"[1.2.3.4]:80", "[]:80", "[:80", "a:80", "1.2.3.4:000080",
	};
	char text[ENDPOINT_STRLEN];
	struct endpoint e;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ok(!endpoint_of(good[i], &e), "%s is an endpoint", good[i]);
		is(endpoint_format(&e, text, sizeof(text)), good[i], "and its text");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(endpoint_of(bad[i], &e) == -EINVAL, "'%s' is none", bad[i]);
}

static void test_prefixes(void)
{
	static const char *const good[][2] = {
		{ "10.0.0.0/8", "10.0.0.0/8" }, { "0.0.0.0/0", "0.0.0.0/0" },
		{ "192.0.2.1", "192.0.2.1/32" }, { "192.0.2.128/25", "192.0.2.128/25" },
		{ "::/0", "::/0" }, { "2001:db8::/33", "2001:db8::/33" }, { "::1", "::1/128" },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8" }, { "::ffff:10.1.2.3", "10.1.2.3/32" },
	};
	static const char *const bad[] = {
		"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129",
		"10/8", "::ffff:0.0.0.0/95", "10.0.0.0/08x", "10.0.0.0 /8",
	};
	static const char *const wide[] = {
		"10.0.0.1/8", "10.0.0.0/6", "::1/127", "2001:db8:8000::/32", "0.0.0.1/0", "::1/0",
	};
	char text[ENDPOINT_STRLEN];
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ok(!prefix_of(good[i][0], &p), "%s is a prefix", good[i][0]);
		is(prefix_format(&p, text, sizeof(text)), good[i][1], "and its text");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(prefix_of(bad[i], &p) == -EINVAL, "'%s' is none", bad[i]);
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		ok(prefix_of(wide[i], &p) == -ERANGE, "%s has bits behind its length", wide[i]);
}

/* Bit by bit, as slowly as it can be said. */
static bool contains_slowly(const struct prefix *p, const struct addr *a)
{
	unsigned int i;

	for (i = 0; i < p->len; i++)
		if ((p->addr.bytes[i / 8] ^ a->bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return p->addr.family == a->family;
}

static void test_contains(void)
{
	bool good = true;
	struct addr a, b;
	unsigned int len, bit;

	addr_of("2001:db8:ffff:1234:5678:9abc:def0:55aa", &a);
	for (len = 0; len <= 128; len++) {
		struct prefix p = { .addr = a, .len = (uint8_t)len };

		for (bit = 0; bit < 128; bit++) {
			b = a;
			b.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			good &= prefix_contains(&p, &b) == contains_slowly(&p, &b);
			good &= prefix_contains(&p, &b) == (bit >= len);
		}
	}
	ok(good, "a prefix contains what shares its bits");
	addr_of("10.1.2.3", &a);
	ok(!prefix_contains(&(struct prefix){ .addr.family = AF_INET6 }, &a), "::/0 has no IPv4");
}

static void test_cuts(void)
{
	static const struct { const char *addr; unsigned int len; const char *want; } cases[] = {
		{ "10.71.2.255", 24, "10.71.2.0/24" }, { "10.71.2.255", 32, "10.71.2.255/32" },
		{ "10.71.2.255", 25, "10.71.2.128/25" }, { "10.71.2.255", 64, "10.71.2.255/32" },
		{ "255.255.255.255", 1, "128.0.0.0/1" }, { "10.71.2.255", 0, "0.0.0.0/0" },
		{ "fd71:2::ff", 64, "fd71:2::/64" }, { "fd71:2::ff", 125, "fd71:2::f8/125" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[ENDPOINT_STRLEN];
		struct prefix p;
		struct addr a;

		addr_parse(cases[i].addr, strlen(cases[i].addr), &a);
		p = addr_prefix(&a, cases[i].len);
		is(prefix_format(&p, text, sizeof(text)), cases[i].want, cases[i].addr);
	}
}

static void test_sockaddr(void)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;
	struct endpoint e, back;

	inet_pton(AF_INET6, "::ffff:192.0.2.7", &sin6->sin6_addr);
	sin6->sin6_port = htons(81);
	ok(!endpoint_from_sockaddr(&e, &ss) && e.addr.family == AF_INET && e.port == 81,
	   "a mapped address becomes IPv4");
	ok(endpoint_to_sockaddr(&e, &ss) == sizeof(struct sockaddr_in) && ss.ss_family == AF_INET &&
	   !endpoint_from_sockaddr(&back, &ss) && endpoint_equal(&e, &back), "IPv4 and back");
	endpoint_of("[2001:db8::7]:82", &e);
	ok(endpoint_to_sockaddr(&e, &ss) == sizeof(*sin6) &&
	   !endpoint_from_sockaddr(&back, &ss) && endpoint_equal(&e, &back), "IPv6 and back");
	ss.ss_family = AF_UNIX;
	ok(endpoint_from_sockaddr(&e, &ss) == -EAFNOSUPPORT, "no other family");
}

static void test_kinds(void)
{
	struct addr a, b;

	addr_of("127.255.0.1", &a);
	ok(addr_is_loopback(&a) && !addr_is_unspecified(&a), "127.255.0.1 is loopback");
	addr_of("::1", &a);
	ok(addr_is_loopback(&a), "::1 is loopback");
	addr_of("::2", &a);
	ok(!addr_is_loopback(&a), "::2 is not");
	addr_of("128.0.0.1", &a);
	ok(!addr_is_loopback(&a), "128.0.0.1 is not");
	addr_of("::", &a);
	addr_of("0.0.0.0", &b);
	ok(addr_is_unspecified(&a) && addr_is_unspecified(&b), ":: and 0.0.0.0 are unspecified");
	ok(!addr_equal(&a, &b) && addr_equal(&a, &a), "but not the same");
	ok(addr_hash(&a, 1) != addr_hash(&b, 1) && addr_hash(&a, 1) != addr_hash(&a, 2) &&
	   addr_hash(&a, 1) == addr_hash(&a, 1), "hashes differ by address and seed");
	is(addr_format(&(struct addr){ 0 }, (char[8]){ 0 }, 8), "none", "no address");
}

int main(void)
{
	test_addresses();
	test_endpoints();
	test_prefixes();
	test_contains();
	test_cuts();
	test_sockaddr();
	test_kinds();
	return tap_done();
}
