/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop of one thread.
 *
 * Descriptors are watched edge-triggered and added once; what the kernel said
 * is remembered in the watch until a read or write finds nothing more. Writable
 * is taken for granted until a write falls short: only then EPOLLOUT is asked
 * for, once in the life of a descriptor.
 *
 * An object with a watch is never freed while events of the same turn may still
 * point to it: loop_bury() runs its destructor at the end of the turn.
 */
#ifndef TIPHARES_LOOP_H
#define TIPHARES_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "list.h"
#include "timer.h"

/* struct watch.ready */
#define READY_IN 1	/* read until it falls short */
#define READY_OUT 2	/* write until it falls short */
#define READY_EOF 4	/* the peer sent FIN: read on until 0 */
#define READY_GONE 8	/* reset, or both directions are closed */

/**
 * struct watch - a descriptor in a loop
 * @fd: -1 when there is none
 * @ready: READY_, cleared by those who read and write
 * @wants_out: EPOLLOUT is being watched
 * @fn: called after @ready changed
 */
struct watch {
	int fd;
	uint8_t ready;
	bool wants_out;
	void (*fn)(struct watch *w);
};

/* Something to run in the next turn (loop_again) or to destroy (loop_bury). */
struct work {
	struct list link;
	void (*fn)(struct work *w);
};

/**
 * struct loop - see above
 * @now: milliseconds of the monotonic clock, read once a turn
 * @now_us: the same in microseconds
 * @wall: seconds since the epoch, read about once a second
 * @turns, @waiting: read by other threads: turns begun; nothing to do now
 */
struct loop {
	int epoll;
	uint64_t now;
	uint64_t now_us;
	time_t wall;
	uint64_t wall_due;
	uint64_t turns;
	bool waiting;
	struct list again;
	struct list dead;
	struct timer_wheel timers;
};

int loop_init(struct loop *loop);
void loop_destroy(struct loop *loop);
/* One turn; sleeps at most @max_ms. */
void loop_turn(struct loop *loop, unsigned int max_ms);

/* Watch @w->fd for reading, and for writing if @out. 0 or a negative errno. */
int loop_watch(struct loop *loop, struct watch *w, bool out);
/* The same, level-triggered, reading only: for listeners and channels. */
int loop_watch_level(struct loop *loop, struct watch *w);
/* After a write fell short: tell when there is room again. */
void loop_want_out(struct loop *loop, struct watch *w);
/* Stop watching, keep the descriptor. */
void loop_unwatch(struct loop *loop, struct watch *w);
/* Stop watching and close; twice is legal. */
void watch_close(struct watch *w);

void loop_again(struct loop *loop, struct work *w);
void loop_bury(struct loop *loop, struct work *w);

static inline void loop_timer(struct loop *loop, struct timer *t, uint64_t ms)
{
	timer_set(&loop->timers, t, loop->now + ms);
}

#endif /* TIPHARES_LOOP_H */
