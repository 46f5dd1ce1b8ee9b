// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl events: what the daemon decides, as it happens, and what becomes of
 * the daemon itself.
 *
 * The daemon keeps a ring; asking again with its cursor gives what is new. What
 * came and went between two questions is told as a number.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

#define PAUSE_NS 250000000L

static const char *count, *client, *port;
static const struct ctl_arg known[] = {
	{ "count", &count }, { "client", &client }, { "port", &port }, { NULL, NULL },
};

/* Members of status whose change is an event, and what it means. */
static const char *const watched[][2] = {
	{ "state", "state" }, { "datapath", "datapath" }, { "generation", "configurations put into force" },
	{ "reload_failures", "reloads refused" }, { "worker_restarts", "workers restarted" },
	{ "repairs", "repairs of the interception" }, { "pid", "worker" },
};

struct follow {
	const struct ctl *ctl;
	unsigned long left;	/* events until it is enough */
	char cursor[8192];
	json_t *status;
};

static void tell(struct follow *f, json_t *event)
{
	if (!f->left)
		return;
	f->left--;
	if (f->ctl->json) {
		json_dumpf(event, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else if (!strcmp(ctl_string(event, "event"), "decision")) {
		ctl_print_decision(event);
	} else if (!strcmp(ctl_string(event, "event"), "lost")) {
		printf("%lld decisions were too many to follow\n", ctl_number(event, "n"));
	} else {
		json_t *value = json_object_get(event, "value");

		printf("%s: ", ctl_string(event, "what"));
		json_dumpf(value, stdout, JSON_ENCODE_ANY);
		putchar('\n');
	}
	fflush(stdout);
}

static void tell_changes(struct follow *f, json_t *status)
{
	for (size_t i = 0; f->status && i < sizeof(watched) / sizeof(watched[0]); i++) {
		json_t *now = json_object_get(status, watched[i][0]), *event;

		if (json_equal(now, json_object_get(f->status, watched[i][0])))
			continue;
		event = json_pack("{s:s, s:s, s:s, s:O}", "event", "change", "key", watched[i][0], "what",
				  watched[i][1], "value", now);
		tell(f, event);
		json_decref(event);
	}
	json_decref(f->status);
	f->status = status;
}

static bool wanted(const json_t *e)
{
	return (!client || ctl_in_prefix(client, ctl_string(e, "client"))) &&
	       (!port || !strcmp(port, ctl_string(e, "port")));
}

static void tell_decisions(struct follow *f, const json_t *answer)
{
	json_t *e;
	size_t i;

	if (ctl_number(answer, "lost")) {
		e = json_pack("{s:s, s:I}", "event", "lost", "n", (json_int_t)ctl_number(answer, "lost"));
		tell(f, e);
		json_decref(e);
	}
	json_array_foreach(json_object_get(answer, "recent"), i, e) {
		if (!wanted(e))
			continue;
		json_object_set_new(e, "event", json_string("decision"));
		tell(f, e);
	}
}

/* @quiet: only find out where we are. Return: enum ctl_exit */
static int look(struct follow *f, bool quiet)
{
	json_t *status = ctl_request(f->ctl, "GET", "/v1/status"), *answer;
	char path[sizeof(f->cursor) + 32];

	if (!status)
		return CTL_FAILED;
	tell_changes(f, status);
	snprintf(path, sizeof(path), "/v1/recent?after=%s", f->cursor);
	answer = ctl_request(f->ctl, "GET", path);
	if (!answer)
		return CTL_FAILED;
	if (!quiet)
		tell_decisions(f, answer);
	snprintf(f->cursor, sizeof(f->cursor), "%s", ctl_string(answer, "cursor"));
	json_decref(answer);
	return CTL_OK;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct follow f = { .ctl = ctl, .left = ~0UL };
	bool all = argc > 1 && !strcmp(argv[1], "all");
	int r;

	if (ctl_args(argc, argv, 1 + all, known) || ctl_check_prefix("client", client) ||
	    ctl_arg_number("count", count, 1, ~0UL, &f.left))
		return CTL_USAGE;
	r = look(&f, !all);
	while (!r && f.left) {
		nanosleep(&pause, NULL);
		r = look(&f, false);
	}
	json_decref(f.status);
	return r;
}

const struct ctl_command ctl_events = {
	.name = "events", .args = "[all] [KEY=VALUE...]", .run = run,
	.help = "what the daemon decides, as it happens; all: what it remembers first",
};
