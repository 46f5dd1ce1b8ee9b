/* SPDX-License-Identifier: GPL-2.0-only */
/* From attributes to configurations. */
#ifndef TIPHARES_PARSE_H
#define TIPHARES_PARSE_H

#include <net/genetlink.h>

#include "port.h"

extern const struct nla_policy tiph_policy_none[TIPH_A_MAX + 1];
extern const struct nla_policy tiph_policy_set[TIPH_A_MAX + 1];
extern const struct nla_policy tiph_policy_name[TIPH_A_MAX + 1];
extern const struct nla_policy tiph_policy_heartbeat[TIPH_A_MAX + 1];

int tiph_parse_ports(struct genl_info *info, struct tiph_port ***ret);
void tiph_parse_free(struct tiph_port **ports, int n);
int tiph_parse_names(struct genl_info *info, const struct nlattr ***ret);

#endif /* TIPHARES_PARSE_H */
