// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl explain: what would become of a connection, and what became of
 * those like it.
 *
 * The host's routing says whether the destination is its own and where the source
 * would come in; the daemon says what its ports make of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "route.h"

static const char *interface;
static const struct ctl_arg known[] = { { "interface", &interface }, { NULL, NULL } };

struct question {
	const char *source;
	char address[64];	/* of the destination */
	char port[8];
	char interface[IF_NAMESIZE];
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

static int refuse(const char *what, const char *s, int err)
{
	fprintf(stderr, "tipharesctl: %s '%s': %s\n", what, s,
		err == -EINVAL ? "not an address" : strerror(-err));
	return CTL_USAGE;
}

/* What the host decides before any port is asked: a verdict and why, or NULL. */
static const char *ask_host(struct question *q, const char **why, int *ret)
{
	struct route from = { 0 }, to = { 0 };
	int err = route_to(q->source, &from);

	if (err == -EINVAL || (err && !interface)) {
		*ret = refuse("source", q->source, err);
		return NULL;
	}
	snprintf(q->interface, sizeof(q->interface), "%s", interface ? interface : from.interface);
	err = route_to(q->address, &to);
	if (err == -EINVAL) {
		*ret = refuse("destination", q->address, err);
		return NULL;
	}
	if (err) {
		*why = "this host has no route to the destination";
		return "unroutable";
	}
	if (to.local) {
		*why = "the destination is this host itself";
		return "local";
	}
	if (from.local && !interface) {
		*why = "the source is this host itself: only what it forwards is intercepted";
		return "own";
	}
	return NULL;
}

static json_t *ask_daemon(const struct ctl *ctl, const struct question *q)
{
	bool v6 = strchr(q->address, ':');
	char path[256];

	snprintf(path, sizeof(path), "/v1/explain?source=%s&destination=%s%s%s:%s&interface=%s", q->source,
		 v6 ? "%5B" : "", q->address, v6 ? "%5D" : "", q->port, q->interface);
	return ctl_request(ctl, "GET", path);
}

static void print(const struct question *q, const json_t *a)
{
	const char *verdict = ctl_string(a, "verdict"), *why = ctl_string(a, "why");
	double sample = json_number_value(json_object_get(a, "sample"));
	json_t *v;
	size_t i;

	printf("%s -> %s port %s, in by %s: %s", q->source, q->address, q->port,
	       *q->interface ? q->interface : "-", verdict);
	if (*ctl_string(a, "port"))
		printf(" by port %s (%s)", ctl_string(a, "port"), ctl_string(a, "mode"));
	if (!strcmp(verdict, "intercepted") && sample < 100)
		printf(", if the client is among %g%%", sample);
	puts("");
	if (*why)
		printf("  %s\n", why);
	if (!strcmp(verdict, "unmatched"))
		puts("  no port matches: it is forwarded");
	json_array_foreach(json_object_get(a, "tried"), i, v)
		printf("  port %s: %s\n", ctl_string(v, "port"), ctl_string(v, "why"));
	if (json_array_size(json_object_get(a, "recent")))
		puts("lately:");
	json_array_foreach(json_object_get(a, "recent"), i, v)
		ctl_print_decision(v);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	const char *verdict, *why = "";
	struct question q = { 0 };
	int ret = CTL_OK;
	json_t *answer;

	if (argc < 3 || !parse_destination(argv[2], &q)) {
		fprintf(stderr, "tipharesctl: usage: explain SRC DST[:PORT] [interface=NAME]\n");
		return CTL_USAGE;
	}
	if (ctl_args(argc, argv, 3, known))
		return CTL_USAGE;
	q.source = argv[1];
	verdict = ask_host(&q, &why, &ret);
	if (ret)
		return ret;
	answer = ask_daemon(ctl, &q);
	if (!answer)
		return CTL_FAILED;
	if (verdict) {
		json_object_set_new(answer, "verdict", json_string(verdict));
		json_object_set_new(answer, "port", json_string(""));
		json_object_set_new(answer, "tried", json_array());
	}
	json_object_set_new(answer, "why", json_string(why));
	json_object_set_new(answer, "interface", json_string(q.interface));
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
