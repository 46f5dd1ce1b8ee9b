// SPDX-License-Identifier: GPL-2.0-only
/* What decides about nearly every packet, the two maps of ports; and stamps, over a wrap of the clock. */
#include "net.h"
#include "tap.h"

static struct tiph_gate gate;

static unsigned int count_open(const unsigned long *map)
{
	unsigned int port, n = 0;

	for (port = 0; port < 65536; port++)
		n += tiph_gate_test(map, htons((u16)port));
	return n;
}

static void test_gate(void)
{
	static const u16 edges[] = { 1, 63, 64, 80, 255, 256, 8080, 32768, 65534, 65535 };
	unsigned int i, n = sizeof(edges) / sizeof(*edges);
	bool all = true;

	ok(!count_open(gate.dport) && !count_open(gate.sport), "a new gate is shut");
	for (i = 0; i < n; i++) {
		tiph_gate_open(gate.dport, htons(edges[i]));
		tiph_gate_open(gate.dport, htons(edges[i]));
		all = all && tiph_gate_test(gate.dport, htons(edges[i])) && count_open(gate.dport) == i + 1;
	}
	ok(all, "each port opened opens one, as often as it is opened");
	ok(!count_open(gate.sport), "source ports are another map");
	tiph_gate_open(gate.sport, htons(443));
	ok(tiph_gate_passes(&gate, htons(40000), htons(80)), "passes: a destination port of interest");
	ok(tiph_gate_passes(&gate, htons(443), htons(40000)), "passes: a source port of interest");
	ok(!tiph_gate_passes(&gate, htons(80), htons(40000)), "does not: 80 is no source port of interest");
	ok(!tiph_gate_passes(&gate, htons(40000), htons(443)), "does not: 443 is no destination port of interest");
	ok(!tiph_gate_passes(&gate, htons(40000), htons(0x5000)), "does not: 80 with its octets swapped");
}

static void test_stamps(void)
{
	unsigned long stamp = jiffies - 100;
	unsigned int i, wrong = 0;

	ok(!tiph_stamped_within(&stamp, 99), "a stamp of 100 ticks ago is not within 99");
	ok(tiph_stamped_within(&stamp, 100), "it is within 100");
	tiph_stamp(&stamp);
	ok(stamp == jiffies, "a stamp is the time");
	for (i = 0; i <= 20 * HZ; i++, jiffies++)
		wrong += tiph_stamped_within(&stamp, 10 * HZ) != (i <= 10 * HZ);
	ok(jiffies < stamp, "the clock has wrapped");
	ok(!wrong, "for 10 s within 10 s, then no more");
}

int main(void)
{
	test_gate();
	test_stamps();
	return tap_done();
}
