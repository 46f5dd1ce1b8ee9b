// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl flows: the client connections that are open now. */
#include <stdio.h>

#include "ctl.h"

static void add_row(struct ctl_table *t, const json_t *f)
{
	ctl_table_cell(t, "%s", ctl_string(f, "client"));
	ctl_table_cell(t, "%s", ctl_string(f, "destination"));
	ctl_table_cell(t, "%s", *ctl_string(f, "source") ? ctl_string(f, "source") : "-");
	ctl_table_cell(t, "%s", ctl_string(f, "port"));
	ctl_table_cell(t, "%s", ctl_string(f, "mode"));
	ctl_table_cell(t, "%s", ctl_string(f, "state"));
	ctl_table_cell(t, "%lld", ctl_number(f, "requests"));
	ctl_table_cell(t, "%lld", ctl_number(f, "bytes_in"));
	ctl_table_cell(t, "%lld", ctl_number(f, "bytes_out"));
	ctl_table_cell(t, "%.1f", (double)ctl_number(f, "age_ms") / 1000);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "CLIENT", "DESTINATION", "SOURCE", "PORT", "MODE", "STATE",
					      ">REQUESTS", ">IN", ">OUT", ">AGE s" };
	struct ctl_table *t;
	json_t *answer, *f;
	size_t i;

	if (ctl_no_args(argc, argv))
		return CTL_USAGE;
	answer = ctl_request(ctl, "GET", "/v1/flows");
	if (!answer)
		return CTL_FAILED;
	if (ctl->json) {
		ctl_print_json(answer);
	} else {
		t = ctl_table_new(titles, 10);
		json_array_foreach(json_object_get(answer, "flows"), i, f)
			add_row(t, f);
		ctl_table_print(t);
	}
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_flows = {
	.name = "flows", .args = "", .help = "client connections that are open now, with both legs", .run = run,
};
