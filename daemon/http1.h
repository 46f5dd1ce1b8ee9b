/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x grammar, strict: what is not in RFC 9112's grammar is refused, never
 * repaired. Pure: octets in, spans and verdicts out.
 */
#ifndef TIPHARES_HTTP1_H
#define TIPHARES_HTTP1_H

#include <sys/types.h>

#include "http_msg.h"

struct http1_limits {
	size_t head;		/* octets of a head */
	unsigned int fields;	/* at most HTTP_FIELDS_MAX */
};

/**
 * http1_scan() - is there a whole head in the buffer?
 * @buf: octets received so far, @len of them
 * @from: where the last scan of the same head stopped (0 at first), updated;
 *	so that a head that comes octet by octet costs no more
 *
 * Return: offset behind the empty line, 0 when more is needed.
 */
size_t http1_scan(const char *buf, size_t len, size_t *from);

/**
 * http1_too_large() - how to refuse a request whose head did not fit
 * @buf: what came of it, @len octets
 *
 * Return: -414 when it is the request line that has no end, else -431.
 */
int http1_too_large(const char *buf, size_t len, const char **why);

/* enum http1_begin - http1_begins(): too little came; it is; it is not */
enum http1_begin {
	HTTP1_BEGIN_MORE,
	HTTP1_BEGIN_YES,
	HTTP1_BEGIN_NO,
};

/**
 * http1_begins() - is this how an HTTP/1.x client begins?
 * @buf: what came first on a connection, @len octets
 */
enum http1_begin http1_begins(const char *buf, size_t len);

/**
 * http1_parse_request() - parse a complete head
 * @buf: @len octets, exactly one head as http1_scan() delimited it
 * @ret: not to be read after a refusal
 *
 * Return: 0, or the HTTP status to refuse it with, negative: -400, -413, -414,
 * -417, -431, -501, -505; @why (never NULL) then is one short sentence.
 */
int http1_parse_request(const char *buf, size_t len, const struct http1_limits *limits,
			struct http_head *ret, const char **why);

/**
 * http1_parse_response() - parse a complete head
 * @request: the method it answers, for its framing (HEAD, CONNECT)
 *
 * Return: 0, or -502.
 */
int http1_parse_response(const char *buf, size_t len, enum http_method request,
			 const struct http1_limits *limits, struct http_head *ret,
			 const char **why);

#define HTTP1_TRAILERS_MAX 8192	/* octets of a trailer section, its empty line included */
#define HTTP1_TRAILERS 100	/* lines in it */

/**
 * struct http1_chunked - decoder of a chunked body; zero it to start
 * @state: enum in http1_chunked.c
 * @done: the final empty line was seen
 * @n_trailers: lines of the trailer section so far, bounded
 * @trailer_len: octets of it, bounded
 * @overhead: octets of extensions and size lines, bounded
 * @left: octets of the current chunk not seen yet
 * @trailers: octets of trailer lines that the last call consumed
 */
struct http1_chunked {
	uint8_t state;
	bool done;
	uint8_t n_trailers;
	uint32_t trailer_len;
	uint32_t overhead;
	uint64_t left;
	struct http_span trailers;
};

/**
 * http1_chunked_next() - decode the next piece
 * @buf: encoded octets, @len of them
 * @data: octets of content found in @buf (may be empty): points into @buf
 *
 * Call again with what was not consumed until it returns 0 with no data or
 * @c->done. Extensions are dropped. Trailers are checked; @c->trailers is a piece
 * of their lines (whole ones once @c->done), which points into @buf too. No call
 * yields content and trailers.
 * Return: octets of @buf consumed (size lines and content), or -EBADMSG.
 */
ssize_t http1_chunked_next(struct http1_chunked *c, const char *buf, size_t len,
			   struct http_span *data);

#endif /* TIPHARES_HTTP1_H */
