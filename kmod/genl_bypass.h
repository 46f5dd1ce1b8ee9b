/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of the family about bypass entries. */
#ifndef TIPHARES_GENL_BYPASS_H
#define TIPHARES_GENL_BYPASS_H

#include <net/genetlink.h>

#include "tiph.h"

extern const struct nla_policy tiph_policy_bypass_add[TIPH_A_MAX + 1];
extern const struct nla_policy tiph_policy_bypass_del[TIPH_A_MAX + 1];
extern const struct nla_policy tiph_policy_bypass_kind[TIPH_A_MAX + 1];

int tiph_bypass_add_doit(struct sk_buff *skb, struct genl_info *info);
int tiph_bypass_del_doit(struct sk_buff *skb, struct genl_info *info);
int tiph_bypass_flush_doit(struct sk_buff *skb, struct genl_info *info);
int tiph_bypass_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* TIPHARES_GENL_BYPASS_H */
