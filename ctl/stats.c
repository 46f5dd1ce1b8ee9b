// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl stats: every counter that is not zero, of the datapath and of the daemon. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static int run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "SCOPE", "PORT", "COUNTER", ">VALUE" };
	struct ctl_table *t;
	json_t *answer, *c;
	bool all = argc == 2 && !strcmp(argv[1], "all");
	size_t i;

	if (!all && ctl_no_args(argc, argv))
		return CTL_USAGE;
	answer = ctl_request(ctl, "GET", "/v1/stats");
	if (!answer)
		return CTL_FAILED;
	if (ctl->json) {
		ctl_print_json(answer);
		json_decref(answer);
		return CTL_OK;
	}
	t = ctl_table_new(titles, 4);
	json_array_foreach(json_object_get(answer, "counters"), i, c) {
		const char *port = ctl_string(c, "port");

		if (!ctl_number(c, "value") && !all)
			continue;
		ctl_table_cell(t, "%s", ctl_string(c, "scope"));
		ctl_table_cell(t, "%s", *port ? port : "-");
		ctl_table_cell(t, "%s", ctl_string(c, "name"));
		ctl_table_cell(t, "%lld", ctl_number(c, "value"));
	}
	ctl_table_print(t);
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_stats = {
	.name = "stats", .args = "[all]", .help = "counters that are not zero, or all of them", .run = run,
};
