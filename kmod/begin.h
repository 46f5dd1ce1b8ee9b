/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets that may begin a connection: SYNs, and ACKs of SYN cookies. */
#ifndef TIPHARES_BEGIN_H
#define TIPHARES_BEGIN_H

#include <linux/netfilter.h>
#include <net/tcp.h>

#include "net.h"

/**
 * struct tiph_packet - a packet that may begin a connection
 * @tn: namespace
 * @skb: the packet
 * @th: its TCP header, copied: looking for a listener may move that in @skb
 * @thoff: where that begins
 * @state: of the hook
 */
struct tiph_packet {
	struct tiph_net *tn;
	struct sk_buff *skb;
	const struct tcphdr *th;
	unsigned int thoff;
	const struct nf_hook_state *state;
};

/**
 * struct tiph_decision - what is to become of a SYN
 * @verdict: its name
 * @port: the port that matches, or NULL
 * @listener: the listener, with a reference, or NULL where none was looked up
 *	or found
 * @hit: the bypass entry that decided, if one did
 * @shed: @listener's accept queue is above its marks
 */
struct tiph_decision {
	enum tiph_verdict_id verdict;
	const struct tiph_port *port;
	struct sock *listener;
	struct tiph_bypass_hit hit;
	bool shed;
};

void tiph_decide4(const struct tiph_packet *pkt, struct tiph_decision *ret);
void tiph_decide6(const struct tiph_packet *pkt, struct tiph_decision *ret);

unsigned int tiph_syn4(struct tiph_net *tn, struct sk_buff *skb,
		       const struct tcphdr *th, unsigned int thoff,
		       const struct nf_hook_state *state);
unsigned int tiph_syn6(struct tiph_net *tn, struct sk_buff *skb,
		       const struct tcphdr *th, unsigned int thoff,
		       const struct nf_hook_state *state);
unsigned int tiph_cookie4(struct tiph_net *tn, struct sk_buff *skb,
			  const struct tcphdr *th, unsigned int thoff,
			  const struct nf_hook_state *state);
unsigned int tiph_cookie6(struct tiph_net *tn, struct sk_buff *skb,
			  const struct tcphdr *th, unsigned int thoff,
			  const struct nf_hook_state *state);

/* May an ACK without a socket acknowledge a SYN cookie of a listener of ours? */
static inline bool tiph_cookie_expected(const struct tiph_net *tn)
{
	return unlikely(tiph_stamped_within(&tn->cookie_stamp,
					    TCP_SYNCOOKIE_VALID)) &&
	       READ_ONCE(tn->net->ipv4.sysctl_tcp_syncookies);
}

#endif /* TIPHARES_BEGIN_H */
