// SPDX-License-Identifier: GPL-2.0-only
/* Sets of address prefixes, built once and then only searched. */
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ipv6.h>

#include "prefix.h"

/* @last: whether the bits behind the prefix shall be ones. */
static void fill6(struct in6_addr *to, const struct tiph_prefix *prefix,
		  bool last)
{
	int word;

	for (word = 0; word < 4; word++) {
		int bits = clamp(prefix->len - 32 * word, 0, 32);
		__be32 host = ~htonl(tiph_mask(bits));

		to->s6_addr32[word] = last ? prefix->addr[word] | host :
					     prefix->addr[word];
	}
}

static bool has_host_bits(const struct tiph_prefix *prefix)
{
	int word;

	for (word = 0; word < 4; word++) {
		int bits = clamp(prefix->len - 32 * word, 0, 32);

		if (prefix->addr[word] & ~htonl(tiph_mask(bits)))
			return true;
	}

	return false;
}

/**
 * tiph_prefix_check() - find fault with a prefix
 * @prefix: a prefix from userspace
 *
 * Return: what is wrong with it, or NULL
 */
const char *tiph_prefix_check(const struct tiph_prefix *prefix)
{
	if (prefix->family != AF_INET && prefix->family != AF_INET6)
		return "the family of a prefix is neither AF_INET nor AF_INET6";
	if (prefix->len > (prefix->family == AF_INET ? 32 : 128))
		return "a prefix is longer than an address";
	if (prefix->reserved)
		return "the reserved field of a prefix is not 0";
	if (has_host_bits(prefix))
		return "a prefix has bits set behind its length";
	return NULL;
}

/* By first address; of those that begin together the widest comes first. */
static int cmp4(const void *left, const void *right)
{
	const struct tiph_range4 *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return 0;
}

static int cmp6(const void *left, const void *right)
{
	const struct tiph_range6 *a = left, *b = right;
	int diff = ipv6_addr_cmp(&a->first, &b->first);

	return diff ? diff : ipv6_addr_cmp(&b->last, &a->last);
}

static void drop_nested4(struct tiph_prefixes *set)
{
	u16 from, to = 0;

	for (from = 1; from < set->n4; from++)
		if (set->v4[from].first > set->v4[to].last)
			set->v4[++to] = set->v4[from];
	set->n4 = to + 1;
}

static void drop_nested6(struct tiph_prefixes *set)
{
	u16 from, to = 0;

	for (from = 1; from < set->n6; from++)
		if (ipv6_addr_cmp(&set->v6[from].first, &set->v6[to].last) > 0)
			set->v6[++to] = set->v6[from];
	set->n6 = to + 1;
}

static void add4(struct tiph_prefixes *set, const struct tiph_prefix *prefix)
{
	struct tiph_range4 *range = &set->v4[set->n4++];

	range->first = ntohl(prefix->addr[0]);
	range->last = range->first | ~tiph_mask(prefix->len);
}

static void add6(struct tiph_prefixes *set, const struct tiph_prefix *prefix)
{
	struct tiph_range6 *range = &set->v6[set->n6++];

	fill6(&range->first, prefix, false);
	fill6(&range->last, prefix, true);
}

static int alloc_ranges(struct tiph_prefixes *set)
{
	u16 i, n4 = 0;

	for (i = 0; i < set->n; i++)
		n4 += set->given[i].family == AF_INET;
	if (n4) {
		set->v4 = kvcalloc(n4, sizeof(*set->v4), GFP_KERNEL_ACCOUNT);
		if (!set->v4)
			return -ENOMEM;
	}
	if (set->n > n4) {
		set->v6 = kvcalloc(set->n - n4, sizeof(*set->v6),
				   GFP_KERNEL_ACCOUNT);
		if (!set->v6)
			return -ENOMEM;
	}

	return 0;
}

/**
 * tiph_prefixes_build() - make a set searchable
 * @set: a set whose @given and @n are filled in with checked prefixes
 *
 * Return: 0 or -ENOMEM; @set is to be freed in either case
 */
int tiph_prefixes_build(struct tiph_prefixes *set)
{
	u16 i;
	int err;

	err = alloc_ranges(set);
	if (err)
		return err;

	for (i = 0; i < set->n; i++) {
		if (set->given[i].family == AF_INET)
			add4(set, &set->given[i]);
		else
			add6(set, &set->given[i]);
	}
	if (set->n4) {
		sort(set->v4, set->n4, sizeof(*set->v4), cmp4, NULL);
		drop_nested4(set);
	}
	if (set->n6) {
		sort(set->v6, set->n6, sizeof(*set->v6), cmp6, NULL);
		drop_nested6(set);
	}

	return 0;
}

/**
 * tiph_prefixes_free() - free what a set holds
 * @set: the set, possibly half-built
 */
void tiph_prefixes_free(struct tiph_prefixes *set)
{
	kvfree(set->given);
	kvfree(set->v4);
	kvfree(set->v6);
}

/**
 * tiph_prefixes_have4() - whether an address is in a set
 * @set: the set
 * @addr: the address
 *
 * Return: true if one of the prefixes covers @addr
 */
bool tiph_prefixes_have4(const struct tiph_prefixes *set, __be32 addr)
{
	unsigned int low = 0, high = set->n4;
	u32 key = ntohl(addr);

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct tiph_range4 *range = &set->v4[middle];

		if (key < range->first)
			high = middle;
		else if (key > range->last)
			low = middle + 1;
		else
			return true;
	}

	return false;
}

/**
 * tiph_prefixes_have6() - whether an address is in a set
 * @set: the set
 * @addr: the address
 *
 * Return: true if one of the prefixes covers @addr
 */
bool tiph_prefixes_have6(const struct tiph_prefixes *set,
			 const struct in6_addr *addr)
{
	unsigned int low = 0, high = set->n6;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct tiph_range6 *range = &set->v6[middle];

		if (ipv6_addr_cmp(addr, &range->first) < 0)
			high = middle;
		else if (ipv6_addr_cmp(addr, &range->last) > 0)
			low = middle + 1;
		else
			return true;
	}

	return false;
}
