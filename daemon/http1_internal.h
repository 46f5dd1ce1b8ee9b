/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the HTTP/1.x parser share: octet classes and the state of
 * one parse.
 *
 * A head's last octet is known to be LF before anything looks at it, and LF is
 * in no class: a loop over a class needs no other bound.
 */
#ifndef TIPHARES_HTTP1_INTERNAL_H
#define TIPHARES_HTTP1_INTERNAL_H

#include "http1.h"

/* Classes of octets: RFC 9110 5.6.2 and 5.5, RFC 3986 */
#define OCTET_TOKEN	0x01	/* tchar */
#define OCTET_TARGET	0x02	/* of a request target */
#define OCTET_HOST	0x04	/* unreserved: of a host name */
#define OCTET_DIGIT	0x08
#define OCTET_HEX	0x10
#define OCTET_TEXT	0x20	/* of a field value: VCHAR, obs-text, SP, HTAB */

extern const uint8_t http1_octet[256];

static inline bool http1_is(char c, uint8_t classes)
{
	return http1_octet[(uint8_t)c] & classes;
}

/* Connection options that are no field of their own. */
#define OPTION_CLOSE		0x01
#define OPTION_KEEP_ALIVE	0x02
#define OPTION_UPGRADE		0x04
#define OPTION_TE		0x08

/**
 * struct http1_parse - one head on its way through the parser
 * @base: first octet of the head
 * @p: next octet to look at
 * @end: behind the last one, which is LF
 * @head: result
 * @why: where a refusal says why
 * @options: OPTION_ that Connection named
 * @n_named: other options, perhaps names of fields
 * @n_host, @n_length, @n_encoding, @n_max_forwards: field lines of that name
 * @n_codings: transfer codings listed, @n_chunked of them chunked,
 *	@n_identity of them identity
 * @last_chunked: chunked is the last one
 * @te_trailers: TE lists trailers
 * @upgrade: there is an Upgrade field that does not ask for HTTP/2
 * @not_upgrade: an Upgrade field asks for HTTP/2
 * @host: value of the Host field
 */
struct http1_parse {
	const char *base;
	const char *p;
	const char *end;
	struct http_head *head;
	const char **why;
	uint8_t options;
	bool last_chunked;
	bool te_trailers;
	bool upgrade;
	bool not_upgrade;
	unsigned int n_named;
	unsigned int n_host;
	unsigned int n_length;
	unsigned int n_encoding;
	unsigned int n_max_forwards;
	unsigned int n_codings;
	unsigned int n_chunked;
	unsigned int n_identity;
	struct http_span host;
};

static inline int http1_refuse(const struct http1_parse *ps, int status, const char *why)
{
	*ps->why = why;
	return -status;
}

static inline struct http_span http1_span(const struct http1_parse *ps, const char *from,
					  const char *to)
{
	return (struct http_span){ (uint32_t)(from - ps->base), (uint32_t)(to - from) };
}

/* First octet at or behind @p that is none of a field value, of a target; or @end. */
const char *http1_text_end(const char *p, const char *end);
const char *http1_target_end(const char *p, const char *end);
/* Steps over CRLF; refuses anything else. */
int http1_line_end(struct http1_parse *ps);
/* The field section and its empty line. */
int http1_fields(struct http1_parse *ps, const struct http1_limits *limits);

/**
 * struct http1_authority - "host", "host:port", "[v6]:port"
 * @host: without brackets
 * @port: 0: none was written
 */
struct http1_authority {
	struct http_span host;
	uint16_t port;
};

/* Return: 0, or -EINVAL; an empty host is invalid. */
int http1_authority_parse(const char *base, struct http_span text, struct http1_authority *ret);
/* Decides form, host and path of the request target; 0 or -400. */
int http1_target(struct http1_parse *ps);

#endif /* TIPHARES_HTTP1_INTERNAL_H */
