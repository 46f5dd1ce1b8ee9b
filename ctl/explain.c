// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl explain: what would become of a connection, and what became of
 * those like it.
 *
 * The daemon tells both: the verdict it has from its datapath, which knows the
 * host's routing and the state of everything.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static const char *interface;
static const struct ctl_arg known[] = { { "interface", &interface }, { NULL, NULL } };

struct question {
	const char *source;
	char address[64];	/* of the destination */
	char port[8];
};

/* ADDR, ADDR:PORT, ADDR6 or [ADDR6]:PORT; port 80 where there is none. */
static bool parse_destination(const char *s, struct question *q)
{
	const char *end, *port = "80";

	if (*s == '[') {
		end = strchr(++s, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		if (end[1])
			port = end + 2;
	} else {
		end = strchr(s, ':');
		if (end && strchr(end + 1, ':'))
			end = NULL;
		if (end)
			port = end + 1;
		else
			end = s + strlen(s);
	}
	snprintf(q->address, sizeof(q->address), "%.*s", (int)(end - s), s);
	snprintf(q->port, sizeof(q->port), "%s", port);
	return strspn(port, "0123456789") == strlen(port) && *port && strlen(port) < 6 && atoi(port) <= 65535;
}

static bool is_address(const char *s)
{
	struct in6_addr any;

	return inet_pton(strchr(s, ':') ? AF_INET6 : AF_INET, s, &any) == 1;
}

static json_t *ask_daemon(const struct ctl *ctl, const struct question *q)
{
	bool v6 = strchr(q->address, ':');
	char path[256];

	snprintf(path, sizeof(path), "/v1/explain?source=%s&destination=%s%s%s:%s&interface=%s", q->source,
		 v6 ? "%5B" : "", q->address, v6 ? "%5D" : "", q->port, interface ? interface : "");
	return ctl_request(ctl, "GET", path);
}

/* "10.1.2.3 -> any port 80, manual, 17 s left" */
static void print_bypass(const json_t *e)
{
	const char *source = ctl_string(e, "source"), *destination = ctl_string(e, "destination");

	printf("  entry: %s -> %s", *source ? source : "any", *destination ? destination : "any");
	if (ctl_number(e, "port"))
		printf(" port %lld", ctl_number(e, "port"));
	if (json_object_get(e, "ttl_ms"))
		printf(", %s, %lld s left", ctl_string(e, "reason"), ctl_number(e, "ttl_ms") / 1000);
	puts("");
}

static void print_tried(const json_t *tried)
{
	json_t *v;
	size_t i;

	json_array_foreach(tried, i, v)
		printf("  port %s: %s\n", ctl_string(v, "port"), ctl_string(v, "why"));
}

static void print_lately(const json_t *a)
{
	const json_t *past = json_object_get(a, "past"), *recent = json_object_get(a, "recent");
	json_t *v;
	size_t i;

	if (json_array_size(past) || json_array_size(recent))
		puts("lately:");
	/* the newest comes first in one, last in the other */
	for (i = json_array_size(past); i-- > 0;) {
		v = json_array_get(past, i);
		printf("%.1f s ago %s from port %lld: %s: %s\n", (double)ctl_number(v, "age_ms") / 1e3,
		       ctl_string(v, "port"), ctl_number(v, "source_port"), ctl_string(v, "verdict"),
		       ctl_string(v, "why"));
	}
	json_array_foreach(recent, i, v)
		ctl_print_decision(v);
}

static void print(const struct question *q, const json_t *a)
{
	const char *verdict = ctl_string(a, "verdict"), *in = ctl_string(a, "interface");

	printf("%s -> %s port %s, in by %s: %s", q->source, q->address, q->port, *in ? in : "-", verdict);
	if (*ctl_string(a, "port"))
		printf(" by port %s", ctl_string(a, "port"));
	if (*ctl_string(a, "mode"))
		printf(" (%s)", ctl_string(a, "mode"));
	printf("\n  %s\n", ctl_string(a, "why"));
	if (json_is_object(json_object_get(a, "bypass")))
		print_bypass(json_object_get(a, "bypass"));
	print_tried(json_object_get(a, "tried"));
	print_lately(a);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	struct question q = { 0 };
	json_t *answer;

	if (argc < 3 || !parse_destination(argv[2], &q)) {
		fprintf(stderr, "tipharesctl: usage: explain SRC DST[:PORT] [interface=NAME]\n");
		return CTL_USAGE;
	}
	if (ctl_args(argc, argv, 3, known))
		return CTL_USAGE;
	q.source = argv[1];
	if (!is_address(q.source) || !is_address(q.address)) {
		fprintf(stderr, "tipharesctl: '%s': not an address\n", is_address(q.source) ? q.address : q.source);
		return CTL_USAGE;
	}
	answer = ask_daemon(ctl, &q);
	if (!answer)
		return CTL_FAILED;
	if (ctl->json)
		ctl_print_json(answer);
	else
		print(&q, answer);
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_explain = {
	.name = "explain", .args = "SRC DST[:PORT] [interface=NAME]", .run = run,
	.help = "would it be intercepted, why, and what was decided lately",
};
