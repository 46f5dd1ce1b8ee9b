// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors about packets of intercepted and spoofed connections.
 *
 * Such a packet of ours went out under somebody else's address, so an error
 * about it ("fragmentation needed" above all) comes in for that address and
 * would be forwarded. If the packet it quotes was sent by a transparent socket
 * of this host, the error gets a local dst; the ICMP code then finds the socket
 * by the quoted packet and checks its sequence number as for any other.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/tcp.h>

#include "bridge.h"
#include "icmp.h"
#include "lookup.h"
#include "verdict.h"

/* Somebody else's, unless it is one that crosses a bridge. */
static bool is_for_others(const struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	return skb->pkt_type != PACKET_HOST && !tiph_is_bridged(state);
}

struct quoted_ports {
	__be16 source;
	__be16 dest;
};

/**
 * tiph_icmp4() - an ICMP packet in PRE_ROUTING
 * @tn: namespace
 * @skb: the packet
 * @state: of the hook
 *
 * Return: NF_ACCEPT; with a local dst if the packet is an error for us
 */
noinline unsigned int tiph_icmp4(struct tiph_net *tn, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct iphdr *outer = ip_hdr(skb);
	struct quoted_ports _ports, *ports;
	struct icmphdr _icmph, *icmph;
	struct iphdr _iph, *iph;
	struct sock *sk;
	int off = outer->ihl * 4;

	if (ip_is_fragment(outer) || is_for_others(skb, state))
		return NF_ACCEPT;
	icmph = skb_header_pointer(skb, off, sizeof(_icmph), &_icmph);
	if (!icmph || !icmp_is_err(icmph->type))
		return NF_ACCEPT;
	off += sizeof(_icmph);
	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	if (!iph || iph->protocol != IPPROTO_TCP || iph->ihl < 5 ||
	    iph->frag_off & htons(IP_OFFSET) || iph->saddr != outer->daddr)
		return NF_ACCEPT;
	off += iph->ihl * 4;
	ports = skb_header_pointer(skb, off, sizeof(_ports), &_ports);
	/* the quoted packet went the other way */
	if (!ports ||
	    !tiph_gate_passes(tn->gate, ports->dest, ports->source))
		return NF_ACCEPT;

	sk = __inet_lookup_established(tn->net, iph->daddr, ports->dest,
				       iph->saddr, ntohs(ports->source),
				       state->in->ifindex, 0);
	if (!tiph_sock_is_ours(sk))
		return NF_ACCEPT;
	if (tiph_is_bridged(state) ?
	    !tiph_dst_set4(&tn->dst, tn->net, skb) :
	    !tiph_reverse4(skb, state->in) ||
	    !tiph_dst_attach4(&tn->dst, tn->net, skb))
		return NF_ACCEPT;

	return tiph_leave(tn, NULL, skb, AF_INET, NULL, TIPH_V_ICMP);
}

/**
 * tiph_icmp6() - an ICMPv6 packet in PRE_ROUTING
 * @tn: namespace
 * @skb: the packet
 * @state: of the hook
 *
 * Return: NF_ACCEPT; with a local dst if the packet is an error for us
 */
noinline unsigned int tiph_icmp6(struct tiph_net *tn, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct ipv6hdr *outer = ipv6_hdr(skb);
	struct quoted_ports _ports, *ports;
	struct icmp6hdr _icmph, *icmph;
	struct ipv6hdr _iph, *iph;
	struct sock *sk;
	int off = sizeof(*outer);

	if (is_for_others(skb, state))
		return NF_ACCEPT;
	icmph = skb_header_pointer(skb, off, sizeof(_icmph), &_icmph);
	if (!icmph || !icmpv6_is_err(icmph->icmp6_type))
		return NF_ACCEPT;
	off += sizeof(_icmph);
	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	if (!iph || iph->nexthdr != NEXTHDR_TCP ||
	    !ipv6_addr_equal(&iph->saddr, &outer->daddr))
		return NF_ACCEPT;
	off += sizeof(_iph);
	ports = skb_header_pointer(skb, off, sizeof(_ports), &_ports);
	/* the quoted packet went the other way */
	if (!ports ||
	    !tiph_gate_passes(tn->gate, ports->dest, ports->source))
		return NF_ACCEPT;

	sk = __inet6_lookup_established(tn->net, &iph->daddr, ports->dest,
					&iph->saddr, ntohs(ports->source),
					state->in->ifindex, 0);
	if (!tiph_sock_is_ours(sk))
		return NF_ACCEPT;
	if (tiph_is_bridged(state) ?
	    !tiph_dst_set6(&tn->dst, tn->net, skb) :
	    !tiph_dst_attach6(&tn->dst, tn->net, skb))
		return NF_ACCEPT;

	return tiph_leave(tn, NULL, skb, AF_INET6, NULL, TIPH_V_ICMP);
}
