/* SPDX-License-Identifier: GPL-2.0-only */
/* No socket spoofs an address but the one it was given. */
#ifndef TIPHARES_GUARD_H
#define TIPHARES_GUARD_H

#include <linux/netfilter.h>
#include <net/sock.h>

bool tiph_guard_arm(struct sock *sk);

unsigned int tiph_guard4(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state);
unsigned int tiph_guard6(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state);

#endif /* TIPHARES_GUARD_H */
