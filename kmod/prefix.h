/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of address prefixes, built once and then only searched.
 *
 * Two prefixes are either disjoint or nested. Nested ones are dropped, so what
 * remains is a sorted array of disjoint ranges per family, searched by halving.
 * The prefixes are also kept as they were given, for whoever asks.
 */
#ifndef TIPHARES_PREFIX_H
#define TIPHARES_PREFIX_H

#include <linux/in6.h>
#include <linux/netlink.h>

#include "tiph.h"

struct tiph_range4 {
	u32 first;	/* host byte order */
	u32 last;
};

struct tiph_range6 {
	struct in6_addr first;
	struct in6_addr last;
};

/**
 * struct tiph_prefixes - a set of prefixes
 * @given: the prefixes in the order they were given
 * @v4: disjoint ranges, sorted
 * @v6: disjoint ranges, sorted
 * @n: number of @given
 * @n4: number of @v4
 * @n6: number of @v6
 */
struct tiph_prefixes {
	struct tiph_prefix *given;
	struct tiph_range4 *v4;
	struct tiph_range6 *v6;
	u16 n;
	u16 n4;
	u16 n6;
};

/* The first @len bits of 32, host byte order. */
static inline u32 tiph_mask(unsigned int len)
{
	return len ? ~0U << (32 - len) : 0;
}

const char *tiph_prefix_check(const struct tiph_prefix *prefix);
int tiph_prefixes_build(struct tiph_prefixes *set);
void tiph_prefixes_free(struct tiph_prefixes *set);
bool tiph_prefixes_have4(const struct tiph_prefixes *set, __be32 addr);
bool tiph_prefixes_have6(const struct tiph_prefixes *set,
			 const struct in6_addr *addr);

#endif /* TIPHARES_PREFIX_H */
