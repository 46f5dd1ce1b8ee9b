// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of this host that cross a bridge on behalf of others.
 *
 * What a proxy's socket sends for a host whose frames we took from a bridge is
 * not for routing and neighbours: it leaves as that host's own frame would, by
 * the way that was learned (way.h). So it is taken out of LOCAL_OUT, behind
 * everybody else's hooks there, shown to POST_ROUTING as usual, which is where
 * conntrack confirms what it knows, and then sent out of the bridge port with
 * the addresses and the tag of the one it stands for. The bridge has no part in
 * it: neither its own address nor a question for a neighbour is ever seen.
 *
 * Where the destination's port is not known yet, or is none any more, the frame
 * goes into the bridge, which knows or asks all.
 */
#include <linux/etherdevice.h>
#include <linux/if_bridge.h>
#include <linux/if_vlan.h>
#include <linux/netfilter.h>
#include <net/dst.h>
#include <net/ipv6.h>

#include "bridge.h"
#include "way.h"

static struct net_device *exit_of(struct net *net, const struct tiph_way *way,
				  const struct tiph_end *to,
				  struct net_device *br)
{
	struct net_device *port;

	if (!to->ifindex)
		return br;
	port = dev_get_by_index_rcu(net, to->ifindex);

	return port && netdev_master_upper_dev_get_rcu(port) == br ? port : br;
}

static int send(struct sk_buff *skb, struct net_device *dev,
		const struct tiph_end *from, const struct tiph_end *to)
{
	/* not known yet is the same as at the other end */
	const struct tiph_end *place = to->ifindex ? to : from;
	struct ethhdr *eth;

	if (skb_cow_head(skb, LL_RESERVED_SPACE(dev)))
		goto drop;
	eth = skb_push(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, to->dst);
	ether_addr_copy(eth->h_source, from->src);
	eth->h_proto = skb->protocol;
	skb_reset_mac_header(skb);
	if (place->vlan_proto)
		__vlan_hwaccel_put_tag(skb, place->vlan_proto, place->vlan_tci);
	skb->dev = dev;
	if (!is_skb_forwardable(dev, skb))
		goto drop;
	return dev_queue_xmit(skb);

drop:
	kfree_skb(skb);
	return -ENOMEM;
}

/* Behind POST_ROUTING: who translates addresses there gets no way. */
static int finish(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	u8 family = skb->protocol == htons(ETH_P_IP) ? AF_INET : AF_INET6;
	struct tiph_net *tn = tiph_net_get(net);
	const struct tiph_way *way;
	struct net_device *br;
	unsigned int from;

	way = tiph_way_find(tn, skb, family, &from);
	br = way ? dev_get_by_index_rcu(net, way->bridge) : NULL;
	if (!br) {
		kfree_skb(skb);
		return -EHOSTUNREACH;
	}

	return send(skb, exit_of(net, way, &way->end[!from], br),
		    &way->end[from], &way->end[!from]);
}

static unsigned int out(struct tiph_net *tn, struct sk_buff *skb, u8 family,
			const struct nf_hook_state *state)
{
	struct net_device *br;
	struct tiph_way *way;
	unsigned int from;

	way = tiph_way_find(tn, skb, family, &from);
	if (!way)
		return NF_ACCEPT;
	br = dev_get_by_index_rcu(tn->net, way->bridge);
	if (!br || !netif_is_bridge_master(br))
		return NF_ACCEPT;
	tiph_stamp(&way->stamp);
	skb->dev = br;
	NF_HOOK(family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6,
		NF_INET_POST_ROUTING, state->net, state->sk, skb, NULL, br,
		finish);

	return NF_STOLEN;
}

unsigned int tiph_bridge_out4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	if (ip_hdr(skb)->protocol != IPPROTO_TCP)
		return NF_ACCEPT;
	return out(priv, skb, AF_INET, state);
}

unsigned int tiph_bridge_out6(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	if (ipv6_hdr(skb)->nexthdr != NEXTHDR_TCP)
		return NF_ACCEPT;
	return out(priv, skb, AF_INET6, state);
}
