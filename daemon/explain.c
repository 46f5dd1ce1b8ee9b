// SPDX-License-Identifier: GPL-2.0-only
/* The port table, asked about a connection that nobody made. */
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
	if (!port->n_ifnames || !*ifname)
		return true;
	for (size_t i = 0; i < port->n_ifnames; i++)
		if (!strcmp(port->ifnames[i], ifname))
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
