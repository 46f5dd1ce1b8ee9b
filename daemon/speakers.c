// SPDX-License-Identifier: GPL-2.0-only
/* Destinations whose servers spoke first: one place for each hash value. */
#include "speakers.h"

static size_t slot_of(const struct endpoint *destination)
{
	uint64_t h = addr_hash(&destination->addr, destination->port);

	return (size_t)(h ^ h >> 32) % SPEAKERS_MAX;
}

void speakers_remember(struct speakers *speakers, const struct endpoint *destination, uint64_t now)
{
	size_t i = slot_of(destination);

	speakers->slots[i].destination = *destination;
	speakers->slots[i].until = now + SPEAKERS_MS;
}

bool speakers_know(const struct speakers *speakers, const struct endpoint *destination, uint64_t now)
{
	size_t i = slot_of(destination);

	return speakers->slots[i].until > now &&
	       endpoint_equal(&speakers->slots[i].destination, destination);
}
