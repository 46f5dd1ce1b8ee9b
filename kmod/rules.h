/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bypass entries: their keys, and immutable lists of them.
 *
 * The key of an entry says all that must match. Its shape says which part of a
 * connection that is: how many bits of which addresses, and whether the port.
 * To find an entry that covers a connection, the connection is cut to each
 * shape that is in use, and what remains is looked up in a hash. So the cost of
 * a lookup grows with the number of shapes, which is bounded, not of entries.
 *
 * A struct tiph_rules is a whole list, static or never. It is built aside,
 * published by one pointer and never written again; readers are under RCU.
 */
#ifndef TIPHARES_RULES_H
#define TIPHARES_RULES_H

#include <linux/in6.h>
#include <linux/jhash.h>
#include <linux/netlink.h>

#include "port.h"

/* Shapes: the lengths of the prefixes, the families, and whether there is a port. */
#define TIPH_SHAPE_SOURCE	0x000000ffU
#define TIPH_SHAPE_DESTINATION	0x0000ff00U
#define TIPH_SHAPE_IPV4		0x00010000U
#define TIPH_SHAPE_IPV6		0x00020000U
#define TIPH_SHAPE_PORT		0x00040000U

/**
 * struct tiph_key - what a bypass entry covers
 * @source: clients, v4 in the first word; what the shape leaves out is 0
 * @destination: origins, the same
 * @shape: TIPH_SHAPE_; never 0, both families if it has only a port
 * @dport: destination port, or 0
 *
 * Hashed and compared whole: no holes.
 */
struct tiph_key {
	__be32 source[4];
	__be32 destination[4];
	u32 shape;
	u32 dport;
};

/**
 * struct tiph_shapes - the shapes in use that are of one family
 * @v: shapes, 0: none in this place
 * @n: how many of @v are to be looked at
 */
struct tiph_shapes {
	u32 v[TIPH_BYPASS_SHAPES_MAX];
	unsigned int n;
};

/**
 * struct tiph_rules - one version of a list
 * @key: the entries, in the order given
 * @next: of each entry, the next one in its bucket, as index + 1
 * @bucket: the first one, as index + 1
 * @n: number of entries
 * @mask: number of buckets - 1
 * @v4: shapes that cover IPv4
 * @v6: shapes that cover IPv6
 */
struct tiph_rules {
	struct tiph_key *key;
	u32 *next;
	u32 *bucket;
	u32 n;
	u32 mask;
	struct tiph_shapes v4;
	struct tiph_shapes v6;
};

static inline unsigned int tiph_shape_source(u32 shape)
{
	return shape & TIPH_SHAPE_SOURCE;
}

static inline unsigned int tiph_shape_destination(u32 shape)
{
	return (shape & TIPH_SHAPE_DESTINATION) >> 8;
}

static inline u32 tiph_key_hash(const struct tiph_key *key, u32 seed)
{
	u32 rest = key->shape ^ key->dport << 16;

	if (!(key->shape & TIPH_SHAPE_IPV6))
		return jhash_3words((__force u32)key->source[0],
				    (__force u32)key->destination[0], rest,
				    seed);
	return jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), seed);
}

void tiph_key_of_syn(struct tiph_key *key, const struct tiph_syn *syn);
bool tiph_key_cut(struct tiph_key *to, const struct tiph_key *from, u32 shape);
const char *tiph_shapes_add(struct tiph_shapes *shapes, u32 shape);
void tiph_shapes_remove(struct tiph_shapes *shapes, u32 shape);

int tiph_rules_build(const struct tiph_rules *old, const struct tiph_key *add,
		     u32 n, struct tiph_rules **ret,
		     struct netlink_ext_ack *extack);
int tiph_rules_without(const struct tiph_rules *old,
		       const struct tiph_key *remove, u32 n,
		       struct tiph_rules **ret, struct netlink_ext_ack *extack);
void tiph_rules_free(struct tiph_rules *rules);
const struct tiph_key *tiph_rules_find(const struct tiph_rules *rules,
				       const struct tiph_key *conn);

#endif /* TIPHARES_RULES_H */
