/* SPDX-License-Identifier: GPL-2.0-only */
/* Notifications: what the namespace tells everybody who listens. */
#ifndef TIPHARES_NOTIFY_H
#define TIPHARES_NOTIFY_H

#include <net/genetlink.h>

#include "net.h"

extern struct genl_family tiph_family;

void tiph_announce_commit(struct tiph_net *tn, const struct tiph_ports *old,
			  const struct tiph_ports *new);
void tiph_announce_owner(struct tiph_net *tn);
void tiph_announce_state(struct tiph_net *tn, const struct tiph_ident *ident);
void tiph_announce_loop(struct tiph_net *tn, const struct tiph_tuple *loop);
void tiph_announce_bypass(struct tiph_net *tn, u8 kind,
			  const struct tiph_bypass_entry *entry);
void tiph_announce_bypass_end(struct tiph_net *tn,
			      const struct tiph_bypass_entry *entry, u8 end);

#endif /* TIPHARES_NOTIFY_H */
