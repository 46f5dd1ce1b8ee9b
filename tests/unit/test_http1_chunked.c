// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chunked decoder against its table, whole, octet by octet, and cut at every
 * place; neighbours of each case compared with llhttp; its bounds.
 */
#include <errno.h>

#include "cases.h"
#include "chunked_oracle.h"
#include "guard.h"
#include "tap.h"

struct decoded {
	struct http1_chunked c;
	char content[8192];
	size_t n;
	char trailers[8192];
	size_t n_trailers;
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
		if (d->c.trailers.off + d->c.trailers.len > (size_t)n || (data.len && d->c.trailers.len)) {
			d->err = -ERANGE;
			return false;
		}
		memcpy(d->content + d->n, buf + used + data.off, data.len);
		d->n += data.len;
		memcpy(d->trailers + d->n_trailers, buf + used + d->c.trailers.off, d->c.trailers.len);
		d->n_trailers += d->c.trailers.len;
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
	       (a->err || (a->used == b->used && a->n_trailers == b->n_trailers)) &&
	       !memcmp(a->content, b->content, a->n) &&
	       (a->err || !memcmp(a->trailers, b->trailers, a->n_trailers));
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
	ok(d->n_trailers == (c->trailers ? strlen(c->trailers) : 0) &&
	   (!c->trailers || !memcmp(d->trailers, c->trailers, d->n_trailers)), "%s: trailers", c->name);
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

static const char *neighbour_differs(const struct chunked_case *c, size_t at, char octet)
{
	char text[256];
	const char *why;

	memcpy(text, c->input, c->len);
	text[at] = octet;
	why = chunked_differs(text, c->len);
	if (why)
		return why;
	memcpy(text + at + 1, c->input + at, c->len - at);
	why = chunked_differs(text, c->len + 1);
	if (why)
		return why;
	memcpy(text + at, c->input + at + 1, c->len - at - 1);
	return chunked_differs(text, c->len - 1);
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
		d.n = d.n_trailers = 0;
		feed(&d, unit, strlen(unit));
	}
	return i;
}

static void test_bounds(void)
{
	static char ext[4096] = "1;";

	ok(repeat("5;", "a", 100000) < 20000, "9112 7.1.1: an extension is bounded");
	ok(repeat("", "0", 100000) < 20000, "9112 7.1: zeros before a size are bounded");
	ok(repeat("0\r\n", "A: b\r\n", 100000) == HTTP1_TRAILERS + 1,
	   "9112 7.1.2: so many trailers, and the next is refused");
	ok(repeat("0\r\nA: ", "b", 100000) == HTTP1_TRAILERS_MAX - 3 + 1,
	   "9112 7.1.2: so many octets of them, and the next is refused");
	ok(repeat("0\r\n", "b", 100000) == HTTP1_TRAILERS_MAX + 1, "9112 7.1.2: of a name too");
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
