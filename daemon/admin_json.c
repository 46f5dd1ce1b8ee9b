// SPDX-License-Identifier: GPL-2.0-only
/* The answers of the admin API as JSON; docs/admin-api.md describes them. */
#include <string.h>
#include <unistd.h>

#include "admin_internal.h"
#include "conf_keys.h"
#include "version.h"

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static uint64_t count_sessions(struct admin *a)
{
	size_t n = a->ops->counters(a->arg, a->counters, ADMIN_COUNTERS_MAX);

	for (size_t i = 0; i < n; i++)
		if (!a->counters[i].port[0] && !strcmp(a->counters[i].name, "sessions"))
			return a->counters[i].value;
	return 0;
}

json_t *admin_status(struct admin *a)
{
	struct conf *conf = a->ops->conf(a->arg);
	json_t *ret;

	shm_read(a->shm, &a->page);
	ret = json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
			"version", TIPHARES_VERSION, "pid", (int)getpid(), "state", a->ops->state(a->arg),
			"datapath", a->page.datapath, "datapath_why", a->page.datapath_why,
			"started", number(a->page.started), "generation", number(a->page.generation),
			"threads", (int)a->threads, "ports", number(conf ? conf->n_ports : 0),
			"sessions", number(count_sessions(a)), "reloads", number(a->page.reloads),
			"reload_failures", number(a->page.reload_failures),
			"worker_restarts", number(a->page.worker_restarts),
			"worker_violations", number(a->page.worker_violations),
			"repairs", number(a->page.repairs), "confinement", a->page.confinement);
	conf_put(conf);
	return ret;
}

/* The word that the configuration file has for a value. */
static const char *word(const char *path, unsigned int value)
{
	const struct conf_choice *c = conf_keys[conf_key_find(path)].choices;

	while (c[1].word && c->value != value)
		c++;
	return c->word;
}

static json_t *prefixes(const struct prefix_list *list)
{
	char text[ENDPOINT_STRLEN];
	json_t *ret = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(ret, json_string(prefix_format(&list->v[i], text, sizeof(text))));
	return ret;
}

static json_t *names(const struct name_list *list)
{
	json_t *ret = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(ret, json_string(list->v[i]));
	return ret;
}

static json_t *match(const struct conf_port *port)
{
	json_t *dports = json_array();

	for (size_t i = 0; i < port->n_dports; i++)
		json_array_append_new(dports, json_integer(port->dports[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "ports", dports, "interfaces",
			 names(&port->interfaces), "bridges", names(&port->bridges), "sources", prefixes(&port->sources), "destinations", prefixes(&port->destinations),
			 "except", "sources", prefixes(&port->except_sources), "destinations",
			 prefixes(&port->except_destinations));
}

static json_t *listens(const struct conf_port *port)
{
	char text[ENDPOINT_STRLEN];
	json_t *ret = json_array();

	for (size_t i = 0; i < port->n_listen; i++)
		json_array_append_new(ret, json_string(endpoint_format(&port->listen[i], text, sizeof(text))));
	return ret;
}

static json_t *port_object(const struct conf_port *port)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:f, s:f, s:f, s:b, s:o, s:o, s:b}", "name", port->name, "mode",
			 conf_mode_name(port->mode), "protocol", word("ports.protocol", port->protocol),
			 "listen", listens(port), "match", match(port), "source_port",
			 word("ports.source_port", port->source_port), "on_failure",
			 word("ports.on_failure", port->on_failure), "on_overload",
			 word("ports.on_overload", port->on_overload), "shed_high", port->shed_high / 100.0,
			 "shed_low", port->shed_low / 100.0, "sample", port->sample / 100.0, "dry_run", port->dry_run,
			 "mark", number(port->mark), "proxy_protocol", prefixes(&port->proxy_senders),
			 "likeness", port->likeness);
}

json_t *admin_ports(struct admin *a)
{
	struct conf *conf = a->ops->conf(a->arg);
	json_t *ports = json_array();

	for (size_t i = 0; conf && i < conf->n_ports; i++)
		json_array_append_new(ports, port_object(&conf->ports[i]));
	conf_put(conf);
	return json_pack("{s:o}", "ports", ports);
}

static json_t *counter(const char *scope, const char *port, const char *name, uint64_t value)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "scope", scope, "port", port, "name", name, "value",
			 number(value));
}

json_t *admin_stats(struct admin *a)
{
	size_t n = a->ops->counters(a->arg, a->counters, ADMIN_COUNTERS_MAX);
	json_t *counters = json_array();

	shm_read(a->shm, &a->page);
	for (uint32_t i = 0; i < a->page.n_counters; i++) {
		const struct datapath_counter *c = &a->page.counters[i];

		json_array_append_new(counters, counter("datapath", c->port, c->name, c->value));
	}
	for (size_t i = 0; i < n; i++) {
		const struct admin_counter *c = &a->counters[i];

		json_array_append_new(counters, counter("daemon", c->port, c->name, c->value));
	}
	return json_pack("{s:o}", "counters", counters);
}

static json_t *place(const struct endpoint *e)
{
	char text[ENDPOINT_STRLEN];

	if (e->addr.family == AF_UNSPEC)
		return json_null();
	return json_string(endpoint_format(e, text, sizeof(text)));
}

/* Where there is no original destination, the origin that was chosen is the destination. */
static json_t *flow_object(const struct admin_flow *f)
{
	const struct endpoint *destination =
		f->original.addr.family == AF_UNSPEC ? &f->upstream : &f->original;

	return json_pack("{s:o, s:i, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id",
			 number(f->id), "thread", (int)f->thread, "client", place(&f->client), "destination",
			 place(destination), "source", place(&f->source), "upstream", place(&f->upstream),
			 "port", f->port, "mode", conf_mode_name(f->mode), "state", f->state, "requests",
			 number(f->requests), "bytes_in", number(f->received), "bytes_out", number(f->sent),
			 "age_ms", number(f->age_ms));
}

json_t *admin_flows(struct admin *a)
{
	size_t n = a->ops->flows(a->arg, a->flows, ADMIN_FLOWS_MAX);
	json_t *flows = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(flows, flow_object(&a->flows[i]));
	return json_pack("{s:o, s:b}", "flows", flows, "truncated", n == ADMIN_FLOWS_MAX);
}
