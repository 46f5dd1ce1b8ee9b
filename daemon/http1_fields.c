// SPDX-License-Identifier: GPL-2.0-only
/*
 * HTTP/1.x field section: lines to spans, and what the fields that an
 * intermediary must understand say.
 *
 * One pass over the octets; each line is looked at when it ends. What depends on
 * several lines (framing, options of Connection that name a field) is collected
 * in struct http1_parse and decided after the last one.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "http1_internal.h"

/* Options of Connection that name fields, in one head. Real ones have a few. */
#define NAMED_OPTIONS_MAX 100

/*
 * Names of enum http_field_id, at name_slot() of each: no two of them share
 * one, so a name is looked up with one comparison.
 */
struct known_name {
	char name[20];
	uint8_t len;
	uint8_t id;
	bool hop;
};

#define NAME_SLOT(len, first, last) ((((len) + (first)) * 12 + (last)) & 63)
#define NAME(first, last, text, field, is_hop) \
	[NAME_SLOT(sizeof(text) - 1, first, last)] = \
		{ text, sizeof(text) - 1, HTTP_F_##field, is_hop }

static const struct known_name known_names[64] = {
	NAME('c', 'n', "connection", CONNECTION, true),
	NAME('c', 'h', "content-length", CONTENT_LENGTH, false),
	NAME('d', 'e', "date", DATE, false),
	NAME('e', 't', "expect", EXPECT, false),
	NAME('f', 'd', "forwarded", FORWARDED, false),
	NAME('h', 't', "host", HOST, false),
	NAME('k', 'e', "keep-alive", KEEP_ALIVE, true),
	NAME('m', 's', "max-forwards", MAX_FORWARDS, false),
	NAME('p', 'e', "proxy-authenticate", PROXY_AUTHENTICATE, false),
	NAME('p', 'n', "proxy-authorization", PROXY_AUTHORIZATION, false),
	NAME('p', 'n', "proxy-connection", PROXY_CONNECTION, true),
	NAME('p', 's', "proxy-status", PROXY_STATUS, false),
	NAME('t', 'e', "te", TE, true),
	NAME('t', 'r', "trailer", TRAILER, true),
	NAME('t', 'g', "transfer-encoding", TRANSFER_ENCODING, true),
	NAME('u', 'e', "upgrade", UPGRADE, true),
	NAME('v', 'a', "via", VIA, false),
	NAME('x', 'r', "x-forwarded-for", X_FORWARDED_FOR, false),
	NAME('a', 'n', "authorization", AUTHORIZATION, false),
	NAME('w', 'e', "www-authenticate", WWW_AUTHENTICATE, false),
};

static unsigned int name_slot(const char *name, size_t len)
{
	return NAME_SLOT((unsigned int)len, (uint8_t)name[0] | 0x20u,
			 (uint8_t)name[len - 1] | 0x20u);
}

static inline uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * Case-insensitive for tokens: no two token octets but the cases of a letter
 * and ('^', '~') become one by setting bit 5, and neither is in what we look for.
 * Words overlap instead of ending at @len.
 */
static inline bool same_token(const char *token, const char *lower, size_t len)
{
	const uint64_t bits = 0x2020202020202020;
	size_t i;

	if (len < 4) {
		for (i = 0; i < len; i++)
			if (((uint8_t)token[i] | 0x20) != (uint8_t)lower[i])
				return false;
		return true;
	}
	if (len < 8)
		return (load4(token) | (uint32_t)bits) == load4(lower) &&
		       (load4(token + (len - 4)) | (uint32_t)bits) == load4(lower + (len - 4));
	for (i = 0; i + 8 < len; i += 8)
		if ((load8(token + i) | bits) != load8(lower + i))
			return false;
	return (load8(token + (len - 8)) | bits) == load8(lower + (len - 8));
}

static bool token_is(const char *token, size_t len, const char *lower)
{
	return len == strlen(lower) && same_token(token, lower, len);
}

int http1_line_end(struct http1_parse *ps)
{
	if (*ps->p == '\n')
		return http1_refuse(ps, 400, "a line ends with LF instead of CR LF");
	if (*ps->p != '\r')
		return http1_refuse(ps, 400, "a line has an octet that is not allowed there");
	if (ps->p[1] != '\n')
		return http1_refuse(ps, 400, "a CR stands alone");
	ps->p += 2;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Next non-empty element of a comma-separated list, without the blanks around it. */
static bool list_next(const char **p, const char *end, const char **item, size_t *len)
{
	const char *q = *p, *stop;

	while (q < end && (*q == ',' || is_blank(*q)))
		q++;
	if (q == end)
		return false;
	stop = memchr(q, ',', (size_t)(end - q));
	if (!stop)
		stop = end;
	*item = q;
	*p = stop;
	while (is_blank(stop[-1]))
		stop--;
	*len = (size_t)(stop - q);
	return true;
}

static uint8_t option_bit(const char *item, size_t len)
{
	switch (len) {
	case 2:
		return same_token(item, "te", len) ? OPTION_TE : 0;
	case 5:
		return same_token(item, "close", len) ? OPTION_CLOSE : 0;
	case 7:
		return same_token(item, "upgrade", len) ? OPTION_UPGRADE : 0;
	case 10:
		return same_token(item, "keep-alive", len) ? OPTION_KEEP_ALIVE : 0;
	}
	return 0;
}

static int on_connection(struct http1_parse *ps, const char *p, const char *end)
{
	const char *item;
	size_t len;

	while (list_next(&p, end, &item, &len)) {
		uint8_t bit = option_bit(item, len);

		ps->options |= bit;
		if (!bit && ++ps->n_named > NAMED_OPTIONS_MAX)
			return http1_refuse(ps, 400, "Connection has too many options");
	}
	return 0;
}

/* RFC 9112 6.1, 7 */
static int on_transfer_encoding(struct http1_parse *ps, const char *p, const char *end)
{
	const char *item;
	size_t len;

	ps->n_encoding++;
	while (list_next(&p, end, &item, &len)) {
		ps->n_codings++;
		ps->last_chunked = token_is(item, len, "chunked");
		ps->n_chunked += ps->last_chunked;
		ps->n_identity += token_is(item, len, "identity");
	}
	return 0;
}

/* 1*DIGIT up to INT64_MAX, @len is not 0: 0, or -EINVAL. */
static int parse_length(const char *p, size_t len, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!http1_is(p[i], OCTET_DIGIT) || value > INT64_MAX / 10)
			return -EINVAL;
		value = value * 10 + (uint64_t)(p[i] - '0');
		if (value > INT64_MAX)
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

/*
 * RFC 9112 6.3: a request names its length once. In a response equal values are
 * taken as one, because real origins repeat them.
 */
static int on_content_length(struct http1_parse *ps, const char *p, const char *end)
{
	struct http_head *head = ps->head;
	unsigned int n = 0;
	const char *item;
	uint64_t value;
	size_t len;

	while (list_next(&p, end, &item, &len)) {
		if (parse_length(item, len, &value))
			return http1_refuse(ps, 400, "Content-Length is not a number");
		if (ps->n_length++ && (head->is_request || value != head->content_length))
			return http1_refuse(ps, 400, "there is more than one Content-Length");
		head->content_length = value;
		n++;
	}
	return n ? 0 : http1_refuse(ps, 400, "Content-Length is empty");
}

/* A request's list would pass above with blanks and commas around one value. */
static int on_request_length(struct http1_parse *ps, const char *p, const char *end)
{
	if (memchr(p, ',', (size_t)(end - p)))
		return http1_refuse(ps, 400, "Content-Length is a list");
	return on_content_length(ps, p, end);
}

/* RFC 9110 10.1.1; an HTTP/1.0 client does not know what it means */
static int on_expect(struct http1_parse *ps, struct http_field *f, const char *p, size_t len)
{
	if (!ps->head->minor) {
		f->hop = true;
		return 0;
	}
	if (!token_is(p, len, "100-continue"))
		return http1_refuse(ps, 417, "the expectation is not 100-continue");
	ps->head->expect_continue = true;
	return 0;
}

static int on_te(struct http1_parse *ps, const char *p, const char *end)
{
	const char *item;
	size_t len;

	while (list_next(&p, end, &item, &len))
		ps->te_trailers |= token_is(item, len, "trailers");
	return 0;
}

/* HTTP/2 is never offered to the other side: we could not follow it there. */
static int on_upgrade(struct http1_parse *ps, const char *p, const char *end)
{
	const char *item;
	size_t len;

	while (list_next(&p, end, &item, &len)) {
		if (token_is(item, len, "h2c") || token_is(item, len, "h2") ||
		    token_is(item, len, "http/2.0") || token_is(item, len, "http/2"))
			ps->not_upgrade = true;
		ps->upgrade = true;
	}
	return 0;
}

/* RFC 9110 7.6.2; other methods may carry anything in it */
static int on_max_forwards(struct http1_parse *ps, const char *p, const char *end)
{
	enum http_method m = ps->head->method_id;

	if (m != HTTP_M_OPTIONS && m != HTTP_M_TRACE)
		return 0;
	if (ps->n_max_forwards++)
		return http1_refuse(ps, 400, "there is more than one Max-Forwards");
	if (p == end)
		return http1_refuse(ps, 400, "Max-Forwards is empty");
	while (p < end)
		if (!http1_is(*p++, OCTET_DIGIT))
			return http1_refuse(ps, 400, "Max-Forwards is not a number");
	return 0;
}

static int on_request_field(struct http1_parse *ps, struct http_field *f, const char *p,
			    const char *end)
{
	switch (f->id) {
	case HTTP_F_HOST:
		ps->n_host++;
		ps->host = f->value;
		return 0;
	case HTTP_F_CONTENT_LENGTH:
		return on_request_length(ps, p, end);
	case HTTP_F_EXPECT:
		return on_expect(ps, f, p, (size_t)(end - p));
	case HTTP_F_TE:
		return on_te(ps, p, end);
	case HTTP_F_MAX_FORWARDS:
		return on_max_forwards(ps, p, end);
	}
	return 0;
}

static int on_field(struct http1_parse *ps, struct http_field *f)
{
	const char *p = ps->base + f->value.off;
	const char *end = p + f->value.len;

	switch (f->id) {
	case HTTP_F_OTHER:
		return 0;
	case HTTP_F_CONNECTION:
		return on_connection(ps, p, end);
	case HTTP_F_TRANSFER_ENCODING:
		return on_transfer_encoding(ps, p, end);
	case HTTP_F_UPGRADE:
		return on_upgrade(ps, p, end);
	}
	if (ps->head->is_request)
		return on_request_field(ps, f, p, end);
	return f->id == HTTP_F_CONTENT_LENGTH ? on_content_length(ps, p, end) : 0;
}

/* Of a token: neither letter nor digit. */
static bool is_mark(char c)
{
	return !http1_is(c, OCTET_DIGIT) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/*
 * Names that some parser behind us may take for a framing field, because it maps
 * '_' and other marks to '-' (as CGI does).
 */
static bool looks_like_framing(const char *name, size_t len)
{
	static const char encoding[] = "transfer-encoding", length[] = "content-length";

	if (len == sizeof(encoding) - 1)
		return is_mark(name[8]) && same_token(name, encoding, 8) &&
		       same_token(name + 9, encoding + 9, 8);
	if (len == sizeof(length) - 1)
		return is_mark(name[7]) && same_token(name, length, 7) &&
		       same_token(name + 8, length + 8, 6);
	return false;
}

static int identify(struct http1_parse *ps, struct http_field *f)
{
	const char *name = ps->base + f->name.off;
	const struct known_name *known = &known_names[name_slot(name, f->name.len)];

	f->id = HTTP_F_OTHER;
	f->hop = false;
	if (known->len == f->name.len && same_token(name, known->name, known->len)) {
		f->id = known->id;
		f->hop = known->hop;
		return 0;
	}
	if (looks_like_framing(name, f->name.len))
		return http1_refuse(ps, 400, "a field name imitates a framing field");
	return 0;
}

/* Where a name did not end with a colon: @p is the octet that ended it. */
static int bad_name(struct http1_parse *ps, const char *name, const char *p)
{
	if (p == name && is_blank(*p))
		return http1_refuse(ps, 400, "a line begins with white space");
	if (p == name)
		return http1_refuse(ps, 400, "a field line has no name");
	if (is_blank(*p))
		return http1_refuse(ps, 400, "there is white space before a colon");
	return http1_refuse(ps, 400, "a field name is not a token");
}

/* RFC 9112 5.1: a response's blanks before the colon are dropped, not refused. */
static const char *skip_blanks(const struct http1_parse *ps, const char *name, const char *p)
{
	if (ps->head->is_request || p == name)
		return p;
	while (is_blank(*p))
		p++;
	return p;
}

static int parse_line(struct http1_parse *ps, struct http_field *f)
{
	const char *name = ps->p, *p = name, *stop;

	while (http1_is(*p, OCTET_TOKEN))
		p++;
	f->name = http1_span(ps, name, p);
	if (*p != ':') {
		p = skip_blanks(ps, name, p);
		if (*p != ':')
			return bad_name(ps, name, p);
	}
	if (!f->name.len)
		return bad_name(ps, name, p);
	p++;
	while (is_blank(*p))
		p++;
	stop = http1_text_end(p, ps->end);
	ps->p = stop;
	while (stop > p && is_blank(stop[-1]))
		stop--;
	f->value = http1_span(ps, p, stop);
	return http1_line_end(ps);
}

/* What Connection may never take away from a message: its framing and route. */
static bool is_protected(uint8_t id)
{
	return id == HTTP_F_CONTENT_LENGTH || id == HTTP_F_TRANSFER_ENCODING ||
	       id == HTTP_F_HOST || id == HTTP_F_VIA;
}

static void drop_named(struct http1_parse *ps, const char *item, size_t len)
{
	struct http_head *head = ps->head;
	uint32_t i;

	for (i = 0; i < head->n_fields; i++) {
		struct http_field *f = &head->fields[i];

		if (f->name.len == len && !is_protected(f->id) &&
		    !strncasecmp(ps->base + f->name.off, item, len))
			f->hop = true;
	}
}

/* RFC 9110 7.6.1: each option may be the name of a field for this hop only. */
static void drop_all_named(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	uint32_t i;

	for (i = 0; i < head->n_fields; i++) {
		const char *p = ps->base + head->fields[i].value.off;
		const char *end = p + head->fields[i].value.len, *item;
		size_t len;

		if (head->fields[i].id != HTTP_F_CONNECTION)
			continue;
		while (list_next(&p, end, &item, &len))
			if (!option_bit(item, len))
				drop_named(ps, item, len);
	}
}

int http1_fields(struct http1_parse *ps, const struct http1_limits *limits)
{
	struct http_head *head = ps->head;
	int err;

	while (ps->p < ps->end && *ps->p != '\r' && *ps->p != '\n') {
		struct http_field *f = &head->fields[head->n_fields];

		if (head->n_fields >= limits->fields || head->n_fields >= HTTP_FIELDS_MAX)
			return http1_refuse(ps, 431, "there are too many fields");
		err = parse_line(ps, f);
		if (err)
			return err;
		head->n_fields++;
		err = identify(ps, f);
		if (!err)
			err = on_field(ps, f);
		if (err)
			return err;
	}
	if (ps->p == ps->end)
		return http1_refuse(ps, 400, "the head has no end");
	err = http1_line_end(ps);
	head->named = ps->n_named;
	if (!err && ps->n_named)
		drop_all_named(ps);
	return err;
}
