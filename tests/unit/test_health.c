// SPDX-License-Identifier: GPL-2.0-only
/* Addresses that could not be connected to: avoided for a while, tried again by one, never more than there is room for. */
#include "health.h"
#include "tap.h"

static struct health health;

static struct endpoint origin(unsigned int i)
{
	struct endpoint e = { .addr = { .family = AF_INET, .bytes = { 10 } }, .port = 80 };

	memcpy(e.addr.bytes + 1, &i, 3);
	return e;
}

static void test_one(void)
{
	struct endpoint a = origin(1), other = a;
	uint64_t now = 5000, wait = HEALTH_FIRST_MS;

	other.port = 81;
	health_works(&health, &a);
	ok(!health_avoid(&health, &a, 0), "nobody is avoided at first");
	health_failed(&health, &a, now);
	ok(health_avoid(&health, &a, now), "who failed is avoided");
	ok(!health_avoid(&health, &other, now), "not so another port of it");
	ok(health_avoid(&health, &a, now + wait - 1), "for a while");
	ok(!health_avoid(&health, &a, now + wait), "then one tries it");
	ok(health_avoid(&health, &a, now + wait), "and the next does not, before it is known");
	health_works(&health, &a);
	ok(!health_avoid(&health, &a, now + wait), "who works is not avoided");
	for (unsigned int i = 0; i < 20; i++) {
		health_failed(&health, &a, now);
		if (!health_avoid(&health, &a, now + wait - 1))
			ok(false, "failure %u: avoided for %llu ms", i, (unsigned long long)wait);
		now += wait;
		if (health_avoid(&health, &a, now))
			ok(false, "failure %u: tried after %llu ms", i, (unsigned long long)wait);
		wait = 2 * wait < HEALTH_LAST_MS ? 2 * wait : HEALTH_LAST_MS;
	}
	ok(true, "each failure doubles the time, up to a limit");
	health_works(&health, &a);
	health_failed(&health, &a, now);
	health_failed(&health, &a, now + 1);
	health_failed(&health, &a, now + 2);
	ok(!health_avoid(&health, &a, now + HEALTH_FIRST_MS), "several that fail together are one failure");
}

static void test_many(void)
{
	unsigned int avoided = 0;

	for (unsigned int i = 0; i < 10 * HEALTH_MAX; i++) {
		struct endpoint e = origin(i);

		health_failed(&health, &e, 1000);
		if (!health_avoid(&health, &e, 1000))
			ok(false, "the newest is avoided: %u", i);
	}
	for (unsigned int i = 0; i < 10 * HEALTH_MAX; i++) {
		struct endpoint e = origin(i);

		avoided += health_avoid(&health, &e, 1000);
	}
	ok(avoided > HEALTH_MAX / 2 && avoided <= HEALTH_MAX, "of many, no more than there is room for: %u", avoided);
}

int main(void)
{
	test_one();
	test_many();
	return tap_done();
}
