// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl port set and del: the module's port table, which the daemon follows.
 *
 * This does not go through the daemon's admin interface: what serves that is the
 * unprivileged worker, and what is intercepted is not for it to say.
 */
#include <arpa/inet.h>
#include <linux/tiphares.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "kmod.h"

static const char *const modes[] = { "none", "inbound", "outbound", "full", NULL };
static const char *const source_ports[] = { "any", "preserve", "strict", NULL };
static const char *const policies[] = { "open", "closed", "reset", NULL };

enum value_kind { VALUE_WORD, VALUE_NUMBER, VALUE_PORTS, VALUE_NAMES, VALUE_PREFIXES };

/* What stands before = and becomes of what stands behind. */
static const struct value {
	const char *key;
	enum value_kind kind;
	int attr;
	const char *const *words;
	unsigned long max;
} values[] = {
	{ "listen", VALUE_NUMBER, TIPH_PORT_LISTEN, NULL, 65535 },
	{ "mode", VALUE_WORD, TIPH_PORT_MODE, modes, 0 },
	{ "ports", VALUE_PORTS, TIPH_PORT_DPORTS, NULL, 0 },
	{ "interfaces", VALUE_NAMES, TIPH_PORT_IFNAMES, NULL, 0 },
	{ "bridges", VALUE_NAMES, TIPH_PORT_BRIDGES, NULL, 0 },
	{ "sources", VALUE_PREFIXES, TIPH_PORT_SOURCES, NULL, 0 },
	{ "destinations", VALUE_PREFIXES, TIPH_PORT_DESTINATIONS, NULL, 0 },
	{ "except_sources", VALUE_PREFIXES, TIPH_PORT_EXCEPT_SOURCES, NULL, 0 },
	{ "except_destinations", VALUE_PREFIXES, TIPH_PORT_EXCEPT_DESTINATIONS, NULL, 0 },
	{ "source_port", VALUE_WORD, TIPH_PORT_SOURCE_PORT, source_ports, 0 },
	{ "on_failure", VALUE_WORD, TIPH_PORT_ON_FAILURE, policies, 0 },
	{ "on_overload", VALUE_WORD, TIPH_PORT_ON_OVERLOAD, policies, 0 },
	{ "mark", VALUE_NUMBER, TIPH_PORT_MARK, NULL, 0xffffffff },
};
#define N_VALUES (sizeof(values) / sizeof(values[0]))

static int bad(const char *key, const char *s)
{
	fprintf(stderr, "tipharesctl: %s: '%s' is not possible\n", key, s);
	return CTL_USAGE;
}

static bool read_number(const char *s, unsigned long max, unsigned long *ret)
{
	char *end;

	*ret = strtoul(s, &end, 0);
	return end != s && !*end && *s != '-' && *ret <= max;
}

static int put_word(struct nl_msg *msg, const struct value *v, const char *s)
{
	for (unsigned int i = 0; v->words[i]; i++)
		if (!strcmp(v->words[i], s))
			return nla_put_u8(msg, v->attr, (uint8_t)i);
	return bad(v->key, s);
}

static int put_number(struct nl_msg *msg, const struct value *v, const char *s)
{
	unsigned long n;

	if (!read_number(s, v->max, &n))
		return bad(v->key, s);
	return v->max == 65535 ? nla_put_u16(msg, v->attr, (uint16_t)n) :
				 nla_put_u32(msg, v->attr, (uint32_t)n);
}

static int put_ports(struct nl_msg *msg, const struct value *v, char *s)
{
	uint16_t ports[TIPH_MATCH_PORTS_MAX];
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(s, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		unsigned long port;

		if (n == TIPH_MATCH_PORTS_MAX || !read_number(w, 65535, &port) || !port)
			return bad(v->key, w);
		ports[n++] = (uint16_t)port;
	}
	return nla_put(msg, v->attr, (int)(n * sizeof(ports[0])), ports);
}

static int put_prefix(struct nl_msg *msg, const char *key, char *s)
{
	struct tiph_prefix p = { .family = strchr(s, ':') ? AF_INET6 : AF_INET };
	unsigned long len = p.family == AF_INET6 ? 128 : 32;
	char *slash = strchr(s, '/');

	if (slash)
		*slash = '\0';
	if (inet_pton(p.family, s, p.addr) != 1 || (slash && !read_number(slash + 1, len, &len)))
		return bad(key, s);
	p.len = (uint8_t)len;
	return nla_put(msg, TIPH_LIST_ENTRY, sizeof(p), &p);
}

static int put_list(struct nl_msg *msg, const struct value *v, char *s)
{
	struct nlattr *nest = nla_nest_start(msg, v->attr);
	char *save = NULL;
	int r = nest ? 0 : -1;

	for (char *w = strtok_r(s, ",", &save); w && !r; w = strtok_r(NULL, ",", &save))
		r = v->kind == VALUE_NAMES ? nla_put_string(msg, TIPH_LIST_ENTRY, w) :
					     put_prefix(msg, v->key, w);
	if (!r)
		nla_nest_end(msg, nest);
	return r;
}

static int put_value(struct nl_msg *msg, char *arg)
{
	char *eq = strchr(arg, '=');
	const struct value *v = values;

	if (eq)
		*eq++ = '\0';
	while (v < values + N_VALUES && strcmp(v->key, arg))
		v++;
	if (!eq || v == values + N_VALUES) {
		fprintf(stderr, "tipharesctl: 'port set' does not know '%s'; it takes", arg);
		for (v = values; v < values + N_VALUES; v++)
			fprintf(stderr, " %s=", v->key);
		fputc('\n', stderr);
		return CTL_USAGE;
	}
	switch (v->kind) {
	case VALUE_WORD:
		return put_word(msg, v, eq);
	case VALUE_NUMBER:
		return put_number(msg, v, eq);
	case VALUE_PORTS:
		return put_ports(msg, v, eq);
	default:
		return put_list(msg, v, eq);
	}
}

/* The port as attributes: its name, and what the arguments say. */
static int put_port(struct nl_msg *msg, const char *name, int argc, char **argv)
{
	struct nlattr *nest = nla_nest_start(msg, TIPH_A_PORT);
	int r = nest ? nla_put_string(msg, TIPH_PORT_NAME, name) : -1;

	for (int i = 0; i < argc && !r; i++)
		r = put_value(msg, argv[i]);
	if (!r)
		nla_nest_end(msg, nest);
	return r;
}

/* Only a daemon on the module follows its table. */
static bool follows(const struct ctl *ctl)
{
	json_t *status = ctl_request(ctl, "GET", "/v1/status");
	bool good = status && !strcmp(ctl_string(status, "datapath"), "kmod");

	if (status && !good)
		fprintf(stderr, "tipharesctl: with the datapath nft, ports are those of the file: change it, then "
			"'tipharesctl reload'\n");
	json_decref(status);
	return good;
}

static int change(const struct ctl *ctl, int cmd, int argc, char **argv)
{
	struct kmod *k = follows(ctl) ? kmod_open() : NULL;
	struct nl_msg *msg = k ? kmod_message(k, cmd) : NULL;
	int r = CTL_FAILED;

	if (msg && put_port(msg, argv[0], argc - 1, argv + 1)) {
		nlmsg_free(msg);
		r = CTL_USAGE;
	} else if (msg && !kmod_send(k, msg)) {
		printf("%s; the file is as it was, and a reload makes the ports its own again\n",
		       cmd == TIPH_CMD_PORT_SET ? "set" : "removed");
		r = CTL_OK;
	}
	kmod_close(k);
	return r;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "set"))
		return change(ctl, TIPH_CMD_PORT_SET, argc - 2, argv + 2);
	if (argc == 3 && !strcmp(argv[1], "del"))
		return change(ctl, TIPH_CMD_PORT_DEL, argc - 2, argv + 2);
	fprintf(stderr, "tipharesctl: usage: port set NAME KEY=VALUE... | port del NAME\n");
	return CTL_USAGE;
}

const struct ctl_command ctl_port = {
	.name = "port", .args = "set NAME KEY=VALUE... | del NAME", .run = run,
	.help = "a port of the module, until the next reload",
};
