// SPDX-License-Identifier: GPL-2.0-only
/* A parsed head in words, for comparison with what a table expects. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cases.h"

static char words[65536 * 2];
static size_t words_len;

__attribute__((format(printf, 1, 2)))
static void say(const char *form, ...)
{
	va_list args;
	int n;

	va_start(args, form);
	n = vsnprintf(words + words_len, sizeof(words) - words_len, form, args);
	va_end(args);
	if (n > 0)
		words_len += (size_t)n;
	if (words_len >= sizeof(words))
		words_len = sizeof(words) - 1;
}

#define SPAN(s) (int)(s).len, buf + (s).off

static void say_request(const struct http_head *head, const char *buf)
{
	static const char *const forms[] = { "origin", "absolute", "authority", "asterisk" };

	say("%.*s %s", SPAN(head->method), forms[head->target_form]);
	say(" host=%.*s", SPAN(head->host));
	if (head->host_port)
		say(" port=%u", head->host_port);
	say(" path=%.*s", SPAN(head->path));
}

static void say_body(const struct http_head *head)
{
	switch (head->body) {
	case HTTP_BODY_NONE:
		break;
	case HTTP_BODY_LENGTH:
		say(" length=%llu", (unsigned long long)head->content_length);
		break;
	case HTTP_BODY_CHUNKED:
		say(" chunked");
		break;
	case HTTP_BODY_CLOSE:
		say(" until-close");
		break;
	}
}

/* Fields are shown as name=value, those of this hop in brackets. */
static void say_fields(const struct http_head *head, const char *buf)
{
	uint32_t i;

	for (i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (f->id == HTTP_F_HOST && !f->hop)
			continue;
		say(f->hop ? " [%.*s=%.*s]" : " %.*s=%.*s", SPAN(f->name), SPAN(f->value));
	}
}

const char *head_describe(const struct http_head *head, const char *buf)
{
	words_len = 0;
	if (head->is_request)
		say_request(head, buf);
	else
		say("%u \"%.*s\"", head->status, SPAN(head->reason));
	if (!head->minor)
		say(" 1.0");
	say_body(head);
	if (!head->keep_alive)
		say(" close");
	if (head->close_after)
		say(" close-after");
	if (head->expect_continue)
		say(" expect");
	if (head->upgrade)
		say(" upgrade");
	if (head->te_trailers)
		say(" trailers");
	if (head->n_fields)
		say(" |");
	say_fields(head, buf);
	return words;
}
