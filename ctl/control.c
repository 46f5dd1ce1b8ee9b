// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl reload, drain and upgrade: requests that change the daemon's state. */
#include <stdio.h>

#include "ctl.h"

static int post(const struct ctl *ctl, int argc, char **argv, const char *path, const char *done)
{
	json_t *answer;

	if (ctl_no_args(argc, argv))
		return CTL_USAGE;
	answer = ctl_request(ctl, "POST", path);
	if (!answer)
		return CTL_FAILED;
	if (ctl->json)
		ctl_print_json(answer);
	else
		puts(done);
	json_decref(answer);
	return CTL_OK;
}

static int reload(const struct ctl *ctl, int argc, char **argv)
{
	return post(ctl, argc, argv, "/v1/reload", "reload requested; the log and 'status' tell how it went");
}

static int drain(const struct ctl *ctl, int argc, char **argv)
{
	return post(ctl, argc, argv, "/v1/drain", "draining: nothing new is accepted, open sessions finish");
}

static int upgrade(const struct ctl *ctl, int argc, char **argv)
{
	return post(ctl, argc, argv, "/v1/upgrade", "upgrade requested; the log and 'status' tell how it went");
}

const struct ctl_command ctl_reload = {
	.name = "reload", .args = "", .help = "read the configuration again; a bad one changes nothing",
	.run = reload,
};

const struct ctl_command ctl_drain = {
	.name = "drain", .args = "", .help = "accept nothing new, exit after the last session", .run = drain,
};

const struct ctl_command ctl_upgrade = {
	.name = "upgrade", .args = "", .help = "start the installed program, which takes over without losing a connection",
	.run = upgrade,
};
