// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values of configuration keys: from text into their fields. Each kind has one
 * function; conf_format.c has the other direction.
 */
#include "conf_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
	{ "B", 1 }, { "KiB", 1ULL << 10 }, { "MiB", 1ULL << 20 }, { "GiB", 1ULL << 30 }, { NULL, 0 },
};
static const struct unit durations[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

static int refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, CONF_WHY_MAX, format, args);
	va_end(args);
	return -EINVAL;
}

/* For messages: what was written, cut where it is endless. */
#define SHOWN_MAX 60
#define SHOW(s, n) (int)((n) > SHOWN_MAX ? SHOWN_MAX : (n)), (s)

static void *field(const struct conf_key *key, void *base)
{
	return (char *)base + key->offset;
}

static void store(void *to, size_t size, uint64_t v)
{
	switch (size) {
	case 1:
		*(uint8_t *)to = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)to = (uint16_t)v;
		break;
	case 4:
		*(uint32_t *)to = (uint32_t)v;
		break;
	default:
		*(uint64_t *)to = v;
	}
}

/* Leading digits of @s; their number, 0 when there is none or they overflow. */
static size_t scan_digits(const char *s, size_t n, unsigned int base, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		int c = tolower((unsigned char)s[i]);
		unsigned int digit = isdigit(c) ? (unsigned int)(c - '0') :
				     c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : base;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return 0;
	}
	*ret = v;
	return i;
}

static int store_bounded(const struct conf_key *key, void *base, uint64_t v, const char *s, size_t n,
			 char *why)
{
	char low[40], high[40];

	if (v >= key->min && v <= key->max) {
		store(field(key, base), key->size, v);
		return 0;
	}
	snprintf(low, sizeof(low), "%" PRIu64, key->min);
	snprintf(high, sizeof(high), "%" PRIu64, key->max);
	return refuse(why, "\"%.*s\" is out of range, from %s to %s%s", SHOW(s, n), low, high,
		      key->kind == CONF_SIZE ? " B" : key->kind == CONF_DURATION ? " ms" : "");
}

static int set_number(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	bool hex = key->kind == CONF_NUMBER && n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	size_t skip = hex ? 2 : 0;
	uint64_t v;

	if (!n || scan_digits(s + skip, n - skip, hex ? 16 : 10, &v) != n - skip)
		return refuse(why, "\"%.*s\" is not a number", SHOW(s, n));
	return store_bounded(key, base, v, s, n, why);
}

static int set_united(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	const struct unit *u = key->kind == CONF_SIZE ? sizes : durations;
	const char *what = key->kind == CONF_SIZE ? "size" : "duration";
	const char *known = key->kind == CONF_SIZE ? "B, KiB, MiB or GiB" : "ms, s, m, h or d";
	uint64_t v;
	size_t digits = scan_digits(s, n, 10, &v);

	if (!digits)
		return refuse(why, "\"%.*s\" is not a %s: a number and %s", SHOW(s, n), what, known);
	if (digits == n)
		return refuse(why, "\"%.*s\" has no unit: write %s behind it", SHOW(s, n), known);
	for (; u->name; u++)
		if (strlen(u->name) == n - digits && !memcmp(u->name, s + digits, n - digits))
			break;
	if (!u->name)
		return refuse(why, "\"%.*s\" has an unknown unit, known are %s", SHOW(s, n), known);
	if (__builtin_mul_overflow(v, u->factor, &v))
		v = UINT64_MAX;
	return store_bounded(key, base, v, s, n, why);
}

static int set_percent(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	uint64_t whole, part = 0;
	size_t i = scan_digits(s, n, 10, &whole), digits = 0;

	if (i && i < n && s[i] == '.') {
		digits = scan_digits(s + i + 1, n - i - 1, 10, &part);
		if (!digits || digits > 2)
			return refuse(why, "\"%.*s\" is not a percentage with at most two decimals",
				      SHOW(s, n));
		i += 1 + digits;
	}
	if (!i || i + 1 != n || s[i] != '%')
		return refuse(why, "\"%.*s\" is not a percentage such as 12.5%%", SHOW(s, n));
	if (digits == 1)
		part *= 10;
	if (whole > 100 || whole * 100 + part > key->max)
		return refuse(why, "\"%.*s\" is more than 100%%", SHOW(s, n));
	store(field(key, base), key->size, whole * 100 + part);
	return 0;
}

static void list_choices(const struct conf_choice *c, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; c->word && used < size; c++) {
		const char *sep = !used ? "" : c[1].word ? ", " : " or ";

		used += (size_t)snprintf(buf + used, size - used, "%s%s", sep, c->word);
	}
}

static int set_choice(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	const char *near = conf_choice_suggest(key->choices, s, n);
	char words[120];

	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (strlen(c->word) == n && !memcmp(c->word, s, n)) {
			store(field(key, base), key->size, c->value);
			return 0;
		}
	}
	list_choices(key->choices, words, sizeof(words));
	return refuse(why, "\"%.*s\" is not one of %s%s%s%s", SHOW(s, n), words,
		      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int store_string(const struct conf_key *key, void *base, const char *s, size_t n)
{
	char **to = field(key, base), *copy = strndup(s, n);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

/* Text that stands in header fields, system calls and log lines: visible ASCII only. */
static bool is_visible(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isgraph((unsigned char)s[i]))
			return false;
	return n;
}

#define STRING_MAX 255

static int set_choices(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	uint8_t *bits = field(key, base), before = *bits;
	int err = set_choice(key, base, s, n, why);

	if (!err && before & *bits)
		err = refuse(why, "\"%.*s\" is in the list already", SHOW(s, n));
	*bits |= before;
	return err;
}

static int set_string(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	if (!is_visible(s, n) || n > STRING_MAX)
		return refuse(why, "\"%.*s\" is not 1 to %d visible ASCII characters without spaces",
			      SHOW(s, n), STRING_MAX);
	return store_string(key, base, s, n);
}

static int set_path(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	char words[80];

	for (const struct conf_choice *c = key->choices; c && c->word; c++)
		if (strlen(c->word) == n && !memcmp(c->word, s, n))
			return store_string(key, base, s, n);
	if (n && s[0] == '/' && n < 4096 && !memchr(s, '\0', n))
		return store_string(key, base, s, n);
	if (key->choices)
		list_choices(key->choices, words, sizeof(words));
	else
		snprintf(words, sizeof(words), "%s", key->none);
	return refuse(why, "\"%.*s\" is neither an absolute path nor %s", SHOW(s, n), words);
}

static bool is_name(const char *s, size_t n)
{
	bool good = n >= 1 && n < TIPH_NAME_MAX;

	for (size_t i = 0; good && i < n; i++)
		good = isalnum((unsigned char)s[i]) || (s[i] && strchr("_.-", s[i]));
	return good;
}

static int set_name(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	char *to = field(key, base);

	if (!is_name(s, n))
		return refuse(why, "\"%.*s\" is not a name: 1 to %d of A-Z a-z 0-9 _ . -", SHOW(s, n),
			      TIPH_NAME_MAX - 1);
	memset(to, 0, TIPH_NAME_MAX);
	memcpy(to, s, n);
	return 0;
}

static bool is_host_octet(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._:", c));
}

/* Lower case, as it is compared. An IPv6 address stands without brackets. */
static int set_host(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	bool good = n >= 1 && n <= STRING_MAX;
	char **to = field(key, base);
	int err;

	for (size_t i = 0; good && i < n; i++)
		good = is_host_octet(s[i]);
	if (!good && !(n == 1 && *s == '*'))
		return refuse(why, "\"%.*s\" is not a host name, an address without brackets, or \"*\"",
			      SHOW(s, n));
	err = store_string(key, base, s, n);
	for (char *c = *to; !err && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return err;
}

static bool scan_port(const char *s, size_t n, uint16_t *ret)
{
	uint64_t v;

	if (!n || scan_digits(s, n, 10, &v) != n || !v || v > UINT16_MAX)
		return false;
	*ret = (uint16_t)v;
	return true;
}

static int scan_endpoint(const char *s, size_t n, struct endpoint *ret)
{
	struct endpoint e = { 0 };
	int err = endpoint_parse(s, n, &e);

	if (err || !e.port)
		return -EINVAL;
	*ret = e;
	return 0;
}

/* As written: no address when there is only a port; conf_check.c makes it whole. */
static int set_listen(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct conf_port *port = base;
	struct endpoint e = { 0 };

	if (!scan_port(s, n, &e.port) && scan_endpoint(s, n, &e))
		return refuse(why, "\"%.*s\" is not PORT, ADDR:PORT or [ADDR6]:PORT", SHOW(s, n));
	port->listen[0] = e;
	port->n_listen = 1;
	return 0;
}

static int set_endpoint(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct endpoint *to = field(key, base);

	if (scan_endpoint(s, n, to))
		return refuse(why, "\"%.*s\" is not ADDR:PORT or [ADDR6]:PORT%s%s", SHOW(s, n),
			      key->none ? " or " : "", key->none ? key->none : "");
	return 0;
}

/* Room for one more of @size octets at the end of a list. */
static void *grow(void *v, size_t n, size_t size)
{
	return reallocarray(v, n + 1, size);
}

static int append_endpoint(struct endpoint **v, size_t *n, const struct endpoint *e)
{
	struct endpoint *bigger = grow(*v, *n, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	bigger[(*n)++] = *e;
	*v = bigger;
	return 0;
}

static int set_endpoints(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct conf_route *route = base;
	struct endpoint e;

	if (scan_endpoint(s, n, &e))
		return refuse(why, "\"%.*s\" is not ADDR:PORT or [ADDR6]:PORT", SHOW(s, n));
	return append_endpoint(&route->to, &route->n_to, &e);
}

#define DNS_PORT 53

static int set_servers(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct conf *conf = base;
	struct endpoint e = { .port = DNS_PORT };

	if (addr_parse(s, n, &e.addr) && scan_endpoint(s, n, &e))
		return refuse(why, "\"%.*s\" is not an address, ADDR:PORT or [ADDR6]:PORT", SHOW(s, n));
	return append_endpoint(&conf->resolver_servers, &conf->n_resolver_servers, &e);
}

static int set_tcp_ports(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct conf_port *port = base;
	uint16_t v;

	if (!scan_port(s, n, &v))
		return refuse(why, "\"%.*s\" is not a TCP port, 1 to 65535", SHOW(s, n));
	for (size_t i = 0; i < port->n_dports; i++)
		if (port->dports[i] == v)
			return refuse(why, "%u is in the list already", v);
	if (port->n_dports == TIPH_MATCH_PORTS_MAX)
		return refuse(why, "more than %d ports", TIPH_MATCH_PORTS_MAX);
	port->dports[port->n_dports++] = v;
	return 0;
}

static int set_interfaces(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct name_list *list = field(key, base);
	char (*bigger)[IFNAMSIZ];

	if (!is_visible(s, n) || n >= IFNAMSIZ || memchr(s, '/', n) || memchr(s, ':', n))
		return refuse(why, "\"%.*s\" is not an interface's name, 1 to %d characters", SHOW(s, n),
			      IFNAMSIZ - 1);
	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->v[i]) == n && !memcmp(list->v[i], s, n))
			return refuse(why, "\"%.*s\" is in the list already", SHOW(s, n));
	if (list->n == TIPH_MATCH_IFS_MAX)
		return refuse(why, "more than %d interfaces", TIPH_MATCH_IFS_MAX);
	bigger = grow(list->v, list->n, IFNAMSIZ);
	if (!bigger)
		return -ENOMEM;
	memset(bigger[list->n], 0, IFNAMSIZ);
	memcpy(bigger[list->n++], s, n);
	list->v = bigger;
	return 0;
}

/* The prefix that "ADDR/LEN" with bits behind LEN was meant to be. */
static void cut_prefix(const char *s, size_t n, char *ret, size_t size)
{
	const char *slash = memchr(s, '/', n);
	struct prefix p = { .len = (uint8_t)(slash ? strtoul(slash + 1, NULL, 10) : 0) };

	ret[0] = '\0';
	if (!slash || addr_parse(s, (size_t)(slash - s), &p.addr))
		return;
	for (unsigned int bit = p.len; bit < 128; bit++)
		p.addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	prefix_format(&p, ret, size);
}

static size_t count_prefixes(const struct conf_port *port)
{
	return port->sources.n + port->destinations.n + port->except_sources.n +
	       port->except_destinations.n;
}

static int set_prefixes(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct prefix_list *list = field(key, base);
	char right[ENDPOINT_STRLEN];
	struct prefix p, *bigger;
	int err = prefix_parse(s, n, &p);

	if (err == -ERANGE) {
		cut_prefix(s, n, right, sizeof(right));
		return refuse(why, "\"%.*s\" has bits set behind its length; write %s", SHOW(s, n), right);
	}
	if (err)
		return refuse(why, "\"%.*s\" is not an address or ADDR/LEN", SHOW(s, n));
	if (!key->max && count_prefixes(base) >= TIPH_MATCH_PREFIXES_MAX)
		return refuse(why, "more than %d prefixes in one port", TIPH_MATCH_PREFIXES_MAX);
	if (key->max && list->n >= key->max)
		return refuse(why, "more than %" PRIu64 " entries", key->max);
	bigger = grow(list->v, list->n, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	bigger[list->n++] = p;
	list->v = bigger;
	return 0;
}

static int set_numbers(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct number_list *list = field(key, base);
	uint16_t v, *bigger;

	if (!scan_port(s, n, &v))
		return refuse(why, "\"%.*s\" is not a TCP port, 1 to 65535", SHOW(s, n));
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return refuse(why, "%u is in the list already", v);
	bigger = reallocarray(list->v, list->n + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	bigger[list->n++] = v;
	list->v = bigger;
	return 0;
}

/* --- lists of words --- */

static int append_word(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	struct word_list *list = field(key, base);
	char **bigger;

	if (list->n >= key->max)
		return refuse(why, "more than %" PRIu64 " entries", key->max);
	bigger = reallocarray(list->v, list->n + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	list->v = bigger;
	bigger[list->n] = strndup(s, n);
	if (!bigger[list->n])
		return -ENOMEM;
	list->n++;
	return 0;
}

/* Lower case and without the root's dot, as they are compared. */
static int set_hosts(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	size_t star = n > 2 && s[0] == '*' && s[1] == '.' ? 2 : 0;
	char name[STRING_MAX + 1];
	bool good = n > star && n <= STRING_MAX;

	for (size_t i = 0; good && i < n; i++) {
		name[i] = (char)tolower((unsigned char)s[i]);
		good = i < star || (is_host_octet(s[i]) && (s[i] != '.' || (i > star && s[i - 1] != '.')));
	}
	if (!good)
		return refuse(why, "\"%.*s\" is not a host name, *.NAME, or an address without brackets%s",
			      SHOW(s, n), n == 1 && *s == '*' ? "; for any host leave the key out" : "");
	if (name[n - 1] == '.')
		n--;
	return append_word(key, base, name, n, why);
}

/* A token (RFC 9110 5.6.2); methods are compared with case. */
static int set_methods(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	bool good = n && n <= 64;

	for (size_t i = 0; good && i < n; i++)
		good = isalnum((unsigned char)s[i]) || (s[i] && strchr("!#$%&'*+-.^_`|~", s[i]));
	return good ? append_word(key, base, s, n, why) :
		      refuse(why, "\"%.*s\" is not a method such as GET", SHOW(s, n));
}

/* Does the path at @s have a segment that is removed when paths are compared? */
static bool has_odd_segment(const char *s, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		const char *p = s + i + 1;
		size_t dots = 0;

		while (s[i] == '/' && i + 1 + dots < n && dots < 2 && p[dots] == '.')
			dots++;
		if (s[i] == '/' && (*p == '/' || (dots && (i + 1 + dots == n || p[dots] == '/'))))
			return true;
	}
	return false;
}

static int set_paths(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	bool good = n && s[0] == '/' && n <= STRING_MAX;

	for (size_t i = 0; good && i < n; i++)
		good = (unsigned char)s[i] >= ' ' && s[i] != 0x7f && !strchr("%?#", s[i]);
	if (!good)
		return refuse(why, "\"%.*s\" is not a path: / and up to %d octets, decoded, without %%, ? and #",
			      SHOW(s, n), STRING_MAX - 1);
	if (has_odd_segment(s, n))
		return refuse(why, "\"%.*s\" has empty or dot segments, which no path has that is compared",
			      SHOW(s, n));
	return append_word(key, base, s, n, why);
}

static int set_names(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	return is_name(s, n) ? append_word(key, base, s, n, why) :
			       refuse(why, "\"%.*s\" is not the name of a port", SHOW(s, n));
}

static int set_tokens(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	bool good = is_visible(s, n) && n < 128;

	for (size_t i = 0; good && i < n; i++)
		good = !strchr(",\"\\", s[i]);
	return good ? append_word(key, base, s, n, why) :
		      refuse(why, "\"%.*s\" is not a protocol such as h2 or http/1.1", SHOW(s, n));
}

static int (*const setters[])(const struct conf_key *key, void *base, const char *s, size_t n, char *why) = {
	[CONF_CHOICE] = set_choice,
	[CONF_COUNT] = set_number,
	[CONF_NUMBER] = set_number,
	[CONF_SIZE] = set_united,
	[CONF_DURATION] = set_united,
	[CONF_PERCENT] = set_percent,
	[CONF_STRING] = set_string,
	[CONF_PATH] = set_path,
	[CONF_NAME] = set_name,
	[CONF_HOST] = set_host,
	[CONF_LISTEN] = set_listen,
	[CONF_ENDPOINT] = set_endpoint,
	[CONF_ENDPOINTS] = set_endpoints,
	[CONF_SERVERS] = set_servers,
	[CONF_TCP_PORTS] = set_tcp_ports,
	[CONF_INTERFACES] = set_interfaces,
	[CONF_PREFIXES] = set_prefixes,
	[CONF_CHOICES] = set_choices,
	[CONF_NUMBERS] = set_numbers,
	[CONF_HOSTS] = set_hosts,
	[CONF_METHODS] = set_methods,
	[CONF_PATHS] = set_paths,
	[CONF_NAMES] = set_names,
	[CONF_TOKENS] = set_tokens,
};

int conf_value_set(const struct conf_key *key, void *base, const char *s, size_t n, char *why)
{
	return setters[key->kind](key, base, s, n, why);
}
