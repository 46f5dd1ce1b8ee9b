// SPDX-License-Identifier: GPL-2.0-only
/* llhttp as a second opinion about a chunked body. */
#include "chunked_oracle.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http1.h"
#include "oracle.h"

/* Length of the line at @p without its CR LF; the body is known to be valid. */
static size_t line_len(const char *p)
{
	return (size_t)(strstr(p, "\r\n") - p);
}

static size_t copy(char *to, const char *from, size_t n)
{
	memcpy(to, from, n);
	return n;
}

/* Size line without its extension, where that is more than llhttp has a notion of. */
static size_t understood(const char *p, size_t len)
{
	bool simple = strcspn(p, " \t\"=") >= len;

	return simple ? len : strspn(p, "0123456789abcdefABCDEF");
}

/* A trailer that llhttp would take for a field of the head. */
static bool is_meaningful(const char *line)
{
	static const char *const names[] = { "Transfer-Encoding", "Content-Length", "Connection",
					     "Proxy-Connection", "Upgrade" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncasecmp(line, names[i], strlen(names[i])))
			return true;
	return false;
}

/*
 * A valid body without what llhttp does not know of extensions (blanks, quotes, a
 * value before another one), and without trailers that have a meaning in a head,
 * which it gives them here too. Returns its length.
 */
static size_t even_out(char *out, const char *p)
{
	unsigned long long size = 1;
	size_t n = 0, len;

	while (size) {
		len = line_len(p);
		size = strtoull(p, NULL, 16);
		n += copy(out + n, p, understood(p, len));
		n += copy(out + n, "\r\n", 2);
		p += len + 2;
		if (size)
			n += copy(out + n, p, size + 2);
		p += size ? size + 2 : 0;
	}
	while ((len = line_len(p))) {
		if (!is_meaningful(p))
			n += copy(out + n, p, len + 2);
		p += len + 2;
	}
	return n + copy(out + n, "\r\n", 2);
}

/* Our own decoding: octets used, or 0 when there is no end; @n: of content. */
static size_t decode(const char *buf, size_t len, char *content, size_t *n)
{
	struct http1_chunked c = { 0 };
	size_t used = 0;

	*n = 0;
	while (!c.done) {
		struct http_span data;
		ssize_t r = http1_chunked_next(&c, buf + used, len - used, &data);

		if (r <= 0)
			return 0;
		memcpy(content + *n, buf + used + data.off, data.len);
		*n += data.len;
		used += (size_t)r;
	}
	return used;
}

const char *chunked_differs(const char *buf, size_t len)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
	static char message[CHUNKED_ORACLE_MAX + sizeof(head)];
	static char content[CHUNKED_ORACLE_MAX], valid[CHUNKED_ORACLE_MAX + 1];
	static struct oracle o;
	size_t used, n;

	if (len > CHUNKED_ORACLE_MAX)
		return NULL;
	used = decode(buf, len, content, &n);
	if (!used)
		return NULL;
	memcpy(valid, buf, used);
	valid[used] = '\0';
	memcpy(message, head, sizeof(head) - 1);
	used = even_out(message + sizeof(head) - 1, valid);
	oracle_request(&o, message, sizeof(head) - 1 + used);
	if (!o.ok)
		return o.error;
	if (!o.complete)
		return "llhttp sees no end";
	return o.body_len == n && !memcmp(o.body, content, n) ? NULL : "another content";
}
