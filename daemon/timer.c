// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashed timer wheel. A timer beyond the horizon waits in the last slot before
 * it and is moved on when that comes up. The bit of a slot is set while it may
 * hold timers; cancelling leaves it set, which costs one idle look at it.
 */
#include "timer.h"

#include <string.h>

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now)
{
	memset(wheel->occupied, 0, sizeof(wheel->occupied));
	for (unsigned int i = 0; i < TIMER_SLOTS; i++)
		list_init(&wheel->slots[i]);
	wheel->tick = now / TIMER_TICK_MS;
}

static void timer_link(struct timer_wheel *wheel, struct timer *t)
{
	uint64_t tick = (t->expires + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
	unsigned int slot;

	if (tick <= wheel->tick)
		tick = wheel->tick + 1;
	if (tick >= wheel->tick + TIMER_SLOTS)
		tick = wheel->tick + TIMER_SLOTS - 1;
	slot = tick % TIMER_SLOTS;
	t->tick = tick;
	t->armed = true;
	list_add_tail(&wheel->slots[slot], &t->link);
	wheel->occupied[slot / 64] |= 1ULL << (slot % 64);
}

void timer_set(struct timer_wheel *wheel, struct timer *t, uint64_t expires)
{
	t->expires = expires;
	if (t->armed) {
		if (t->tick * TIMER_TICK_MS <= expires)
			return;
		list_del(&t->link);
	}
	timer_link(wheel, t);
}

void timer_cancel(struct timer *t)
{
	if (!t->armed)
		return;
	list_del(&t->link);
	t->armed = false;
}

static void timer_run_slot(struct timer_wheel *wheel, unsigned int slot, uint64_t now)
{
	struct list due;

	wheel->occupied[slot / 64] &= ~(1ULL << (slot % 64));
	list_take(&wheel->slots[slot], &due);
	while (!list_empty(&due)) {
		struct timer *t = container_of(due.next, struct timer, link);

		list_del(&t->link);
		t->armed = false;
		if (t->expires > now)
			timer_link(wheel, t);
		else
			t->fn(t);
	}
}

void timer_wheel_run(struct timer_wheel *wheel, uint64_t now)
{
	uint64_t until = now / TIMER_TICK_MS;

	/* after a long sleep every slot is due once */
	if (until > wheel->tick + TIMER_SLOTS)
		wheel->tick = until - TIMER_SLOTS;
	while (wheel->tick < until) {
		unsigned int slot = ++wheel->tick % TIMER_SLOTS;

		if (wheel->occupied[slot / 64] & 1ULL << (slot % 64))
			timer_run_slot(wheel, slot, now);
	}
}

/* Distance from @slot to the next occupied one, TIMER_SLOTS if there is none. */
static unsigned int timer_next(const struct timer_wheel *wheel, unsigned int slot)
{
	unsigned int n = 0;

	while (n < TIMER_SLOTS) {
		unsigned int at = (slot + n) % TIMER_SLOTS;
		uint64_t bits = wheel->occupied[at / 64] >> (at % 64);

		if (bits)
			return n + (unsigned int)__builtin_ctzll(bits);
		n += 64 - at % 64;
	}
	return TIMER_SLOTS;
}

unsigned int timer_wheel_wait(const struct timer_wheel *wheel, uint64_t now, unsigned int max)
{
	unsigned int n = timer_next(wheel, (wheel->tick + 1) % TIMER_SLOTS);
	uint64_t due;

	if (n >= TIMER_SLOTS)
		return max;
	due = (wheel->tick + 1 + n) * TIMER_TICK_MS;
	if (due <= now)
		return 0;
	return due - now < max ? (unsigned int)(due - now) : max;
}
