// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic Server: "CONFIG NAME TYPE VALUE" of records.config, "key: value" of
 * records.yaml.
 *
 * A port of server_ports is NUMBER[:OPTION]..., one of server_other_ports is
 * NUMBER[:ATTRIBUTE]; server_port and server_port_attr are the same in two lines.
 */
#include <string.h>
#include <strings.h>

#include "import.h"

#define SAY(p, ...) import_say((p)->remarks, sizeof((p)->remarks), __VA_ARGS__)

/* The value in quotes, or as it stands. */
static char *unquote(char *s)
{
	size_t n = strlen(s);

	while (n && strchr(" \t,", s[n - 1]))
		s[--n] = '\0';
	if (n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s) {
		s[n - 1] = '\0';
		s++;
	}
	return s;
}

static void tell_attribute(struct import_port *p, const char *a)
{
	if (!strcmp(a, "="))
		p->mode = "full";
	else if (!strcmp(a, ">"))
		p->mode = "inbound";
	else if (!strcmp(a, "<"))
		p->mode = "outbound";
	else if (!strcmp(a, "T"))
		p->protocol = "tcp";
	else if (strcmp(a, "X"))
		SAY(p, "attribute %s has no equal\n", a);
}

static void tell_option(struct import_port *p, const char *o)
{
	if (!strcasecmp(o, "tr-full"))
		p->mode = "full";
	else if (!strcasecmp(o, "tr-in"))
		p->mode = !strcmp(p->mode, "outbound") ? "full" : "inbound";
	else if (!strcasecmp(o, "tr-out"))
		p->mode = !strcmp(p->mode, "inbound") ? "full" : "outbound";
	else if (!strcasecmp(o, "tr-pass"))
		p->protocol = "auto";
	else if (!strcasecmp(o, "blind"))
		p->protocol = "tcp";
	else if (!strncasecmp(o, "ip-in=", 6))
		snprintf(p->address, sizeof(p->address), "%s", o + 6);
	else if (!strcasecmp(o, "ssl"))
		SAY(p, "ssl: TLS is not ended here; what comes encrypted is relayed unread\n");
	else if (strcasecmp(o, "ipv4") && strcasecmp(o, "ipv6"))
		SAY(p, "%s has no equal\n", o);
	if (!strcasecmp(o, "ssl")) {
		p->protocol = "tls";
		p->match = 443;
	}
}

/* Options are divided by colons; an IPv6 address stands in brackets. */
static void read_port(struct import *im, char *s, void (*tell)(struct import_port *, const char *))
{
	char *next = strchr(s, ':');
	struct import_port *p;

	if (next)
		*next++ = '\0';
	p = import_port(im, s);
	if (!p) {
		fprintf(im->left_out, "not a port: %s\n", s);
		return;
	}
	while (next && *next) {
		char *o = next, *bracket = strchr(o, '['), *end = strchr(o, ':');

		if (bracket && end && bracket < end && strchr(bracket, ']')) {
			memmove(bracket, bracket + 1, strlen(bracket));
			bracket = strchr(bracket, ']');
			memmove(bracket, bracket + 1, strlen(bracket));
			end = strchr(bracket, ':');
		}
		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		tell(p, o);
	}
}

static void read_ports(struct import *im, char *value, void (*tell)(struct import_port *, const char *))
{
	char *save = NULL;

	for (char *s = strtok_r(value, " \t,", &save); s; s = strtok_r(NULL, " \t,", &save))
		read_port(im, s, tell);
}

/* What server_port and server_port_attr say belongs to one port, in any order. */
static void read_single(struct import *im, const char *name, char *value)
{
	static char attribute[8], number[8];
	char *to = strcmp(name, "server_port") ? attribute : number;
	struct import_port *p;

	snprintf(to, sizeof(number), "%s", value);
	p = *number ? import_port(im, number) : NULL;
	if (p && *attribute)
		tell_attribute(p, attribute);
}

static bool is_value_of(const char *name, const char *want)
{
	const char *last = strrchr(name, '.');

	return !strcmp(last ? last + 1 : name, want);
}

static bool read_limit(struct import *im, const char *name, const char *value)
{
	static const char *const seconds[][2] = {
		{ "keep_alive_no_activity_timeout_in", "idle_timeout" },
		{ "transaction_no_activity_timeout_out", "response_timeout" },
		{ "connect_attempts_timeout", "connect_timeout" },
	};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		if (!is_value_of(name, seconds[i][0]) || !strspn(value, "123456789"))
			continue;
		import_say(im->http, sizeof(im->http), "%s: %ss\n", seconds[i][1], value);
		return true;
	}
	if (!is_value_of(name, "connections_throttle") || !strspn(value, "123456789"))
		return false;
	import_say(im->limits, sizeof(im->limits), "sessions: %s\n", value);
	return true;
}

static bool read_value(struct import *im, const char *name, char *value)
{
	if (is_value_of(name, "server_ports"))
		read_ports(im, value, tell_option);
	else if (is_value_of(name, "server_other_ports"))
		read_ports(im, value, tell_attribute);
	else if (is_value_of(name, "server_port") || is_value_of(name, "server_port_attr"))
		read_single(im, strrchr(name, '.') ? strrchr(name, '.') + 1 : name, value);
	else
		return read_limit(im, name, value);
	return true;
}

/* CONFIG NAME TYPE VALUE */
static bool read_config(struct import *im, char *line)
{
	char name[IMPORT_TEXT], type[16];
	int at = 0;

	return sscanf(line, "CONFIG %255s %15s %n", name, type, &at) == 2 && at &&
	       read_value(im, name, unquote(line + at));
}

bool import_ats_line(struct import *im, char *line)
{
	size_t n = strcspn(line, ": \t");
	char name[IMPORT_TEXT], value[4096];

	if (!strncmp(line, "CONFIG ", 7))
		return read_config(im, line);
	if (line[n] != ':' || (line[n + 1] && line[n + 1] != ' ') || n >= sizeof(name))
		return false;
	memcpy(name, line, n);
	name[n] = '\0';
	snprintf(value, sizeof(value), "%s", line + n + 1 + strspn(line + n + 1, " \t"));
	/* a mapping that only holds others */
	return !*value || read_value(im, name, unquote(value));
}
