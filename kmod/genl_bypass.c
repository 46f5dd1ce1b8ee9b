// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of the family about bypass entries.
 *
 * The static and the never list change as wholes: the next version is built
 * from the one before under the namespace's lock, published by one pointer,
 * and the one before is freed a grace period after the unlock. Dynamic entries
 * change one by one, in the order of the message.
 */
#include <linux/slab.h>

#include "fill.h"
#include "genl_bypass.h"
#include "net.h"
#include "notify.h"
#include "tend.h"

static struct netlink_range_validation ttl_range = {
	.min = 1, .max = TIPH_BYPASS_TTL_MAX,
};

static const struct nla_policy entry_policy[TIPH_BYPASS_ATTR_MAX + 1] = {
	[TIPH_BYPASS_SOURCE] = NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
	[TIPH_BYPASS_DESTINATION] =
		NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
	[TIPH_BYPASS_DPORT] = { .type = NLA_U16 },
	[TIPH_BYPASS_TTL] = NLA_POLICY_FULL_RANGE(NLA_U32, &ttl_range),
	[TIPH_BYPASS_REASON] = NLA_POLICY_MAX(NLA_U8, TIPH_BYPASS_REASON_MAX),
};

static const struct nla_policy key_policy[TIPH_BYPASS_ATTR_MAX + 1] = {
	[TIPH_BYPASS_SOURCE] = NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
	[TIPH_BYPASS_DESTINATION] =
		NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
	[TIPH_BYPASS_DPORT] = { .type = NLA_U16 },
};

static struct netlink_range_validation limit_range = {
	.min = 1, .max = TIPH_BYPASS_LIMIT_MAX,
};

const struct nla_policy tiph_policy_bypass_add[TIPH_A_MAX + 1] = {
	[TIPH_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, TIPH_FLAG_REPLACE),
	[TIPH_A_BYPASS] = NLA_POLICY_NESTED(entry_policy),
	[TIPH_A_BYPASS_KIND] = NLA_POLICY_MAX(NLA_U8, TIPH_BYPASS_NEVER),
	[TIPH_A_BYPASS_LIMIT] = NLA_POLICY_FULL_RANGE(NLA_U32, &limit_range),
};

const struct nla_policy tiph_policy_bypass_del[TIPH_A_MAX + 1] = {
	[TIPH_A_BYPASS] = NLA_POLICY_NESTED(key_policy),
	[TIPH_A_BYPASS_KIND] = NLA_POLICY_MAX(NLA_U8, TIPH_BYPASS_NEVER),
};

const struct nla_policy tiph_policy_bypass_kind[TIPH_A_MAX + 1] = {
	[TIPH_A_BYPASS_KIND] = NLA_POLICY_MAX(NLA_U8, TIPH_BYPASS_NEVER),
};

/**
 * struct wanted - an entry of a message
 * @key: what it covers
 * @ttl: of a dynamic one, 0: not given
 * @reason: of a dynamic one
 * @timed: one of the two was given
 */
struct wanted {
	struct tiph_key key;
	u32 ttl;
	u8 reason;
	bool timed;
};

/* @family: of the prefixes before, or 0. Returns what is wrong, or NULL. */
static const char *parse_prefix(const struct nlattr *attr, __be32 *addr,
				u8 *len, u8 *family)
{
	struct tiph_prefix prefix;
	const char *fault;

	if (!attr)
		return NULL;
	memcpy(&prefix, nla_data(attr), sizeof(prefix));
	fault = tiph_prefix_check(&prefix);
	if (fault)
		return fault;
	if (*family && *family != prefix.family)
		return "source and destination are of different families";
	*family = prefix.family;
	*len = prefix.len;
	memcpy(addr, prefix.addr, sizeof(prefix.addr));

	return NULL;
}

static const char *parse_key(struct tiph_key *key, struct nlattr **tb)
{
	u8 family = 0, slen = 0, dlen = 0;
	const char *fault;

	if (tb[TIPH_BYPASS_DPORT])
		key->dport = nla_get_u16(tb[TIPH_BYPASS_DPORT]);
	fault = parse_prefix(tb[TIPH_BYPASS_SOURCE], key->source, &slen,
			     &family);
	if (!fault)
		fault = parse_prefix(tb[TIPH_BYPASS_DESTINATION],
				     key->destination, &dlen, &family);
	if (!fault && !family && !key->dport)
		fault = "a bypass entry needs a source, a destination or a port";
	if (family != AF_INET6)
		key->shape |= TIPH_SHAPE_IPV4;
	if (family != AF_INET)
		key->shape |= TIPH_SHAPE_IPV6;
	if (key->dport)
		key->shape |= TIPH_SHAPE_PORT;
	key->shape |= slen | (u32)dlen << 8;

	return fault;
}

static int parse_entry(const struct nlattr *attr, struct wanted *ret,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TIPH_BYPASS_ATTR_MAX + 1];
	const char *fault;
	int err;

	err = nla_parse_nested(tb, TIPH_BYPASS_ATTR_MAX, attr, entry_policy,
			       extack);
	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	fault = parse_key(&ret->key, tb);
	if (fault) {
		tiph_refuse(extack, fault);
		NL_SET_BAD_ATTR(extack, attr);
		return -EINVAL;
	}
	if (tb[TIPH_BYPASS_TTL])
		ret->ttl = nla_get_u32(tb[TIPH_BYPASS_TTL]);
	if (tb[TIPH_BYPASS_REASON])
		ret->reason = nla_get_u8(tb[TIPH_BYPASS_REASON]);
	ret->timed = tb[TIPH_BYPASS_TTL] || tb[TIPH_BYPASS_REASON];

	return 0;
}

#define for_each_entry_attr(attr, info, rem)				\
	nlmsg_for_each_attr(attr, (info)->nlhdr, GENL_HDRLEN, rem)	\
		if (nla_type(attr) == TIPH_A_BYPASS)

static u32 count_entries(struct genl_info *info)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rem;

	for_each_entry_attr(attr, info, rem)
		n++;
	return n;
}

/* The keys of a message for an immutable list, to be freed by kvfree(). */
static int parse_keys(struct genl_info *info, struct tiph_key **ret, u32 *n)
{
	const struct nlattr *attr;
	struct wanted wanted;
	struct tiph_key *keys;
	int rem, err;
	u32 i = 0;

	*n = count_entries(info);
	keys = kvcalloc(*n + 1, sizeof(*keys), GFP_KERNEL_ACCOUNT);
	if (!keys)
		return -ENOMEM;
	for_each_entry_attr(attr, info, rem) {
		err = parse_entry(attr, &wanted, info->extack);
		if (!err && wanted.timed) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "only a dynamic entry has a TTL or a reason");
			err = -EINVAL;
		}
		if (err) {
			kvfree(keys);
			return err;
		}
		keys[i++] = wanted.key;
	}
	*ret = keys;

	return 0;
}

static struct tiph_rules __rcu **list_of(struct tiph_bypass *bypass, u8 kind)
{
	return kind == TIPH_BYPASS_STATIC ? &bypass->rules_static :
					    &bypass->rules_never;
}

static struct tiph_rules *list_get(const struct tiph_net *tn,
				   struct tiph_rules __rcu **list)
{
	return rcu_dereference_protected(*list, lockdep_is_held(&tn->lock));
}

/* Consumes @new. Returns the list before, to be given to list_retire(). */
static struct tiph_rules *list_publish(struct tiph_net *tn, u8 kind,
				       struct tiph_rules *new)
{
	struct tiph_rules __rcu **list = list_of(tn->bypass, kind);
	struct tiph_rules *old = list_get(tn, list);

	if (new && !new->n) {
		tiph_rules_free(new);
		new = NULL;
	}
	rcu_assign_pointer(*list, new);
	tn->bypass->generation++;
	tiph_announce_bypass(tn, kind, NULL);

	return old;
}

static void list_retire(struct tiph_rules *old)
{
	if (!old)
		return;
	synchronize_rcu();
	tiph_rules_free(old);
}

static int rules_add(struct tiph_net *tn, struct genl_info *info, u8 kind,
		     bool replace)
{
	struct tiph_rules *new, *old = NULL;
	struct tiph_bypass *bypass;
	struct tiph_key *keys;
	int err;
	u32 n;

	err = parse_keys(info, &keys, &n);
	if (err)
		return err;

	mutex_lock(&tn->lock);
	bypass = tiph_net_bypass(tn);
	if (!bypass)
		err = -ENOMEM;
	else
		err = tiph_rules_build(replace ? NULL :
				       list_get(tn, list_of(bypass, kind)),
				       keys, n, &new, info->extack);
	if (!err)
		old = list_publish(tn, kind, new);
	mutex_unlock(&tn->lock);
	list_retire(old);
	kvfree(keys);

	return err;
}

static int rules_del(struct tiph_net *tn, struct genl_info *info, u8 kind)
{
	struct tiph_rules *new, *old = NULL;
	struct tiph_key *keys;
	int err;
	u32 n;

	err = parse_keys(info, &keys, &n);
	if (err)
		return err;

	mutex_lock(&tn->lock);
	err = tiph_rules_without(tn->bypass ?
				 list_get(tn, list_of(tn->bypass, kind)) : NULL,
				 keys, n, &new, info->extack);
	if (!err)
		old = list_publish(tn, kind, new);
	mutex_unlock(&tn->lock);
	list_retire(old);
	kvfree(keys);

	return err;
}

/* The oldest go, as many as there are too many. */
static void evict(struct tiph_net *tn)
{
	struct tiph_bypass *bypass = tn->bypass;

	while (bypass->n > bypass->limit) {
		tiph_tend_drop(tn, list_first_entry(&bypass->by_age,
						    struct tiph_bypass_entry,
						    by_age),
			       TIPH_BYPASS_EVICTED);
		cond_resched();
	}
}

static int dynamic_set(struct tiph_net *tn, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	struct tiph_bypass_entry *entry;
	struct wanted wanted;
	int err;

	err = parse_entry(attr, &wanted, extack);
	if (!err && !wanted.ttl) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a dynamic entry needs a TTL");
		err = -EINVAL;
	}
	if (!err)
		err = tiph_bypass_set(tn->bypass, &wanted.key, wanted.reason,
				      wanted.ttl, &entry, extack);
	if (err) {
		if (extack && !extack->bad_attr)
			NL_SET_BAD_ATTR(extack, attr);
		return err;
	}
	tiph_announce_bypass(tn, TIPH_BYPASS_DYNAMIC, entry);
	evict(tn);
	cond_resched();

	return 0;
}

/* Asks for the work if what ends next is not what the work knows of. */
static int dynamic_add(struct tiph_net *tn, struct genl_info *info)
{
	const struct nlattr *limit = info->attrs[TIPH_A_BYPASS_LIMIT];
	const struct nlattr *attr;
	struct tiph_bypass *bypass;
	int rem, err = 0;

	mutex_lock(&tn->lock);
	bypass = tiph_net_bypass(tn);
	if (!bypass) {
		err = -ENOMEM;
		goto out;
	}
	if (limit) {
		WRITE_ONCE(bypass->limit, nla_get_u32(limit));
		evict(tn);
	}
	for_each_entry_attr(attr, info, rem) {
		err = dynamic_set(tn, attr, info->extack);
		if (err)
			break;
	}
	tiph_net_tend(tn, 0);
out:
	mutex_unlock(&tn->lock);
	return err;
}

static int dynamic_del(struct tiph_net *tn, struct genl_info *info)
{
	struct tiph_bypass_entry *entry;
	const struct nlattr *attr;
	struct wanted wanted;
	int rem, err = 0;

	mutex_lock(&tn->lock);
	for_each_entry_attr(attr, info, rem) {
		err = parse_entry(attr, &wanted, info->extack);
		if (err)
			break;
		entry = tn->bypass ? tiph_bypass_get(tn->bypass, &wanted.key) :
				     NULL;
		if (!entry) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "no such entry");
			err = -ENOENT;
			break;
		}
		tiph_tend_drop(tn, entry, TIPH_BYPASS_REMOVED);
	}
	mutex_unlock(&tn->lock);

	return err;
}

static int kind_of(struct genl_info *info, u8 *ret)
{
	if (!info->attrs[TIPH_A_BYPASS_KIND]) {
		NL_SET_ERR_MSG(info->extack,
			       "the message does not say which list it is about");
		return -EINVAL;
	}
	*ret = nla_get_u8(info->attrs[TIPH_A_BYPASS_KIND]);

	return 0;
}

static const char *add_fault(struct genl_info *info, u8 kind, u32 flags)
{
	bool dynamic = kind == TIPH_BYPASS_DYNAMIC;

	if (dynamic && flags)
		return "dynamic entries are not replaced as a whole";
	if (!dynamic && info->attrs[TIPH_A_BYPASS_LIMIT])
		return "only the number of dynamic entries has a limit";
	if (!info->attrs[TIPH_A_BYPASS] && !flags &&
	    !info->attrs[TIPH_A_BYPASS_LIMIT])
		return "the message has no entry";
	return NULL;
}

int tiph_bypass_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	const char *fault;
	u32 flags = 0;
	u8 kind;
	int err;

	err = kind_of(info, &kind);
	if (err)
		return err;
	if (info->attrs[TIPH_A_FLAGS])
		flags = nla_get_u32(info->attrs[TIPH_A_FLAGS]);
	fault = add_fault(info, kind, flags);
	if (fault) {
		tiph_refuse(info->extack, fault);
		return -EINVAL;
	}
	if (kind == TIPH_BYPASS_DYNAMIC)
		return dynamic_add(tn, info);
	return rules_add(tn, info, kind, flags & TIPH_FLAG_REPLACE);
}

int tiph_bypass_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	u8 kind;
	int err;

	err = kind_of(info, &kind);
	if (err)
		return err;
	if (!info->attrs[TIPH_A_BYPASS]) {
		NL_SET_ERR_MSG(info->extack, "the message has no entry");
		return -EINVAL;
	}

	return kind == TIPH_BYPASS_DYNAMIC ? dynamic_del(tn, info) :
					     rules_del(tn, info, kind);
}

int tiph_bypass_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	struct tiph_bypass_entry *entry;
	struct tiph_rules *old = NULL;
	u8 kind;
	int err;

	err = kind_of(info, &kind);
	if (err)
		return err;

	mutex_lock(&tn->lock);
	if (tn->bypass && kind != TIPH_BYPASS_DYNAMIC)
		old = list_publish(tn, kind, NULL);
	while (tn->bypass && kind == TIPH_BYPASS_DYNAMIC) {
		entry = tiph_bypass_first_to_end(tn->bypass);
		if (!entry)
			break;
		tiph_tend_drop(tn, entry, TIPH_BYPASS_REMOVED);
		cond_resched();
	}
	mutex_unlock(&tn->lock);
	list_retire(old);

	return 0;
}

/* One message with one entry. */
static int dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 kind,
		    const struct tiph_key *key,
		    const struct tiph_bypass_entry *entry)
{
	void *head;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &tiph_family, NLM_F_MULTI, TIPH_CMD_BYPASS_GET);
	if (!head)
		return -EMSGSIZE;
	if (kind != TIPH_BYPASS_DYNAMIC)
		genl_dump_check_consistent(cb, head);
	if (nla_put_u8(skb, TIPH_A_BYPASS_KIND, kind) ||
	    tiph_fill_bypass(skb, key, entry, -1)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);

	return 0;
}

/* @at: where to go on, an index. Returns whether all fitted. */
static bool dump_list(struct tiph_net *tn, struct sk_buff *skb,
		      struct netlink_callback *cb, u8 kind, unsigned long *at)
{
	const struct tiph_rules *rules = list_get(tn,
						  list_of(tn->bypass, kind));

	for (; rules && *at < rules->n; ++*at)
		if (dump_put(skb, cb, kind, &rules->key[*at], NULL))
			return false;
	return true;
}

/* @at: the serial of the last entry that was told. */
static bool dump_dynamic(struct tiph_net *tn, struct sk_buff *skb,
			 struct netlink_callback *cb, unsigned long *at)
{
	const struct tiph_bypass_entry *entry;
	u64 now = get_jiffies_64();

	list_for_each_entry(entry, &tn->bypass->by_age, by_age) {
		if (entry->serial <= *at)
			continue;
		if (entry->ends > now &&
		    dump_put(skb, cb, TIPH_BYPASS_DYNAMIC, &entry->key, entry))
			return false;
		*at = entry->serial;
	}

	return true;
}

/* args: the kind, and where in its list to go on. */
int tiph_bypass_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiph_net *tn = tiph_net_get(sock_net(skb->sk));
	const struct nlattr *only = nlmsg_find_attr(cb->nlh, GENL_HDRLEN,
						    TIPH_A_BYPASS_KIND);
	bool done = true;

	mutex_lock(&tn->lock);
	if (tn->bypass)
		cb->seq = tn->bypass->generation;
	for (; tn->bypass && cb->args[0] <= TIPH_BYPASS_NEVER; cb->args[0]++) {
		u8 kind = cb->args[0];

		if (only && nla_get_u8(only) != kind)
			continue;
		done = kind == TIPH_BYPASS_DYNAMIC ?
		       dump_dynamic(tn, skb, cb, &cb->args[1]) :
		       dump_list(tn, skb, cb, kind, &cb->args[1]);
		if (!done)
			break;
		cb->args[1] = 0;
	}
	mutex_unlock(&tn->lock);

	return skb->len;
}
