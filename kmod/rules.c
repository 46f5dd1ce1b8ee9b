// SPDX-License-Identifier: GPL-2.0-only
/* Bypass entries: their keys, and immutable lists of them. */
#include <linux/log2.h>
#include <linux/slab.h>

#include "rules.h"

/**
 * tiph_key_of_syn() - a key that covers one connection only
 * @key: the key
 * @syn: the connection
 */
void tiph_key_of_syn(struct tiph_key *key, const struct tiph_syn *syn)
{
	memset(key, 0, sizeof(*key));
	if (syn->family == AF_INET) {
		key->source[0] = syn->saddr4;
		key->destination[0] = syn->daddr4;
		key->shape = TIPH_SHAPE_IPV4 | TIPH_SHAPE_PORT | 32 << 8 | 32;
	} else {
		memcpy(key->source, syn->saddr6, sizeof(key->source));
		memcpy(key->destination, syn->daddr6, sizeof(key->destination));
		key->shape = TIPH_SHAPE_IPV6 | TIPH_SHAPE_PORT | 128 << 8 | 128;
	}
	key->dport = syn->dport;
}

static __always_inline void cut(__be32 *to, const __be32 *from,
				unsigned int len, int words)
{
	int i;

	for (i = 0; i < words; i++) {
		unsigned int bits = clamp((int)len - 32 * i, 0, 32);

		to[i] = from[i] & htonl(tiph_mask(bits));
	}
}

/**
 * tiph_key_cut() - what a key is in a wider shape
 * @to: the wider key
 * @from: a key
 * @shape: the shape of @to
 *
 * Return: false if @shape does not cover all that @from does; @to is not to be
 * looked at then
 */
bool tiph_key_cut(struct tiph_key *to, const struct tiph_key *from, u32 shape)
{
	const int words = from->shape & TIPH_SHAPE_IPV6 ? 4 : 1;
	const unsigned int slen = tiph_shape_source(shape);
	const unsigned int dlen = tiph_shape_destination(shape);

	if (from->shape & ~shape & (TIPH_SHAPE_IPV4 | TIPH_SHAPE_IPV6) ||
	    slen > tiph_shape_source(from->shape) ||
	    dlen > tiph_shape_destination(from->shape) ||
	    shape & ~from->shape & TIPH_SHAPE_PORT)
		return false;
	memset(to, 0, sizeof(*to));
	cut(to->source, from->source, slen, words);
	cut(to->destination, from->destination, dlen, words);
	to->shape = shape;
	to->dport = shape & TIPH_SHAPE_PORT ? from->dport : 0;

	return true;
}

/**
 * tiph_shapes_add() - there are entries of a shape
 * @shapes: shapes of one family, which readers may be looking at
 * @shape: the shape
 *
 * Return: what is wrong with it, or NULL
 */
const char *tiph_shapes_add(struct tiph_shapes *shapes, u32 shape)
{
	unsigned int i, at = shapes->n;

	for (i = 0; i < shapes->n; i++) {
		if (shapes->v[i] == shape)
			return NULL;
		if (!shapes->v[i])
			at = i;
	}
	if (at == TIPH_BYPASS_SHAPES_MAX)
		return "too many different combinations of prefix lengths and port in one list";
	WRITE_ONCE(shapes->v[at], shape);
	if (at == shapes->n)
		smp_store_release(&shapes->n, at + 1); /* after the shape */

	return NULL;
}

/**
 * tiph_shapes_remove() - there are no entries of a shape any more
 * @shapes: shapes of one family, which readers may be looking at
 * @shape: the shape, which may not be one of them
 */
void tiph_shapes_remove(struct tiph_shapes *shapes, u32 shape)
{
	unsigned int i;

	for (i = 0; i < shapes->n; i++)
		if (shapes->v[i] == shape)
			WRITE_ONCE(shapes->v[i], 0);
	while (shapes->n && !shapes->v[shapes->n - 1])
		WRITE_ONCE(shapes->n, shapes->n - 1);
}

static u32 *bucket_of(const struct tiph_rules *rules,
		      const struct tiph_key *key)
{
	return &rules->bucket[tiph_key_hash(key, 0) & rules->mask];
}

static const struct tiph_key *find_exact(const struct tiph_rules *rules,
					 const struct tiph_key *key)
{
	u32 i;

	for (i = *bucket_of(rules, key); i; i = rules->next[i - 1])
		if (!memcmp(&rules->key[i - 1], key, sizeof(*key)))
			return &rules->key[i - 1];
	return NULL;
}

/* Room for @n entries. */
static struct tiph_rules *rules_create(u32 n)
{
	u32 buckets = roundup_pow_of_two(n + 1);
	struct tiph_rules *rules;

	rules = kvzalloc(sizeof(*rules), GFP_KERNEL_ACCOUNT);
	if (!rules)
		return NULL;
	rules->mask = buckets - 1;
	rules->key = kvcalloc(n + 1, sizeof(*rules->key), GFP_KERNEL_ACCOUNT);
	rules->next = kvcalloc(n + 1, sizeof(*rules->next), GFP_KERNEL_ACCOUNT);
	rules->bucket = kvcalloc(buckets, sizeof(*rules->bucket),
				 GFP_KERNEL_ACCOUNT);
	if (!rules->key || !rules->next || !rules->bucket) {
		tiph_rules_free(rules);
		return NULL;
	}

	return rules;
}

static const char *rules_add(struct tiph_rules *rules,
			     const struct tiph_key *key)
{
	const char *fault = NULL;
	u32 *bucket;

	if (find_exact(rules, key))
		return NULL;
	if (rules->n == TIPH_BYPASS_MAX)
		return "more entries than a list can have";
	if (key->shape & TIPH_SHAPE_IPV4)
		fault = tiph_shapes_add(&rules->v4, key->shape);
	if (!fault && key->shape & TIPH_SHAPE_IPV6)
		fault = tiph_shapes_add(&rules->v6, key->shape);
	if (fault)
		return fault;

	bucket = bucket_of(rules, key);
	rules->key[rules->n] = *key;
	rules->next[rules->n] = *bucket;
	*bucket = ++rules->n;

	return NULL;
}

/* All that @from has and @less, if there is one, has not. */
static const char *rules_add_all(struct tiph_rules *rules,
				 const struct tiph_key *from, u32 n,
				 const struct tiph_rules *less)
{
	const char *fault = NULL;
	u32 i;

	for (i = 0; i < n && !fault; i++) {
		if (!less || !find_exact(less, &from[i]))
			fault = rules_add(rules, &from[i]);
		cond_resched();
	}

	return fault;
}

/* Consumes @rules. */
static int finish(struct tiph_rules *rules, const char *fault,
		  struct tiph_rules **ret, struct netlink_ext_ack *extack)
{
	if (fault) {
		tiph_refuse(extack, fault);
		tiph_rules_free(rules);
		return -EINVAL;
	}
	*ret = rules;

	return 0;
}

/**
 * tiph_rules_build() - a list with more entries
 * @old: the list before, or NULL
 * @add: entries, of which some may be in @old or occur twice
 * @n: number of @add
 * @ret: the new list
 * @extack: where the reason of a refusal goes
 *
 * Return: 0 or a negative errno
 */
int tiph_rules_build(const struct tiph_rules *old, const struct tiph_key *add,
		     u32 n, struct tiph_rules **ret,
		     struct netlink_ext_ack *extack)
{
	u32 before = old ? old->n : 0;
	struct tiph_rules *rules;
	const char *fault = NULL;

	rules = rules_create(before + n);
	if (!rules)
		return -ENOMEM;
	if (before)
		fault = rules_add_all(rules, old->key, before, NULL);
	if (!fault)
		fault = rules_add_all(rules, add, n, NULL);

	return finish(rules, fault, ret, extack);
}

/**
 * tiph_rules_without() - a list with fewer entries
 * @old: the list before, or NULL
 * @remove: entries that are to go
 * @n: number of @remove
 * @ret: the new list
 * @extack: where the reason of a refusal goes
 *
 * Return: 0, -ENOENT if one of them is not in @old, or another negative errno
 */
int tiph_rules_without(const struct tiph_rules *old,
		       const struct tiph_key *remove, u32 n,
		       struct tiph_rules **ret, struct netlink_ext_ack *extack)
{
	struct tiph_rules *less, *rules;
	const char *fault = NULL;
	u32 i;
	int err;

	for (i = 0; i < n; i++) {
		if (old && find_exact(old, &remove[i]))
			continue;
		NL_SET_ERR_MSG(extack, "no such entry");
		return -ENOENT;
	}
	err = tiph_rules_build(NULL, remove, n, &less, extack);
	if (err)
		return err;
	rules = rules_create(old ? old->n : 0);
	if (rules && old)
		fault = rules_add_all(rules, old->key, old->n, less);
	tiph_rules_free(less);

	return rules ? finish(rules, fault, ret, extack) : -ENOMEM;
}

/**
 * tiph_rules_free() - free a list
 * @rules: one that no reader can find, possibly half-built, or NULL
 */
void tiph_rules_free(struct tiph_rules *rules)
{
	if (!rules)
		return;
	kvfree(rules->key);
	kvfree(rules->next);
	kvfree(rules->bucket);
	kvfree(rules);
}

/**
 * tiph_rules_find() - the entry of a list that covers a connection
 * @rules: the list, or NULL
 * @conn: the connection, or an entry to be covered whole
 *
 * Return: the entry, or NULL
 */
const struct tiph_key *tiph_rules_find(const struct tiph_rules *rules,
				       const struct tiph_key *conn)
{
	const struct tiph_shapes *shapes;
	const struct tiph_key *found;
	struct tiph_key key;
	unsigned int i;

	if (!rules)
		return NULL;
	shapes = conn->shape & TIPH_SHAPE_IPV6 ? &rules->v6 : &rules->v4;
	for (i = 0; i < shapes->n; i++) {
		if (!tiph_key_cut(&key, conn, shapes->v[i]))
			continue;
		found = find_exact(rules, &key);
		if (found)
			return found;
	}

	return NULL;
}
