// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl doctor: what other people's rules do to packets that are intercepted.
 *
 * All rulesets of nft, iptables-nft's among them, are read as text, one rule a
 * line; our own table is left out. A rule is judged by what it plainly says. One
 * that can't be judged (a set, a jump) is no reason for an error, at most for a
 * warning.
 */
#include "doctor.h"

#include <ctype.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One rule, and the chain it is in; @hook and @type are "" in a chain that others jump to. */
struct rule {
	char table[96];
	char chain[64];
	char type[16];
	char hook[16];
	bool drops;		/* the chain's policy */
	const char *text;
};

/* Called for every rule, and for every beginning of a base chain with @text "". */
typedef void (*rule_fn)(struct doctor *d, const struct rule *rule, void *arg);

void doctor_read_ruleset(struct doctor *d)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (ctx) {
		nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_TERSE | NFT_CTX_OUTPUT_NUMERIC_PROTO);
		nft_ctx_buffer_output(ctx);
		nft_ctx_buffer_error(ctx);
		if (!nft_run_cmd_from_buffer(ctx, "list ruleset"))
			d->ruleset = strdup(nft_ctx_get_output_buffer(ctx));
		nft_ctx_free(ctx);
	}
	if (!d->ruleset)
		d->ruleset = strdup("");
}

static const char *after(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) ? NULL : line + n;
}

/* What is said behind @word up to a blank, or to ";". */
static void value_of(const char *line, const char *word, char *ret, size_t size)
{
	const char *s = strstr(line, word);

	if (s)
		snprintf(ret, size, "%.*s", (int)strcspn(s + strlen(word), " ;{\n"), s + strlen(word));
	else
		*ret = '\0';
}

static bool is_ours(const struct rule *r)
{
	return !strcmp(r->table, "inet tiphares");
}

/* "table inet x {", "chain x {", "type filter hook input priority filter; policy drop;" */
static bool read_frame(struct rule *r, const char *line)
{
	const char *s = after(line, "table ");

	if (s) {
		snprintf(r->table, sizeof(r->table), "%.*s", (int)strcspn(s, "{") - 1, s);
		return true;
	}
	s = after(line, "chain ");
	if (s) {
		snprintf(r->chain, sizeof(r->chain), "%.*s", (int)strcspn(s, " {"), s);
		r->type[0] = r->hook[0] = '\0';
		r->drops = false;
		return true;
	}
	return false;
}

static void each_rule(struct doctor *d, rule_fn fn, void *arg)
{
	char *copy = strdup(d->ruleset), *rest = copy, *line;
	struct rule r = { .text = "" };

	while ((line = strsep(&rest, "\n"))) {
		line += strspn(line, "\t ");
		if (read_frame(&r, line) || is_ours(&r) || !*line || *line == '}')
			continue;
		r.text = line;
		if (after(line, "type ")) {
			value_of(line, "type ", r.type, sizeof(r.type));
			value_of(line, "hook ", r.hook, sizeof(r.hook));
			r.drops = strstr(line, "policy drop");
			r.text = "";
		}
		fn(d, &r, arg);
	}
	free(copy);
}

/* ---- what a rule speaks of ------------------------------------------------- */

enum speaks { SPEAKS_NOT, SPEAKS_PERHAPS, SPEAKS };

/* "80", "1000-2000" or "{ 80, 1000-2000 }": is one of ours in it? A set can't be told. */
static enum speaks ports_of(const struct doctor *d, const char *s)
{
	bool list = *s == '{';

	s += list;
	for (;;) {
		unsigned long low, high;
		char *end;

		s += strspn(s, " ,");
		if (list && *s == '}')
			return SPEAKS_NOT;
		if (!isdigit((unsigned char)*s))
			return SPEAKS_PERHAPS;
		low = high = strtoul(s, &end, 10);
		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		if (doctor_wants_ports(d, low, high))
			return SPEAKS;
		if (!list)
			return SPEAKS_NOT;
		s = end;
	}
}

/* Could a SYN that is intercepted match? */
static enum speaks speaks_of_ours(const struct doctor *d, const char *line)
{
	static const char *const others[] = { "udp ", "icmp", "l4proto 17", "l4proto 1 ", "l4proto 58", "protocol 1 ",
					      "nexthdr 58", "protocol 17", "tcp sport", "iif \"lo\"", "iifname \"lo\"", "fib daddr type local",
					      "ct state established", "ct state related", "ct state invalid" };
	const char *dport = strstr(line, "tcp dport ");

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strstr(line, others[i]) && !strstr(line, "new"))
			return SPEAKS_NOT;
	if (!dport)
		dport = strstr(line, "th dport ");
	return dport ? ports_of(d, strstr(dport, "dport ") + strlen("dport ")) : SPEAKS;
}

/* "tproxy to", "drop": the word, at the end or before a blank. */
static bool does(const char *line, const char *verdict)
{
	const char *s = strcasestr(line, verdict);
	size_t n = strlen(verdict);

	while (s && !((s == line || s[-1] == ' ') && (s[n] == ' ' || !s[n])))
		s = strcasestr(s + 1, verdict);
	return s;
}

static bool leads_on(const char *line)
{
	return does(line, "jump") || does(line, "goto") || strstr(line, "vmap");
}

/* ---- INPUT and OUTPUT ------------------------------------------------------ */

/* What a chain says about packets that are intercepted. */
struct gatekeeper {
	const char *hook;
	const char *id;
	const char *what;
	const char *remedy;
	struct rule chain;
	bool open;		/* they are let in, or nothing is said */
	bool unclear;
};

static void judge(struct doctor *d, struct gatekeeper *g)
{
	if (!g->chain.drops || g->open)
		return;
	doctor_find(d, g->unclear ? DOCTOR_WARNING : DOCTOR_ERROR, g->id, g->what, g->remedy,
		    g->unclear ? "table %s, chain %s drops by default; whether something in it accepts them can't be told" :
				 "table %s, chain %s drops them by default, or by a rule; nothing before accepts them",
		    g->chain.table, g->chain.chain);
}

static void on_gate_rule(struct doctor *d, const struct rule *r, void *arg)
{
	struct gatekeeper *g = arg;
	enum speaks speaks;

	if (strcmp(r->hook, g->hook) || strcmp(r->type, "filter"))
		return;
	if (!*r->text) {
		judge(d, g);
		g->chain = *r;
		g->open = g->unclear = false;
		return;
	}
	speaks = speaks_of_ours(d, r->text);
	if (g->open || speaks == SPEAKS_NOT)
		return;
	if (does(r->text, "accept") && speaks == SPEAKS)
		g->open = true;
	else if (leads_on(r->text) || does(r->text, "accept"))
		g->unclear = true;
	else if ((does(r->text, "drop") || does(r->text, "reject")) && speaks == SPEAKS && !strstr(r->text, "ct state"))
		g->chain.drops = true;
}

static void check_gate(struct doctor *d, struct gatekeeper *g)
{
	g->open = true;
	each_rule(d, on_gate_rule, g);
	judge(d, g);
}

void doctor_check_input(struct doctor *d)
{
	struct gatekeeper g = {
		.hook = "input", .id = "input_policy", .what = "INPUT drops what is intercepted: clients wait in vain",
		.remedy = "accept TCP to the ports' destination ports in INPUT, or give the port a mark and accept that "
			  "(meta mark 0x10 accept)",
	};

	check_gate(d, &g);
}

void doctor_check_output(struct doctor *d)
{
	struct gatekeeper g = {
		.hook = "output", .id = "output_policy", .what = "OUTPUT drops the proxy's connections to origins",
		.remedy = "accept TCP to the origins' ports in OUTPUT; their source is a client's address where the mode is full or outbound",
	};

	check_gate(d, &g);
}

/* ---- others that take streams ---------------------------------------------- */

static void on_redirector(struct doctor *d, const struct rule *r, void *arg)
{
	bool redirects = does(r->text, "redirect") || does(r->text, "dnat");

	if (speaks_of_ours(d, r->text) == SPEAKS_NOT || (*r->hook && strcmp(r->hook, "prerouting")))
		return;
	if (does(r->text, "tproxy"))
		doctor_find(d, DOCTOR_ERROR, "foreign_tproxy", "somebody else intercepts the same connections: who gets them is chance",
			    "remove that rule, or change its ports or those of match.ports", "table %s, chain %s: %s", r->table,
			    r->chain, r->text);
	else if (redirects)
		doctor_find(d, DOCTOR_ERROR, "redirect", "connections to be intercepted get another destination before",
			    "remove that rule, or except those destinations (match.except.destinations)", "table %s, chain %s: %s",
			    r->table, r->chain, r->text);
	else if (does(r->text, "queue"))
		doctor_find(d, DOCTOR_WARNING, "queue", "a program decides about packets before they are intercepted",
			    "have the rule leave the intercepted ports alone", "table %s, chain %s: %s", r->table, r->chain, r->text);
}

void doctor_check_redirectors(struct doctor *d)
{
	each_rule(d, on_redirector, NULL);
}

/* ---- ICMP, helpers, NAT, offload ------------------------------------------- */

static void on_icmp(struct doctor *d, const struct rule *r, void *arg)
{
	bool v4 = strstr(r->text, "icmp type destination-unreachable") || strstr(r->text, "ip protocol 1 ") ||
		  strstr(r->text, "l4proto 1 ") || strstr(r->text, "ip protocol icmp ");
	bool v6 = strstr(r->text, "icmpv6 type packet-too-big") || strstr(r->text, "l4proto 58 ") ||
		  strstr(r->text, "nexthdr 58 ") || strstr(r->text, "nexthdr ipv6-icmp ");

	if ((v4 || v6) && (does(r->text, "drop") || does(r->text, "reject")) && strcmp(r->hook, "output"))
		doctor_find(d, DOCTOR_WARNING, "icmp", "ICMP errors are dropped: larger transfers through narrow paths stand",
			    v4 ? "accept icmp type destination-unreachable" : "accept icmpv6 type packet-too-big",
			    "table %s, chain %s: %s", r->table, r->chain, r->text);
}

void doctor_check_icmp(struct doctor *d)
{
	each_rule(d, on_icmp, NULL);
}

static void on_helper(struct doctor *d, const struct rule *r, void *arg)
{
	if (strstr(r->text, "ct helper set") && speaks_of_ours(d, r->text) != SPEAKS_NOT)
		doctor_find(d, DOCTOR_WARNING, "conntrack_helper",
			    "a conntrack helper rewrites addresses in streams of which the proxy has both ends",
			    "leave the intercepted ports out of the helper's rule", "table %s, chain %s: %s", r->table, r->chain,
			    r->text);
}

void doctor_check_helpers(struct doctor *d)
{
	if (doctor_sysctl("netfilter/nf_conntrack_helper", 0) > 0)
		doctor_find(d, DOCTOR_NOTE, "conntrack_helper", "conntrack helpers are attached by port number",
			    "sysctl -w net.netfilter.nf_conntrack_helper=0, and rules for what needs one",
			    "net.netfilter.nf_conntrack_helper is 1");
	each_rule(d, on_helper, NULL);
}

#define SEEN_MAX 192

static void on_nat(struct doctor *d, const struct rule *r, void *arg)
{
	char *seen = arg;

	if (!strcmp(r->hook, "postrouting") && (does(r->text, "masquerade") || does(r->text, "snat")))
		snprintf(seen, SEEN_MAX, "table %s, chain %s", r->table, r->chain);
}

/* Both sides of a connection have the same ports; where both are tracked, conntrack takes them for one. */
void doctor_check_nat(struct doctor *d)
{
	char seen[SEEN_MAX] = "";
	json_t *port;
	size_t i;

	if (d->nft)
		each_rule(d, on_nat, seen);
	json_array_foreach(d->ports, i, port)
		if (*seen && !strcmp(ctl_string(port, "mode"), "full") && strcmp(ctl_string(port, "source_port"), "any"))
			doctor_find(d, DOCTOR_WARNING, "nat_source_port",
				    "connections to origins escape the NAT: they leave with a client's private address",
				    "source_port: any, where there is NAT", "port %s has source_port %s; %s has NAT", ctl_string(port, "name"),
				    ctl_string(port, "source_port"), seen);
}

static void on_offload(struct doctor *d, const struct rule *r, void *arg)
{
	if (strstr(r->text, "flow add @") && speaks_of_ours(d, r->text) != SPEAKS_NOT && !strstr(r->text, "tcp dport !="))
		doctor_find(d, DOCTOR_WARNING, "flowtable",
			    "forwarded flows are offloaded past all hooks: a client that uses such a flow's port again is not intercepted",
			    "leave the intercepted ports out of that rule (tcp dport != 80 flow add @...)", "table %s, chain %s: %s",
			    r->table, r->chain, r->text);
}

void doctor_check_flowtables(struct doctor *d)
{
	each_rule(d, on_offload, NULL);
}

/* The old iptables shows its rules to nobody else. */
void doctor_check_legacy(struct doctor *d)
{
	static const char *const files[] = { "/proc/net/ip_tables_names", "/proc/net/ip6_tables_names" };
	char line[64], names[128];

	for (unsigned int i = 0; i < 2; i++) {
		FILE *f = fopen(files[i], "re");

		names[0] = '\0';
		while (f && fgets(line, sizeof(line), f)) {
			size_t used = strlen(names);

			line[strcspn(line, "\n")] = '\0';
			snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", line);
		}
		if (f)
			fclose(f);
		if (*names)
			doctor_find(d, DOCTOR_NOTE, "legacy_iptables", "there are rules that were not looked at",
				    i ? "ip6tables-legacy-save shows them" : "iptables-legacy-save shows them",
				    "%s-legacy has the tables %s", i ? "ip6tables" : "iptables", names);
	}
}
