/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Named verdicts and their counters.
 *
 * TIPH_VERDICTS is the one table of verdicts: the enum, the names that
 * userspace sees and what netfilter is told all come from it. Counters are
 * per CPU and only ever added to, each by one this_cpu_inc(), so neither a
 * lock nor an order is needed; a reader adds up what it finds. (A 32-bit
 * machine may read a counter while its upper half is being written.)
 */
#ifndef TIPHARES_STATS_H
#define TIPHARES_STATS_H

#include <linux/netfilter.h>
#include <linux/percpu.h>

#include "tiph.h"

/*
 * V(symbol, name, answer to netfilter). The three of a policy stand in the
 * order of enum tiph_policy.
 */
#define TIPH_VERDICTS(V)						\
	/* a packet of a flow whose socket is here: delivered */	\
	V(ESTABLISHED,		"established",		NF_ACCEPT)	\
	/* a SYN given to a port's listener */				\
	V(INTERCEPTED,		"intercepted",		NF_ACCEPT)	\
	/* the ACK of a SYN cookie given to a port's listener */	\
	V(COOKIE,		"syn_cookie",		NF_ACCEPT)	\
	/* an ICMP error about a flow whose socket is here: delivered */ \
	V(ICMP,			"icmp_error",		NF_ACCEPT)	\
	/* on an interesting port, but of a flow that is not ours */	\
	V(FOREIGN,		"foreign",		NF_ACCEPT)	\
	/* a SYN on an interesting port that no port matches */		\
	V(UNMATCHED,		"unmatched",		NF_ACCEPT)	\
	/* a SYN to an address of this host, or from this host to itself */ \
	V(LOCAL,		"local",		NF_ACCEPT)	\
	/* a SYN that routing would not forward; the stack disposes of it */ \
	V(UNROUTABLE,		"unroutable",		NF_ACCEPT)	\
	/* a SYN that destination NAT sends elsewhere */		\
	V(REDIRECTED,		"redirected",		NF_ACCEPT)	\
	/* a SYN on its last hop: forwarding it says so to its sender */ \
	V(EXPIRING,		"expiring",		NF_ACCEPT)	\
	/* a bypass entry covers it */					\
	V(BYPASS_STATIC,	"bypass_static",	NF_ACCEPT)	\
	V(BYPASS_DYNAMIC,	"bypass_dynamic",	NF_ACCEPT)	\
	/* the client is not in the port's sample */			\
	V(SAMPLED_OUT,		"sampled_out",		NF_ACCEPT)	\
	/* the port only counts: it would have been intercepted */	\
	V(DRY_RUN,		"dry_run",		NF_ACCEPT)	\
	/* a repetition of a SYN that was forwarded: it still is */	\
	V(REPEATED,		"repeated",		NF_ACCEPT)	\
	/* the owner misses its heartbeats */				\
	V(HUNG_OPEN,		"hung_open",		NF_ACCEPT)	\
	V(HUNG_CLOSED,		"hung_closed",		NF_DROP)	\
	V(HUNG_RESET,		"hung_reset",		NF_DROP)	\
	/* no listener of the port */					\
	V(FAILURE_OPEN,		"failure_open",		NF_ACCEPT)	\
	V(FAILURE_CLOSED,	"failure_closed",	NF_DROP)	\
	V(FAILURE_RESET,	"failure_reset",	NF_DROP)	\
	/* the owner says that it is overloaded */			\
	V(BUSY_OPEN,		"busy_open",		NF_ACCEPT)	\
	V(BUSY_CLOSED,		"busy_closed",		NF_DROP)	\
	V(BUSY_RESET,		"busy_reset",		NF_DROP)	\
	/* the listener's queues are full, or above its marks */		\
	V(OVERLOAD_OPEN,	"overload_open",	NF_ACCEPT)	\
	V(OVERLOAD_CLOSED,	"overload_closed",	NF_DROP)	\
	V(OVERLOAD_RESET,	"overload_reset",	NF_DROP)	\
	/* a spoofed SYN of this host that came back to it */		\
	V(LOOP,			"loop",			NF_DROP)	\
	/* a fragment waiting for the rest of its packet */		\
	V(FRAGMENT,		"fragment",		NF_STOLEN)	\
	/* fragments that do not make a packet */			\
	V(MALFORMED,		"malformed",		NF_DROP)	\
	/* a SYN from a socket that may not spoof this source */	\
	V(STRAY,		"stray_spoof",		NF_DROP)	\
	/* TIPH_SO_SPOOF: granted, of these with another port, refused */ \
	V(SPOOFED,		"spoofed",		NF_ACCEPT)	\
	V(SPOOFED_ANY,		"spoofed_other_port",	NF_ACCEPT)	\
	V(SPOOF_REFUSED,	"spoof_refused",	NF_DROP)

enum tiph_verdict_id {
#define V(sym, name, nf) TIPH_V_##sym,
	TIPH_VERDICTS(V)
#undef V
	__TIPH_V_MAX
};

/**
 * struct tiph_stats - counters, one set per CPU
 * @count: packets by verdict
 */
struct tiph_stats {
	u64 count[__TIPH_V_MAX];
};

extern const u8 tiph_verdict_nf[__TIPH_V_MAX];

static inline void tiph_stats_inc(struct tiph_stats __percpu *stats,
				  enum tiph_verdict_id verdict)
{
	this_cpu_inc(stats->count[verdict]);
}

const char *tiph_verdict_name(enum tiph_verdict_id verdict);
struct tiph_stats __percpu *tiph_stats_create(void);
u64 tiph_stats_sum(struct tiph_stats __percpu *stats,
		   enum tiph_verdict_id verdict);

#endif /* TIPHARES_STATS_H */
