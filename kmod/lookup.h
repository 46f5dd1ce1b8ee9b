/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking things up for a packet: its socket, the listener of its port, and
 * what routing thinks of it. All under RCU in softirq context.
 *
 * No reference to a listener is ever kept. It is looked up for each SYN by
 * the port's local address and number, as TCP itself would, which makes
 * SO_REUSEPORT groups work, notices the death of a listener at once and holds
 * no namespace.
 */
#ifndef TIPHARES_LOOKUP_H
#define TIPHARES_LOOKUP_H

#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/inet_hashtables.h>
#include <net/inet6_hashtables.h>
#include <net/tcp.h>

#include "port.h"

static inline bool tiph_is_bare_syn(const struct tcphdr *th)
{
	return th->syn && !th->ack && !th->rst && !th->fin;
}

/* May an ACK without a socket be the third packet of a handshake? */
static inline bool tiph_is_handshake_ack(const struct tcphdr *th)
{
	return th->ack && !th->syn && !th->rst;
}

/* Whether a looked-up socket has our packets. Consumes @sk, which may be NULL. */
static inline bool tiph_sock_is_ours(struct sock *sk)
{
	bool ours;

	if (!sk)
		return false;
	ours = inet_sk_transparent(sk);
	sock_gen_put(sk);

	return ours;
}

struct sock *tiph_listener4(struct net *net, struct sk_buff *skb,
			    const struct tcphdr *th, int thoff,
			    const struct tiph_port *port, u16 listen);
struct sock *tiph_listener6(struct net *net, struct sk_buff *skb,
			    const struct tcphdr *th, int thoff,
			    const struct tiph_port *port, u16 listen);

bool tiph_cookie_likely(struct net *net, const struct sock *listener);
bool tiph_cookie_valid4(const struct sock *listener, const struct iphdr *iph,
			const struct tcphdr *th);
bool tiph_cookie_valid6(const struct sock *listener,
			const struct ipv6hdr *iph, const struct tcphdr *th);

bool tiph_reverse4(struct sk_buff *skb, const struct net_device *in);
enum tiph_verdict_id tiph_route4(struct net *net, struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *in, bool spoofing);
enum tiph_verdict_id tiph_route6(struct net *net, struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *in);

enum tiph_verdict_id tiph_cross4(struct net *net, const struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *br);
enum tiph_verdict_id tiph_cross6(struct net *net, const struct sk_buff *skb,
				 const struct tcphdr *th,
				 const struct net_device *br);

#endif /* TIPHARES_LOOKUP_H */
