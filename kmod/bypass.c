// SPDX-License-Identifier: GPL-2.0-only
/* Bypass: connections that a port matches and that are forwarded all the same. */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "bypass.h"

static u32 hash_key(const void *data, u32 len, u32 seed)
{
	return tiph_key_hash(data, seed);
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct tiph_bypass_entry, node),
	.key_offset = offsetof(struct tiph_bypass_entry, key),
	.key_len = sizeof(struct tiph_key),
	.hashfn = hash_key,
	.automatic_shrinking = true,
};

/**
 * tiph_bypass_create() - a bypass without entries
 *
 * Return: the bypass, or NULL
 */
struct tiph_bypass *tiph_bypass_create(void)
{
	struct tiph_bypass *bypass;

	bypass = kvzalloc(sizeof(*bypass), GFP_KERNEL_ACCOUNT);
	if (!bypass)
		return NULL;
	if (rhashtable_init(&bypass->entries, &params)) {
		kvfree(bypass);
		return NULL;
	}
	bypass->limit = TIPH_BYPASS_LIMIT;
	bypass->by_end = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&bypass->by_age);

	return bypass;
}

static void entry_free(void *entry, void *arg)
{
	kfree(entry);
}

/**
 * tiph_bypass_free() - free a bypass and all its entries
 * @bypass: one that no reader can find, or NULL
 */
void tiph_bypass_free(struct tiph_bypass *bypass)
{
	if (!bypass)
		return;
	rhashtable_free_and_destroy(&bypass->entries, entry_free, NULL);
	tiph_rules_free(rcu_dereference_protected(bypass->rules_static, true));
	tiph_rules_free(rcu_dereference_protected(bypass->rules_never, true));
	kvfree(bypass);
}

static bool ends_before(struct rb_node *left, const struct rb_node *right)
{
	return rb_entry(left, struct tiph_bypass_entry, by_end)->ends <
	       rb_entry(right, struct tiph_bypass_entry, by_end)->ends;
}

/* From now on it is the newest. */
static void date(struct tiph_bypass *bypass, struct tiph_bypass_entry *entry,
		 u8 reason, u32 ttl)
{
	WRITE_ONCE(entry->reason, reason);
	WRITE_ONCE(entry->ends, get_jiffies_64() + msecs_to_jiffies(ttl));
	entry->serial = ++bypass->serial;
	rb_add_cached(&entry->by_end, &bypass->by_end, ends_before);
	list_add_tail(&entry->by_age, &bypass->by_age);
}

static void undate(struct tiph_bypass *bypass, struct tiph_bypass_entry *entry)
{
	rb_erase_cached(&entry->by_end, &bypass->by_end);
	list_del(&entry->by_age);
}

/*
 * Which shapes there are is not counted: with the last entry all of them go,
 * and if there is no room for one more, those without an entry.
 */
static void shapes_sweep(struct tiph_bypass *bypass)
{
	struct tiph_shapes *v4 = &bypass->v4, *v6 = &bypass->v6;
	struct tiph_bypass_entry *entry;
	DECLARE_BITMAP(used4, TIPH_BYPASS_SHAPES_MAX) = {};
	DECLARE_BITMAP(used6, TIPH_BYPASS_SHAPES_MAX) = {};
	unsigned int i;

	list_for_each_entry(entry, &bypass->by_age, by_age) {
		for (i = 0; i < v4->n; i++)
			if (v4->v[i] == entry->key.shape)
				__set_bit(i, used4);
		for (i = 0; i < v6->n; i++)
			if (v6->v[i] == entry->key.shape)
				__set_bit(i, used6);
	}
	for (i = v4->n; i-- > 0;)
		if (!test_bit(i, used4))
			tiph_shapes_remove(v4, v4->v[i]);
	for (i = v6->n; i-- > 0;)
		if (!test_bit(i, used6))
			tiph_shapes_remove(v6, v6->v[i]);
}

static const char *shape_add(struct tiph_bypass *bypass, u32 shape)
{
	const char *fault = NULL;

	if (shape & TIPH_SHAPE_IPV4)
		fault = tiph_shapes_add(&bypass->v4, shape);
	if (!fault && shape & TIPH_SHAPE_IPV6)
		fault = tiph_shapes_add(&bypass->v6, shape);
	return fault;
}

static const char *shape_make_room(struct tiph_bypass *bypass, u32 shape)
{
	if (!shape_add(bypass, shape))
		return NULL;
	shapes_sweep(bypass);
	return shape_add(bypass, shape);
}

static int insert(struct tiph_bypass *bypass, const struct tiph_key *key,
		  u8 reason, u32 ttl, struct tiph_bypass_entry **ret)
{
	struct tiph_bypass_entry *entry;
	int err;

	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->key = *key;
	date(bypass, entry, reason, ttl);
	err = rhashtable_insert_fast(&bypass->entries, &entry->node, params);
	if (err) {
		undate(bypass, entry);
		kfree(entry);
		return err;
	}
	WRITE_ONCE(bypass->n, bypass->n + 1);
	*ret = entry;

	return 0;
}

/**
 * tiph_bypass_set() - add or refresh a dynamic entry
 * @bypass: under the namespace's lock
 * @key: what it covers
 * @reason: why
 * @ttl: for how long, in milliseconds
 * @ret: the entry
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EACCES if the never list covers it; or another negative errno
 */
int tiph_bypass_set(struct tiph_bypass *bypass, const struct tiph_key *key,
		    u8 reason, u32 ttl, struct tiph_bypass_entry **ret,
		    struct netlink_ext_ack *extack)
{
	struct tiph_bypass_entry *entry = tiph_bypass_get(bypass, key);
	const char *fault;

	if (tiph_rules_find(rcu_dereference_protected(bypass->rules_never, true),
			    key)) {
		NL_SET_ERR_MSG(extack,
			       "the never list has it: it may not be bypassed dynamically");
		return -EACCES;
	}
	if (entry) {
		undate(bypass, entry);
		date(bypass, entry, reason, ttl);
		*ret = entry;
		return 0;
	}
	fault = shape_make_room(bypass, key->shape);
	if (fault) {
		tiph_refuse(extack, fault);
		return -EINVAL;
	}

	return insert(bypass, key, reason, ttl, ret);
}

/**
 * tiph_bypass_get() - the dynamic entry with a key
 * @bypass: under the namespace's lock
 * @key: its key
 *
 * Return: the entry, or NULL
 */
struct tiph_bypass_entry *tiph_bypass_get(struct tiph_bypass *bypass,
					  const struct tiph_key *key)
{
	return rhashtable_lookup_fast(&bypass->entries, key, params);
}

/**
 * tiph_bypass_unlink() - end a dynamic entry
 * @bypass: under the namespace's lock
 * @entry: the entry, to be freed by the caller after a grace period
 */
void tiph_bypass_unlink(struct tiph_bypass *bypass,
			struct tiph_bypass_entry *entry)
{
	rhashtable_remove_fast(&bypass->entries, &entry->node, params);
	undate(bypass, entry);
	WRITE_ONCE(bypass->n, bypass->n - 1);
	if (!bypass->n)
		shapes_sweep(bypass);
}

/**
 * tiph_bypass_first_to_end() - the dynamic entry that ends next
 * @bypass: under the namespace's lock
 *
 * Return: the entry, or NULL
 */
struct tiph_bypass_entry *
tiph_bypass_first_to_end(const struct tiph_bypass *bypass)
{
	struct rb_node *node = rb_first_cached(&bypass->by_end);

	return rb_entry_safe(node, struct tiph_bypass_entry, by_end);
}

static struct tiph_bypass_entry *
find_dynamic(const struct tiph_bypass *bypass, const struct tiph_key *conn)
{
	const struct tiph_shapes *shapes;
	struct tiph_bypass_entry *entry;
	unsigned int i, n;
	struct tiph_key key;

	shapes = conn->shape & TIPH_SHAPE_IPV6 ? &bypass->v6 : &bypass->v4;
	n = smp_load_acquire(&shapes->n); /* the shapes of so many are there */
	for (i = 0; i < n; i++) {
		u32 shape = READ_ONCE(shapes->v[i]);

		if (!shape || !tiph_key_cut(&key, conn, shape))
			continue;
		entry = rhashtable_lookup((struct rhashtable *)&bypass->entries,
					  &key, params);
		if (entry && time_before64(get_jiffies_64(),
					   READ_ONCE(entry->ends)))
			return entry;
	}

	return NULL;
}

/**
 * tiph_bypass_find() - whether a connection is bypassed
 * @bypass: under RCU
 * @syn: the connection
 *
 * Return: the entry that says so
 */
struct tiph_bypass_hit tiph_bypass_find(const struct tiph_bypass *bypass,
					const struct tiph_syn *syn)
{
	struct tiph_bypass_hit hit = {};
	struct tiph_key conn;

	tiph_key_of_syn(&conn, syn);
	hit.key = tiph_rules_find(rcu_dereference(bypass->rules_static), &conn);
	if (hit.key || !READ_ONCE(bypass->n))
		return hit;
	hit.entry = find_dynamic(bypass, &conn);
	if (hit.entry &&
	    tiph_rules_find(rcu_dereference(bypass->rules_never), &conn))
		hit.entry = NULL;
	if (hit.entry)
		hit.key = &hit.entry->key;

	return hit;
}
