// SPDX-License-Identifier: GPL-2.0-only
/* Looking things up for a packet: socket, listener, route. */
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/ip6_route.h>
#include <net/ip.h>
#include <net/route.h>

#include "lookup.h"
#include "tag.h"

/*
 * Who is found at the port's local address counts only if it is a listener
 * that was given to this port. Returns it with a reference, or NULL.
 */
static struct sock *listener_get(struct sock *sk, const struct tiph_port *port)
{
	if (!sk || sk->sk_state != TCP_LISTEN ||
	    tiph_tag_port_id(sk) != port->ident->id ||
	    !refcount_inc_not_zero(&sk->sk_refcnt))
		return NULL;
	return sk;
}

/**
 * tiph_listener4() - the listener for a connection
 * @net: namespace
 * @skb: a packet of the connection, chooses the member of a reuseport group
 * @th: its TCP header
 * @thoff: where that begins
 * @port: the port the connection is for
 * @listen: local port of the listeners
 *
 * Return: a listener with a reference, or NULL
 */
struct sock *tiph_listener4(struct net *net, struct sk_buff *skb,
			    const struct tcphdr *th, int thoff,
			    const struct tiph_port *port, u16 listen)
{
	struct sock *sk;

	sk = __inet_lookup_listener(net, skb, thoff + __tcp_hdrlen(th),
				    ip_hdr(skb)->saddr, th->source,
				    htonl(INADDR_LOOPBACK), listen,
				    LOOPBACK_IFINDEX, 0);
	return listener_get(sk, port);
}

/**
 * tiph_listener6() - the listener for a connection
 * @net: namespace
 * @skb: a packet of the connection, chooses the member of a reuseport group
 * @th: its TCP header
 * @thoff: where that begins
 * @port: the port the connection is for
 * @listen: local port of the listeners
 *
 * Return: a listener with a reference, or NULL
 */
struct sock *tiph_listener6(struct net *net, struct sk_buff *skb,
			    const struct tcphdr *th, int thoff,
			    const struct tiph_port *port, u16 listen)
{
	struct sock *sk;

	sk = inet6_lookup_listener(net, skb, thoff + __tcp_hdrlen(th),
				   &ipv6_hdr(skb)->saddr, th->source,
				   &in6addr_loopback, listen,
				   LOOPBACK_IFINDEX, 0);
	return listener_get(sk, port);
}

/**
 * tiph_cookie_likely() - whether a listener may answer a SYN by a cookie
 * @net: namespace
 * @listener: the listener that is given the SYN
 *
 * The listener decides later and maybe beside other CPUs, so this errs on the
 * side of yes: from half the limit on, each CPU counted as one request more.
 *
 * Return: true if the handshake may end in an ACK that has no socket
 */
bool tiph_cookie_likely(struct net *net, const struct sock *listener)
{
	int mode = READ_ONCE(net->ipv4.sysctl_tcp_syncookies);
	u32 requests = inet_csk_reqsk_queue_len(listener) + num_online_cpus();

	return mode == 2 ||
	       (mode && 2 * requests >= READ_ONCE(listener->sk_max_ack_backlog));
}

/**
 * tiph_cookie_valid4() - whether an ACK completes a SYN cookie
 * @listener: the listener of the port
 * @iph: IP header of the ACK
 * @th: TCP header of the ACK
 *
 * Return: true if @listener sent cookies recently and this acknowledges one
 */
bool tiph_cookie_valid4(const struct sock *listener, const struct iphdr *iph,
			const struct tcphdr *th)
{
	return !tcp_synq_no_recent_overflow(listener) &&
	       __cookie_v4_check(iph, th);
}

/**
 * tiph_cookie_valid6() - whether an ACK completes a SYN cookie
 * @listener: the listener of the port
 * @iph: IP header of the ACK
 * @th: TCP header of the ACK
 *
 * Return: true if @listener sent cookies recently and this acknowledges one
 */
bool tiph_cookie_valid6(const struct sock *listener,
			const struct ipv6hdr *iph, const struct tcphdr *th)
{
	return !tcp_synq_no_recent_overflow(listener) &&
	       __cookie_v6_check(iph, th);
}

/*
 * @sk: whoever would have sent this SYN if it was ours, consumed. If there is
 * one and it is connecting, the SYN is its own and came back.
 */
static bool is_looped(struct sock *sk)
{
	bool looped;

	if (!sk)
		return false;
	looped = sk->sk_state == TCP_SYN_SENT;
	sock_gen_put(sk);

	return looped;
}

/*
 * An interface that does not forward has no route for the packet, yet it may
 * be intercepted: what is left to check are the addresses.
 */
static enum tiph_verdict_id addrs_check4(struct net *net,
					 const struct iphdr *iph,
					 const struct net_device *in)
{
	if (inet_addr_type_dev_table(net, in, iph->daddr) != RTN_UNICAST)
		return TIPH_V_LOCAL;
	if (ipv4_is_zeronet(iph->saddr) ||
	    inet_addr_type_dev_table(net, in, iph->saddr) != RTN_UNICAST)
		return TIPH_V_UNROUTABLE;
	return TIPH_V_INTERCEPTED;
}

/**
 * tiph_route4() - whether a SYN may be taken, as far as addresses go
 * @net: namespace
 * @skb: the SYN
 * @th: its TCP header
 * @in: ingress interface
 * @spoofing: whether this host has sent spoofed SYNs lately
 *
 * It may if this host would forward it: the destination is neither this host
 * nor unreachable, reverse path filter and martian checks let the source pass,
 * and it is not a SYN of this host that came back. @skb leaves without a dst,
 * for hooks behind ours may still change what routing depends on.
 *
 * Return: TIPH_V_INTERCEPTED if it may, else the verdict
 */
enum tiph_verdict_id tiph_route4(struct net *net, struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *in, bool spoofing)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct in_device *in_dev = __in_dev_get_rcu(in);
	u8 type;

	if (!in_dev)
		return TIPH_V_UNROUTABLE;
	/* without a spoofed source it is a martian, if those are refused */
	if ((spoofing || IN_DEV_ACCEPT_LOCAL(in_dev)) &&
	    is_looped(__inet_lookup_established(net, iph->daddr, th->dest,
						iph->saddr, ntohs(th->source),
						in->ifindex, 0)))
		return TIPH_V_LOOP;
	if (!IN_DEV_FORWARD(in_dev))
		return addrs_check4(net, iph, in);
	if (ip_route_input_noref(skb, iph->daddr, iph->saddr, ip4h_dscp(iph),
				 (struct net_device *)in))
		return TIPH_V_UNROUTABLE;

	type = skb_rtable(skb)->rt_type;
	skb_dst_drop(skb);
	if (type == RTN_UNICAST)
		return TIPH_V_INTERCEPTED;
	return type == RTN_UNREACHABLE ? TIPH_V_UNROUTABLE : TIPH_V_LOCAL;
}

/**
 * tiph_reverse4() - whether a packet may have come by this interface
 * @skb: a packet that is to be delivered here without a route
 * @in: ingress interface
 *
 * Where there is no reverse path filter, or nothing is forwarded so that nobody
 * asks it, a packet may. @skb leaves without a dst if it came without.
 *
 * Return: false if routing would have refused it for its source
 */
bool tiph_reverse4(struct sk_buff *skb, const struct net_device *in)
{
	struct in_device *in_dev = __in_dev_get_rcu(in);
	const struct iphdr *iph = ip_hdr(skb);
	bool refused;

	if (!in_dev || !IN_DEV_RPFILTER(in_dev) || !IN_DEV_FORWARD(in_dev) ||
	    skb_valid_dst(skb))
		return true;
	refused = ip_route_input_noref(skb, iph->daddr, iph->saddr,
				       ip4h_dscp(iph),
				       (struct net_device *)in);
	skb_dst_drop(skb);

	return !refused;
}

/* Only addresses between which a router forwards. */
static bool is_forwardable6(const struct in6_addr *addr)
{
	int type = ipv6_addr_type(addr);

	return type & IPV6_ADDR_UNICAST &&
	       !(type & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_LOOPBACK |
			 IPV6_ADDR_MAPPED));
}

/**
 * tiph_route6() - whether a SYN may be taken, as far as addresses go
 * @net: namespace
 * @skb: the SYN
 * @th: its TCP header
 * @in: ingress interface
 *
 * See tiph_route4(). In IPv6, routing neither has a reverse path filter nor
 * refuses this host's own addresses as source.
 *
 * Return: TIPH_V_INTERCEPTED if it may, else the verdict
 */
enum tiph_verdict_id tiph_route6(struct net *net, struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *in)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	struct flowi6 fl6 = {
		.flowi6_iif = in->ifindex,
		.daddr = iph->daddr,
		.saddr = iph->saddr,
		.flowlabel = ip6_flowinfo(iph),
		.flowi6_mark = skb->mark,
		.flowi6_proto = IPPROTO_TCP,
	};
	const struct dst_entry *dst;

	if (is_looped(__inet6_lookup_established(net, &iph->daddr, th->dest,
						 &iph->saddr,
						 ntohs(th->source),
						 in->ifindex, 0)))
		return TIPH_V_LOOP;
	if (!is_forwardable6(&iph->daddr) || !is_forwardable6(&iph->saddr))
		return TIPH_V_LOCAL;

	dst = ip6_route_input_lookup(net, (struct net_device *)in, &fl6, skb,
				     RT6_LOOKUP_F_HAS_SADDR |
				     RT6_LOOKUP_F_DST_NOREF);
	if (container_of(dst, struct rt6_info, dst)->rt6i_flags &
	    (RTF_LOCAL | RTF_ANYCAST))
		return TIPH_V_LOCAL;
	return dst->error ? TIPH_V_UNROUTABLE : TIPH_V_INTERCEPTED;
}

/**
 * tiph_cross4() - whether a SYN that crosses a bridge may be taken
 * @net: namespace
 * @skb: the SYN
 * @th: its TCP header
 * @br: the bridge
 *
 * It is none of routing's business, so that only the addresses are looked at,
 * and whether it is a SYN of this host that came back.
 *
 * Return: TIPH_V_INTERCEPTED if it may, else the verdict
 */
enum tiph_verdict_id tiph_cross4(struct net *net, const struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *br)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (is_looped(__inet_lookup_established(net, iph->daddr, th->dest,
						iph->saddr, ntohs(th->source),
						br->ifindex, 0)))
		return TIPH_V_LOOP;
	return addrs_check4(net, iph, br);
}

/**
 * tiph_cross6() - whether a SYN that crosses a bridge may be taken
 * @net: namespace
 * @skb: the SYN
 * @th: its TCP header
 * @br: the bridge
 *
 * See tiph_cross4().
 *
 * Return: TIPH_V_INTERCEPTED if it may, else the verdict
 */
enum tiph_verdict_id tiph_cross6(struct net *net, const struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *br)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);

	if (is_looped(__inet6_lookup_established(net, &iph->daddr, th->dest,
						 &iph->saddr,
						 ntohs(th->source),
						 br->ifindex, 0)))
		return TIPH_V_LOOP;
	if (!is_forwardable6(&iph->daddr) || !is_forwardable6(&iph->saddr) ||
	    ipv6_chk_addr(net, &iph->daddr, NULL, 0))
		return TIPH_V_LOCAL;
	return TIPH_V_INTERCEPTED;
}
