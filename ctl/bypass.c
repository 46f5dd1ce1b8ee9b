// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl bypass: what is forwarded on purpose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define PATH_SIZE 512

static const char *or_any(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "any";
}

static void print_entry(struct ctl_table *table, const json_t *entry)
{
	bool dynamic = !strcmp(ctl_string(entry, "kind"), "dynamic");
	long long port = ctl_number(entry, "port");

	ctl_table_cell(table, "%s", ctl_string(entry, "kind"));
	ctl_table_cell(table, "%s", or_any(entry, "source"));
	ctl_table_cell(table, "%s", or_any(entry, "destination"));
	if (port)
		ctl_table_cell(table, "%lld", port);
	else
		ctl_table_cell(table, "any");
	ctl_table_cell(table, "%s", dynamic ? ctl_string(entry, "reason") : "");
	if (dynamic)
		ctl_table_cell(table, "%lld s", (ctl_number(entry, "ttl_ms") + 999) / 1000);
	else
		ctl_table_cell(table, "%s", "");
}

static int list(const struct ctl *ctl)
{
	static const char *const titles[] = { "KIND", "SOURCE", "DESTINATION", "PORT", "REASON", ">ENDS IN" };
	json_t *answer = ctl_request(ctl, "GET", "/v1/bypass"), *entry;
	struct ctl_table *table;
	size_t i;

	if (!answer)
		return CTL_FAILED;
	if (ctl->json) {
		ctl_print_json(answer);
	} else {
		table = ctl_table_new(titles, 6);
		json_array_foreach(json_object_get(answer, "entries"), i, entry)
			print_entry(table, entry);
		ctl_table_print(table);
	}
	json_decref(answer);
	return CTL_OK;
}

/* "90", "90s", "10m", "2h" into milliseconds; 0: it is none of these */
static unsigned long duration(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);
	unsigned long unit = !*end || !strcmp(end, "s") ? 1000 : !strcmp(end, "ms") ? 1 : !strcmp(end, "m") ? 60000 :
			     !strcmp(end, "h") ? 3600000 : !strcmp(end, "d") ? 86400000 : 0;

	return *text < '0' || *text > '9' || v > 2592000 ? 0 : v * unit;
}

/* Addresses and numbers have no octet that a URL would want quoted, but for the slash, which may stand there. */
static bool is_plain(const char *text)
{
	return *text && !text[strspn(text, "0123456789abcdefABCDEF.:/")];
}

static bool is_key(const char *word, size_t len, const char *key)
{
	return strlen(key) == len && !strncmp(word, key, len);
}

/* "key=value" */
static int take_word(const char *word, char *query, size_t size)
{
	size_t n = strlen(query), len = strcspn(word, "=");
	const char *value = word[len] ? word + len + 1 : "";

	if (is_key(word, len, "ttl") && duration(value)) {
		snprintf(query + n, size - n, "%cttl_ms=%lu", n ? '&' : '?', duration(value));
		return 0;
	}
	if ((!is_key(word, len, "source") && !is_key(word, len, "destination") && !is_key(word, len, "port")) ||
	    !is_plain(value) || strlen(value) > 64) {
		fprintf(stderr, "tipharesctl: bypass: '%s' is not source=PREFIX, destination=PREFIX, port=PORT or ttl=TIME\n",
			word);
		return -1;
	}
	snprintf(query + n, size - n, "%c%s", n ? '&' : '?', word);
	return 0;
}

static int change(const struct ctl *ctl, const char *what, int argc, char **argv)
{
	char path[PATH_SIZE], query[PATH_SIZE / 2] = "";
	json_t *answer;

	if (argc > 4) {
		fprintf(stderr, "tipharesctl: bypass %s: too many words\n", what);
		return CTL_USAGE;
	}
	for (int i = 0; i < argc; i++)
		if (take_word(argv[i], query, sizeof(query)))
			return CTL_USAGE;
	snprintf(path, sizeof(path), "/v1/bypass/%s%s", what, query);
	answer = ctl_request(ctl, "POST", path);
	if (!answer)
		return CTL_FAILED;
	if (ctl->json)
		ctl_print_json(answer);
	json_decref(answer);
	return CTL_OK;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "list";

	if (!strcmp(what, "list") && argc <= 2)
		return list(ctl);
	if ((!strcmp(what, "add") || !strcmp(what, "del")) && argc > 2)
		return change(ctl, what, argc - 2, argv + 2);
	if (!strcmp(what, "flush") && argc == 2)
		return change(ctl, what, 0, NULL);
	fputs("usage: tipharesctl bypass [list | flush | add ENTRY [ttl=TIME] | del ENTRY]\n"
	      "ENTRY is at least one of: source=PREFIX destination=PREFIX port=PORT\n", stderr);
	return CTL_USAGE;
}

const struct ctl_command ctl_bypass = {
	.name = "bypass", .args = "[list|add|del|flush]", .help = "what is forwarded on purpose",
	.run = run,
};
