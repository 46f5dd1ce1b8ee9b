// SPDX-License-Identifier: GPL-2.0-only
/*
 * YAML into a configuration.
 *
 * libyaml makes a tree with positions; the table of keys says what may stand
 * where. The walk goes on after an error, so that one run tells them all. It is
 * as deep as the table, never as deep as the file.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <yaml.h>

#include "conf.h"
#include "conf_load.h"
#include "conf_value.h"

#define FILE_MAX (16U << 20)
#define ROUTES_MAX 10000
#define WORST 40		/* mistakes in a key */
#define RULES_MAX 20000
#define PATH_MAX_LEN 80
#define TEXT(node) ((const char *)(node)->data.scalar.value)
#define LENGTH(node) ((node)->data.scalar.length)

/**
 * struct load - one run
 * @failed: -ENOMEM once memory ran out; then nothing else matters
 */
struct load {
	yaml_document_t doc;
	struct conf *conf;
	struct conf_source source;
	struct conf_errors *errors;
	int failed;
};

static struct conf_pos position(const yaml_node_t *node)
{
	return (struct conf_pos){ (unsigned int)node->start_mark.line + 1,
				  (unsigned int)node->start_mark.column + 1 };
}

static void complain(struct load *l, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct load *l, const yaml_node_t *node, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';	/* a line stays a line */
	if (conf_errors_add(l->errors, position(node), "%s", text))
		l->failed = -ENOMEM;
}

static const char *type_name(const yaml_node_t *node)
{
	return node->type == YAML_MAPPING_NODE ? "a mapping" :
	       node->type == YAML_SEQUENCE_NODE ? "a list" : "a single value";
}

/* "key:" and "key: ~" */
static bool is_null(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!LENGTH(node) || !strcmp(TEXT(node), "~") || !strcmp(TEXT(node), "null"));
}

static bool refuse_null(struct load *l, const yaml_node_t *node, const char *path)
{
	if (!is_null(node))
		return false;
	complain(l, node, "%s has no value; leave the key out for its default", path);
	return true;
}

static bool set_value(struct load *l, const yaml_node_t *node, const struct conf_key *key, void *base)
{
	char why[CONF_WHY_MAX];
	int err = conf_value_set(key, base, TEXT(node), LENGTH(node), why);

	if (err == -ENOMEM)
		l->failed = err;
	else if (err)
		complain(l, node, "%s: %s", key->path, why);
	return !err;
}

static bool is_none(const struct conf_key *key, const yaml_node_t *node)
{
	return key->none && !strcmp(key->none, TEXT(node));
}

static bool load_scalar(struct load *l, const yaml_node_t *node, const struct conf_key *key, void *base)
{
	if (node->type != YAML_SCALAR_NODE) {
		complain(l, node, "%s must be a single value, not %s", key->path, type_name(node));
		return false;
	}
	if (refuse_null(l, node, key->path))
		return false;
	return is_none(key, node) || set_value(l, node, key, base);
}

/* One value where a list is expected is a list of one. */
static bool load_list(struct load *l, yaml_node_t *node, const struct conf_key *key, void *base)
{
	bool good = true;

	if (node->type == YAML_SCALAR_NODE)
		return load_scalar(l, node, key, base);
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(l, node, "%s must be a list, not %s", key->path, type_name(node));
		return false;
	}
	if (key->flags & CONF_F_FILLED &&
	    node->data.sequence.items.start == node->data.sequence.items.top) {
		complain(l, node, "%s is empty", key->path);
		return false;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top && !l->failed; i++) {
		yaml_node_t *entry = yaml_document_get_node(&l->doc, *i);

		if (entry->type != YAML_SCALAR_NODE) {
			complain(l, entry, "an entry of %s must be a single value, not %s", key->path,
				 type_name(entry));
			good = false;
		} else if (!set_value(l, entry, key, base)) {
			good = false;
		}
	}
	return good;
}

static bool load_map(struct load *l, yaml_node_t *node, const char *path, void *base,
		     struct conf_seen *seen);

/* Does the key belong to an entry of a list of mappings? */
static bool is_of_item(const struct conf_key *key)
{
	return !strncmp(key->path, "ports.", 6) || !strncmp(key->path, "routes.", 7) ||
	       !strncmp(key->path, "bypass.static.", 14) ||
	       !strncmp(key->path, "access.", 7);
}

/* Defaults of the keys of @scope that were not given, and complaints about those that must be. */
static void finish_scope(struct load *l, const yaml_node_t *node, const char *scope, void *base,
			 struct conf_seen *seen)
{
	char why[CONF_WHY_MAX];
	size_t n = strlen(scope);

	for (size_t i = 0; i < conf_keys_count() && !l->failed; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (seen->key[i].line || (n ? strncmp(key->path, scope, n) : is_of_item(key)))
			continue;
		if (key->flags & CONF_F_REQUIRED)
			complain(l, node, "%s is missing", key->path);
		if (key->fallback && !(key->none && !strcmp(key->none, key->fallback)) &&
		    conf_value_set(key, base, key->fallback, strlen(key->fallback), why))
			l->failed = -ENOMEM;
	}
}

static void see(struct conf_seen *seen, const char *path, const yaml_node_t *node, bool good)
{
	int i = conf_key_find(path);

	seen->key[i] = position(node);
	seen->bad[i] = !good;
}

/* "8088:>": the last colon separates the attribute, unless what follows it is the port. */
static void load_short_port(struct load *l, const yaml_node_t *node, struct conf_port *port,
			    struct conf_seen *seen)
{
	const struct conf_key *listen = &conf_keys[conf_key_find("ports.listen")];
	const char *s = TEXT(node);
	size_t n = LENGTH(node);
	char why[CONF_WHY_MAX];
	bool good = true;

	port->mode = TIPH_MODE_NONE;
	if (n >= 2 && s[n - 2] == ':' && (s[n - 1] < '0' || s[n - 1] > '9')) {
		const char *attributes = "X><=", *a = strchr(attributes, s[n - 1]);

		if (!a || !*a) {
			complain(l, node, "ports: \"%.*s\" is not LISTEN[:ATTRIBUTE] with = full, > inbound, < outbound or X none",
				 (int)(n > 60 ? 60 : n), s);
			good = false;
		} else {
			port->mode = (uint8_t)(a - attributes);
		}
		n -= 2;
	}
	if (good && conf_value_set(listen, port, s, n, why)) {
		complain(l, node, "ports: %s, with an attribute behind it", why);
		good = false;
	}
	if (good && (port->mode & TIPH_INBOUND))
		port->dports[port->n_dports++] = 80;
	see(seen, "ports.listen", node, good);
	see(seen, "ports.mode", node, good);
}

static void load_port(struct load *l, yaml_node_t *node, size_t i)
{
	struct conf_port *port = &l->conf->ports[i];
	struct conf_seen *seen = &l->source.ports[i];

	seen->at = position(node);
	if (node->type == YAML_SCALAR_NODE && !is_null(node))
		load_short_port(l, node, port, seen);
	else if (!load_map(l, node, "ports", port, seen))
		return;
	finish_scope(l, node, "ports.", port, seen);
}

static void load_route(struct load *l, yaml_node_t *node, size_t i)
{
	struct conf_route *route = &l->conf->routes[i];
	struct conf_seen *seen = &l->source.routes[i];

	seen->at = position(node);
	if (!load_map(l, node, "routes", route, seen))
		return;
	finish_scope(l, node, "routes.", route, seen);
	if (!route->n_to && seen->key[conf_key_find("routes.to")].line &&
	    !seen->bad[conf_key_find("routes.to")])
		complain(l, node, "routes.to is empty");
}

static const char *const actions[] = {
	[ACTION_ALLOW] = "access.allow", [ACTION_DENY] = "access.deny", [ACTION_TUNNEL] = "access.tunnel",
};
#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* What stands behind an action. */
static bool load_conditions(struct load *l, yaml_node_t *node, const struct conf_key *key,
			    struct conf_rule *rule, struct conf_seen *seen)
{
	for (size_t i = 0; i < N_ACTIONS; i++) {
		if (!strcmp(key->path, actions[i])) {
			rule->action = (uint8_t)i;
		} else if (seen->key[conf_key_find(actions[i])].line) {
			complain(l, node, "%s: a rule has one action, this one has %s", key->path, actions[i]);
			return false;
		}
	}
	if (refuse_null(l, node, key->path))
		return false;
	if (node->type == YAML_SCALAR_NODE && !strcmp(TEXT(node), "all"))
		return true;
	if (node->type == YAML_MAPPING_NODE &&
	    node->data.mapping.pairs.start < node->data.mapping.pairs.top)
		return load_map(l, node, "access.*", rule, seen);
	complain(l, node, "%s must be all, or a mapping with a condition at least", key->path);
	return false;
}

static void load_rule(struct load *l, yaml_node_t *node, size_t i)
{
	struct conf_rule *rule = &l->conf->rules[i];
	struct conf_seen *seen = &l->source.rules[i];
	size_t n = l->errors->n;
	bool acts = false;

	seen->at = position(node);
	rule->index = (unsigned int)i;
	if (!load_map(l, node, "access", rule, seen))
		return;
	finish_scope(l, node, "access.", rule, seen);
	for (size_t k = 0; k < N_ACTIONS; k++)
		acts = acts || seen->key[conf_key_find(actions[k])].line;
	if (!acts && l->errors->n == n)
		complain(l, node, "access: a rule needs an action: allow, deny or tunnel");
}

/* A list of mappings with at most @max entries: their number, or -1 after a complaint. */
static ssize_t count_items(struct load *l, const yaml_node_t *node, const struct conf_key *key, size_t max)
{
	size_t n;

	if (refuse_null(l, node, key->path))
		return -1;
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(l, node, "%s must be a list, not %s", key->path, type_name(node));
		return -1;
	}
	n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (n > max) {
		complain(l, node, "%s has %zu entries, at most %zu are possible", key->path, n, max);
		return -1;
	}
	return (ssize_t)n;
}

static void load_items(struct load *l, const yaml_node_t *node, size_t n,
		       void (*load_item)(struct load *l, yaml_node_t *node, size_t i))
{
	for (size_t i = 0; i < n && !l->failed; i++)
		load_item(l, yaml_document_get_node(&l->doc, node->data.sequence.items.start[i]), i);
}

static bool load_ports(struct load *l, const yaml_node_t *node, const struct conf_key *key)
{
	ssize_t n = count_items(l, node, key, TIPH_PORTS_MAX);

	if (n < 0)
		return false;
	l->conf->ports = calloc((size_t)n + 1, sizeof(*l->conf->ports));
	l->source.ports = calloc((size_t)n + 1, sizeof(*l->source.ports));
	if (!l->conf->ports || !l->source.ports) {
		l->failed = -ENOMEM;
		return false;
	}
	l->conf->n_ports = (size_t)n;
	load_items(l, node, (size_t)n, load_port);
	return true;
}

static bool load_routes(struct load *l, const yaml_node_t *node, const struct conf_key *key)
{
	ssize_t n = count_items(l, node, key, ROUTES_MAX);

	if (n < 0)
		return false;
	l->conf->routes = calloc((size_t)n + 1, sizeof(*l->conf->routes));
	l->source.routes = calloc((size_t)n + 1, sizeof(*l->source.routes));
	if (!l->conf->routes || !l->source.routes) {
		l->failed = -ENOMEM;
		return false;
	}
	l->conf->n_routes = (size_t)n;
	load_items(l, node, (size_t)n, load_route);
	return true;
}

static bool load_rules(struct load *l, const yaml_node_t *node, const struct conf_key *key)
{
	ssize_t n = count_items(l, node, key, RULES_MAX);

	if (n < 0)
		return false;
	l->conf->rules = calloc((size_t)n + 1, sizeof(*l->conf->rules));
	l->source.rules = calloc((size_t)n + 1, sizeof(*l->source.rules));
	if (!l->conf->rules || !l->source.rules) {
		l->failed = -ENOMEM;
		return false;
	}
	l->conf->n_rules = (size_t)n;
	load_items(l, node, (size_t)n, load_rule);
	return true;
}

/* There may be very many: where their keys stand is forgotten with each. */
static bool load_entry(struct load *l, yaml_node_t *node, struct conf_entry *entry, struct conf_seen *seen)
{
	size_t n = l->errors->n;

	*seen = (struct conf_seen){ .at = position(node) };
	if (!load_map(l, node, "bypass.static", entry, seen))
		return false;
	finish_scope(l, node, "bypass.static.", entry, seen);
	if (l->errors->n != n)
		return false;
	if (!entry->source.n && !entry->destination.n && !entry->dport)
		complain(l, node, "bypass.static: an entry needs a source, a destination or a port");
	else if (entry->source.n && entry->destination.n &&
		 entry->source.v->addr.family != entry->destination.v->addr.family)
		complain(l, node, "bypass.static: source and destination are of different families");
	return l->errors->n == n;
}

static bool load_entries(struct load *l, const yaml_node_t *node, const struct conf_key *key)
{
	ssize_t n = count_items(l, node, key, TIPH_BYPASS_MAX);
	struct conf_bypass *bypass = &l->conf->bypass;
	struct conf_seen *seen;
	bool good = true;

	if (n < 0)
		return false;
	bypass->entries = calloc((size_t)n + 1, sizeof(*bypass->entries));
	seen = malloc(sizeof(*seen));
	if (!bypass->entries || !seen)
		l->failed = -ENOMEM;
	for (ssize_t i = 0; i < n && !l->failed; i++) {
		yaml_node_t *item = yaml_document_get_node(&l->doc, node->data.sequence.items.start[i]);

		bypass->n_entries = (size_t)i + 1;
		good &= load_entry(l, item, &bypass->entries[i], seen);
	}
	free(seen);
	return good;
}

static bool load_value(struct load *l, yaml_node_t *node, const struct conf_key *key, void *base,
		       struct conf_seen *seen)
{
	switch (key->kind) {
	case CONF_MAP:
		return load_map(l, node, key->path, base, seen);
	case CONF_PORTS:
		return load_ports(l, node, key);
	case CONF_ROUTES:
		return load_routes(l, node, key);
	case CONF_RULES:
		return load_rules(l, node, key);
	case CONF_ENTRIES:
		return load_entries(l, node, key);
	case CONF_CONDITIONS:
		return load_conditions(l, node, key, base, seen);
	default:
		return conf_kind_is_list(key->kind) ? load_list(l, node, key, base) :
						      load_scalar(l, node, key, base);
	}
}

/* @prefix is "" or ends with a dot. */
static void unknown_key(struct load *l, const yaml_node_t *name, const char *prefix)
{
	size_t n = LENGTH(name);
	const struct conf_key *elsewhere = conf_key_elsewhere(TEXT(name), n);
	const struct conf_key *near = conf_key_suggest(prefix, TEXT(name), n, elsewhere ? 2 : WORST);
	int shown = (int)(n > 60 ? 60 : n);

	if (!strcmp(prefix, "access.") && !strcmp(TEXT(name), "bypass"))
		complain(l, name, "access.bypass: a connection that was taken can't be given back; tunnel relays it unread, bypass.static keeps it from being taken");
	else if (near)
		complain(l, name, "unknown key \"%s%.*s\"; did you mean \"%s\"?", prefix, shown, TEXT(name),
			 conf_key_name(near));
	else if (elsewhere)
		complain(l, name, "unknown key \"%s%.*s\"; there is %s", prefix, shown, TEXT(name),
			 elsewhere->path);
	else
		complain(l, name, "unknown key \"%s%.*s\"", prefix, shown, TEXT(name));
}

static void load_pair(struct load *l, const yaml_node_pair_t *pair, const char *prefix, void *base,
		      struct conf_seen *seen)
{
	yaml_node_t *name = yaml_document_get_node(&l->doc, pair->key);
	yaml_node_t *value = yaml_document_get_node(&l->doc, pair->value);
	char path[PATH_MAX_LEN];
	int i = -1;

	if (name->type != YAML_SCALAR_NODE) {
		complain(l, name, "a key must be a word, not %s", type_name(name));
		return;
	}
	if (!memchr(TEXT(name), '.', LENGTH(name)) &&
	    snprintf(path, sizeof(path), "%s%s", prefix, TEXT(name)) < (int)sizeof(path))
		i = conf_key_find(path);
	if (i < 0) {
		unknown_key(l, name, prefix);
	} else if (seen->key[i].line) {
		complain(l, name, "%s is given twice, first in line %u", path, seen->key[i].line);
	} else {
		seen->key[i] = position(value);
		seen->bad[i] = !load_value(l, value, &conf_keys[i], base, seen);
	}
}

static bool load_map(struct load *l, yaml_node_t *node, const char *path, void *base,
		     struct conf_seen *seen)
{
	char prefix[PATH_MAX_LEN];

	if (*path && refuse_null(l, node, path))
		return false;
	if (node->type != YAML_MAPPING_NODE) {
		complain(l, node, "%s must be a mapping, not %s", *path ? path : "the configuration",
			 type_name(node));
		return false;
	}
	snprintf(prefix, sizeof(prefix), "%s%s", path, *path ? "." : "");
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     p < node->data.mapping.pairs.top && !l->failed; p++)
		load_pair(l, p, prefix, base, seen);
	return true;
}

static void load_document(struct load *l)
{
	yaml_node_t *root = yaml_document_get_root_node(&l->doc);

	if (!root || is_null(root)) {
		if (conf_errors_add(l->errors, (struct conf_pos){ 1, 1 },
				    "the file is empty: it must have the key ports at least"))
			l->failed = -ENOMEM;
		return;
	}
	l->source.top.at = position(root);
	if (!load_map(l, root, "", l->conf, &l->source.top))
		return;
	finish_scope(l, root, "", l->conf, &l->source.top);
	if (l->failed)
		return;
	conf_complete(l->conf, &l->source);
	l->failed = conf_check(l->conf, &l->source, l->errors);
}

/* libyaml gives a mark for grammar, an offset for characters that can't be. */
static struct conf_pos syntax_position(const yaml_parser_t *parser, const char *text, size_t len)
{
	struct conf_pos pos = { (unsigned int)parser->problem_mark.line + 1,
				(unsigned int)parser->problem_mark.column + 1 };

	if (parser->error != YAML_READER_ERROR)
		return pos;
	pos = (struct conf_pos){ 1, 1 };
	for (size_t i = 0; i < parser->problem_offset && i < len; i++) {
		pos.column++;
		if (text[i] == '\n')
			pos = (struct conf_pos){ pos.line + 1, 1 };
	}
	return pos;
}

static int syntax_error(const yaml_parser_t *parser, const char *text, size_t len,
			struct conf_errors *errors)
{
	struct conf_pos pos = syntax_position(parser, text, len);

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->context)
		return conf_errors_add(errors, pos, "not YAML: %s, %s in line %zu", parser->problem,
				       parser->context, parser->context_mark.line + 1);
	return conf_errors_add(errors, pos, "not YAML: %s", parser->problem ? parser->problem : "?");
}

/* A second document would be ignored by its reader's surprise. */
static int refuse_more(yaml_parser_t *parser, const char *text, size_t len, struct conf_errors *errors)
{
	yaml_document_t doc;
	yaml_node_t *root;
	int err = 0;

	if (!yaml_parser_load(parser, &doc))
		return syntax_error(parser, text, len, errors);
	root = yaml_document_get_root_node(&doc);
	if (root)
		err = conf_errors_add(errors, position(root), "a second YAML document: there must be one");
	yaml_document_delete(&doc);
	return err;
}

static int load_text(struct load *l, const char *text, size_t len)
{
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &l->doc)) {
		l->failed = syntax_error(&parser, text, len, l->errors);
	} else {
		load_document(l);
		if (!l->failed)
			l->failed = refuse_more(&parser, text, len, l->errors);
		yaml_document_delete(&l->doc);
	}
	yaml_parser_delete(&parser);
	return l->failed;
}

static int load_conf(const char *path, const char *text, size_t len, bool written,
		     struct conf **ret, struct conf_errors *errors)
{
	struct load l = { .errors = errors, .source.written = written };
	int err;

	*errors = (struct conf_errors){ 0 };
	l.conf = calloc(1, sizeof(*l.conf));
	if (!l.conf)
		return -ENOMEM;
	l.conf->refs = 1;
	l.conf->path = strdup(path);
	err = l.conf->path ? load_text(&l, text, len) : -ENOMEM;
	if (!err && errors->n)
		err = -EINVAL;
	free(l.source.ports);
	free(l.source.routes);
	free(l.source.rules);
	if (err == -ENOMEM)
		conf_errors_free(errors);
	if (err)
		conf_put(l.conf);
	else
		*ret = l.conf;
	return err;
}

int conf_load_buffer(const char *path, const char *text, size_t len, struct conf **ret,
		     struct conf_errors *errors)
{
	return load_conf(path, text, len, false, ret, errors);
}

int conf_load_written(const char *path, const char *text, size_t len, struct conf **ret,
		      struct conf_errors *errors)
{
	return load_conf(path, text, len, true, ret, errors);
}

static int read_file(const char *path, char **ret, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	int err = 0;

	if (!f)
		return -errno;
	text = malloc(FILE_MAX + 1);
	if (!text)
		err = -ENOMEM;
	else
		*len = fread(text, 1, FILE_MAX + 1, f);
	if (!err && ferror(f))
		err = -errno;
	if (!err && *len > FILE_MAX)
		err = -EFBIG;
	fclose(f);
	if (err)
		free(text);
	else
		*ret = text;
	return err;
}

int conf_load_file(const char *path, struct conf **ret, struct conf_errors *errors)
{
	char *text = NULL;
	size_t len = 0;
	int err = read_file(path, &text, &len);

	*errors = (struct conf_errors){ 0 };
	if (err == -ENOMEM)
		return err;
	if (err) {
		if (conf_errors_add(errors, (struct conf_pos){ 0, 0 }, "can't be read: %s", strerror(-err)))
			return -ENOMEM;
		return -EINVAL;
	}
	err = conf_load_buffer(path, text, len, ret, errors);
	free(text);
	return err;
}
