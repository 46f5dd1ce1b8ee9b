/* SPDX-License-Identifier: GPL-2.0-only */
/* The input route by DSCP. */
#ifndef TIPHARES_COMPAT_NET_ROUTE_H
#define TIPHARES_COMPAT_NET_ROUTE_H

#include_next <net/route.h>

#ifdef TIPH_ROUTE_INPUT_TOS
#define ip_route_input_noref(skb, daddr, saddr, dscp, dev) \
	ip_route_input_noref(skb, daddr, saddr, inet_dscp_to_dsfield(dscp), dev)
#endif

#endif
