/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes a dynamic bypass entry: the parent is told of a connection that the proxy does not get on with. */
#ifndef TIPHARES_TRIGGER_H
#define TIPHARES_TRIGGER_H

#include <stdbool.h>

#include <linux/tiphares.h>

struct conf_bypass;
struct endpoint;
struct metrics;
struct session;

/* Before there are threads: where the parent is told. */
void trigger_init(int control);

/* @s is intercepted, and its next connection had better be forwarded. Does nothing where that is not wanted. */
void trigger_fire(const struct session *s, enum tiph_bypass_reason reason);

/* Does this make entries? */
bool trigger_wanted(const struct conf_bypass *bypass, enum tiph_bypass_reason reason);
/* The same about no session that is still there, and without a memory of what was told. */
void trigger_send(const struct conf_bypass *bypass, struct metrics *metrics, enum tiph_bypass_reason reason,
		  const struct endpoint *client, const struct endpoint *destination);

#endif /* TIPHARES_TRIGGER_H */
