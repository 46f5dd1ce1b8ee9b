// SPDX-License-Identifier: GPL-2.0-only
/* Printing what the daemon decided: for events and explain. */
#include <stdio.h>
#include <time.h>

#include "ctl.h"

void ctl_print_decision(const json_t *e)
{
	time_t at = (time_t)ctl_number(e, "at");
	const char *to = ctl_string(e, "original"), *rule = ctl_string(e, "rule");
	char stamp[32];
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(stamp, sizeof(stamp), "%F %T", &tm);
	if (!*to)
		to = ctl_string(e, "upstream");
	printf("%s %s %s -> %s", stamp, ctl_string(e, "port"), ctl_string(e, "client"), *to ? to : "-");
	if (*ctl_string(e, "request"))
		printf(" \"%s\"", ctl_string(e, "request"));
	if (ctl_number(e, "status"))
		printf(" %lld", ctl_number(e, "status"));
	printf(" %s", ctl_string(e, "result"));
	if (*rule)
		printf(" (rule %s)", rule);
	printf(" %.3f s\n", (double)ctl_number(e, "time_us") / 1e6);
}
