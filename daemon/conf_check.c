// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a configuration means as a whole: values that follow from others, and
 * errors that no value alone shows.
 *
 * A value that was refused already, or is missing where it must be given, is
 * not looked at again: one mistake makes one error.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "conf_load.h"
#include "conf_value.h"

static const struct addr any4 = { .family = AF_INET };
static const struct addr any6 = { .family = AF_INET6 };
static const struct addr loop4 = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } };
static const struct addr loop6 = { .family = AF_INET6, .bytes = { [15] = 1 } };

static bool usable(const struct conf_seen *seen, const char *path)
{
	int i = conf_key_find(path);

	return seen->key[i].line && !seen->bad[i];
}

static bool refused(const struct conf_seen *seen, const char *path)
{
	return seen->bad[conf_key_find(path)];
}

/* Where to point: at the value, or at the mapping when it was not given. */
static struct conf_pos where(const struct conf_seen *seen, const char *path)
{
	struct conf_pos pos = seen->key[conf_key_find(path)];

	return pos.line ? pos : seen->at;
}

static bool is_inbound(const struct conf_port *port)
{
	return port->mode & TIPH_INBOUND;
}

static void complete_listen(struct conf_port *port)
{
	uint16_t number = port->listen[0].port;

	if (port->listen[0].addr.family != AF_UNSPEC)
		return;
	port->listen[0] = (struct endpoint){ is_inbound(port) ? loop4 : any4, number };
	port->listen[1] = (struct endpoint){ is_inbound(port) ? loop6 : any6, number };
	port->n_listen = 2;
}

static unsigned int count_cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return n < 1 ? 1 : n > 256 ? 256 : (unsigned int)n;
}

void conf_complete(struct conf *conf, const struct conf_source *source)
{
	if (!conf->workers)
		conf->workers = count_cpus();
	if (!conf->bypass.triggers)
		conf->bypass.triggers = 1 << TIPH_BYPASS_NOT_HTTP | 1 << TIPH_BYPASS_CONNECT_ERROR |
					1 << TIPH_BYPASS_BAD_RESPONSE | 1 << TIPH_BYPASS_ASYMMETRIC;
	for (size_t i = 0; i < conf->n_ports; i++) {
		struct conf_port *port = &conf->ports[i];

		port->index = (unsigned int)i;
		if (!usable(&source->ports[i], "ports.listen"))
			continue;
		if (!port->name[0] && !refused(&source->ports[i], "ports.name"))
			snprintf(port->name, sizeof(port->name), "port-%u", port->listen[0].port);
		if (usable(&source->ports[i], "ports.mode"))
			complete_listen(port);
	}
}

static bool is_default(const struct conf_port *port, const struct conf_key *key)
{
	struct conf_port fresh = { 0 };
	char why[CONF_WHY_MAX];

	if (!key->fallback)
		return false;
	conf_value_set(key, &fresh, key->fallback, strlen(key->fallback), why);
	return !memcmp((const char *)port + key->offset, (const char *)&fresh + key->offset, key->size);
}

/* Keys whose meaning needs a transparent side. */
static int check_sides(const struct conf_port *port, const struct conf_seen *seen,
		       struct conf_errors *errors)
{
	int err = 0;

	for (size_t i = 0; i < conf_keys_count() && !err; i++) {
		const struct conf_key *key = &conf_keys[i];
		bool lacks_in = (key->flags & CONF_F_INBOUND) && !(port->mode & TIPH_INBOUND);
		bool lacks_out = (key->flags & CONF_F_OUTBOUND) && !(port->mode & TIPH_OUTBOUND);

		if (!seen->key[i].line || seen->bad[i] || (!lacks_in && !lacks_out) ||
		    is_default(port, key))
			continue;
		err = conf_errors_add(errors, seen->key[i],
				      "%s has no meaning where the mode is %s: its %s side is not transparent",
				      key->path, conf_mode_name(port->mode), lacks_in ? "client" : "server");
	}
	return err;
}

static int check_listen(const struct conf_port *port, const struct conf_seen *seen,
			struct conf_errors *errors)
{
	if (!usable(seen, "ports.listen") || !is_inbound(port) || port->n_listen == 2)
		return 0;
	return conf_errors_add(errors, where(seen, "ports.listen"),
			       "ports.listen: write only %u: a port in mode %s always listens on 127.0.0.1 and ::1",
			       port->listen[0].port, conf_mode_name(port->mode));
}

static int check_match(const struct conf_port *port, const struct conf_seen *seen,
		       struct conf_errors *errors)
{
	if (!is_inbound(port) || port->n_dports || refused(seen, "ports.match.ports") ||
	    refused(seen, "ports.match"))
		return 0;
	return conf_errors_add(errors, where(seen, "ports.match"),
			       "ports.match.ports is missing: mode %s must say which destination ports it intercepts",
			       conf_mode_name(port->mode));
}

/* Between the two marks is what keeps load shedding from flapping. */
static int check_shed(const struct conf_port *port, const struct conf_seen *seen, struct conf_errors *errors)
{
	if (!is_inbound(port) || !port->shed_high || port->shed_low < port->shed_high ||
	    refused(seen, "ports.shed_high") || refused(seen, "ports.shed_low"))
		return 0;
	return conf_errors_add(errors, where(seen, "ports.shed_low"),
			       "ports.shed_low is not less than ports.shed_high");
}

/* The client's address is taken from its connection; nobody's word lets us use another. */
static int check_senders(const struct conf_port *port, const struct conf_seen *seen,
			 struct conf_errors *errors)
{
	if (!port->proxy_senders.n || !(port->mode & TIPH_OUTBOUND))
		return 0;
	return conf_errors_add(errors, where(seen, "ports.proxy_protocol"),
			       "ports.proxy_protocol can't be used where the mode is %s: no address is spoofed because a header names it",
			       conf_mode_name(port->mode));
}

static int check_port(const struct conf_port *port, const struct conf_seen *seen,
		      struct conf_errors *errors)
{
	int err;

	if (!usable(seen, "ports.mode"))
		return 0;
	err = check_listen(port, seen, errors);
	if (!err)
		err = check_match(port, seen, errors);
	if (!err)
		err = check_shed(port, seen, errors);
	if (!err)
		err = check_senders(port, seen, errors);
	return err ? err : check_sides(port, seen, errors);
}

/* Names and listen ports are keys of the port table: no two alike. */
static int check_twins(const struct conf *conf, const struct conf_source *source, size_t i,
		       struct conf_errors *errors)
{
	const struct conf_port *port = &conf->ports[i];
	bool name_told = !port->name[0], listen_told = !port->listen[0].port;
	int err = 0;

	for (size_t j = 0; j < i && !err; j++) {
		const struct conf_port *other = &conf->ports[j];
		unsigned int line = source->ports[j].at.line;

		if (!listen_told && port->listen[0].port == other->listen[0].port) {
			listen_told = name_told = true;
			err = conf_errors_add(errors, where(&source->ports[i], "ports.listen"),
					      "ports.listen: port %u is taken by \"%s\" in line %u",
					      port->listen[0].port, other->name, line);
		}
		if (!err && !name_told && !strcmp(port->name, other->name)) {
			name_told = true;
			err = conf_errors_add(errors, where(&source->ports[i], "ports.name"),
					      "ports.name: \"%s\" is the name of the port in line %u already",
					      port->name, line);
		}
	}
	return err;
}

static int check_routes(const struct conf *conf, const struct conf_source *source,
			struct conf_errors *errors)
{
	int err = 0;

	for (size_t i = 1; i < conf->n_routes; i++) {
		for (size_t j = 0; j < i && !err; j++) {
			const char *a = conf->routes[i].host, *b = conf->routes[j].host;

			if (!a || !b || strcmp(a, b))
				continue;
			err = conf_errors_add(errors, where(&source->routes[i], "routes.host"),
					      "routes.host: \"%s\" has a route in line %u already", a,
					      source->routes[j].at.line);
			break;
		}
	}
	return err;
}

/* A rule for a port that there is not would never match, and nobody would know. */
static int check_rules(const struct conf *conf, const struct conf_source *source,
		       struct conf_errors *errors)
{
	int err = 0;

	for (size_t i = 0; i < conf->n_rules && !err; i++) {
		const struct word_list *names = &conf->rules[i].ports;

		for (size_t j = 0; j < names->n && !err; j++)
			if (!conf_port_by_name(conf, names->v[j]))
				err = conf_errors_add(errors, where(&source->rules[i], "access.*.port"),
						      "access.*.port: no port is called \"%s\"", names->v[j]);
	}
	return err;
}

/* What clients may reach must not be what operators ask. */
static int check_metrics(const struct conf *conf, const struct conf_source *source,
			 struct conf_errors *errors)
{
	const struct endpoint *m = &conf->admin.metrics;

	if (m->addr.family == AF_UNSPEC && conf->admin.page)
		return conf_errors_add(errors, where(&source->top, "admin.page"),
				       "admin.page: the page is at admin.metrics, which is off");
	if (m->addr.family == AF_UNSPEC)
		return 0;
	for (size_t i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].listen[0].port == m->port)
			return conf_errors_add(errors, where(&source->top, "admin.metrics"),
					       "admin.metrics: port %u is the listen of \"%s\"", m->port,
					       conf->ports[i].name);
	return 0;
}

/* The kernel's own routing tables are not for us. */
static int check_nft(const struct conf *conf, const struct conf_source *source, struct conf_errors *errors)
{
	if (conf->nft.table < 253 || conf->nft.table > 255)
		return 0;
	return conf_errors_add(errors, where(&source->top, "nft.table"),
			       "nft.table: %u is one of the kernel's own tables", conf->nft.table);
}

static int check_limits(const struct conf *conf, const struct conf_source *source, struct conf_errors *errors)
{
	const struct conf_limits *limits = &conf->limits;

	if (!limits->shed_high || limits->shed_low < limits->shed_high ||
	    refused(&source->top, "limits.shed_high") || refused(&source->top, "limits.shed_low"))
		return 0;
	return conf_errors_add(errors, where(&source->top, "limits.shed_low"),
			       "limits.shed_low is not less than limits.shed_high");
}

int conf_check(const struct conf *conf, const struct conf_source *source, struct conf_errors *errors)
{
	int err = 0;

	for (size_t i = 0; i < conf->n_ports && !err; i++) {
		err = check_port(&conf->ports[i], &source->ports[i], errors);
		if (!err)
			err = check_twins(conf, source, i, errors);
	}
	if (!err)
		err = check_routes(conf, source, errors);
	if (!err && !source->written)
		err = check_rules(conf, source, errors);
	if (!err)
		err = check_limits(conf, source, errors);
	if (!err)
		err = check_metrics(conf, source, errors);
	return err ? err : check_nft(conf, source, errors);
}
