/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A network namespace: its ports, its hooks, its owner.
 *
 * Life of a namespace's state:
 *
 *   idle --first commit with ports--> hooked --last port removed--> guarded
 *                                     |    ^                          |  |
 *                                     |    `----commit with ports-----'  |
 *                                     `------namespace exits: gone-------'
 *
 * Sockets that were made transparent outlive their ports; the guard (guard.c)
 * is there for them until the end.
 *
 * Everything that packets read is ready before the hooks are registered and
 * stays until a grace period after they were unregistered; see
 * tiph_net_pre_exit() for the phases of the end.
 */
#ifndef TIPHARES_NET_H
#define TIPHARES_NET_H

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "bypass.h"
#include "dst.h"
#include "port.h"
#include "stats.h"

struct tiph_ways;

#define TIPH_HOOKS_MAX	4	/* of one set */

/* A spoofed SYN that comes back does so within this time. */
#define TIPH_LOOP_PERIOD	(8 * HZ)

#define TIPH_FRAGS	1024

/* A client repeats its SYN for about so long. */
#define TIPH_SYN_PERIOD		(130 * HZ)
#define TIPH_FORWARDED		8192

/* News are gathered for so long before somebody is told, */
#define TIPH_NEWS_DELAY		(HZ / 20)
/* and a loop is told once in */
#define TIPH_LOOP_NEWS_PERIOD	HZ

/**
 * enum tiph_hook_sets - hooks that come and go together
 * @TIPH_HOOKS_IN: of incoming packets: while there are ports
 * @TIPH_HOOKS_GUARD: of the guard: from the first port on, for good
 * @TIPH_HOOKS_BRIDGE: of bridges: from the first port on that names one, while
 *	there are ports
 */
enum tiph_hook_sets {
	TIPH_HOOKS_IN,
	TIPH_HOOKS_GUARD,
	TIPH_HOOKS_BRIDGE,
	TIPH_HOOK_SETS
};

/**
 * struct tiph_hook_set - hooks that come and go together
 * @ops: the hooks, without their private pointer
 * @n: number of @ops
 */
struct tiph_hook_set {
	const struct nf_hook_ops *ops;
	unsigned int n;
};

enum tiph_news {
	TIPH_NEWS_WAITING,	/* the work is about to look */
	TIPH_NEWS_LOOP_CLAIMED,	/* somebody is filling @loop in */
	TIPH_NEWS_LOOP,		/* and has done so */
};

/**
 * struct tiph_gate - TCP ports that a packet must have to be looked at
 * @dport: destination ports that are intercepted
 * @sport: source ports of replies to spoofed sockets
 * @frags: packets of ours that come in fragments; see frag.c
 *
 * Indexed by the port in network byte order. Bits are only set while there
 * are hooks, since connections outlive the ports that made them: a stale bit
 * costs a socket lookup, a missing bit would lose packets.
 */
struct tiph_gate {
	DECLARE_BITMAP(dport, 65536);
	DECLARE_BITMAP(sport, 65536);
	u32 frags[TIPH_FRAGS];
};

/* A connection, to be told. */
struct tiph_tuple {
	struct in6_addr saddr;	/* IPv4 in the first word */
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	u8 family;
	int ifindex;
};

/**
 * struct tiph_net - state of a network namespace
 * @gate: set once, before the first hook
 * @stats: set once, before the first hook; counters of the namespace
 * @forwarded: set once, before the first hook; see begin.c
 * @lately: set once, before the first hook; see lately.h
 * @ways: set once, before the first hook of bridges
 * @net: set once
 * @dst: set before the first hook, taken back when the namespace exits
 * @ports: written under @lock
 * @bypass: set once, under @lock, before the first entry
 * @state: TIPH_STATE_ of the namespace; written under @lock
 * @heartbeat: for so many jiffies the owner may be silent, 0: for ever; written
 *	under @lock
 * @beat: when it was last heard, in jiffies; written under @lock
 * @lock: protects the members below and the publishing of @ports; taken in
 *	process context only
 * @generation: number of the last commit
 * @owner: netlink port id of the owner or 0; an owner pins the module
 * @last_id: the last id that a port was given
 * @hooked: the sets of hooks that are registered
 * @hooks: the hooks, with this as their private pointer
 * @cookie_stamp: when a listener may last have sent a SYN cookie, in jiffies;
 *	stamps are written by any packet without order
 * @spoof_stamp: when a spoofed SYN was last sent, in jiffies
 * @forward_stamp: when a SYN was last put in @forwarded, in jiffies
 * @state_told: @state when it was last announced; under @lock
 * @news: bits of enum tiph_news
 * @loop: a SYN that came back; written by who sets TIPH_NEWS_LOOP_CLAIMED
 * @loop_stamp: when one was last told, in jiffies
 * @tend: ends what has its time, and tells the news; see tend.c
 */
struct tiph_net {
	struct tiph_gate *gate;
	struct tiph_stats __percpu *stats;
	u64 *forwarded;
	struct tiph_lately *lately;
	struct tiph_ways *ways;
	struct net *net;
	struct tiph_dst dst;
	struct tiph_ports __rcu *ports;
	struct tiph_bypass *bypass;
	u32 state;
	u32 heartbeat;
	unsigned long beat;

	struct mutex lock;	/* commits and ownership */
	u32 generation;
	u32 owner;
	u32 last_id;
	bool hooked[TIPH_HOOK_SETS];
	struct nf_hook_ops hooks[TIPH_HOOK_SETS][TIPH_HOOKS_MAX];

	unsigned long cookie_stamp;
	unsigned long spoof_stamp;
	unsigned long forward_stamp;

	u32 state_told;
	unsigned long news;
	struct tiph_tuple loop;
	unsigned long loop_stamp;
	struct delayed_work tend;
};

/* Writes once in a tick at most, for the sake of who reads what is beside. */
static inline void tiph_stamp(unsigned long *stamp)
{
	if (READ_ONCE(*stamp) != jiffies)
		WRITE_ONCE(*stamp, jiffies);
}

static inline bool tiph_stamped_within(const unsigned long *stamp,
				       unsigned long period)
{
	return time_before_eq(jiffies, READ_ONCE(*stamp) + period);
}

struct tiph_net *tiph_net_get(const struct net *net);

int tiph_net_commit(struct tiph_net *tn, struct tiph_ports *ports);
void tiph_net_retire(struct tiph_ports *ports);
bool tiph_net_own(struct tiph_net *tn, u32 owner);
void tiph_net_beat(struct tiph_net *tn);
void tiph_net_tend(struct tiph_net *tn, unsigned long delay);
void tiph_net_tend_again(struct tiph_net *tn, unsigned long delay);
struct tiph_bypass *tiph_net_bypass(struct tiph_net *tn);

/* The table as it is, for a caller who holds the lock. */
static inline struct tiph_ports *tiph_net_ports(const struct tiph_net *tn)
{
	return rcu_dereference_protected(tn->ports,
					 lockdep_is_held(&tn->lock));
}

/* Has the owner been silent for longer than it promised to be? */
static inline bool tiph_net_is_hung(const struct tiph_net *tn)
{
	unsigned long heartbeat = READ_ONCE(tn->heartbeat);

	return heartbeat && (READ_ONCE(tn->state) & TIPH_STATE_FAILED ||
			     time_after(jiffies,
					READ_ONCE(tn->beat) + heartbeat));
}

/* There is something to tell, a packet says: soon, and many at once. */
static inline void tiph_net_news(struct tiph_net *tn)
{
	if (!test_bit(TIPH_NEWS_WAITING, &tn->news) &&
	    !test_and_set_bit(TIPH_NEWS_WAITING, &tn->news))
		tiph_net_tend(tn, TIPH_NEWS_DELAY);
}

/*
 * @port is in network byte order, as the index is. The load is a plain one so
 * that it can be part of an addressing mode.
 */
static inline bool tiph_gate_test(const unsigned long *map, __be16 port)
{
	unsigned int bit = (__force u16)port;

	/* bits beside this one may be set meanwhile, which does not matter */
	return data_race(map[bit / BITS_PER_LONG]) >> bit % BITS_PER_LONG & 1;
}

/* Is a packet with these ports worth a look? */
static inline bool tiph_gate_passes(const struct tiph_gate *gate,
				    __be16 source, __be16 dest)
{
	return tiph_gate_test(gate->dport, dest) ||
	       tiph_gate_test(gate->sport, source);
}

static inline void tiph_gate_open(unsigned long *map, __be16 port)
{
	if (!tiph_gate_test(map, port))
		set_bit((__force u16)port, map);
}

int tiph_net_init(const struct tiph_hook_set *sets, work_func_t tend);
void tiph_net_exit(void);

#endif /* TIPHARES_NET_H */
