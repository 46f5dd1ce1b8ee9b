/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Destinations whose servers spoke first, of one thread: on a port that tells
 * protocols by the first octets, the next client of theirs need not be waited
 * for. Bounded: a newer one takes an older one's place. Forgotten in time.
 */
#ifndef TIPHARES_SPEAKERS_H
#define TIPHARES_SPEAKERS_H

#include "addr.h"

#define SPEAKERS_MAX 512
#define SPEAKERS_MS (600 * 1000)

/* Zero it to start. */
struct speakers {
	struct {
		struct endpoint destination;
		uint64_t until;
	} slots[SPEAKERS_MAX];
};

/* @now: milliseconds of the loop's clock */
void speakers_remember(struct speakers *speakers, const struct endpoint *destination, uint64_t now);
bool speakers_know(const struct speakers *speakers, const struct endpoint *destination, uint64_t now);

#endif /* TIPHARES_SPEAKERS_H */
