// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the next hop makes of a forwarded head, against what was meant. Written
 * from the rules, not from the writer: which lines must be there, in which order,
 * and that nothing else is.
 */
#include "forwarded.h"

#include <string.h>
#include <strings.h>

#include "conf.h"
#include "http1.h"

static const struct http1_limits limits = { .head = 1 << 20, .fields = HTTP_FIELDS_MAX };
static struct http_head again;

static bool same_octets(const char *a, struct http_span x, const char *b, struct http_span y)
{
	return x.len == y.len && !memcmp(a + x.off, b + y.off, x.len);
}

static bool span_is(const char *base, struct http_span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(base + s.off, text, s.len);
}

static bool no_body(const struct http_head *head)
{
	return head->status < 200 || head->status == 204 || head->status == 304 ||
	       head->method_id == HTTP_M_HEAD ||
	       (head->method_id == HTTP_M_CONNECT && head->status < 300);
}

/* Lines that are decided here and not copied, besides those of this hop. */
static bool is_decided(const struct http_head *head, const struct http_forward *fwd, uint8_t id)
{
	switch (id) {
	case HTTP_F_CONTENT_LENGTH:
		return true;
	case HTTP_F_HOST:
		return head->target_form == HTTP_TARGET_ABSOLUTE;
	case HTTP_F_MAX_FORWARDS:
		return head->is_request && (head->method_id == HTTP_M_OPTIONS || head->method_id == HTTP_M_TRACE);
	case HTTP_F_FORWARDED:
	case HTTP_F_X_FORWARDED_FOR:
		return head->is_request && fwd->forwarded != FORWARDED_OFF;
	}
	return false;
}

static bool passes(const struct http_head *head, const struct http_forward *fwd,
		   const struct http_field *f)
{
	bool upgrade = fwd->upgrade || (!head->is_request && head->status == 426);

	if (f->id == HTTP_F_UPGRADE)
		return upgrade;
	if (f->id == HTTP_F_TRAILER)
		return fwd->trailers;
	return !f->hop && !is_decided(head, fwd, f->id);
}

/* Is it a line that the writer adds on its own? */
static bool is_own(const struct http_field *f)
{
	switch (f->id) {
	case HTTP_F_CONNECTION:
	case HTTP_F_CONTENT_LENGTH:
	case HTTP_F_DATE:
	case HTTP_F_FORWARDED:
	case HTTP_F_HOST:
	case HTTP_F_MAX_FORWARDS:
	case HTTP_F_TE:
	case HTTP_F_TRANSFER_ENCODING:
	case HTTP_F_VIA:
	case HTTP_F_X_FORWARDED_FOR:
		return true;
	}
	return false;
}

/* RFC 9112 5.1: the parser drops blanks before a response's colon, the writer must too. */
static bool colons_follow_names(const char *out)
{
	uint32_t i;

	for (i = 0; i < again.n_fields; i++)
		if (out[again.fields[i].name.off + again.fields[i].name.len] != ':')
			return false;
	return true;
}

/* All lines that pass, in order, octet for octet; then only own ones. */
static const char *fields_differ(const struct http_head *head, const char *base,
				 const struct http_forward *fwd, const char *out)
{
	uint32_t i, k = 0;

	if (head->target_form == HTTP_TARGET_ABSOLUTE && head->is_request)
		k++;
	for (i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (!passes(head, fwd, f))
			continue;
		if (k == again.n_fields)
			return "a field is missing";
		if (!same_octets(base, f->name, out, again.fields[k].name) ||
		    !same_octets(base, f->value, out, again.fields[k].value))
			return "a field is not what it was";
		k++;
	}
	for (; k < again.n_fields; k++)
		if (!is_own(&again.fields[k]))
			return "there is a field that nobody sent";
	return NULL;
}

static unsigned int count(const struct http_head *head, enum http_field_id id)
{
	unsigned int n = 0;
	uint32_t i;

	for (i = 0; i < head->n_fields; i++)
		n += head->fields[i].id == id;
	return n;
}

static const char *framing_differs(const struct http_forward *fwd, bool chunked, bool none)
{
	if (chunked)
		return again.body == HTTP_BODY_CHUNKED ? NULL : "it is not chunked";
	if (none)
		return again.body == HTTP_BODY_NONE ? NULL : "it has a body";
	if (!fwd->length)
		return again.body == HTTP_BODY_CLOSE ? NULL : "its body does not end with the connection";
	if (again.body != HTTP_BODY_LENGTH || again.content_length != fwd->content_length)
		return "its length is another one";
	return NULL;
}

/* Our Via is the last line of that name. */
static const char *via_differs(const struct http_forward *fwd, const char *out)
{
	const struct http_field *last = NULL;
	uint32_t i;

	for (i = 0; i < again.n_fields; i++)
		if (again.fields[i].id == HTTP_F_VIA)
			last = &again.fields[i];
	if (!fwd->via)
		return NULL;
	if (!last || last->value.len < 5 || memcmp(out + last->value.off, "1.", 2))
		return "Via is missing";
	return http_via_has(&again, out, fwd->via) ? NULL : "Via does not name us";
}

static const char *target_differs(const struct http_head *head, const char *base,
				  const struct http_forward *fwd, const char *out)
{
	if (!fwd->origin_form || head->target_form != HTTP_TARGET_ABSOLUTE)
		return same_octets(base, head->target, out, again.target) ? NULL : "another target";
	if (!head->path.len)
		return span_is(out, again.target, head->method_id == HTTP_M_OPTIONS ? "*" : "/") ?
		       NULL : "an empty path became something else";
	if (base[head->path.off] == '/')
		return same_octets(base, head->path, out, again.target) ? NULL : "another path";
	if (again.target.len != head->path.len + 1 || out[again.target.off] != '/' ||
	    memcmp(out + again.target.off + 1, base + head->path.off, head->path.len))
		return "another query";
	return NULL;
}

static const char *host_differs(const struct http_head *head, const char *base, const char *out)
{
	if (count(&again, HTTP_F_HOST) != 1)
		return "there is not one Host";
	if (!head->host.len)
		return NULL;
	if (!same_octets(base, head->host, out, again.host) || head->host_port != again.host_port)
		return "another host";
	return NULL;
}

static const char *request_differs(const struct http_head *head, const char *base,
				   const struct http_forward *fwd, const char *out, size_t n)
{
	const char *why;

	if (http1_parse_request(out, n, &limits, &again, &why))
		return why;
	if (!same_octets(base, head->method, out, again.method))
		return "another method";
	why = target_differs(head, base, fwd, out);
	if (!why)
		why = host_differs(head, base, out);
	if (!why)
		why = framing_differs(fwd, fwd->chunked, !fwd->chunked && !fwd->length);
	if (!why && again.te_trailers != head->te_trailers)
		why = "TE is another one";
	if (!why && http_max_forwards(head, base) > 0 &&
	    http_max_forwards(&again, out) != http_max_forwards(head, base) - 1)
		why = "Max-Forwards was not decremented";
	return why;
}

static const char *response_differs(const struct http_head *head, const char *base,
				    const struct http_forward *fwd, const char *out, size_t n)
{
	bool chunked = fwd->chunked && fwd->minor_peer && !no_body(head);
	const char *why;

	if (http1_parse_response(out, n, head->method_id, &limits, &again, &why))
		return why;
	if (again.status != head->status || !same_octets(base, head->reason, out, again.reason))
		return "another status";
	if (fwd->add_date && head->status >= 200 && !count(&again, HTTP_F_DATE))
		return "Date is missing";
	if (head->status < 200 || head->status == 204)
		if (count(&again, HTTP_F_CONTENT_LENGTH) || count(&again, HTTP_F_TRANSFER_ENCODING))
			return "it must have no framing field";
	if (count(&again, HTTP_F_CONTENT_LENGTH) > 1)
		return "there is more than one Content-Length";
	return framing_differs(fwd, chunked, no_body(head));
}

const char *forwarded_differs(const struct http_head *head, const char *base,
			      const struct http_forward *fwd, const char *out, size_t n)
{
	size_t from = 0;
	const char *why;

	if (http1_scan(out, n, &from) != n)
		return "its end is elsewhere";
	why = head->is_request ? request_differs(head, base, fwd, out, n) :
				 response_differs(head, base, fwd, out, n);
	if (why)
		return why;
	if (!again.minor || again.close_after)
		return "it is not a clean HTTP/1.1 message";
	if (head->status >= 200 || head->is_request)
		if (again.keep_alive != (fwd->keep_alive || fwd->upgrade) && again.body != HTTP_BODY_CLOSE)
			return "the connection is kept or closed otherwise";
	if (again.upgrade && !fwd->upgrade && head->status != 426)
		return "it asks for an upgrade";
	if (!colons_follow_names(out))
		return "there is white space before a colon";
	why = fields_differ(head, base, fwd, out);
	return why ? why : via_differs(fwd, out);
}

static const struct endpoint peer6 = {
	.addr = { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 9 } }, .port = 1234,
};

static const struct endpoint origin4 = {
	.addr = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } }, .port = 80,
};

bool forwarded_variant(const struct http_head *head, unsigned int i, struct http_forward *ret)
{
	if (i >= 24)
		return false;
	*ret = (struct http_forward){
		.peer = &peer6,
		.origin = &origin4,
		.via = i & 1 ? "tiphares" : NULL,
		.keep_alive = i & 2,
		.origin_form = i & 4,
		.forwarded = (uint8_t)(i / 8),
		.minor_peer = !(i & 4),
		.add_date = i & 1 ? 784111777 : 0,
		.chunked = head->body == HTTP_BODY_CHUNKED || (head->body == HTTP_BODY_CLOSE && i & 8),
		.length = head->body == HTTP_BODY_LENGTH,
		.trailers = head->body == HTTP_BODY_CHUNKED && !head->named && i & 2,
		.content_length = head->content_length,
		.upgrade = head->upgrade && i & 2,
	};
	return true;
}
