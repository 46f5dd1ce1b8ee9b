// SPDX-License-Identifier: GPL-2.0-only
/* Destinations whose servers spoke first: known for a time, and never more than there is room for. */
#include "speakers.h"
#include "tap.h"

static struct speakers speakers;

static struct endpoint destination(unsigned int i)
{
	struct endpoint e = { .addr = { .family = AF_INET, .bytes = { 10 } }, .port = 25 };

	memcpy(e.addr.bytes + 1, &i, 3);
	return e;
}

int main(void)
{
	struct endpoint a = destination(1), other = a;
	unsigned int known = 0;

	ok(!speakers_know(&speakers, &a, 0), "nobody is known at first");
	speakers_remember(&speakers, &a, 1000);
	ok(speakers_know(&speakers, &a, 1000) && speakers_know(&speakers, &a, 999 + SPEAKERS_MS), "who spoke is known");
	ok(!speakers_know(&speakers, &a, 1000 + SPEAKERS_MS), "for a time");
	other.port = 26;
	ok(!speakers_know(&speakers, &other, 1000), "another port is somebody else");
	speakers_remember(&speakers, &a, 2000);
	ok(speakers_know(&speakers, &a, 1999 + SPEAKERS_MS), "who speaks again is known for longer");
	for (unsigned int i = 0; i < 10 * SPEAKERS_MAX; i++) {
		a = destination(i);
		speakers_remember(&speakers, &a, 3000);
		if (!speakers_know(&speakers, &a, 3000))
			ok(false, "the newest is known: %u", i);
	}
	for (unsigned int i = 0; i < 10 * SPEAKERS_MAX; i++) {
		a = destination(i);
		known += speakers_know(&speakers, &a, 3000);
	}
	ok(known > SPEAKERS_MAX / 2 && known <= SPEAKERS_MAX, "of many, no more than there is room for: %u", known);
	return tap_done();
}
