/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of tipharesctl share. */
#ifndef TIPHARES_CTL_H
#define TIPHARES_CTL_H

#include <jansson.h>
#include <stdbool.h>

#define CTL_DEFAULT_SOCKET "/run/tiphares/admin.sock"

enum ctl_exit { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/**
 * struct ctl - options before the subcommand
 * @socket: path of the daemon's admin socket
 * @json: print the daemon's answer as JSON instead of a table
 * @probe: of doctor
 */
struct ctl {
	const char *socket;
	bool json;
	bool probe;
};

/**
 * struct ctl_command - one subcommand
 * @name: as typed
 * @args: its arguments, for --help; "" when it takes none
 * @help: one line
 * @run: @argv[0] is the subcommand's name. Return: enum ctl_exit
 */
struct ctl_command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(const struct ctl *ctl, int argc, char **argv);
};

extern const struct ctl_command ctl_status;
extern const struct ctl_command ctl_ports;
extern const struct ctl_command ctl_port;
extern const struct ctl_command ctl_stats;
extern const struct ctl_command ctl_flows;
extern const struct ctl_command ctl_rules;
extern const struct ctl_command ctl_explain;
extern const struct ctl_command ctl_doctor;
extern const struct ctl_command ctl_events;
extern const struct ctl_command ctl_top;
extern const struct ctl_command ctl_import;
extern const struct ctl_command ctl_reload;
extern const struct ctl_command ctl_drain;
extern const struct ctl_command ctl_upgrade;
extern const struct ctl_command ctl_bypass;
extern const struct ctl_command ctl_log_level;

/**
 * ctl_request() - ask the daemon
 * @method: "GET" or "POST"
 * @path: of the admin interface
 *
 * Prints why to stderr when it fails. Return: the answer, the caller's to
 * release, or NULL.
 */
json_t *ctl_request(const struct ctl *ctl, const char *method, const char *path);

/* Refuse arguments of a subcommand that takes none: CTL_OK or CTL_USAGE. */
int ctl_no_args(int argc, char **argv);

/* An argument KEY=VALUE and where its value goes; an array of them ends with a NULL key. */
struct ctl_arg {
	const char *key;
	const char **value;
};

/* Arguments from @from on. Return: CTL_OK, or CTL_USAGE, said. */
int ctl_args(int argc, char **argv, int from, const struct ctl_arg *known);
/* @s, or nothing where it is NULL, as a number. */
int ctl_arg_number(const char *key, const char *s, unsigned long min, unsigned long max, unsigned long *ret);
/* @s: NULL, or ADDR or ADDR/LEN? */
int ctl_check_prefix(const char *key, const char *s);
/* Is the address of "ADDR:PORT" in the prefix? */
bool ctl_in_prefix(const char *prefix, const char *endpoint);

/* A line about one entry of /v1/recent. */
void ctl_print_decision(const json_t *entry);

/* Members of @object, with a default where they are missing. */
const char *ctl_string(const json_t *object, const char *key);
long long ctl_number(const json_t *object, const char *key);

/* Print @value indented, for --json. Return: CTL_OK. */
int ctl_print_json(const json_t *value);

/**
 * struct ctl_table - columns that are as wide as their widest cell
 *
 * Cells are copied; ctl_table_print() prints all and frees the table. A column
 * whose title starts with '>' is aligned to the right.
 */
struct ctl_table;
struct ctl_table *ctl_table_new(const char *const *titles, unsigned int columns);
void ctl_table_cell(struct ctl_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void ctl_table_print(struct ctl_table *table);

#endif /* TIPHARES_CTL_H */
