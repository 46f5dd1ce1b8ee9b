/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens in a namespace by itself. */
#ifndef TIPHARES_TEND_H
#define TIPHARES_TEND_H

#include <linux/workqueue.h>

#include "net.h"

void tiph_tend(struct work_struct *work);
void tiph_tend_drop(struct tiph_net *tn, struct tiph_bypass_entry *entry,
		    u8 end);

#endif /* TIPHARES_TEND_H */
