/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of a packet that comes in. */
#ifndef TIPHARES_HOOK_H
#define TIPHARES_HOOK_H

#include <linux/tcp.h>

#include "net.h"

extern const struct tiph_hook_set tiph_hooks[TIPH_HOOK_SETS];

unsigned int tiph_hook_frame4(struct tiph_net *tn, struct sk_buff *skb,
			      const struct tcphdr *th, unsigned int thoff,
			      const struct nf_hook_state *state);
unsigned int tiph_hook_frame6(struct tiph_net *tn, struct sk_buff *skb,
			      const struct tcphdr *th, unsigned int thoff,
			      const struct nf_hook_state *state);

#endif /* TIPHARES_HOOK_H */
