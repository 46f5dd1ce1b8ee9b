// SPDX-License-Identifier: GPL-2.0-only
/* The configuration, asked about a connection that nobody made. */
#include "explain.h"

#include <string.h>

const char *const explain_sentences[EXPLAIN_WHY_MAX] = {
	[EXPLAIN_MATCH] = "it matches",
	[EXPLAIN_ASKED] = "its mode takes no connection that is addressed to others",
	[EXPLAIN_PORT] = "the destination port is not in match.ports",
	[EXPLAIN_INTERFACE] = "the ingress interface is not in match.interfaces",
	[EXPLAIN_SOURCE] = "the source is not in match.sources",
	[EXPLAIN_DESTINATION] = "the destination is not in match.destinations",
	[EXPLAIN_EXCEPT_SOURCE] = "the source is in match.except.sources",
	[EXPLAIN_EXCEPT_DESTINATION] = "the destination is in match.except.destinations",
};

/* The name of a verdict is that of its counter. */
static const struct {
	const char *name, *sentence;
} verdicts[] = {
	{ "intercepted", "it is given to the port's listener" },
	{ "established", "there is such a connection, and it is intercepted" },
	{ "unmatched", "no port matches: it is forwarded" },
	{ "local", "the destination is this host itself" },
	{ "own", "the source is this host itself: only what it forwards is intercepted" },
	{ "unroutable", "this host would not forward it: it has no route, or the source may not come in there" },
	{ "bridged", "it comes from a bridge whose frames netfilter sees already: see bridge-nf-call-iptables" },
	{ "bypass_static", "an entry of bypass.static covers it: it is forwarded" },
	{ "bypass_dynamic", "a dynamic bypass entry covers it: it is forwarded" },
	{ "sampled_out", "the client is not in the port's sample: it is forwarded" },
	{ "dry_run", "the port only counts (dry_run): it is forwarded" },
	{ "repeated", "its SYN repeats one that was forwarded: it is forwarded again" },
	{ "hung_open", "the daemon shows no life, on_failure: open: it is forwarded" },
	{ "hung_closed", "the daemon shows no life, on_failure: closed: it is dropped" },
	{ "hung_reset", "the daemon shows no life, on_failure: reset: it is refused" },
	{ "failure_open", "the port is not served now, on_failure: open: it is forwarded" },
	{ "failure_closed", "the port is not served now, on_failure: closed: it is dropped" },
	{ "failure_reset", "the port is not served now, on_failure: reset: it is refused" },
	{ "busy_open", "the daemon is overloaded, on_overload: open: it is forwarded" },
	{ "busy_closed", "the daemon is overloaded, on_overload: closed: it is dropped" },
	{ "busy_reset", "the daemon is overloaded, on_overload: reset: it is refused" },
	{ "overload_open", "load is shed, on_overload: open: it is forwarded" },
	{ "overload_closed", "load is shed, on_overload: closed: it is dropped" },
	{ "overload_reset", "load is shed, on_overload: reset: it is refused" },
	{ "loop", "this host sent it itself, with a client's address: it is dropped" },
};

const char *explain_verdict(const char *name)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strcmp(verdicts[i].name, name))
			return verdicts[i].sentence;
	return "";
}

/* ---- the sample ---------------------------------------------------------- */

/*
 * The hash that the kernel has under the name of jhash, which is lookup3 of Bob
 * Jenkins, for the octets of one address: three words are mixed at a time, and
 * those that are left are stirred at the end.
 */
static uint32_t rol(uint32_t x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

static void mix(uint32_t v[3])
{
	static const unsigned int turns[] = { 4, 6, 8, 16, 19, 4 };

	for (unsigned int i = 0; i < 6; i++) {
		uint32_t *a = &v[i % 3], *b = &v[(i + 1) % 3], *c = &v[(i + 2) % 3];

		*a -= *c;
		*a ^= rol(*c, turns[i]);
		*c += *b;
	}
}

static uint32_t stir(uint32_t v[3])
{
	static const unsigned int turns[] = { 14, 11, 25, 16, 4, 14, 24 };

	for (unsigned int i = 0; i < 7; i++) {
		uint32_t *to = &v[(i + 2) % 3], *from = &v[(i + 1) % 3];

		*to ^= *from;
		*to -= rol(*from, turns[i]);
	}
	return v[2];
}

bool explain_sampled(const struct conf_port *port, const struct addr *client)
{
	uint32_t words[4] = { 0 }, v[3];
	size_t len = client->family == AF_INET ? 4 : 16;

	memcpy(words, client->bytes, len);
	v[0] = v[1] = v[2] = 0xdeadbeef + (uint32_t)len + TIPH_SAMPLE_SEED;
	if (len > 12) {
		for (unsigned int i = 0; i < 3; i++)
			v[i] += words[i];
		mix(v);
	}
	v[0] += words[len > 12 ? 3 : 0];
	return (uint64_t)stir(v) * TIPH_SHARE >> 32 < port->sample;
}

/* ---- ports --------------------------------------------------------------- */

static bool lists(const struct prefix_list *list, const struct addr *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (prefix_contains(&list->v[i], a))
			return true;
	return false;
}

/* An empty list is no condition. */
static bool admits(const struct prefix_list *list, const struct addr *a)
{
	return !list->n || lists(list, a);
}

static bool has_dport(const struct conf_port *port, uint16_t dport)
{
	for (size_t i = 0; i < port->n_dports; i++)
		if (port->dports[i] == dport)
			return true;
	return false;
}

static bool has_interface(const struct conf_port *port, const char *ifname)
{
	if (!port->interfaces.n || !*ifname)
		return true;
	for (size_t i = 0; i < port->interfaces.n; i++)
		if (!strcmp(port->interfaces.v[i], ifname))
			return true;
	return false;
}

enum explain_why explain_port(const struct conf_port *port, const struct explain_tuple *t)
{
	if (!(port->mode & TIPH_INBOUND))
		return EXPLAIN_ASKED;
	if (!has_dport(port, t->destination.port))
		return EXPLAIN_PORT;
	if (!has_interface(port, t->ifname))
		return EXPLAIN_INTERFACE;
	if (!admits(&port->sources, &t->source))
		return EXPLAIN_SOURCE;
	if (!admits(&port->destinations, &t->destination.addr))
		return EXPLAIN_DESTINATION;
	if (lists(&port->except_sources, &t->source))
		return EXPLAIN_EXCEPT_SOURCE;
	if (lists(&port->except_destinations, &t->destination.addr))
		return EXPLAIN_EXCEPT_DESTINATION;
	return EXPLAIN_MATCH;
}
