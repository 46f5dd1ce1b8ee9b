// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl flows: the client connections that are open now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static const char *client, *destination, *port, *state, *sort, *limit;
static const struct ctl_arg known[] = {
	{ "client", &client }, { "destination", &destination }, { "port", &port }, { "state", &state },
	{ "sort", &sort }, { "limit", &limit }, { NULL, NULL },
};

/* What to sort by, the largest first. */
static const char *const sorts[][2] = {
	{ "age", "age_ms" }, { "in", "bytes_in" }, { "out", "bytes_out" }, { "requests", "requests" },
	{ "bytes", NULL },
};
#define N_SORTS (sizeof(sorts) / sizeof(sorts[0]))

static int sort_index(void)
{
	for (size_t i = 0; sort && i < N_SORTS; i++)
		if (!strcmp(sort, sorts[i][0]))
			return (int)i;
	return -1;
}

static long long weight(const json_t *f)
{
	const char *key = sorts[sort_index()][1];

	return key ? ctl_number(f, key) : ctl_number(f, "bytes_in") + ctl_number(f, "bytes_out");
}

static int by_weight(const void *a, const void *b)
{
	long long x = weight(*(json_t *const *)a), y = weight(*(json_t *const *)b);

	return x > y ? -1 : x < y;
}

static bool wanted(const json_t *f)
{
	return (!client || ctl_in_prefix(client, ctl_string(f, "client"))) &&
	       (!destination || ctl_in_prefix(destination, ctl_string(f, "destination"))) &&
	       (!port || !strcmp(port, ctl_string(f, "port"))) &&
	       (!state || !strcmp(state, ctl_string(f, "state")));
}

/* @answer's flows become those that are wanted, in the order that is. */
static void choose(json_t *answer, unsigned long max)
{
	json_t *flows = json_object_get(answer, "flows"), *f, *chosen = json_array();
	json_t **v = calloc(json_array_size(flows) + 1, sizeof(json_t *));
	size_t n = 0, i;

	json_array_foreach(flows, i, f)
		if (v && wanted(f))
			v[n++] = f;
	if (sort && n)
		qsort(v, n, sizeof(json_t *), by_weight);
	for (i = 0; i < n && i < max; i++)
		json_array_append(chosen, v[i]);
	free(v);
	json_object_set_new(answer, "flows", chosen);
}

static void add_row(struct ctl_table *t, const json_t *f)
{
	ctl_table_cell(t, "%s", ctl_string(f, "client"));
	ctl_table_cell(t, "%s", ctl_string(f, "destination"));
	ctl_table_cell(t, "%s", *ctl_string(f, "source") ? ctl_string(f, "source") : "-");
	ctl_table_cell(t, "%s", *ctl_string(f, "upstream") ? ctl_string(f, "upstream") : "-");
	ctl_table_cell(t, "%s", ctl_string(f, "port"));
	ctl_table_cell(t, "%s", ctl_string(f, "mode"));
	ctl_table_cell(t, "%s", ctl_string(f, "state"));
	ctl_table_cell(t, "%lld", ctl_number(f, "requests"));
	ctl_table_cell(t, "%lld", ctl_number(f, "bytes_in"));
	ctl_table_cell(t, "%lld", ctl_number(f, "bytes_out"));
	ctl_table_cell(t, "%.1f", (double)ctl_number(f, "age_ms") / 1000);
}

static void print(const json_t *answer)
{
	static const char *const titles[] = { "CLIENT", "DESTINATION", "SOURCE", "UPSTREAM", "PORT", "MODE",
					      "STATE", ">REQUESTS", ">IN", ">OUT", ">AGE s" };
	struct ctl_table *t = ctl_table_new(titles, sizeof(titles) / sizeof(titles[0]));
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(answer, "flows"), i, f)
		add_row(t, f);
	ctl_table_print(t);
	if (json_is_true(json_object_get(answer, "truncated")))
		fprintf(stderr, "tipharesctl: there are more connections than the daemon tells at once\n");
}

static int check_args(unsigned long *max)
{
	if (ctl_check_prefix("client", client) || ctl_check_prefix("destination", destination) ||
	    ctl_arg_number("limit", limit, 1, 1000000, max))
		return CTL_USAGE;
	if (sort && sort_index() < 0) {
		fprintf(stderr, "tipharesctl: sort must be age, in, out, bytes or requests, not '%s'\n", sort);
		return CTL_USAGE;
	}
	return CTL_OK;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	unsigned long max = 1000000;
	json_t *answer;

	if (ctl_args(argc, argv, 1, known) || check_args(&max))
		return CTL_USAGE;
	answer = ctl_request(ctl, "GET", "/v1/flows");
	if (!answer)
		return CTL_FAILED;
	choose(answer, max);
	if (ctl->json)
		ctl_print_json(answer);
	else
		print(answer);
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_flows = {
	.name = "flows", .args = "[KEY=VALUE...]", .run = run,
	.help = "client connections that are open now, with both legs",
};
