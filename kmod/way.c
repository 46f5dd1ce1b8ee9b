// SPDX-License-Identifier: GPL-2.0-only
/* Ways: how frames between two hosts cross a bridge of this host. */
#include <linux/etherdevice.h>
#include <linux/hash.h>
#include <linux/if_vlan.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "tag.h"
#include "way.h"

/* Returns which of @pair is the source of @skb. */
static unsigned int pair_of(struct tiph_pair *pair, const struct sk_buff *skb,
			    u8 family)
{
	struct in6_addr src, dst;
	unsigned int from;

	if (family == AF_INET) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &src);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &dst);
	} else {
		src = ipv6_hdr(skb)->saddr;
		dst = ipv6_hdr(skb)->daddr;
	}
	from = ipv6_addr_cmp(&src, &dst) > 0;
	pair->addr[from] = src;
	pair->addr[!from] = dst;

	return from;
}

static unsigned int bucket_of(const struct tiph_pair *pair)
{
	return hash_64(tiph_hash(pair, sizeof(*pair)), TIPH_WAYS_HASH_BITS);
}

static struct tiph_way *find(const struct tiph_ways *ways, unsigned int bucket,
			     const struct tiph_pair *pair)
{
	struct tiph_way *way;

	hlist_for_each_entry_rcu(way, &ways->bucket[bucket], node,
				 lockdep_is_held(&ways->lock))
		if (!memcmp(&way->pair, pair, sizeof(*pair)))
			return way;
	return NULL;
}

/**
 * tiph_way_find() - the way of a packet
 * @tn: namespace
 * @skb: the packet
 * @family: AF_INET or AF_INET6
 * @from: which of the way's ends is the packet's source
 *
 * Return: the way, under RCU, or NULL
 */
struct tiph_way *tiph_way_find(const struct tiph_net *tn,
			       const struct sk_buff *skb, u8 family,
			       unsigned int *from)
{
	struct tiph_pair pair;

	*from = pair_of(&pair, skb, family);

	return find(tn->ways, bucket_of(&pair), &pair);
}

static bool same_vlan(const struct tiph_end *end, const struct sk_buff *skb)
{
	if (!skb_vlan_tag_present(skb))
		return !end->vlan_proto;
	return end->vlan_proto == skb->vlan_proto &&
	       !((end->vlan_tci ^ skb_vlan_tag_get(skb)) & VLAN_VID_MASK);
}

static void set_place(struct tiph_end *end, const struct tiph_crossing *c)
{
	bool tagged = skb_vlan_tag_present(c->skb);

	end->ifindex = c->port;
	end->vlan_proto = tagged ? c->skb->vlan_proto : 0;
	end->vlan_tci = tagged ? skb_vlan_tag_get(c->skb) : 0;
}

/* Does a frame that comes in tell what @way says anyway? */
static bool is_told(const struct tiph_way *way, unsigned int from,
		    const struct tiph_crossing *c)
{
	const struct ethhdr *eth = eth_hdr(c->skb);
	const struct tiph_end *end = &way->end[from];

	return end->heard && end->ifindex == c->port &&
	       (way->used || c->begins) && way->bridge == c->bridge &&
	       ether_addr_equal(end->src, eth->h_source) &&
	       ether_addr_equal(way->end[!from].dst, eth->h_dest) &&
	       same_vlan(end, c->skb);
}

static void tell(struct tiph_way *way, unsigned int from,
		 const struct tiph_crossing *c)
{
	const struct ethhdr *eth = eth_hdr(c->skb);
	struct tiph_end *end = &way->end[from], *other = &way->end[!from];

	if (way->bridge != c->bridge)
		other->ifindex = 0;
	way->bridge = c->bridge;
	way->used |= !c->begins;
	set_place(end, c);
	end->heard = true;
	ether_addr_copy(end->src, eth->h_source);
	ether_addr_copy(other->dst, eth->h_dest);
	if (other->heard)
		return;
	/* until it says otherwise */
	ether_addr_copy(other->src, eth->h_dest);
	ether_addr_copy(end->dst, eth->h_source);
}

static void drop(struct tiph_ways *ways, struct tiph_way *way)
{
	lockdep_assert_held(&ways->lock);
	hlist_del_rcu(&way->node);
	ways->n--;
	kfree_rcu(way, rcu);
}

/*
 * The worst of a bucket goes: one that only a SYN has told before one that is
 * in use, then who was idle for longest.
 */
static bool make_room(struct tiph_ways *ways, unsigned int bucket)
{
	struct tiph_way *way, *worst = NULL;

	if (ways->n < TIPH_WAYS_MAX)
		return true;
	hlist_for_each_entry(way, &ways->bucket[bucket], node)
		if (!worst || way->used < worst->used ||
		    (way->used == worst->used &&
		     time_before(way->stamp, worst->stamp)))
			worst = way;
	if (worst)
		drop(ways, worst);
	return worst;
}

/* Puts @way in the place of @old, or in a new one. */
static bool put(struct tiph_ways *ways, unsigned int bucket,
		struct tiph_way *old, struct tiph_way *way)
{
	lockdep_assert_held(&ways->lock);
	if (old) {
		hlist_replace_rcu(&old->node, &way->node);
		kfree_rcu(old, rcu);
		return true;
	}
	if (!make_room(ways, bucket))
		return false;
	hlist_add_head_rcu(&way->node, &ways->bucket[bucket]);
	ways->n++;

	return true;
}

/**
 * tiph_way_comes() - learn from a frame that came in
 * @tn: namespace
 * @c: the frame, at the port by which it came
 *
 * Return: false if there is no room for what it tells
 */
bool tiph_way_comes(struct tiph_net *tn, const struct tiph_crossing *c)
{
	struct tiph_ways *ways = tn->ways;
	struct tiph_pair pair;
	unsigned int from = pair_of(&pair, c->skb, c->family);
	unsigned int bucket = bucket_of(&pair);
	struct tiph_way *old, *way;
	bool done;

	old = find(ways, bucket, &pair);
	if (likely(old && is_told(old, from, c))) {
		tiph_stamp(&old->stamp);
		return true;
	}
	way = kzalloc(sizeof(*way), GFP_ATOMIC);
	if (!way)
		return false;

	spin_lock_bh(&ways->lock);
	old = find(ways, bucket, &pair);
	if (old)
		*way = *old;
	way->pair = pair;
	way->stamp = jiffies;
	tell(way, from, c);
	done = put(ways, bucket, old, way);
	spin_unlock_bh(&ways->lock);
	if (!done)
		kfree(way);
	else if (!old)
		tiph_net_tend_again(tn, TIPH_WAYS_TEND);

	return done;
}

/**
 * tiph_way_goes() - learn from a frame that would leave
 * @tn: namespace
 * @c: the frame, at the port by which the bridge wants to forward it
 *
 * That is where its destination is, as long as the destination has not shown
 * itself where it is.
 */
void tiph_way_goes(struct tiph_net *tn, const struct tiph_crossing *c)
{
	struct tiph_ways *ways = tn->ways;
	struct tiph_pair pair;
	unsigned int from = pair_of(&pair, c->skb, c->family);
	unsigned int bucket = bucket_of(&pair);
	struct tiph_way *old, *way;

	old = find(ways, bucket, &pair);
	if (!old || old->end[!from].heard || old->end[!from].ifindex == c->port)
		return;
	way = kzalloc(sizeof(*way), GFP_ATOMIC);
	if (!way)
		return;

	spin_lock_bh(&ways->lock);
	old = find(ways, bucket, &pair);
	if (old && !old->end[!from].heard) {
		*way = *old;
		set_place(&way->end[!from], c);
		put(ways, bucket, old, way);
		way = NULL;
	}
	spin_unlock_bh(&ways->lock);
	kfree(way);
}

static bool is_over(const struct tiph_way *way)
{
	return time_after(jiffies, READ_ONCE(way->stamp) +
			  (way->used ? TIPH_WAY_IDLE : TIPH_WAY_IDLE_SYN));
}

/**
 * tiph_ways_tend() - end the ways that nobody uses
 * @ways: ways of the namespace, or NULL
 *
 * Return: in how many jiffies to look again
 */
unsigned long tiph_ways_tend(struct tiph_ways *ways)
{
	struct hlist_node *next;
	struct tiph_way *way;
	unsigned int i;

	if (!ways)
		return MAX_JIFFY_OFFSET;
	for (i = 0; i < ARRAY_SIZE(ways->bucket); i++) {
		if (hlist_empty(&ways->bucket[i]))
			continue;
		spin_lock_bh(&ways->lock);
		hlist_for_each_entry_safe(way, next, &ways->bucket[i], node)
			if (is_over(way))
				drop(ways, way);
		spin_unlock_bh(&ways->lock);
		cond_resched();
	}

	return READ_ONCE(ways->n) ? TIPH_WAYS_TEND : MAX_JIFFY_OFFSET;
}

/**
 * tiph_ways_create() - an empty table
 *
 * Return: the table or NULL
 */
struct tiph_ways *tiph_ways_create(void)
{
	struct tiph_ways *ways = kvzalloc(sizeof(*ways), GFP_KERNEL_ACCOUNT);

	if (ways)
		spin_lock_init(&ways->lock);
	return ways;
}

/**
 * tiph_ways_free() - free a table that nobody reads any more
 * @ways: the table, or NULL
 */
void tiph_ways_free(struct tiph_ways *ways)
{
	struct hlist_node *next;
	struct tiph_way *way;
	unsigned int i;

	if (!ways)
		return;
	for (i = 0; i < ARRAY_SIZE(ways->bucket); i++)
		hlist_for_each_entry_safe(way, next, &ways->bucket[i], node)
			kfree(way);
	kvfree(ways);
}
