// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoder of chunked bodies (RFC 9112 7.1), one octet at a time outside content.
 *
 *	SIZE_FIRST -> SIZE -+-> EXT... -> SIZE_LF -+-> DATA -> DATA_CR -> DATA_LF -> SIZE_FIRST
 *	                    +------------^         +-> TRAILER -+-> NAME -> VALUE -> VALUE_LF -> TRAILER
 *	                                                        +-> END_LF -> DONE
 *
 * The whole grammar is checked, extensions and trailers included, because octets
 * that two parsers delimit differently are how one message becomes two. BAD is
 * final: after an error nothing can bring the decoder back.
 */
#include <errno.h>

#include "http1_internal.h"

/*
 * Size lines and extensions may cost this much more than the chunks they stand
 * for: each chunk pays for as many octets as it has, and for a plain size line.
 */
#define OVERHEAD_MAX 16384
#define CHUNK_CREDIT 32

enum {
	SIZE_FIRST,
	SIZE,
	SIZE_LF,
	EXT_BLANK,		/* behind a size or a finished extension, blanks seen */
	EXT_NAME_FIRST,
	EXT_NAME,
	EXT_NAME_BLANK,
	EXT_VALUE_FIRST,
	EXT_VALUE,
	EXT_QUOTED,
	EXT_QUOTED_PAIR,
	EXT_QUOTED_END,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	DONE,
	BAD,
};

static bool is_blank(char o)
{
	return o == ' ' || o == '\t';
}

static uint64_t hex_value(char o)
{
	return (uint64_t)(o <= '9' ? o - '0' : (o | 0x20) - 'a' + 10);
}

static int on_size(struct http1_chunked *c, char o)
{
	if (!http1_is(o, OCTET_HEX) || c->left > INT64_MAX >> 4)
		return BAD;
	c->left = c->left << 4 | hex_value(o);
	return SIZE;
}

/* What may follow a size, an extension's name or its value. */
static int on_ext_end(char o, int otherwise)
{
	switch (o) {
	case ';':
		return EXT_NAME_FIRST;
	case '\r':
		return SIZE_LF;
	case ' ':
	case '\t':
		return EXT_BLANK;
	}
	return otherwise;
}

static int on_quoted(char o)
{
	if (o == '"')
		return EXT_QUOTED_END;
	if (o == '\\')
		return EXT_QUOTED_PAIR;
	return http1_is(o, OCTET_TEXT) ? EXT_QUOTED : BAD;
}

/* RFC 9112 7.1.1; blanks only where an extension stands on both sides of them */
static int on_ext(int state, char o)
{
	bool token = http1_is(o, OCTET_TOKEN);

	switch (state) {
	case EXT_BLANK:
		return o == ';' ? EXT_NAME_FIRST : is_blank(o) ? EXT_BLANK : BAD;
	case EXT_NAME_FIRST:
		return token ? EXT_NAME : is_blank(o) ? EXT_NAME_FIRST : BAD;
	case EXT_NAME:
		if (is_blank(o))
			return EXT_NAME_BLANK;
		if (o == '=')
			return EXT_VALUE_FIRST;
		return on_ext_end(o, token ? EXT_NAME : BAD);
	case EXT_NAME_BLANK:
		if (o == '=')
			return EXT_VALUE_FIRST;
		return o == ';' ? EXT_NAME_FIRST : is_blank(o) ? EXT_NAME_BLANK : BAD;
	case EXT_VALUE_FIRST:
		if (o == '"')
			return EXT_QUOTED;
		return token ? EXT_VALUE : is_blank(o) ? EXT_VALUE_FIRST : BAD;
	case EXT_VALUE:
		return on_ext_end(o, token ? EXT_VALUE : BAD);
	case EXT_QUOTED:
		return on_quoted(o);
	case EXT_QUOTED_PAIR:
		return http1_is(o, OCTET_TEXT) ? EXT_QUOTED : BAD;
	case EXT_QUOTED_END:
		return on_ext_end(o, BAD);
	}
	return BAD;
}

/* RFC 9112 7.1.2: the same grammar as header fields, without folding */
static int on_trailer(struct http1_chunked *c, char o)
{
	if (++c->trailer_len > HTTP1_TRAILERS_MAX)
		return BAD;
	switch (c->state) {
	case TRAILER:
		if (o == '\r')
			return END_LF;
		if (!http1_is(o, OCTET_TOKEN) || c->n_trailers == HTTP1_TRAILERS)
			return BAD;
		c->n_trailers++;
		return TRAILER_NAME;
	case TRAILER_NAME:
		if (o == ':')
			return TRAILER_VALUE;
		return http1_is(o, OCTET_TOKEN) ? TRAILER_NAME : BAD;
	case TRAILER_VALUE:
		if (o == '\r')
			return TRAILER_LF;
		return http1_is(o, OCTET_TEXT) ? TRAILER_VALUE : BAD;
	case TRAILER_LF:
		return o == '\n' ? TRAILER : BAD;
	case END_LF:
		return o == '\n' ? DONE : BAD;
	}
	return BAD;
}

/* The size line is over: pay for it. */
static int on_size_end(struct http1_chunked *c)
{
	uint64_t credit = c->left + CHUNK_CREDIT;

	c->overhead = c->overhead > credit ? c->overhead - (uint32_t)credit : 0;
	return c->left ? DATA : TRAILER;
}

/* One octet that is not content. */
static int step(struct http1_chunked *c, char o)
{
	switch (c->state) {
	case DATA_CR:
		return o == '\r' ? DATA_LF : BAD;
	case DATA_LF:
		return o == '\n' ? SIZE_FIRST : BAD;
	}
	if (c->state >= TRAILER)
		return on_trailer(c, o);
	if (++c->overhead > OVERHEAD_MAX)
		return BAD;
	switch (c->state) {
	case SIZE_FIRST:
		return on_size(c, o);
	case SIZE:
		return on_ext_end(o, http1_is(o, OCTET_HEX) ? on_size(c, o) : BAD);
	case SIZE_LF:
		return o == '\n' ? on_size_end(c) : BAD;
	}
	return on_ext(c->state, o);
}

/* Content of the current chunk that is in @len octets at @off. */
static size_t take_content(struct http1_chunked *c, size_t off, size_t len, struct http_span *data)
{
	size_t n = c->left < len ? (size_t)c->left : len;

	*data = (struct http_span){ (uint32_t)off, (uint32_t)n };
	c->left -= n;
	if (!c->left)
		c->state = DATA_CR;
	return n;
}

/* Octets of trailer lines are those before the empty line; @i: behind the last one looked at. */
static void note_trailer(struct http1_chunked *c, uint8_t before, size_t i)
{
	if (before < TRAILER || c->state < TRAILER || c->state > TRAILER_LF)
		return;
	if (!c->trailers.len)
		c->trailers.off = (uint32_t)i - 1;
	c->trailers.len++;
}

ssize_t http1_chunked_next(struct http1_chunked *c, const char *buf, size_t len,
			   struct http_span *data)
{
	size_t i = 0;

	*data = c->trailers = (struct http_span){ 0 };
	if (c->state == BAD)
		return -EBADMSG;
	if (len > UINT32_MAX)
		len = UINT32_MAX;
	while (i < len && c->state != DATA && c->state != DONE) {
		uint8_t before = c->state;

		c->state = (uint8_t)step(c, buf[i++]);
		if (c->state == BAD)
			return -EBADMSG;
		note_trailer(c, before, i);
	}
	if (c->state == DATA && i < len)
		i += take_content(c, i, len - i, data);
	c->done = c->state == DONE;
	return (ssize_t)i;
}
