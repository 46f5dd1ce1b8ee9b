/* SPDX-License-Identifier: GPL-2.0-only */
/* From configurations and counters to attributes. */
#ifndef TIPHARES_FILL_H
#define TIPHARES_FILL_H

#include <linux/skbuff.h>
#include <net/netlink.h>

#include "bypass.h"
#include "net.h"
#include "port.h"

/* The largest port: what its attributes and their headers come to, rounded. */
#define TIPH_FILL_PORT_MAX						\
	(512 + TIPH_MATCH_PORTS_MAX * sizeof(u16) +			\
	 TIPH_MATCH_IFS_MAX * (NLA_HDRLEN + IFNAMSIZ) +			\
	 TIPH_MATCH_PREFIXES_MAX * (NLA_HDRLEN + sizeof(struct tiph_prefix)))

/* Room that a tuple and a bypass entry with its kind need, and more. */
#define TIPH_FILL_TUPLE_MAX	128
#define TIPH_FILL_BYPASS_MAX	160

size_t tiph_fill_port_size(const struct tiph_port *port);
int tiph_fill_port(struct sk_buff *skb, const struct tiph_port *port);
size_t tiph_fill_ident_size(void);
int tiph_fill_ident(struct sk_buff *skb, const struct tiph_ident *ident);
int tiph_fill_state(struct sk_buff *skb, const struct tiph_ident *ident);
int tiph_fill_tuple(struct sk_buff *skb, const struct tiph_tuple *tuple);
int tiph_fill_bypass(struct sk_buff *skb, const struct tiph_key *key,
		     const struct tiph_bypass_entry *entry, int end);
int tiph_fill_stats(struct sk_buff *skb, struct tiph_stats __percpu *stats);

#endif /* TIPHARES_FILL_H */
