// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timer wheel on a simulated clock: each timer runs once, never early, never
 * more than a tick late; whatever was set, moved or cancelled in between.
 */
#include <stdlib.h>

#include "tap.h"
#include "timer.h"

#define N 500

static struct timer_wheel wheel;
static uint64_t now;

/* A timer and what is known about it. */
struct probe {
	struct timer timer;
	uint64_t due;
	bool armed;
	unsigned int runs;
};
static struct probe probes[N];
static unsigned int early, late, unexpected;

static void on_probe(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	unexpected += !p->armed;
	early += now < p->due;
	late += now > p->due + 2 * TIMER_TICK_MS;
	p->armed = false;
	p->runs++;
}

static void set(struct probe *p, uint64_t in)
{
	p->due = now + in;
	p->armed = true;
	timer_set(&wheel, &p->timer, p->due);
}

static void cancel(struct probe *p)
{
	p->armed = false;
	timer_cancel(&p->timer);
}

static void reset(uint64_t start)
{
	now = start;
	early = late = unexpected = 0;
	timer_wheel_init(&wheel, now);
	memset(probes, 0, sizeof(probes));
	for (unsigned int i = 0; i < N; i++)
		probes[i].timer.fn = on_probe;
}

static unsigned int overdue(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < N; i++)
		n += probes[i].armed && now > probes[i].due + 2 * TIMER_TICK_MS;
	return n;
}

/* As the loop does it: sleep for what the wheel says, never longer. */
static void run_for(uint64_t ms)
{
	uint64_t end = now + ms;

	while (now < end) {
		unsigned int left = end - now < 1000 ? (unsigned int)(end - now) : 1000;
		unsigned int wait = timer_wheel_wait(&wheel, now, left);

		now += wait ? wait : 1;
		timer_wheel_run(&wheel, now);
	}
}

static void test_one(void)
{
	static const uint64_t times[] = { 0, 1, 63, 64, 65, 1000, 65535, 65536, 65600, 200000, 3600000 };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		reset(1000003);
		set(&probes[0], times[i]);
		run_for(times[i] + 2 * TIMER_TICK_MS + 1);
		ok(probes[0].runs == 1 && !early && !late, "in %llu ms",
		   (unsigned long long)times[i]);
	}
}

static void test_moves(void)
{
	reset(5);
	set(&probes[0], 100);
	set(&probes[0], 5000);
	run_for(4000);
	ok(!probes[0].runs, "moved to later: not at the first time");
	run_for(2000);
	ok(probes[0].runs == 1 && !early && !late, "but at the second");
	set(&probes[0], 100000);
	set(&probes[0], 50);
	run_for(300);
	ok(probes[0].runs == 2 && !early && !late, "moved to earlier");
	set(&probes[0], 50);
	cancel(&probes[0]);
	cancel(&probes[0]);
	run_for(100000);
	ok(probes[0].runs == 2, "cancelled twice: never");
}

static void test_sleep(void)
{
	reset(77);
	for (unsigned int i = 0; i < N; i++)
		set(&probes[i], i * 1000);
	now += 10 * N * 1000;
	timer_wheel_run(&wheel, now);
	late = 0;
	for (unsigned int i = 0; i < N; i++)
		late += probes[i].runs != 1;
	ok(!late && !early, "after a long sleep all are run, once");
	ok(timer_wheel_wait(&wheel, now, 12345) == 12345, "an empty wheel waits for ever");
}

static void test_random(void)
{
	unsigned int i;

	srandom(1);
	reset((uint64_t)1 << 40);
	for (i = 0; i < 200000; i++) {
		struct probe *p = &probes[random() % N];
		long what = random() % 10;

		if (what == 0)
			cancel(p);
		else if (what < 5)
			set(p, (uint64_t)(random() % 100));
		else
			set(p, (uint64_t)(random() % 200000));
		if (i % 16 == 0)
			run_for((uint64_t)(random() % 300));
		if (overdue())
			break;
	}
	ok(!overdue() && i == 200000, "at random: none is forgotten");
	ok(!early, "none is early: %u", early);
	ok(!late, "none is late: %u", late);
	ok(!unexpected, "none runs without being set: %u", unexpected);
}

/* A timer that sets itself, and one that ends its neighbour in the same slot. */
static struct probe *victim;

static void on_again(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	p->runs++;
	timer_set(&wheel, t, now + 10);
	if (victim)
		cancel(victim);
}

static void test_from_within(void)
{
	reset(0);
	victim = &probes[1];
	probes[0].timer.fn = on_again;
	set(&probes[0], 10);
	set(&probes[1], 11);
	run_for(1000);
	ok(!probes[1].runs, "a timer cancelled by its neighbour does not run");
	ok(probes[0].runs >= 7 && probes[0].runs <= 16, "one that sets itself goes on: %u",
	   probes[0].runs);
}

int main(void)
{
	test_one();
	test_moves();
	test_sleep();
	test_random();
	test_from_within();
	return tap_done();
}
