// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the rules would do with a SYN: the way through the table that nft_rules.c
 * writes, taken with what is known here about its sets and states.
 *
 * What only the packet itself knows is not looked at: that somebody's NAT gave it
 * its destination ("redirected"), or that it is one of this host's own ("loop").
 */
#include "nft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "route.h"

struct walk {
	const struct conf *conf;
	const struct nft_facts *facts;
	const struct explain_tuple *tuple;
	struct datapath_explanation *ret;
};

static void end(struct walk *w, const char *verdict, const struct conf_port *port)
{
	snprintf(w->ret->verdict, sizeof(w->ret->verdict), "%s", verdict);
	snprintf(w->ret->port, sizeof(w->ret->port), "%s", port ? port->name : "");
}

/* What "fib daddr type" makes of it: IPv4 asks only whose address it is, IPv6 asks for a route. */
static bool is_elsewhere(const struct addr *to)
{
	struct route found = { 0 };
	int err = route_to(to, &found);

	return err ? to->family == AF_INET : !found.local;
}

static bool is_bridged(const struct walk *w)
{
	const struct nft_facts *facts = w->facts;

	if (!(w->tuple->source.family == AF_INET ? facts->bridged4 : facts->bridged6))
		return false;
	for (size_t i = 0; i < facts->bridges.n; i++)
		if (!strcmp(facts->bridges.v[i].name, w->tuple->ifname))
			return true;
	return false;
}

static bool in_prefix(const struct prefix *p, const struct addr *a)
{
	return !p->addr.family || (p->addr.family == a->family && prefix_contains(p, a));
}

/* An entry of a list; 1: it covers the connection, and the listing ends. */
static int take_entry(const struct datapath_bypass *e, void *arg)
{
	struct walk *w = arg;

	if (!in_prefix(&e->source, &w->tuple->source) || !in_prefix(&e->destination, &w->tuple->destination.addr) ||
	    (e->dport && e->dport != w->tuple->destination.port))
		return 0;
	w->ret->bypassed = true;
	w->ret->bypass = *e;
	return 1;
}

static bool is_never(const struct walk *w)
{
	const struct prefix_list *never = &w->conf->bypass.never;

	for (size_t i = 0; i < never->n; i++)
		if (in_prefix(&never->v[i], &w->tuple->destination.addr))
			return true;
	return false;
}

static const char *bypassed(struct walk *w, const struct nft_bypass *bypass)
{
	if (nft_bypass_list(bypass, w->conf, TIPH_BYPASS_STATIC, take_entry, w))
		return "bypass_static";
	if (!is_never(w) && nft_bypass_list(bypass, w->conf, TIPH_BYPASS_DYNAMIC, take_entry, w))
		return "bypass_dynamic";
	return NULL;
}

static bool has_listener(const struct walk *w, const struct conf_port *port)
{
	for (size_t i = 0; i < port->n_listen; i++)
		if (port->listen[i].addr.family == w->tuple->source.family)
			return w->tuple->source.family == AF_INET || w->facts->ipv6;
	return false;
}

/* Chain take.PORT */
static void take(struct walk *w, const struct conf_port *port, enum nft_port_state state)
{
	if (!explain_sampled(port, &w->tuple->source))
		end(w, "sampled_out", port);
	else if (port->dry_run)
		end(w, "dry_run", port);
	else if (state == NFT_PORT_OVERLOADED)
		end(w, nft_overload_name(port), port);
	else if (state != NFT_PORT_SERVED || !has_listener(w, port))
		end(w, nft_failure_name(port), port);
	else
		end(w, "intercepted", port);
}

void nft_explain(const struct conf *conf, const struct nft_facts *facts, const struct nft_known *known,
		 const struct nft_bypass *bypass, const struct nft_health *health, const struct explain_tuple *tuple,
		 struct datapath_explanation *ret)
{
	struct walk w = { conf, facts, tuple, ret };
	const char *verdict;

	end(&w, "unmatched", NULL);
	if (!nft_port_test(known->dports, tuple->destination.port))
		return;
	if (!is_elsewhere(&tuple->destination.addr)) {
		end(&w, "local", NULL);
		return;
	}
	verdict = is_bridged(&w) ? "bridged" : bypassed(&w, bypass);
	if (verdict) {
		end(&w, verdict, NULL);
		return;
	}
	for (size_t i = 0; i < conf->n_ports; i++) {
		if (explain_port(&conf->ports[i], tuple) != EXPLAIN_MATCH)
			continue;
		take(&w, &conf->ports[i], health->port[i].state);
		return;
	}
}
