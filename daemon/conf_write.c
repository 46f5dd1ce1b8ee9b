// SPDX-License-Identifier: GPL-2.0-only
/*
 * A configuration as YAML, every key with its value: what the parent hands to
 * the worker, also when somebody else changed the ports. Driven by the table of
 * keys; what is written loads as the same configuration.
 */
#include "conf_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_keys.h"
#include "conf_value.h"

static unsigned int depth(const char *path)
{
	unsigned int n = 0;

	for (; *path; path++)
		n += *path == '.';
	return n;
}

static void indent(FILE *out, unsigned int n)
{
	fprintf(out, "%*s", (int)(2 * n), "");
}

/* Keys that a port of that mode may not have are left out. */
static bool allowed(const struct conf_key *key, const struct conf_port *port)
{
	if (!port)
		return true;
	if (!strncmp(key->path, "ports.match", 11) || (key->flags & CONF_F_INBOUND))
		return port->mode & TIPH_INBOUND;
	return !(key->flags & CONF_F_OUTBOUND) || (port->mode & TIPH_OUTBOUND);
}

/* One entry of a list of mappings. */
static void write_item(const char *scope, const void *base, const struct conf_port *port, FILE *out)
{
	size_t n = strlen(scope);
	bool first = true;

	for (size_t i = 0; i < conf_keys_count(); i++) {
		const struct conf_key *key = &conf_keys[i];
		unsigned int d = depth(key->path);

		if (strncmp(key->path, scope, n) || !allowed(key, port))
			continue;
		indent(out, d);
		fputs(first ? "- " : "  ", out);
		fprintf(out, "%s:%s", conf_key_name(key), key->kind == CONF_MAP ? "\n" : " ");
		if (key->kind != CONF_MAP) {
			conf_value_write(key, base, out);
			fputc('\n', out);
		}
		first = false;
	}
}

static bool is_condition(const struct conf_key *key)
{
	return !strncmp(key->path, "access.*.", 9);
}

/* Was the condition given? Then its list, or its number, is not the empty one. */
static bool has_condition(const struct conf_key *key, const struct conf_rule *rule)
{
	const char *at = (const char *)rule + key->offset;
	struct conf_rule none = { 0 };

	return memcmp(at, (const char *)&none + key->offset, key->size);
}

void conf_write_rule(const struct conf_rule *rule, FILE *out)
{
	static const char *const actions[] = {
		[ACTION_ALLOW] = "allow", [ACTION_DENY] = "deny", [ACTION_TUNNEL] = "tunnel",
	};
	const char *separator = "{";

	fputc('{', out);
	if (rule->name[0]) {
		fputs("name: ", out);
		conf_quote(out, rule->name);
		fputs(", ", out);
	}
	fprintf(out, "%s: ", actions[rule->action]);
	for (size_t i = 0; i < conf_keys_count(); i++) {
		const struct conf_key *key = &conf_keys[i];

		if (!is_condition(key) || !has_condition(key, rule))
			continue;
		fprintf(out, "%s%s: ", separator, conf_key_name(key));
		conf_value_write(key, rule, out);
		separator = ", ";
	}
	fputs(*separator == '{' ? "all}" : "}}", out);
}

static void write_rules(const struct conf *conf, FILE *out)
{
	fprintf(out, "access:%s\n", conf->n_rules ? "" : " []");
	for (size_t i = 0; i < conf->n_rules; i++) {
		fputs("  - ", out);
		conf_write_rule(&conf->rules[i], out);
		fputc('\n', out);
	}
}

static void write_list(const struct conf *conf, const struct conf_key *key, const struct conf_port *ports,
		       size_t n_ports, FILE *out)
{
	size_t n = key->kind == CONF_PORTS ? n_ports : conf->n_routes;

	fprintf(out, "%s:%s\n", key->path, n ? "" : " []");
	for (size_t i = 0; i < n; i++) {
		if (key->kind == CONF_PORTS)
			write_item("ports.", &ports[i], &ports[i], out);
		else
			write_item("routes.", &conf->routes[i], NULL, out);
	}
}

static void write_entries(const struct conf *conf, FILE *out)
{
	const struct conf_bypass *bypass = &conf->bypass;
	char text[ENDPOINT_STRLEN];

	fprintf(out, "  static:%s\n", bypass->n_entries ? "" : " []");
	for (size_t i = 0; i < bypass->n_entries; i++) {
		const struct conf_entry *e = &bypass->entries[i];

		fputs("    - {", out);
		if (e->source.n)
			fprintf(out, "source: \"%s\", ", prefix_format(e->source.v, text, sizeof(text)));
		if (e->destination.n)
			fprintf(out, "destination: \"%s\", ", prefix_format(e->destination.v, text, sizeof(text)));
		if (e->dport)
			fprintf(out, "port: %u", e->dport);
		fputs("}\n", out);
	}
}

static void write_top(const struct conf *conf, const struct conf_key *key, FILE *out)
{
	indent(out, depth(key->path));
	if (key->kind == CONF_MAP) {
		fprintf(out, "%s:\n", conf_key_name(key));
		return;
	}
	fprintf(out, "%s: ", conf_key_name(key));
	conf_value_write(key, conf, out);
	fputc('\n', out);
}

static void write_all(const struct conf *conf, const struct conf_port *ports, size_t n_ports, FILE *out)
{
	for (size_t i = 0; i < conf_keys_count(); i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->kind == CONF_PORTS || key->kind == CONF_ROUTES)
			write_list(conf, key, ports, n_ports, out);
		else if (key->kind == CONF_RULES)
			write_rules(conf, out);
		else if (key->kind == CONF_ENTRIES)
			write_entries(conf, out);
		else if (strncmp(key->path, "ports.", 6) && strncmp(key->path, "routes.", 7) &&
			 strncmp(key->path, "access.", 7) && strncmp(key->path, "bypass.static.", 14))
			write_top(conf, key, out);
	}
}

int conf_write(const struct conf *conf, const struct conf_port *ports, size_t n_ports, char **ret,
	       size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	bool failed;

	if (!out)
		return -ENOMEM;
	write_all(conf, ports, n_ports, out);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

int conf_derive(const struct conf *conf, const struct conf_port *ports, size_t n_ports,
		struct conf **ret, struct conf_errors *errors)
{
	char *text;
	size_t len;
	int err = conf_write(conf, ports, n_ports, &text, &len);

	if (err) {
		*errors = (struct conf_errors){ 0 };
		return err;
	}
	err = conf_load_written(conf->path, text, len, ret, errors);
	free(text);
	return err;
}
