// SPDX-License-Identifier: GPL-2.0-only
/* Ports and counters as attributes of the module's netlink family. */
#include "kmod_msg.h"

#include <errno.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every attribute but the lists, with room to spare. */
#define PORT_SIZE 512

static size_t prefixes_size(const struct prefix_list *list)
{
	return (size_t)nla_total_size(0) +
	       list->n * (size_t)nla_total_size(sizeof(struct tiph_prefix));
}

size_t kmod_ports_size(const struct conf *conf)
{
	size_t size = 256;

	for (size_t i = 0; i < conf->n_ports; i++) {
		const struct conf_port *p = &conf->ports[i];

		size += PORT_SIZE + p->n_dports * sizeof(p->dports[0]) +
			(p->interfaces.n + p->bridges.n) * (size_t)nla_total_size(IFNAMSIZ) + prefixes_size(&p->sources) +
			prefixes_size(&p->destinations) + prefixes_size(&p->except_sources) +
			prefixes_size(&p->except_destinations);
	}
	return size;
}

static int put_prefixes(struct nl_msg *msg, int type, const struct prefix_list *list)
{
	struct nlattr *nest;

	if (!list->n)
		return 0;
	nest = nla_nest_start(msg, type);
	if (!nest)
		return -EMSGSIZE;
	for (size_t i = 0; i < list->n; i++) {
		struct tiph_prefix p = {
			.family = (__u8)list->v[i].addr.family, .len = list->v[i].len,
		};

		memcpy(p.addr, list->v[i].addr.bytes, sizeof(p.addr));
		if (nla_put(msg, TIPH_LIST_ENTRY, sizeof(p), &p) < 0)
			return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int put_names(struct nl_msg *msg, int type, const struct name_list *list)
{
	struct nlattr *nest;

	if (!list->n)
		return 0;
	nest = nla_nest_start(msg, type);
	if (!nest)
		return -EMSGSIZE;
	for (size_t i = 0; i < list->n; i++)
		if (nla_put_string(msg, TIPH_LIST_ENTRY, list->v[i]) < 0)
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_scalars(struct nl_msg *msg, const struct conf_port *port)
{
	if (nla_put_string(msg, TIPH_PORT_NAME, port->name) < 0 ||
	    nla_put_u8(msg, TIPH_PORT_MODE, port->mode) < 0 ||
	    nla_put_u16(msg, TIPH_PORT_LISTEN, port->listen[0].port) < 0 ||
	    nla_put_u8(msg, TIPH_PORT_SOURCE_PORT, port->source_port) < 0 ||
	    nla_put_u8(msg, TIPH_PORT_ON_FAILURE, port->on_failure) < 0 ||
	    nla_put_u8(msg, TIPH_PORT_ON_OVERLOAD, port->on_overload) < 0 ||
	    nla_put_u32(msg, TIPH_PORT_MARK, port->mark) < 0 ||
	    nla_put_u16(msg, TIPH_PORT_SAMPLE, port->sample) < 0 ||
	    nla_put_u8(msg, TIPH_PORT_DRY_RUN, port->dry_run) < 0)
		return -EMSGSIZE;
	/* marks are only for who intercepts */
	if (port->mode & TIPH_INBOUND &&
	    (nla_put_u16(msg, TIPH_PORT_SHED_HIGH, port->shed_high) < 0 ||
	     nla_put_u16(msg, TIPH_PORT_SHED_LOW, port->shed_high ? port->shed_low : 0) < 0))
		return -EMSGSIZE;
	if (port->n_dports &&
	    nla_put(msg, TIPH_PORT_DPORTS, (int)(port->n_dports * sizeof(port->dports[0])), port->dports) < 0)
		return -EMSGSIZE;
	return 0;
}

int kmod_put_port(struct nl_msg *msg, const struct conf_port *port)
{
	struct nlattr *nest = nla_nest_start(msg, TIPH_A_PORT);

	if (!nest || put_scalars(msg, port) ||
	    put_names(msg, TIPH_PORT_IFNAMES, &port->interfaces) ||
	    put_names(msg, TIPH_PORT_BRIDGES, &port->bridges) ||
	    put_prefixes(msg, TIPH_PORT_SOURCES, &port->sources) ||
	    put_prefixes(msg, TIPH_PORT_DESTINATIONS, &port->destinations) ||
	    put_prefixes(msg, TIPH_PORT_EXCEPT_SOURCES, &port->except_sources) ||
	    put_prefixes(msg, TIPH_PORT_EXCEPT_DESTINATIONS, &port->except_destinations))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static size_t count_entries(struct nlattr *nest)
{
	struct nlattr *a;
	size_t n = 0;
	int rem;

	nla_for_each_nested(a, nest, rem)
		n++;
	return n;
}

static int get_prefixes(struct nlattr *nest, struct prefix_list *ret)
{
	struct nlattr *a;
	int rem;

	if (!nest)
		return 0;
	ret->v = calloc(count_entries(nest) + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	nla_for_each_nested(a, nest, rem) {
		const struct tiph_prefix *p = nla_data(a);
		struct prefix *to = &ret->v[ret->n];

		if (nla_len(a) < (int)sizeof(*p) || (p->family != AF_INET && p->family != AF_INET6))
			return -EBADMSG;
		to->addr.family = p->family;
		to->len = p->len;
		memcpy(to->addr.bytes, p->addr, p->family == AF_INET ? 4 : 16);
		ret->n++;
	}
	return 0;
}

static int get_names(struct nlattr *nest, struct name_list *ret)
{
	struct nlattr *a;
	int rem;

	if (!nest)
		return 0;
	ret->v = calloc(count_entries(nest) + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	nla_for_each_nested(a, nest, rem)
		nla_strlcpy(ret->v[ret->n++], a, IFNAMSIZ);
	return 0;
}

static int get_dports(const struct nlattr *a, struct conf_port *port)
{
	size_t n = a ? (size_t)nla_len(a) / sizeof(port->dports[0]) : 0;

	if (n > TIPH_MATCH_PORTS_MAX)
		return -EBADMSG;
	if (n)
		memcpy(port->dports, nla_data(a), n * sizeof(port->dports[0]));
	port->n_dports = n;
	return 0;
}

/* Two listeners, as a number alone means; see conf_write.c. */
static void get_scalars(struct nlattr **a, struct conf_port *port)
{
	nla_strlcpy(port->name, a[TIPH_PORT_NAME], sizeof(port->name));
	port->mode = nla_get_u8(a[TIPH_PORT_MODE]);
	port->listen[0].port = port->listen[1].port = nla_get_u16(a[TIPH_PORT_LISTEN]);
	port->n_listen = 2;
	port->sample = TIPH_SHARE;
	if (a[TIPH_PORT_ID])
		port->id = nla_get_u32(a[TIPH_PORT_ID]);
	if (a[TIPH_PORT_SOURCE_PORT])
		port->source_port = nla_get_u8(a[TIPH_PORT_SOURCE_PORT]);
	if (a[TIPH_PORT_ON_FAILURE])
		port->on_failure = nla_get_u8(a[TIPH_PORT_ON_FAILURE]);
	if (a[TIPH_PORT_ON_OVERLOAD])
		port->on_overload = nla_get_u8(a[TIPH_PORT_ON_OVERLOAD]);
	if (a[TIPH_PORT_MARK])
		port->mark = nla_get_u32(a[TIPH_PORT_MARK]);
	if (a[TIPH_PORT_SAMPLE])
		port->sample = nla_get_u16(a[TIPH_PORT_SAMPLE]);
	if (a[TIPH_PORT_DRY_RUN])
		port->dry_run = nla_get_u8(a[TIPH_PORT_DRY_RUN]);
	if (a[TIPH_PORT_SHED_HIGH])
		port->shed_high = nla_get_u16(a[TIPH_PORT_SHED_HIGH]);
	if (a[TIPH_PORT_SHED_LOW])
		port->shed_low = nla_get_u16(a[TIPH_PORT_SHED_LOW]);
}

static struct nla_policy port_policy[TIPH_PORT_MAX + 1] = {
	[TIPH_PORT_NAME] = { .type = NLA_NUL_STRING, .maxlen = TIPH_NAME_MAX },
	[TIPH_PORT_ID] = { .type = NLA_U32 },
	[TIPH_PORT_MODE] = { .type = NLA_U8 },
	[TIPH_PORT_LISTEN] = { .type = NLA_U16 },
	[TIPH_PORT_IFNAMES] = { .type = NLA_NESTED },
	[TIPH_PORT_SOURCES] = { .type = NLA_NESTED },
	[TIPH_PORT_DESTINATIONS] = { .type = NLA_NESTED },
	[TIPH_PORT_EXCEPT_SOURCES] = { .type = NLA_NESTED },
	[TIPH_PORT_EXCEPT_DESTINATIONS] = { .type = NLA_NESTED },
	[TIPH_PORT_SOURCE_PORT] = { .type = NLA_U8 },
	[TIPH_PORT_ON_FAILURE] = { .type = NLA_U8 },
	[TIPH_PORT_ON_OVERLOAD] = { .type = NLA_U8 },
	[TIPH_PORT_MARK] = { .type = NLA_U32 },
	[TIPH_PORT_SAMPLE] = { .type = NLA_U16 },
	[TIPH_PORT_DRY_RUN] = { .type = NLA_U8 },
	[TIPH_PORT_SHED_HIGH] = { .type = NLA_U16 },
	[TIPH_PORT_SHED_LOW] = { .type = NLA_U16 },
	[TIPH_PORT_BRIDGES] = { .type = NLA_NESTED },
};

int kmod_get_port(struct nlattr *nest, struct conf_port *ret)
{
	struct nlattr *a[TIPH_PORT_MAX + 1];
	struct conf_port port = { 0 };
	int err;

	if (nla_parse_nested(a, TIPH_PORT_MAX, nest, port_policy) < 0 || !a[TIPH_PORT_NAME] ||
	    !a[TIPH_PORT_MODE] || !a[TIPH_PORT_LISTEN])
		return -EBADMSG;
	get_scalars(a, &port);
	err = get_dports(a[TIPH_PORT_DPORTS], &port);
	if (!err)
		err = get_names(a[TIPH_PORT_IFNAMES], &port.interfaces);
	if (!err)
		err = get_names(a[TIPH_PORT_BRIDGES], &port.bridges);
	if (!err)
		err = get_prefixes(a[TIPH_PORT_SOURCES], &port.sources);
	if (!err)
		err = get_prefixes(a[TIPH_PORT_DESTINATIONS], &port.destinations);
	if (!err)
		err = get_prefixes(a[TIPH_PORT_EXCEPT_SOURCES], &port.except_sources);
	if (!err)
		err = get_prefixes(a[TIPH_PORT_EXCEPT_DESTINATIONS], &port.except_destinations);
	if (err)
		kmod_free_port(&port);
	else
		*ret = port;
	return err;
}

void kmod_free_port(struct conf_port *port)
{
	free(port->interfaces.v);
	free(port->bridges.v);
	free(port->sources.v);
	free(port->destinations.v);
	free(port->except_sources.v);
	free(port->except_destinations.v);
}

static struct nla_policy stat_policy[TIPH_STAT_MAX + 1] = {
	[TIPH_STAT_NAME] = { .type = NLA_NUL_STRING },
	[TIPH_STAT_VALUE] = { .type = NLA_U64 },
};

size_t kmod_get_counters(struct nlattr *nest, const char *port, struct datapath_counter *ret, size_t n,
			 size_t max)
{
	struct nlattr *counter, *a[TIPH_STAT_MAX + 1];
	int rem;

	nla_for_each_nested(counter, nest, rem) {
		if (n == max || nla_type(counter) != TIPH_STAT_COUNTER ||
		    nla_parse_nested(a, TIPH_STAT_MAX, counter, stat_policy) < 0 || !a[TIPH_STAT_NAME] ||
		    !a[TIPH_STAT_VALUE])
			continue;
		snprintf(ret[n].port, sizeof(ret[n].port), "%s", port);
		nla_strlcpy(ret[n].name, a[TIPH_STAT_NAME], sizeof(ret[n].name));
		ret[n].value = nla_get_u64(a[TIPH_STAT_VALUE]);
		n++;
	}
	return n;
}
