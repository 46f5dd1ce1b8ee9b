/* SPDX-License-Identifier: GPL-2.0-only */
/* What tells a SYN from all others but its repetitions. */
#ifndef TIPHARES_SYNID_H
#define TIPHARES_SYNID_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ipv6.h>

/* Hashed whole: no holes, all of it set. */
struct tiph_syn_id {
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	__be32 seq;
};

static __always_inline void tiph_syn_id(struct tiph_syn_id *id, u8 family,
					const struct sk_buff *skb,
					const struct tcphdr *th)
{
	if (family == AF_INET) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &id->saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &id->daddr);
	} else {
		id->saddr = ipv6_hdr(skb)->saddr;
		id->daddr = ipv6_hdr(skb)->daddr;
	}
	id->sport = th->source;
	id->dport = th->dest;
	id->seq = th->seq;
}

#endif /* TIPHARES_SYNID_H */
