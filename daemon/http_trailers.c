// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trailers that may go on to the next hop (RFC 9110 6.5.1).
 *
 * There are recipients that merge trailers into the head, and so take one that
 * says where a message ends, where it goes or who sent it for true. Such names
 * are left out, in any spelling that somebody may take for them: marks count as
 * hyphens, as they do for CGI. What is not known passes.
 */
#include <string.h>

#include "http_msg.h"

/* Lower case; a name that ends with a hyphen is the beginning of many. */
static const char *const left_out[] = {
	/* framing, and this hop */
	"content-length", "transfer-encoding", "te", "trailer", "connection", "keep-alive",
	"proxy-connection", "close", "upgrade", "http2-settings",
	/* where it goes and where it comes from */
	"host", "max-forwards", "via", "forwarded", "x-forwarded-", "x-real-ip",
	/* what is asked for */
	"cache-control", "expect", "pragma", "range", "if-",
	/* who asks */
	"authorization", "proxy-authorization", "proxy-authenticate", "www-authenticate",
	"cookie", "set-cookie",
	/* what a response is */
	"age", "date", "expires", "location", "retry-after", "vary", "warning",
	/* how content is read */
	"content-encoding", "content-range", "content-type",
};

static char plain(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	return '-';
}

static bool matches(const char *name, size_t len, const char *pattern)
{
	size_t n = strlen(pattern), i;

	if (pattern[n - 1] == '-' ? len < n : len != n)
		return false;
	for (i = 0; i < n; i++)
		if (plain(name[i]) != pattern[i])
			return false;
	return true;
}

bool http_may_trail(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (matches(name, len, left_out[i]))
			return false;
	return true;
}

size_t http_filter_trailers(char *lines, size_t len)
{
	char *p = lines, *end = lines + len, *to = lines;

	while (p < end) {
		char *next = (char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		size_t n = (size_t)(next - p);

		if (http_may_trail(p, (size_t)((char *)memchr(p, ':', n) - p))) {
			memmove(to, p, n);
			to += n;
		}
		p = next;
	}
	return (size_t)(to - lines);
}
