/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP errors about packets of intercepted and spoofed connections. */
#ifndef TIPHARES_ICMP_H
#define TIPHARES_ICMP_H

#include <linux/netfilter.h>

#include "net.h"

unsigned int tiph_icmp4(struct tiph_net *tn, struct sk_buff *skb,
			const struct nf_hook_state *state);
unsigned int tiph_icmp6(struct tiph_net *tn, struct sk_buff *skb,
			const struct nf_hook_state *state);

#endif /* TIPHARES_ICMP_H */
