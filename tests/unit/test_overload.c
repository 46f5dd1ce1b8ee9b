// SPDX-License-Identifier: GPL-2.0-only
/* Overload begins at the upper mark, and ends a while after all is at the lower one. */
#include "overload.h"
#include "tap.h"

static const struct conf_limits limits = {
	.sessions = 1000, .memory = 1000000, .shed_high = 9000, .shed_low = 7500, .lag = 500,
};

static void one_mark(const char *what, struct overload_load below, struct overload_load at, struct overload_load between,
		     struct overload_load low)
{
	struct overload o = { 0 };

	ok(!overload_look(&o, &limits, &below, 1000) && !o.engaged, "%s: below the upper mark", what);
	ok(overload_look(&o, &limits, &at, 1100) && o.engaged && o.reason, "%s: at the upper mark", what);
	ok(!overload_look(&o, &limits, &at, 1200) && o.engaged, "%s: begins once", what);
	ok(!overload_look(&o, &limits, &between, 9000) && o.engaged, "%s: between the marks", what);
	ok(!overload_look(&o, &limits, &low, 9100) && o.engaged, "%s: below the lower mark, not yet", what);
	ok(!overload_look(&o, &limits, &low, 10099) && o.engaged, "%s: not a moment too soon", what);
	ok(overload_look(&o, &limits, &low, 10100) && !o.engaged, "%s: over", what);
}

static void flapping(void)
{
	struct overload_load high = { .sessions = 900 }, low = { .sessions = 10 };
	struct overload o = { 0 };

	overload_look(&o, &limits, &high, 1);
	for (uint64_t now = 1000; now < 9000; now += 500)
		ok(!overload_look(&o, &limits, now % 1000 ? &high : &low, now) && o.engaged, "flaps not at %d", (int)now);
}

static void nothing_is_watched(void)
{
	struct conf_limits off = { .sessions = 1000, .memory = 1000000 };
	struct overload_load full = { .sessions = 1000, .memory = 1000000, .stuck = 100000 };
	struct overload o = { 0 };

	ok(!overload_look(&o, &off, &full, 1), "0%% and off: never");
	ok(!overload_sessions(&off, 1000), "0%%: no mark of sessions");
	ok(!overload_sessions(&limits, 899) && overload_sessions(&limits, 900), "the mark of sessions");
	full.exhausted = true;
	ok(overload_look(&o, &off, &full, 1), "without descriptors: always");
}

int main(void)
{
	struct overload_load none = { 0 };

	one_mark("sessions", (struct overload_load){ .sessions = 899 }, (struct overload_load){ .sessions = 900 },
		 (struct overload_load){ .sessions = 750 }, (struct overload_load){ .sessions = 749 });
	one_mark("memory", (struct overload_load){ .memory = 899999 }, (struct overload_load){ .memory = 900000 },
		 (struct overload_load){ .memory = 750000 }, (struct overload_load){ .memory = 749999 });
	one_mark("lag", (struct overload_load){ .stuck = 499 }, (struct overload_load){ .stuck = 500 },
		 (struct overload_load){ .stuck = 250 }, (struct overload_load){ .stuck = 249 });
	one_mark("descriptors", none, (struct overload_load){ .exhausted = true },
		 (struct overload_load){ .exhausted = true }, none);
	flapping();
	nothing_is_watched();
	return tap_done();
}
