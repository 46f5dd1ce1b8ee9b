// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chunked decoder against its table, whole, octet by octet, and cut at every
 * place; neighbours of each case compared with llhttp; its bounds.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "cases.h"
#include "guard.h"
#include "oracle.h"
#include "tap.h"

struct decoded {
	struct http1_chunked c;
	char content[8192];
	size_t n;
	size_t used;
	int err;
};

/* Feeds one piece; false when there is no use in another one. */
static bool feed(struct decoded *d, const char *buf, size_t len)
{
	size_t used = 0;

	while (!d->c.done) {
		struct http_span data;
		ssize_t n = http1_chunked_next(&d->c, buf + used, len - used, &data);

		if (n < 0 || (size_t)n > len - used || data.off + data.len > (size_t)n) {
			d->err = n < 0 ? (int)n : -ERANGE;
			return false;
		}
		if (!n)
			break;
		memcpy(d->content + d->n, buf + used + data.off, data.len);
		d->n += data.len;
		used += (size_t)n;
	}
	d->used += used;
	return !d->c.done && used == len;
}

static void decode_whole(struct decoded *d, const char *buf, size_t len)
{
	memset(d, 0, sizeof(*d));
	feed(d, guard_end(buf, len), len);
}

static void decode_steps(struct decoded *d, const char *buf, size_t len, size_t step)
{
	size_t i;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < len; i += step) {
		size_t n = len - i < step ? len - i : step;

		if (!feed(d, guard_end(buf + i, n), n))
			return;
	}
}

static void decode_cut(struct decoded *d, const char *buf, size_t len, size_t cut)
{
	memset(d, 0, sizeof(*d));
	if (feed(d, guard_end(buf, cut), cut))
		feed(d, guard_end(buf + cut, len - cut), len - cut);
}

static bool same(const struct decoded *a, const struct decoded *b)
{
	return a->err == b->err && a->c.done == b->c.done && a->n == b->n &&
	       (a->err || a->used == b->used) && !memcmp(a->content, b->content, a->n);
}

static bool every_cut_agrees(const struct chunked_case *c, const struct decoded *whole)
{
	static struct decoded d;
	size_t i;

	for (i = 1; i < 5; i++) {
		decode_steps(&d, c->input, c->len, i);
		if (!same(&d, whole))
			return false;
	}
	for (i = 0; i <= c->len; i++) {
		decode_cut(&d, c->input, c->len, i);
		if (!same(&d, whole))
			return false;
	}
	return true;
}

static void check_good(const struct chunked_case *c, const struct decoded *d)
{
	ok(!d->err && d->c.done && d->n == strlen(c->content) &&
	   !memcmp(d->content, c->content, d->n), "%s: content", c->name);
	ok(d->used == c->len - c->rest, "%s: where it ends", c->name);
}

static void check_bad(const struct chunked_case *c, const struct decoded *d)
{
	struct http1_chunked after = d->c;
	struct http_span data;

	ok(d->err == -EBADMSG, "%s: refused", c->name);
	ok(http1_chunked_next(&after, "", 0, &data) == -EBADMSG &&
	   http1_chunked_next(&after, "0\r\n\r\n", 5, &data) == -EBADMSG,
	   "%s: and stays so", c->name);
}

static void check(const struct chunked_case *c)
{
	static struct decoded d;

	decode_whole(&d, c->input, c->len);
	if (c->content)
		check_good(c, &d);
	else
		check_bad(c, &d);
	ok(every_cut_agrees(c, &d), "%s: the same at every cut", c->name);
}

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

/*
 * A valid body without what llhttp does not know of extensions (blanks, quotes, a
 * value before another one), and without framing fields in trailers, which it
 * takes for those of the head. Returns its length.
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
		if (strncasecmp(p, "Transfer-Encoding", 17) && strncasecmp(p, "Content-Length", 14))
			n += copy(out + n, p, len + 2);
		p += len + 2;
	}
	return n + copy(out + n, "\r\n", 2);
}

/* What we decode to the end, llhttp must decode to the same. */
static const char *differs(const char *buf, size_t len)
{
	char valid[512] = "";
	size_t n;

	static const char start[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
	static char message[4096];
	static struct oracle o;
	static struct decoded d;

	decode_whole(&d, buf, len);
	if (d.err || !d.c.done)
		return NULL;
	memcpy(message, start, sizeof(start) - 1);
	memcpy(valid, buf, d.used);
	n = even_out(message + sizeof(start) - 1, valid);
	oracle_request(&o, message, sizeof(start) - 1 + n);
	if (!o.ok)
		return o.error;
	if (!o.complete)
		return "llhttp sees no end";
	return o.body_len == d.n && !memcmp(o.body, d.content, d.n) ? NULL : "another content";
}

static const char *neighbour_differs(const struct chunked_case *c, size_t at, char octet)
{
	char text[256];
	const char *why;

	memcpy(text, c->input, c->len);
	text[at] = octet;
	why = differs(text, c->len);
	if (why)
		return why;
	memcpy(text + at + 1, c->input + at, c->len - at);
	why = differs(text, c->len + 1);
	if (why)
		return why;
	memcpy(text + at, c->input + at + 1, c->len - at - 1);
	return differs(text, c->len - 1);
}

static void check_neighbours(const struct chunked_case *c)
{
	static const char octets[] = "\0\t\n\r \";=:0159aAfFgx\\-+\x7f\x80";
	const char *why = NULL;
	size_t at, i;

	for (at = 0; at < c->len && !why; at++)
		for (i = 0; i < sizeof(octets) - 1 && !why; i++)
			why = neighbour_differs(c, at, octets[i]);
	if (!ok(!why, "%s: no neighbour that llhttp reads otherwise", c->name))
		printf("# %s, octet %zu\n", why, at - 1);
}

/* Feeds @unit @times; how often it was taken. */
static unsigned int repeat(const char *first, const char *unit, unsigned int times)
{
	static struct decoded d;
	unsigned int i;

	memset(&d, 0, sizeof(d));
	feed(&d, first, strlen(first));
	for (i = 0; i < times && !d.err; i++) {
		d.n = 0;
		feed(&d, unit, strlen(unit));
	}
	return i;
}

static void test_bounds(void)
{
	static char ext[4096] = "1;";

	ok(repeat("5;", "a", 100000) < 20000, "9112 7.1.1: an extension is bounded");
	ok(repeat("", "0", 100000) < 20000, "9112 7.1: zeros before a size are bounded");
	ok(repeat("0\r\n", "A: b\r\n", 100000) < 3000, "9112 7.1.2: trailers are bounded");
	ok(repeat("0\r\nA: ", "b", 100000) < 20000, "9112 7.1.2: a trailer's value is bounded");
	ok(repeat("", "1\r\na\r\n", 100000) == 100000, "9112 7.1: many small chunks are not");
	ok(repeat("", "1;a=b\r\nx\r\n", 100000) == 100000, "9112 7.1.1: nor small extensions");
	memset(ext + 2, 'e', sizeof(ext) - 3);
	memcpy(ext + sizeof(ext) - 6, "\r\na\r\n", 6);
	ok(repeat("", ext, 1000) < 10, "9112 7.1.1: large extensions of small chunks are bounded");
}

static void test_large(void)
{
	struct http1_chunked c = { 0 };
	struct http_span data;

	ok(http1_chunked_next(&c, "7fffffffffffffff\r\n", 18, &data) == 18 && !data.len &&
	   c.left == INT64_MAX, "9112 7.1: 2^63 - 1");
	ok(http1_chunked_next(&c, "abc", 3, &data) == 3 && data.len == 3 && !data.off &&
	   c.left == INT64_MAX - 3, "9112 7.1: and its content");
}

int main(void)
{
	size_t i;

	for (i = 0; i < n_chunked_cases; i++)
		check(&chunked_cases[i]);
	for (i = 0; i < n_chunked_cases; i++)
		check_neighbours(&chunked_cases[i]);
	test_bounds();
	test_large();
	return tap_done();
}
