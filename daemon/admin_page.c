// SPDX-License-Identifier: GPL-2.0-only
/*
 * The status page and what it shows, on the listener of the metrics.
 *
 * The page is one file without any other, and may fetch nothing but its events: the
 * policy that goes with it says so, with a nonce of its own for each answer. An
 * event is the whole state; a stream ends after one, and the browser comes again
 * after EVENT_MS, so that nobody's connection is kept.
 *
 * A browser that was led here under somebody else's name (DNS rebinding) is
 * refused: only addresses and "localhost" are names of ours.
 */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "admin_internal.h"

#define EVENT_MS 2000
#define TOP 10
#define RECENT_SHOWN 200
#define BYPASS_SHOWN 20
#define BYPASS_MS 5000
#define NONCE_MARK "@NONCE@"
#define NONCE_LEN 32

/* page.html, as "static const char page[]" */
#include "page.inc"

bool admin_page_allowed(struct MHD_Connection *c)
{
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	size_t len = host ? strlen(host) : 0;
	struct endpoint e;
	struct addr a;

	if (!host)
		return false;
	if (!strncmp(host, "localhost", 9) && (!host[9] || host[9] == ':'))
		return true;
	if (!endpoint_parse(host, len, &e) || !addr_parse(host, len, &a))
		return true;
	return *host == '[' && host[len - 1] == ']' && !addr_parse(host + 1, len - 2, &a);
}

/* 16 octets as hex digits */
static bool make_nonce(char *ret)
{
	unsigned char octets[NONCE_LEN / 2];

	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))
		return false;
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(ret + 2 * i, 3, "%02x", octets[i]);
	return true;
}

char *admin_page(size_t *len, char *policy, size_t size)
{
	char nonce[NONCE_LEN + 1], *text = NULL;
	const char *from = page, *mark;
	FILE *out;

	if (!make_nonce(nonce))
		return NULL;
	out = open_memstream(&text, len);
	if (!out)
		return NULL;
	for (; (mark = strstr(from, NONCE_MARK)); from = mark + strlen(NONCE_MARK)) {
		fwrite(from, 1, (size_t)(mark - from), out);
		fputs(nonce, out);
	}
	fputs(from, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	snprintf(policy, size,
		 "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; connect-src 'self'; "
		 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nonce, nonce);
	return text;
}

/* ---- events -------------------------------------------------------------- */

/* Connections of one client, or to one destination, that are open now. */
struct party {
	struct addr addr;
	uint64_t connections;
	uint64_t bytes;
};

static int by_addr(const void *a, const void *b)
{
	return memcmp(&((const struct party *)a)->addr, &((const struct party *)b)->addr, sizeof(struct addr));
}

static int by_bytes(const void *a, const void *b)
{
	const struct party *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : by_addr(a, b);
}

/* Those of the same address become one. Return: how many are left. */
static size_t merge(struct party *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), by_addr);
	for (size_t i = 0; i < n; i++) {
		if (!kept || by_addr(&v[kept - 1], &v[i])) {
			v[kept++] = v[i];
			continue;
		}
		v[kept - 1].connections += v[i].connections;
		v[kept - 1].bytes += v[i].bytes;
	}
	return kept;
}

static json_t *top(struct party *v, size_t n)
{
	char text[ENDPOINT_STRLEN];
	json_t *ret = json_array();

	n = merge(v, n);
	qsort(v, n, sizeof(*v), by_bytes);
	for (size_t i = 0; i < n && i < TOP; i++)
		json_array_append_new(ret, json_pack("{s:s, s:I, s:I}", "address",
						     addr_format(&v[i].addr, text, sizeof(text)), "connections",
						     (json_int_t)v[i].connections, "bytes", (json_int_t)v[i].bytes));
	return ret;
}

static json_t *parties(const struct admin *a, size_t n, bool clients)
{
	struct party *v = calloc(n + 1, sizeof(*v));
	json_t *ret;
	size_t kept = 0;

	for (size_t i = 0; v && i < n; i++) {
		const struct admin_flow *f = &a->flows[i];
		const struct addr *to = f->original.addr.family ? &f->original.addr : &f->upstream.addr;

		if (clients || to->family)
			v[kept++] = (struct party){ clients ? f->client.addr : *to, 1, f->received + f->sent };
	}
	ret = v ? top(v, kept) : json_array();
	free(v);
	return ret;
}

static uint64_t now_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The dynamic entries first; the list may be long, so it is not asked for by each event. */
static json_t *bypass(struct admin *a)
{
	uint64_t now = now_ms(CLOCK_MONOTONIC);
	json_t *all, *entries, *entry, *shown;
	size_t i;

	if (a->bypass && now < a->bypass_at + BYPASS_MS)
		return json_incref(a->bypass);
	all = admin_bypass(a);
	entries = json_object_get(all, "entries");
	shown = json_array();
	for (int dynamic = 1; dynamic >= 0; dynamic--)
		json_array_foreach(entries, i, entry)
			if (json_array_size(shown) < BYPASS_SHOWN &&
			    dynamic == !strcmp(json_string_value(json_object_get(entry, "kind")), "dynamic"))
				json_array_append(shown, entry);
	json_decref(all);
	json_decref(a->bypass);
	a->bypass = shown;
	a->bypass_at = now;
	return json_incref(shown);
}

char *admin_event(struct admin *a, size_t *len)
{
	json_t *ports = admin_ports(a), *stats = admin_stats(a), *status = admin_status(a), *event;
	size_t n = a->ops->flows(a->arg, a->flows, ADMIN_FLOWS_MAX);
	char *json, *text = NULL;
	int size = -1;

	event = json_pack("{s:I, s:I, s:o, s:O, s:O, s:o, s:o, s:o, s:o}", "at_ms",
			  (json_int_t)now_ms(CLOCK_MONOTONIC), "at", (json_int_t)time(NULL), "status", status, "ports",
			  json_object_get(ports, "ports"), "counters", json_object_get(stats, "counters"), "clients",
			  parties(a, n, true), "destinations", parties(a, n, false), "bypass", bypass(a), "recent",
			  admin_recent_last(a, RECENT_SHOWN));
	json = event ? json_dumps(event, JSON_COMPACT) : NULL;
	if (json)
		size = asprintf(&text, "retry: %d\ndata: %s\n\n", EVENT_MS, json);
	free(json);
	json_decref(event);
	json_decref(ports);
	json_decref(stats);
	*len = size < 0 ? 0 : (size_t)size;
	return size < 0 ? NULL : text;
}
