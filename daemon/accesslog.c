// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formats of the access log. What a peer sent is escaped, so that one exchange
 * is one line whatever is in it, and shortened where it is absurdly long.
 */
#include "accesslog.h"

#include <stdlib.h>
#include <string.h>

#include "accesslog_writer.h"

#define LINE_SHOWN 8000		/* octets of a request line */
#define FIELD_SHOWN 1000	/* octets of Referer, User-Agent */

bool accesslog_wanted(const struct conf_log *conf)
{
	return conf->to && strcmp(conf->to, "off") && strcmp(conf->to, "/dev/null");
}

/* Where text goes; the chunk has room for the longest line. */
static void put(struct accesslog_chunk *c, const char *s, size_t n)
{
	memcpy(c->text + c->n, s, n);
	c->n += n;
}

static void put_str(struct accesslog_chunk *c, const char *s)
{
	put(c, s, strlen(s));
}

static void put_u64(struct accesslog_chunk *c, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(c, digits + n, sizeof(digits) - n);
}

/* Seconds with six decimals. */
static void put_us(struct accesslog_chunk *c, uint64_t us)
{
	char frac[8] = ".";

	put_u64(c, us / 1000000);
	us %= 1000000;
	for (int i = 6; i; i--, us /= 10)
		frac[i] = (char)('0' + us % 10);
	put(c, frac, 7);
}

static void put_endpoint(struct accesslog_chunk *c, const struct endpoint *e)
{
	char text[ENDPOINT_STRLEN];

	put_str(c, e && e->addr.family ? endpoint_format(e, text, sizeof(text)) : "-");
}

static void put_addr(struct accesslog_chunk *c, const struct addr *a)
{
	char text[ENDPOINT_STRLEN];

	put_str(c, addr_format(a, text, sizeof(text)));
}

/* Escape what isn't printable ASCII, quotes and backslashes as @lead XX. */
static void put_escaped(struct accesslog_chunk *c, const char *s, size_t n, size_t max,
			const char *lead)
{
	static const char hex[] = "0123456789abcdef";
	bool cut = n > max;

	for (size_t i = 0; i < (cut ? max : n); i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch >= ' ' && ch < 0x7f && ch != '"' && ch != '\\') {
			c->text[c->n++] = (char)ch;
			continue;
		}
		put_str(c, lead);
		c->text[c->n++] = hex[ch >> 4];
		c->text[c->n++] = hex[ch & 15];
	}
	if (cut)
		put_str(c, "...");
}

static void put_quoted(struct accesslog_chunk *c, const char *s, size_t n, size_t max)
{
	c->text[c->n++] = '"';
	if (n)
		put_escaped(c, s, n, max, "\\x");
	else
		c->text[c->n++] = '-';
	c->text[c->n++] = '"';
}

static const char *stamp(struct accesslog *log, time_t now)
{
	struct tm tm;

	if (log->stamp_of != now) {
		log->stamp_of = now;
		localtime_r(&now, &tm);
		strftime(log->stamp, sizeof(log->stamp), "%d/%b/%Y:%H:%M:%S %z", &tm);
	}
	return log->stamp;
}

/* Its name, or # and its number from 1; "-" for none. */
static void put_rule(struct accesslog_chunk *c, const struct conf_rule *rule)
{
	if (!rule) {
		put_str(c, "-");
	} else if (rule->name[0]) {
		put_str(c, rule->name);
	} else {
		put_str(c, "#");
		put_u64(c, rule->index + 1);
	}
}

/* Both are free of blanks and quotes; "-": none, "?": none that may be used. */
static void put_hello(struct accesslog_chunk *c, const struct tls_hello *hello)
{
	put_str(c, " tls=");
	put_str(c, tls_version_name(hello->version));
	put_str(c, " sni=");
	if (hello->name_len)
		put(c, hello->name, hello->name_len);
	else
		put_str(c, hello->name_state == TLS_NAME_NONE ? "-" : "?");
	put_str(c, " alpn=");
	if (hello->alpn_len)
		put(c, hello->alpn, hello->alpn_len);
	else
		put_str(c, "-");
	put_str(c, hello->ech ? " ech=1" : " ech=0");
}

/* What no other proxy's format has; at the end of the line formats. */
static void put_own(struct accesslog_chunk *c, const struct access_entry *e)
{
	put_str(c, " port=");
	put_str(c, e->port->name);
	put_str(c, " mode=");
	put_str(c, conf_mode_name(e->port->mode));
	put_str(c, " client=");
	put_endpoint(c, e->client);
	put_str(c, " original=");
	put_endpoint(c, e->original);
	put_str(c, " source=");
	put_endpoint(c, e->source);
	put_str(c, " upstream=");
	put_endpoint(c, e->upstream);
	put_str(c, e->reused ? " reused=1 in=" : " reused=0 in=");
	put_u64(c, e->received);
	put_str(c, " out=");
	put_u64(c, e->sent);
	put_str(c, " time=");
	put_us(c, e->total_us);
	put_str(c, " connect=");
	put_us(c, e->connect_us);
	put_str(c, " first=");
	put_us(c, e->first_us);
	put_str(c, " result=");
	put_str(c, e->result);
	put_str(c, " rule=");
	put_rule(c, e->rule);
	if (e->hello)
		put_hello(c, e->hello);
}

static void put_combined(struct accesslog *log, time_t now, const struct access_entry *e)
{
	struct accesslog_chunk *c = log->chunk;

	put_addr(c, &e->client->addr);
	put_str(c, " - - [");
	put_str(c, stamp(log, now));
	put_str(c, "] ");
	put_quoted(c, e->line, e->line_len, LINE_SHOWN);
	c->text[c->n++] = ' ';
	put_u64(c, e->status);
	c->text[c->n++] = ' ';
	put_u64(c, e->sent);
	c->text[c->n++] = ' ';
	put_quoted(c, e->referer, e->referer_len, FIELD_SHOWN);
	c->text[c->n++] = ' ';
	put_quoted(c, e->agent, e->agent_len, FIELD_SHOWN);
	put_own(c, e);
}

/* Method and target of the request line, "-" where it has none. */
static void put_squid_target(struct accesslog_chunk *c, const struct access_entry *e)
{
	const char *sp = e->line_len ? memchr(e->line, ' ', e->line_len) : NULL;
	const char *end = sp ? memrchr(sp + 1, ' ', e->line_len - (size_t)(sp + 1 - e->line)) : NULL;

	if (!end || end == sp + 1) {
		put_str(c, "- error:invalid-request");
		return;
	}
	put_escaped(c, e->line, (size_t)(end - e->line), LINE_SHOWN, "%");
}

static void put_squid(struct accesslog *log, time_t now, const struct access_entry *e)
{
	struct accesslog_chunk *c = log->chunk;

	put_u64(c, (uint64_t)now);
	put_str(c, ".000 ");
	put_u64(c, e->total_us / 1000);
	c->text[c->n++] = ' ';
	put_addr(c, &e->client->addr);
	put_str(c, e->upstream->addr.family ? " TCP_MISS/" : " NONE/");
	put_u64(c, e->status);
	c->text[c->n++] = ' ';
	put_u64(c, e->sent);
	c->text[c->n++] = ' ';
	put_squid_target(c, e);
	if (e->upstream->addr.family) {
		put_str(c, e->original->addr.family ? " - ORIGINAL_DST/" : " - HIER_DIRECT/");
		put_addr(c, &e->upstream->addr);
	} else {
		put_str(c, " - HIER_NONE/-");
	}
	put_str(c, " -");
	put_own(c, e);
}

static void put_json_text(struct accesslog_chunk *c, const char *name, const char *s, size_t n,
			  size_t max)
{
	put_str(c, ",\"");
	put_str(c, name);
	put_str(c, "\":\"");
	put_escaped(c, s, n, max, "\\u00");
	c->text[c->n++] = '"';
}

static void put_json_endpoint(struct accesslog_chunk *c, const char *name,
			      const struct endpoint *e)
{
	put_str(c, ",\"");
	put_str(c, name);
	if (!e->addr.family) {
		put_str(c, "\":null");
		return;
	}
	put_str(c, "\":\"");
	put_endpoint(c, e);
	c->text[c->n++] = '"';
}

static void put_json_u64(struct accesslog_chunk *c, const char *name, uint64_t v)
{
	put_str(c, ",\"");
	put_str(c, name);
	put_str(c, "\":");
	put_u64(c, v);
}

static void put_json_us(struct accesslog_chunk *c, const char *name, uint64_t us)
{
	put_str(c, ",\"");
	put_str(c, name);
	put_str(c, "\":");
	put_us(c, us);
}

static void put_json_rule(struct accesslog_chunk *c, const struct conf_rule *rule)
{
	put_str(c, ",\"rule\":");
	put_str(c, rule ? "\"" : "null");
	if (!rule)
		return;
	put_rule(c, rule);
	c->text[c->n++] = '"';
}

static void put_json_hello(struct accesslog_chunk *c, const struct tls_hello *hello)
{
	const char *version = tls_version_name(hello->version);

	put_json_text(c, "tls", version, strlen(version), FIELD_SHOWN);
	put_json_text(c, "sni", hello->name, hello->name_len, FIELD_SHOWN);
	put_json_text(c, "alpn", hello->alpn, hello->alpn_len, FIELD_SHOWN);
	put_str(c, hello->ech ? ",\"ech\":true" : ",\"ech\":false");
}

static void put_json(time_t now, struct accesslog_chunk *c, const struct access_entry *e)
{
	const char *mode = conf_mode_name(e->port->mode);

	put_str(c, "{\"at\":");
	put_u64(c, (uint64_t)now);
	put_json_text(c, "port", e->port->name, strlen(e->port->name), FIELD_SHOWN);
	put_json_text(c, "mode", mode, strlen(mode), FIELD_SHOWN);
	put_json_endpoint(c, "client", e->client);
	put_json_endpoint(c, "original", e->original);
	put_json_endpoint(c, "source", e->source);
	put_json_endpoint(c, "upstream", e->upstream);
	put_str(c, e->reused ? ",\"reused\":true" : ",\"reused\":false");
	put_json_text(c, "request", e->line, e->line_len, LINE_SHOWN);
	put_json_text(c, "referer", e->referer, e->referer_len, FIELD_SHOWN);
	put_json_text(c, "agent", e->agent, e->agent_len, FIELD_SHOWN);
	put_json_u64(c, "status", e->status);
	put_json_u64(c, "received", e->received);
	put_json_u64(c, "sent", e->sent);
	put_json_us(c, "time", e->total_us);
	put_json_us(c, "connect", e->connect_us);
	put_json_us(c, "first", e->first_us);
	put_json_text(c, "result", e->result, strlen(e->result), FIELD_SHOWN);
	put_json_rule(c, e->rule);
	if (e->hello)
		put_json_hello(c, e->hello);
	c->text[c->n++] = '}';
}

/* What a journal is asked by; a name of theirs is never what a peer sent. */
static void put_fields(struct accesslog_chunk *c, const struct access_entry *e)
{
	put_str(c, "\nTIPHARES_PORT=");
	put_str(c, e->port->name);
	put_str(c, "\nTIPHARES_MODE=");
	put_str(c, conf_mode_name(e->port->mode));
	put_str(c, "\nTIPHARES_CLIENT=");
	put_addr(c, &e->client->addr);
	put_str(c, "\nTIPHARES_ORIGINAL=");
	put_endpoint(c, e->original);
	put_str(c, "\nTIPHARES_UPSTREAM=");
	put_endpoint(c, e->upstream);
	put_str(c, "\nTIPHARES_STATUS=");
	put_u64(c, e->status);
	put_str(c, "\nTIPHARES_RESULT=");
	put_str(c, e->result);
	put_str(c, "\nTIPHARES_RULE=");
	put_rule(c, e->rule);
	put_str(c, "\nTIPHARES_BYTES_IN=");
	put_u64(c, e->received);
	put_str(c, "\nTIPHARES_BYTES_OUT=");
	put_u64(c, e->sent);
	put_str(c, "\nTIPHARES_TIME=");
	put_us(c, e->total_us);
	put_str(c, "\n");
}

#define WHOLE 10000

/* Every so-many-th of those that went well: what did not is what one looks for. */
static bool is_left_out(struct accesslog *log, const struct conf_log *conf, const struct access_entry *e)
{
	if (conf->sample == WHOLE || strcmp(e->result, "ok"))
		return false;
	log->share += conf->sample;
	if (log->share < WHOLE) {
		log->left_out++;
		return true;
	}
	log->share -= WHOLE;
	return false;
}

/* A chunk with room, of the kind that is wanted. */
static bool chunk_ready(struct accesslog *log, bool journal)
{
	if (log->chunk && log->chunk->journal != journal && log->chunk->n)
		accesslog_flush(log);
	if (!log->chunk)
		log->chunk = accesslog_chunk_get();
	if (log->chunk)
		log->chunk->journal = journal;
	return log->chunk;
}

void accesslog_line(struct accesslog *log, const struct conf_log *conf, time_t now, const struct access_entry *e)
{
	bool journal = conf->to && !strcmp(conf->to, "journal");

	if (is_left_out(log, conf, e))
		return;
	if (!chunk_ready(log, journal)) {
		log->dropped++;
		return;
	}
	if (journal)
		put_str(log->chunk, "MESSAGE=");
	if (conf->format == LOG_FORMAT_JSON)
		put_json(now, log->chunk, e);
	else if (conf->format == LOG_FORMAT_SQUID)
		put_squid(log, now, e);
	else
		put_combined(log, now, e);
	if (journal)
		put_fields(log->chunk, e);
	log->chunk->text[log->chunk->n++] = '\n';
	log->chunk->lines++;
	if (log->chunk->n >= CHUNK_FULL)
		accesslog_flush(log);
}

void accesslog_flush(struct accesslog *log)
{
	if (!log->chunk || !log->chunk->n)
		return;
	accesslog_chunk_submit(log->chunk);
	log->chunk = NULL;
}

void accesslog_destroy(struct accesslog *log)
{
	accesslog_flush(log);
	free(log->chunk);
	log->chunk = NULL;
}
