// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "tiphares".
 *
 * A message that changes the table is read whole into configurations of its
 * own, then merged, published and announced under the namespace's lock, so
 * that notifications come in the order of the commits. What the commit
 * replaced is freed after the unlock. Dumps walk the table under RCU, by
 * index, and tell by the generation if it was replaced meanwhile.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "../version.h"
#include "explain.h"
#include "fill.h"
#include "genl.h"
#include "genl_bypass.h"
#include "net.h"
#include "notify.h"
#include "parse.h"

static const struct genl_multicast_group group = { .name = TIPH_GENL_GROUP };

/* What this module has beyond its first release. */
#define FEATURES	(TIPH_FEATURE_IPV6 | TIPH_FEATURE_BYPASS |		\
			 TIPH_FEATURE_HEARTBEAT | TIPH_FEATURE_SHED |		\
			 TIPH_FEATURE_SAMPLE | TIPH_FEATURE_EXPLAIN |		\
			 TIPH_FEATURE_LATELY | TIPH_FEATURE_BRIDGE)

static int fill_info(struct sk_buff *msg, struct tiph_net *tn)
{
	const struct tiph_bypass *bypass = READ_ONCE(tn->bypass);

	if (nla_put_string(msg, TIPH_A_VERSION, TIPHARES_VERSION) ||
	    nla_put_u64_64bit(msg, TIPH_A_FEATURES, FEATURES, TIPH_A_PAD) ||
	    nla_put_u32(msg, TIPH_A_GENERATION, READ_ONCE(tn->generation)) ||
	    nla_put_u32(msg, TIPH_A_OWNER, READ_ONCE(tn->owner)) ||
	    nla_put_u32(msg, TIPH_A_HEARTBEAT,
			jiffies_to_msecs(READ_ONCE(tn->heartbeat))) ||
	    nla_put_u32(msg, TIPH_A_STATE, READ_ONCE(tn->state)) ||
	    nla_put_u32(msg, TIPH_A_BYPASS_LIMIT,
			bypass ? READ_ONCE(bypass->limit) :
				 TIPH_BYPASS_LIMIT) ||
	    nla_put_u32(msg, TIPH_A_BYPASS_COUNT,
			bypass ? READ_ONCE(bypass->n) : 0))
		return -EMSGSIZE;
	return 0;
}

static int get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	struct sk_buff *msg;
	void *head;

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	head = genlmsg_put_reply(msg, info, &tiph_family, 0, TIPH_CMD_GET_INFO);
	if (!head || fill_info(msg, tn)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);

	return genlmsg_reply(msg, info);
}

/* Publishes @new, or frees it if that fails. */
static int commit(struct tiph_net *tn, struct tiph_ports *new)
{
	struct tiph_ports *old = tiph_net_ports(tn);
	int err = tiph_net_commit(tn, new);

	if (err)
		tiph_ports_free(new);
	else
		tiph_announce_commit(tn, old, new);

	return err;
}

static int port_set(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	struct tiph_ports *new, *old = NULL;
	struct tiph_port **ports;
	u32 flags = 0;
	int n, err;

	if (info->attrs[TIPH_A_FLAGS])
		flags = nla_get_u32(info->attrs[TIPH_A_FLAGS]);
	n = tiph_parse_ports(info, &ports);
	if (n < 0)
		return n;
	if (!n && !flags) {
		NL_SET_ERR_MSG(info->extack, "the message sets no port");
		err = -EINVAL;
		goto out;
	}

	mutex_lock(&tn->lock);
	err = tiph_ports_merge(tiph_net_ports(tn), ports, n,
			       flags & TIPH_FLAG_REPLACE, &tn->last_id, &new,
			       info->extack);
	if (!err) {
		old = tiph_net_ports(tn);
		err = commit(tn, new);
	}
	if (!err && flags & TIPH_FLAG_OWN &&
	    tiph_net_own(tn, info->snd_portid))
		tiph_announce_owner(tn);
	mutex_unlock(&tn->lock);
	if (!err)
		tiph_net_retire(old);
out:
	tiph_parse_free(ports, n);
	return err;
}

static int port_del(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	struct tiph_ports *new, *old = NULL;
	const struct nlattr **names;
	int n, err;

	n = tiph_parse_names(info, &names);
	if (n < 0)
		return n;

	mutex_lock(&tn->lock);
	err = tiph_ports_remove(tiph_net_ports(tn), names, n, &new,
				info->extack);
	if (!err) {
		old = tiph_net_ports(tn);
		err = commit(tn, new);
	}
	mutex_unlock(&tn->lock);
	if (!err)
		tiph_net_retire(old);
	kvfree(names);

	return err;
}

/* The table is locked: replies are made at leisure. */
static struct sk_buff *port_reply(struct tiph_net *tn, struct genl_info *info,
				  const struct tiph_port *port)
{
	struct sk_buff *msg;
	void *head;

	msg = genlmsg_new(tiph_fill_port_size(port) +
			  nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!msg)
		return ERR_PTR(-ENOMEM);
	head = genlmsg_put_reply(msg, info, &tiph_family, 0, TIPH_CMD_PORT_GET);
	if (!head || nla_put_u32(msg, TIPH_A_GENERATION, tn->generation) ||
	    tiph_fill_port(msg, port)) {
		nlmsg_free(msg);
		return ERR_PTR(-EMSGSIZE);
	}
	genlmsg_end(msg, head);

	return msg;
}

static int port_get(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	struct sk_buff *msg = ERR_PTR(-ENOENT);
	const struct tiph_port *port;
	const struct nlattr **names;
	int n;

	n = tiph_parse_names(info, &names);
	if (n < 0)
		return n;
	if (n == 1) {
		mutex_lock(&tn->lock);
		port = tiph_ports_by_name(tiph_net_ports(tn),
					  nla_data(names[0]));
		if (port)
			msg = port_reply(tn, info, port);
		else
			NL_SET_ERR_MSG_ATTR(info->extack, names[0],
					    "no port of this name");
		mutex_unlock(&tn->lock);
	} else {
		NL_SET_ERR_MSG(info->extack,
			       "one port is to be named, or a dump asked for");
		msg = ERR_PTR(-EINVAL);
	}
	kvfree(names);

	return IS_ERR(msg) ? PTR_ERR(msg) : genlmsg_reply(msg, info);
}

/*
 * The table that a part of a dump is made of, under RCU. The last message tells,
 * too, if it is another one than before: a shorter table has no other.
 */
static const struct tiph_ports *dump_ports(const struct tiph_net *tn,
					   struct netlink_callback *cb)
{
	const struct tiph_ports *ports = rcu_dereference(tn->ports);

	cb->seq = ports ? ports->generation : 0;

	return ports;
}

/* Begins a message of a dump. */
static void *dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *head;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			   cb->nlh->nlmsg_seq, &tiph_family, NLM_F_MULTI, cmd);
	if (!head)
		return NULL;
	genl_dump_check_consistent(cb, head);
	if (nla_put_u32(skb, TIPH_A_GENERATION, cb->seq)) {
		genlmsg_cancel(skb, head);
		return NULL;
	}

	return head;
}

/* A port may fill most of what an attribute can hold: room for the largest. */
static int dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = TIPH_FILL_PORT_MAX;

	return 0;
}

static int port_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiph_net *tn = tiph_net_get(sock_net(skb->sk));
	const struct tiph_ports *ports;
	unsigned long i = cb->args[0];

	rcu_read_lock();
	ports = dump_ports(tn, cb);
	for (; ports && i < ports->n; i++) {
		void *head = dump_put(skb, cb, TIPH_CMD_PORT_GET);

		if (!head)
			break;
		if (tiph_fill_port(skb, ports->port[i])) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	rcu_read_unlock();
	cb->args[0] = i;

	return skb->len;
}

/* Index 0 is the namespace, the ports follow. */
static int stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiph_net *tn = tiph_net_get(sock_net(skb->sk));
	const struct tiph_ports *ports;
	unsigned long i = cb->args[0];

	rcu_read_lock();
	ports = dump_ports(tn, cb);
	for (; i <= (ports ? ports->n : 0); i++) {
		void *head = dump_put(skb, cb, TIPH_CMD_STATS_GET);
		int err;

		if (!head)
			break;
		if (!i)
			err = tiph_fill_stats(skb, READ_ONCE(tn->stats));
		else
			err = tiph_fill_ident(skb, ports->port[i - 1]->ident) ?:
			      tiph_fill_stats(skb,
					      ports->port[i - 1]->ident->stats);
		if (err) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	rcu_read_unlock();
	cb->args[0] = i;

	return skb->len;
}

static int check_promise(const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	u32 ms = attr ? nla_get_u32(attr) : 0;

	if (!ms || (ms >= TIPH_HEARTBEAT_MIN && ms <= TIPH_HEARTBEAT_MAX))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "heartbeats are promised within 100 to 600000 milliseconds, or none by 0");
	return -ERANGE;
}

static int heartbeat(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	const struct nlattr *promise = info->attrs[TIPH_A_HEARTBEAT];
	const struct nlattr *overload = info->attrs[TIPH_A_OVERLOAD];
	int err = check_promise(promise, info->extack);

	if (err)
		return err;
	mutex_lock(&tn->lock);
	if (tn->owner != info->snd_portid) {
		NL_SET_ERR_MSG(info->extack,
			       "only the owner of the ports has heartbeats");
		err = -EPERM;
		goto out;
	}
	if (promise)
		WRITE_ONCE(tn->heartbeat,
			   msecs_to_jiffies(nla_get_u32(promise)));
	tiph_net_beat(tn);
	if (overload)
		WRITE_ONCE(tn->state, nla_get_u8(overload) ?
			   tn->state | TIPH_STATE_OVERLOADED :
			   tn->state & ~TIPH_STATE_OVERLOADED);
	if (promise || tn->state != tn->state_told)
		tiph_net_tend(tn, 0);
out:
	mutex_unlock(&tn->lock);
	return err;
}

static const struct genl_ops ops[] = {
	{
		.cmd	= TIPH_CMD_GET_INFO,
		.policy	= tiph_policy_none,
		.maxattr = TIPH_A_MAX,
		.doit	= get_info,
	},
	{
		.cmd	= TIPH_CMD_PORT_SET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_set,
		.maxattr = TIPH_A_MAX,
		.doit	= port_set,
	},
	{
		.cmd	= TIPH_CMD_PORT_DEL,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_name,
		.maxattr = TIPH_A_MAX,
		.doit	= port_del,
	},
	{
		.cmd	= TIPH_CMD_PORT_GET,
		.policy	= tiph_policy_name,
		.maxattr = TIPH_A_MAX,
		.doit	= port_get,
		.start	= dump_start,
		.dumpit	= port_dump,
	},
	{
		.cmd	= TIPH_CMD_STATS_GET,
		.policy	= tiph_policy_none,
		.maxattr = TIPH_A_MAX,
		.dumpit	= stats_dump,
	},
	{
		.cmd	= TIPH_CMD_HEARTBEAT,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_heartbeat,
		.maxattr = TIPH_A_MAX,
		.doit	= heartbeat,
	},
	{
		.cmd	= TIPH_CMD_BYPASS_ADD,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_bypass_add,
		.maxattr = TIPH_A_MAX,
		.doit	= tiph_bypass_add_doit,
	},
	{
		.cmd	= TIPH_CMD_BYPASS_DEL,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_bypass_del,
		.maxattr = TIPH_A_MAX,
		.doit	= tiph_bypass_del_doit,
	},
	{
		.cmd	= TIPH_CMD_BYPASS_GET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_bypass_kind,
		.maxattr = TIPH_A_MAX,
		.dumpit	= tiph_bypass_get_dumpit,
	},
	{
		.cmd	= TIPH_CMD_BYPASS_FLUSH,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_bypass_kind,
		.maxattr = TIPH_A_MAX,
		.doit	= tiph_bypass_flush_doit,
	},
	{
		.cmd	= TIPH_CMD_EXPLAIN,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_explain,
		.maxattr = TIPH_A_MAX,
		.doit	= tiph_explain_doit,
	},
	{
		.cmd	= TIPH_CMD_LATELY_GET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= tiph_policy_none,
		.maxattr = TIPH_A_MAX,
		.dumpit	= tiph_lately_dumpit,
	},
};

struct genl_family tiph_family __ro_after_init = {
	.name		= TIPH_GENL_NAME,
	.version	= TIPH_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= &group,
	.n_mcgrps	= 1,
	.module		= THIS_MODULE,
};

/*
 * A netlink socket was closed. If it was the owner's, the ports stay and their
 * policies rule. A socket of another protocol may have the same port id.
 */
static int netlink_event(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	const struct netlink_notify *notify = data;
	struct tiph_net *tn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	tn = tiph_net_get(notify->net);
	if (!notify->portid || READ_ONCE(tn->owner) != notify->portid)
		return NOTIFY_DONE;

	mutex_lock(&tn->lock);
	if (tn->owner == notify->portid) {
		tiph_net_own(tn, 0);
		tiph_announce_owner(tn);
		tiph_net_tend(tn, 0);
	}
	mutex_unlock(&tn->lock);

	return NOTIFY_DONE;
}

static struct notifier_block netlink_nb = {
	.notifier_call = netlink_event,
};

/**
 * tiph_genl_init() - offer the family
 *
 * Return: 0 or a negative errno
 */
int __init tiph_genl_init(void)
{
	int err;

	err = netlink_register_notifier(&netlink_nb);
	if (err)
		return err;
	err = genl_register_family(&tiph_family);
	if (err)
		netlink_unregister_notifier(&netlink_nb);

	return err;
}

/**
 * tiph_genl_exit() - take the family back, wait for what is under way
 */
void tiph_genl_exit(void)
{
	genl_unregister_family(&tiph_family);
	netlink_unregister_notifier(&netlink_nb);
}
