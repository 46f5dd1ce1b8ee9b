// SPDX-License-Identifier: GPL-2.0-only
/*
 * From attributes to configurations.
 *
 * Policies come first: types, lengths, ranges, and that nothing unknown is
 * there are checked by netlink before a handler runs, nests included. An
 * attribute without an entry in a command's policy is refused. What is left
 * for the code here is what a policy can't say.
 */
#include <linux/slab.h>

#include "parse.h"

static const struct nla_policy ifname_policy[TIPH_LIST_MAX + 1] = {
	[TIPH_LIST_ENTRY] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

static const struct nla_policy prefix_policy[TIPH_LIST_MAX + 1] = {
	[TIPH_LIST_ENTRY] = NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
};

static const struct nla_policy port_policy[TIPH_PORT_MAX + 1] = {
	[TIPH_PORT_NAME] = {
		.type = NLA_NUL_STRING, .len = TIPH_NAME_MAX - 1
	},
	[TIPH_PORT_MODE] = NLA_POLICY_MAX(NLA_U8, TIPH_MODE_FULL),
	[TIPH_PORT_LISTEN] = NLA_POLICY_MIN(NLA_U16, 1),
	[TIPH_PORT_DPORTS] = {
		.type = NLA_BINARY, .len = TIPH_MATCH_PORTS_MAX * sizeof(u16)
	},
	[TIPH_PORT_IFNAMES] = NLA_POLICY_NESTED(ifname_policy),
	[TIPH_PORT_SOURCES] = NLA_POLICY_NESTED(prefix_policy),
	[TIPH_PORT_DESTINATIONS] = NLA_POLICY_NESTED(prefix_policy),
	[TIPH_PORT_EXCEPT_SOURCES] = NLA_POLICY_NESTED(prefix_policy),
	[TIPH_PORT_EXCEPT_DESTINATIONS] = NLA_POLICY_NESTED(prefix_policy),
	[TIPH_PORT_SOURCE_PORT] =
		NLA_POLICY_MAX(NLA_U8, TIPH_SOURCE_PORT_STRICT),
	[TIPH_PORT_ON_FAILURE] = NLA_POLICY_MAX(NLA_U8, TIPH_POLICY_RESET),
	[TIPH_PORT_ON_OVERLOAD] = NLA_POLICY_MAX(NLA_U8, TIPH_POLICY_RESET),
	[TIPH_PORT_MARK] = { .type = NLA_U32 },
	[TIPH_PORT_SAMPLE] = NLA_POLICY_MAX(NLA_U16, TIPH_SHARE),
	[TIPH_PORT_DRY_RUN] = NLA_POLICY_MAX(NLA_U8, 1),
	[TIPH_PORT_SHED_HIGH] = NLA_POLICY_MAX(NLA_U16, TIPH_SHARE),
	[TIPH_PORT_SHED_LOW] = NLA_POLICY_MAX(NLA_U16, TIPH_SHARE),
	[TIPH_PORT_BRIDGES] = NLA_POLICY_NESTED(ifname_policy),
};

static const struct nla_policy port_name_policy[TIPH_PORT_MAX + 1] = {
	[TIPH_PORT_NAME] = {
		.type = NLA_NUL_STRING, .len = TIPH_NAME_MAX - 1
	},
};

const struct nla_policy tiph_policy_none[TIPH_A_MAX + 1] = {
};

const struct nla_policy tiph_policy_set[TIPH_A_MAX + 1] = {
	[TIPH_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, TIPH_FLAGS_ALL),
	[TIPH_A_PORT] = NLA_POLICY_NESTED(port_policy),
};

const struct nla_policy tiph_policy_name[TIPH_A_MAX + 1] = {
	[TIPH_A_PORT] = NLA_POLICY_NESTED(port_name_policy),
};

/*
 * The range of the first has a gap, and a function of our own would be reported
 * as a range, with a warning (nla_get_range_unsigned()): genl.c checks it.
 */
const struct nla_policy tiph_policy_heartbeat[TIPH_A_MAX + 1] = {
	[TIPH_A_HEARTBEAT] = { .type = NLA_U32 },
	[TIPH_A_OVERLOAD] = NLA_POLICY_MAX(NLA_U8, 1),
};

static int parse_dports(struct tiph_port *port, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (!nla_len(attr))
		return 0;
	if (nla_len(attr) % sizeof(u16)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "destination ports are an array of 16-bit numbers");
		return -EINVAL;
	}
	port->dports = kmemdup(nla_data(attr), nla_len(attr),
			       GFP_KERNEL_ACCOUNT);
	if (!port->dports)
		return -ENOMEM;
	port->n_dports = nla_len(attr) / sizeof(u16);

	return 0;
}

static unsigned int list_length(const struct nlattr *list)
{
	const struct nlattr *entry;
	unsigned int n = 0;
	int rem;

	nla_for_each_nested(entry, list, rem)
		n++;
	return n;
}

static int parse_names(struct tiph_names *names, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	unsigned int n = list_length(attr);
	const struct nlattr *entry;
	int rem;

	if (!n)
		return 0;
	if (n > TIPH_MATCH_IFS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "too many interfaces");
		return -EINVAL;
	}
	names->name = kcalloc(n, sizeof(*names->name), GFP_KERNEL_ACCOUNT);
	if (!names->name)
		return -ENOMEM;
	nla_for_each_nested(entry, attr, rem) {
		if (nla_len(entry) < 2) {
			NL_SET_ERR_MSG_ATTR(extack, entry,
					    "the name of an interface is empty");
			return -EINVAL;
		}
		nla_strscpy(names->name[names->n++], entry,
			    sizeof(*names->name));
	}

	return 0;
}

static int parse_prefixes(struct tiph_prefixes *set, const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	unsigned int n = list_length(attr);
	const struct nlattr *entry;
	const char *fault;
	int rem;

	if (!n)
		return 0;
	if (n > TIPH_MATCH_PREFIXES_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "too many prefixes");
		return -EINVAL;
	}
	set->given = kvcalloc(n, sizeof(*set->given), GFP_KERNEL_ACCOUNT);
	if (!set->given)
		return -ENOMEM;
	nla_for_each_nested(entry, attr, rem) {
		struct tiph_prefix *prefix = &set->given[set->n++];

		memcpy(prefix, nla_data(entry), sizeof(*prefix));
		fault = tiph_prefix_check(prefix);
		if (fault) {
			tiph_refuse(extack, fault);
			NL_SET_BAD_ATTR(extack, entry);
			return -EINVAL;
		}
	}

	return 0;
}

/* Which attribute goes into which list. */
static struct tiph_prefixes *prefixes_of(struct tiph_port *port, int attr)
{
	switch (attr) {
	case TIPH_PORT_SOURCES:
		return &port->sources;
	case TIPH_PORT_DESTINATIONS:
		return &port->destinations;
	case TIPH_PORT_EXCEPT_SOURCES:
		return &port->except_sources;
	case TIPH_PORT_EXCEPT_DESTINATIONS:
		return &port->except_destinations;
	}
	return NULL;
}

static int parse_lists(struct tiph_port *port, struct nlattr **tb,
		       struct netlink_ext_ack *extack)
{
	unsigned int total = 0;
	int attr, err = 0;

	if (tb[TIPH_PORT_DPORTS])
		err = parse_dports(port, tb[TIPH_PORT_DPORTS], extack);
	if (!err && tb[TIPH_PORT_IFNAMES])
		err = parse_names(&port->interfaces, tb[TIPH_PORT_IFNAMES],
				  extack);
	if (!err && tb[TIPH_PORT_BRIDGES])
		err = parse_names(&port->bridges, tb[TIPH_PORT_BRIDGES],
				  extack);
	for (attr = TIPH_PORT_SOURCES;
	     attr <= TIPH_PORT_EXCEPT_DESTINATIONS && !err; attr++) {
		struct tiph_prefixes *set = prefixes_of(port, attr);

		if (!tb[attr])
			continue;
		err = parse_prefixes(set, tb[attr], extack);
		total += set->n;
	}
	if (!err && total > TIPH_MATCH_PREFIXES_MAX) {
		NL_SET_ERR_MSG(extack, "too many prefixes in one port");
		err = -EINVAL;
	}

	return err;
}

static void parse_numbers(struct tiph_port *port, struct nlattr **tb)
{
	port->mode = nla_get_u8(tb[TIPH_PORT_MODE]);
	port->listen = nla_get_u16(tb[TIPH_PORT_LISTEN]);
	if (tb[TIPH_PORT_SOURCE_PORT])
		port->source_port = nla_get_u8(tb[TIPH_PORT_SOURCE_PORT]);
	if (tb[TIPH_PORT_ON_FAILURE])
		port->on_failure = nla_get_u8(tb[TIPH_PORT_ON_FAILURE]);
	if (tb[TIPH_PORT_ON_OVERLOAD])
		port->on_overload = nla_get_u8(tb[TIPH_PORT_ON_OVERLOAD]);
	if (tb[TIPH_PORT_MARK])
		port->mark = nla_get_u32(tb[TIPH_PORT_MARK]);
	if (tb[TIPH_PORT_SAMPLE])
		port->sample = nla_get_u16(tb[TIPH_PORT_SAMPLE]);
	if (tb[TIPH_PORT_DRY_RUN])
		port->dry_run = nla_get_u8(tb[TIPH_PORT_DRY_RUN]);
	if (tb[TIPH_PORT_SHED_HIGH])
		port->shed_high = nla_get_u16(tb[TIPH_PORT_SHED_HIGH]);
	if (tb[TIPH_PORT_SHED_LOW])
		port->shed_low = nla_get_u16(tb[TIPH_PORT_SHED_LOW]);
}

/* Returns a port to be put by the caller. */
static struct tiph_port *parse_port(const struct nlattr *attr,
				    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TIPH_PORT_MAX + 1];
	struct tiph_port *port;
	int err;

	err = nla_parse_nested(tb, TIPH_PORT_MAX, attr, port_policy, extack);
	if (err)
		return ERR_PTR(err);
	if (!tb[TIPH_PORT_NAME] || !tb[TIPH_PORT_MODE] ||
	    !tb[TIPH_PORT_LISTEN]) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a port needs a name, a mode and a local port to listen at");
		return ERR_PTR(-EINVAL);
	}

	port = tiph_port_create();
	if (!port)
		return ERR_PTR(-ENOMEM);
	nla_strscpy(port->name, tb[TIPH_PORT_NAME], sizeof(port->name));
	parse_numbers(port, tb);
	err = parse_lists(port, tb, extack);
	if (!err)
		err = tiph_port_check(port, extack);
	if (!err)
		return port;

	if (extack && !extack->bad_attr)
		NL_SET_BAD_ATTR(extack, attr);
	tiph_port_put(port);
	return ERR_PTR(err);
}

#define for_each_port_attr(attr, info, rem)				\
	nlmsg_for_each_attr(attr, (info)->nlhdr, GENL_HDRLEN, rem)	\
		if (nla_type(attr) == TIPH_A_PORT)

static int count_ports(struct genl_info *info)
{
	const struct nlattr *attr;
	int rem, n = 0;

	for_each_port_attr(attr, info, rem)
		n++;
	if (n > TIPH_PORTS_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "more ports than one network namespace can have");
		return -EINVAL;
	}

	return n;
}

/**
 * tiph_parse_free() - give back what tiph_parse_ports() made
 * @ports: the ports
 * @n: their number
 */
void tiph_parse_free(struct tiph_port **ports, int n)
{
	while (n-- > 0)
		tiph_port_put(ports[n]);
	kvfree(ports);
}

static bool has_name(struct tiph_port **ports, int n, const char *name)
{
	while (n-- > 0)
		if (!strcmp(ports[n]->name, name))
			return true;
	return false;
}

/**
 * tiph_parse_ports() - the ports of a message
 * @info: the message
 * @ret: checked configurations of different names, to be freed by
 *	tiph_parse_free()
 *
 * Return: their number, or a negative errno
 */
int tiph_parse_ports(struct genl_info *info, struct tiph_port ***ret)
{
	int rem, max = count_ports(info), n = 0;
	struct tiph_port **ports;
	const struct nlattr *attr;

	if (max < 0)
		return max;
	ports = kvcalloc(max + 1, sizeof(*ports), GFP_KERNEL_ACCOUNT);
	if (!ports)
		return -ENOMEM;
	for_each_port_attr(attr, info, rem) {
		struct tiph_port *port = parse_port(attr, info->extack);

		if (!IS_ERR(port) && has_name(ports, n, port->name)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "a port occurs twice in the message");
			tiph_port_put(port);
			port = ERR_PTR(-EINVAL);
		}
		if (IS_ERR(port)) {
			tiph_parse_free(ports, n);
			return PTR_ERR(port);
		}
		ports[n++] = port;
	}
	*ret = ports;

	return n;
}

/**
 * tiph_parse_names() - the names of the ports of a message
 * @info: the message
 * @ret: the attributes %TIPH_PORT_NAME, the array to be freed by kvfree()
 *
 * Return: their number, or a negative errno
 */
int tiph_parse_names(struct genl_info *info, const struct nlattr ***ret)
{
	int rem, max = count_ports(info), n = 0;
	const struct nlattr *attr, **names;

	if (max < 0)
		return max;
	names = kvcalloc(max + 1, sizeof(*names), GFP_KERNEL_ACCOUNT);
	if (!names)
		return -ENOMEM;
	for_each_port_attr(attr, info, rem) {
		names[n] = nla_find_nested(attr, TIPH_PORT_NAME);
		if (!names[n]) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "the port has no name");
			kvfree(names);
			return -EINVAL;
		}
		n++;
	}
	*ret = names;

	return n;
}
