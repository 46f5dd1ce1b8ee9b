// SPDX-License-Identifier: GPL-2.0-only
/* What an exchange leaves behind: a line in the access log, durations, an entry of what was decided lately. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "exchange.h"

#define RAW_SHOWN 256	/* octets of something that is not a request */
#define VERSION_LEN 9	/* " HTTP/1.1" */

/* NULL: what would be noted is not worth it now. */
static char *text_room(struct session *s, size_t n)
{
	struct buf_pool *pool = &s->thread->bufs;
	struct exchange *x = s->x;

	if (n <= sizeof(x->text))
		return x->text;
	if (!buf_pool_count(pool, n))
		return NULL;
	x->heap_text = malloc(n);
	x->heap_len = n;
	if (!x->heap_text)
		buf_pool_uncount(pool, n);
	return x->heap_text;
}

static const struct http_field *find_named(const struct http_head *head, const char *base,
					   const char *name, size_t len)
{
	for (uint32_t i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (f->id == HTTP_F_OTHER && f->name.len == len &&
		    !strncasecmp(base + f->name.off, name, len))
			return f;
	}
	return NULL;
}

void exchange_note(struct session *s, const struct http_head *head, const char *base)
{
	const struct http_field *referer = find_named(head, base, "Referer", 7);
	const struct http_field *agent = find_named(head, base, "User-Agent", 10);
	uint32_t line = head->target.off + head->target.len + VERSION_LEN - head->method.off;
	uint32_t n_referer = referer ? referer->value.len : 0;
	uint32_t n_agent = agent ? agent->value.len : 0;
	struct exchange *x = s->x;
	char *text = text_room(s, (size_t)line + n_referer + n_agent);

	if (!text)
		return;
	memcpy(text, base + head->method.off, line);
	if (referer)
		memcpy(text + line, base + referer->value.off, n_referer);
	if (agent)
		memcpy(text + line + n_referer, base + agent->value.off, n_agent);
	x->line_len = line;
	x->referer_len = n_referer;
	x->agent_len = n_agent;
}

void exchange_note_raw(struct session *s, const char *base, size_t len)
{
	const char *end = memchr(base, '\n', len);
	struct exchange *x = s->x;

	if (end)
		len = (size_t)(end - base);
	if (len && base[len - 1] == '\r')
		len--;
	x->line_len = (uint32_t)(len < RAW_SHOWN ? len : RAW_SHOWN);
	memcpy(x->text, base, x->line_len);
}

void exchange_log(struct session *s)
{
	static const struct endpoint none;
	const struct exchange *x = s->x;
	const char *text = x->heap_text ? x->heap_text : x->text;
	uint64_t now = s->thread->loop.now_us;
	const struct access_entry e = {
		.port = s->port,
		.client = &s->address,
		.original = &s->original,
		.source = x->connected_us ? &x->source : &none,
		.upstream = x->connected_us ? &x->hops[x->hop] : &none,
		.line = text,
		.referer = text + x->line_len,
		.agent = text + x->line_len + x->referer_len,
		.line_len = x->line_len,
		.referer_len = x->referer_len,
		.agent_len = x->agent_len,
		.status = x->status,
		.received = x->head_octets + x->request.received,
		.sent = x->response.sent,
		.total_us = now - x->began_us,
		.connect_us = x->connected_us ? x->connected_us - x->began_us : 0,
		.first_us = x->first_us ? x->first_us - x->began_us : 0,
		.result = x->result,
		.rule = x->rule,
		.hello = x->hello,
		.reused = x->reused,
	};

	accesslog_line(&s->thread->log, &s->setup->conf->log, s->thread->loop.wall, &e);
}

/* A relay is as long as its client likes: only its connect says something. */
void exchange_count(struct session *s)
{
	struct histogram *h = s->setup->ports[s->port->index]->durations;
	const struct exchange *x = s->x;

	if (x->connected_us && !x->reused)
		histogram_add(&h[DURATION_CONNECT], x->connected_us - x->began_us);
	if (x->first_us)
		histogram_add(&h[DURATION_FIRST], x->first_us - x->began_us);
	if (x->status)
		histogram_add(&h[DURATION_TOTAL], s->thread->loop.now_us - x->began_us);
}

/* One line of ASCII, whatever a client sent. */
static void copy_subject(char *ret, const char *line, size_t len)
{
	size_t n = len < RECENT_SUBJECT - 1 ? len : RECENT_SUBJECT - 1;

	memcpy(ret, line, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)ret[i] < ' ' || (unsigned char)ret[i] >= 0x7f)
			ret[i] = '?';
	ret[n] = '\0';
}

void exchange_remember(struct session *s)
{
	struct recent_entry *e = recent_add(&s->thread->recent);
	const struct exchange *x = s->x;

	e->order_us = s->thread->loop.now_us;
	e->at = s->thread->loop.wall;
	e->total_us = s->thread->loop.now_us - x->began_us;
	e->client = s->address;
	e->original = s->original;
	if (x->connected_us)
		e->upstream = x->hops[x->hop];
	e->status = x->status;
	e->mode = s->port->mode;
	e->result = x->result;
	snprintf(e->port, sizeof(e->port), "%s", s->port->name);
	if (x->rule && x->rule->name[0])
		snprintf(e->rule, sizeof(e->rule), "%s", x->rule->name);
	else if (x->rule)
		snprintf(e->rule, sizeof(e->rule), "#%u", x->rule->index + 1);
	copy_subject(e->subject, x->heap_text ? x->heap_text : x->text, x->line_len);
}
