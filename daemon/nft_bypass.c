// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bypass entries on nft.
 *
 * What they look like decides where they are: those of one prefix without a port
 * in interval sets, single connections and single addresses with a port in hash
 * sets, whose elements the kernel lets expire, and all others, "odd" ones, as
 * rules, which is why there may be only NFT_ODD_MAX of them. The list kept here
 * is what a new table is filled from, and what is listed.
 *
 *	chain syn: static sets -> static.odd -> dynamic sets -> dynamic.odd -> ports
 */
#include "nft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum shape { SHAPE_EXACT, SHAPE_SOURCE, SHAPE_DESTINATION, SHAPE_ODD };

/* A dynamic entry, in the order in which they were made; @end: milliseconds. */
struct nft_entry {
	struct datapath_bypass entry;
	uint64_t end;
};

static bool is_host(const struct prefix *p)
{
	return p->addr.family && p->len == (p->addr.family == AF_INET ? 32 : 128);
}

static enum shape shape_of(const struct datapath_bypass *e)
{
	if (!e->dport || (e->source.addr.family && !is_host(&e->source)) ||
	    (e->destination.addr.family && !is_host(&e->destination)))
		return SHAPE_ODD;
	if (!e->source.addr.family)
		return e->destination.addr.family ? SHAPE_DESTINATION : SHAPE_ODD;
	return e->destination.addr.family ? SHAPE_EXACT : SHAPE_SOURCE;
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->addr.family == b->addr.family && a->len == b->len &&
	       (!a->addr.family || addr_equal(&a->addr, &b->addr));
}

static bool same_key(const struct datapath_bypass *a, const struct datapath_bypass *b)
{
	return same_prefix(&a->source, &b->source) && same_prefix(&a->destination, &b->destination) &&
	       a->dport == b->dport;
}

/* ---- text ---------------------------------------------------------------- */

static int family_of(const struct datapath_bypass *e)
{
	return e->source.addr.family ? e->source.addr.family : e->destination.addr.family;
}

static const char *const set_names[] = { "dynpair", "dynsrc", "dyndst" };

/* "NAME4 { KEY", without the brace's end */
static void write_key(FILE *out, const struct datapath_bypass *e)
{
	enum shape shape = shape_of(e);
	char text[ENDPOINT_STRLEN];

	fprintf(out, "%s%c { ", set_names[shape], family_of(e) == AF_INET ? '4' : '6');
	if (shape != SHAPE_DESTINATION)
		fprintf(out, "%s . ", addr_format(&e->source.addr, text, sizeof(text)));
	if (shape != SHAPE_SOURCE)
		fprintf(out, "%s . ", addr_format(&e->destination.addr, text, sizeof(text)));
	fprintf(out, "%u", e->dport);
}

/* The rule of an odd entry in one family; false: it has nothing to do with it. */
static bool odd_rule(const struct datapath_bypass *e, int family, char *buf, size_t size)
{
	const char *ip = family == AF_INET ? "ip" : "ip6";
	char text[ENDPOINT_STRLEN];
	int n;

	if (family_of(e) && family_of(e) != family)
		return false;
	n = snprintf(buf, size, "meta nfproto %s", family == AF_INET ? "ipv4" : "ipv6");
	if (e->source.addr.family)
		n += snprintf(buf + n, size - (size_t)n, " %s saddr %s", ip, prefix_format(&e->source, text, sizeof(text)));
	if (e->destination.addr.family)
		n += snprintf(buf + n, size - (size_t)n, " %s daddr %s", ip,
			      prefix_format(&e->destination, text, sizeof(text)));
	if (e->dport)
		n += snprintf(buf + n, size - (size_t)n, " tcp dport %u", e->dport);
	snprintf(buf + n, size - (size_t)n, " jump bypass.%s", e->kind == TIPH_BYPASS_STATIC ? "static" : "dynamic");
	return true;
}

unsigned int nft_bypass_odd(const struct datapath_bypass *e, nft_rule_fn rule, void *arg)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned int n = 0;
	char buf[256];

	for (int i = 0; i < 2; i++) {
		if (!odd_rule(e, families[i], buf, sizeof(buf)))
			continue;
		rule(arg, buf);
		n++;
	}
	return n;
}

static unsigned int seconds_left(const struct nft_entry *e, uint64_t now)
{
	return e->end > now ? (unsigned int)((e->end - now + 999) / 1000) : 0;
}

void nft_bypass_write(const struct nft_bypass *bypass, nft_rule_fn rule, void *arg, FILE *elements)
{
	uint64_t now = nft_watch_now();

	for (size_t i = 0; i < bypass->n; i++) {
		const struct nft_entry *e = &bypass->v[i];

		if (!seconds_left(e, now))
			continue;
		if (shape_of(&e->entry) == SHAPE_ODD) {
			nft_bypass_odd(&e->entry, rule, arg);
			continue;
		}
		fprintf(elements, "add element inet %s ", NFT_TABLE);
		write_key(elements, &e->entry);
		fprintf(elements, " timeout %us }\n", seconds_left(e, now));
	}
}

/* ---- the list ------------------------------------------------------------ */

static void forget(struct nft_bypass *bypass, size_t i)
{
	bypass->odd -= shape_of(&bypass->v[i].entry) == SHAPE_ODD;
	bypass->n--;
	memmove(&bypass->v[i], &bypass->v[i + 1], (bypass->n - i) * sizeof(*bypass->v));
}

static ssize_t find(const struct nft_bypass *bypass, const struct datapath_bypass *key)
{
	for (size_t i = 0; i < bypass->n; i++)
		if (same_key(&bypass->v[i].entry, key))
			return (ssize_t)i;
	return -1;
}

/* The kernel has forgotten them already, but for odd ones. Return: was there such a one? */
static bool expire(struct nft_bypass *bypass, uint64_t now)
{
	unsigned int odd = bypass->odd;
	size_t kept = 0;

	for (size_t i = 0; i < bypass->n; i++) {
		if (bypass->v[i].end > now)
			bypass->v[kept++] = bypass->v[i];
		else
			bypass->odd -= shape_of(&bypass->v[i].entry) == SHAPE_ODD;
	}
	bypass->n = kept;
	return odd != bypass->odd;
}

static int append(struct nft_bypass *bypass, const struct datapath_bypass *e, uint64_t end)
{
	if (bypass->n == bypass->room) {
		size_t room = bypass->room ? bypass->room * 2 : 64;
		struct nft_entry *v = reallocarray(bypass->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		bypass->v = v;
		bypass->room = room;
	}
	bypass->v[bypass->n++] = (struct nft_entry){ *e, end };
	bypass->odd += shape_of(e) == SHAPE_ODD;
	return 0;
}

/* ---- changes ------------------------------------------------------------- */

static void print_rule(void *arg, const char *text)
{
	fprintf(arg, "add rule inet %s dynamic.odd %s\n", NFT_TABLE, text);
}

static void write_delete(FILE *out, const struct datapath_bypass *e)
{
	fprintf(out, "delete element inet %s ", NFT_TABLE);
	write_key(out, e);
	fputs(" }\n", out);
}

/* An element that may have expired is made first, so that it can be deleted. */
static void write_again(FILE *out, const struct datapath_bypass *e, unsigned int seconds)
{
	fprintf(out, "add element inet %s ", NFT_TABLE);
	write_key(out, e);
	fputs(" }\n", out);
	write_delete(out, e);
	if (!seconds)
		return;
	fprintf(out, "add element inet %s ", NFT_TABLE);
	write_key(out, e);
	fprintf(out, " timeout %us }\n", seconds);
}

/* All odd rules anew; @more: how many more there are than before. */
static void write_odd(const struct nft_bypass *bypass, FILE *out, unsigned int *rules)
{
	fprintf(out, "flush chain inet %s dynamic.odd\n", NFT_TABLE);
	*rules = 0;
	for (size_t i = 0; i < bypass->n; i++)
		if (shape_of(&bypass->v[i].entry) == SHAPE_ODD)
			*rules += nft_bypass_odd(&bypass->v[i].entry, print_rule, out);
}

static int patch(struct nft_bypass *bypass, struct nft_table *table, bool odd, FILE *out, char **text, char *why,
		 size_t size)
{
	unsigned int rules = bypass->odd_rules;
	int err;

	if (odd)
		write_odd(bypass, out, &rules);
	if (fclose(out))
		return -ENOMEM;
	err = **text ? nft_table_patch(table, *text, (int)rules - (int)bypass->odd_rules, why, size) : 0;
	if (!err)
		bypass->odd_rules = rules;
	return err;
}

static bool covered(const struct conf *conf, const struct prefix *destination)
{
	for (size_t i = 0; destination->addr.family && i < conf->bypass.never.n; i++)
		if (conf->bypass.never.v[i].len <= destination->len &&
		    prefix_contains(&conf->bypass.never.v[i], &destination->addr))
			return true;
	return false;
}

/* Make room, add, or take the place of the one with its key. */
static int add_one(struct nft_bypass *bypass, const struct conf *conf, const struct datapath_bypass *e, FILE *out,
		   bool *odd, char *why, size_t size)
{
	uint64_t end = nft_watch_now() + e->ttl;
	ssize_t old = find(bypass, e);

	if (covered(conf, &e->destination)) {
		snprintf(why, size, "bypass.never forbids it");
		return -EACCES;
	}
	if (old < 0 && shape_of(e) == SHAPE_ODD && bypass->odd >= NFT_ODD_MAX) {
		snprintf(why, size, "datapath nft has room for %d entries of this form", NFT_ODD_MAX);
		return -ENOSPC;
	}
	if (old >= 0)
		forget(bypass, (size_t)old);
	while (bypass->n && bypass->n >= bypass->limit) {
		if (shape_of(&bypass->v[0].entry) == SHAPE_ODD)
			*odd = true;
		else
			write_again(out, &bypass->v[0].entry, 0);
		forget(bypass, 0);
	}
	if (shape_of(e) == SHAPE_ODD)
		*odd = true;
	else
		write_again(out, e, (e->ttl + 999) / 1000);
	return append(bypass, e, end);
}

int nft_bypass_add(struct nft_bypass *bypass, struct nft_table *table, const struct conf *conf,
		   const struct datapath_bypass *entries, size_t n, char *why, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool odd = false;
	int err = 0, err2;

	if (!out)
		return -ENOMEM;
	expire(bypass, nft_watch_now());
	for (size_t i = 0; i < n && !err; i++)
		err = add_one(bypass, conf, &entries[i], out, &odd, why, size);
	err2 = patch(bypass, table, odd, out, &text, why, size);
	free(text);
	return err ? err : err2;
}

int nft_bypass_del(struct nft_bypass *bypass, struct nft_table *table, const struct datapath_bypass *entries, size_t n,
		   char *why, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool odd = expire(bypass, nft_watch_now());
	int err = 0, err2;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		ssize_t at = find(bypass, &entries[i]);

		if (at < 0) {
			snprintf(why, size, "there is no such entry");
			err = -ENOENT;
			continue;
		}
		if (shape_of(&entries[i]) == SHAPE_ODD)
			odd = true;
		else
			write_again(out, &entries[i], 0);
		forget(bypass, (size_t)at);
	}
	err2 = patch(bypass, table, odd, out, &text, why, size);
	free(text);
	return err ? err : err2;
}

int nft_bypass_flush(struct nft_bypass *bypass, struct nft_table *table, char *why, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return -ENOMEM;
	for (int i = 0; i < SHAPE_ODD; i++)
		for (const char *family = "46"; *family; family++)
			fprintf(out, "flush set inet %s %s%c\n", NFT_TABLE, set_names[i], *family);
	bypass->n = 0;
	bypass->odd = 0;
	err = patch(bypass, table, true, out, &text, why, size);
	free(text);
	return err;
}

/* Odd ones are ours to let expire. */
int nft_bypass_tick(struct nft_bypass *bypass, struct nft_table *table, char *why, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *out;
	int err;

	if (!bypass->odd || !expire(bypass, nft_watch_now()))
		return 0;
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	err = patch(bypass, table, true, out, &text, why, size);
	free(text);
	return err;
}

static int list_conf(const struct conf *conf, enum tiph_bypass_kind kind, datapath_bypass_fn each, void *arg)
{
	struct datapath_bypass e = { .kind = kind };
	int err = 0;

	for (size_t i = 0; kind == TIPH_BYPASS_NEVER && i < conf->bypass.never.n && !err; i++) {
		e.destination = conf->bypass.never.v[i];
		err = each(&e, arg);
	}
	for (size_t i = 0; kind == TIPH_BYPASS_STATIC && i < conf->bypass.n_entries && !err; i++) {
		e = nft_bypass_static(&conf->bypass.entries[i]);
		err = each(&e, arg);
	}
	return err;
}

struct datapath_bypass nft_bypass_static(const struct conf_entry *entry)
{
	struct datapath_bypass e = { .dport = entry->dport, .kind = TIPH_BYPASS_STATIC };

	if (entry->source.n)
		e.source = *entry->source.v;
	if (entry->destination.n)
		e.destination = *entry->destination.v;
	return e;
}

int nft_bypass_list(const struct nft_bypass *bypass, const struct conf *conf, enum tiph_bypass_kind kind,
		    datapath_bypass_fn each, void *arg)
{
	uint64_t now = nft_watch_now();
	int err = 0;

	if (kind != TIPH_BYPASS_DYNAMIC)
		return list_conf(conf, kind, each, arg);
	for (size_t i = 0; i < bypass->n && !err; i++) {
		struct datapath_bypass e = bypass->v[i].entry;

		if (bypass->v[i].end <= now)
			continue;
		e.ttl = (uint32_t)(bypass->v[i].end - now);
		err = each(&e, arg);
	}
	return err;
}

void nft_bypass_free(struct nft_bypass *bypass)
{
	free(bypass->v);
	memset(bypass, 0, sizeof(*bypass));
}
