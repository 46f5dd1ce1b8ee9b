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
#include <net/dst_metadata.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "frag.h"
#include "guard.h"
#include "hook.h"
#include "icmp.h"
#include "lookup.h"
#include "tag.h"
#include "verdict.h"

/**
 * struct packet - a packet that may begin a connection
 * @tn: namespace
 * @skb: the packet
 * @th: its TCP header, copied: looking for a listener may move that in @skb
 * @thoff: where that begins
 * @state: of the hook
 */
struct packet {
	struct tiph_net *tn;
	struct sk_buff *skb;
	const struct tcphdr *th;
	unsigned int thoff;
	const struct nf_hook_state *state;
};

static __always_inline unsigned int
leave(const struct packet *pkt, u8 family, const struct tiph_port *port,
      enum tiph_verdict_id verdict)
{
	return tiph_leave(pkt->tn, port, pkt->skb, family, pkt->th, verdict);
}

/* The packet gets the caller's reference to @sk, unless this fails. */
static __always_inline bool give(struct tiph_net *tn, struct sk_buff *skb,
				 u8 family, struct sock *sk)
{
	if (family == AF_INET ? !tiph_dst_attach4(&tn->dst, tn->net, skb) :
				!tiph_dst_attach6(&tn->dst, tn->net, skb))
		return false;
	skb->sk = sk;
	skb->destructor = sock_edemux;

	return true;
}

static __always_inline const struct tiph_port *
port_find(const struct packet *pkt, u8 family)
{
	struct tiph_syn syn = {
		.in = pkt->state->in,
		.family = family,
		.dport = ntohs(pkt->th->dest),
	};

	if (family == AF_INET) {
		syn.saddr4 = ip_hdr(pkt->skb)->saddr;
		syn.daddr4 = ip_hdr(pkt->skb)->daddr;
	} else {
		syn.saddr6 = &ipv6_hdr(pkt->skb)->saddr;
		syn.daddr6 = &ipv6_hdr(pkt->skb)->daddr;
	}

	return tiph_ports_match(rcu_dereference(pkt->tn->ports), &syn);
}

static __always_inline struct sock *
listener_get(const struct packet *pkt, u8 family, const struct tiph_port *port)
{
	return family == AF_INET ?
	       tiph_listener4(pkt->tn->net, pkt->skb, pkt->th, pkt->thoff,
			      port) :
	       tiph_listener6(pkt->tn->net, pkt->skb, pkt->th, pkt->thoff,
			      port);
}

static __always_inline enum tiph_verdict_id route(const struct packet *pkt,
						  u8 family)
{
	bool spoofing = tiph_stamped_within(&pkt->tn->spoof_stamp,
					    TIPH_LOOP_PERIOD);

	return family == AF_INET ?
	       tiph_route4(pkt->tn->net, pkt->skb, pkt->th, pkt->state->in,
			   spoofing) :
	       tiph_route6(pkt->tn->net, pkt->skb, pkt->th, pkt->state->in);
}

static void reset(const struct packet *pkt, u8 family)
{
	if (family == AF_INET)
		nf_send_reset(pkt->tn->net, pkt->state->sk, pkt->skb,
			      pkt->state->hook);
	else
		nf_send_reset6(pkt->tn->net, pkt->state->sk, pkt->skb,
			       pkt->state->hook);
}

/* What a port says about a connection for which @listener was found. */
static enum tiph_verdict_id judge(const struct tiph_port *port,
				  const struct sock *listener)
{
	if (!listener)
		return TIPH_V_FAILURE_OPEN + port->on_failure;
	if (sk_acceptq_is_full(listener))
		return TIPH_V_OVERLOAD_OPEN + port->on_overload;
	return TIPH_V_INTERCEPTED;
}

static bool is_open(enum tiph_verdict_id verdict)
{
	return verdict == TIPH_V_FAILURE_OPEN ||
	       verdict == TIPH_V_OVERLOAD_OPEN;
}

static bool is_reset(enum tiph_verdict_id verdict)
{
	return verdict == TIPH_V_FAILURE_RESET ||
	       verdict == TIPH_V_OVERLOAD_RESET;
}

static void cookie_remember(struct tiph_net *tn, const struct sock *listener)
{
	if (unlikely(tiph_cookie_likely(tn->net, listener)))
		tiph_stamp(&tn->cookie_stamp);
}

static bool cookie_expected(const struct tiph_net *tn)
{
	return unlikely(tiph_stamped_within(&tn->cookie_stamp,
					    TCP_SYNCOOKIE_VALID)) &&
	       READ_ONCE(tn->net->ipv4.sysctl_tcp_syncookies);
}

/*
 * A connection that is forwarded needs no look at its route, which the stack
 * is about to take anyway. One that is taken, dropped or refused does: only
 * what this host would have forwarded is any of our business.
 */
static __always_inline unsigned int syn(const struct packet *pkt, u8 family)
{
	const struct tiph_port *port = port_find(pkt, family);
	enum tiph_verdict_id verdict, blocked;
	struct sock *listener;

	if (!port)
		return leave(pkt, family, NULL, TIPH_V_UNMATCHED);
	/* by the loopback, with a route that asking for one would lose */
	if (unlikely(skb_valid_dst(pkt->skb)))
		return leave(pkt, family, port, TIPH_V_LOCAL);

	listener = listener_get(pkt, family, port);
	verdict = judge(port, listener);
	if (!is_open(verdict)) {
		blocked = route(pkt, family);
		if (blocked != TIPH_V_INTERCEPTED)
			verdict = blocked;
	}
	if (likely(verdict == TIPH_V_INTERCEPTED)) {
		if (likely(give(pkt->tn, pkt->skb, family, listener))) {
			cookie_remember(pkt->tn, listener);
			if (port->mark)
				pkt->skb->mark = port->mark;
			return leave(pkt, family, port, TIPH_V_INTERCEPTED);
		}
		verdict = TIPH_V_UNROUTABLE;
	}
	if (is_reset(verdict))
		reset(pkt, family);
	if (listener)
		sock_put(listener);

	return leave(pkt, family, port, verdict);
}

static noinline unsigned int syn4(struct tiph_net *tn, struct sk_buff *skb,
				  const struct tcphdr *th, unsigned int thoff,
				  const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct packet pkt = { tn, skb, &copy, thoff, state };

	return syn(&pkt, AF_INET);
}

static noinline unsigned int syn6(struct tiph_net *tn, struct sk_buff *skb,
				  const struct tcphdr *th, unsigned int thoff,
				  const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct packet pkt = { tn, skb, &copy, thoff, state };

	return syn(&pkt, AF_INET6);
}

/*
 * The only ACKs without a socket that are ours acknowledge a cookie that the
 * listener sent moments ago. All others keep being forwarded.
 */
static unsigned int cookie(const struct packet *pkt, u8 family)
{
	const struct tiph_port *port = port_find(pkt, family);
	struct sock *listener = NULL;

	if (port)
		listener = listener_get(pkt, family, port);
	if (!listener)
		return leave(pkt, family, NULL, TIPH_V_FOREIGN);
	if (!(family == AF_INET ?
	      tiph_cookie_valid4(listener, ip_hdr(pkt->skb), pkt->th) :
	      tiph_cookie_valid6(listener, ipv6_hdr(pkt->skb), pkt->th)) ||
	    !give(pkt->tn, pkt->skb, family, listener)) {
		sock_put(listener);
		return leave(pkt, family, NULL, TIPH_V_FOREIGN);
	}
	if (port->mark)
		pkt->skb->mark = port->mark;

	return leave(pkt, family, port, TIPH_V_COOKIE);
}

static noinline unsigned int cookie4(struct tiph_net *tn, struct sk_buff *skb,
				     const struct tcphdr *th,
				     unsigned int thoff,
				     const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct packet pkt = { tn, skb, &copy, thoff, state };

	return cookie(&pkt, AF_INET);
}

static noinline unsigned int cookie6(struct tiph_net *tn, struct sk_buff *skb,
				     const struct tcphdr *th,
				     unsigned int thoff,
				     const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct packet pkt = { tn, skb, &copy, thoff, state };

	return cookie(&pkt, AF_INET6);
}

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

/* Consumes @sk. */
static __always_inline unsigned int
established(struct tiph_net *tn, struct sk_buff *skb, u8 family,
	    const struct tcphdr *th, const struct nf_hook_state *state,
	    struct sock *sk)
{
	const struct tiph_ports *ports = rcu_dereference(tn->ports);

	if (unlikely((family == AF_INET && !came_as_ever(skb, sk) &&
		      !tiph_reverse4(skb, state->in)) ||
		     !give(tn, skb, family, sk))) {
		sock_gen_put(sk);
		return tiph_leave(tn, NULL, skb, family, th,
				  TIPH_V_UNROUTABLE);
	}
	if (unlikely(ports->has_mark))
		mark_established(ports, skb);

	return tiph_leave(tn, NULL, skb, family, th, TIPH_V_ESTABLISHED);
}

/* @sk: who has this 4-tuple, or NULL; consumed. */
static __always_inline unsigned int
passed_gate(struct tiph_net *tn, struct sk_buff *skb, u8 family,
	    const struct tcphdr *th, unsigned int thoff,
	    const struct nf_hook_state *state, struct sock *sk)
{
	if (sk) {
		if (!inet_sk_transparent(sk)) {
			sock_gen_put(sk);
			return tiph_leave(tn, NULL, skb, family, th,
					  TIPH_V_LOCAL);
		}
		if (likely(sk->sk_state != TCP_TIME_WAIT ||
			   !tiph_is_bare_syn(th)))
			return established(tn, skb, family, th, state, sk);
		/*
		 * A SYN ends the old connection's TIME_WAIT also if it is then
		 * forwarded: the rest of its flow must not find that socket.
		 */
		inet_twsk_deschedule_put(inet_twsk(sk));
	}

	if (tiph_is_bare_syn(th))
		return family == AF_INET ? syn4(tn, skb, th, thoff, state) :
					   syn6(tn, skb, th, thoff, state);
	if (tiph_is_handshake_ack(th) && cookie_expected(tn))
		return family == AF_INET ? cookie4(tn, skb, th, thoff, state) :
					   cookie6(tn, skb, th, thoff, state);
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

static noinline unsigned int passed_gate4(struct tiph_net *tn,
					  struct sk_buff *skb,
					  const struct tcphdr *th,
					  unsigned int thoff,
					  const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct sock *sk;

	if (is_spoken_for(skb))
		return tiph_leave(tn, NULL, skb, AF_INET, th, TIPH_V_FOREIGN);
	sk = __inet_lookup_established(tn->net, iph->saddr, th->source,
				       iph->daddr, ntohs(th->dest),
				       state->in->ifindex, 0);

	return passed_gate(tn, skb, AF_INET, th, thoff, state, sk);
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
		return tiph_leave(tn, NULL, skb, AF_INET6, th, TIPH_V_FOREIGN);
	sk = __inet6_lookup_established(tn->net, &iph->saddr, th->source,
					&iph->daddr, ntohs(th->dest),
					state->in->ifindex, 0);

	return passed_gate(tn, skb, AF_INET6, th, thoff, state, sk);
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

const struct nf_hook_ops tiph_hooks[TIPH_N_HOOKS] = {
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
