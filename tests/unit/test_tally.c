// SPDX-License-Identifier: GPL-2.0-only
/* How often in a row: counted by address and port, over with the first that did not, bounded. */
#include "tally.h"
#include "tap.h"

static struct endpoint of(unsigned int i, uint16_t port)
{
	struct endpoint e = { .addr = { .family = AF_INET, .bytes = { 10 } }, .port = port };

	memcpy(e.addr.bytes + 1, &i, 3);
	return e;
}

int main(void)
{
	static struct tally tally;
	struct endpoint a = of(1, 80), b = of(1, 81);
	unsigned int n = 0;

	ok(!tally_count(&tally, &a), "nothing at first");
	tally_clear(&tally, &a);
	ok(tally_add(&tally, &a) == 1 && tally_add(&tally, &a) == 2, "once, twice");
	ok(tally_count(&tally, &a) == 2 && !tally_count(&tally, &b), "another port is another one");
	tally_clear(&tally, &b);
	ok(tally_add(&tally, &a) == 3, "whose end is not this one's");
	tally_clear(&tally, &a);
	ok(!tally_count(&tally, &a) && !tally.used, "the row is over");
	ok(tally_add(&tally, &a) == 1, "a new one begins with one");
	for (unsigned int i = 0; i < 10 * TALLY_MAX; i++) {
		struct endpoint e = of(i + 2, 80);

		ok(tally_add(&tally, &e) == 1, "one of many: %u", i);
	}
	for (unsigned int i = 0; i < TALLY_MAX; i++)
		n += tally.slots[i].n;
	ok(n == tally.used && n <= TALLY_MAX, "never more than there is room for: %u", n);
	for (unsigned int i = 0; i < 10 * TALLY_MAX + 2; i++) {
		struct endpoint e = of(i, 80);

		tally_clear(&tally, &e);
	}
	ok(!tally.used, "all are over");
	return tap_done();
}
