// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl log-level: what the daemon's own log says, until the next reload. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static int run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	char path[64] = "/v1/log-level";
	json_t *answer;
	size_t i = 0;

	if (argc > 2) {
		fprintf(stderr, "tipharesctl: usage: log-level [error|warning|info|debug]\n");
		return CTL_USAGE;
	}
	while (argc == 2 && i < 4 && strcmp(levels[i], argv[1]))
		i++;
	if (i == 4) {
		fprintf(stderr, "tipharesctl: '%s' is none of error, warning, info, debug\n", argv[1]);
		return CTL_USAGE;
	}
	if (argc == 2)
		snprintf(path, sizeof(path), "/v1/log-level/set?level=%s", levels[i]);
	answer = ctl_request(ctl, argc == 2 ? "POST" : "GET", path);
	if (!answer)
		return CTL_FAILED;
	if (ctl->json)
		ctl_print_json(answer);
	else if (argc == 2)
		printf("%s, until the next reload\n", levels[i]);
	else
		puts(ctl_string(answer, "level"));
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command ctl_log_level = {
	.name = "log-level", .args = "[error|warning|info|debug]", .run = run,
	.help = "what the daemon's own log says, until the next reload",
};
