// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl top: what moves now. Rates are differences of two looks at the
 * counters; who moves what comes from the open connections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

#define SHOWN 8		/* clients, destinations */
#define TALKERS_MAX 4096

static const char *interval, *frames;
static const struct ctl_arg known[] = { { "interval", &interval }, { "frames", &frames }, { NULL, NULL } };

/* One look at the daemon. */
struct look {
	struct timespec at;
	json_t *status;
	json_t *counters;
	json_t *flows;
	json_t *recent;
};

/* What one address moves, of all its connections. */
struct talker {
	char address[64];
	unsigned int flows;
	long long octets;
};

static void look_free(struct look *l)
{
	json_decref(l->status);
	json_decref(l->counters);
	json_decref(l->flows);
	json_decref(l->recent);
	*l = (struct look){ 0 };
}

static bool look_take(const struct ctl *ctl, struct look *l)
{
	clock_gettime(CLOCK_MONOTONIC, &l->at);
	l->status = ctl_request(ctl, "GET", "/v1/status");
	l->counters = l->status ? ctl_request(ctl, "GET", "/v1/stats") : NULL;
	l->flows = l->counters ? ctl_request(ctl, "GET", "/v1/flows") : NULL;
	l->recent = l->flows ? ctl_request(ctl, "GET", "/v1/recent") : NULL;
	return l->recent;
}

static double seconds_between(const struct look *a, const struct look *b)
{
	double s = (double)(b->at.tv_sec - a->at.tv_sec) + (double)(b->at.tv_nsec - a->at.tv_nsec) / 1e9;

	return s > 0.001 ? s : 0.001;
}

static long long counter_of(const struct look *l, const char *scope, const char *port, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(l->counters, "counters"), i, c)
		if (!strcmp(ctl_string(c, "scope"), scope) && !strcmp(ctl_string(c, "port"), port) &&
		    !strcmp(ctl_string(c, "name"), name))
			return ctl_number(c, "value");
	return 0;
}

static double rate(const struct look *a, const struct look *b, const char *port, const char *name)
{
	return (double)(counter_of(b, "daemon", port, name) - counter_of(a, "daemon", port, name)) /
	       seconds_between(a, b);
}

static void print_ports(const struct look *a, const struct look *b)
{
	static const char *const titles[] = { "PORT", ">CONN/s", ">REQ/s", ">IN KiB/s", ">OUT KiB/s" };
	struct ctl_table *t = ctl_table_new(titles, 5);
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(b->counters, "counters"), i, c) {
		const char *port = ctl_string(c, "port");

		if (strcmp(ctl_string(c, "name"), "port_requests"))
			continue;
		ctl_table_cell(t, "%s", port);
		ctl_table_cell(t, "%.1f", rate(a, b, port, "port_sessions_accepted"));
		ctl_table_cell(t, "%.1f", rate(a, b, port, "port_requests"));
		ctl_table_cell(t, "%.1f", rate(a, b, port, "port_client_received_bytes") / 1024);
		ctl_table_cell(t, "%.1f", rate(a, b, port, "port_client_sent_bytes") / 1024);
	}
	ctl_table_print(t);
}

/* Verdicts of the datapath and counters of the daemon that moved. */
static void print_verdicts(const struct look *a, const struct look *b)
{
	json_t *c;
	size_t i;
	int n = 0;

	printf("\nverdicts/s:");
	json_array_foreach(json_object_get(b->counters, "counters"), i, c) {
		const char *port = ctl_string(c, "port"), *name = ctl_string(c, "name");
		long long moved = ctl_number(c, "value") - counter_of(a, "datapath", port, name);

		if (strcmp(ctl_string(c, "scope"), "datapath") || moved <= 0)
			continue;
		printf(" %s%s%s %.1f", port, *port ? "/" : "", name, (double)moved / seconds_between(a, b));
		n++;
	}
	puts(n ? "" : " none");
}

static int by_time(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void print_latency(const struct look *b)
{
	json_t *recent = json_object_get(b->recent, "recent"), *e;
	long long *v = calloc(json_array_size(recent) + 1, sizeof(*v));
	size_t n = 0, half, most, i;

	json_array_foreach(recent, i, e)
		if (v && ctl_number(e, "status"))
			v[n++] = ctl_number(e, "time_us");
	if (n) {
		qsort(v, n, sizeof(*v), by_time);
		half = n / 2;
		most = n * 95 / 100;
		printf("last %zu exchanges: half within %.1f ms, 95%% within %.1f ms, longest %.1f ms\n", n,
		       (double)v[half] / 1000, (double)v[most] / 1000, (double)v[n - 1] / 1000);
	}
	free(v);
}

/* "10.0.0.1:5" and "[fd00::1]:5" without their port. */
static void cut_port(char *endpoint)
{
	char *end = strrchr(endpoint, ':');

	if (end)
		*end = '\0';
}

static size_t count_talkers(const struct look *b, const char *key, struct talker *v)
{
	char address[64];
	size_t n = 0, i, k;
	json_t *f;

	json_array_foreach(json_object_get(b->flows, "flows"), i, f) {
		snprintf(address, sizeof(address), "%s", ctl_string(f, key));
		cut_port(address);
		for (k = 0; k < n && strcmp(v[k].address, address); k++)
			;
		if (k == TALKERS_MAX)
			continue;
		if (k == n)
			snprintf(v[n++].address, sizeof(v[k].address), "%s", address);
		v[k].flows++;
		v[k].octets += ctl_number(f, "bytes_in") + ctl_number(f, "bytes_out");
	}
	return n;
}

static int by_octets(const void *a, const void *b)
{
	const struct talker *x = a, *y = b;

	return x->octets > y->octets ? -1 : x->octets < y->octets;
}

static void print_talkers(const struct look *b, const char *title, const char *key)
{
	const char *const titles[] = { title, ">CONNECTIONS", ">KiB" };
	struct talker *v = calloc(TALKERS_MAX, sizeof(*v));
	struct ctl_table *t = ctl_table_new(titles, 3);
	size_t n = v ? count_talkers(b, key, v) : 0;

	if (n)
		qsort(v, n, sizeof(*v), by_octets);
	for (size_t i = 0; i < n && i < SHOWN; i++) {
		ctl_table_cell(t, "%s", v[i].address);
		ctl_table_cell(t, "%u", v[i].flows);
		ctl_table_cell(t, "%lld", v[i].octets / 1024);
	}
	puts("");
	ctl_table_print(t);
	free(v);
}

static void print_frame(const struct look *a, const struct look *b)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	printf("tipharesd %s, %s, %s, %lld sessions\n\n", ctl_string(b->status, "version"),
	       ctl_string(b->status, "state"), ctl_string(b->status, "datapath"),
	       ctl_number(b->status, "sessions"));
	print_ports(a, b);
	print_verdicts(a, b);
	print_latency(b);
	print_talkers(b, "CLIENT", "client");
	print_talkers(b, "DESTINATION", "destination");
	fflush(stdout);
}

/* A frame as one line: what was counted since the last one. */
static void print_json(const struct look *a, const struct look *b)
{
	double seconds = seconds_between(a, b);
	json_t *moved = json_array(), *c, *frame;
	size_t i;

	json_array_foreach(json_object_get(b->counters, "counters"), i, c) {
		const char *scope = ctl_string(c, "scope"), *port = ctl_string(c, "port"), *name = ctl_string(c, "name");
		long long n = ctl_number(c, "value") - counter_of(a, scope, port, name);

		if (n)
			json_array_append_new(moved, json_pack("{s:s, s:s, s:s, s:I, s:f}", "scope", scope, "port", port,
							       "name", name, "moved", (json_int_t)n, "per_second",
							       (double)n / seconds));
	}
	frame = json_pack("{s:f, s:O, s:o, s:O}", "seconds", seconds, "status", b->status, "counters", moved, "flows",
			  json_object_get(b->flows, "flows"));
	json_dumpf(frame, stdout, JSON_COMPACT);
	puts("");
	fflush(stdout);
	json_decref(frame);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	unsigned long seconds = 2, left = ~0UL;
	struct look a = { 0 }, b = { 0 };
	bool good;

	if (ctl_args(argc, argv, 1, known) || ctl_arg_number("interval", interval, 1, 3600, &seconds) ||
	    ctl_arg_number("frames", frames, 1, ~0UL, &left))
		return CTL_USAGE;
	for (good = look_take(ctl, &a); good && left; left--) {
		sleep((unsigned int)seconds);
		good = look_take(ctl, &b);
		if (good)
			(ctl->json ? print_json : print_frame)(&a, &b);
		look_free(&a);
		a = b;
		b = (struct look){ 0 };
	}
	look_free(&a);
	return good ? CTL_OK : CTL_FAILED;
}

const struct ctl_command ctl_top = {
	.name = "top", .args = "[interval=S] [frames=N]", .run = run,
	.help = "what moves now: ports, verdicts, clients, destinations",
};
