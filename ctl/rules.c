// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl rules: rules of access that decided something, and how often. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static int run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { ">RULE", "NAME", ">DECIDED", "WHAT" };
	bool all = argc == 2 && !strcmp(argv[1], "all");
	struct ctl_table *t;
	json_t *answer, *r;
	size_t i;

	if (!all && ctl_no_args(argc, argv))
		return CTL_USAGE;
	answer = ctl_request(ctl, "GET", "/v1/rules");
	if (!answer)
		return CTL_FAILED;
	if (ctl->json) {
		ctl_print_json(answer);
		json_decref(answer);
		return CTL_OK;
	}
	t = ctl_table_new(titles, 4);
	json_array_foreach(json_object_get(answer, "rules"), i, r) {
		const char *name = ctl_string(r, "name");

		if (!ctl_number(r, "decided") && !all)
			continue;
		ctl_table_cell(t, "#%lld", ctl_number(r, "number"));
		ctl_table_cell(t, "%s", *name ? name : "-");
		ctl_table_cell(t, "%lld", ctl_number(r, "decided"));
		ctl_table_cell(t, "%s", ctl_string(r, "rule"));
	}
	ctl_table_print(t);
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_rules = {
	.name = "rules", .args = "[all]", .help = "rules of access that decided something, or all of them", .run = run,
};
