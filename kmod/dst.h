/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local route that an intercepted packet is given.
 *
 * A packet that has a valid dst is not routed any more, so one that has ours
 * is delivered to this host whatever its addresses, with no rule, route or
 * sysctl. There is one dst per family and namespace, on its loopback device.
 * It holds no pointer into the module: sockets may cache it (sk_rx_dst) beyond
 * the module's life. Its generation is refreshed as packets pass, which keeps
 * those caches valid over changes of the routing table.
 *
 * The pointers are set before the first hook is registered and taken back when
 * the namespace goes. Readers are under RCU; a dst is freed a grace period
 * after its last reference.
 */
#ifndef TIPHARES_DST_H
#define TIPHARES_DST_H

#include <linux/ipv6.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "tiph.h"

/**
 * struct tiph_dst - local routes of a namespace
 * @rt4: for IPv4
 * @rt6: for IPv6, NULL where the namespace has no IPv6
 */
struct tiph_dst {
	struct rtable *rt4;
	struct rt6_info *rt6;
};

int tiph_dst_create(struct tiph_dst *dst, struct net *net);
void tiph_dst_kill(struct tiph_dst *dst);

static inline bool tiph_dst_set4(const struct tiph_dst *dst,
				 const struct net *net, struct sk_buff *skb)
{
	struct rtable *rt = READ_ONCE(dst->rt4);

	if (unlikely(!rt))
		return false;
	if (unlikely(READ_ONCE(rt->rt_genid) != rt_genid_ipv4(net)))
		WRITE_ONCE(rt->rt_genid, rt_genid_ipv4(net));
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, &rt->dst);

	return true;
}

static inline bool tiph_dst_set6(const struct tiph_dst *dst,
				 const struct net *net, struct sk_buff *skb)
{
	struct rt6_info *rt = READ_ONCE(dst->rt6);

	if (unlikely(!rt))
		return false;
	if (unlikely(READ_ONCE(rt->sernum) != rt_genid_ipv6(net)))
		WRITE_ONCE(rt->sernum, rt_genid_ipv6(net));
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, &rt->dst);

	return true;
}

/**
 * tiph_dst_attach4() - have a packet delivered to this host
 * @dst: local routes of the namespace
 * @net: the namespace
 * @skb: an IPv4 packet in PRE_ROUTING
 *
 * The packet must not serve as a hint of the route of those behind it on the
 * list receive path: it says so as a packet of a multipath route does.
 *
 * Return: false if the namespace is going away
 */
static inline bool tiph_dst_attach4(const struct tiph_dst *dst,
				    const struct net *net, struct sk_buff *skb)
{
	if (unlikely(!tiph_dst_set4(dst, net, skb)))
		return false;
	IPCB(skb)->flags |= IPSKB_MULTIPATH;

	return true;
}

/**
 * tiph_dst_attach6() - have a packet delivered to this host
 * @dst: local routes of the namespace
 * @net: the namespace
 * @skb: an IPv6 packet in PRE_ROUTING
 *
 * Return: false if the namespace is going away or has no IPv6
 */
static inline bool tiph_dst_attach6(const struct tiph_dst *dst,
				    const struct net *net, struct sk_buff *skb)
{
	if (unlikely(!tiph_dst_set6(dst, net, skb)))
		return false;
	IP6CB(skb)->flags |= IP6SKB_MULTIPATH;

	return true;
}

/**
 * tiph_dst_give() - have a packet delivered to a socket of this host
 * @dst: local routes of the namespace
 * @net: the namespace
 * @skb: a packet in PRE_ROUTING
 * @family: its family
 * @sk: the socket; the packet gets the caller's reference, unless this fails
 *
 * Return: false if the namespace is going away or has no such family
 */
static __always_inline bool tiph_dst_give(const struct tiph_dst *dst,
					  const struct net *net,
					  struct sk_buff *skb, u8 family,
					  struct sock *sk)
{
	if (family == AF_INET ? !tiph_dst_attach4(dst, net, skb) :
				!tiph_dst_attach6(dst, net, skb))
		return false;
	skb->sk = sk;
	skb->destructor = sock_edemux;

	return true;
}

/**
 * tiph_dst_give_frame() - the same for a frame on a bridge
 * @dst: local routes of the namespace
 * @net: the namespace
 * @skb: a frame in PRE_ROUTING of a bridge
 * @family: its family
 * @sk: the socket; the packet gets the caller's reference, unless this fails
 *
 * The control block is the bridge's, and IP is to keep the socket. What is set
 * in this way needs no reference where the socket is freed by RCU, and TCP
 * would not give it back.
 *
 * Return: false if the namespace is going away or has no such family
 */
static inline bool tiph_dst_give_frame(const struct tiph_dst *dst,
				       const struct net *net,
				       struct sk_buff *skb, u8 family,
				       struct sock *sk)
{
	if (family == AF_INET ? !tiph_dst_set4(dst, net, skb) :
				!tiph_dst_set6(dst, net, skb))
		return false;
	/* who sent it, if that was a socket of this machine */
	skb_orphan(skb);
	skb->sk = sk;
	skb->destructor = sock_pfree;
	if (!sk_is_refcounted(sk))
		sock_put(sk);

	return true;
}

/* Was this packet given to somebody here? */
static inline bool tiph_dst_is_ours(const struct tiph_dst *dst,
				    const struct sk_buff *skb)
{
	const struct dst_entry *has = skb_dst(skb);
	const struct rtable *rt4 = READ_ONCE(dst->rt4);
	const struct rt6_info *rt6 = READ_ONCE(dst->rt6);

	return has && ((rt4 && has == &rt4->dst) || (rt6 && has == &rt6->dst));
}

#endif /* TIPHARES_DST_H */
