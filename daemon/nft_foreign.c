// SPDX-License-Identifier: GPL-2.0-only
/*
 * TPROXY rules of somebody else. One that could take a connection we are to
 * intercept makes it a matter of chance who gets it, so it is found before.
 *
 * nft tables are read as text, those of the old iptables as the kernel gives
 * them. A rule is harmless when it plainly speaks of another protocol or of other
 * ports; anything that can't be told (a set, a condition, a jump that led to it)
 * counts as a collision.
 */
#include "nft.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
/* net/if.h came first; the kernel's headers know */
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is any destination port that @conf intercepts in this range? */
static bool wants_port(const struct conf *conf, unsigned int low, unsigned int high)
{
	for (size_t i = 0; i < conf->n_ports; i++)
		for (size_t k = 0; k < conf->ports[i].n_dports && conf->ports[i].mode & TIPH_INBOUND; k++)
			if (conf->ports[i].dports[k] >= low && conf->ports[i].dports[k] <= high)
				return true;
	return false;
}

/* ---- nft ----------------------------------------------------------------- */

/* "80", "1000-2000" or "{ 80, 1000-2000 }": none of ours in it? */
static bool ports_harmless(const char *s, const struct conf *conf)
{
	bool list = *s == '{';
	char *end;

	s += list;
	for (;;) {
		unsigned long low, high;

		while (*s == ' ' || *s == ',')
			s++;
		if (list && *s == '}')
			return true;
		if (!isdigit((unsigned char)*s))
			return false;
		low = high = strtoul(s, &end, 10);
		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		if (wants_port(conf, low, high))
			return false;
		if (!list)
			return true;
		s = end;
	}
}

static bool line_harmless(const char *line, const struct conf *conf)
{
	const char *dport = strstr(line, "tcp dport ");

	if (dport)
		return ports_harmless(dport + strlen("tcp dport "), conf);
	return strstr(line, "udp dport ") || strstr(line, "meta l4proto udp ");
}

/* Name of the object that a line "table inet x {" or "chain x {" begins. */
static bool opens(const char *line, const char *what, char *name, size_t size)
{
	while (*line == '\t')
		line++;
	if (strncmp(line, what, strlen(what)))
		return false;
	line += strlen(what);
	snprintf(name, size, "%.*s", (int)strcspn(line, "{") - 1, line);
	return true;
}

static int nft_tproxy(struct nft_table *table, const struct conf *conf, char *why, size_t size)
{
	char *text = nft_table_terse(table, "list ruleset"), *rest = text, *line;
	char of[96] = "", chain[64] = "";
	int err = 0;

	while (!err && (line = strsep(&rest, "\n"))) {
		if (opens(line, "table ", of, sizeof(of)) || opens(line, "chain ", chain, sizeof(chain)))
			continue;
		if (!strcmp(of, "inet " NFT_TABLE) || !strcasestr(line, "tproxy ") || line_harmless(line, conf))
			continue;
		snprintf(why, size, "table %s, chain %s has a TPROXY rule of somebody else for the same connections", of,
			 chain);
		err = -EBUSY;
	}
	free(text);
	return err;
}

/* ---- the old iptables ---------------------------------------------------- */

/* One entry of either family: protocol and matches are at different places. */
struct legacy_entry {
	uint8_t protocol;
	bool inverted;
	const char *matches;
	const char *target;
};

static bool match_harmless(const struct xt_entry_match *match, const struct conf *conf)
{
	const void *data = match->data;

	if (!strcmp(match->u.user.name, "tcp")) {
		const struct xt_tcp *tcp = data;

		return !(tcp->invflags & XT_TCP_INV_DSTPT) && !wants_port(conf, tcp->dpts[0], tcp->dpts[1]);
	}
	if (!strcmp(match->u.user.name, "multiport") && match->u.user.revision == 1) {
		const struct xt_multiport_v1 *multi = data;

		if (multi->invert || multi->flags == XT_MULTIPORT_SOURCE)
			return false;
		for (unsigned int i = 0; i < multi->count; i++) {
			unsigned int low = multi->ports[i];

			if (wants_port(conf, low, multi->pflags[i] ? multi->ports[++i] : low))
				return false;
		}
		return true;
	}
	return false;
}

static bool entry_harmless(const struct legacy_entry *e, const struct conf *conf)
{
	const struct xt_entry_target *target = (const void *)e->target;
	const struct xt_entry_match *match;

	if (strcmp(target->u.user.name, "TPROXY"))
		return true;
	if (e->protocol && !e->inverted && e->protocol != IPPROTO_TCP)
		return true;
	for (const char *s = e->matches; s < e->target; s += match->u.match_size) {
		match = (const void *)s;
		if (match_harmless(match, conf))
			return true;
		if (!match->u.match_size)
			break;
	}
	return false;
}

/* Return: octets of the entry at @s, 0 at the end of what can be read. */
static size_t read_entry(int family, const char *s, size_t left, struct legacy_entry *ret)
{
	size_t head = family == AF_INET ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
	size_t target, next;

	if (left < head)
		return 0;
	if (family == AF_INET) {
		const struct ipt_entry *e = (const void *)s;

		*ret = (struct legacy_entry){ .protocol = e->ip.proto, .inverted = e->ip.invflags & XT_INV_PROTO };
		target = e->target_offset;
		next = e->next_offset;
	} else {
		const struct ip6t_entry *e = (const void *)s;

		*ret = (struct legacy_entry){ .protocol = e->ipv6.proto, .inverted = e->ipv6.invflags & XT_INV_PROTO };
		target = e->target_offset;
		next = e->next_offset;
	}
	ret->matches = s + head;
	ret->target = s + target;
	return next <= left && target + sizeof(struct xt_entry_target) <= next ? next : 0;
}

static bool entries_harmless(int family, const char *s, size_t size, const struct conf *conf)
{
	struct legacy_entry e;
	size_t n;

	for (; (n = read_entry(family, s, size, &e)); s += n, size -= n)
		if (!entry_harmless(&e, conf))
			return false;
	return true;
}

/* The entries of table mangle, to be freed; NULL when they can't be had. */
static struct ipt_get_entries *read_mangle(int fd, int family)
{
	int level = family == AF_INET ? SOL_IP : SOL_IPV6;
	struct ipt_getinfo info = { .name = "mangle" };
	struct ipt_get_entries *entries;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, level, family == AF_INET ? IPT_SO_GET_INFO : IP6T_SO_GET_INFO, &info, &len))
		return NULL;
	len = sizeof(*entries) + info.size;
	entries = calloc(1, len);
	if (!entries)
		return NULL;
	strcpy(entries->name, "mangle");
	entries->size = info.size;
	if (!getsockopt(fd, level, family == AF_INET ? IPT_SO_GET_ENTRIES : IP6T_SO_GET_ENTRIES, entries, &len))
		return entries;
	free(entries);
	return NULL;
}

static int legacy_tproxy(int family, const struct conf *conf, char *why, size_t size)
{
	struct ipt_get_entries *entries;
	int err = 0, fd;

	/* asking for a table that is not there would make it */
	if (!nft_legacy_table(family, "mangle"))
		return 0;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	entries = read_mangle(fd, family);
	close(fd);
	if (entries && !entries_harmless(family, (const char *)entries->entrytable, entries->size, conf)) {
		snprintf(why, size, "table mangle of %s has a TPROXY rule of somebody else for the same connections",
			 family == AF_INET ? "iptables-legacy" : "ip6tables-legacy");
		err = -EBUSY;
	}
	free(entries);
	return err;
}

int nft_foreign_tproxy(struct nft_table *table, const struct conf *conf, bool ruleset_changed, char *why, size_t size)
{
	int err = ruleset_changed ? nft_tproxy(table, conf, why, size) : 0;

	if (!err)
		err = legacy_tproxy(AF_INET, conf, why, size);
	return err ? err : legacy_tproxy(AF_INET6, conf, why, size);
}
