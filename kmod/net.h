/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A network namespace: its ports, its hooks, its owner.
 *
 * Life of a namespace's state:
 *
 *   idle --first commit with ports--> hooked --last port removed--> idle
 *                                        \
 *                                         `--namespace exits--> gone
 *
 * Everything that packets read is ready before the hooks are registered and
 * stays until a grace period after they were unregistered; see
 * tiph_net_pre_exit() for the phases of the end.
 */
#ifndef TIPHARES_NET_H
#define TIPHARES_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <net/net_namespace.h>

#include "dst.h"
#include "port.h"
#include "stats.h"

#define TIPH_HOOKS_MAX	4

/**
 * struct tiph_gate - TCP ports that a packet must have to be looked at
 * @dport: destination ports that are intercepted
 * @sport: source ports of replies to spoofed sockets
 *
 * Indexed by the port in network byte order. Bits are only set while there
 * are hooks, since connections outlive the ports that made them: a stale bit
 * costs a socket lookup, a missing bit would lose packets.
 */
struct tiph_gate {
	DECLARE_BITMAP(dport, 65536);
	DECLARE_BITMAP(sport, 65536);
};

/**
 * struct tiph_net - state of a network namespace
 * @gate: set once, before the first hook
 * @stats: set once, before the first hook; counters of the namespace
 * @net: set once
 * @dst: set before the first hook, taken back when the namespace exits
 * @cookie_stamp: when a listener may last have sent a SYN cookie, in jiffies;
 *	written by any packet without order, wrong by a tick at most
 * @ports: written under @lock
 * @lock: protects the members below and the publishing of @ports; taken in
 *	process context only
 * @generation: number of the last commit
 * @owner: netlink port id of the owner or 0; an owner pins the module
 * @hooked: the hooks are registered
 * @hooks: the hooks, with this as their private pointer
 */
struct tiph_net {
	struct tiph_gate *gate;
	struct tiph_stats __percpu *stats;
	struct net *net;
	struct tiph_dst dst;
	unsigned long cookie_stamp;
	struct tiph_ports __rcu *ports;

	struct mutex lock;
	u32 generation;
	u32 owner;
	bool hooked;
	struct nf_hook_ops hooks[TIPH_HOOKS_MAX];
};

struct tiph_net *tiph_net_get(const struct net *net);

int tiph_net_commit(struct tiph_net *tn, struct tiph_ports *ports);
void tiph_net_retire(struct tiph_ports *ports);
bool tiph_net_own(struct tiph_net *tn, u32 owner);

/* The table as it is, for a caller who holds the lock. */
static inline struct tiph_ports *tiph_net_ports(const struct tiph_net *tn)
{
	return rcu_dereference_protected(tn->ports,
					 lockdep_is_held(&tn->lock));
}

/* @port is in network byte order, as the index is. */
static inline bool tiph_gate_test(const unsigned long *map, __be16 port)
{
	u16 bit = (__force u16)port;

	return READ_ONCE(map[BIT_WORD(bit)]) >> (bit % BITS_PER_LONG) & 1;
}

static inline void tiph_gate_open(unsigned long *map, __be16 port)
{
	if (!tiph_gate_test(map, port))
		set_bit((__force u16)port, map);
}

int tiph_net_init(const struct nf_hook_ops *hooks, unsigned int n);
void tiph_net_exit(void);

#endif /* TIPHARES_NET_H */
