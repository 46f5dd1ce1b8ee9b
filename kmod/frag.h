/* SPDX-License-Identifier: GPL-2.0-only */
/* Which fragments are put together. */
#ifndef TIPHARES_FRAG_H
#define TIPHARES_FRAG_H

#include <linux/netfilter.h>

#include "net.h"

bool tiph_frag_is_ours4(struct tiph_net *tn, const struct sk_buff *skb,
			const struct nf_hook_state *state);
bool tiph_frag_is_ours6(struct tiph_net *tn, const struct sk_buff *skb,
			const struct nf_hook_state *state);

#endif /* TIPHARES_FRAG_H */
