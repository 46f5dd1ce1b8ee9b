// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of prefixes: what a set says about an address is what its prefixes say
 * one by one, for random sets that are nested, adjacent and doubled; and what
 * is no prefix is refused.
 */
#include "prefix.h"
#include "tap.h"

static u32 seed = 1;

static u32 chance(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (u32)(((u64)seed * n) >> 32);
}

static void bit_clear_from(u8 *octets, unsigned int len, unsigned int bits)
{
	for (; len < bits; len++)
		octets[len / 8] &= (u8)~(0x80 >> len % 8);
}

static bool covers(const struct tiph_prefix *prefix, u8 family, const u8 *addr)
{
	const u8 *octets = (const u8 *)prefix->addr;
	unsigned int i;

	if (prefix->family != family)
		return false;
	for (i = 0; i < prefix->len; i++)
		if ((octets[i / 8] ^ addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool covered(const struct tiph_prefixes *set, u8 family, const u8 *addr)
{
	u16 i;

	for (i = 0; i < set->n; i++)
		if (covers(&set->given[i], family, addr))
			return true;
	return false;
}

/* Few values in few octets, so that prefixes meet. */
static void addr_make(u8 *addr, unsigned int n)
{
	static const u8 octets[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

	memset(addr, 0, n);
	addr[0] = octets[chance(sizeof(octets))];
	addr[n / 2] = octets[chance(sizeof(octets))];
	addr[n - 1] = octets[chance(sizeof(octets))];
}

static void set_make(struct tiph_prefixes *set, u16 n)
{
	u16 i;

	memset(set, 0, sizeof(*set));
	set->n = n;
	set->given = calloc(n, sizeof(*set->given));
	for (i = 0; i < n; i++) {
		struct tiph_prefix *prefix = &set->given[i];
		unsigned int bits;

		prefix->family = chance(2) ? AF_INET : AF_INET6;
		bits = prefix->family == AF_INET ? 32 : 128;
		prefix->len = (u8)(bits - chance(chance(bits + 1) + 1));
		addr_make((u8 *)prefix->addr, bits / 8);
		bit_clear_from((u8 *)prefix->addr, prefix->len, bits);
	}
}

/* The first and last addresses of a prefix and those beside them, too. */
static void addr_near(const struct tiph_prefixes *set, u8 *addr, unsigned int octets)
{
	const struct tiph_prefix *prefix = &set->given[chance(set->n)];
	int step = (int)chance(3) - 1, i;

	memcpy(addr, prefix->addr, octets);
	if (chance(2))
		for (i = prefix->len; i < (int)octets * 8; i++)
			addr[i / 8] |= (u8)(0x80 >> i % 8);
	for (i = (int)octets - 1; i >= 0 && step; i--) {
		addr[i] = (u8)(addr[i] + step);
		if (addr[i] != (step > 0 ? 0 : 0xff))
			step = 0;
	}
}

static unsigned int disagreements(const struct tiph_prefixes *set, unsigned int questions)
{
	unsigned int wrong = 0;

	while (questions--) {
		struct in6_addr addr;
		bool near = set->n && chance(4);

		if (near)
			addr_near(set, addr.s6_addr, 4);
		else
			addr_make(addr.s6_addr, 4);
		wrong += tiph_prefixes_have4(set, addr.s6_addr32[0]) != covered(set, AF_INET, addr.s6_addr);
		if (near)
			addr_near(set, addr.s6_addr, 16);
		else
			addr_make(addr.s6_addr, 16);
		wrong += tiph_prefixes_have6(set, &addr) != covered(set, AF_INET6, addr.s6_addr);
	}
	return wrong;
}

static void test_random_sets(void)
{
	static const u16 sizes[] = { 0, 1, 2, 3, 10, 100, 1024 };
	unsigned int i, round, faults;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned int wrong = 0;

		faults = 0;
		for (round = 0; round < (sizes[i] > 10 ? 3 : 30); round++) {
			struct tiph_prefixes set;
			u16 j;

			set_make(&set, sizes[i]);
			for (j = 0; j < set.n; j++)
				faults += tiph_prefix_check(&set.given[j]) != NULL;
			wrong += tiph_prefixes_build(&set) != 0;
			wrong += disagreements(&set, 300);
			tiph_prefixes_free(&set);
		}
		ok(!faults, "%u prefixes: each is one", sizes[i]);
		ok(!wrong, "%u prefixes: the set says what they say one by one", sizes[i]);
	}
}

/* Each allocation fails once; what was made is freed all the same. */
static void test_no_memory(void)
{
	int left;

	for (left = 0; left < 2; left++) {
		struct tiph_prefixes set;

		set_make(&set, 64);
		memory_left = left;
		ok(tiph_prefixes_build(&set) == -ENOMEM, "no memory after %d allocations", left);
		memory_left = -1;
		tiph_prefixes_free(&set);
	}
}

static void test_check(void)
{
	static const struct {
		const char *name;
		bool good;
		struct tiph_prefix prefix;
	} cases[] = {
		{ "0.0.0.0/0", true, { AF_INET, 0, 0, { 0 } } },
		{ "an IPv4 address", true, { AF_INET, 32, 0, { ~0U } } },
		{ "::/0", true, { AF_INET6, 0, 0, { 0 } } },
		{ "an IPv6 address", true, { AF_INET6, 128, 0, { 1, 2, 3, 4 } } },
		{ "no family", false, { 0, 0, 0, { 0 } } },
		{ "33 bits of IPv4", false, { AF_INET, 33, 0, { 0 } } },
		{ "129 bits of IPv6", false, { AF_INET6, 129, 0, { 0 } } },
		{ "the reserved field", false, { AF_INET, 8, 1, { 0 } } },
		{ "a bit behind the length", false, { AF_INET, 31, 0, { ~0U } } },
		{ "a second word of an IPv4 address", false, { AF_INET, 32, 0, { 0, 1 } } },
		{ "a bit behind 64 of IPv6", false, { AF_INET6, 64, 0, { 0, 0, 1 } } },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ok(!tiph_prefix_check(&cases[i].prefix) == cases[i].good, "%s is %s", cases[i].name,
		   cases[i].good ? "a prefix" : "none");
}

int main(void)
{
	test_random_sets();
	test_no_memory();
	test_check();
	return tap_done();
}
