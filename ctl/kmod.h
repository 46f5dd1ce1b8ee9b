/* SPDX-License-Identifier: GPL-2.0-only */
/* The module, asked directly: what root may do without the daemon in between. */
#ifndef TIPHARES_CTL_KMOD_H
#define TIPHARES_CTL_KMOD_H

#include <netlink/attr.h>
#include <netlink/msg.h>

struct kmod;

/* Return: NULL where there is no module, said. */
struct kmod *kmod_open(void);
void kmod_close(struct kmod *kmod);

/* A request @cmd of enum tiph_cmd; NULL: out of memory. */
struct nl_msg *kmod_message(const struct kmod *kmod, int cmd);

/* Send it, consumed. Return: 0, or a negative errno; the kernel's sentence is printed. */
int kmod_send(struct kmod *kmod, struct nl_msg *msg);

#endif /* TIPHARES_CTL_KMOD_H */
