/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers of one thread: a hashed wheel, no system call, no allocation.
 *
 * Moving a timer to a later time only stores that time; the timer is put where
 * it belongs when its old place comes up. So a timeout that is set anew at each
 * octet costs one store.
 */
#ifndef TIPHARES_TIMER_H
#define TIPHARES_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

#define TIMER_TICK_MS 64
#define TIMER_SLOTS 1024

/**
 * struct timer - zero it and set @fn once
 * @expires: in milliseconds of the loop's clock
 * @tick: place in the wheel
 * @armed: it is in the wheel
 */
struct timer {
	struct list link;
	uint64_t expires;
	uint64_t tick;
	void (*fn)(struct timer *t);
	bool armed;
};

struct timer_wheel {
	uint64_t tick;			/* all up to this one were run */
	uint64_t occupied[TIMER_SLOTS / 64];
	struct list slots[TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now);
/* Call @fn once, not before @expires and at most one tick after. */
void timer_set(struct timer_wheel *wheel, struct timer *t, uint64_t expires);
void timer_cancel(struct timer *t);
void timer_wheel_run(struct timer_wheel *wheel, uint64_t now);
/* Milliseconds until the wheel must run again, at most @max. */
unsigned int timer_wheel_wait(const struct timer_wheel *wheel, uint64_t now, unsigned int max);

#endif /* TIPHARES_TIMER_H */
