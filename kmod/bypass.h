/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bypass: connections that a port matches and that are forwarded all the same.
 *
 * Two immutable lists, static and never (rules.h), and the dynamic entries,
 * which come and go one by one and end by themselves. A namespace has none of
 * it before the first entry; what it has then stays until it ends.
 *
 * Commands change it under the namespace's lock. Packets read it under RCU.
 */
#ifndef TIPHARES_BYPASS_H
#define TIPHARES_BYPASS_H

#include <linux/rbtree.h>
#include <linux/rhashtable.h>

#include "rules.h"

/**
 * struct tiph_bypass_entry - a dynamic entry
 * @node: in the hash
 * @key: what it covers
 * @reason: enum tiph_bypass_reason; written under the lock
 * @ends: when it ends, in 64-bit jiffies; written under the lock
 * @hits: connections that it had forwarded
 * @serial: grows with each entry that is added or refreshed
 * @by_end: among all entries, the first to end comes first
 * @by_age: among all entries, the oldest comes first
 * @rcu: to be freed by
 */
struct tiph_bypass_entry {
	struct rhash_head node;
	struct tiph_key key;
	u8 reason;
	u64 ends;
	atomic64_t hits;
	u64 serial;
	struct rb_node by_end;
	struct list_head by_age;
	struct rcu_head rcu;
};

/**
 * struct tiph_bypass - the bypass of a namespace
 * @rules_static: published under the lock, or NULL
 * @rules_never: published under the lock, or NULL
 * @entries: the dynamic entries by key
 * @v4: shapes of dynamic entries that cover IPv4; written under the lock
 * @v6: shapes of dynamic entries that cover IPv6; written under the lock
 * @n: number of dynamic entries; written under the lock
 * @limit: most of them; under the lock
 * @serial: the last one given; under the lock
 * @generation: changes of the immutable lists; under the lock
 * @by_end: under the lock
 * @by_age: under the lock
 */
struct tiph_bypass {
	struct tiph_rules __rcu *rules_static;
	struct tiph_rules __rcu *rules_never;
	struct rhashtable entries;
	struct tiph_shapes v4;
	struct tiph_shapes v6;
	u32 n;
	u32 limit;
	u64 serial;
	u32 generation;
	struct rb_root_cached by_end;
	struct list_head by_age;
};

struct tiph_bypass *tiph_bypass_create(void);
void tiph_bypass_free(struct tiph_bypass *bypass);

int tiph_bypass_set(struct tiph_bypass *bypass, const struct tiph_key *key,
		    u8 reason, u32 ttl, struct tiph_bypass_entry **ret,
		    struct netlink_ext_ack *extack);
struct tiph_bypass_entry *tiph_bypass_get(struct tiph_bypass *bypass,
					  const struct tiph_key *key);
void tiph_bypass_unlink(struct tiph_bypass *bypass,
			struct tiph_bypass_entry *entry);
struct tiph_bypass_entry *
tiph_bypass_first_to_end(const struct tiph_bypass *bypass);

/**
 * struct tiph_bypass_hit - why a connection is bypassed
 * @key: the entry's key, valid under RCU; NULL: it is not bypassed
 * @entry: the dynamic entry, or NULL if a static one decided
 */
struct tiph_bypass_hit {
	const struct tiph_key *key;
	struct tiph_bypass_entry *entry;
};

struct tiph_bypass_hit tiph_bypass_find(const struct tiph_bypass *bypass,
					const struct tiph_syn *syn);

#endif /* TIPHARES_BYPASS_H */
