// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values of configuration keys: from their fields into YAML. What is written
 * reads back as the same value (conf_value.c).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "conf.h"
#include "conf_value.h"

static const void *const_field(const struct conf_key *key, const void *base)
{
	return (const char *)base + key->offset;
}

static uint64_t load(const void *from, size_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)from;
	case 2:
		return *(const uint16_t *)from;
	case 4:
		return *(const uint32_t *)from;
	default:
		return *(const uint64_t *)from;
	}
}

void conf_quote(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void write_count(const struct conf_key *key, const void *base, FILE *out)
{
	fprintf(out, "%" PRIu64, load(const_field(key, base), key->size));
}

static void write_hex(const struct conf_key *key, const void *base, FILE *out)
{
	fprintf(out, "0x%" PRIx64, load(const_field(key, base), key->size));
}

static void write_size(const struct conf_key *key, const void *base, FILE *out)
{
	fprintf(out, "%" PRIu64 "B", load(const_field(key, base), key->size));
}

static void write_duration(const struct conf_key *key, const void *base, FILE *out)
{
	uint64_t v = load(const_field(key, base), key->size);

	if (!v && key->none)
		fputs(key->none, out);
	else
		fprintf(out, "%" PRIu64 "ms", v);
}

static void write_percent(const struct conf_key *key, const void *base, FILE *out)
{
	unsigned int v = (unsigned int)load(const_field(key, base), key->size);

	fprintf(out, "%u.%02u%%", v / 100, v % 100);
}

static void write_choice(const struct conf_key *key, const void *base, FILE *out)
{
	uint64_t v = load(const_field(key, base), key->size);
	const struct conf_choice *c = key->choices;

	while (c[1].word && c->value != v)
		c++;
	fputs(c->word, out);
}

static void write_string(const struct conf_key *key, const void *base, FILE *out)
{
	const char *s = *(char *const *)const_field(key, base);

	conf_quote(out, s ? s : key->none);
}

static void write_name(const struct conf_key *key, const void *base, FILE *out)
{
	conf_quote(out, const_field(key, base));
}

static void write_listen(const struct conf_key *key, const void *base, FILE *out)
{
	const struct conf_port *port = base;
	char buf[ENDPOINT_STRLEN];

	if (port->n_listen == 1)
		fprintf(out, "\"%s\"", endpoint_format(&port->listen[0], buf, sizeof(buf)));
	else
		fprintf(out, "%u", port->listen[0].port);
}

static void write_endpoint(const struct conf_key *key, const void *base, FILE *out)
{
	const struct endpoint *e = const_field(key, base);
	char buf[ENDPOINT_STRLEN];

	if (e->addr.family == AF_UNSPEC)
		fputs(key->none, out);
	else
		fprintf(out, "\"%s\"", endpoint_format(e, buf, sizeof(buf)));
}

static void write_endpoint_list(const struct endpoint *v, size_t n, FILE *out)
{
	char buf[ENDPOINT_STRLEN];

	fputc('[', out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", endpoint_format(&v[i], buf, sizeof(buf)));
	fputc(']', out);
}

static void write_endpoints(const struct conf_key *key, const void *base, FILE *out)
{
	const struct conf_route *route = base;

	write_endpoint_list(route->to, route->n_to, out);
}

static void write_servers(const struct conf_key *key, const void *base, FILE *out)
{
	const struct conf *conf = base;

	if (conf->n_resolver_servers)
		write_endpoint_list(conf->resolver_servers, conf->n_resolver_servers, out);
	else
		fputs(key->none, out);
}

static void write_tcp_ports(const struct conf_key *key, const void *base, FILE *out)
{
	const struct conf_port *port = base;

	fputc('[', out);
	for (size_t i = 0; i < port->n_dports; i++)
		fprintf(out, "%s%u", i ? ", " : "", port->dports[i]);
	fputc(']', out);
}

static void write_interfaces(const struct conf_key *key, const void *base, FILE *out)
{
	const struct name_list *list = const_field(key, base);

	fputc('[', out);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i ? ", " : "", out);
		conf_quote(out, list->v[i]);
	}
	fputc(']', out);
}

static void write_prefixes(const struct conf_key *key, const void *base, FILE *out)
{
	const struct prefix_list *list = const_field(key, base);
	char buf[ENDPOINT_STRLEN];

	fputc('[', out);
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", prefix_format(&list->v[i], buf, sizeof(buf)));
	fputc(']', out);
}

/* The words of the bits that are set. */
static void write_choices(const struct conf_key *key, const void *base, FILE *out)
{
	uint64_t bits = load(const_field(key, base), key->size);
	bool first = true;

	fputc('[', out);
	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (!(bits & c->value))
			continue;
		fprintf(out, "%s%s", first ? "" : ", ", c->word);
		first = false;
	}
	fputc(']', out);
}

static void write_numbers(const struct conf_key *key, const void *base, FILE *out)
{
	const struct number_list *list = const_field(key, base);

	fputc('[', out);
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%u", i ? ", " : "", list->v[i]);
	fputc(']', out);
}

static void write_words(const struct conf_key *key, const void *base, FILE *out)
{
	const struct word_list *list = const_field(key, base);

	fputc('[', out);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i ? ", " : "", out);
		conf_quote(out, list->v[i]);
	}
	fputc(']', out);
}

static void (*const writers[])(const struct conf_key *key, const void *base, FILE *out) = {
	[CONF_CHOICE] = write_choice,
	[CONF_COUNT] = write_count,
	[CONF_NUMBER] = write_hex,
	[CONF_SIZE] = write_size,
	[CONF_DURATION] = write_duration,
	[CONF_PERCENT] = write_percent,
	[CONF_STRING] = write_string,
	[CONF_PATH] = write_string,
	[CONF_NAME] = write_name,
	[CONF_HOST] = write_string,
	[CONF_LISTEN] = write_listen,
	[CONF_ENDPOINT] = write_endpoint,
	[CONF_ENDPOINTS] = write_endpoints,
	[CONF_SERVERS] = write_servers,
	[CONF_TCP_PORTS] = write_tcp_ports,
	[CONF_INTERFACES] = write_interfaces,
	[CONF_PREFIXES] = write_prefixes,
	[CONF_CHOICES] = write_choices,
	[CONF_NUMBERS] = write_numbers,
	[CONF_HOSTS] = write_words,
	[CONF_METHODS] = write_words,
	[CONF_PATHS] = write_words,
	[CONF_NAMES] = write_words,
	[CONF_TOKENS] = write_words,
};

void conf_value_write(const struct conf_key *key, const void *base, FILE *out)
{
	writers[key->kind](key, base, out);
}
