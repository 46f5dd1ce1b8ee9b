// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chunked bodies: the same content, trailers and verdict whole and in pieces; what
 * decodes to the end, llhttp decodes to the same; the trailers that are forwarded
 * are a trailer section again, of those that may be.
 *
 * First octet of the input: size of the pieces.
 */
#include "../../daemon/http1_chunked.c"

#include "../unit/chunked_oracle.h"
#include "../unit/trailers.h"
#include "fuzz.h"

struct decoded {
	struct http1_chunked c;
	char *content;
	size_t n;
	char *trailers;
	size_t n_trailers;
	size_t used;
	bool bad;
};

/* False when there is no use in another piece. */
static bool feed(struct decoded *d, const char *piece, size_t len)
{
	char *buf = exactly(piece, len);
	size_t used = 0;

	while (!d->c.done) {
		struct http_span data;
		ssize_t r = http1_chunked_next(&d->c, buf + used, len - used, &data);

		if (r < 0) {
			d->bad = true;
			break;
		}
		must((size_t)r <= len - used && (uint64_t)data.off + data.len <= (size_t)r,
		     "more than there was");
		if (!r)
			break;
		must((uint64_t)d->c.trailers.off + d->c.trailers.len <= (size_t)r, "more trailers than there were");
		memcpy(d->content + d->n, buf + used + data.off, data.len);
		d->n += data.len;
		memcpy(d->trailers + d->n_trailers, buf + used + d->c.trailers.off, d->c.trailers.len);
		d->n_trailers += d->c.trailers.len;
		used += (size_t)r;
	}
	must(d->bad || d->c.done || used == len, "octets were left");
	d->used += used;
	free(buf);
	return !d->bad && !d->c.done;
}

static void decode(struct decoded *d, const char *buf, size_t len, size_t step)
{
	size_t i;

	*d = (struct decoded){ .content = malloc(len + 1), .trailers = malloc(len + 1) };
	for (i = 0; i < len; i += step)
		if (!feed(d, buf + i, len - i < step ? len - i : step))
			break;
}

static void decoded_free(struct decoded *d)
{
	free(d->content);
	free(d->trailers);
}

/* As body.c forwards them. */
static void forward_trailers(const struct decoded *d)
{
	char *out = exactly(d->trailers, d->n_trailers);
	size_t n = http_filter_trailers(out, d->n_trailers);
	const char *why = trailers_differ(d->trailers, d->n_trailers, out, n);

	must(!why, "%s: %.*s", why, (int)n, out);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded whole, parts;
	const char *why;
	char *buf;

	if (size < 2)
		return 0;
	buf = exactly(data + 1, size - 1);
	decode(&whole, buf, size - 1, size - 1);
	decode(&parts, buf, size - 1, 1u + data[0] % 32);
	must(whole.bad == parts.bad && whole.c.done == parts.c.done, "another verdict in pieces");
	must(whole.n == parts.n && !memcmp(whole.content, parts.content, whole.n),
	     "another content in pieces");
	must(whole.bad || whole.used == parts.used, "another end in pieces");
	must(whole.bad || (whole.n_trailers == parts.n_trailers &&
			   !memcmp(whole.trailers, parts.trailers, whole.n_trailers)),
	     "other trailers in pieces");
	must(!(whole.bad && whole.c.done), "done and bad");
	why = chunked_differs(buf, size - 1);
	must(!why, "llhttp: %s", why);
	if (whole.c.done)
		forward_trailers(&whole);
	decoded_free(&whole);
	decoded_free(&parts);
	free(buf);
	return 0;
}
