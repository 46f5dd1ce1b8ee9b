// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl: options, and the table of subcommands. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "version.h"

/* In the order of --help and of the man page; the first is the default. */
static const struct ctl_command *const commands[] = {
	&ctl_status, &ctl_ports, &ctl_port, &ctl_flows, &ctl_rules, &ctl_explain, &ctl_doctor, &ctl_top, &ctl_events,
	&ctl_stats, &ctl_reload, &ctl_drain, &ctl_upgrade, &ctl_log_level, &ctl_bypass, &ctl_import,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	fprintf(f, "usage: tipharesctl [--json] [--admin PATH] [COMMAND [ARGUMENTS]]\n\ncommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s", commands[i]->name,
			 *commands[i]->args ? " " : "", commands[i]->args);
		fprintf(f, "  %-40s %s\n", left, commands[i]->help);
	}
	fprintf(f, "\noptions:\n"
		   "  --json                                   print JSON instead of tables\n"
		   "  --admin PATH                             the daemon's admin socket (default " CTL_DEFAULT_SOCKET ")\n"
		   "  --probe                                  doctor: also make connections of its own\n"
		   "  --version                                print the version\n"
		   "  --help                                   print this\n");
}

static const struct ctl_command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "admin", required_argument, NULL, 'a' },
		{ "probe", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char *status[] = { (char *)commands[0]->name, NULL };
	struct ctl ctl = { .socket = CTL_DEFAULT_SOCKET };
	const struct ctl_command *command;
	int opt;

	/* Options may also stand behind the subcommand. */
	while ((opt = getopt_long(argc, argv, "ja:pVh", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			ctl.json = true;
			break;
		case 'a':
			ctl.socket = optarg;
			break;
		case 'p':
			ctl.probe = true;
			break;
		case 'V':
			puts("tipharesctl " TIPHARES_VERSION);
			return CTL_OK;
		case 'h':
			usage(stdout);
			return CTL_OK;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	command = optind == argc ? commands[0] : find(argv[optind]);
	if (!command) {
		fprintf(stderr, "tipharesctl: unknown command '%s'; --help lists them\n", argv[optind]);
		return CTL_USAGE;
	}
	if (ctl.probe && command != &ctl_doctor) {
		fprintf(stderr, "tipharesctl: --probe belongs to doctor\n");
		return CTL_USAGE;
	}
	return optind == argc ? command->run(&ctl, 1, status) : command->run(&ctl, argc - optind, argv + optind);
}
