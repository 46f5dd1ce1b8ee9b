/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of origins that could not be connected to, of one thread: where there
 * are others they are tried last for a while. When that is over, one request tries
 * it; the others wait for what comes of that. Bounded: a newer one takes an older
 * one's place.
 */
#ifndef TIPHARES_HEALTH_H
#define TIPHARES_HEALTH_H

#include "addr.h"

#define HEALTH_MAX 512
#define HEALTH_FIRST_MS 1000	/* after the first failure; doubled with each further one */
#define HEALTH_LAST_MS 32000

/*
 * Zero it to start. Of a slot in use @wait is not 0; @tried: somebody is trying it
 * again.
 */
struct health {
	struct {
		struct endpoint origin;
		uint64_t until;
		uint32_t wait;
		bool tried;
	} slots[HEALTH_MAX];
};

/* @now: milliseconds of the loop's clock */
void health_failed(struct health *health, const struct endpoint *origin, uint64_t now);
void health_works(struct health *health, const struct endpoint *origin);

/**
 * health_avoid() - should another address be tried first?
 *
 * False also for one that is to be tried again: the question itself keeps others
 * from it for as long as before.
 */
bool health_avoid(struct health *health, const struct endpoint *origin, uint64_t now);

#endif /* TIPHARES_HEALTH_H */
