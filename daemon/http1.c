// SPDX-License-Identifier: GPL-2.0-only
/*
 * HTTP/1.x heads: where one ends, its first line, and the framing it decides.
 *
 * A head is found first (http1_scan()) and parsed when it is whole, in one pass:
 * first line, field lines (http1_fields.c), then target and Host
 * (http1_target.c) and framing, which need to have seen every field. A refusal
 * carries the status to answer with; whoever gets one must not look at another
 * octet of that connection.
 */
#include "http1.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http1_internal.h"

/* Octets of empty lines that may stand before a request line (RFC 9112 2.2). */
#define EMPTY_MAX 16

/* A longer method is answered 501 (RFC 9112 3). */
#define METHOD_MAX 64

#define VERSION_LEN 8	/* HTTP/1.1 */

/* Is the LF at @lf the end of a line with nothing in it? */
static inline bool ends_empty_line(const char *buf, size_t lf)
{
	size_t start = lf;

	if (start && buf[start - 1] == '\r')
		start--;
	return !start || buf[start - 1] == '\n';
}

static bool only_line_ends(const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] != '\r' && buf[i] != '\n')
			return false;
	return true;
}

/* Is the LF at @lf the end of a head, or of too many empty lines before one? */
static inline bool ends_head(const char *buf, size_t lf)
{
	return ends_empty_line(buf, lf) && (lf >= EMPTY_MAX || !only_line_ends(buf, lf));
}

/* Which of the 16 octets at @p are LF: one bit for each, the first one is bit 0. */
static inline unsigned int lf_mask(const char *p)
{
#ifdef __SSE2__
	__m128i octets = _mm_loadu_si128((const __m128i *)p);

	return (unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8('\n')));
#else
	unsigned int mask = 0, i;

	for (i = 0; i < 16; i++)
		mask |= (unsigned int)(p[i] == '\n') << i;
	return mask;
#endif
}

/*
 * Lines that end with LF alone delimit a head too: it is then refused at once
 * and not when the sender's time is over.
 */
size_t http1_scan(const char *buf, size_t len, size_t *from)
{
	size_t i = *from;

	for (; len - i >= 16; i += 16) {
		unsigned int lfs = lf_mask(buf + i);

		for (; lfs; lfs &= lfs - 1)
			if (ends_head(buf, i + (unsigned int)__builtin_ctz(lfs)))
				return i + (unsigned int)__builtin_ctz(lfs) + 1;
	}
	for (; i < len; i++)
		if (buf[i] == '\n' && ends_head(buf, i))
			return i + 1;
	*from = len;
	return 0;
}

int http1_too_large(const char *buf, size_t len, const char **why)
{
	size_t i = 0;

	while (i < len && i < EMPTY_MAX && (buf[i] == '\r' || buf[i] == '\n'))
		i++;
	if (memchr(buf + i, '\n', len - i)) {
		*why = "the header fields are too large";
		return -431;
	}
	*why = "the request target is too long";
	return -414;
}

static void start(struct http1_parse *ps, const char *buf, size_t len, struct http_head *head,
		  const char **why)
{
	memset(head, 0, offsetof(struct http_head, fields));
	head->head_len = (uint32_t)len;
	*ps = (struct http1_parse){
		.base = buf, .p = buf, .end = buf + len, .head = head, .why = why,
	};
}

static bool is_text(const char *p, const struct http_span *s, const char *text, size_t len)
{
	return s->len == len && !memcmp(p, text, len);
}

#define IS(p, s, text) is_text(p, s, text, sizeof(text) - 1)

static enum http_method method_id(const char *p, const struct http_span *s)
{
	switch (*p) {
	case 'C':
		return IS(p, s, "CONNECT") ? HTTP_M_CONNECT : HTTP_M_OTHER;
	case 'D':
		return IS(p, s, "DELETE") ? HTTP_M_DELETE : HTTP_M_OTHER;
	case 'G':
		return IS(p, s, "GET") ? HTTP_M_GET : HTTP_M_OTHER;
	case 'H':
		return IS(p, s, "HEAD") ? HTTP_M_HEAD : HTTP_M_OTHER;
	case 'O':
		return IS(p, s, "OPTIONS") ? HTTP_M_OPTIONS : HTTP_M_OTHER;
	case 'P':
		if (IS(p, s, "POST"))
			return HTTP_M_POST;
		return IS(p, s, "PUT") ? HTTP_M_PUT : HTTP_M_OTHER;
	case 'T':
		return IS(p, s, "TRACE") ? HTTP_M_TRACE : HTTP_M_OTHER;
	}
	return HTTP_M_OTHER;
}

/* HTTP-version; a greater minor version is understood as ours (RFC 9110 6.2). */
static int parse_version(struct http1_parse *ps)
{
	const char *p = ps->p;

	if (ps->end - p < VERSION_LEN || memcmp(p, "HTTP/", 5) || p[6] != '.' ||
	    !http1_is(p[5], OCTET_DIGIT) || !http1_is(p[7], OCTET_DIGIT))
		return http1_refuse(ps, 400, "the first line has no valid HTTP version");
	if (p[5] != '1')
		return http1_refuse(ps, 505, "the HTTP version is not 1.x");
	ps->head->minor = p[7] != '0';
	ps->p += VERSION_LEN;
	return 0;
}

static int skip_empty_lines(struct http1_parse *ps)
{
	while (ps->p[0] == '\r' && ps->end - ps->p > 2 && ps->p[1] == '\n') {
		if (ps->p - ps->base == EMPTY_MAX)
			return http1_refuse(ps, 400, "there are too many empty lines");
		ps->p += 2;
	}
	return 0;
}

static int parse_method(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	const char *p = ps->p;

	while (http1_is(*p, OCTET_TOKEN))
		p++;
	if (p == ps->p || *p != ' ')
		return http1_refuse(ps, 400, "the first line does not begin with a method");
	head->method = http1_span(ps, ps->p, p);
	if (head->method.len > METHOD_MAX)
		return http1_refuse(ps, 501, "the method is too long");
	head->method_id = method_id(ps->p, &head->method);
	ps->p = p + 1;
	return 0;
}

/* RFC 9112 3: one SP between the parts, nothing behind them */
static int parse_request_line(struct http1_parse *ps)
{
	const char *p;
	int err = parse_method(ps);

	if (err)
		return err;
	p = http1_target_end(ps->p, ps->end);
	if (p == ps->p || *p != ' ')
		return http1_refuse(ps, 400, "the request target is not valid");
	ps->head->target = http1_span(ps, ps->p, p);
	ps->p = p + 1;
	err = parse_version(ps);
	return err ? err : http1_line_end(ps);
}

/* RFC 9112 4; the SP before an empty reason may be missing */
static int parse_status_line(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	const char *p;
	int i, err = parse_version(ps);

	if (err)
		return err;
	if (*ps->p++ != ' ')
		return http1_refuse(ps, 502, "the status line is not valid");
	for (i = 0; i < 3; i++, ps->p++) {
		if (!http1_is(*ps->p, OCTET_DIGIT))
			return http1_refuse(ps, 502, "the status is not three digits");
		head->status = (uint16_t)(head->status * 10 + (*ps->p - '0'));
	}
	if (head->status < 100 || (*ps->p != ' ' && *ps->p != '\r'))
		return http1_refuse(ps, 502, "the status is not valid");
	p = ps->p + (*ps->p == ' ');
	ps->p = http1_text_end(p, ps->end);
	head->reason = http1_span(ps, p, ps->p);
	return http1_line_end(ps);
}

/* RFC 9112 6.1, 6.3: of the codings only chunked, once, and no length with it */
static int frame_encoded_request(struct http1_parse *ps)
{
	if (!ps->head->minor)
		return http1_refuse(ps, 400, "Transfer-Encoding in an HTTP/1.0 request");
	if (ps->n_length)
		return http1_refuse(ps, 400, "both Content-Length and Transfer-Encoding");
	if (!ps->last_chunked)
		return http1_refuse(ps, 400, "chunked is not the final transfer coding");
	if (ps->n_chunked > 1)
		return http1_refuse(ps, 400, "chunked is applied more than once");
	if (ps->n_codings > 1)
		return http1_refuse(ps, 501, "a transfer coding other than chunked");
	ps->head->body = HTTP_BODY_CHUNKED;
	return 0;
}

static int frame_request(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	int err = 0;

	if (ps->n_encoding)
		err = frame_encoded_request(ps);
	else if (ps->n_length)
		head->body = HTTP_BODY_LENGTH;
	if (err)
		return err;
	if (head->method_id == HTTP_M_CONNECT && (ps->n_encoding || head->content_length))
		return http1_refuse(ps, 400, "CONNECT with content");
	if (head->body == HTTP_BODY_NONE || (!ps->n_encoding && !head->content_length))
		head->expect_continue = false;
	return 0;
}

/* RFC 9112 6.3, 1 and 2 */
static bool has_no_body(const struct http_head *head)
{
	return head->status < 200 || head->status == 204 || head->status == 304 ||
	       head->method_id == HTTP_M_HEAD ||
	       (head->method_id == HTTP_M_CONNECT && head->status < 300);
}

static int frame_response(struct http1_parse *ps)
{
	struct http_head *head = ps->head;

	head->close_after = ps->n_encoding && (ps->n_length || !head->minor);
	if (has_no_body(head))
		return 0;
	head->body = ps->n_length ? HTTP_BODY_LENGTH : HTTP_BODY_CLOSE;
	if (!ps->n_encoding)
		return 0;
	head->body = HTTP_BODY_CHUNKED;
	if (ps->n_codings == 1 && ps->n_chunked == 1)
		return 0;
	/* what RFC 2616 called it to apply no coding at all */
	head->body = HTTP_BODY_CLOSE;
	head->close_after = true;
	if (ps->n_codings == 1 && ps->n_identity == 1)
		return 0;
	return http1_refuse(ps, 502, "the transfer coding is not chunked");
}

static void decide_options(struct http1_parse *ps)
{
	struct http_head *head = ps->head;

	head->upgrade = head->minor && ps->options & OPTION_UPGRADE && ps->upgrade &&
			!ps->not_upgrade;
	head->te_trailers = head->minor && ps->options & OPTION_TE && ps->te_trailers;
	head->keep_alive = !(ps->options & OPTION_CLOSE);
	if (head->minor)
		return;
	/* RFC 9112 9.3: a proxy keeps no connection with an HTTP/1.0 client */
	if (head->is_request || !(ps->options & OPTION_KEEP_ALIVE))
		head->keep_alive = false;
}

static bool is_whole(const struct http1_parse *ps)
{
	return ps->p == ps->end;
}

int http1_parse_request(const char *buf, size_t len, const struct http1_limits *limits,
			struct http_head *ret, const char **why)
{
	struct http1_parse ps;
	int err;

	if (len > limits->head || len > UINT32_MAX)
		return http1_too_large(buf, len < limits->head ? len : limits->head, why);
	start(&ps, buf, len, ret, why);
	ret->is_request = true;
	if (!len || buf[len - 1] != '\n')
		return http1_refuse(&ps, 400, "the head has no end");
	err = skip_empty_lines(&ps);
	if (!err)
		err = parse_request_line(&ps);
	if (!err)
		err = http1_fields(&ps, limits);
	if (!err && !is_whole(&ps))
		err = http1_refuse(&ps, 400, "there are octets behind the head");
	if (!err)
		err = http1_target(&ps);
	if (!err)
		err = frame_request(&ps);
	if (!err)
		decide_options(&ps);
	return err;
}

static int parse_response(struct http1_parse *ps, const struct http1_limits *limits)
{
	int err = parse_status_line(ps);

	if (!err)
		err = http1_fields(ps, limits);
	if (!err && !is_whole(ps))
		err = http1_refuse(ps, 502, "there are octets behind the head");
	if (!err)
		err = frame_response(ps);
	return err;
}

int http1_parse_response(const char *buf, size_t len, enum http_method request,
			 const struct http1_limits *limits, struct http_head *ret,
			 const char **why)
{
	struct http1_parse ps;

	*why = "the head is too large or has no end";
	if (!len || len > limits->head || len > UINT32_MAX || buf[len - 1] != '\n')
		return -502;
	start(&ps, buf, len, ret, why);
	ret->method_id = (uint8_t)request;
	if (parse_response(&ps, limits))
		return -502;
	decide_options(&ps);
	if (ret->body == HTTP_BODY_CLOSE || ret->close_after)
		ret->keep_alive = false;
	return 0;
}
