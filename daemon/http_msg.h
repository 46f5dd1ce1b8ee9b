/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A parsed HTTP/1.x head: spans into the octets it was parsed from, and what
 * they mean for framing and routing. Knows no descriptor, no buffer, no log.
 */
#ifndef TIPHARES_HTTP_MSG_H
#define TIPHARES_HTTP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define HTTP_FIELDS_MAX 256	/* upper bound of http.header_fields */

/* Offset and length in the head's octets. */
struct http_span {
	uint32_t off;
	uint32_t len;
};

/* Fields an intermediary must understand; the rest is HTTP_F_OTHER. */
enum http_field_id {
	HTTP_F_OTHER,
	HTTP_F_CONNECTION,
	HTTP_F_CONTENT_LENGTH,
	HTTP_F_DATE,
	HTTP_F_EXPECT,
	HTTP_F_FORWARDED,
	HTTP_F_HOST,
	HTTP_F_KEEP_ALIVE,
	HTTP_F_MAX_FORWARDS,
	HTTP_F_PROXY_AUTHENTICATE,
	HTTP_F_PROXY_AUTHORIZATION,
	HTTP_F_PROXY_CONNECTION,
	HTTP_F_PROXY_STATUS,
	HTTP_F_TE,
	HTTP_F_TRAILER,
	HTTP_F_TRANSFER_ENCODING,
	HTTP_F_UPGRADE,
	HTTP_F_VIA,
	HTTP_F_X_FORWARDED_FOR,
	HTTP_F_AUTHORIZATION,
	HTTP_F_WWW_AUTHENTICATE,
};

/**
 * struct http_field - one field line
 * @name: without the colon
 * @value: without surrounding white space
 * @id: enum http_field_id
 * @hop: hop-by-hop (RFC 9110 7.6.1): never forwarded as it is
 */
struct http_field {
	struct http_span name;
	struct http_span value;
	uint8_t id;
	bool hop;
};

enum http_method {
	HTTP_M_OTHER,
	HTTP_M_CONNECT,
	HTTP_M_DELETE,
	HTTP_M_GET,
	HTTP_M_HEAD,
	HTTP_M_OPTIONS,
	HTTP_M_POST,
	HTTP_M_PUT,
	HTTP_M_TRACE,
};

/* RFC 9112 3.2 */
enum http_target_form {
	HTTP_TARGET_ORIGIN,
	HTTP_TARGET_ABSOLUTE,
	HTTP_TARGET_AUTHORITY,
	HTTP_TARGET_ASTERISK,
};

/* RFC 9112 6.3, after all its rules were applied */
enum http_body {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,	/* http_head.content_length octets */
	HTTP_BODY_CHUNKED,
	HTTP_BODY_CLOSE,	/* responses: until the connection ends */
};

/**
 * struct http_head - a request's or response's head
 * @head_len: octets from its first one (leading empty lines included) to the
 *	end of the empty line
 * @minor: HTTP/1.@minor as received, 0 or 1 (greater ones count as 1)
 * @method, @target, @target_form: requests
 * @method_id: requests; responses: of the request it answers
 * @host: requests: host name or address literal without brackets that the
 *	target or Host names, as received; empty: none
 * @host_port: 0 when it names no port
 * @path: requests: what is behind the authority of the target: "/..." or "*";
 *	of an absolute target perhaps "?..." or empty. Written by
 *	http_write_request() as an origin must see it.
 * @status, @reason: responses
 * @body, @content_length: framing, decided; HTTP_BODY_LENGTH may be of length 0
 * @keep_alive: the sender keeps the connection after this message
 * @expect_continue: Expect: 100-continue of an HTTP/1.1 request with a body
 * @upgrade: Connection named upgrade and there is an Upgrade field, which does
 *	not ask for HTTP/2
 * @te_trailers: TE: trailers, and Connection named TE
 * @named: Connection named fields, which may also be trailers
 * @close_after: framing was ambiguous (both Content-Length and
 *	Transfer-Encoding, ...): the connection must end after this message
 */
struct http_head {
	uint32_t head_len;
	uint8_t minor;
	bool is_request;
	uint8_t method_id;
	uint8_t target_form;
	uint16_t status;
	uint16_t host_port;
	uint8_t body;
	bool keep_alive;
	bool expect_continue;
	bool upgrade;
	bool te_trailers;
	bool named;
	bool close_after;
	uint64_t content_length;
	struct http_span method;
	struct http_span target;
	struct http_span host;
	struct http_span path;
	struct http_span reason;
	uint32_t n_fields;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* First field with that id, or NULL. */
const struct http_field *http_head_find(const struct http_head *head, enum http_field_id id);

/* Is @name an element of the comma-separated list? Compared without case. */
bool http_list_has(const char *list, size_t len, const char *name, size_t name_len);

/*
 * Is the protocol that a 101 switches to one of those the request asked for?
 * @offered: value of the request's Upgrade field. RFC 9110 7.8.
 */
bool http_upgrade_accepted(const struct http_head *response, const char *base,
			   const char *offered, size_t offered_len);

/* Max-Forwards of OPTIONS and TRACE, at most INT32_MAX; -1: none, or another method. */
int64_t http_max_forwards(const struct http_head *head, const char *base);

/* Did the message pass a proxy of that pseudonym already (RFC 9110 7.6.3)? */
bool http_via_has(const struct http_head *head, const char *base, const char *pseudonym);

/* Safe methods and PUT, DELETE: may be repeated (RFC 9110 9.2.2). */
bool http_method_is_idempotent(enum http_method m);

/* Standard reason phrase; "Error" for unknown codes. */
const char *http_reason(unsigned int status);

/**
 * struct http_forward - how to write a head for the next hop
 * @peer: who sent the message (client or origin), for Forwarded
 * @origin: requests: where it goes to: Host of a request that names none
 *	(HTTP/1.0); NULL: such a Host is empty
 * @via: pseudonym, NULL: no Via
 * @forwarded: enum conf_forwarded value, requests only
 * @keep_alive: the connection it is written to stays open after the message;
 *	else "Connection: close" is written
 * @chunked: the body will be written chunked
 * @length: the body will be written with Content-Length @content_length;
 *	neither: no body or one that ends with the connection
 * @trailers: trailers will be written behind the body: keep the Trailer field
 * @upgrade: write Connection: upgrade and keep the Upgrade field
 * @origin_form: requests: write @path instead of the target as received
 * @minor_peer: HTTP minor version of the receiver of a response, 1 if unknown
 * @add_date: seconds since the epoch to write as Date when there is none, 0: no
 */
struct http_forward {
	const struct endpoint *peer;
	const struct endpoint *origin;
	const char *via;
	uint8_t forwarded;
	bool keep_alive;
	bool chunked;
	bool length;
	bool trailers;
	bool upgrade;
	bool origin_form;
	uint8_t minor_peer;
	uint64_t content_length;
	int64_t add_date;
};

/**
 * http_write_request() - write @head as it must be forwarded
 * @base: the octets @head was parsed from
 * @out: @size octets of room; head_len + 1024 always suffices
 *
 * HTTP/1.1, hop-by-hop fields left out, framing fields written anew, Host
 * regenerated from an absolute target (RFC 9112 3.2.2), Via appended,
 * Max-Forwards decremented (a request with 0 must not get here).
 * Return: octets written, or -ENOSPC.
 */
int http_write_request(const struct http_head *head, const char *base,
		       const struct http_forward *fwd, char *out, size_t size);
/*
 * The same for a response. One without a body keeps the length it would have
 * had (HEAD, 304); 1xx, 204 and what answers CONNECT with 2xx have none.
 */
int http_write_response(const struct http_head *head, const char *base,
			const struct http_forward *fwd, char *out, size_t size);

/**
 * http_write_last() - answer a request whose Max-Forwards is 0, as its last recipient
 * @out: twice the head and 512 octets always suffice
 *
 * RFC 9110 7.6.2: OPTIONS is told what is allowed, TRACE gets the request back
 * as it came, without credentials and cookies. Return: octets written, or -ENOSPC.
 */
int http_write_last(const struct http_head *head, const char *base, bool keep_alive, char *out,
		    size_t size);

/**
 * http_write_error() - a response of the proxy's own
 * @status: 4xx or 5xx
 * @detail: one sentence for a person, no internals
 * @head_only: the request was HEAD
 *
 * With Connection: close unless @keep_alive. Return: octets written, or -ENOSPC.
 */
int http_write_error(unsigned int status, const char *detail, bool head_only, bool keep_alive,
		     char *out, size_t size);

/*
 * The same with the error's type in Proxy-Status (RFC 9209 2.3); NULL: none is
 * written; in text, or in HTML. http_write_error() takes the one that @status implies.
 */
int http_write_proxy_error(unsigned int status, const char *type, const char *detail,
			   bool html, bool head_only, bool keep_alive, char *out, size_t size);

/* May a field of that name be a trailer of a message that is forwarded? */
bool http_may_trail(const char *name, size_t len);

/**
 * http_filter_trailers() - leave out the lines whose names may not trail
 * @lines: whole lines that http1_chunked_next() let pass, @len octets in all;
 *	rewritten in place
 *
 * Return: octets that are left.
 */
size_t http_filter_trailers(char *lines, size_t len);

/* Does Accept name text/html, and not text/plain before it? */
bool http_wants_html(const struct http_head *head, const char *base);

/*
 * The content of such a response; @detail has no markup in it. Return: octets
 * written, besides the NUL behind them, or -1: there is no room.
 */
int http_page(unsigned int status, const char *detail, bool html, char *out, size_t size);

#endif /* TIPHARES_HTTP_MSG_H */
