/* SPDX-License-Identifier: GPL-2.0-only */
/* The privileged parent process: owns the interception, supervises the worker. */
#ifndef TIPHARES_PARENT_H
#define TIPHARES_PARENT_H

#include <stdbool.h>

#include "conf.h"
#include "datapath.h"

/**
 * struct parent_args - what main.c decided
 * @path: of the configuration, read again on SIGHUP
 * @conf: the first configuration; the caller's reference is consumed
 * @ops: datapath in use
 * @why: why it was taken, for tipharesctl
 * @admin: path of the admin socket instead of the configured one, or NULL
 * @foreground: do not go to the background when ready
 * @takeover: replace the daemon that serves this network namespace, if any
 * @argv: of the program, ended by NULL
 */
struct parent_args {
	const char *path;
	struct conf *conf;
	const struct datapath_ops *ops;
	const char *why;
	const char *admin;
	bool foreground;
	bool takeover;
	char *const *argv;
};

/* Serve until told to end. Return: exit status of the process. */
int parent_run(const struct parent_args *args);

#endif /* TIPHARES_PARENT_H */
