// SPDX-License-Identifier: GPL-2.0-only
/* From configurations and counters to attributes. */
#include "fill.h"

static size_t names_size(const struct tiph_names *names)
{
	return nla_total_size(names->n * nla_total_size(IFNAMSIZ));
}

static size_t prefixes_size(const struct tiph_prefixes *set)
{
	return nla_total_size(set->n *
			      nla_total_size(sizeof(struct tiph_prefix)));
}

/**
 * tiph_fill_port_size() - room that tiph_fill_port() needs
 * @port: the port
 *
 * Return: number of bytes
 */
size_t tiph_fill_port_size(const struct tiph_port *port)
{
	return nla_total_size(0) +
	       nla_total_size(TIPH_NAME_MAX) +		/* NAME */
	       3 * nla_total_size(sizeof(u32)) +	/* ID, MARK, STATE */
	       4 * nla_total_size(sizeof(u16)) +	/* LISTEN, shares */
	       5 * nla_total_size(sizeof(u8)) +
	       nla_total_size(port->n_dports * sizeof(u16)) +
	       names_size(&port->interfaces) + names_size(&port->bridges) +
	       prefixes_size(&port->sources) +
	       prefixes_size(&port->destinations) +
	       prefixes_size(&port->except_sources) +
	       prefixes_size(&port->except_destinations);
}

static int fill_prefixes(struct sk_buff *skb, int attr,
			 const struct tiph_prefixes *set)
{
	struct nlattr *list;
	u16 i;

	if (!set->n)
		return 0;
	list = nla_nest_start(skb, attr);
	if (!list)
		return -EMSGSIZE;
	for (i = 0; i < set->n; i++)
		if (nla_put(skb, TIPH_LIST_ENTRY, sizeof(set->given[i]),
			    &set->given[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, list);

	return 0;
}

static int fill_names(struct sk_buff *skb, int attr,
		      const struct tiph_names *names)
{
	struct nlattr *list;
	u16 i;

	if (!names->n)
		return 0;
	list = nla_nest_start(skb, attr);
	if (!list)
		return -EMSGSIZE;
	for (i = 0; i < names->n; i++)
		if (nla_put_string(skb, TIPH_LIST_ENTRY, names->name[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, list);

	return 0;
}

static int fill_numbers(struct sk_buff *skb, const struct tiph_port *port)
{
	if (nla_put_u8(skb, TIPH_PORT_MODE, port->mode) ||
	    nla_put_u16(skb, TIPH_PORT_LISTEN, port->listen) ||
	    nla_put_u8(skb, TIPH_PORT_SOURCE_PORT, port->source_port) ||
	    nla_put_u8(skb, TIPH_PORT_ON_FAILURE, port->on_failure) ||
	    nla_put_u8(skb, TIPH_PORT_ON_OVERLOAD, port->on_overload) ||
	    nla_put_u32(skb, TIPH_PORT_MARK, port->mark) ||
	    nla_put_u16(skb, TIPH_PORT_SAMPLE, port->sample) ||
	    nla_put_u8(skb, TIPH_PORT_DRY_RUN, port->dry_run) ||
	    nla_put_u16(skb, TIPH_PORT_SHED_HIGH, port->shed_high) ||
	    nla_put_u16(skb, TIPH_PORT_SHED_LOW, port->shed_low))
		return -EMSGSIZE;
	return 0;
}

static int fill_state(struct sk_buff *skb, const struct tiph_ident *ident)
{
	return nla_put_u32(skb, TIPH_PORT_STATE, READ_ONCE(ident->shed) ?
			   TIPH_STATE_SHEDDING : 0);
}

static int fill_lists(struct sk_buff *skb, const struct tiph_port *port)
{
	if (port->n_dports &&
	    nla_put(skb, TIPH_PORT_DPORTS, port->n_dports * sizeof(u16),
		    port->dports))
		return -EMSGSIZE;
	if (fill_names(skb, TIPH_PORT_IFNAMES, &port->interfaces) ||
	    fill_names(skb, TIPH_PORT_BRIDGES, &port->bridges) ||
	    fill_prefixes(skb, TIPH_PORT_SOURCES, &port->sources) ||
	    fill_prefixes(skb, TIPH_PORT_DESTINATIONS, &port->destinations) ||
	    fill_prefixes(skb, TIPH_PORT_EXCEPT_SOURCES,
			  &port->except_sources) ||
	    fill_prefixes(skb, TIPH_PORT_EXCEPT_DESTINATIONS,
			  &port->except_destinations))
		return -EMSGSIZE;
	return 0;
}

static int fill_key(struct sk_buff *skb, const struct tiph_ident *ident)
{
	if (nla_put_string(skb, TIPH_PORT_NAME, ident->name) ||
	    nla_put_u32(skb, TIPH_PORT_ID, ident->id))
		return -EMSGSIZE;
	return 0;
}

/**
 * tiph_fill_port() - put a port into a message
 * @skb: the message; the caller cancels it if this fails
 * @port: the port
 *
 * Return: 0 or -EMSGSIZE
 */
int tiph_fill_port(struct sk_buff *skb, const struct tiph_port *port)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_A_PORT);

	if (!nest || fill_key(skb, port->ident) || fill_numbers(skb, port) ||
	    fill_state(skb, port->ident) || fill_lists(skb, port))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}

/**
 * tiph_fill_ident_size() - room that tiph_fill_ident() needs
 *
 * Return: number of bytes
 */
size_t tiph_fill_ident_size(void)
{
	return nla_total_size(0) + nla_total_size(TIPH_NAME_MAX) +
	       nla_total_size(sizeof(u32));
}

/**
 * tiph_fill_ident() - put name and id of a port into a message
 * @skb: the message; the caller cancels it if this fails
 * @ident: the port's identity
 *
 * Return: 0 or -EMSGSIZE
 */
int tiph_fill_ident(struct sk_buff *skb, const struct tiph_ident *ident)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_A_PORT);

	if (!nest || fill_key(skb, ident))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}

/**
 * tiph_fill_state() - put name, id and state of a port into a message
 * @skb: the message; the caller cancels it if this fails
 * @ident: the port's identity
 *
 * Return: 0 or -EMSGSIZE
 */
int tiph_fill_state(struct sk_buff *skb, const struct tiph_ident *ident)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_A_PORT);

	if (!nest || fill_key(skb, ident) || fill_state(skb, ident))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}

static int fill_addr(struct sk_buff *skb, int attr, u8 family, u8 len,
		     const __be32 *addr)
{
	struct tiph_prefix prefix = { .family = family, .len = len };

	memcpy(prefix.addr, addr, sizeof(prefix.addr));

	return nla_put(skb, attr, sizeof(prefix), &prefix);
}

/**
 * tiph_fill_tuple() - put a connection into a message
 * @skb: the message; the caller cancels it if this fails
 * @tuple: the connection
 *
 * Return: 0 or -EMSGSIZE
 */
int tiph_fill_tuple(struct sk_buff *skb, const struct tiph_tuple *tuple)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_A_TUPLE);
	u8 len = tuple->family == AF_INET ? 32 : 128;

	if (!nest ||
	    fill_addr(skb, TIPH_TUPLE_SOURCE, tuple->family, len,
		      tuple->saddr.s6_addr32) ||
	    fill_addr(skb, TIPH_TUPLE_DESTINATION, tuple->family, len,
		      tuple->daddr.s6_addr32) ||
	    nla_put_u16(skb, TIPH_TUPLE_SPORT, ntohs(tuple->sport)) ||
	    nla_put_u16(skb, TIPH_TUPLE_DPORT, ntohs(tuple->dport)) ||
	    nla_put_u32(skb, TIPH_TUPLE_IFINDEX, tuple->ifindex))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}

/* A prefix of length 0 is told only if nothing else tells the family. */
static int fill_covered(struct sk_buff *skb, const struct tiph_key *key)
{
	unsigned int slen = tiph_shape_source(key->shape);
	unsigned int dlen = tiph_shape_destination(key->shape);
	bool both = !(~key->shape & (TIPH_SHAPE_IPV4 | TIPH_SHAPE_IPV6));
	u8 family = key->shape & TIPH_SHAPE_IPV6 ? AF_INET6 : AF_INET;

	if ((slen || (!dlen && !both)) &&
	    fill_addr(skb, TIPH_BYPASS_SOURCE, family, slen, key->source))
		return -EMSGSIZE;
	if (dlen &&
	    fill_addr(skb, TIPH_BYPASS_DESTINATION, family, dlen,
		      key->destination))
		return -EMSGSIZE;
	if (key->shape & TIPH_SHAPE_PORT)
		return nla_put_u16(skb, TIPH_BYPASS_DPORT, key->dport);
	return 0;
}

static int fill_entry(struct sk_buff *skb,
		      const struct tiph_bypass_entry *entry)
{
	u64 ends = READ_ONCE(entry->ends), now = get_jiffies_64();
	u64 left = ends > now ? jiffies64_to_msecs(ends - now) : 0;

	if (nla_put_u32(skb, TIPH_BYPASS_TTL, min_t(u64, left, U32_MAX)) ||
	    nla_put_u8(skb, TIPH_BYPASS_REASON, READ_ONCE(entry->reason)) ||
	    nla_put_u64_64bit(skb, TIPH_BYPASS_HITS,
			      atomic64_read(&entry->hits), TIPH_BYPASS_PAD))
		return -EMSGSIZE;
	return 0;
}

/**
 * tiph_fill_bypass() - put a bypass entry into a message
 * @skb: the message; the caller cancels it if this fails
 * @key: what it covers
 * @entry: the dynamic entry, or NULL if it is of another kind
 * @end: why it ended, enum tiph_bypass_end, or negative if it has not
 *
 * Return: 0 or -EMSGSIZE
 */
int tiph_fill_bypass(struct sk_buff *skb, const struct tiph_key *key,
		     const struct tiph_bypass_entry *entry, int end)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_A_BYPASS);

	if (!nest || fill_covered(skb, key) ||
	    (entry && fill_entry(skb, entry)) ||
	    (end >= 0 && nla_put_u8(skb, TIPH_BYPASS_END, end)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}

static int fill_counter(struct sk_buff *skb, enum tiph_verdict_id verdict,
			u64 value)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_STAT_COUNTER);

	if (!nest ||
	    nla_put_string(skb, TIPH_STAT_NAME, tiph_verdict_name(verdict)) ||
	    nla_put_u64_64bit(skb, TIPH_STAT_VALUE, value, TIPH_STAT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}

/**
 * tiph_fill_stats() - put counters into a message
 * @skb: the message; the caller cancels it if this fails
 * @stats: the counters, or NULL for none counted yet
 *
 * Return: 0 or -EMSGSIZE
 */
int tiph_fill_stats(struct sk_buff *skb, struct tiph_stats __percpu *stats)
{
	struct nlattr *nest = nla_nest_start(skb, TIPH_A_STATS);
	enum tiph_verdict_id verdict;

	if (!nest)
		return -EMSGSIZE;
	for (verdict = 0; verdict < __TIPH_V_MAX; verdict++)
		if (fill_counter(skb, verdict, stats ?
				 tiph_stats_sum(stats, verdict) : 0))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);

	return 0;
}
