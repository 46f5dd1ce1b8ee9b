/* SPDX-License-Identifier: GPL-2.0-only */
/* What would become of a connection? */
#ifndef TIPHARES_EXPLAIN_H
#define TIPHARES_EXPLAIN_H

#include <net/genetlink.h>

#include "tiph.h"

extern const struct nla_policy tiph_policy_explain[TIPH_A_MAX + 1];

int tiph_explain_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* TIPHARES_EXPLAIN_H */
