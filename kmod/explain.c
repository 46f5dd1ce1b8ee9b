// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would become of a connection?
 *
 * A SYN of that connection is made up, and the packet path's own function
 * decides about it; so the answer can't differ from what would happen. The SYN
 * goes nowhere, and nothing is counted.
 *
 * And what became of those that were not intercepted, see lately.h.
 */
#include <net/ip6_route.h>
#include <net/route.h>

#include "begin.h"
#include "explain.h"
#include "fill.h"
#include "lately.h"
#include "lookup.h"
#include "notify.h"

static const struct nla_policy tuple_policy[TIPH_TUPLE_MAX + 1] = {
	[TIPH_TUPLE_SOURCE] = NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
	[TIPH_TUPLE_DESTINATION] =
		NLA_POLICY_EXACT_LEN(sizeof(struct tiph_prefix)),
	[TIPH_TUPLE_SPORT] = { .type = NLA_U16 },
	[TIPH_TUPLE_DPORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[TIPH_TUPLE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy tiph_policy_explain[TIPH_A_MAX + 1] = {
	[TIPH_A_TUPLE] = NLA_POLICY_NESTED(tuple_policy),
};

static const char *parse_addr(const struct nlattr *attr, struct in6_addr *addr,
			      u8 *family)
{
	struct tiph_prefix prefix;
	const char *fault;

	if (!attr)
		return "a connection has a source and a destination";
	memcpy(&prefix, nla_data(attr), sizeof(prefix));
	fault = tiph_prefix_check(&prefix);
	if (fault)
		return fault;
	if (prefix.len != (prefix.family == AF_INET ? 32 : 128))
		return "an address is as long as its family says";
	if (*family && *family != prefix.family)
		return "source and destination are of different families";
	*family = prefix.family;
	memcpy(addr, prefix.addr, sizeof(*addr));

	return NULL;
}

static int parse_tuple(struct genl_info *info, struct tiph_tuple *ret)
{
	struct nlattr *tb[TIPH_TUPLE_MAX + 1] = {};
	const char *fault;
	int err = 0;

	if (info->attrs[TIPH_A_TUPLE])
		err = nla_parse_nested(tb, TIPH_TUPLE_MAX,
				       info->attrs[TIPH_A_TUPLE], tuple_policy,
				       info->extack);
	if (err)
		return err;
	fault = parse_addr(tb[TIPH_TUPLE_SOURCE], &ret->saddr, &ret->family);
	if (!fault)
		fault = parse_addr(tb[TIPH_TUPLE_DESTINATION], &ret->daddr,
				   &ret->family);
	if (!fault && !tb[TIPH_TUPLE_DPORT])
		fault = "a connection has a destination port";
	if (fault) {
		tiph_refuse(info->extack, fault);
		return -EINVAL;
	}
	ret->dport = htons(nla_get_u16(tb[TIPH_TUPLE_DPORT]));
	if (tb[TIPH_TUPLE_SPORT])
		ret->sport = htons(nla_get_u16(tb[TIPH_TUPLE_SPORT]));
	if (tb[TIPH_TUPLE_IFINDEX])
		ret->ifindex = nla_get_u32(tb[TIPH_TUPLE_IFINDEX]);

	return 0;
}

static int route_ifindex(struct net *net, const struct tiph_tuple *tuple)
{
	struct flowi6 fl6 = { .daddr = tuple->saddr };
	struct flowi4 fl4 = { .daddr = tuple->saddr.s6_addr32[0] };
	struct dst_entry *dst;
	struct rtable *rt;
	int ifindex = 0;

	if (tuple->family == AF_INET) {
		rt = ip_route_output_key(net, &fl4);
		if (IS_ERR(rt))
			return 0;
		dst = &rt->dst;
	} else {
		dst = ip6_route_output(net, NULL, &fl6);
	}
	if (!dst->error)
		ifindex = dst->dev->ifindex;
	dst_release(dst);

	return ifindex;
}

static void put_headers(struct sk_buff *skb, const struct tiph_tuple *tuple)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	skb_reset_network_header(skb);
	if (tuple->family == AF_INET) {
		iph = skb_put_zero(skb, sizeof(*iph));
		iph->version = 4;
		iph->ihl = sizeof(*iph) / 4;
		iph->tot_len = htons(sizeof(*iph) + sizeof(struct tcphdr));
		iph->ttl = IPDEFTTL;
		iph->protocol = IPPROTO_TCP;
		iph->saddr = tuple->saddr.s6_addr32[0];
		iph->daddr = tuple->daddr.s6_addr32[0];
		skb->protocol = htons(ETH_P_IP);
	} else {
		ip6h = skb_put_zero(skb, sizeof(*ip6h));
		ip6h->version = 6;
		ip6h->payload_len = htons(sizeof(struct tcphdr));
		ip6h->hop_limit = IPDEFTTL;
		ip6h->nexthdr = IPPROTO_TCP;
		ip6h->saddr = tuple->saddr;
		ip6h->daddr = tuple->daddr;
		skb->protocol = htons(ETH_P_IPV6);
	}
}

/* As @in would have received it. */
static struct sk_buff *syn_create(const struct tiph_tuple *tuple,
				  struct net_device *in)
{
	struct tcphdr *th;
	struct sk_buff *skb;

	skb = alloc_skb(in->hard_header_len + sizeof(struct ipv6hdr) +
			sizeof(*th), GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb->dev = in;
	skb->skb_iif = in->ifindex;
	skb->pkt_type = PACKET_HOST;
	/* whoever looks at the link's header finds zeroes */
	skb_reset_mac_header(skb);
	skb_put_zero(skb, in->hard_header_len);
	skb_pull(skb, in->hard_header_len);
	put_headers(skb, tuple);
	skb_set_transport_header(skb, skb->len);
	th = skb_put_zero(skb, sizeof(*th));
	th->source = tuple->sport;
	th->dest = tuple->dport;
	th->seq = htonl(get_random_u32());
	th->doff = sizeof(*th) / 4;
	th->syn = 1;

	return skb;
}

static struct sock *established(struct tiph_net *tn,
				const struct tiph_tuple *tuple)
{
	if (tuple->family == AF_INET)
		return __inet_lookup_established(tn->net,
						 tuple->saddr.s6_addr32[0],
						 tuple->sport,
						 tuple->daddr.s6_addr32[0],
						 ntohs(tuple->dport),
						 tuple->ifindex, 0);
	return __inet6_lookup_established(tn->net, &tuple->saddr, tuple->sport,
					  &tuple->daddr, ntohs(tuple->dport),
					  tuple->ifindex, 0);
}

/* What the hook would find before it decides about a SYN. */
static bool settled(struct tiph_net *tn, const struct tiph_tuple *tuple,
		    struct tiph_decision *ret)
{
	struct sock *sk;

	if (!tuple->sport)
		return false;
	sk = established(tn, tuple);
	if (!sk)
		return false;
	if (sk->sk_state == TCP_TIME_WAIT && inet_sk_transparent(sk)) {
		sock_gen_put(sk);
		return false;
	}
	ret->verdict = inet_sk_transparent(sk) ? TIPH_V_ESTABLISHED :
						 TIPH_V_LOCAL;
	sock_gen_put(sk);

	return true;
}

/* Under RCU, with softirqs off, as a hook would run. */
static void decide(struct tiph_net *tn, struct sk_buff *skb,
		   const struct tiph_tuple *tuple, struct tiph_decision *ret)
{
	const struct nf_hook_state state = {
		.hook = NF_INET_PRE_ROUTING,
		.pf = tuple->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6,
		.in = skb->dev,
		.net = tn->net,
	};
	const struct tiph_packet pkt = {
		tn, skb, tcp_hdr(skb), skb_transport_offset(skb), &state,
	};

	if (settled(tn, tuple, ret))
		return;
	if (tuple->family == AF_INET)
		tiph_decide4(&pkt, ret);
	else
		tiph_decide6(&pkt, ret);
	if (ret->listener)
		sock_put(ret->listener);
}

static int fill_decision(struct sk_buff *msg, const struct tiph_decision *d)
{
	u8 kind = d->hit.entry ? TIPH_BYPASS_DYNAMIC : TIPH_BYPASS_STATIC;

	if (nla_put_string(msg, TIPH_A_VERDICT,
			   tiph_verdict_name(d->verdict)) ||
	    (d->port && tiph_fill_ident(msg, d->port->ident)))
		return -EMSGSIZE;
	if (!d->hit.key)
		return 0;
	if (nla_put_u8(msg, TIPH_A_BYPASS_KIND, kind))
		return -EMSGSIZE;
	return tiph_fill_bypass(msg, d->hit.key, d->hit.entry, -1);
}

/* Fills @msg: what was found is only there under RCU. */
static int explain(struct tiph_net *tn, const struct tiph_tuple *tuple,
		   struct sk_buff *msg)
{
	struct tiph_decision d = { .verdict = TIPH_V_UNMATCHED };
	struct net_device *in;
	struct sk_buff *skb;
	int err;

	local_bh_disable();
	rcu_read_lock();
	in = dev_get_by_index_rcu(tn->net, tuple->ifindex);
	skb = in ? syn_create(tuple, in) : NULL;
	if (!skb) {
		err = in ? -ENOMEM : -ENODEV;
		goto out;
	}
	if (rcu_access_pointer(tn->ports) && READ_ONCE(tn->hooked[TIPH_HOOKS_IN]))
		decide(tn, skb, tuple, &d);
	err = fill_decision(msg, &d);
	kfree_skb(skb);
out:
	rcu_read_unlock();
	local_bh_enable();
	return err;
}

int tiph_explain_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct tiph_net *tn = tiph_net_get(genl_info_net(info));
	struct tiph_tuple tuple = {};
	struct sk_buff *msg;
	void *head;
	int err;

	err = parse_tuple(info, &tuple);
	if (err)
		return err;
	if (!tuple.ifindex)
		tuple.ifindex = route_ifindex(tn->net, &tuple);
	if (!tuple.ifindex) {
		NL_SET_ERR_MSG(info->extack,
			       "no route to the source: say which interface it comes in by");
		return -EHOSTUNREACH;
	}

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	head = genlmsg_put_reply(msg, info, &tiph_family, 0, TIPH_CMD_EXPLAIN);
	err = head ? tiph_fill_tuple(msg, &tuple) : -EMSGSIZE;
	if (!err)
		err = explain(tn, &tuple, msg);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, head);

	return genlmsg_reply(msg, info);
}

static int fill_past(struct sk_buff *msg, const struct tiph_past *past)
{
	struct tiph_ident ident = { .id = past->port_id };
	u64 age = jiffies_to_msecs(jiffies - past->at);

	memcpy(ident.name, past->port, sizeof(ident.name));
	if (nla_put_string(msg, TIPH_A_VERDICT,
			   tiph_verdict_name(past->verdict)) ||
	    nla_put_u64_64bit(msg, TIPH_A_AGE, age, TIPH_A_PAD) ||
	    tiph_fill_tuple(msg, &past->tuple))
		return -EMSGSIZE;
	return tiph_fill_ident(msg, &ident);
}

int tiph_lately_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tiph_net *tn = tiph_net_get(sock_net(skb->sk));
	struct tiph_lately *lately = READ_ONCE(tn->lately);
	u32 at = cb->args[0], next = at;
	struct tiph_past past;
	void *head;

	while (lately && tiph_lately_read(lately, &next, &past)) {
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &tiph_family,
				   NLM_F_MULTI, TIPH_CMD_LATELY_GET);
		if (!head)
			break;
		if (fill_past(skb, &past)) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
		at = next;
	}
	cb->args[0] = at;

	return skb->len;
}
