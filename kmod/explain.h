/* SPDX-License-Identifier: GPL-2.0-only */
/* What would become of a connection, and what became of some? */
#ifndef TIPHARES_EXPLAIN_H
#define TIPHARES_EXPLAIN_H

#include <net/genetlink.h>

#include "tiph.h"

extern const struct nla_policy tiph_policy_explain[TIPH_A_MAX + 1];

int tiph_explain_doit(struct sk_buff *skb, struct genl_info *info);
int tiph_lately_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* TIPHARES_EXPLAIN_H */
