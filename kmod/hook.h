/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks of a namespace: those of incoming packets, which it has while it
 * has ports, and behind them those of the guard, which stay.
 */
#ifndef TIPHARES_HOOK_H
#define TIPHARES_HOOK_H

#include <linux/netfilter.h>

#define TIPH_N_IN_HOOKS	2
#define TIPH_N_HOOKS	4

extern const struct nf_hook_ops tiph_hooks[TIPH_N_HOOKS];

#endif /* TIPHARES_HOOK_H */
