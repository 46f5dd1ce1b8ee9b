// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a packet that comes in.
 *
 * PRE_ROUTING, after DNAT, so that addresses are what the sockets know. A
 * packet leaves at the first step that settles it:
 *
 *   1. Not TCP, or on none of the TCP ports in the gate: it is not ours.
 *      (ICMP errors may be about a packet of ours: icmp.c.)
 *   2. A transparent socket with this very 4-tuple exists: it is its packet.
 *   3. A bare SYN that a port matches: the port's listener gets it, or the
 *      port's policy says what happens.
 *   4. An ACK that completes a SYN cookie: the listener gets it.
 *   5. Otherwise it belongs to a flow that began without us: left alone.
 *
 * A packet is "given" by setting skb->sk and a local dst; TCP then takes the
 * socket from the packet instead of looking it up.
 *
 * Step 1 is all that most packets of a gateway ever see of us: it touches no
 * stack, no counter and no cache line of the socket tables. What follows is
 * written once for both families, inlined with @family constant.
 *
 * Fragments are put together only for connections whose socket is here
 * (frag.c); all others pass as they are.
 *
 * All of it runs in softirq context under RCU and takes no lock of ours.
 */
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "begin.h"
#include "bridge.h"
#include "frag.h"
#include "guard.h"
#include "hook.h"
#include "icmp.h"
#include "lookup.h"
#include "tag.h"
#include "verdict.h"

/*
 * A packet of a connection is marked as its port says. Sockets that do not
 * tell their port (TIME_WAIT, handshakes, the server side) get the mark that
 * all ports with a mark have in common, if any.
 */
static noinline void mark_established(const struct tiph_ports *ports,
				      struct sk_buff *skb)
{
	const struct tiph_port *port = NULL;
	u32 mark;

	if (sk_fullsock(skb->sk))
		port = tiph_ports_by_id(ports, tiph_tag_port_id(skb->sk));
	mark = port ? port->mark : ports->mark;
	if (mark)
		skb->mark = mark;
}

/*
 * TCP remembers where a connection's packets come in. One that comes in there
 * is spared the look at its source that routing would take at any other.
 */
static bool came_as_ever(const struct sk_buff *skb, const struct sock *sk)
{
	return sk_fullsock(sk) && sk->sk_rx_dst_ifindex == skb->skb_iif;
}

static __always_inline bool give(struct tiph_net *tn, struct sk_buff *skb,
				 u8 family, struct sock *sk, bool frame)
{
	return frame ? tiph_dst_give_frame(&tn->dst, tn->net, skb, family, sk) :
		       tiph_dst_give(&tn->dst, tn->net, skb, family, sk);
}

/* Consumes @sk. */
static __always_inline unsigned int
established(struct tiph_net *tn, struct sk_buff *skb, u8 family,
	    const struct tcphdr *th, const struct nf_hook_state *state,
	    struct sock *sk, bool frame)
{
	const struct tiph_ports *ports = rcu_dereference(tn->ports);

	if (unlikely((family == AF_INET && !came_as_ever(skb, sk) &&
		      !(frame && tiph_is_bridged(state)) &&
		      !tiph_reverse4(skb, state->in)) ||
		     !give(tn, skb, family, sk, frame))) {
		sock_gen_put(sk);
		return tiph_leave(tn, NULL, skb, family, th,
				  TIPH_V_UNROUTABLE);
	}
	if (unlikely(ports->has_mark))
		mark_established(ports, skb);

	return tiph_leave(tn, NULL, skb, family, th, TIPH_V_ESTABLISHED);
}

/*
 * @sk: who has this 4-tuple, or NULL; consumed. @frame: it is on a bridge.
 */
static __always_inline unsigned int
passed_gate(struct tiph_net *tn, struct sk_buff *skb, u8 family,
	    const struct tcphdr *th, unsigned int thoff,
	    const struct nf_hook_state *state, struct sock *sk, bool frame)
{
	if (sk) {
		if (!inet_sk_transparent(sk)) {
			sock_gen_put(sk);
			return tiph_leave(tn, NULL, skb, family, th,
					  TIPH_V_LOCAL);
		}
		if (likely(sk->sk_state != TCP_TIME_WAIT ||
			   !tiph_is_bare_syn(th)))
			return established(tn, skb, family, th, state, sk,
					   frame);
		/*
		 * A SYN ends the old connection's TIME_WAIT also if it is then
		 * forwarded: the rest of its flow must not find that socket.
		 */
		inet_twsk_deschedule_put(inet_twsk(sk));
	}

	if (tiph_is_bare_syn(th))
		return family == AF_INET ?
		       tiph_syn4(tn, skb, th, thoff, state) :
		       tiph_syn6(tn, skb, th, thoff, state);
	if (tiph_is_handshake_ack(th) && tiph_cookie_expected(tn))
		return family == AF_INET ?
		       tiph_cookie4(tn, skb, th, thoff, state) :
		       tiph_cookie6(tn, skb, th, thoff, state);
	return tiph_leave(tn, NULL, skb, family, th, TIPH_V_FOREIGN);
}

/*
 * Somebody else has chosen its socket, or it is not for this host's MAC, or it
 * is a frame on a bridge that br_netfilter shows around: what we gave it would
 * be taken off again.
 */
static bool is_spoken_for(const struct sk_buff *skb)
{
	return unlikely(skb->sk || skb->pkt_type != PACKET_HOST ||
			nf_bridge_in_prerouting(skb));
}

/* On a bridge it has got from us what it needs: nothing is to be said again. */
static unsigned int spoken_for(const struct tiph_net *tn,
			       const struct sk_buff *skb, u8 family,
			       const struct tcphdr *th)
{
	if (skb->sk && tiph_dst_is_ours(&tn->dst, skb))
		return NF_ACCEPT;
	return tiph_leave(tn, NULL, skb, family, th, TIPH_V_FOREIGN);
}

static noinline unsigned int passed_gate4(struct tiph_net *tn,
					  struct sk_buff *skb,
					  const struct tcphdr *th,
					  unsigned int thoff,
					  const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct sock *sk;

	if (is_spoken_for(skb))
		return spoken_for(tn, skb, AF_INET, th);
	sk = __inet_lookup_established(tn->net, iph->saddr, th->source,
				       iph->daddr, ntohs(th->dest),
				       state->in->ifindex, 0);

	return passed_gate(tn, skb, AF_INET, th, thoff, state, sk, false);
}

static noinline unsigned int passed_gate6(struct tiph_net *tn,
					  struct sk_buff *skb,
					  const struct tcphdr *th,
					  unsigned int thoff,
					  const struct nf_hook_state *state)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	struct sock *sk;

	if (is_spoken_for(skb))
		return spoken_for(tn, skb, AF_INET6, th);
	sk = __inet6_lookup_established(tn->net, &iph->saddr, th->source,
					&iph->daddr, ntohs(th->dest),
					state->in->ifindex, 0);

	return passed_gate(tn, skb, AF_INET6, th, thoff, state, sk, false);
}

/**
 * tiph_hook_frame4() - what becomes of a packet in a frame on a bridge
 * @tn: namespace
 * @skb: the frame, at its network header; nobody has chosen its socket
 * @th: its TCP header, which passes the gate
 * @thoff: where that begins
 * @state: as bridge.h says
 *
 * Return: what netfilter is told; with a socket and a dst if the packet is ours
 */
noinline unsigned int tiph_hook_frame4(struct tiph_net *tn,
				       struct sk_buff *skb,
				       const struct tcphdr *th,
				       unsigned int thoff,
				       const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct sock *sk;

	sk = __inet_lookup_established(tn->net, iph->saddr, th->source,
				       iph->daddr, ntohs(th->dest),
				       state->in->ifindex, 0);

	return passed_gate(tn, skb, AF_INET, th, thoff, state, sk, true);
}

/**
 * tiph_hook_frame6() - what becomes of a packet in a frame on a bridge
 * @tn: namespace
 * @skb: the frame, at its network header; nobody has chosen its socket
 * @th: its TCP header, which passes the gate
 * @thoff: where that begins
 * @state: as bridge.h says
 *
 * Return: what netfilter is told; with a socket and a dst if the packet is ours
 */
noinline unsigned int tiph_hook_frame6(struct tiph_net *tn,
				       struct sk_buff *skb,
				       const struct tcphdr *th,
				       unsigned int thoff,
				       const struct nf_hook_state *state)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	struct sock *sk;

	sk = __inet6_lookup_established(tn->net, &iph->saddr, th->source,
					&iph->daddr, ntohs(th->dest),
					state->in->ifindex, 0);

	return passed_gate(tn, skb, AF_INET6, th, thoff, state, sk, true);
}

static bool has_tcphdr(const struct sk_buff *skb, unsigned int thoff)
{
	return skb_headlen(skb) >= thoff + sizeof(struct tcphdr);
}

/* A TCP header that is not in the linear part of its packet. */
static noinline unsigned int scattered(struct tiph_net *tn,
				       struct sk_buff *skb, unsigned int thoff,
				       const struct nf_hook_state *state)
{
	const struct tcphdr *th;
	struct tcphdr copy;

	th = skb_header_pointer(skb, thoff, sizeof(copy), &copy);
	if (!th || !tiph_gate_passes(tn->gate, th->source, th->dest))
		return NF_ACCEPT;
	return state->pf == NFPROTO_IPV4 ?
	       passed_gate4(tn, skb, th, thoff, state) :
	       passed_gate6(tn, skb, th, thoff, state);
}

static noinline unsigned int fragment4(struct tiph_net *tn,
				       struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	if (!tiph_frag_is_ours4(tn, skb, state))
		return NF_ACCEPT;
	/* kept or freed, if not whole: not to be looked at any more */
	if (ip_defrag(tn->net, skb, IP_DEFRAG_CONNTRACK_IN))
		return tiph_leave(tn, NULL, NULL, AF_INET, NULL,
				  TIPH_V_FRAGMENT);
	skb->ignore_df = 1;

	return scattered(tn, skb, ip_hdrlen(skb), state);
}

static unsigned int pre_routing4(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	unsigned int thoff = iph->ihl * 4U;
	struct tiph_net *tn = priv;
	const struct tcphdr *th;

	if (iph->protocol != IPPROTO_TCP)
		return iph->protocol == IPPROTO_ICMP ?
		       tiph_icmp4(tn, skb, state) : NF_ACCEPT;
	if (unlikely(ip_is_fragment(iph)))
		return fragment4(tn, skb, state);
	if (unlikely(!has_tcphdr(skb, thoff)))
		return scattered(tn, skb, thoff, state);
	th = (const struct tcphdr *)((const u8 *)iph + thoff);
	if (likely(!tiph_gate_passes(tn->gate, th->source, th->dest)))
		return NF_ACCEPT;
	return passed_gate4(tn, skb, th, thoff, state);
}

static unsigned int fragment6(struct tiph_net *tn, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	int thoff = 0, flags = 0;
	int err;

	if (!tiph_frag_is_ours6(tn, skb, state))
		return NF_ACCEPT;
	err = nf_ct_frag6_gather(tn->net, skb, IP6_DEFRAG_CONNTRACK_IN);
	if (err == -EINPROGRESS)
		return tiph_leave(tn, NULL, NULL, AF_INET6, NULL,
				  TIPH_V_FRAGMENT);
	if (err)
		return tiph_leave(tn, NULL, skb, AF_INET6, NULL,
				  TIPH_V_MALFORMED);
	if (ipv6_find_hdr(skb, &thoff, -1, NULL, &flags) != IPPROTO_TCP ||
	    flags & IP6_FH_F_FRAG)
		return NF_ACCEPT;

	return scattered(tn, skb, thoff, state);
}

/*
 * @skb has extension headers: look behind them. What has still to go through
 * somebody's hands by its routing header has not its destination's address.
 */
static noinline unsigned int extended6(struct tiph_net *tn,
				       struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	unsigned int thoff = 0, rhoff = 0;
	unsigned short fragoff;
	int flags = 0, skip = IP6_FH_F_SKIP_RH;
	int nexthdr;

	nexthdr = ipv6_find_hdr(skb, &thoff, -1, &fragoff, &flags);
	/* a fragment without the header that tells is not found to be TCP */
	if (nexthdr != IPPROTO_TCP &&
	    !(nexthdr == -ENOENT && flags & IP6_FH_F_FRAG))
		return NF_ACCEPT;
	if (ipv6_find_hdr(skb, &rhoff, NEXTHDR_ROUTING, NULL, &skip) >= 0)
		return NF_ACCEPT;
	if (flags & IP6_FH_F_FRAG)
		return fragment6(tn, skb, state);
	return scattered(tn, skb, thoff, state);
}

static unsigned int pre_routing6(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	const unsigned int thoff = sizeof(*iph);
	struct tiph_net *tn = priv;
	const struct tcphdr *th;

	if (iph->nexthdr != NEXTHDR_TCP)
		return iph->nexthdr == NEXTHDR_ICMP ?
		       tiph_icmp6(tn, skb, state) :
		       ipv6_ext_hdr(iph->nexthdr) ?
		       extended6(tn, skb, state) : NF_ACCEPT;
	if (unlikely(!has_tcphdr(skb, thoff)))
		return scattered(tn, skb, thoff, state);
	th = (const struct tcphdr *)(iph + 1);
	if (likely(!tiph_gate_passes(tn->gate, th->source, th->dest)))
		return NF_ACCEPT;
	return passed_gate6(tn, skb, th, thoff, state);
}

static const struct nf_hook_ops in_hooks[] = {
	{
		.hook		= pre_routing4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP_PRI_NAT_DST + 10,
	},
	{
		.hook		= pre_routing6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP6_PRI_NAT_DST + 10,
	},
};

static const struct nf_hook_ops guard_hooks[] = {
	{
		.hook		= tiph_guard4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP_PRI_RAW,
	},
	{
		.hook		= tiph_guard6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP6_PRI_RAW,
	},
};

static const struct nf_hook_ops bridge_hooks[] = {
	{
		.hook		= tiph_bridge_in,
		.pf		= NFPROTO_BRIDGE,
		.hooknum	= NF_BR_PRE_ROUTING,
		.priority	= NF_BR_PRI_BRNF + 1,
	},
	{
		.hook		= tiph_bridge_forward,
		.pf		= NFPROTO_BRIDGE,
		.hooknum	= NF_BR_FORWARD,
		.priority	= NF_BR_PRI_FIRST,
	},
	{
		.hook		= tiph_bridge_out4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= tiph_bridge_out6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP6_PRI_LAST,
	},
};

const struct tiph_hook_set tiph_hooks[TIPH_HOOK_SETS] = {
	[TIPH_HOOKS_IN] = { in_hooks, ARRAY_SIZE(in_hooks) },
	[TIPH_HOOKS_GUARD] = { guard_hooks, ARRAY_SIZE(guard_hooks) },
	[TIPH_HOOKS_BRIDGE] = { bridge_hooks, ARRAY_SIZE(bridge_hooks) },
};
