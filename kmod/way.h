/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways: how frames between two hosts cross a bridge of this host.
 *
 * What the proxy sends on behalf of a host must look as if that host's own
 * frame had crossed the bridge: its MAC address, its VLAN, by the port behind
 * which the other one is. Neither routing nor neighbours know that, and the
 * bridge may have no address to ask with. So it is learned from the frames of
 * the two that are taken.
 *
 * A way is immutable but for its stamp. One that changes is replaced. They are
 * in a hash table by the two addresses, read under RCU and written under a
 * spinlock, which is taken when a frame tells something new: the first in each
 * direction, and when a host moves. Ways that nobody uses end after a time;
 * those that only a SYN has told, soon.
 */
#ifndef TIPHARES_WAY_H
#define TIPHARES_WAY_H

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>

#include "net.h"

#define TIPH_WAYS_MAX		65536
#define TIPH_WAYS_HASH_BITS	12

/* in jiffies; of those that only a SYN has told */
#define TIPH_WAY_IDLE		(3 * 3600 * HZ)
#define TIPH_WAY_IDLE_SYN	(150 * HZ)
#define TIPH_WAYS_TEND		(60 * HZ)

/**
 * struct tiph_end - what is known about one of the two
 * @src: MAC address that its frames come from
 * @dst: MAC address that frames to it have, which may be another one: a
 *	virtual router's
 * @ifindex: bridge port behind which it is, 0: not known yet
 * @vlan_proto: tag of frames to and from it on that port, 0: none
 * @vlan_tci: the same
 * @heard: a frame of it was seen
 */
struct tiph_end {
	u8 src[ETH_ALEN];
	u8 dst[ETH_ALEN];
	int ifindex;
	__be16 vlan_proto;
	u16 vlan_tci;
	bool heard;
};

/* Two addresses, the lower one first; IPv4 as mapped ones. */
struct tiph_pair {
	struct in6_addr addr[2];
};

/**
 * struct tiph_way - how frames between two hosts cross a bridge
 * @node: in the table
 * @rcu: frees it
 * @pair: the two
 * @bridge: interface index of the bridge
 * @used: more than a SYN has told
 * @stamp: when it was last used, in jiffies
 * @end: what is known about each of @pair
 */
struct tiph_way {
	struct hlist_node node;
	struct rcu_head rcu;
	struct tiph_pair pair;
	int bridge;
	bool used;
	unsigned long stamp;
	struct tiph_end end[2];
};

/**
 * struct tiph_ways - ways of a namespace
 * @lock: protects writing
 * @n: how many there are
 * @bucket: by hash of the pair
 */
struct tiph_ways {
	spinlock_t lock;	/* bucket, n */
	unsigned int n;
	struct hlist_head bucket[1 << TIPH_WAYS_HASH_BITS];
};

/**
 * struct tiph_crossing - a frame on a bridge
 * @skb: the frame, at its network header
 * @family: AF_INET or AF_INET6
 * @bridge: interface index of the bridge
 * @port: interface index of the bridge port
 * @begins: it is a SYN
 */
struct tiph_crossing {
	const struct sk_buff *skb;
	u8 family;
	int bridge;
	int port;
	bool begins;
};

struct tiph_ways *tiph_ways_create(void);
void tiph_ways_free(struct tiph_ways *ways);
unsigned long tiph_ways_tend(struct tiph_ways *ways);

struct tiph_way *tiph_way_find(const struct tiph_net *tn,
			       const struct sk_buff *skb, u8 family,
			       unsigned int *from);
bool tiph_way_comes(struct tiph_net *tn, const struct tiph_crossing *c);
void tiph_way_goes(struct tiph_net *tn, const struct tiph_crossing *c);

#endif /* TIPHARES_WAY_H */
