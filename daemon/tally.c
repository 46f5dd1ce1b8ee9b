// SPDX-License-Identifier: GPL-2.0-only
/* How often in a row something happened: one place for each hash value. */
#include "tally.h"

static size_t slot_of(const struct endpoint *key)
{
	uint64_t h = addr_hash(&key->addr, key->port);

	return (size_t)(h ^ h >> 32) % TALLY_MAX;
}

uint32_t tally_add(struct tally *tally, const struct endpoint *key)
{
	size_t i = slot_of(key);

	tally->used += !tally->slots[i].n;
	if (!tally->slots[i].n || !endpoint_equal(&tally->slots[i].key, key))
		tally->slots[i].n = 0;
	tally->slots[i].key = *key;
	return ++tally->slots[i].n;
}

uint32_t tally_count(const struct tally *tally, const struct endpoint *key)
{
	size_t i = tally->used ? slot_of(key) : 0;

	return tally->used && endpoint_equal(&tally->slots[i].key, key) ? tally->slots[i].n : 0;
}

void tally_clear(struct tally *tally, const struct endpoint *key)
{
	if (!tally_count(tally, key))
		return;
	tally->slots[slot_of(key)].n = 0;
	tally->used--;
}
