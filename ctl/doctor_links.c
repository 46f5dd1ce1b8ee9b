// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl doctor: interfaces, and where routes lead. */
#include "doctor.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netlink/route/classifier.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/rule.h>
#include <stdio.h>
#include <string.h>

#include "route.h"

/* The policy rules of the nft datapath are told by this. */
#define OUR_ROUTE_PROTOCOL 84

/* Of a cache of links, all: the callback has no other argument. */
struct look {
	struct doctor *d;
	unsigned int widest;
	unsigned int narrowest;
	char narrow[IFNAMSIZ];
};

static const char *text(const char *s)
{
	return s ? s : "";
}

static struct rtnl_link *link_named(const struct doctor *d, const char *name)
{
	return rtnl_link_get_by_name(d->links, name);
}

static bool is_up(struct rtnl_link *link)
{
	return rtnl_link_get_flags(link) & IFF_UP;
}

static void check_named(struct doctor *d, const char *port, const char *name)
{
	struct rtnl_link *link = link_named(d, name);
	char fix[96];

	if (link && is_up(link)) {
		rtnl_link_put(link);
		return;
	}
	snprintf(fix, sizeof(fix), link ? "ip link set %s up" : "correct match.interfaces, or make %s", name);
	doctor_find(d, DOCTOR_ERROR, "interface", "no client can come by an interface that a port names", fix,
		    "port %s names %s, which %s", port, name, link ? "is down" : "is not there");
	rtnl_link_put(link);
}

/* An interface in a VRF has another routing, which the nft datapath does not follow. */
static void on_vrf(struct nl_object *obj, void *arg)
{
	struct rtnl_link *link = (struct rtnl_link *)obj, *master;
	struct look *look = arg;
	struct doctor *d = look->d;

	master = rtnl_link_get(d->links, rtnl_link_get_master(link));
	if (master && !strcmp(text(rtnl_link_get_type(master)), "vrf") && d->nft &&
	    doctor_takes_interface(d, rtnl_link_get_name(link)))
		doctor_find(d, DOCTOR_ERROR, "vrf", "the nft datapath can't intercept from an interface in a VRF",
			    "name the other interfaces in match.interfaces, or use the datapath kmod",
			    "%s is in VRF %s", rtnl_link_get_name(link), rtnl_link_get_name(master));
	rtnl_link_put(master);
}

void doctor_check_interfaces(struct doctor *d)
{
	struct rtnl_link *lo = link_named(d, "lo");
	struct look look = { .d = d };
	json_t *port, *name;
	size_t i, k;

	if (!lo || !is_up(lo))
		doctor_find(d, DOCTOR_ERROR, "loopback", "listeners are on loopback: nothing can be intercepted",
			    "ip link set lo up", "lo is down");
	rtnl_link_put(lo);
	if (d->ipv6 && doctor_sysctl("ipv6/conf/lo/disable_ipv6", 0))
		doctor_find(d, DOCTOR_WARNING, "ipv6", "IPv6 clients are not intercepted",
			    "sysctl -w net.ipv6.conf.lo.disable_ipv6=0, then restart the daemon",
			    "net.ipv6.conf.lo.disable_ipv6 is 1");
	json_array_foreach(d->ports, i, port)
		json_array_foreach(json_object_get(json_object_get(port, "match"), "interfaces"), k, name)
			check_named(d, ctl_string(port, "name"), json_string_value(name));
	nl_cache_foreach(d->links, on_vrf, &look);
}

static void on_bridge(struct nl_object *obj, void *arg)
{
	struct rtnl_link *link = (struct rtnl_link *)obj;
	struct look *look = arg;
	const char *name = rtnl_link_get_name(link);

	if (strcmp(text(rtnl_link_get_type(link)), "bridge") || !doctor_takes_interface(look->d, name))
		return;
	doctor_find(look->d, DOCTOR_WARNING, "br_netfilter", "nothing is intercepted from this bridge",
		    "sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0",
		    "%s is a bridge and net.bridge.bridge-nf-call-iptables or -ip6tables is 1", name);
}

void doctor_check_bridges(struct doctor *d)
{
	struct look look = { .d = d };

	if (d->nft && (doctor_sysctl("bridge/bridge-nf-call-iptables", 0) > 0 ||
		       doctor_sysctl("bridge/bridge-nf-call-ip6tables", 0) > 0))
		nl_cache_foreach(d->links, on_bridge, &look);
}

/* ---- filters that see packets before the hooks do ------------------------- */

static void check_filters(struct doctor *d, struct rtnl_link *link, uint32_t parent)
{
	const char *name = rtnl_link_get_name(link);
	struct nl_cache *filters;
	int n;

	if (rtnl_cls_alloc_cache(d->sock, rtnl_link_get_ifindex(link), parent, &filters))
		return;
	n = nl_cache_nitems(filters);
	nl_cache_free(filters);
	if (n)
		doctor_find(d, DOCTOR_WARNING, "tc_ingress", "filters see packets first, and may redirect or drop what is to be intercepted",
			    "look at them (tc filter show dev NAME ingress); take away what concerns intercepted ports",
			    "%s has %d filters at ingress", name, n);
}

static void on_qdisc(struct nl_object *obj, void *arg)
{
	struct rtnl_tc *tc = (struct rtnl_tc *)obj;
	struct look *look = arg;
	struct rtnl_link *link = rtnl_link_get(look->d->links, rtnl_tc_get_ifindex(tc));
	bool clsact = !strcmp(text(rtnl_tc_get_kind(tc)), "clsact");

	if (link && (clsact || !strcmp(text(rtnl_tc_get_kind(tc)), "ingress")) &&
	    doctor_takes_interface(look->d, rtnl_link_get_name(link)))
		check_filters(look->d, link, clsact ? TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) : TC_H_MAKE(TC_H_INGRESS, 0));
	rtnl_link_put(link);
}

void doctor_check_tc(struct doctor *d)
{
	struct look look = { .d = d };
	struct nl_cache *qdiscs;

	if (rtnl_qdisc_alloc_cache(d->sock, &qdiscs))
		return;
	nl_cache_foreach(qdiscs, on_qdisc, &look);
	nl_cache_free(qdiscs);
}

/* ---- sizes ---------------------------------------------------------------- */

static void on_mtu(struct nl_object *obj, void *arg)
{
	struct rtnl_link *link = (struct rtnl_link *)obj;
	unsigned int mtu = rtnl_link_get_mtu(link);
	const char *name = rtnl_link_get_name(link);
	struct look *look = arg;

	if (!is_up(link) || !strcmp(name, "lo"))
		return;
	if (mtu > look->widest)
		look->widest = mtu;
	if (!look->narrowest || mtu < look->narrowest) {
		look->narrowest = mtu;
		snprintf(look->narrow, sizeof(look->narrow), "%s", name);
	}
	if (mtu < 1280 && look->d->ipv6)
		doctor_find(look->d, DOCTOR_WARNING, "mtu", "no IPv6 on an interface with an MTU below 1280",
			    "ip link set NAME mtu 1280 or more", "%s has an MTU of %u", name, mtu);
}

void doctor_check_mtu(struct doctor *d)
{
	struct look look = { .d = d };

	nl_cache_foreach(d->links, on_mtu, &look);
	if (look.narrowest < look.widest && !doctor_sysctl("ipv4/tcp_mtu_probing", 1))
		doctor_find(d, DOCTOR_NOTE, "mtu_probing",
			    "interfaces differ in MTU: if the ICMP errors about it get lost on the way, transfers stand",
			    "sysctl -w net.ipv4.tcp_mtu_probing=1 lets TCP find out by itself",
			    "%s has an MTU of %u, another one %u; net.ipv4.tcp_mtu_probing is 0", look.narrow, look.narrowest,
			    look.widest);
}

/* ---- routes --------------------------------------------------------------- */

static bool named(const json_t *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (!strcmp(json_string_value(v), name))
			return true;
	return !json_array_size(list);
}

/* Clients of this prefix come by these interfaces: do answers to them leave that way? */
static void check_source(struct doctor *d, const json_t *port, const char *prefix)
{
	const json_t *interfaces = json_object_get(json_object_get(port, "match"), "interfaces");
	struct route route = { 0 };
	char address[64];
	int err;

	snprintf(address, sizeof(address), "%.*s", (int)strcspn(prefix, "/"), prefix);
	err = route_to(address, &route);
	if (err)
		doctor_find(d, DOCTOR_ERROR, "return_path", "clients can't be answered: this host has no route to them",
			    "ip route add PREFIX via ROUTER, towards the clients", "port %s takes clients of %s: %s",
			    ctl_string(port, "name"), prefix, strerror(-err));
	else if (!route.local && !named(interfaces, route.interface))
		doctor_find(d, DOCTOR_WARNING, "return_path",
			    "answers to clients leave by another interface than their connections come in",
			    "route the clients' network by the interface they come from, or add it to match.interfaces",
			    "port %s takes clients of %s by interfaces it names; the route to them is by %s",
			    ctl_string(port, "name"), prefix, route.interface);
}

static void check_default(struct doctor *d, int version, const char *somewhere)
{
	struct route route = { 0 };
	int err = route_to(somewhere, &route);

	if (err)
		doctor_find(d, DOCTOR_WARNING, "no_route", "origins outside of this host's own networks can't be reached",
			    "ip route add default via ROUTER", "IPv%d, %s: %s", version, somewhere, strerror(-err));
}

void doctor_check_return_path(struct doctor *d)
{
	json_t *port, *prefix;
	size_t i, k;

	json_array_foreach(d->ports, i, port)
		json_array_foreach(json_object_get(json_object_get(port, "match"), "sources"), k, prefix)
			check_source(d, port, json_string_value(prefix));
	/* any address that is nobody's network here will do */
	check_default(d, 4, "198.51.100.1");
	if (d->ipv6)
		check_default(d, 6, "2001:db8:ffff::1");
}

static void on_rule(struct nl_object *obj, void *arg)
{
	struct rtnl_rule *rule = (struct rtnl_rule *)obj;
	struct look *look = arg;
	const char *iif = rtnl_rule_get_iif(rule);
	uint8_t protocol = 0;

	rtnl_rule_get_protocol(rule, &protocol);
	if (!iif || !strcmp(iif, "lo") || protocol == OUR_ROUTE_PROTOCOL || !doctor_takes_interface(look->d, iif))
		return;
	doctor_find(look->d, DOCTOR_WARNING, "policy_routing",
		    "a policy rule for what comes in by an interface does not hold for the proxy's connections to origins",
		    "write it for the clients' addresses (from PREFIX) where the mode is full or outbound",
		    "rule %u, for what comes in by %s, leads to table %u", rtnl_rule_get_prio(rule), iif,
		    rtnl_rule_get_table(rule));
}

void doctor_check_policy_routing(struct doctor *d)
{
	struct look look = { .d = d };
	struct nl_cache *rules;

	for (int i = 0; i < 2; i++) {
		if (rtnl_rule_alloc_cache(d->sock, i ? AF_INET6 : AF_INET, &rules))
			continue;
		nl_cache_foreach(rules, on_rule, &look);
		nl_cache_free(rules);
	}
}
