/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: tiphares:verdict sees every packet that is decided about. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tiphares

#if !defined(TIPHARES_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TIPHARES_TRACE_H

#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/tracepoint.h>

#ifndef TIPHARES_TRACE_HELPERS
#define TIPHARES_TRACE_HELPERS
static inline void tiph_trace_addrs(const struct sk_buff *skb, u8 family,
				    const struct tcphdr *th,
				    struct sockaddr_in6 *src,
				    struct sockaddr_in6 *dst)
{
	struct sockaddr_in *src4 = (struct sockaddr_in *)src;
	struct sockaddr_in *dst4 = (struct sockaddr_in *)dst;

	memset(src, 0, sizeof(*src));
	memset(dst, 0, sizeof(*dst));
	if (!skb)
		return;
	src->sin6_family = family;
	dst->sin6_family = family;
	/* the port stands at the same place for both families */
	src->sin6_port = th ? th->source : 0;
	dst->sin6_port = th ? th->dest : 0;
	if (family == AF_INET) {
		src4->sin_addr.s_addr = ip_hdr(skb)->saddr;
		dst4->sin_addr.s_addr = ip_hdr(skb)->daddr;
	} else {
		src->sin6_addr = ipv6_hdr(skb)->saddr;
		dst->sin6_addr = ipv6_hdr(skb)->daddr;
	}
}
#endif

#define V(sym, name, nf) TRACE_DEFINE_ENUM(TIPH_V_##sym);
TIPH_VERDICTS(V)
#undef V

#define V(sym, name, nf) { TIPH_V_##sym, name },
TRACE_EVENT(verdict,
	TP_PROTO(const struct sk_buff *skb, u8 family,
		 const struct tcphdr *th, u32 port_id,
		 enum tiph_verdict_id verdict),
	TP_ARGS(skb, family, th, port_id, verdict),
	TP_STRUCT__entry(
		__array(__u8, src, sizeof(struct sockaddr_in6))
		__array(__u8, dst, sizeof(struct sockaddr_in6))
		__field(int, ifindex)
		__field(u32, port_id)
		__field(int, verdict)
	),
	TP_fast_assign(
		tiph_trace_addrs(skb, family, th,
				 (struct sockaddr_in6 *)__entry->src,
				 (struct sockaddr_in6 *)__entry->dst);
		__entry->ifindex = skb ? skb->skb_iif : 0;
		__entry->port_id = port_id;
		__entry->verdict = verdict;
	),
	TP_printk("src=%pISpc dst=%pISpc iif=%d port=%u verdict=%s",
		  __entry->src, __entry->dst, __entry->ifindex,
		  __entry->port_id,
		  __print_symbolic(__entry->verdict,
				   TIPH_VERDICTS(V) { -1, NULL }))
);
#undef V

#endif /* TIPHARES_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
