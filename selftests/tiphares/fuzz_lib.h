/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: a generator of numbers that a seed repeats, a budget of
 * time, and the module under them.
 *
 *	TIPH_FUZZ_SECONDS	how long, 8
 *	TIPH_FUZZ_SEED		1; each run says its own
 */
#ifndef TIPHARES_FUZZ_LIB_H
#define TIPHARES_FUZZ_LIB_H

#include <stdbool.h>
#include <time.h>

#define UAPI_MAIN
#include "uapi_lib.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(v) (sizeof(v) / sizeof((v)[0]))
#endif

struct fuzz {
	__u64 state;
	__u64 turns;
	time_t seconds;
	time_t end;
};

#define FUZZ_TURNS_MIN 200	/* less is no test, on the slowest machine */

static inline time_t fuzz_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Numbers below @n. */
static inline __u32 fuzz_below(struct fuzz *f, __u32 n)
{
	f->state ^= f->state << 13;
	f->state ^= f->state >> 7;
	f->state ^= f->state << 17;
	return (__u32)(f->state >> 32) % n;
}

static inline bool fuzz_chance(struct fuzz *f, __u32 one_in)
{
	return !fuzz_below(f, one_in);
}

static inline void fuzz_fill(struct fuzz *f, void *data, size_t len)
{
	__u8 *at = data;

	while (len--)
		*at++ = (__u8)fuzz_below(f, 256);
}

/* A few bits of @data are others. */
static inline void fuzz_damage(struct fuzz *f, void *data, size_t len)
{
	for (int i = 1 + (int)fuzz_below(f, 4); len && i; i--)
		((__u8 *)data)[fuzz_below(f, (__u32)len)] ^= (__u8)(1 << fuzz_below(f, 8));
}

static inline void fuzz_begin(struct fuzz *f)
{
	const char *seconds = getenv("TIPH_FUZZ_SECONDS"), *seed = getenv("TIPH_FUZZ_SEED");
	__u64 number = seed ? strtoull(seed, NULL, 0) : 1;

	f->state = number * 0x9e3779b97f4a7c15ULL | 1;
	f->seconds = seconds ? atol(seconds) : 8;
	printf("TAP version 13\n1..2\n# seed %llu\n", (unsigned long long)number);
	fflush(stdout);
}

/* The time begins with the first turn. */
static inline bool fuzz_goes_on(struct fuzz *f)
{
	if (!f->turns)
		f->end = fuzz_now() + f->seconds;
	return f->turns++ % 64 || fuzz_now() < f->end;
}

/* The kernel's own complaints are the runner's to find. */
static inline int fuzz_end(const struct fuzz *f, bool serves)
{
	bool gone;

	printf("# %llu turns\n", (unsigned long long)f->turns);
	serves &= f->turns >= FUZZ_TURNS_MIN;
	printf("%sok 1 the module serves as before\n", serves ? "" : "not ");
	module_unload();
	gone = access("/sys/module/tiphares", F_OK) != 0;
	printf("%sok 2 and can be unloaded\n", gone ? "" : "not ");
	return serves && gone ? 0 : 1;
}

#endif /* TIPHARES_FUZZ_LIB_H */
