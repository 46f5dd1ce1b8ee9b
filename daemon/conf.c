// SPDX-License-Identifier: GPL-2.0-only
/* Life of a configuration and of a list of errors. */
#include "conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_load.h"

static void free_port(struct conf_port *port)
{
	free(port->interfaces.v);
	free(port->bridges.v);
	free(port->sources.v);
	free(port->destinations.v);
	free(port->except_sources.v);
	free(port->except_destinations.v);
	free(port->proxy_senders.v);
}

static void free_words(struct word_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
}

static void free_rule(struct conf_rule *rule)
{
	free(rule->clients.v);
	free(rule->destinations.v);
	free(rule->destination_ports.v);
	free_words(&rule->hosts);
	free_words(&rule->methods);
	free_words(&rule->paths);
	free_words(&rule->ports);
	free_words(&rule->alpn);
}

static void free_conf(struct conf *conf)
{
	for (size_t i = 0; i < conf->n_ports; i++)
		free_port(&conf->ports[i]);
	for (size_t i = 0; i < conf->n_routes; i++) {
		free(conf->routes[i].host);
		free(conf->routes[i].to);
	}
	for (size_t i = 0; i < conf->n_rules; i++)
		free_rule(&conf->rules[i]);
	for (size_t i = 0; i < conf->bypass.n_entries; i++) {
		free(conf->bypass.entries[i].source.v);
		free(conf->bypass.entries[i].destination.v);
	}
	free(conf->bypass.entries);
	free(conf->bypass.never.v);
	free(conf->bypass.snapshot);
	free(conf->rules);
	free(conf->ports);
	free(conf->routes);
	free(conf->resolver_servers);
	free(conf->path);
	free(conf->user);
	free(conf->http.via);
	free(conf->log.to);
	free(conf->admin.socket);
	free(conf);
}

struct conf *conf_get(struct conf *conf)
{
	__atomic_add_fetch(&conf->refs, 1, __ATOMIC_RELAXED);
	return conf;
}

void conf_put(struct conf *conf)
{
	if (conf && !__atomic_sub_fetch(&conf->refs, 1, __ATOMIC_ACQ_REL))
		free_conf(conf);
}

const struct conf_port *conf_port_by_name(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_ports; i++)
		if (!strcmp(conf->ports[i].name, name))
			return &conf->ports[i];
	return NULL;
}

const struct conf_port *conf_port_at(const struct conf *conf, const struct endpoint *listen)
{
	for (size_t i = 0; i < conf->n_ports; i++)
		for (size_t k = 0; k < conf->ports[i].n_listen; k++)
			if (endpoint_equal(&conf->ports[i].listen[k], listen))
				return &conf->ports[i];
	return NULL;
}

const char *conf_mode_name(uint8_t mode)
{
	static const char *const names[] = {
		[TIPH_MODE_NONE] = "none",
		[TIPH_MODE_INBOUND] = "inbound",
		[TIPH_MODE_OUTBOUND] = "outbound",
		[TIPH_MODE_FULL] = "full",
	};

	return mode <= TIPH_MODE_FULL ? names[mode] : "?";
}

static bool before(const struct conf_pos *pos, const struct conf_error *e)
{
	return pos->line < e->line || (pos->line == e->line && pos->column < e->column);
}

int conf_errors_add(struct conf_errors *errors, struct conf_pos pos, const char *format, ...)
{
	struct conf_error *v;
	va_list args;
	char *text;
	size_t i;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	v = reallocarray(errors->v, errors->n + 1, sizeof(*v));
	if (!v) {
		free(text);
		return -ENOMEM;
	}
	errors->v = v;
	for (i = errors->n++; i && before(&pos, &v[i - 1]); i--)
		v[i] = v[i - 1];
	v[i] = (struct conf_error){ .line = pos.line, .column = pos.column, .text = text };
	return 0;
}

void conf_errors_free(struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++)
		free(errors->v[i].text);
	free(errors->v);
	*errors = (struct conf_errors){ 0 };
}
