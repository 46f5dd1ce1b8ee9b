// SPDX-License-Identifier: GPL-2.0-only
/* Lines of the snapshot: what is written is read back, what is no line is refused, and what has ended is not taken. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bypass_text.h"
#include "tap.h"

#define NOW 1000000

static int read_back(const struct datapath_bypass *e, uint64_t now, struct datapath_bypass *ret)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	int err;

	bypass_text_write(e, NOW, out);
	fclose(out);
	err = bypass_text_read(text, now, ret);
	free(text);
	return err;
}

static struct prefix prefix(const char *text)
{
	struct prefix p = { .len = 0 };

	prefix_parse(text, strlen(text), &p);
	return p;
}

static void round_trip(const char *source, const char *destination, uint16_t dport, uint8_t reason)
{
	struct datapath_bypass e = { .dport = dport, .kind = TIPH_BYPASS_DYNAMIC, .reason = reason, .ttl = 90000 };
	struct datapath_bypass got;

	if (source)
		e.source = prefix(source);
	if (destination)
		e.destination = prefix(destination);
	ok(!read_back(&e, NOW + 30, &got), "%s -> %s: read back", source, destination);
	ok(got.source.addr.family == e.source.addr.family && got.source.len == e.source.len &&
	   got.destination.addr.family == e.destination.addr.family && got.destination.len == e.destination.len &&
	   got.dport == dport && got.reason == reason && got.kind == TIPH_BYPASS_DYNAMIC, "the same");
	ok(got.ttl == 60000, "for what is left of its time");
	ok(read_back(&e, NOW + 90, &got) == -ESTALE, "until it is over");
}

int main(void)
{
	static const char *const bad[] = {
		"", "-", "- - 0 manual 2000000", "- - 70000 manual 2000000", "10.0.0.1 - 80 because 2000000",
		"10.0.0.1/8 - 80 manual 2000000", "10.0.0.1 fd71::1 80 manual 2000000", "10.0.0.1 - 80 manual",
		"10.0.0.1 - x manual 2000000", "10.0.0.256 - 80 manual 2000000",
	};
	struct datapath_bypass got;

	round_trip("10.71.1.10", "192.0.2.1", 80, TIPH_BYPASS_NOT_HTTP);
	round_trip("fd71:1::/64", "2001:db8::1", 443, TIPH_BYPASS_CONNECT_ERROR);
	round_trip(NULL, "192.0.2.0/24", 0, TIPH_BYPASS_MANUAL);
	round_trip("10.0.0.0/8", NULL, 0, TIPH_BYPASS_ASYMMETRIC);
	round_trip(NULL, NULL, 25, TIPH_BYPASS_BAD_RESPONSE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(bypass_text_read(bad[i], NOW, &got) == -EINVAL, "refused: \"%s\"", bad[i]);
	ok(!bypass_text_read("10.0.0.1 - 80 manual 99999999999", NOW, &got) && got.ttl == TIPH_BYPASS_TTL_MAX,
	   "a clock that went back makes no entry for ever");
	return tap_done();
}
