// SPDX-License-Identifier: GPL-2.0-only
/* llhttp as a second opinion about a message. */
#include "oracle.h"

#include <llhttp.h>
#include <stdio.h>
#include <string.h>

static void add(struct oracle *o, const char *s, size_t n)
{
	if (n > sizeof(o->text) - o->text_len)
		n = sizeof(o->text) - o->text_len;
	memcpy(o->text + o->text_len, s, n);
	o->text_len += n;
}

static int on_text(llhttp_t *parser, const char *s, size_t n)
{
	add(parser->data, s, n);
	return 0;
}

static int on_method_complete(llhttp_t *parser)
{
	add(parser->data, " ", 1);
	return 0;
}

static int on_line_complete(llhttp_t *parser)
{
	add(parser->data, "\n", 1);
	return 0;
}

static int on_name_complete(llhttp_t *parser)
{
	struct oracle *o = parser->data;

	add(o, ": ", 2);
	o->value = o->text_len;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int on_status_complete(llhttp_t *parser)
{
	struct oracle *o = parser->data;
	char digits[16];

	o->text_len = 0;
	add(o, digits, (size_t)snprintf(digits, sizeof(digits), "%u\n", parser->status_code));
	return 0;
}

static int on_value_complete(llhttp_t *parser)
{
	struct oracle *o = parser->data;

	while (o->text_len > o->value && is_blank(o->text[o->text_len - 1]))
		o->text_len--;
	return on_line_complete(parser);
}

static int on_headers_complete(llhttp_t *parser)
{
	struct oracle *o = parser->data;

	o->chunked = parser->flags & F_CHUNKED;
	o->has_length = parser->flags & F_CONTENT_LENGTH;
	o->content_length = parser->content_length;
	o->upgrade = parser->upgrade;
	o->keep_alive = llhttp_should_keep_alive(parser);
	return 0;
}

static int on_body(llhttp_t *parser, const char *s, size_t n)
{
	struct oracle *o = parser->data;

	if (n > sizeof(o->body) - o->body_len)
		n = sizeof(o->body) - o->body_len;
	memcpy(o->body + o->body_len, s, n);
	o->body_len += n;
	return 0;
}

static int on_message_complete(llhttp_t *parser)
{
	struct oracle *o = parser->data;

	o->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_method = on_text,
	.on_method_complete = on_method_complete,
	.on_url = on_text,
	.on_url_complete = on_line_complete,
	.on_status_complete = on_status_complete,
	.on_header_field = on_text,
	.on_header_field_complete = on_name_complete,
	.on_header_value = on_text,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void run(struct oracle *o, llhttp_type_t type, const char *buf, size_t len)
{
	llhttp_settings_t mutable_settings = settings;
	llhttp_errno_t err;
	llhttp_t parser;

	memset(o, 0, offsetof(struct oracle, text));
	llhttp_init(&parser, type, &mutable_settings);
	parser.data = o;
	err = llhttp_execute(&parser, buf, len);
	o->ok = err == HPE_OK || err == HPE_PAUSED || err == HPE_PAUSED_UPGRADE;
	o->error = llhttp_errno_name(err);
}

void oracle_request(struct oracle *ret, const char *buf, size_t len)
{
	run(ret, HTTP_REQUEST, buf, len);
}

void oracle_response(struct oracle *ret, const char *buf, size_t len)
{
	run(ret, HTTP_RESPONSE, buf, len);
}

struct text {
	char *p;
	size_t len;
};

static void put(struct text *t, const char *s, size_t n)
{
	memcpy(t->p + t->len, s, n);
	t->len += n;
}

static void put_span(struct text *t, const char *base, struct http_span s)
{
	put(t, base + s.off, s.len);
}

/* A method that llhttp knows for HTTP; it refuses all others. */
static bool is_common(const char *method, size_t len)
{
	static const char *const names[] = { "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS",
					     "PATCH", "POST", "PUT", "TRACE" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && !memcmp(names[i], method, len))
			return true;
	return false;
}

static void put_method(struct text *t, const struct http_head *head, const char *buf)
{
	if (is_common(buf + head->method.off, head->method.len))
		put_span(t, buf, head->method);
	else
		put(t, "GET", 3);
}

static uint32_t line_start(const struct http_head *head, uint32_t i)
{
	return i < head->n_fields ? head->fields[i].name.off : head->head_len - 2;
}

static void put_range(struct text *t, const char *buf, uint32_t from, uint32_t to)
{
	put(t, buf + from, to - from);
}

/* The first line and what stands before it, with a method and version that llhttp knows. */
static void put_first_line(struct text *t, const struct http_head *head, const char *buf)
{
	uint32_t digit = 7;

	if (head->is_request) {
		uint32_t behind = head->method.off + head->method.len;

		put_range(t, buf, 0, head->method.off);
		put_method(t, head, buf);
		digit = head->target.off + head->target.len + 8;
		put_range(t, buf, behind, digit);
	} else {
		put_range(t, buf, 0, digit);
	}
	put(t, head->minor ? "1" : "0", 1);
	put_range(t, buf, digit + 1, line_start(head, 0));
}

/*
 * The value of a field as llhttp must see it: of a list that we understand and
 * it does not (an equal length more than once, empty elements around chunked),
 * what it comes to.
 */
static void put_value(struct text *t, const struct http_head *head, const char *buf,
		      const struct http_field *f)
{
	bool list = f->value.len && memchr(buf + f->value.off, ',', f->value.len);

	if (list && f->id == HTTP_F_CONTENT_LENGTH && !head->is_request)
		t->len += (size_t)sprintf(t->p + t->len, "%llu",
					  (unsigned long long)head->content_length);
	else if (list && f->id == HTTP_F_TRANSFER_ENCODING && head->body == HTTP_BODY_CHUNKED)
		put(t, "chunked", 7);
	else
		put_span(t, buf, f->value);
}

/* Is it the repetition of a response's length, which llhttp must not see? */
static bool is_repeated(const struct http_head *head, uint32_t i)
{
	return !head->is_request && head->fields[i].id == HTTP_F_CONTENT_LENGTH &&
	       http_head_find(head, HTTP_F_CONTENT_LENGTH) != &head->fields[i];
}

/* llhttp takes no HTAB behind the value of a framing field. */
static uint32_t value_end(const struct http_head *head, uint32_t i)
{
	const struct http_field *f = &head->fields[i];

	if (f->id == HTTP_F_CONTENT_LENGTH || f->id == HTTP_F_TRANSFER_ENCODING)
		return line_start(head, i + 1) - 2;
	return f->value.off + f->value.len;
}

/* Field lines as they came, but for put_value() and blanks before a response's colon. */
static void put_lines(struct text *t, const struct http_head *head, const char *buf)
{
	uint32_t i;

	for (i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];
		uint32_t colon = f->name.off + f->name.len;

		if (is_repeated(head, i))
			continue;
		put_span(t, buf, f->name);
		while (!head->is_request && buf[colon] != ':')
			colon++;
		put_range(t, buf, colon, f->value.off);
		put_value(t, head, buf, f);
		put_range(t, buf, value_end(head, i), line_start(head, i + 1));
	}
	put_range(t, buf, line_start(head, i), head->head_len);
}

/* What we understood, as struct oracle's text. */
static void put_understood(struct text *t, const struct http_head *head, const char *buf)
{
	uint32_t i;

	if (head->is_request) {
		put_method(t, head, buf);
		put(t, " ", 1);
		put_span(t, buf, head->target);
		put(t, "\n", 1);
	} else {
		t->len += (size_t)sprintf(t->p + t->len, "%u\n", head->status);
	}
	for (i = 0; i < head->n_fields; i++) {
		if (is_repeated(head, i))
			continue;
		put_span(t, buf, head->fields[i].name);
		put(t, ": ", 2);
		put_value(t, head, buf, &head->fields[i]);
		put(t, "\n", 1);
	}
}

static const char *compare_framing(const struct http_head *head, const struct oracle *o)
{
	bool length = o->has_length && !o->chunked;

	switch (head->body) {
	case HTTP_BODY_CHUNKED:
		return o->chunked ? NULL : "llhttp sees no chunked body";
	case HTTP_BODY_LENGTH:
		if (!length)
			return "llhttp sees no length";
		return o->content_length == head->content_length ? NULL : "another length";
	case HTTP_BODY_CLOSE:
		return length || o->chunked ? "llhttp sees a delimited body" : NULL;
	}
	if (head->is_request)
		return length || o->chunked ? "llhttp sees a body" : NULL;
	return NULL;	/* a response without one: its fields may say anything */
}

const char *oracle_compare(const struct http_head *head, const char *buf)
{
	static char message[2 * ORACLE_TEXT], expected[2 * ORACLE_TEXT];
	static struct oracle o;
	struct text m = { .p = message }, e = { .p = expected };

	if (head->head_len > ORACLE_TEXT / 2)
		return NULL;
	put_first_line(&m, head, buf);
	put_lines(&m, head, buf);
	put_understood(&e, head, buf);
	run(&o, head->is_request ? HTTP_REQUEST : HTTP_RESPONSE, message, m.len);
	/* two framing fields: we let Transfer-Encoding win, it gives up */
	if (!head->is_request && head->close_after)
		return NULL;
	if (!o.ok)
		return o.error;
	if (o.text_len != e.len || memcmp(o.text, expected, e.len))
		return "llhttp sees another message";
	return compare_framing(head, &o);
}
