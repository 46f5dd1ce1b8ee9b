/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the worker have too much to do? Then the datapath is asked to spare it
 * new connections, before a limit turns any of them away.
 *
 *	EASY --- sessions or buffers at limits.shed_high, a thread that
 *	  ^	 stands still for limits.lag, or no descriptors left ----> OVERLOADED
 *	  +------- all of them below limits.shed_low, for HOLD_MS ---------+
 */
#ifndef TIPHARES_OVERLOAD_H
#define TIPHARES_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

/* What was seen since the last look; @stuck: milliseconds. */
struct overload_load {
	uint64_t sessions;
	uint64_t memory;
	uint64_t stuck;
	bool exhausted;
};

/**
 * struct overload - the state
 * @reason: of the last time, for people
 * @easy_since: milliseconds, 0: not yet
 */
struct overload {
	bool engaged;
	const char *reason;
	uint64_t easy_since;
};

/* Pure. Return: did it begin or end? */
bool overload_look(struct overload *o, const struct conf_limits *limits, const struct overload_load *load,
		   uint64_t now);

/* Have so many sessions reached the mark? */
static inline bool overload_sessions(const struct conf_limits *limits, uint64_t sessions)
{
	return limits->shed_high && sessions * TIPH_SHARE >= (uint64_t)limits->sessions * limits->shed_high;
}

/*
 * Any thread: look now, not when it is time. The descriptor becomes readable,
 * once; overload_calm() makes it ready for the next time.
 */
int overload_open(void);
void overload_poke(void);
void overload_calm(void);

#endif /* TIPHARES_OVERLOAD_H */
