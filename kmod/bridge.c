// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that come in on a bridge.
 *
 * PRE_ROUTING of the bridge, behind br_netfilter: what a frame carries is
 * looked at as hook.c looks at packets, and its socket and local dst are set if
 * it is ours. The frame then goes on through the bridge as any other: states of
 * the ports, filtering by VLAN, learning of addresses and the forwarding table
 * are the bridge's. At FORWARD, where it would leave, it is taken up to IP as if
 * it had come in by the bridge's interface, and we have learned by which port
 * and with which tag it would have left.
 *
 * Frames on a bridge that no port names are left alone, unless they are of
 * hosts that have a way across it: a flow keeps its verdict for life.
 *
 * A frame that goes up to the bridge's own interface meets hook.c there. With
 * br_netfilter it does not, since IP's hooks have seen it already, before there
 * was anything to be decided; so its socket is set here, too.
 *
 * A frame that the bridge floods is there once for each port. The copies have
 * lost their socket, but not the dst. They end here; the last one, which is the
 * frame itself, is the one that is delivered. It does not tell where its
 * destination is.
 *
 * The socket is set as one that IP keeps (sock_pfree): IP takes off others.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netfilter_bridge.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "bridge.h"
#include "hook.h"
#include "icmp.h"
#include "lookup.h"
#include "way.h"

/* The head of the last flooded frame of this CPU; never dereferenced. */
static DEFINE_PER_CPU(const void *, flooded);

static bool is_for_bridge(const struct sk_buff *skb,
			  const struct net_device *br)
{
	return skb->pkt_type == PACKET_HOST ||
	       ether_addr_equal(eth_hdr(skb)->h_dest, br->dev_addr);
}

/* Whatever is to be done with the frame is the bridge's business again. */
static unsigned int give_back(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_dst_drop(skb);

	return NF_ACCEPT;
}

static bool has_way(const struct tiph_net *tn, const struct tiph_crossing *c)
{
	const struct tiph_way *way;
	unsigned int from;

	way = tiph_way_find(tn, c->skb, c->family, &from);

	return way && way->bridge == c->bridge;
}

static unsigned int look(struct tiph_net *tn, struct sk_buff *skb, u8 family,
			 unsigned int thoff, const struct nf_hook_state *at)
{
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + thoff);

	return family == AF_INET ? tiph_hook_frame4(tn, skb, th, thoff, at) :
				   tiph_hook_frame6(tn, skb, th, thoff, at);
}

/*
 * A SYN's way is learned before it is decided about: what refuses it needs it,
 * too.
 */
static unsigned int crossing(struct tiph_net *tn, struct sk_buff *skb,
			     u8 family, unsigned int thoff,
			     const struct nf_hook_state *at)
{
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + thoff);
	const struct tiph_crossing c = {
		.skb = skb,
		.family = family,
		.bridge = at->in->ifindex,
		.port = at->out->ifindex,
		.begins = tiph_is_bare_syn(th),
	};
	unsigned int verdict;

	if (!tiph_ports_have_bridge(rcu_dereference(tn->ports), at->in) &&
	    (c.begins || !has_way(tn, &c)))
		return NF_ACCEPT;
	if (c.begins && !tiph_way_comes(tn, &c))
		return NF_ACCEPT;
	verdict = look(tn, skb, family, thoff, at);
	if (verdict != NF_ACCEPT || !tiph_dst_is_ours(&tn->dst, skb))
		return verdict;
	if (!c.begins && !tiph_way_comes(tn, &c))
		return give_back(skb);
	return NF_ACCEPT;
}

static unsigned int tcp_frame(struct tiph_net *tn, struct sk_buff *skb,
			      u8 family, unsigned int thoff,
			      const struct nf_hook_state *state)
{
	struct net_device *br = netdev_master_upper_dev_get_rcu(state->in);
	struct nf_hook_state at = *state;

	if (!br || skb_sk_is_prefetched(skb) ||
	    is_multicast_ether_addr(eth_hdr(skb)->h_dest))
		return NF_ACCEPT;
	at.in = br;
	at.out = state->in;
	if (!is_for_bridge(skb, br))
		return crossing(tn, skb, family, thoff, &at);
	at.out = NULL;
	if (!nf_bridge_info_exists(skb) ||
	    !tiph_ports_have_bridge(rcu_dereference(tn->ports), br))
		return NF_ACCEPT;
	skb_dst_drop(skb); /* br_netfilter's */

	return look(tn, skb, family, thoff, &at);
}

static bool pull_tcp(const struct tiph_net *tn, struct sk_buff *skb,
		     unsigned int thoff)
{
	const struct tcphdr *th;

	if (!pskb_may_pull(skb, thoff + sizeof(*th)))
		return false;
	skb_reset_network_header(skb);
	th = (const struct tcphdr *)(skb->data + thoff);

	return tiph_gate_passes(tn->gate, th->source, th->dest);
}

/* An ICMP error goes up without a socket: copies of it do no harm. */
static unsigned int icmp_frame(struct tiph_net *tn, struct sk_buff *skb,
			       u8 family, const struct nf_hook_state *state)
{
	struct net_device *br = netdev_master_upper_dev_get_rcu(state->in);
	struct nf_hook_state at = *state;

	if (!br || is_for_bridge(skb, br))
		return NF_ACCEPT;
	skb_reset_network_header(skb);
	at.in = br;
	at.out = state->in;
	at.pf = NFPROTO_BRIDGE;

	return family == AF_INET ? tiph_icmp4(tn, skb, &at) :
				   tiph_icmp6(tn, skb, &at);
}

static unsigned int in4(struct tiph_net *tn, struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	const struct iphdr *iph;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return NF_ACCEPT;
	iph = (const struct iphdr *)skb->data;
	if (iph->version != 4 || iph->ihl < 5)
		return NF_ACCEPT;
	if (iph->protocol == IPPROTO_ICMP)
		return icmp_frame(tn, skb, AF_INET, state);
	if (iph->protocol != IPPROTO_TCP || ip_is_fragment(iph) ||
	    !pull_tcp(tn, skb, iph->ihl * 4U))
		return NF_ACCEPT;
	return tcp_frame(tn, skb, AF_INET, ip_hdrlen(skb), state);
}

static unsigned int in6(struct tiph_net *tn, struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	const struct ipv6hdr *iph;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return NF_ACCEPT;
	iph = (const struct ipv6hdr *)skb->data;
	if (iph->version != 6)
		return NF_ACCEPT;
	if (iph->nexthdr == NEXTHDR_ICMP)
		return icmp_frame(tn, skb, AF_INET6, state);
	if (iph->nexthdr != NEXTHDR_TCP || !pull_tcp(tn, skb, sizeof(*iph)))
		return NF_ACCEPT;
	return tcp_frame(tn, skb, AF_INET6, sizeof(*iph), state);
}

unsigned int tiph_bridge_in(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return in4(priv, skb, state);
	case htons(ETH_P_IPV6):
		return in6(priv, skb, state);
	}
	return NF_ACCEPT;
}

static bool is_copy(struct sk_buff *skb)
{
	if (skb->sk)
		return false;
	return skb->protocol == htons(ETH_P_IP) ?
	       ip_hdr(skb)->protocol == IPPROTO_TCP :
	       ipv6_hdr(skb)->nexthdr == NEXTHDR_TCP;
}

static void would_leave(struct tiph_net *tn, const struct sk_buff *skb,
			const struct nf_hook_state *state,
			const struct net_device *br)
{
	const struct tiph_crossing c = {
		.skb = skb,
		.family = skb->protocol == htons(ETH_P_IP) ? AF_INET : AF_INET6,
		.bridge = br->ifindex,
		.port = state->out->ifindex,
	};

	if (skb->sk && this_cpu_read(flooded) != skb->head)
		tiph_way_goes(tn, &c);
}

static void deliver(struct sk_buff *skb, struct net_device *br)
{
	/* the tag belongs to the link; what answers gets it from the way */
	__vlan_hwaccel_clear_tag(skb);
	skb->dev = br;
	skb->pkt_type = PACKET_HOST;
	netif_receive_skb_core(skb); /* at once, under the same RCU */
}

unsigned int tiph_bridge_forward(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	struct tiph_net *tn = priv;
	struct net_device *br;

	if (likely(!tiph_dst_is_ours(&tn->dst, skb)))
		return NF_ACCEPT;
	if (is_copy(skb)) {
		this_cpu_write(flooded, skb->head);
		return NF_DROP;
	}
	br = netdev_master_upper_dev_get_rcu(state->in);
	if (!br)
		return NF_DROP;
	would_leave(tn, skb, state, br);
	deliver(skb, br);
	this_cpu_write(flooded, NULL);

	return NF_STOLEN;
}
