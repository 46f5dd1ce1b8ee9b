/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames on bridges. The hooks below are given a packet's state as those of
 * hook.c are, with these differences: pf is NFPROTO_BRIDGE, in is the bridge,
 * and out the bridge port by which a frame came that would only cross the
 * bridge, NULL where it would go up the bridge's own interface.
 */
#ifndef TIPHARES_BRIDGE_H
#define TIPHARES_BRIDGE_H

#include <linux/netfilter.h>

#include "net.h"

/* What would only cross a bridge is not routed here. */
static inline bool tiph_is_bridged(const struct nf_hook_state *state)
{
	return state->pf == NFPROTO_BRIDGE && state->out;
}

unsigned int tiph_bridge_in(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state);
unsigned int tiph_bridge_forward(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state);
unsigned int tiph_bridge_out4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state);
unsigned int tiph_bridge_out6(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state);

#endif /* TIPHARES_BRIDGE_H */
