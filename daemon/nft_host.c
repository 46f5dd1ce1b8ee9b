// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of the rest of this host matters: facts that shape our rules, and other
 * people's rules that make interception impossible.
 */
#include "nft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The number in a file of /proc/sys; @absent when it can't be read. */
static int read_sysctl(const char *path, int absent)
{
	FILE *f = fopen(path, "re");
	int value;

	if (!f)
		return absent;
	if (fscanf(f, "%d", &value) != 1)
		value = absent;
	fclose(f);
	return value;
}

static bool file_has_line(const char *path, const char *wanted)
{
	FILE *f = fopen(path, "re");
	char line[64];
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strcmp(line, wanted);
	}
	fclose(f);
	return found;
}

static bool ipv6_usable(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	close(fd);
	return !read_sysctl("/proc/sys/net/ipv6/conf/lo/disable_ipv6", 1);
}

/* Base chains of everybody else's nft tables. */
static void read_chains(struct nft_facts *ret, struct nft_table *table)
{
	char *chains = nft_table_terse(table, "list chains"), *rest = chains, *line;
	bool ours = false;

	ret->nft_nat = ret->nft_input = false;
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "table ", 6))
			ours = !strcmp(line, "table inet " NFT_TABLE " {");
		else if (!ours && strstr(line, "type nat hook prerouting"))
			ret->nft_nat = true;
		else if (!ours && strstr(line, " hook input "))
			ret->nft_input = true;
	}
	free(chains);
}

/* Asking the kernel for a table would make it. */
bool nft_legacy_table(int family, const char *name)
{
	return file_has_line(family == AF_INET ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names", name);
}

static bool has_legacy(const char *name)
{
	return nft_legacy_table(AF_INET, name) || nft_legacy_table(AF_INET6, name);
}

/* br_netfilter works for all bridges, or for some of them. */
static void read_bridges(struct nft_facts *ret, struct nl_sock *route)
{
	int ip = read_sysctl("/proc/sys/net/bridge/bridge-nf-call-iptables", -1);
	int ip6 = read_sysctl("/proc/sys/net/bridge/bridge-nf-call-ip6tables", 0);

	ret->bridges.n = 0;
	ret->bridged4 = ret->bridged6 = false;
	if (ip < 0 || nft_bridges_read(route, &ret->bridges))
		return;
	for (size_t i = 0; i < ret->bridges.n; i++) {
		struct nft_bridge *bridge = &ret->bridges.v[i];

		bridge->ip |= ip;
		bridge->ip6 |= ip6;
		ret->bridged4 |= bridge->ip;
		ret->bridged6 |= bridge->ip6;
	}
}

void nft_facts_read(struct nft_facts *ret, struct nft_table *table, struct nl_sock *route, bool ruleset_changed)
{
	ret->ipv6 = ipv6_usable();
	if (ruleset_changed)
		read_chains(ret, table);
	ret->nat = ret->nft_nat || has_legacy("nat");
	ret->input = ret->nft_input || has_legacy("filter") || has_legacy("mangle") || has_legacy("security");
	read_bridges(ret, route);
	ret->cookies = read_sysctl("/proc/sys/net/ipv4/tcp_syncookies", 0);
	ret->forward4 = read_sysctl("/proc/sys/net/ipv4/ip_forward", 0);
	ret->forward6 = read_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", 0);
}

static const struct nft_bridge *affected_bridge(const struct nft_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->bridges.n; i++)
		if (!strcmp(facts->bridges.v[i].name, name) && (facts->bridges.v[i].ip || facts->bridges.v[i].ip6))
			return &facts->bridges.v[i];
	return NULL;
}

/* The kernel has no socket to give to a frame that only crosses a bridge. */
static int crossing_collides(const struct conf_port *port, char *why, size_t size)
{
	if (!port->bridges.n)
		return 0;
	snprintf(why, size, "port %s: what only crosses bridge %s can't be intercepted without the module", port->name,
		 port->bridges.v[0]);
	return -EOPNOTSUPP;
}

/* An interface that a port names must be one whose SYNs can be intercepted. */
static int bridge_collides(const struct nft_facts *facts, const struct conf_port *port, char *why, size_t size)
{
	for (size_t i = 0; i < port->interfaces.n; i++) {
		const struct nft_bridge *bridge = affected_bridge(facts, port->interfaces.v[i]);

		if (!bridge)
			continue;
		snprintf(why, size,
			 "port %s: nothing can be intercepted from bridge %s while net.bridge.bridge-nf-call-%s is 1", port->name,
			 port->interfaces.v[i], bridge->ip ? "iptables" : "ip6tables");
		return -EBUSY;
	}
	return 0;
}

int nft_host_collide(const struct nft_facts *facts, const struct conf *conf, char *why, size_t size)
{
	int err = 0;

	for (size_t i = 0; !err && i < conf->n_ports; i++)
		if (conf->ports[i].mode & TIPH_INBOUND)
			err = crossing_collides(&conf->ports[i], why, size) ?:
			      bridge_collides(facts, &conf->ports[i], why, size);
	return err;
}

/* Does a port take connections from every interface? */
static bool takes_all(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].mode & TIPH_INBOUND && !conf->ports[i].interfaces.n)
			return true;
	return false;
}

static int warn_bridges(const struct nft_facts *facts, const struct conf *conf, char *text, size_t size)
{
	const char *comma = "";
	int len;

	if (!takes_all(conf) || (!facts->bridged4 && !facts->bridged6))
		return 0;
	len = snprintf(text, size, "net.bridge.bridge-nf-call-iptables is 1: not intercepted from bridges: ");
	for (size_t i = 0; i < facts->bridges.n && len < (int)size; i++) {
		if (!facts->bridges.v[i].ip && !facts->bridges.v[i].ip6)
			continue;
		len += snprintf(text + len, size - len, "%s%s", comma, facts->bridges.v[i].name);
		comma = ", ";
	}
	return 1;
}

static int warn_forwarding(const struct nft_facts *facts, const struct conf *conf, char *text, size_t size)
{
	if (facts->forward4)
		return 0;
	snprintf(text, size, "net.ipv4.ip_forward is 0: what is not intercepted is not forwarded");
	return 1;
}

/* conntrack takes both sides of such a connection for the same one. */
static int warn_source_port(const struct nft_facts *facts, const struct conf *conf, char *text, size_t size)
{
	for (size_t i = 0; facts->nat && i < conf->n_ports; i++) {
		const struct conf_port *port = &conf->ports[i];

		if (port->mode != TIPH_MODE_FULL || port->source_port == TIPH_SOURCE_PORT_ANY)
			continue;
		snprintf(text, size, "port %s: source_port %s beside NAT: its connections to origins escape the NAT", port->name,
			 port->source_port == TIPH_SOURCE_PORT_STRICT ? "strict" : "preserve");
		return 1;
	}
	return 0;
}

int nft_host_warn(const struct nft_facts *facts, const struct conf *conf, unsigned int i, char *text, size_t size)
{
	static int (*const warnings[NFT_WARNINGS])(const struct nft_facts *facts, const struct conf *conf, char *text,
						   size_t size) = { warn_bridges, warn_forwarding, warn_source_port };

	return warnings[i](facts, conf, text, size);
}
