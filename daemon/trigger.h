/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes a dynamic bypass entry: the parent is told of a connection that the proxy does not get on with. */
#ifndef TIPHARES_TRIGGER_H
#define TIPHARES_TRIGGER_H

#include <linux/tiphares.h>

struct session;

/* Before there are threads: where the parent is told. */
void trigger_init(int control);

/* @s is intercepted, and its next connection had better be forwarded. Does nothing where that is not wanted. */
void trigger_fire(const struct session *s, enum tiph_bypass_reason reason);

#endif /* TIPHARES_TRIGGER_H */
