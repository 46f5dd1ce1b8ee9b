// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl ports: the interception points that are in force. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

/* Values of an array, comma separated; "any" for an empty one. */
static void join(const json_t *array, const char *empty, char *buf, size_t size)
{
	size_t used = 0, i;
	json_t *v;

	snprintf(buf, size, "%s", empty);
	json_array_foreach(array, i, v) {
		int n = json_is_integer(v) ?
			snprintf(buf + used, size - used, "%s%lld", i ? "," : "",
				 (long long)json_integer_value(v)) :
			snprintf(buf + used, size - used, "%s%s", i ? "," : "", json_string_value(v));

		if (n < 0 || used + (size_t)n >= size)
			return;
		used += (size_t)n;
	}
}

static void add_row(struct ctl_table *t, const json_t *p)
{
	const json_t *match = json_object_get(p, "match");
	char listen[256], dports[512], interfaces[512], bridges[512], senders[512];

	join(json_object_get(p, "listen"), "-", listen, sizeof(listen));
	join(json_object_get(match, "ports"), "-", dports, sizeof(dports));
	join(json_object_get(match, "interfaces"), "any", interfaces, sizeof(interfaces));
	join(json_object_get(match, "bridges"), "-", bridges, sizeof(bridges));
	join(json_object_get(p, "proxy_protocol"), "-", senders, sizeof(senders));
	ctl_table_cell(t, "%s", ctl_string(p, "name"));
	ctl_table_cell(t, "%s", ctl_string(p, "mode"));
	ctl_table_cell(t, "%s", ctl_string(p, "protocol"));
	ctl_table_cell(t, "%s", listen);
	ctl_table_cell(t, "%s", dports);
	ctl_table_cell(t, "%s", interfaces);
	ctl_table_cell(t, "%s", bridges);
	ctl_table_cell(t, "%s", ctl_string(p, "source_port"));
	ctl_table_cell(t, "%s/%s", ctl_string(p, "on_failure"), ctl_string(p, "on_overload"));
	ctl_table_cell(t, "%s", senders);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "NAME", "MODE", "PROTOCOL", "LISTEN", "PORTS",
					      "INTERFACES", "BRIDGES", "SOURCE PORT", "FAILURE/OVERLOAD", "PROXY FROM" };
	struct ctl_table *t;
	json_t *answer, *p;
	size_t i;

	if (ctl_no_args(argc, argv))
		return CTL_USAGE;
	answer = ctl_request(ctl, "GET", "/v1/ports");
	if (!answer)
		return CTL_FAILED;
	if (ctl->json) {
		ctl_print_json(answer);
	} else {
		t = ctl_table_new(titles, sizeof(titles) / sizeof(*titles));
		json_array_foreach(json_object_get(answer, "ports"), i, p)
			add_row(t, p);
		ctl_table_print(t);
	}
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_ports = {
	.name = "ports", .args = "", .help = "the ports in force: mode, match, policies", .run = run,
};
