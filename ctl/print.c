// SPDX-License-Identifier: GPL-2.0-only
/* Printing: tables whose columns fit, JSON, and members of the daemon's answers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

struct ctl_table {
	const char *const *titles;
	unsigned int columns;
	char **cells;
	size_t n;
};

static void die_of_memory(void)
{
	fprintf(stderr, "tipharesctl: out of memory\n");
	exit(CTL_FAILED);
}

struct ctl_table *ctl_table_new(const char *const *titles, unsigned int columns)
{
	struct ctl_table *t = calloc(1, sizeof(*t));

	if (!t)
		die_of_memory();
	t->titles = titles;
	t->columns = columns;
	return t;
}

void ctl_table_cell(struct ctl_table *t, const char *format, ...)
{
	char **cells = realloc(t->cells, (t->n + 1) * sizeof(*cells));
	va_list ap;

	if (!cells)
		die_of_memory();
	t->cells = cells;
	va_start(ap, format);
	if (vasprintf(&t->cells[t->n++], format, ap) < 0)
		die_of_memory();
	va_end(ap);
}

static bool is_right(const struct ctl_table *t, unsigned int column)
{
	return t->titles[column][0] == '>';
}

static const char *title(const struct ctl_table *t, unsigned int column)
{
	return t->titles[column] + is_right(t, column);
}

static int width(const struct ctl_table *t, unsigned int column)
{
	size_t w = strlen(title(t, column));

	for (size_t i = column; i < t->n; i += t->columns)
		if (strlen(t->cells[i]) > w)
			w = strlen(t->cells[i]);
	return (int)w;
}

static void print_cell(const struct ctl_table *t, unsigned int column, int w, const char *text)
{
	bool last = column == t->columns - 1;

	if (is_right(t, column))
		printf("%*s", w, text);
	else
		printf("%-*s", last ? 0 : w, text);
	fputs(last ? "\n" : "  ", stdout);
}

void ctl_table_print(struct ctl_table *t)
{
	int *w = calloc(t->columns, sizeof(*w));

	if (!w)
		die_of_memory();
	for (unsigned int c = 0; c < t->columns; c++)
		w[c] = width(t, c);
	for (unsigned int c = 0; c < t->columns; c++)
		print_cell(t, c, w[c], title(t, c));
	for (size_t i = 0; i < t->n; i++) {
		print_cell(t, i % t->columns, w[i % t->columns], t->cells[i]);
		free(t->cells[i]);
	}
	free(w);
	free(t->cells);
	free(t);
}

int ctl_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	return CTL_OK;
}

const char *ctl_string(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

long long ctl_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

int ctl_no_args(int argc, char **argv)
{
	if (argc == 1)
		return CTL_OK;
	fprintf(stderr, "tipharesctl: '%s' takes no argument, not '%s'\n", argv[0], argv[1]);
	return CTL_USAGE;
}
