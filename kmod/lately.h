/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became lately of connections that a port matched and that were not
 * intercepted: a ring for whoever asks why. Those that were intercepted the
 * daemon knows, and better.
 *
 * Written by packets, under a lock that none of them waits for: of a flood on
 * several CPUs some are left out.
 */
#ifndef TIPHARES_LATELY_H
#define TIPHARES_LATELY_H

#include <linux/spinlock.h>

#include "net.h"

#define TIPH_LATELY	512

/**
 * struct tiph_past - what became of a SYN
 * @tuple: its connection
 * @at: when, in jiffies
 * @verdict: enum tiph_verdict_id
 * @port_id: of the port that matched
 * @port: its name
 */
struct tiph_past {
	struct tiph_tuple tuple;
	unsigned long at;
	u8 verdict;
	u32 port_id;
	char port[TIPH_NAME_MAX];
};

/**
 * struct tiph_lately - the ring
 * @lock: protects all of it
 * @n: how many there ever were; the last TIPH_LATELY are in @v
 */
struct tiph_lately {
	spinlock_t lock;	/* all of the ring */
	u32 n;
	struct tiph_past v[TIPH_LATELY];
};

struct tiph_lately *tiph_lately_create(void);
void tiph_lately_note(struct tiph_lately *lately,
		      const struct tiph_tuple *tuple,
		      const struct tiph_ident *ident, u8 verdict);
bool tiph_lately_read(struct tiph_lately *lately, u32 *at,
		      struct tiph_past *ret);

#endif /* TIPHARES_LATELY_H */
