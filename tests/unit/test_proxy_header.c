// SPDX-License-Identifier: GPL-2.0-only
/*
 * PROXY headers: every one whole, octet by octet and at every split, its last
 * octet before a page that nobody may touch; and what we write, read again.
 */
#include <errno.h>
#include <stdlib.h>

#include "guard.h"
#include "proxy_header.h"
#include "tap.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define FOUR "\xc0\0\2\7\xc6\x33\x64\x09\x12\x67\0\x50"
#define SIX "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x12\x67\0\x50"
#define NINETY "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *name;
	const char *s;
	size_t n;
	const char *want;	/* NULL: none */
} cases[] = {
#define GOOD(name, s, want) { name, s, sizeof(s) - 1, want }
#define BAD(name, s) { name, s, sizeof(s) - 1, NULL }
	GOOD("v1 IPv4", "PROXY TCP4 192.0.2.7 198.51.100.9 4711 80\r\n", "192.0.2.7:4711 198.51.100.9:80"),
	GOOD("v1 IPv6", "PROXY TCP6 2001:db8::7 2001:db8::9 4711 80\r\n", "[2001:db8::7]:4711 [2001:db8::9]:80"),
	GOOD("v1 IPv6, mapped", "PROXY TCP6 ::ffff:192.0.2.7 2001:db8::9 0 65535\r\n", "192.0.2.7:0 [2001:db8::9]:65535"),
	GOOD("v1 unknown", "PROXY UNKNOWN\r\n", "- -"),
	GOOD("v1 unknown, with more", "PROXY UNKNOWN a b c d\r\n", "- -"),
	GOOD("v1 unknown, as long as it may be", "PROXY UNKNOWN " NINETY "1\r\n", "- -"),
	BAD("v1 unknown, longer", "PROXY UNKNOWN " NINETY "12\r\n"),
	BAD("v1 no end of line", "PROXY TCP4 192.0.2.7 198.51.100.9 4711 80\n"),
	BAD("v1 family", "PROXY TCP5 192.0.2.7 198.51.100.9 4711 80\r\n"),
	BAD("v1 families mixed", "PROXY TCP4 192.0.2.7 2001:db8::9 4711 80\r\n"),
	BAD("v1 no ports", "PROXY TCP4 192.0.2.7 198.51.100.9\r\n"),
	BAD("v1 one port", "PROXY TCP4 192.0.2.7 198.51.100.9 4711\r\n"),
	BAD("v1 empty port", "PROXY TCP4 192.0.2.7 198.51.100.9 4711 \r\n"),
	BAD("v1 port too large", "PROXY TCP4 192.0.2.7 198.51.100.9 4711 65536\r\n"),
	BAD("v1 port with a zero", "PROXY TCP4 192.0.2.7 198.51.100.9 4711 080\r\n"),
	BAD("v1 NUL", "PROXY UNKNOWN \0\r\n"),
	BAD("v1 CR", "PROXY UNKNOWN \r \r\n"),
	BAD("v1 nothing", "PROXY \r\n"),
	GOOD("v2 IPv4", SIGNATURE "\x21\x11\0\x0c" FOUR, "192.0.2.7:4711 198.51.100.9:80"),
	GOOD("v2 IPv6", SIGNATURE "\x21\x21\0\x24" SIX, "[2001:db8::7]:4711 [2001:db8::9]:80"),
	GOOD("v2 local", SIGNATURE "\x20\0\0\0", "- -"),
	GOOD("v2 local with addresses too short", SIGNATURE "\x20\x11\0\2ab", "- -"),
	GOOD("v2 unspecified", SIGNATURE "\x21\0\0\3abc", "- -"),
	GOOD("v2 TLV", SIGNATURE "\x21\x11\0\x11" FOUR "\xee\0\2ab", "192.0.2.7:4711 198.51.100.9:80"),
	GOOD("v2 two TLVs", SIGNATURE "\x21\x11\0\x14" FOUR "\xee\0\0\1\0\2h2", "192.0.2.7:4711 198.51.100.9:80"),
	BAD("v2 TLV overruns", SIGNATURE "\x21\x11\0\x11" FOUR "\xee\0\3ab"),
	BAD("v2 TLV cut", SIGNATURE "\x21\x11\0\x0e" FOUR "\xee\0"),
	BAD("v2 sum wrong", SIGNATURE "\x21\x11\0\x13" FOUR "\3\0\4\1\2\3\4"),
	BAD("v2 sum too short", SIGNATURE "\x21\x11\0\x12" FOUR "\3\0\3\1\2\3"),
	BAD("v2 addresses cut", SIGNATURE "\x21\x11\0\x0b\xc0\0\2\7\xc6\x33\x64\x09\x12\x67\0"),
	BAD("v2 UDP", SIGNATURE "\x21\x12\0\x0c" FOUR),
	BAD("v2 version 3", SIGNATURE "\x31\x11\0\x0c" FOUR),
	BAD("v2 command", SIGNATURE "\x22\x11\0\x0c" FOUR),
	BAD("HTTP", "GET / HTTP/1.1\r\n\r\n"),
	BAD("another signature", "\r\n\r\n\0\r\nQUIT\r"),
};

static const char *describe(const struct proxy_header *h)
{
	static char text[2 * ENDPOINT_STRLEN];
	char a[ENDPOINT_STRLEN] = "-", b[ENDPOINT_STRLEN] = "-";

	if (h->client.addr.family)
		endpoint_format(&h->client, a, sizeof(a));
	if (h->server.addr.family)
		endpoint_format(&h->server, b, sizeof(b));
	snprintf(text, sizeof(text), "%s %s", a, b);
	return text;
}

/* The verdict on what grows by @step octets; @ret is only written with a good one. */
static int feed(const char *s, size_t n, size_t step, struct proxy_header *ret)
{
	size_t have = 0;
	int r = 0;

	while (!r && have < n) {
		have = n - have < step ? n : have + step;
		r = proxy_header_parse(guard_end(s, have), have, ret);
	}
	return r;
}

static void test_case(size_t i)
{
	struct proxy_header h = { .client.port = 99 };
	int whole = feed(cases[i].s, cases[i].n, cases[i].n, &h);
	bool same = true;

	if (!cases[i].want) {
		ok(whole <= 0 && h.client.port == 99, "%s: refused, or not whole, and nothing written", cases[i].name);
	} else {
		ok(whole == (int)cases[i].n, "%s: taken whole", cases[i].name);
		is(describe(&h), cases[i].want, cases[i].name);
	}
	for (size_t step = 1; step < cases[i].n; step++) {
		struct proxy_header again = { .client.port = 99 };

		same = same && feed(cases[i].s, cases[i].n, step, &again) == whole &&
		       (whole <= 0 || !memcmp(&again, &h, sizeof(h)));
	}
	ok(same, "%s: the same in pieces", cases[i].name);
}

static void test_bad_is_final(void)
{
	unsigned int late = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char longer[2 * PROXY_HEADER_MAX];
		struct proxy_header h;

		if (cases[i].want)
			continue;
		memset(longer, 'x', sizeof(longer));
		memcpy(longer, cases[i].s, cases[i].n);
		late += proxy_header_parse(longer, sizeof(longer), &h) != -EBADMSG;
	}
	ok(!late, "what is none stays none, whatever follows");
}

static void test_follows(void)
{
	static const char s[] = "PROXY TCP4 192.0.2.7 198.51.100.9 4711 80\r\nPROXY UNKNOWN\r\n";
	struct proxy_header h;

	ok(proxy_header_parse(guard_end(s, sizeof(s) - 1), sizeof(s) - 1, &h) == 43, "what follows is left");
}

static void test_sum(void)
{
	static const char good[] = SIGNATURE "\x21\x11\0\x13" FOUR "\3\0\4";
	char header[sizeof(good) - 1 + 4];
	unsigned int right = 0, last = 0;
	struct proxy_header h;

	/* of all that end alike, one sum is right */
	memcpy(header, good, sizeof(good) - 1);
	for (unsigned int v = 0; v < 65536; v++) {
		header[sizeof(header) - 4] = (char)0xaa;
		header[sizeof(header) - 3] = (char)0xef;
		header[sizeof(header) - 2] = (char)(v >> 8);
		header[sizeof(header) - 1] = (char)v;
		if (proxy_header_parse(header, sizeof(header), &h) > 0)
			last = v, right++;
	}
	ok(right == 1 && last == 0x4c59, "one sum is right (%u: %04x)", right, last);
}

static void test_written(void)
{
	static const char *const ends[][2] = {
		{ "192.0.2.7:4711", "198.51.100.9:80" },
		{ "[2001:db8::7]:4711", "[2001:db8::9]:80" },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
		{ "192.0.2.7:4711", "[2001:db8::9]:80" },
	};

	for (int version = PROXY_V1; version <= PROXY_V2; version++) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			char *out = guard_room() + GUARD_ROOM - PROXY_HEADER_WRITTEN_MAX, copy[PROXY_HEADER_WRITTEN_MAX];
			struct proxy_header h = { 0 }, got = { 0 };
			size_t n;

			endpoint_parse(ends[i][0], strlen(ends[i][0]), &h.client);
			endpoint_parse(ends[i][1], strlen(ends[i][1]), &h.server);
			n = proxy_header_write((enum proxy_version)version, &h.client, &h.server, out);
			memcpy(copy, out, n);
			ok(proxy_header_parse(copy, n, &got) == (int)n, "v%d of %s is whole", version, ends[i][0]);
			if (i == 3)
				memset(&h, 0, sizeof(h));
			ok(!memcmp(&h, &got, sizeof(h)), "and says %s", describe(&got));
		}
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(i);
	test_bad_is_final();
	test_follows();
	test_sum();
	test_written();
	return tap_done();
}
