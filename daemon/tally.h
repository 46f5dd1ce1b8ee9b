/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often in a row something happened, by address. Bounded: a newer one takes
 * an older one's place, whose count is lost.
 */
#ifndef TIPHARES_TALLY_H
#define TIPHARES_TALLY_H

#include "addr.h"

#define TALLY_MAX 256

/* Zero it to start. @n of a place that is not in use is 0; @used: how many are. */
struct tally {
	struct {
		struct endpoint key;
		uint32_t n;
	} slots[TALLY_MAX];
	unsigned int used;
};

/* Once more. Return: how often in a row that makes. */
uint32_t tally_add(struct tally *tally, const struct endpoint *key);
/* How often in a row it has. */
uint32_t tally_count(const struct tally *tally, const struct endpoint *key);
/* It did not: the row is over. */
void tally_clear(struct tally *tally, const struct endpoint *key);

#endif /* TIPHARES_TALLY_H */
