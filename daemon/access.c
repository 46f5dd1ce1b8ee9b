// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index of rules. Rules without a host stand in a list, in their order. Each
 * host of the others has an entry; entries of the same host are chained in the
 * order of their rules, and the chains stand in a hash table with open
 * addressing, at most half full. Names are hashed from their end, so that one
 * pass over a name looks for it and for all it is below.
 */
#include "access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONE UINT32_MAX
#define PATH_KEPT 256	/* of a path; no longer one is compared with it */

/**
 * struct entry - a host of a rule
 * @below: the names below @name are meant, not it
 * @next: the same host in a later rule, or NONE
 */
struct entry {
	const char *name;
	uint32_t len;
	uint32_t rule;
	uint32_t next;
	bool below;
};

/**
 * struct access - see above
 * @rules: of the configuration
 * @open: indices of rules without a host, ascending
 * @entries: @n_entries of them
 * @slots: index of the first entry of a chain, or NONE
 * @has_paths: a rule has paths
 */
struct access {
	const struct conf_rule *rules;
	uint32_t *open;
	size_t n_open;
	struct entry *entries;
	size_t n_entries;
	uint32_t *slots;
	size_t mask;
	bool has_paths;
};

/* --- the index --- */

static uint64_t hash_octet(uint64_t h, char c)
{
	unsigned char octet = (unsigned char)c;

	if (octet >= 'A' && octet <= 'Z')
		octet |= 0x20;
	return (h ^ octet) * 0x100000001b3ULL;
}
#define HASH_EMPTY 0xcbf29ce484222325ULL

static size_t hash_slot(uint64_t h, bool below)
{
	h += below;
	return (size_t)(h ^ h >> 32);
}

/* The slot of that host, or a free one. */
static uint32_t *find_slot(const struct access *a, uint64_t h, const char *name, size_t len, bool below)
{
	size_t i = hash_slot(h, below);

	for (;; i++) {
		uint32_t *slot = &a->slots[i & a->mask];
		const struct entry *e = *slot == NONE ? NULL : &a->entries[*slot];

		if (!e || (e->len == len && e->below == below && !strncasecmp(e->name, name, len)))
			return slot;
	}
}

static void insert(struct access *a, uint32_t index, const char *host, uint32_t rule)
{
	struct entry *e = &a->entries[index];
	uint64_t h = HASH_EMPTY;
	uint32_t *slot;

	e->below = !strncmp(host, "*.", 2);
	e->name = e->below ? host + 2 : host;
	e->len = (uint32_t)strlen(e->name);
	e->rule = rule;
	for (size_t i = e->len; i; i--)
		h = hash_octet(h, e->name[i - 1]);
	slot = find_slot(a, h, e->name, e->len, e->below);
	e->next = *slot;
	*slot = index;
}

/* Last rule first, so that each chain is in order. */
static void fill(struct access *a, const struct conf *conf)
{
	uint32_t n = 0;

	for (size_t i = conf->n_rules; i; i--) {
		const struct conf_rule *rule = &conf->rules[i - 1];

		a->has_paths = a->has_paths || rule->paths.n;
		for (size_t k = 0; k < rule->hosts.n; k++)
			insert(a, n++, rule->hosts.v[k], rule->index);
	}
	for (size_t i = 0; i < conf->n_rules; i++)
		if (!conf->rules[i].hosts.n)
			a->open[a->n_open++] = (uint32_t)i;
}

struct access *access_create(const struct conf *conf)
{
	struct access *a = calloc(1, sizeof(*a));
	size_t n = 8;

	if (!a)
		return NULL;
	for (size_t i = 0; i < conf->n_rules; i++)
		a->n_entries += conf->rules[i].hosts.n;
	while (n < 2 * a->n_entries)
		n *= 2;
	a->rules = conf->rules;
	a->mask = n - 1;
	a->open = calloc(conf->n_rules + 1, sizeof(*a->open));
	a->entries = calloc(a->n_entries + 1, sizeof(*a->entries));
	a->slots = malloc(n * sizeof(*a->slots));
	if (!a->open || !a->entries || !a->slots) {
		access_free(a);
		return NULL;
	}
	memset(a->slots, 0xff, n * sizeof(*a->slots));
	fill(a, conf);
	return a;
}

void access_free(struct access *a)
{
	if (!a)
		return;
	free(a->open);
	free(a->entries);
	free(a->slots);
	free(a);
}

/* --- paths --- */

/**
 * struct plain - a path being made plain: decoded, without empty and dot segments
 * @text: its first @n octets
 * @lost: slashes behind those that were kept
 * @kept, @len: octets of the current segment, in @text and in all
 * @dots: it consists of dots
 */
struct plain {
	char text[PATH_KEPT];
	size_t n;
	size_t lost;
	size_t kept;
	size_t len;
	bool dots;
};

static void plain_segment(struct plain *p)
{
	p->kept = p->len = 0;
	p->dots = true;
}

static void plain_octet(struct plain *p, char c)
{
	p->len++;
	p->dots = p->dots && c == '.';
	if (p->lost || p->n == sizeof(p->text))
		return;
	p->text[p->n++] = c;
	p->kept++;
}

/* Take the last segment and its slash away, but not the root's. */
static void plain_up(struct plain *p)
{
	if (p->lost)
		p->lost--;
	else if (p->n > 1)
		p->n--;
	if (p->lost)
		return;
	while (p->text[p->n - 1] != '/')
		p->n--;
}

static void plain_end(struct plain *p, bool slash)
{
	if (p->dots && (p->len == 1 || p->len == 2)) {
		p->n -= p->kept;
		if (p->len == 2)
			plain_up(p);
	} else if (p->len && slash) {
		if (p->lost || p->n == sizeof(p->text))
			p->lost++;
		else
			p->text[p->n++] = '/';
	}
	plain_segment(p);
}

/* The digit's value, 16 when it is none. */
static unsigned int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (unsigned int)(at - digits) & 15 : 16;
}

/* The octet at @s, of @n; *@used: of how many it is made. */
static char decode(const char *s, size_t n, size_t *used)
{
	unsigned int high = n > 2 && *s == '%' ? hex_value(s[1]) : 16;
	unsigned int low = high < 16 ? hex_value(s[2]) : 16;

	if (low >= 16) {
		*used = 1;
		return *s;
	}
	*used = 3;
	return (char)(high << 4 | low);
}

/* What a server may take a target for, however it was written. "*" is no path. */
static void make_plain(const struct access_text *target, struct plain *p)
{
	const char *query = target->n ? memchr(target->s, '?', target->n) : NULL;
	size_t n = query ? (size_t)(query - target->s) : target->n, used;

	p->n = p->lost = 0;
	plain_segment(p);
	if (n && *target->s != '/')
		return;
	p->text[p->n++] = '/';
	for (size_t i = 0; i < n; i += used) {
		char c = decode(target->s + i, n - i, &used);

		if (c == '/')
			plain_end(p, true);
		else
			plain_octet(p, c);
	}
	plain_end(p, false);
}

/* --- conditions --- */

static bool in_prefixes(const struct prefix_list *list, const struct addr *addr)
{
	for (size_t i = 0; i < list->n; i++)
		if (prefix_contains(&list->v[i], addr))
			return true;
	return !list->n;
}

static bool in_numbers(const struct number_list *list, uint16_t v)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return true;
	return !list->n;
}

static bool in_words(const struct word_list *list, const char *s, size_t n)
{
	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->v[i]) == n && !memcmp(list->v[i], s, n))
			return true;
	return !list->n;
}

/* One of the protocols, which have commas between them. */
static bool in_alpn(const struct word_list *list, const struct access_text *alpn)
{
	const char *p = alpn->s, *end, *comma;

	if (!list->n || !alpn->n)
		return !list->n;
	for (end = p + alpn->n; p < end; p = comma + 1) {
		comma = memchr(p, ',', (size_t)(end - p));
		if (!comma)
			comma = end;
		if (in_words(list, p, (size_t)(comma - p)))
			return true;
	}
	return false;
}

static bool begins(const struct word_list *list, const struct plain *path)
{
	for (size_t i = 0; i < list->n; i++) {
		size_t n = strlen(list->v[i]);

		if (n <= path->n && !memcmp(list->v[i], path->text, n))
			return true;
	}
	return !list->n;
}

bool access_knows_destination(const struct conf_rule *rule)
{
	return rule->destinations.n || rule->destination_ports.n;
}

bool access_is_destination(const struct conf_rule *rule, const struct endpoint *hop)
{
	return in_prefixes(&rule->destinations, &hop->addr) &&
	       in_numbers(&rule->destination_ports, hop->port);
}

/* All but the host. */
static bool holds(const struct conf_rule *rule, const struct access_question *q,
		  const struct plain *path)
{
	if (rule->spoken && !(rule->spoken & q->spoken))
		return false;
	if (rule->ech != ECH_ANY &&
	    (q->spoken != SPOKEN_TLS || q->ech != (rule->ech == ECH_YES)))
		return false;
	if ((rule->methods.n || rule->paths.n) && q->spoken != SPOKEN_HTTP)
		return false;
	if (!in_prefixes(&rule->clients, q->client) ||
	    (q->destination && !access_is_destination(rule, q->destination)))
		return false;
	if (!in_words(&rule->ports, q->port->name, strlen(q->port->name)))
		return false;
	return in_words(&rule->methods, q->method.s, q->method.n) && begins(&rule->paths, path) &&
	       in_alpn(&rule->alpn, &q->alpn);
}

/* --- the question --- */

/**
 * struct search - one question on its way
 * @from: rules from there on
 * @best: the first one that was found so far, or NONE
 */
struct search {
	const struct access *a;
	const struct access_question *q;
	struct plain path;
	uint32_t from;
	uint32_t best;
};

static bool search_rule(struct search *s, uint32_t rule)
{
	if (!holds(&s->a->rules[rule], s->q, &s->path))
		return false;
	s->best = rule;
	return true;
}

static void search_chain(struct search *s, uint64_t h, const char *name, size_t len, bool below)
{
	const struct entry *e;

	for (uint32_t i = *find_slot(s->a, h, name, len, below); i != NONE; i = e->next) {
		e = &s->a->entries[i];
		if (e->rule >= s->best)
			return;
		if (e->rule >= s->from && search_rule(s, e->rule))
			return;
	}
}

static void search_host(struct search *s, const struct access_text *host)
{
	const char *name = host->s;
	size_t n = host->n;
	uint64_t h = HASH_EMPTY;

	if (n && name[n - 1] == '.')
		n--;
	for (size_t i = n; i; i--) {
		if (name[i - 1] == '.' && i > 1)
			search_chain(s, h, name + i, n - i, true);
		h = hash_octet(h, name[i - 1]);
	}
	if (n)
		search_chain(s, h, name, n, false);
}

/* Number of rules without a host before @from. */
static size_t open_before(const struct access *a, uint32_t from)
{
	size_t low = 0, high = a->n_open;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (a->open[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void search_open(struct search *s)
{
	const struct access *a = s->a;

	for (size_t i = open_before(a, s->from); i < a->n_open && a->open[i] < s->best; i++)
		if (search_rule(s, a->open[i]))
			return;
}

const struct conf_rule *access_find(const struct access *a, const struct access_question *q,
				    size_t from)
{
	struct search s;

	s.a = a;
	s.q = q;
	s.from = (uint32_t)from;
	s.best = NONE;
	s.path.n = 0;
	if (a->has_paths)
		make_plain(&q->path, &s.path);
	if (a->n_entries)
		search_host(&s, &q->host);
	search_open(&s);
	return s.best == NONE ? NULL : &a->rules[s.best];
}

enum conf_action access_action(const struct conf_rule *rule, const struct endpoint *hop, bool chosen)
{
	bool own = addr_is_loopback(&hop->addr) || addr_is_unspecified(&hop->addr);

	if (own && chosen && !(rule && rule->destinations.n))
		return ACTION_DENY;
	return rule ? (enum conf_action)rule->action : ACTION_ALLOW;
}
