// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of the table "inet tiphares".
 *
 * A packet enters at chain prerouting, right after destination NAT. Two tests of
 * its TCP ports send nearly all traffic on. What remains takes one of two ways:
 *
 *  - a bare SYN goes through chain syn, once for every exclusion, then line by
 *    line through the ports; the first that matches sends it to chain take.PORT,
 *    which ends in tproxy, or without a listener in the port's failure policy;
 *  - everything else is ours only if a transparent socket of that 4-tuple exists.
 *    A flow that began before interception has none, and is forwarded.
 *
 * A packet that is ours gets the mark, which the policy rules turn into local
 * delivery. Only bare SYNs meet tproxy, because it knows how to reopen a
 * TIME_WAIT pair and because it would give everything else to the listener.
 *
 * An ACK that completes a SYN cookie has no socket yet. It is told from one of an
 * earlier flow by the set of 4-tuples whose SYN was intercepted a moment ago.
 *
 * A SYN of this host with a source that is not its own is remembered until it is
 * answered: if it comes in again, something routes it in a circle. It can only
 * have left a socket that the parent made; one of the worker's own could be an
 * accepted connection that was disconnected to spoof the origin it stood for.
 */
#include "nft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYN "tcp flags & (fin|syn|rst|ack) == syn "
#define ACK "tcp flags & (fin|syn|rst|ack) == ack "
#define SYNACK "tcp flags & (fin|syn|rst|ack) == (syn|ack) "
#define TUPLE4 "ip saddr . tcp sport . ip daddr . tcp dport"
#define TUPLE6 "ip6 saddr . tcp sport . ip6 daddr . tcp dport"
#define REVERSE4 "ip daddr . tcp dport . ip saddr . tcp sport"
#define REVERSE6 "ip6 daddr . tcp dport . ip6 saddr . tcp sport"

/* 4-tuples remembered for SYN cookies, and for how long */
#define COOKIE_TUPLES 65536
#define COOKIE_SECONDS 15
/* The same for spoofed SYNs; each repetition begins anew. */
#define SPOOFED_TUPLES 65536
#define SPOOFED_SECONDS 3

/* What the text is made from and written to. */
struct writer {
	FILE *text;
	FILE *list;
	FILE *elements;
	struct nft_bypass *bypass;
	unsigned int objects;
	const struct conf *conf;
	const struct nft_known *known;
	const struct nft_facts *facts;
	const struct datapath_counter *counters;
	size_t n_counters;
	bool spoofs;
};

static bool intercepts(const struct conf_port *port)
{
	return port->mode & TIPH_INBOUND;
}

static bool has_family(const struct prefix_list *list, int family)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].addr.family == family)
			return true;
	return false;
}

void nft_known_add(struct nft_known *known, const struct conf *conf)
{
	for (const struct conf_port *port = conf->ports; port < conf->ports + conf->n_ports; port++) {
		if (port->mode == TIPH_MODE_OUTBOUND)
			known->any = true;
		if (!intercepts(port))
			continue;
		for (size_t i = 0; i < port->n_dports; i++) {
			nft_port_set(known->dports, port->dports[i]);
			if (port->mode == TIPH_MODE_FULL)
				nft_port_set(known->sports, port->dports[i]);
		}
		for (size_t i = 0; port->mode == TIPH_MODE_FULL && i < conf->n_routes; i++)
			for (size_t k = 0; k < conf->routes[i].n_to; k++)
				nft_port_set(known->sports, conf->routes[i].to[k].port);
	}
}

/* ---- pieces -------------------------------------------------------------- */

static void rule(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void rule(struct writer *w, const char *fmt, ...)
{
	va_list ap;

	fputs("\t\t", w->text);
	va_start(ap, fmt);
	vfprintf(w->text, fmt, ap);
	va_end(ap);
	fputc('\n', w->text);
	w->objects++;
}

static void chain_begin(struct writer *w, const char *name, const char *suffix)
{
	fprintf(w->text, "\tchain %s%s {\n", name, suffix);
	w->objects++;
}

static void chain_end(struct writer *w)
{
	fputs("\t}\n", w->text);
}

/* A counter goes on from the value it had in the table that is replaced. */
static void counter(struct writer *w, const char *name, const char *port)
{
	uint64_t value = 0;

	for (size_t i = 0; i < w->n_counters; i++)
		if (!strcmp(w->counters[i].name, name) && !strcmp(w->counters[i].port, port))
			value = w->counters[i].value;
	fprintf(w->text, "\tcounter %s%s%s { packets %llu bytes 0 }\n", name, *port ? "." : "", port,
		(unsigned long long)value);
	w->objects++;
}

/* Between set_begin() and set_end() each element is written by element(). */
static void set_begin(struct writer *w, const char *name, const char *suffix, const char *type)
{
	fprintf(w->text, "\tset %s%s {\n\t\ttype %s\n\t\telements = { ", name, suffix, type);
	fprintf(w->list, "%s%s\n", name, suffix);
	w->objects++;
}

static void set_end(struct writer *w)
{
	fputs(" }\n\t}\n", w->text);
}

static void set_prefixes(struct writer *w, const char *name, const struct conf_port *port,
			 const struct prefix_list *list, int family)
{
	const char *type = family == AF_INET ? "ipv4_addr; flags interval; auto-merge" :
					       "ipv6_addr; flags interval; auto-merge";
	char full[16], buf[ENDPOINT_STRLEN];

	if (!has_family(list, family))
		return;
	snprintf(full, sizeof(full), "%s%c.", name, family == AF_INET ? '4' : '6');
	set_begin(w, full, port->name, type);
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].addr.family == family)
			fprintf(w->text, "%s, ", prefix_format(&list->v[i], buf, sizeof(buf)));
	set_end(w);
}

static void set_ports(struct writer *w, const char *name, const char *suffix, const uint16_t *ports, size_t n)
{
	set_begin(w, name, suffix, "inet_service");
	for (size_t i = 0; i < n; i++)
		fprintf(w->text, "%u, ", ports[i]);
	set_end(w);
}

/* Return: is there any? */
static bool set_known(struct writer *w, const char *name, const uint8_t *map)
{
	unsigned int first = 1;

	while (first < 65536 && !nft_port_test(map, first))
		first++;
	if (first == 65536)
		return false;
	set_begin(w, name, "", "inet_service");
	for (unsigned int i = first; i < 65536; i++)
		if (nft_port_test(map, i))
			fprintf(w->text, "%u, ", i);
	set_end(w);
	return true;
}

/* ---- one port ------------------------------------------------------------ */

const char *nft_failure_name(const struct conf_port *port)
{
	static const char *const names[] = { "failure_open", "failure_closed", "failure_reset" };

	return names[port->on_failure];
}

const char *nft_overload_name(const struct conf_port *port)
{
	return port->on_overload == TIPH_POLICY_OPEN ? "overload_open" : "overload_closed";
}

static const char *policy_verdict(uint8_t policy)
{
	static const char *const verdicts[] = { "goto passed", "drop", "reject with tcp reset" };

	return verdicts[policy];
}

static void port_objects(struct writer *w, const struct conf_port *port)
{
	counter(w, "intercepted", port->name);
	counter(w, nft_failure_name(port), port->name);
	counter(w, nft_overload_name(port), port->name);
	if (w->facts->input)
		counter(w, "arrived", port->name);
	if (port->sample < 10000)
		counter(w, "sampled_out", port->name);
	if (port->dry_run)
		counter(w, "dry_run", port->name);
	set_ports(w, "dports.", port->name, port->dports, port->n_dports);
	if (port->interfaces.n) {
		set_begin(w, "interfaces.", port->name, "ifname");
		for (size_t i = 0; i < port->interfaces.n; i++)
			fprintf(w->text, "\"%s\", ", port->interfaces.v[i]);
		set_end(w);
	}
	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
		set_prefixes(w, "src", port, &port->sources, family);
		set_prefixes(w, "dst", port, &port->destinations, family);
		set_prefixes(w, "xsrc", port, &port->except_sources, family);
		set_prefixes(w, "xdst", port, &port->except_destinations, family);
	}
}

/* The line of chain syn that matches @port in one family. */
static void port_line(struct writer *w, const struct conf_port *port, int family)
{
	const char *ip = family == AF_INET ? "ip" : "ip6";
	const char n = family == AF_INET ? '4' : '6';
	struct {
		const struct prefix_list *list;
		const char *field, *op, *name;
	} tests[] = {
		{ &port->sources, "saddr", "", "src" },
		{ &port->destinations, "daddr", "", "dst" },
		{ &port->except_sources, "saddr", "!= ", "xsrc" },
		{ &port->except_destinations, "daddr", "!= ", "xdst" },
	};
	char line[1024];
	int len;

	len = snprintf(line, sizeof(line), "meta nfproto ipv%c tcp dport @dports.%s ", n, port->name);
	if (port->interfaces.n)
		len += snprintf(line + len, sizeof(line) - len, "iifname @interfaces.%s ", port->name);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		if (has_family(tests[i].list, family))
			len += snprintf(line + len, sizeof(line) - len, "%s %s %s@%s%c.%s ", ip, tests[i].field,
					tests[i].op, tests[i].name, n, port->name);
		else if (i < 2 && tests[i].list->n)
			return;		/* prefixes of the other family only */
	}
	rule(w, "%sgoto take.%s", line, port->name);
}

/* Bits that a packet of ours carries: what the port asks for, and ours. */
static void write_mark(char *buf, size_t size, const struct writer *w, uint32_t mark)
{
	if (mark)
		snprintf(buf, size, "meta mark set 0x%x", mark | w->conf->nft.mark);
	else
		snprintf(buf, size, "meta mark set meta mark | 0x%x", w->conf->nft.mark);
}

static void port_tproxy(struct writer *w, const struct conf_port *port, const struct endpoint *listen)
{
	bool v4 = listen->addr.family == AF_INET;
	char to[ENDPOINT_STRLEN], mark[64];

	if (!v4 && !w->facts->ipv6)
		return;
	write_mark(mark, sizeof(mark), w, port->mark);
	rule(w, "meta nfproto %s meta l4proto tcp tproxy %s to %s %s counter name intercepted.%s goto taken",
	     v4 ? "ipv4" : "ipv6", v4 ? "ip" : "ip6", endpoint_format(listen, to, sizeof(to)), mark, port->name);
}

static void port_chain(struct writer *w, const struct conf_port *port)
{
	chain_begin(w, "skip.", port->name);
	chain_end(w);
	chain_begin(w, "take.", port->name);
	for (int v4 = 1; port->sample < 10000 && v4 >= 0; v4--)
		rule(w, "meta nfproto %s jhash %s saddr mod 10000 seed 0x74697068 >= %u counter name sampled_out.%s goto passed",
		     v4 ? "ipv4" : "ipv6", v4 ? "ip" : "ip6", port->sample, port->name);
	if (port->dry_run)
		rule(w, "counter name dry_run.%s goto passed", port->name);
	rule(w, "jump skip.%s", port->name);
	for (size_t i = 0; i < port->n_listen; i++)
		port_tproxy(w, port, &port->listen[i]);
	rule(w, "counter name %s.%s %s", nft_failure_name(port), port->name, policy_verdict(port->on_failure));
	chain_end(w);
}

/* Chain skip.PORT is empty, or decides for all. */
char *nft_script_state(const struct conf_port *port, enum nft_port_state state)
{
	bool overload = state == NFT_PORT_OVERLOADED;
	char *text;
	int n;

	if (state == NFT_PORT_SERVED)
		n = asprintf(&text, "flush chain inet %s skip.%s\n", NFT_TABLE, port->name);
	else
		n = asprintf(&text, "flush chain inet %s skip.%s\nadd rule inet %s skip.%s counter name %s.%s %s\n",
			     NFT_TABLE, port->name, NFT_TABLE, port->name,
			     overload ? nft_overload_name(port) : nft_failure_name(port), port->name,
			     policy_verdict(overload ? port->on_overload : port->on_failure));
	return n < 0 ? NULL : text;
}

char *nft_script_retire(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f && i < conf->n_ports; i++)
		if (intercepts(&conf->ports[i]))
			fprintf(f, "flush chain inet %s skip.%s\nadd rule inet %s skip.%s goto passed\n", NFT_TABLE,
				conf->ports[i].name, NFT_TABLE, conf->ports[i].name);
	if (f && !fclose(f))
		return text;
	free(text);
	return NULL;
}

/* ---- bypass -------------------------------------------------------------- */

enum { LIST_SOURCE, LIST_DESTINATION, LIST_ODD };

/* Where a static entry is. */
static int list_of(const struct conf_entry *e)
{
	if (e->dport || (e->source.n && e->destination.n))
		return LIST_ODD;
	return e->source.n ? LIST_SOURCE : LIST_DESTINATION;
}

static bool has_static(const struct conf *conf, int list, int family)
{
	for (size_t i = 0; i < conf->bypass.n_entries; i++) {
		const struct conf_entry *e = &conf->bypass.entries[i];

		if (list_of(e) != list)
			continue;
		if (list == LIST_ODD || (e->source.n ? e->source.v : e->destination.v)->addr.family == family)
			return true;
	}
	return false;
}

/* These may be very long, so they are not among those that are read back. */
static void interval_begin(struct writer *w, const char *name, int family)
{
	fprintf(w->text, "\tset %s%c {\n\t\ttype ipv%c_addr; flags interval; auto-merge\n\t\telements = { ", name,
		family == AF_INET ? '4' : '6', family == AF_INET ? '4' : '6');
	w->objects++;
}

static void set_static(struct writer *w, const char *name, int list, int family)
{
	char buf[ENDPOINT_STRLEN];

	if (!has_static(w->conf, list, family))
		return;
	interval_begin(w, name, family);
	for (size_t i = 0; i < w->conf->bypass.n_entries; i++) {
		const struct conf_entry *e = &w->conf->bypass.entries[i];
		const struct prefix *p = e->source.n ? e->source.v : e->destination.v;

		if (list_of(e) == list && p->addr.family == family)
			fprintf(w->text, "%s, ", prefix_format(p, buf, sizeof(buf)));
	}
	set_end(w);
}

static void set_never(struct writer *w, int family)
{
	const struct prefix_list *never = &w->conf->bypass.never;
	char buf[ENDPOINT_STRLEN];

	if (!has_family(never, family))
		return;
	interval_begin(w, "never", family);
	for (size_t i = 0; i < never->n; i++)
		if (never->v[i].addr.family == family)
			fprintf(w->text, "%s, ", prefix_format(&never->v[i], buf, sizeof(buf)));
	set_end(w);
}

static void set_dynamic(struct writer *w, const char *name, int family, const char *more)
{
	char n = family == AF_INET ? '4' : '6';

	fprintf(w->text, "\tset %s%c { type ipv%c_addr . %s%s%sinet_service; flags timeout; }\n", name, n, n,
		more ? "ipv" : "", more ? (family == AF_INET ? "4" : "6") : "", more ? "_addr . " : "");
	w->objects++;
}

static void write_bypass_sets(struct writer *w)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (int i = 0; i < 2; i++) {
		set_static(w, "bysrc", LIST_SOURCE, families[i]);
		set_static(w, "bydst", LIST_DESTINATION, families[i]);
		set_never(w, families[i]);
		set_dynamic(w, "dynpair", families[i], "address");
		set_dynamic(w, "dynsrc", families[i], NULL);
		set_dynamic(w, "dyndst", families[i], NULL);
	}
}

static void rule_of_entry(void *arg, const char *text)
{
	rule(arg, "%s", text);
}

static void write_static_odd(struct writer *w)
{
	chain_begin(w, "static.odd", "");
	for (size_t i = 0; i < w->conf->bypass.n_entries; i++) {
		struct datapath_bypass e = nft_bypass_static(&w->conf->bypass.entries[i]);

		if (list_of(&w->conf->bypass.entries[i]) == LIST_ODD)
			nft_bypass_odd(&e, rule_of_entry, w);
	}
	chain_end(w);
}

static void write_bypass_chains(struct writer *w)
{
	unsigned int before;

	chain_begin(w, "bypass.static", "");
	rule(w, "counter name bypass_static goto passed");
	chain_end(w);
	chain_begin(w, "bypass.dynamic", "");
	if (has_family(&w->conf->bypass.never, AF_INET))
		rule(w, "ip daddr @never4 return");
	if (has_family(&w->conf->bypass.never, AF_INET6))
		rule(w, "ip6 daddr @never6 return");
	rule(w, "counter name bypass_dynamic goto passed");
	chain_end(w);
	if (has_static(w->conf, LIST_ODD, 0))
		write_static_odd(w);
	chain_begin(w, "dynamic.odd", "");
	before = w->objects;
	nft_bypass_write(w->bypass, rule_of_entry, w, w->elements);
	w->bypass->odd_rules = w->objects - before;
	chain_end(w);
}

/* In chain syn. */
static void write_bypass_rules(struct writer *w)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (int i = 0; i < 2; i++) {
		const char *ip = families[i] == AF_INET ? "ip" : "ip6";
		char n = families[i] == AF_INET ? '4' : '6';

		if (has_static(w->conf, LIST_SOURCE, families[i]))
			rule(w, "%s saddr @bysrc%c jump bypass.static", ip, n);
		if (has_static(w->conf, LIST_DESTINATION, families[i]))
			rule(w, "%s daddr @bydst%c jump bypass.static", ip, n);
	}
	if (has_static(w->conf, LIST_ODD, 0))
		rule(w, "jump static.odd");
	for (int i = 0; i < 2; i++) {
		const char *ip = families[i] == AF_INET ? "ip" : "ip6";
		char n = families[i] == AF_INET ? '4' : '6';

		rule(w, "%s saddr . %s daddr . tcp dport @dynpair%c jump bypass.dynamic", ip, ip, n);
		rule(w, "%s saddr . tcp dport @dynsrc%c jump bypass.dynamic", ip, n);
		rule(w, "%s daddr . tcp dport @dyndst%c jump bypass.dynamic", ip, n);
	}
	rule(w, "jump dynamic.odd");
}

/* ---- chains -------------------------------------------------------------- */

/* Who a SYN must not be taken from, then the ports in their order. */
static void write_syn(struct writer *w)
{
	chain_begin(w, "syn", "");
	rule(w, "fib daddr type != unicast counter name local accept");
	if (w->spoofs) {
		rule(w, TUPLE4 " @spoofed4 counter name loop drop");
		rule(w, TUPLE6 " @spoofed6 counter name loop drop");
	}
	if (w->facts->nat)
		rule(w, "ct status dnat counter name redirected accept");
	if (w->facts->bridged4)
		rule(w, "meta nfproto ipv4 meta iifkind \"bridge\" counter name bridged accept");
	if (w->facts->bridged6)
		rule(w, "meta nfproto ipv6 meta iifkind \"bridge\" counter name bridged accept");
	/* whoever traces the route wants to be told that this is a hop of it */
	rule(w, "ip ttl 0-1 counter name expiring accept");
	rule(w, "ip6 hoplimit 0-1 counter name expiring accept");
	write_bypass_rules(w);
	for (const struct conf_port *port = w->conf->ports; port < w->conf->ports + w->conf->n_ports; port++) {
		if (!intercepts(port))
			continue;
		port_line(w, port, AF_INET);
		port_line(w, port, AF_INET6);
	}
	rule(w, "counter name unmatched");
	chain_end(w);
}

/* A set of 4-tuples for each family that the rules fill. */
static void tuple_sets(struct writer *w, const char *name, unsigned int size, unsigned int seconds)
{
	for (int family = 4; family <= 6; family += 2)
		fprintf(w->text, "\tset %s%d { type ipv%d_addr . inet_service . ipv%d_addr . inet_service; size %u; flags dynamic,timeout; timeout %us; }\n",
			name, family, family, family, size, seconds);
	w->objects += 2;
}

/*
 * How the 4-tuple of a SYN gets into the sets, and out when a later SYN of it is
 * forwarded. One that meets what an earlier connection left behind, mostly in
 * TIME_WAIT, can't be: ip_forward() drops what early demultiplexing has found a
 * socket for. That socket gets it, answers with an ACK and is ended by the RST that
 * the client says to that; the SYN comes again after a second (RFC 9293 3.10.7.4).
 */
static void write_outcomes(struct writer *w)
{
	chain_begin(w, "taken", "");
	if (w->facts->cookies) {
		rule(w, "update @cookies4 { " TUPLE4 " }");
		rule(w, "update @cookies6 { " TUPLE6 " }");
	}
	chain_end(w);
	chain_begin(w, "passed", "");
	if (w->facts->cookies) {
		rule(w, "delete @cookies4 { " TUPLE4 " }");
		rule(w, "delete @cookies6 { " TUPLE6 " }");
	}
	rule(w, "socket transparent 1 goto ours");
	rule(w, "accept");
	chain_end(w);
}

/* A transparent socket was found: deliver, but not to somebody's listener on every address. */
static void write_ours(struct writer *w)
{
	char mark[64];

	chain_begin(w, "ours", "");
	if (w->facts->wildcards)
		rule(w, "socket wildcard 1 accept");
	for (const struct conf_port *port = w->conf->ports; port < w->conf->ports + w->conf->n_ports; port++) {
		if (!intercepts(port) || !port->mark)
			continue;
		write_mark(mark, sizeof(mark), w, port->mark);
		rule(w, "tcp dport @dports.%s %s accept", port->name, mark);
		if (port->mode == TIPH_MODE_FULL)
			rule(w, "tcp sport @dports.%s %s accept", port->name, mark);
	}
	write_mark(mark, sizeof(mark), w, 0);
	rule(w, "%s accept", mark);
	chain_end(w);
}

static void write_flow_chains(struct writer *w)
{
	chain_begin(w, "existing", "");
	rule(w, SYN "accept");
	if (w->spoofs)
		rule(w, SYNACK "jump answered");
	rule(w, "socket transparent 1 goto ours");
	chain_end(w);

	chain_begin(w, "client", "");
	rule(w, SYN "goto syn");
	rule(w, "socket transparent 1 goto ours");
	if (w->facts->cookies) {
		rule(w, ACK TUPLE4 " @cookies4 goto syn");
		rule(w, ACK TUPLE6 " @cookies6 goto syn");
	}
	chain_end(w);
}

/* SYNs that leave this host with a source that is not its own. */
static void write_spoofed(struct writer *w)
{
	if (!w->spoofs)
		return;
	chain_begin(w, "answered", "");
	rule(w, "delete @spoofed4 { " REVERSE4 " }");
	rule(w, "delete @spoofed6 { " REVERSE6 " }");
	chain_end(w);
	chain_begin(w, "spoofed", "");
	rule(w, "fib saddr type local accept");
	if (w->facts->worker)
		rule(w, "meta skuid %u counter name stray_spoof drop", w->facts->worker);
	rule(w, "update @spoofed4 { " TUPLE4 " }");
	rule(w, "update @spoofed6 { " TUPLE6 " }");
	chain_end(w);
	chain_begin(w, "output", "");
	fputs("\t\ttype filter hook output priority -90; policy accept;\n", w->text);
	rule(w, SYN "goto spoofed");
	chain_end(w);
}

static void write_hook(struct writer *w, bool dports, bool sports)
{
	chain_begin(w, "prerouting", "");
	fputs("\t\ttype filter hook prerouting priority dstnat + 10; policy accept;\n", w->text);
	if (dports)
		rule(w, "tcp dport @dports goto client");
	if (w->known->any)
		rule(w, "meta l4proto tcp goto existing");
	else if (sports)
		rule(w, "tcp sport @sports goto existing");
	rule(w, "icmp type { destination-unreachable, time-exceeded, parameter-problem } goto existing");
	rule(w, "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } goto existing");
	chain_end(w);
}

/* Where a port asks for a mark of its own, an INPUT policy sees that one alone. */
static void write_input(struct writer *w)
{
	uint32_t mark = w->conf->nft.mark;

	for (size_t i = 0; i < w->conf->n_ports; i++) {
		if (!w->conf->ports[i].mark || !intercepts(&w->conf->ports[i]))
			continue;
		chain_begin(w, "input", "");
		fputs("\t\ttype filter hook input priority raw; policy accept;\n", w->text);
		rule(w, "meta mark & 0x%x == 0x%x meta mark set meta mark & 0x%x", mark, mark, ~mark);
		chain_end(w);
		return;
	}
}

/*
 * Behind everybody else's INPUT: do intercepted SYNs come through? To an address
 * that is not ours, they can only be intercepted ones.
 */
static void write_arrivals(struct writer *w)
{
	if (!w->facts->input)
		return;
	chain_begin(w, "arrived", "");
	for (const struct conf_port *port = w->conf->ports; port < w->conf->ports + w->conf->n_ports; port++)
		if (intercepts(port))
			rule(w, "tcp dport @dports.%s counter name arrived.%s", port->name, port->name);
	chain_end(w);
	chain_begin(w, "arrivals", "");
	fputs("\t\ttype filter hook input priority 300; policy accept;\n", w->text);
	rule(w, "tcp dport @dports " SYN "fib daddr type unicast goto arrived");
	chain_end(w);
}

static void write_objects(struct writer *w)
{
	static const char *const names[] = { "local", "redirected", "expiring", "bridged", "unmatched", "loop", "stray_spoof",
					      "bypass_static", "bypass_dynamic" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		counter(w, names[i], "");
	if (w->facts->cookies)
		tuple_sets(w, "cookies", COOKIE_TUPLES, COOKIE_SECONDS);
	if (w->spoofs)
		tuple_sets(w, "spoofed", SPOOFED_TUPLES, SPOOFED_SECONDS);
	write_bypass_sets(w);
	for (const struct conf_port *port = w->conf->ports; port < w->conf->ports + w->conf->n_ports; port++)
		if (intercepts(port))
			port_objects(w, port);
}

static void write_table(struct writer *w, const char *instance)
{
	bool dports, sports;

	fprintf(w->text, "add table inet %s\ndelete table inet %s\ntable inet %s {\n\tcomment \"tipharesd %s\"\n",
		NFT_TABLE, NFT_TABLE, NFT_TABLE, instance);
	w->objects++;
	dports = set_known(w, "dports", w->known->dports);
	sports = set_known(w, "sports", w->known->sports);
	w->spoofs = sports || w->known->any;
	write_objects(w);
	write_outcomes(w);
	write_bypass_chains(w);
	for (const struct conf_port *port = w->conf->ports; port < w->conf->ports + w->conf->n_ports; port++)
		if (intercepts(port))
			port_chain(w, port);
	write_syn(w);
	write_ours(w);
	write_spoofed(w);
	write_flow_chains(w);
	write_hook(w, dports, sports);
	write_input(w);
	if (dports)
		write_arrivals(w);
	fputs("}\n", w->text);
}

int nft_script_build(struct nft_script *ret, const struct conf *conf, const struct nft_known *known,
		     const struct nft_facts *facts, struct nft_bypass *bypass, const struct datapath_counter *counters,
		     size_t n_counters, const char *instance)
{
	struct writer w = { .conf = conf, .known = known, .facts = facts, .bypass = bypass,
			    .counters = counters, .n_counters = n_counters };
	struct nft_script script = { 0 };
	size_t text_size, list_size, elements_size;
	char *elements = NULL;
	int failed = 0;

	w.text = open_memstream(&script.text, &text_size);
	w.list = open_memstream(&script.list, &list_size);
	w.elements = open_memstream(&elements, &elements_size);
	if (w.text && w.list && w.elements)
		write_table(&w, instance);
	failed |= !w.elements || fclose(w.elements);
	if (!failed && w.text)
		fputs(elements, w.text);
	failed |= !w.text || fclose(w.text);
	failed |= !w.list || fclose(w.list);
	free(elements);
	if (failed) {
		nft_script_free(&script);
		return -ENOMEM;
	}
	script.objects = w.objects;
	*ret = script;
	return 0;
}

void nft_script_free(struct nft_script *script)
{
	free(script->text);
	free(script->list);
	memset(script, 0, sizeof(*script));
}
