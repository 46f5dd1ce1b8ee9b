// SPDX-License-Identifier: GPL-2.0-only
/* The admin API's questions about decisions: what was decided lately, what would be. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_internal.h"
#include "explain.h"

static const char *argument(struct MHD_Connection *c, const char *name)
{
	const char *v = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	return v ? v : "";
}

static json_t *place(const struct endpoint *e)
{
	char text[ENDPOINT_STRLEN];

	return e->addr.family ? json_string(endpoint_format(e, text, sizeof(text))) : json_null();
}

static json_t *entry_object(const struct recent_entry *e)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:s, s:i, s:s, s:s, s:I}", "at", (json_int_t)e->at,
			 "port", e->port, "mode", conf_mode_name(e->mode), "client", place(&e->client),
			 "original", place(&e->original), "upstream", place(&e->upstream), "request",
			 e->subject, "status", (int)e->status, "result", e->result, "rule", e->rule,
			 "time_us", (json_int_t)e->total_us);
}

static int by_order(const void *a, const void *b)
{
	const struct recent_entry *x = a, *y = b;

	return x->order_us < y->order_us ? -1 : x->order_us > y->order_us;
}

/* "12.7.0": a number for each thread; what is missing is 0. */
static void parse_cursor(struct admin *a, const char *s)
{
	memset(a->cursor, 0, sizeof(a->cursor));
	for (unsigned int i = 0; i < a->threads && *s; i++) {
		char *end;

		a->cursor[i] = strtoull(s, &end, 10);
		s = *end ? end + 1 : end;
	}
}

static void format_cursor(const struct admin *a, char *ret, size_t size)
{
	size_t used = 0;

	for (unsigned int i = 0; i < a->threads && used < size; i++)
		used += (size_t)snprintf(ret + used, size - used, "%s%llu", i ? "." : "",
					 (unsigned long long)a->cursor[i]);
}

static size_t read_recent(struct admin *a, const char *cursor, uint64_t *lost)
{
	size_t n;

	parse_cursor(a, cursor);
	n = a->ops->recent(a->arg, a->cursor, a->recent, ADMIN_RECENT_MAX, lost);
	qsort(a->recent, n, sizeof(a->recent[0]), by_order);
	return n;
}

json_t *admin_recent(struct admin *a, struct MHD_Connection *c, const char **why)
{
	char cursor[ADMIN_THREADS_MAX * 21 + 1];
	json_t *entries = json_array();
	uint64_t lost = 0;
	size_t n = read_recent(a, argument(c, "after"), &lost);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(entries, entry_object(&a->recent[i]));
	format_cursor(a, cursor, sizeof(cursor));
	return json_pack("{s:o, s:s, s:I}", "recent", entries, "cursor", cursor, "lost", (json_int_t)lost);
}

json_t *admin_recent_last(struct admin *a, size_t max)
{
	json_t *entries = json_array();
	uint64_t lost;
	size_t n = read_recent(a, "", &lost);

	for (size_t i = n > max ? n - max : 0; i < n; i++)
		json_array_append_new(entries, entry_object(&a->recent[i]));
	return entries;
}

/* What was decided about this client and destination lately. */
static json_t *recent_of(struct admin *a, const struct explain_tuple *t)
{
	json_t *entries = json_array();
	uint64_t lost;
	size_t n = read_recent(a, "", &lost);

	for (size_t i = 0; i < n; i++) {
		const struct recent_entry *e = &a->recent[i];
		const struct endpoint *to = e->original.addr.family ? &e->original : &e->upstream;

		if (addr_equal(&e->client.addr, &t->source) && endpoint_equal(to, &t->destination))
			json_array_append_new(entries, entry_object(e));
	}
	return entries;
}

/* What the datapath says. Return: NULL, or why it can't. */
static const char *ask(struct admin *a, const struct explain_tuple *t, struct datapath_explanation *ret)
{
	struct channel_msg msg = { .kind = CHANNEL_EXPLAIN, .local.addr = t->source, .remote = t->destination };
	ssize_t got = 0;
	uint32_t n;
	int fd = -1, err;

	snprintf(msg.interface, sizeof(msg.interface), "%s", t->ifname);
	err = a->ops->ask(a->arg, &msg, &fd, &n);
	if (fd >= 0) {
		got = pread(fd, ret, sizeof(*ret), 0);
		close(fd);
	}
	switch (-err) {
	case 0:
		return got == sizeof(*ret) ? NULL : "the parent process does not answer";
	case ENODEV:
		return "there is no such interface";
	case EHOSTUNREACH:
		return "this host has no route to the source: say by which interface it comes in";
	case EBUSY:
		return "nothing is intercepted by this daemon now";
	case ETIMEDOUT:
	case EAGAIN:
		return "the parent process does not answer";
	default:
		return "the datapath can't say";
	}
}

static json_t *past_of(const struct datapath_explanation *x)
{
	json_t *past = json_array();

	for (uint32_t i = 0; i < x->n_past && i < DATAPATH_PAST_MAX; i++) {
		const struct datapath_past *p = &x->past[i];

		json_array_append_new(past, json_pack("{s:s, s:s, s:s, s:i, s:I}", "verdict", p->verdict, "why",
						      explain_verdict(p->verdict), "port", p->port, "source_port",
						      (int)p->sport, "age_ms", (json_int_t)p->age_ms));
	}
	return past;
}

static bool parse_tuple(struct MHD_Connection *c, struct explain_tuple *ret, const char **why)
{
	const char *source = argument(c, "source"), *destination = argument(c, "destination");

	ret->ifname = argument(c, "interface");
	if (addr_parse(source, strlen(source), &ret->source))
		*why = "source must be an address";
	else if (endpoint_parse(destination, strlen(destination), &ret->destination))
		*why = "destination must be ADDR:PORT, or [ADDR6]:PORT";
	else if (ret->source.family != ret->destination.addr.family)
		*why = "source and destination are of different families";
	else if (!ret->destination.port)
		*why = "a connection has a destination port";
	else if (strlen(ret->ifname) >= IF_NAMESIZE)
		*why = "there is no such interface";
	return !*why;
}

/* What speaks against the ports before the one that decided, or against all. */
static json_t *tried_by(const struct conf *conf, const struct explain_tuple *t, const char *port)
{
	json_t *tried = json_array();

	for (size_t i = 0; i < conf->n_ports; i++) {
		enum explain_why why = explain_port(&conf->ports[i], t);

		json_array_append_new(tried, json_pack("{s:s, s:b, s:s}", "port", conf->ports[i].name,
						       "matches", why == EXPLAIN_MATCH, "why",
						       explain_sentences[why]));
		if (why == EXPLAIN_MATCH || !strcmp(conf->ports[i].name, port))
			break;
	}
	return tried;
}

json_t *admin_explain(struct admin *a, struct MHD_Connection *c, const char **why)
{
	struct datapath_explanation x = { 0 };
	const struct conf_port *port;
	struct explain_tuple t = { 0 };
	struct conf *conf;
	json_t *ret;

	if (!parse_tuple(c, &t, why))
		return NULL;
	*why = ask(a, &t, &x);
	conf = *why ? NULL : a->ops->conf(a->arg);
	if (!*why && !conf)
		*why = "no configuration is in force yet";
	if (*why)
		return NULL;
	t.ifname = x.interface;
	port = conf_port_by_name(conf, x.port);
	ret = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:o, s:o, s:o, s:o}", "verdict", x.verdict, "why",
			explain_verdict(x.verdict), "interface", x.interface, "port", x.port, "mode",
			port ? conf_mode_name(port->mode) : "", "sample", port ? port->sample / 100.0 : 100.0, "bypass",
			x.bypassed ? admin_bypass_entry(&x.bypass) : json_null(), "tried", tried_by(conf, &t, x.port),
			"past", past_of(&x), "recent", recent_of(a, &t));
	conf_put(conf);
	return ret;
}
