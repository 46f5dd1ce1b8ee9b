// SPDX-License-Identifier: GPL-2.0-only
/* Ports, and the immutable table of them. */
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/netlink.h>

#include "port.h"
#include "tag.h"

static struct tiph_ident *ident_create(const char *name, u32 id)
{
	struct tiph_ident *ident;

	ident = kzalloc(sizeof(*ident), GFP_KERNEL_ACCOUNT);
	if (!ident)
		return ERR_PTR(-ENOMEM);
	ident->stats = tiph_stats_create();
	if (!ident->stats) {
		kfree(ident);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&ident->refs, 1);
	ident->id = id;
	strscpy(ident->name, name, sizeof(ident->name));

	return ident;
}

static void ident_put(struct tiph_ident *ident)
{
	if (!ident || !refcount_dec_and_test(&ident->refs))
		return;
	free_percpu(ident->stats);
	kfree(ident);
}

/**
 * tiph_port_create() - an empty configuration
 *
 * Return: a port with one reference, or NULL
 */
struct tiph_port *tiph_port_create(void)
{
	struct tiph_port *port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);

	if (!port)
		return NULL;
	refcount_set(&port->refs, 1);
	port->sample = TIPH_SHARE;

	return port;
}

/**
 * tiph_port_put() - give back a reference to a port
 * @port: a port that no reader can find by this reference, or NULL
 */
void tiph_port_put(struct tiph_port *port)
{
	if (!port || !refcount_dec_and_test(&port->refs))
		return;
	ident_put(port->ident);
	tiph_prefixes_free(&port->sources);
	tiph_prefixes_free(&port->destinations);
	tiph_prefixes_free(&port->except_sources);
	tiph_prefixes_free(&port->except_destinations);
	kfree(port->interfaces.name);
	kfree(port->bridges.name);
	kfree(port->dports);
	kfree(port);
}

static bool is_selective(const struct tiph_port *port)
{
	return port->interfaces.n || port->bridges.n || port->sources.n ||
	       port->destinations.n || port->except_sources.n || port->except_destinations.n;
}

static const char *dports_check(const struct tiph_port *port)
{
	u16 i, j;

	for (i = 0; i < port->n_dports; i++) {
		if (!port->dports[i])
			return "0 is no destination port";
		for (j = 0; j < i; j++)
			if (port->dports[j] == port->dports[i])
				return "a destination port occurs twice";
	}
	return NULL;
}

static const char *name_check(const char *name)
{
	const char *c;

	if (!*name)
		return "the name of a port is empty";
	for (c = name; *c; c++)
		if (!isalnum(*c) && !strchr("_.-", *c))
			return "the name of a port has a character other than letters, digits, _ . -";
	return NULL;
}

static const char *port_fault(const struct tiph_port *port)
{
	const char *fault = name_check(port->name);

	if (!fault)
		fault = dports_check(port);
	if (fault)
		return fault;
	if (!port->listen)
		return "a port needs the local port of its listeners";
	if (port->mode & TIPH_INBOUND) {
		if (!port->n_dports)
			return "a port of mode full or inbound needs destination ports";
	} else if (port->n_dports || is_selective(port)) {
		return "a port of mode outbound or none intercepts nothing and takes nothing to match";
	} else if (port->sample != TIPH_SHARE || port->dry_run ||
		   port->shed_high) {
		return "a port of mode outbound or none intercepts nothing: no sample, dry run or marks";
	}
	if (port->shed_low >= port->shed_high && port->shed_low + port->shed_high)
		return "the low-water mark is not below the high-water mark";
	if (!(port->mode & TIPH_OUTBOUND) &&
	    port->source_port != TIPH_SOURCE_PORT_ANY)
		return "a source port policy needs mode full or outbound";
	return NULL;
}

/**
 * tiph_port_check() - check a configuration and make it searchable
 * @port: the configuration, as it came from userspace
 * @extack: where the reason of a refusal goes
 *
 * Return: 0 or a negative errno
 */
int tiph_port_check(struct tiph_port *port, struct netlink_ext_ack *extack)
{
	const char *fault = port_fault(port);
	int err;

	if (fault) {
		tiph_refuse(extack, fault);
		return -EINVAL;
	}

	port->selective = is_selective(port);
	err = tiph_prefixes_build(&port->sources);
	if (!err)
		err = tiph_prefixes_build(&port->destinations);
	if (!err)
		err = tiph_prefixes_build(&port->except_sources);
	if (!err)
		err = tiph_prefixes_build(&port->except_destinations);

	return err;
}

static int cmp_match(const void *left, const void *right)
{
	const struct tiph_match *a = left, *b = right;

	return a->dport != b->dport ? a->dport - b->dport : a->port - b->port;
}

static int index_build(struct tiph_ports *ports)
{
	unsigned int n = 0;
	u16 i, j;

	for (i = 0; i < ports->n; i++)
		n += ports->port[i]->n_dports;
	if (!n)
		return 0;

	ports->match = kvcalloc(n, sizeof(*ports->match), GFP_KERNEL_ACCOUNT);
	if (!ports->match)
		return -ENOMEM;
	for (i = 0; i < ports->n; i++) {
		for (j = 0; j < ports->port[i]->n_dports; j++) {
			struct tiph_match *match;

			match = &ports->match[ports->n_match++];
			match->dport = ports->port[i]->dports[j];
			match->port = i;
		}
	}
	sort(ports->match, n, sizeof(*ports->match), cmp_match, NULL);

	return 0;
}

static void marks_summarise(struct tiph_ports *ports)
{
	bool same = true;
	u16 i;

	for (i = 0; i < ports->n; i++) {
		u32 mark = ports->port[i]->mark;

		ports->has_bridge |= ports->port[i]->bridges.n;
		if (!mark)
			continue;
		same = same && (!ports->has_mark || ports->mark == mark);
		ports->has_mark = true;
		ports->mark = mark;
	}
	if (!same)
		ports->mark = 0;
}

/* Takes a reference of its own to each of @port. */
static int ports_create(struct tiph_port **port, unsigned int n,
			struct tiph_ports **ret)
{
	struct tiph_ports *ports;
	u16 i;
	int err;

	ports = kvzalloc(struct_size(ports, port, n), GFP_KERNEL_ACCOUNT);
	if (!ports)
		return -ENOMEM;
	ports->n = n;
	for (i = 0; i < n; i++) {
		refcount_inc(&port[i]->refs);
		ports->port[i] = port[i];
	}
	marks_summarise(ports);
	err = index_build(ports);
	if (err) {
		tiph_ports_free(ports);
		return err;
	}
	*ret = ports;

	return 0;
}

/**
 * tiph_ports_free() - free a version of the table
 * @ports: one that was never published, or a grace period after it was
 *	replaced; or NULL
 */
void tiph_ports_free(struct tiph_ports *ports)
{
	u16 i;

	if (!ports)
		return;
	for (i = 0; i < ports->n; i++)
		tiph_port_put(ports->port[i]);
	kvfree(ports->match);
	kvfree(ports);
}

static unsigned int name_index(struct tiph_port **port, unsigned int n,
			       const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(port[i]->name, name))
			break;
	return i;
}

static const char *list_fault(struct tiph_port **list, unsigned int n)
{
	unsigned int i, j;

	if (n > TIPH_PORTS_MAX)
		return "more ports than one network namespace can have";
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (list[i]->listen == list[j]->listen)
				return "two ports have the same local port for their listeners";
	return NULL;
}

/* Can listeners and connections of the one be those of the other? */
static bool is_alike(const struct tiph_port *a, const struct tiph_port *b)
{
	return !((a->mode ^ b->mode) & TIPH_INBOUND);
}

/*
 * No SYN may find nobody because its port has just been moved: the listeners
 * that there were serve until the new ones are claimed.
 */
static void succeed(struct tiph_port *port, const struct tiph_port *before)
{
	struct tiph_ident *ident = port->ident;

	WRITE_ONCE(ident->modes, ident->modes | before->mode);
	if (!is_alike(port, before))
		return;
	if (before->listen != port->listen &&
	    READ_ONCE(before->ident->served) == before->listen)
		port->before = before->listen;
	else
		port->before = before->before;
}

/* The port that is gone and at whose local port @port is now: it was renamed. */
static const struct tiph_port *renamed(const struct tiph_ports *old,
				       const struct tiph_port *port,
				       struct tiph_port **list,
				       unsigned int len)
{
	u16 i;

	for (i = 0; old && i < old->n; i++)
		if (old->port[i]->listen == port->listen &&
		    is_alike(port, old->port[i]) &&
		    name_index(list, len, old->port[i]->name) == len)
			return old->port[i];
	return NULL;
}

static int ident_attach(const struct tiph_ports *old, struct tiph_port *port,
			struct tiph_port **list, unsigned int len, u32 *last_id)
{
	const struct tiph_port *before = tiph_ports_by_name(old, port->name);
	struct tiph_ident *ident;

	if (before) {
		refcount_inc(&before->ident->refs);
		port->ident = before->ident;
		succeed(port, before);
		return 0;
	}
	before = renamed(old, port, list, len);
	if (!before && *last_id == TIPH_TAG_MAX)
		return -ENOSPC;
	ident = ident_create(port->name,
			     before ? before->ident->id : *last_id + 1);
	if (IS_ERR(ident))
		return PTR_ERR(ident);
	*last_id += !before;
	port->ident = ident;
	if (before) {
		ident->served = before->ident->served;
		ident->modes = before->ident->modes;
		succeed(port, before);
	}
	return 0;
}

/* @list has room for all of @old and @ports. */
static unsigned int list_merge(struct tiph_port **list,
			       const struct tiph_ports *old,
			       struct tiph_port **ports, unsigned int n,
			       bool replace)
{
	unsigned int i, at, len = 0;

	if (old && !replace) {
		len = old->n;
		memcpy(list, old->port, len * sizeof(*list));
	}
	for (i = 0; i < n; i++) {
		at = name_index(list, len, ports[i]->name);
		list[at] = ports[i];
		len += at == len;
	}

	return len;
}

/**
 * tiph_ports_merge() - the version of the table after ports were set
 * @old: the version before, or NULL
 * @ports: checked configurations of different names; those of a name that is in @old take its
 *	place and its identity, the others follow in their order
 * @n: number of @ports
 * @replace: ports of @old that are not in @ports are gone
 * @last_id: the last id that was given to a port of the namespace
 * @ret: the new version
 * @extack: where the reason of a refusal goes
 *
 * The caller keeps its references to @ports.
 *
 * Return: 0 or a negative errno
 */
int tiph_ports_merge(const struct tiph_ports *old, struct tiph_port **ports,
		     unsigned int n, bool replace, u32 *last_id,
		     struct tiph_ports **ret, struct netlink_ext_ack *extack)
{
	struct tiph_port **list;
	const char *fault;
	unsigned int i, len;
	int err = 0;

	list = kvcalloc(n + (old ? old->n : 0) + 1, sizeof(*list),
			GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	len = list_merge(list, old, ports, n, replace);
	fault = list_fault(list, len);
	if (fault) {
		tiph_refuse(extack, fault);
		err = -EINVAL;
	}
	for (i = 0; i < n && !err; i++)
		err = ident_attach(old, ports[i], list, len, last_id);
	if (!err)
		err = ports_create(list, len, ret);
	kvfree(list);

	return err;
}

/**
 * tiph_ports_remove() - the version of the table after ports were removed
 * @old: the version before, or NULL
 * @names: attributes with the names of the ports
 * @n: number of @names; 0: all ports
 * @ret: the new version
 * @extack: where the reason of a refusal goes
 *
 * Return: 0, -ENOENT if there is no port of one of the names, or another
 * negative errno
 */
int tiph_ports_remove(const struct tiph_ports *old,
		      const struct nlattr * const *names, unsigned int n,
		      struct tiph_ports **ret, struct netlink_ext_ack *extack)
{
	unsigned int i, at, len = n && old ? old->n : 0;
	struct tiph_port **list;
	int err = 0;

	list = kvcalloc(len + 1, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	if (len)
		memcpy(list, old->port, len * sizeof(*list));
	for (i = 0; i < n && !err; i++) {
		at = name_index(list, len, nla_data(names[i]));
		if (at == len) {
			NL_SET_ERR_MSG_ATTR(extack, names[i],
					    "no port of this name");
			err = -ENOENT;
		} else {
			len--;
			memmove(&list[at], &list[at + 1],
				(len - at) * sizeof(*list));
		}
	}
	if (!err)
		err = ports_create(list, len, ret);
	kvfree(list);

	return err;
}

/**
 * tiph_ports_by_name() - find a port by its name
 * @ports: the table, or NULL
 * @name: the name
 *
 * Return: the port, or NULL
 */
struct tiph_port *tiph_ports_by_name(const struct tiph_ports *ports,
				     const char *name)
{
	u16 i;

	for (i = 0; ports && i < ports->n; i++)
		if (!strcmp(ports->port[i]->name, name))
			return ports->port[i];
	return NULL;
}

/**
 * tiph_ports_by_id() - find a port by its id
 * @ports: the table, or NULL
 * @id: the id; 0 finds nothing
 *
 * Return: the port, or NULL
 */
const struct tiph_port *tiph_ports_by_id(const struct tiph_ports *ports,
					 u32 id)
{
	u16 i;

	for (i = 0; ports && i < ports->n; i++)
		if (ports->port[i]->ident->id == id)
			return ports->port[i];
	return NULL;
}

/**
 * tiph_port_has_dport() - whether a port intercepts a destination port
 * @port: the port
 * @dport: the destination port
 *
 * Return: true if it does
 */
bool tiph_port_has_dport(const struct tiph_port *port, u16 dport)
{
	u16 i;

	for (i = 0; i < port->n_dports; i++)
		if (port->dports[i] == dport)
			return true;
	return false;
}

static bool has_name(const struct tiph_names *names,
		     const struct net_device *dev)
{
	u16 i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], dev->name))
			return true;
	return false;
}

/**
 * tiph_ports_have_bridge() - whether frames on a bridge are looked at
 * @ports: the table, under RCU
 * @br: the bridge
 *
 * Return: true if a port names @br
 */
bool tiph_ports_have_bridge(const struct tiph_ports *ports,
			    const struct net_device *br)
{
	u16 i;

	for (i = 0; ports->has_bridge && i < ports->n; i++)
		if (has_name(&ports->port[i]->bridges, br))
			return true;
	return false;
}

static bool matches_in(const struct tiph_port *port, const struct tiph_syn *syn)
{
	if (syn->port && !has_name(&port->bridges, syn->in))
		return false;
	return !port->interfaces.n || has_name(&port->interfaces, syn->in) ||
	       (syn->port && has_name(&port->interfaces, syn->port));
}

static bool matches4(const struct tiph_port *port, const struct tiph_syn *syn)
{
	return (!port->sources.n ||
		tiph_prefixes_have4(&port->sources, syn->saddr4)) &&
	       (!port->destinations.n ||
		tiph_prefixes_have4(&port->destinations, syn->daddr4)) &&
	       !tiph_prefixes_have4(&port->except_sources, syn->saddr4) &&
	       !tiph_prefixes_have4(&port->except_destinations, syn->daddr4);
}

static bool matches6(const struct tiph_port *port, const struct tiph_syn *syn)
{
	return (!port->sources.n ||
		tiph_prefixes_have6(&port->sources, syn->saddr6)) &&
	       (!port->destinations.n ||
		tiph_prefixes_have6(&port->destinations, syn->daddr6)) &&
	       !tiph_prefixes_have6(&port->except_sources, syn->saddr6) &&
	       !tiph_prefixes_have6(&port->except_destinations, syn->daddr6);
}

static noinline bool matches(const struct tiph_port *port,
			     const struct tiph_syn *syn)
{
	return matches_in(port, syn) &&
	       (syn->family == AF_INET ? matches4(port, syn) :
					 matches6(port, syn));
}

static unsigned int match_first(const struct tiph_ports *ports, u16 dport)
{
	unsigned int low = 0, high = ports->n_match;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (ports->match[middle].dport < dport)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

/**
 * tiph_ports_match() - the port that wants a connection
 * @ports: the table, under RCU
 * @syn: the connection
 *
 * Return: the first port in the order of the table that matches, or NULL
 */
const struct tiph_port *tiph_ports_match(const struct tiph_ports *ports,
					 const struct tiph_syn *syn)
{
	unsigned int i;

	for (i = match_first(ports, syn->dport);
	     i < ports->n_match && ports->match[i].dport == syn->dport; i++) {
		const struct tiph_port *port = ports->port[ports->match[i].port];

		if ((!port->selective && likely(!syn->port)) ||
		    matches(port, syn))
			return port;
	}

	return NULL;
}
