// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a head says besides its framing, and how it is written for the next hop.
 *
 * The writers never build a message from parts: lines that are forwarded are
 * copied in runs, octet for octet, from the head they were parsed from. Left out
 * are the lines of this hop and those whose content is decided here; the latter
 * follow behind the last line.
 */
#include "http_msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "conf.h"

#define ID(field) (1u << HTTP_F_##field)

/* Output; @full once something did not fit. */
struct out {
	char *p;
	char *end;
	bool full;
};

static inline void put(struct out *o, const char *s, size_t n)
{
	if ((size_t)(o->end - o->p) < n) {
		o->full = true;
		return;
	}
	memcpy(o->p, s, n);
	o->p += n;
}

#define PUT(o, text) put(o, text, sizeof(text) - 1)

static inline void put_string(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

static inline void put_span(struct out *o, const char *base, struct http_span s)
{
	put(o, base + s.off, s.len);
}

static void put_number(struct out *o, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	put(o, p, (size_t)(digits + sizeof(digits) - p));
}

static int out_result(const struct out *o, const char *start)
{
	return o->full ? -ENOSPC : (int)(o->p - start);
}

const struct http_field *http_head_find(const struct http_head *head, enum http_field_id id)
{
	uint32_t i;

	for (i = 0; i < head->n_fields; i++)
		if (head->fields[i].id == id)
			return &head->fields[i];
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool http_list_has(const char *list, size_t len, const char *name, size_t name_len)
{
	const char *end = list + len, *stop;

	while (list < end) {
		while (list < end && (*list == ',' || is_blank(*list)))
			list++;
		stop = list;
		while (stop < end && *stop != ',')
			stop++;
		len = (size_t)(stop - list);
		while (len && is_blank(list[len - 1]))
			len--;
		if (len && len == name_len && !strncasecmp(list, name, len))
			return true;
		list = stop;
	}
	return false;
}

bool http_upgrade_accepted(const struct http_head *response, const char *base,
			   const char *offered, size_t offered_len)
{
	const struct http_field *f = http_head_find(response, HTTP_F_UPGRADE);

	return response->upgrade && f &&
	       http_list_has(offered, offered_len, base + f->value.off, f->value.len);
}

int64_t http_max_forwards(const struct http_head *head, const char *base)
{
	const struct http_field *f;
	int64_t value = 0;
	uint32_t i;

	if (head->method_id != HTTP_M_OPTIONS && head->method_id != HTTP_M_TRACE)
		return -1;
	f = http_head_find(head, HTTP_F_MAX_FORWARDS);
	if (!f)
		return -1;
	for (i = 0; i < f->value.len; i++) {
		value = value * 10 + (base[f->value.off + i] - '0');
		if (value > INT32_MAX)
			value = INT32_MAX;
	}
	return value;
}

/* "[protocol/]version by [comment]", the comment may hold anything */
static bool via_names(const char *value, size_t len, const char *pseudonym)
{
	size_t n = strlen(pseudonym), i, depth = 0;

	for (i = 0; i + n <= len; i++) {
		if (value[i] == '(')
			depth++;
		if (value[i] == ')' && depth)
			depth--;
		if (depth || !i || !is_blank(value[i - 1]) || strncasecmp(value + i, pseudonym, n))
			continue;
		if (i + n == len || is_blank(value[i + n]) || value[i + n] == ',')
			return true;
	}
	return false;
}

bool http_via_has(const struct http_head *head, const char *base, const char *pseudonym)
{
	uint32_t i;

	for (i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (f->id == HTTP_F_VIA && via_names(base + f->value.off, f->value.len, pseudonym))
			return true;
	}
	return false;
}

bool http_method_is_idempotent(enum http_method m)
{
	switch (m) {
	case HTTP_M_DELETE:
	case HTTP_M_GET:
	case HTTP_M_HEAD:
	case HTTP_M_OPTIONS:
	case HTTP_M_PUT:
	case HTTP_M_TRACE:
		return true;
	case HTTP_M_CONNECT:
	case HTTP_M_OTHER:
	case HTTP_M_POST:
		break;
	}
	return false;
}

const char *http_reason(unsigned int status)
{
	static const struct {
		unsigned int status;
		const char *reason;
	} reasons[] = {
		{ 100, "Continue" },
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 508, "Loop Detected" },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

/* Line @i with its CR LF is [line_start(i), line_start(i + 1)). */
static inline uint32_t line_start(const struct http_head *head, uint32_t i)
{
	return i < head->n_fields ? head->fields[i].name.off : head->head_len - 2;
}

/* A line whose name and colon had blanks between them. */
static void put_repaired(struct out *o, const char *base, const struct http_field *f)
{
	put_span(o, base, f->name);
	PUT(o, ": ");
	put_span(o, base, f->value);
	PUT(o, "\r\n");
}

/*
 * Copies every line but those of ids in @drop and, unless in @keep, those of
 * this hop. Return: set of the ids that were copied.
 */
static uint32_t put_fields(struct out *o, const struct http_head *head, const char *base,
			   uint32_t drop, uint32_t keep)
{
	uint32_t run = line_start(head, 0), seen = 0, i;

	for (i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];
		uint32_t bit = 1u << f->id;
		bool odd = base[f->name.off + f->name.len] != ':';
		bool gone = (f->hop && !(bit & keep)) || bit & drop;

		if (!gone)
			seen |= bit;
		if (!gone && !odd)
			continue;
		put(o, base + run, f->name.off - run);
		run = line_start(head, i + 1);
		if (!gone)
			put_repaired(o, base, f);
	}
	put(o, base + run, line_start(head, i) - run);
	return seen;
}

/* Fields of this hop that the next one has too. */
static uint32_t kept(const struct http_forward *fwd, bool upgrade)
{
	return (upgrade ? ID(UPGRADE) : 0) | (fwd->trailers ? ID(TRAILER) : 0);
}

static void put_via(struct out *o, const struct http_head *head, const char *pseudonym)
{
	if (!pseudonym)
		return;
	if (head->minor)
		PUT(o, "Via: 1.1 ");
	else
		PUT(o, "Via: 1.0 ");
	put_string(o, pseudonym);
	PUT(o, "\r\n");
}

static void put_framing(struct out *o, const struct http_forward *fwd)
{
	if (fwd->chunked) {
		PUT(o, "Transfer-Encoding: chunked\r\n");
	} else if (fwd->length) {
		PUT(o, "Content-Length: ");
		put_number(o, fwd->content_length);
		PUT(o, "\r\n");
	}
}

/* RFC 7239 6: an IPv6 address is quoted and in brackets */
static void put_forwarded(struct out *o, const struct http_forward *fwd)
{
	char text[ENDPOINT_STRLEN];
	bool v6;

	if (fwd->forwarded == FORWARDED_OFF || !fwd->peer)
		return;
	v6 = fwd->peer->addr.family == AF_INET6;
	addr_format(&fwd->peer->addr, text, sizeof(text));
	if (fwd->forwarded == FORWARDED_XFF)
		PUT(o, "X-Forwarded-For: ");
	else if (v6)
		PUT(o, "Forwarded: for=\"[");
	else
		PUT(o, "Forwarded: for=");
	put_string(o, text);
	if (v6 && fwd->forwarded != FORWARDED_XFF)
		PUT(o, "]\"");
	PUT(o, "\r\n");
}

/* "http://" authority path */
static void put_absolute_host(struct out *o, const struct http_head *head, const char *base)
{
	struct http_span authority = { .off = head->target.off + 7 };

	authority.len = head->path.off - authority.off;
	PUT(o, "Host: ");
	put_span(o, base, authority);
	PUT(o, "\r\n");
}

/* A request that came without Host (HTTP/1.0) must not leave without one. */
static void put_missing_host(struct out *o, const struct http_forward *fwd)
{
	char text[ENDPOINT_STRLEN];

	PUT(o, "Host: ");
	if (fwd->origin)
		put_string(o, endpoint_format(fwd->origin, text, sizeof(text)));
	PUT(o, "\r\n");
}

/* RFC 9112 3.2.1 and 3.2.4 for an absolute target without a path */
static void put_path(struct out *o, const struct http_head *head, const char *base)
{
	if (!head->path.len && head->method_id == HTTP_M_OPTIONS)
		PUT(o, "*");
	else if (!head->path.len || base[head->path.off] == '?')
		PUT(o, "/");
	put_span(o, base, head->path);
}

static void put_request_line(struct out *o, const struct http_head *head, const char *base,
			     const struct http_forward *fwd)
{
	put_span(o, base, head->method);
	PUT(o, " ");
	if (fwd->origin_form && head->target_form == HTTP_TARGET_ABSOLUTE)
		put_path(o, head, base);
	else
		put_span(o, base, head->target);
	PUT(o, " HTTP/1.1\r\n");
}

static void put_connection(struct out *o, bool close, bool upgrade, bool te)
{
	if (!close && !upgrade && !te)
		return;
	PUT(o, "Connection: ");
	if (close)
		PUT(o, "close");
	if (upgrade && close)
		PUT(o, ", ");
	if (upgrade)
		PUT(o, "upgrade");
	if (te && (close || upgrade))
		PUT(o, ", ");
	if (te)
		PUT(o, "TE");
	PUT(o, "\r\n");
}

static void put_max_forwards(struct out *o, int64_t received)
{
	PUT(o, "Max-Forwards: ");
	put_number(o, received > 0 ? (uint64_t)received - 1 : 0);
	PUT(o, "\r\n");
}

int http_write_request(const struct http_head *head, const char *base,
		       const struct http_forward *fwd, char *out, size_t size)
{
	struct out o = { .p = out, .end = out + size };
	int64_t max_forwards = http_max_forwards(head, base);
	uint32_t drop = ID(CONTENT_LENGTH), seen;

	if (max_forwards >= 0)
		drop |= ID(MAX_FORWARDS);
	if (fwd->forwarded != FORWARDED_OFF)
		drop |= ID(FORWARDED) | ID(X_FORWARDED_FOR);
	put_request_line(&o, head, base, fwd);
	if (head->target_form == HTTP_TARGET_ABSOLUTE) {
		drop |= ID(HOST);
		put_absolute_host(&o, head, base);
	}
	seen = put_fields(&o, head, base, drop, kept(fwd, fwd->upgrade));
	if (!((seen | drop) & ID(HOST)))
		put_missing_host(&o, fwd);
	if (max_forwards >= 0)
		put_max_forwards(&o, max_forwards);
	put_forwarded(&o, fwd);
	put_via(&o, head, fwd->via);
	put_framing(&o, fwd);
	if (head->te_trailers)
		PUT(&o, "TE: trailers\r\n");
	put_connection(&o, !fwd->keep_alive && !fwd->upgrade, fwd->upgrade, head->te_trailers);
	PUT(&o, "\r\n");
	return out_result(&o, out);
}

/* IMF-fixdate (RFC 9110 5.6.7), which no locale may change */
static void put_date(struct out *o, int64_t when)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)when;
	char text[64];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	snprintf(text, sizeof(text), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
		 days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
		 tm.tm_hour, tm.tm_min, tm.tm_sec);
	put_string(o, text);
}

static void put_status_line(struct out *o, unsigned int status, const char *reason, size_t len)
{
	PUT(o, "HTTP/1.1 ");
	put_number(o, status);
	PUT(o, " ");
	put(o, reason, len);
	PUT(o, "\r\n");
}

/* The length that the body of a HEAD or 304 response would have. */
static void put_unsent_length(struct out *o, const struct http_head *head,
			      const struct http_forward *fwd)
{
	struct http_forward unsent = { .length = true, .content_length = head->content_length };
	bool connected = head->method_id == HTTP_M_CONNECT && head->status < 300;

	if (head->body != HTTP_BODY_NONE || fwd->length || connected || head->status == 204 ||
	    head->close_after || !http_head_find(head, HTTP_F_CONTENT_LENGTH))
		return;
	put_framing(o, &unsent);
}

/* What a final response needs and an interim one must not have. */
static void put_final(struct out *o, const struct http_head *head, const struct http_forward *fwd,
		      uint32_t seen)
{
	if (fwd->add_date && !(seen & ID(DATE)))
		put_date(o, fwd->add_date);
	/* an HTTP/1.0 client can't read chunks: its body ends with the connection */
	if (!fwd->chunked || fwd->minor_peer)
		put_framing(o, fwd);
	put_unsent_length(o, head, fwd);
	put_connection(o, !fwd->keep_alive, seen & ID(UPGRADE), false);
}

int http_write_response(const struct http_head *head, const char *base,
			const struct http_forward *fwd, char *out, size_t size)
{
	struct out o = { .p = out, .end = out + size };
	/* RFC 9110 15.5.22: 426 says which protocols it wants */
	bool upgrade = fwd->upgrade || head->status == 426;
	uint32_t seen;

	put_status_line(&o, head->status, base + head->reason.off, head->reason.len);
	seen = put_fields(&o, head, base, ID(CONTENT_LENGTH), kept(fwd, upgrade));
	put_via(&o, head, fwd->via);
	if (head->status >= 200)
		put_final(&o, head, fwd, seen);
	else
		put_connection(&o, false, seen & ID(UPGRADE), false);
	PUT(&o, "\r\n");
	return out_result(&o, out);
}

/* RFC 9209 2.3: what the status alone tells; the rest needs to know more. */
static const char *error_type(unsigned int status)
{
	switch (status) {
	case 400:
	case 408:
	case 413:
	case 414:
	case 417:
	case 431:
	case 501:
	case 505:
		return "http_request_error";
	case 403:
		return "http_request_denied";
	case 508:
		return "proxy_loop_detected";
	}
	return NULL;
}

int http_write_proxy_error(unsigned int status, const char *type, const char *detail,
			   bool html, bool head_only, bool keep_alive, char *out, size_t size)
{
	struct out o = { .p = out, .end = out + size };
	const char *reason = http_reason(status);
	char body[1024];
	int body_len = http_page(status, detail, html, body, sizeof(body));

	if (body_len < 0)
		return -ENOSPC;
	put_status_line(&o, status, reason, strlen(reason));
	put_date(&o, time(NULL));
	PUT(&o, "Content-Type: text/");
	put_string(&o, html ? "html" : "plain");
	PUT(&o, "; charset=utf-8\r\nCache-Control: no-store\r\n");
	if (type) {
		PUT(&o, "Proxy-Status: tiphares; error=");
		put_string(&o, type);
		PUT(&o, "\r\n");
	}
	PUT(&o, "Content-Length: ");
	put_number(&o, (uint64_t)body_len);
	if (!keep_alive)
		PUT(&o, "\r\nConnection: close");
	PUT(&o, "\r\n\r\n");
	if (!head_only)
		put_string(&o, body);
	return out_result(&o, out);
}

int http_write_error(unsigned int status, const char *detail, bool head_only, bool keep_alive,
		     char *out, size_t size)
{
	return http_write_proxy_error(status, error_type(status), detail, false, head_only,
				      keep_alive, out, size);
}

/* What nobody must learn by asking for it back (RFC 9110 9.3.8). */
static bool is_secret(const struct http_field *f, const char *base)
{
	return f->id == HTTP_F_AUTHORIZATION || f->id == HTTP_F_PROXY_AUTHORIZATION ||
	       (f->name.len == 6 && !strncasecmp(base + f->name.off, "Cookie", 6));
}

static void put_reflection(struct out *o, const struct http_head *head, const char *base)
{
	put_span(o, base, head->method);
	PUT(o, " ");
	put_span(o, base, head->target);
	put_string(o, head->minor ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
	for (uint32_t i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (is_secret(f, base))
			continue;
		put_span(o, base, f->name);
		PUT(o, ": ");
		put_span(o, base, f->value);
		PUT(o, "\r\n");
	}
	PUT(o, "\r\n");
}

static uint64_t reflection_length(const struct http_head *head, const char *base)
{
	uint64_t n = (uint64_t)head->method.len + head->target.len + sizeof("  HTTP/1.1\r\n\r\n") - 1;

	for (uint32_t i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (!is_secret(f, base))
			n += (uint64_t)f->name.len + f->value.len + sizeof(": \r\n") - 1;
	}
	return n;
}

int http_write_last(const struct http_head *head, const char *base, bool keep_alive, char *out,
		    size_t size)
{
	struct out o = { .p = out, .end = out + size };
	bool trace = head->method_id == HTTP_M_TRACE;

	put_status_line(&o, 200, "OK", 2);
	put_date(&o, time(NULL));
	put_string(&o, trace ? "Content-Type: message/http\r\nCache-Control: no-store\r\n" :
			       "Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE\r\n");
	PUT(&o, "Content-Length: ");
	put_number(&o, trace ? reflection_length(head, base) : 0);
	put_string(&o, keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
	if (trace)
		put_reflection(&o, head, base);
	return out_result(&o, out);
}
