/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every file of the module may know: the names of its objects.
 *
 *   struct tiph_net     a network namespace: its ports, hooks, owner (net.h)
 *   struct tiph_ports   one immutable version of the port table (port.h)
 *   struct tiph_port    one port's configuration, immutable (port.h)
 *   struct tiph_ident   a port's identity, which outlives its configurations
 *   struct tiph_stats   per-CPU counters of named verdicts (stats.h)
 */
#ifndef TIPHARES_TIPH_H
#define TIPHARES_TIPH_H

#include <linux/types.h>
#include <linux/tiphares.h>

#if !IS_ENABLED(CONFIG_IPV6) || !IS_ENABLED(CONFIG_NETFILTER)
#error "Tiphares needs a kernel with CONFIG_IPV6 and CONFIG_NETFILTER"
#endif

struct tiph_net;
struct tiph_ports;
struct tiph_port;
struct tiph_ident;
struct tiph_stats;

#endif /* TIPHARES_TIPH_H */
