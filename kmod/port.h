/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports, and the immutable table of them.
 *
 * A struct tiph_ports is one version of a namespace's table. It is built
 * whole, published by one pointer, and never written again. Packets read it
 * under RCU. A commit builds the next version, which shares the struct
 * tiph_port that did not change; the old version is freed after a grace
 * period, and a port with the last version that has it.
 *
 * A struct tiph_ident is what remains of a port from one version to the next:
 * name, id, counters. It is referred to by the configurations of that port,
 * and so lives as long as the last of them.
 *
 * References are counted in process context. They are taken under the
 * namespace's lock, from what the current version refers to.
 */
#ifndef TIPHARES_PORT_H
#define TIPHARES_PORT_H

#include <linux/in6.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/refcount.h>

#include "prefix.h"
#include "stats.h"

/**
 * struct tiph_names - names of interfaces
 * @name: the names
 * @n: number of @name
 */
struct tiph_names {
	char (*name)[IFNAMSIZ];
	u16 n;
};

/**
 * struct tiph_ident - identity of a port
 * @refs: the ports that refer to it
 * @id: never 0, and given again to a port of another name only if that takes
 *	the place of this one, with its listeners
 * @served: local port where a listener was last claimed
 * @modes: bits of all modes that it had before; connections are older than a
 *	change of mode, and keep what they may do
 * @stats: counters of this port
 * @shed: listeners whose accept queue went above the high-water mark and is not
 *	yet down at the low one; a bit stands for all listeners of its hash
 * @shed_told: there were such listeners when it was last announced; under the
 *	namespace's lock
 * @name: the port's name
 */
struct tiph_ident {
	refcount_t refs;
	u32 id;
	u16 served;
	u8 modes;
	unsigned long shed;
	bool shed_told;
	struct tiph_stats __percpu *stats;
	char name[TIPH_NAME_MAX];
};

/**
 * struct tiph_port - configuration of a port, immutable once in a table
 * @ident: its identity, counted; set when it enters a table
 * @refs: versions of the table that have it
 * @mark: skb mark of intercepted packets, or 0
 * @listen: local port of the listeners
 * @before: local port where they were before, 0: nowhere else; those that are
 *	still there serve until there is one at @listen
 * @mode: enum tiph_mode
 * @source_port: enum tiph_source_port
 * @on_failure: enum tiph_policy
 * @on_overload: enum tiph_policy
 * @dry_run: intercepts nothing, only counts what it would
 * @sample: share of clients that it intercepts
 * @shed_high: share of a backlog at which it is to be spared, or 0
 * @shed_low: share of a backlog at which that ends
 * @selective: there is more to match than a destination port
 * @n_dports: number of @dports
 * @dports: destination ports
 * @interfaces: ingress interfaces; empty: all
 * @bridges: bridges whose frames are looked at
 * @sources: clients; empty: all
 * @destinations: servers; empty: all
 * @except_sources: clients that are left alone
 * @except_destinations: servers that are left alone
 * @name: the port's name
 */
struct tiph_port {
	struct tiph_ident *ident;
	refcount_t refs;
	u32 mark;
	u16 listen;
	u16 before;
	u8 mode;
	u8 source_port;
	u8 on_failure;
	u8 on_overload;
	bool dry_run;
	bool selective;
	u16 sample;
	u16 shed_high;
	u16 shed_low;
	u16 n_dports;
	u16 *dports;
	struct tiph_names interfaces;
	struct tiph_names bridges;
	struct tiph_prefixes sources;
	struct tiph_prefixes destinations;
	struct tiph_prefixes except_sources;
	struct tiph_prefixes except_destinations;
	char name[TIPH_NAME_MAX];
};

/**
 * struct tiph_match - which port to look at for a destination port
 * @dport: destination port
 * @port: index in the table
 */
struct tiph_match {
	u16 dport;
	u16 port;
};

/**
 * struct tiph_ports - one version of the port table
 * @match: sorted by destination port, then by index
 * @n_match: number of @match
 * @generation: number of the commit that made it
 * @mark: the mark of those ports that have one, if it is the same, else 0
 * @has_mark: some port has a mark
 * @has_bridge: some port names a bridge
 * @n: number of ports
 * @port: the ports, in the order in which they are tried
 */
struct tiph_ports {
	struct tiph_match *match;
	unsigned int n_match;
	u32 generation;
	u32 mark;
	bool has_mark;
	bool has_bridge;
	u16 n;
	struct tiph_port *port[];
};

/**
 * struct tiph_syn - what is looked at to find the port of a SYN
 * @in: ingress interface
 * @port: the bridge port it came by, if it would only cross the bridge @in
 * @family: AF_INET or AF_INET6
 * @dport: destination port
 * @saddr4: source, for AF_INET
 * @daddr4: destination, for AF_INET
 * @saddr6: source, for AF_INET6
 * @daddr6: destination, for AF_INET6
 */
struct tiph_syn {
	const struct net_device *in;
	const struct net_device *port;
	u8 family;
	u16 dport;
	union {
		__be32 saddr4;
		const struct in6_addr *saddr6;
	};
	union {
		__be32 daddr4;
		const struct in6_addr *daddr6;
	};
};

/* Says why something is refused; NL_SET_ERR_MSG() takes literals only. */
static inline void tiph_refuse(struct netlink_ext_ack *extack,
			       const char *reason)
{
	if (extack)
		extack->_msg = reason;
}

struct tiph_port *tiph_port_create(void);
int tiph_port_check(struct tiph_port *port, struct netlink_ext_ack *extack);
void tiph_port_put(struct tiph_port *port);

int tiph_ports_merge(const struct tiph_ports *old, struct tiph_port **ports,
		     unsigned int n, bool replace, u32 *last_id,
		     struct tiph_ports **ret, struct netlink_ext_ack *extack);
int tiph_ports_remove(const struct tiph_ports *old,
		      const struct nlattr * const *names, unsigned int n,
		      struct tiph_ports **ret, struct netlink_ext_ack *extack);
void tiph_ports_free(struct tiph_ports *ports);

const struct tiph_port *tiph_ports_match(const struct tiph_ports *ports,
					 const struct tiph_syn *syn);
struct tiph_port *tiph_ports_by_name(const struct tiph_ports *ports,
				     const char *name);
const struct tiph_port *tiph_ports_by_id(const struct tiph_ports *ports,
					 u32 id);
bool tiph_ports_have_bridge(const struct tiph_ports *ports,
			    const struct net_device *br);
bool tiph_port_has_dport(const struct tiph_port *port, u16 dport);

#endif /* TIPHARES_PORT_H */
