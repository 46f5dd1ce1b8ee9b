// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is this how an HTTP/1.x client begins? For ports on which anything may be
 * spoken: by the first line alone, and before all of it came where that will do.
 *
 * What could be a request is one, in any method and however odd the rest: the
 * request parser refuses what is wrong with it. The other way round somebody
 * could pass for something else and go on with requests that nobody reads.
 */
#include <string.h>
#include <strings.h>

#include "http1_internal.h"

#define EMPTY_MAX 16		/* octets of empty lines, as the parser ignores */
#define METHOD_MAX 64
#define LINE_MAX 512		/* of one whose target tells nothing */

static const char scheme[] = "http://";
static const char version[] = "HTTP/1.";
#define SCHEME_LEN (sizeof(scheme) - 1)
#define VERSION_LEN sizeof(version)	/* and a digit */

/* A line without its end: "... HTTP/1.x"? */
static bool ends_in_version(const char *p, const char *end)
{
	if (end > p && end[-1] == '\r')
		end--;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (size_t)(end - p) > VERSION_LEN && !memcmp(end - VERSION_LEN, version, VERSION_LEN - 1) &&
	       http1_is(end[-1], OCTET_DIGIT) && end[-1 - (long)VERSION_LEN] == ' ';
}

/* The target and what follows, as far as they came. */
static enum http1_begin judge_target(const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	if (!n)
		return HTTP1_BEGIN_MORE;
	if (*p == '/' || (n >= SCHEME_LEN && !strncasecmp(p, scheme, SCHEME_LEN)))
		return HTTP1_BEGIN_YES;
	return n < LINE_MAX ? HTTP1_BEGIN_MORE : HTTP1_BEGIN_NO;
}

enum http1_begin http1_begins(const char *buf, size_t len)
{
	const char *p = buf, *end = buf + len, *method, *line_end;

	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	if (p - buf > EMPTY_MAX)
		return HTTP1_BEGIN_NO;
	method = p;
	line_end = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	if (line_end)
		end = line_end;
	while (p < end && http1_is(*p, OCTET_TOKEN))
		p++;
	if (p - method > METHOD_MAX || (p < end && (*p != ' ' || p == method)))
		return HTTP1_BEGIN_NO;
	for (const char *c = p; c < end; c++)
		if ((unsigned char)*c < ' ' && *c != '\t' && !(*c == '\r' && c + 1 == end))
			return HTTP1_BEGIN_NO;
	if (line_end)
		return p < end && ends_in_version(p, end) ? HTTP1_BEGIN_YES : HTTP1_BEGIN_NO;
	return p < end ? judge_target(p + 1, end) : HTTP1_BEGIN_MORE;
}
