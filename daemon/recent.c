// SPDX-License-Identifier: GPL-2.0-only
/* The ring of what the daemon decided lately. */
#include "recent.h"

#include <string.h>

struct recent_entry *recent_add(struct recent *recent)
{
	struct recent_entry *e = &recent->v[recent->n++ % RECENT_MAX];

	memset(e, 0, sizeof(*e));
	return e;
}

size_t recent_copy(const struct recent *recent, uint64_t from, struct recent_entry *ret, size_t max,
		   uint64_t *lost)
{
	uint64_t there = recent->n < RECENT_MAX ? recent->n : RECENT_MAX;
	uint64_t oldest = recent->n - (there < max ? there : max);
	size_t n = 0;

	/* a number that was never given is of another worker: begin anew */
	if (from > recent->n)
		from = 0;
	*lost = from < oldest ? oldest - from : 0;
	for (uint64_t i = from < oldest ? oldest : from; i < recent->n; i++)
		ret[n++] = recent->v[i % RECENT_MAX];
	return n;
}
