// SPDX-License-Identifier: GPL-2.0-only
/* A configuration and its errors for a person who reads a terminal. */
#include "conf_print.h"

#include <stdlib.h>
#include <string.h>

#include "conf_keys.h"
#include "conf_value.h"
#include "conf_write.h"

#define SHOWN 100	/* characters of a line */

/* Does a character begin with this octet? Columns count characters, not octets. */
static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* The line that is wrong, and a caret below the place. */
static void print_place(FILE *out, const char *line, const struct conf_error *e)
{
	unsigned int column = 1, skip = e->column > SHOWN ? e->column - SHOWN / 2 : 0;
	const char *c = line;

	fprintf(out, "%6u | ", e->line);
	for (; *c && *c != '\n' && column <= skip + SHOWN; column += begins_character(*++c))
		if (column > skip)
			fputc((unsigned char)*c < ' ' ? ' ' : *c, out);
	fprintf(out, "\n       | %*s^\n", (int)(e->column - skip - 1), "");
}

/* Errors come in the order in which they were found: the file is read again for each. */
static void show_place(FILE *out, FILE *in, const struct conf_error *e)
{
	unsigned int n = 0;
	char *line = NULL;
	size_t size = 0;

	rewind(in);
	while (n < e->line && getline(&line, &size, in) > 0)
		n++;
	if (n == e->line && e->column)
		print_place(out, line, e);
	free(line);
}

void conf_print_errors(FILE *out, const char *path, const struct conf_errors *errors, int err)
{
	FILE *in = errors->n ? fopen(path, "re") : NULL;

	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];

		if (e->line)
			fprintf(out, "%s:%u:%u: %s\n", path, e->line, e->column, e->text);
		if (e->line && in)
			show_place(out, in, e);
		if (!e->line)
			fprintf(out, "%s: %s\n", path, e->text);
	}
	if (in)
		fclose(in);
	if (!errors->n)
		fprintf(out, "%s: %s\n", path, strerror(-err));
}

static const struct {
	const char *title;
	const char *key;
	unsigned int side;	/* meaningless without it */
	const char *empty;	/* what an empty list means, NULL: any */
} columns[] = {
	{ "NAME", "ports.name", 0, NULL },
	{ "MODE", "ports.mode", 0, NULL },
	{ "PROTOCOL", "ports.protocol", 0, NULL },
	{ "LISTEN", "ports.listen", 0, NULL },
	{ "PORTS", "ports.match.ports", TIPH_INBOUND, NULL },
	{ "INTERFACES", "ports.match.interfaces", TIPH_INBOUND, NULL },
	{ "BRIDGES", "ports.match.bridges", TIPH_INBOUND, "-" },
	{ "SOURCES", "ports.match.sources", TIPH_INBOUND, NULL },
	{ "DESTINATIONS", "ports.match.destinations", TIPH_INBOUND, NULL },
	{ "SOURCE PORT", "ports.source_port", TIPH_OUTBOUND, NULL },
	{ "ON FAILURE", "ports.on_failure", TIPH_INBOUND, NULL },
	{ "ON OVERLOAD", "ports.on_overload", TIPH_INBOUND, NULL },
	{ "PROXY FROM", "ports.proxy_protocol", 0, "-" },
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define CELL_MAX 33

/* As in the file, without quotes and brackets; an empty list as the column has it. */
static void format_cell(const struct conf_port *port, size_t column, char *ret)
{
	const struct conf_key *key = &conf_keys[conf_key_find(columns[column].key)];
	char *text = NULL, *to = ret;
	size_t len = 0;
	FILE *out;

	snprintf(ret, CELL_MAX, "-");
	if (columns[column].side && !(port->mode & columns[column].side))
		return;
	out = open_memstream(&text, &len);
	if (!out)
		return;
	conf_value_write(key, port, out);
	fclose(out);
	for (const char *c = text; text && *c; c++) {
		if (strchr(key->kind == CONF_LISTEN ? "\"" : "[]\" ", *c))
			continue;
		if (to - ret == CELL_MAX - 1) {
			memcpy(to - 3, "...", 3);
			break;
		}
		*to++ = *c;
	}
	*to = '\0';
	if (to == ret)
		snprintf(ret, CELL_MAX, "%s", columns[column].empty ? columns[column].empty : "any");
	free(text);
}

/* The last cell of a line is not padded. */
static void print_cell(FILE *out, const char *text, int width, size_t column)
{
	if (column + 1 < N_COLUMNS)
		fprintf(out, "%-*s  ", width, text);
	else
		fprintf(out, "%s\n", text);
}

static int column_width(const struct conf *conf, size_t column)
{
	size_t width = strlen(columns[column].title);
	char cell[CELL_MAX];

	for (size_t i = 0; i < conf->n_ports; i++) {
		format_cell(&conf->ports[i], column, cell);
		if (strlen(cell) > width)
			width = strlen(cell);
	}
	return (int)width;
}

void conf_print_ports(FILE *out, const struct conf *conf)
{
	int width[N_COLUMNS];
	char cell[CELL_MAX];

	for (size_t c = 0; c < N_COLUMNS; c++) {
		width[c] = column_width(conf, c);
		print_cell(out, columns[c].title, width[c], c);
	}
	for (size_t i = 0; i < conf->n_ports; i++) {
		for (size_t c = 0; c < N_COLUMNS; c++) {
			format_cell(&conf->ports[i], c, cell);
			print_cell(out, cell, width[c], c);
		}
	}
}

#define RULE_SHOWN 120

void conf_print_rules(FILE *out, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_rules; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *line = open_memstream(&text, &len);

		if (!line)
			return;
		conf_write_rule(&conf->rules[i], line);
		fclose(line);
		fprintf(out, "%saccess #%zu  %.*s%s\n", i ? "" : "\n", i + 1, RULE_SHOWN, text,
			len > RULE_SHOWN ? "..." : "");
		free(text);
	}
}
