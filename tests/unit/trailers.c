// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trailers that were forwarded, against those that came. Written from the rule
 * of RFC 9110 6.5.1, not from the filter.
 */
#include "trailers.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http1.h"

/* Of a name in lower case, with hyphens for all marks: framing, routing, authentication, control, content. */
static bool may_not_trail(const char *name)
{
	static const char words[] =
		" connection close keep-alive proxy-connection te trailer transfer-encoding upgrade content-length "
		"http2-settings host via forwarded max-forwards x-real-ip "
		"authorization proxy-authorization proxy-authenticate www-authenticate cookie set-cookie "
		"cache-control expect pragma range age date expires location retry-after vary warning "
		"content-encoding content-type content-range ";
	char word[64];

	if (!strncmp(name, "if-", 3) || !strncmp(name, "x-forwarded-", 12))
		return true;
	return (size_t)snprintf(word, sizeof(word), " %s ", name) < sizeof(word) && strstr(words, word);
}

/* The name of the line at @p, as may_not_trail() wants it. */
static void take_name(const char *p, char *name, size_t size)
{
	size_t i;

	for (i = 0; p[i] != ':' && i < size - 1; i++)
		name[i] = isalnum((unsigned char)p[i]) ? (char)tolower((unsigned char)p[i]) : '-';
	name[i] = '\0';
}

static size_t line_len(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? (size_t)(lf - p) + 1 : 0;
}

/* Does our own decoder take it for a trailer section, of all of these octets? */
static const char *no_section(const char *out, size_t n)
{
	static char body[HTTP1_TRAILERS_MAX + 8];
	struct http1_chunked c = { 0 };
	struct http_span data;
	size_t len = n + 5;

	if (n > HTTP1_TRAILERS_MAX - 2)
		return "there are too many octets";
	memcpy(body, "0\r\n", 3);
	memcpy(body + 3, out, n);
	memcpy(body + 3 + n, "\r\n", 2);
	if (http1_chunked_next(&c, body, len, &data) != (ssize_t)len || !c.done)
		return "it is no trailer section";
	return c.trailers.len == n ? NULL : "it has other lines";
}

const char *trailers_differ(const char *lines, size_t len, const char *out, size_t n)
{
	const char *p = lines, *end = lines + len, *out_end = out + n, *why = no_section(out, n);
	char name[64];

	while (!why && p < end) {
		size_t one = line_len(p, end);

		take_name(p, name, sizeof(name));
		if (may_not_trail(name)) {
			p += one;
			continue;
		}
		if (one > (size_t)(out_end - out) || memcmp(p, out, one))
			return "a line is missing, or not what it was, or one should not be there";
		p += one;
		out += one;
	}
	return why ? why : out == out_end ? NULL : "there are lines that may not trail";
}
