/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way out of a hook: a counter, a tracepoint, netfilter's answer. */
#ifndef TIPHARES_VERDICT_H
#define TIPHARES_VERDICT_H

#include "net.h"
#include "trace.h"

/**
 * tiph_leave() - leave a hook
 * @tn: namespace
 * @port: the port that decided, or NULL
 * @skb: the packet, NULL if it is not ours to read any more
 * @family: AF_INET or AF_INET6
 * @th: its TCP header, or NULL
 * @verdict: what was decided
 *
 * Return: what netfilter is told
 */
static __always_inline unsigned int
tiph_leave(const struct tiph_net *tn, const struct tiph_port *port,
	   const struct sk_buff *skb, u8 family, const struct tcphdr *th,
	   enum tiph_verdict_id verdict)
{
	tiph_stats_inc(tn->stats, verdict);
	if (port)
		tiph_stats_inc(port->ident->stats, verdict);
	trace_verdict(skb, family, th, port ? port->ident->id : 0, verdict);

	return tiph_verdict_nf[verdict];
}

#endif /* TIPHARES_VERDICT_H */
