// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which trailers go on: each name that may not in each spelling, names that are
 * nearly such, and whole sections, which end at a guard page.
 */
#include <ctype.h>

#include "guard.h"
#include "http_msg.h"
#include "tap.h"
#include "trailers.h"

static const char *const forbidden[] = {
	"Content-Length", "Transfer-Encoding", "TE", "Trailer", "Connection", "Close", "Keep-Alive",
	"Proxy-Connection", "Upgrade", "HTTP2-Settings", "Host", "Max-Forwards", "Via", "Forwarded",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Cache-Control",
	"Expect", "Pragma", "Range", "If-Match", "If-None-Match", "If-Modified-Since",
	"If-Unmodified-Since", "If-Range", "Authorization", "Proxy-Authorization",
	"Proxy-Authenticate", "WWW-Authenticate", "Cookie", "Set-Cookie", "Age", "Date", "Expires",
	"Location", "Retry-After", "Vary", "Warning", "Content-Encoding", "Content-Range",
	"Content-Type",
};

static const char *const allowed[] = {
	"ETag", "Content-Digest", "Repr-Digest", "Digest", "Content-MD5", "Server-Timing",
	"Grpc-Status", "grpc-message", "Proxy-Status", "Authentication-Info", "X-Checksum", "X", "T",
	"Hos", "Hosts", "X-Host", "Vi", "I", "If", "X-Forwarde", "X-Forwarded", "Contents-Length",
	"ContentLength", "Tee", "Dates", "Pragma2", "Set-Cookie3",
};

static void spell(char *out, const char *name, unsigned int how)
{
	static const char marks[] = "-_.!~";

	for (; *name; name++)
		*out++ = *name == '-' ? marks[how % 5] : how & 1 ? (char)toupper(*name) :
			 how & 2 ? (char)tolower(*name) : *name;
	*out = '\0';
}

static bool trails(const char *name)
{
	return http_may_trail(guard_end(name, strlen(name)), strlen(name));
}

static void test_names(void)
{
	unsigned int how;
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		for (how = 0; how < 10; how++) {
			spell(name, forbidden[i], how);
			ok(!trails(name), "9110 6.5.1: %s may not trail", name);
		}
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		ok(trails(allowed[i]), "9110 6.5.1: %s may", allowed[i]);
}

static void check(const char *lines, const char *want)
{
	size_t len = strlen(lines), n;
	const char *why;
	char *copy = guard_end(lines, len);

	n = http_filter_trailers(copy, len);
	ok(n == strlen(want) && !memcmp(copy, want, n), "what is left of %zu octets: %zu", len, n);
	why = trailers_differ(lines, len, copy, n);
	ok(!why, "the next hop reads it so: %s", why ? why : "yes");
}

static void test_sections(void)
{
	check("", "");
	check("A:\r\n", "A:\r\n");
	check("Host: a\r\n", "");
	check("Host: a\r\nA: b\r\n", "A: b\r\n");
	check("A: b\r\nHost: a\r\n", "A: b\r\n");
	check("A: b\r\nhOST:\r\nA: c : Host: d\r\nvia:\t\r\nVia2: e\r\n", "A: b\r\nA: c : Host: d\r\nVia2: e\r\n");
}

/* Is what judges others right itself? */
static void test_judge(void)
{
	ok(trailers_differ("A: b\r\n", 6, "", 0), "one that is missing is seen");
	ok(trailers_differ("Host: b\r\n", 9, "Host: b\r\n", 9), "one that should be is seen");
	ok(trailers_differ("A: b\r\n", 6, "A: c\r\n", 6), "another value is seen");
	ok(trailers_differ("A: b\r\n", 6, "A: b\r\nA: b\r\n", 12), "one too many is seen");
	ok(trailers_differ("", 0, "\r\n", 2), "an empty line is seen");
	ok(trailers_differ("A: b\r\n", 6, "A: b\n\r\n", 7), "another end of line is seen");
}

int main(void)
{
	test_names();
	test_sections();
	test_judge();
	return tap_done();
}
