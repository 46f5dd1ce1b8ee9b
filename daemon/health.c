// SPDX-License-Identifier: GPL-2.0-only
/* Addresses that failed to connect: one place for each hash value. */
#include "health.h"

static size_t slot_of(const struct endpoint *origin)
{
	uint64_t h = addr_hash(&origin->addr, origin->port);

	return (size_t)(h ^ h >> 32) % HEALTH_MAX;
}

void health_failed(struct health *health, const struct endpoint *origin, uint64_t now)
{
	size_t i = slot_of(origin);
	uint32_t wait = HEALTH_FIRST_MS;

	if (health->slots[i].wait && endpoint_equal(&health->slots[i].origin, origin)) {
		/* others were on their way when the first one failed */
		if (!health->slots[i].tried && now < health->slots[i].until)
			return;
		wait = health->slots[i].wait * 2;
	}
	health->slots[i].origin = *origin;
	health->slots[i].wait = wait < HEALTH_LAST_MS ? wait : HEALTH_LAST_MS;
	health->slots[i].until = now + health->slots[i].wait;
	health->slots[i].tried = false;
}

void health_works(struct health *health, const struct endpoint *origin)
{
	size_t i = slot_of(origin);

	if (health->slots[i].wait && endpoint_equal(&health->slots[i].origin, origin))
		health->slots[i].wait = 0;
}

bool health_avoid(struct health *health, const struct endpoint *origin, uint64_t now)
{
	size_t i = slot_of(origin);

	if (!health->slots[i].wait || !endpoint_equal(&health->slots[i].origin, origin))
		return false;
	if (health->slots[i].until > now)
		return true;
	health->slots[i].until = now + health->slots[i].wait;
	health->slots[i].tried = true;
	return false;
}
