// SPDX-License-Identifier: GPL-2.0-only
/* What a SYN tells of its sender: both families, options in every order, headers that are cut or lie about their length. */
#include <errno.h>
#include <string.h>

#include "guard.h"
#include "likeness.h"
#include "tap.h"

static const uint8_t head4[] = { 0x45, 0xb9, 0, 60, 0, 0, 0x40, 0, 63, 6, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1 };
static const uint8_t head6[40] = { 0x6b, 0x90, 0, 0, 0, 20, 6, 62 };

struct syn {
	const char *name;
	uint8_t options[20];
	size_t n;
	uint16_t mss;
};

static const struct syn syns[] = {
	{ "no options", { 0 }, 0, 0 },
	{ "MSS", { 2, 4, 0x05, 0x14 }, 4, 1300 },
	{ "MSS behind others", { 1, 4, 2, 1, 2, 4, 0x05, 0xb4 }, 8, 1460 },
	{ "MSS behind the end", { 0, 2, 4, 5, 20, 0, 0, 0 }, 8, 0 },
	{ "MSS of another length", { 2, 3, 5, 1 }, 4, 0 },
	{ "an option of no length", { 8, 0, 2, 4 }, 4, 0 },
	{ "an option of length 1", { 8, 1, 2, 4, 5, 20, 0, 0 }, 8, 0 },
	{ "an option that is longer than the header", { 1, 1, 2, 40 }, 4, 0 },
	{ "a kind without a length", { 1, 1, 1, 2 }, 4, 0 },
};

static size_t make(uint8_t *to, int family, const struct syn *s)
{
	size_t head = family == 4 ? sizeof(head4) : sizeof(head6);

	memset(to, 0, head + 20);
	memcpy(to, family == 4 ? head4 : head6, head);
	to[head + 12] = (uint8_t)((20 + s->n) / 4 << 4);
	memcpy(to + head + 20, s->options, s->n);
	return head + 20 + s->n;
}

/* With a guard page behind it. */
static int parse(const uint8_t *syn, size_t n, struct likeness *ret)
{
	return likeness_parse(n ? (const uint8_t *)guard_end((const char *)syn, n) : syn, n, ret);
}

static void test_family(int family)
{
	uint8_t hops = family == 4 ? 63 : 62, dscp = 0xb8, packet[128];
	size_t head = family == 4 ? sizeof(head4) : sizeof(head6), n;
	struct likeness l;
	unsigned int i;

	for (i = 0; i < sizeof(syns) / sizeof(*syns); i++) {
		n = make(packet, family, &syns[i]);
		ok(!parse(packet, n, &l) && l.hops == hops && l.dscp == dscp && l.mss == syns[i].mss, "IPv%d: %s: %u %u %u",
		   family, syns[i].name, l.hops, l.dscp, l.mss);
	}
	n = make(packet, family, &syns[2]);
	for (size_t cut = 0; cut < n; cut++) {
		struct likeness was = { 1, 2, 3 };
		int err = parse(packet, cut, &was);

		if (cut < head)
			ok(err == -EBADMSG && was.hops == 1 && was.mss == 3, "IPv%d: cut at %zu of its head", family, cut);
		else
			ok(!err && was.hops == hops && !was.mss, "IPv%d: cut at %zu: no MSS", family, cut);
	}
}

int main(void)
{
	uint8_t packet[128];
	struct likeness l;
	size_t n;

	test_family(4);
	test_family(6);
	n = make(packet, 4, &syns[1]);
	packet[0] = 0x44;
	ok(parse(packet, n, &l) == -EBADMSG, "IPv4: a head that is too short");
	packet[0] = 0x4f;
	ok(parse(packet, n, &l) == -EBADMSG, "IPv4: a head that is longer than all");
	packet[0] = 0x55;
	ok(parse(packet, n, &l) == -EBADMSG, "neither IPv4 nor IPv6");
	n = make(packet, 6, &syns[1]);
	packet[6] = 0;
	ok(!parse(packet, n, &l) && l.hops == 62 && !l.mss, "IPv6: an extension header: no MSS");
	return tap_done();
}
