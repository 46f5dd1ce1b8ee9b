// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl status: is it running, on what, and how well. */
#include <stdio.h>
#include <time.h>

#include "ctl.h"

static void print_uptime(long long started)
{
	long long s = (long long)time(NULL) - started;

	printf("uptime      %lldd %02lld:%02lld:%02lld\n", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	json_t *s;

	if (ctl_no_args(argc, argv))
		return CTL_USAGE;
	s = ctl_request(ctl, "GET", "/v1/status");
	if (!s)
		return CTL_FAILED;
	if (ctl->json) {
		ctl_print_json(s);
	} else {
		printf("version     %s\n", ctl_string(s, "version"));
		printf("datapath    %s (%s)\n", ctl_string(s, "datapath"), ctl_string(s, "datapath_why"));
		print_uptime(ctl_number(s, "started"));
		printf("worker      pid %lld, %lld threads, restarted %lld times\n", ctl_number(s, "pid"),
		       ctl_number(s, "threads"), ctl_number(s, "worker_restarts"));
		printf("confinement %s, violated %lld times\n", ctl_string(s, "confinement"),
		       ctl_number(s, "worker_violations"));
		printf("ports       %lld, generation %lld\n", ctl_number(s, "ports"),
		       ctl_number(s, "generation"));
		printf("sessions    %lld\n", ctl_number(s, "sessions"));
		printf("reloads     %lld, refused %lld\n", ctl_number(s, "reloads"),
		       ctl_number(s, "reload_failures"));
		printf("repairs     %lld\n", ctl_number(s, "repairs"));
	}
	json_decref(s);
	return CTL_OK;
}

const struct ctl_command ctl_status = {
	.name = "status", .args = "", .help = "the daemon's state in a few lines (the default)", .run = run,
};
