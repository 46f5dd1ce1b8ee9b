// SPDX-License-Identifier: GPL-2.0-only
/* What became lately of connections that were not intercepted. */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "lately.h"

/**
 * tiph_lately_create() - an empty ring
 *
 * Return: the ring, to be freed by kvfree(), or NULL
 */
struct tiph_lately *tiph_lately_create(void)
{
	struct tiph_lately *lately;

	lately = kvzalloc(sizeof(*lately), GFP_KERNEL_ACCOUNT);
	if (lately)
		spin_lock_init(&lately->lock);

	return lately;
}

/**
 * tiph_lately_note() - remember what became of a SYN
 * @lately: the ring
 * @tuple: the SYN's connection
 * @ident: the port that matched
 * @verdict: enum tiph_verdict_id
 *
 * With softirqs off. Takes no place if somebody else is at the ring.
 */
void tiph_lately_note(struct tiph_lately *lately,
		      const struct tiph_tuple *tuple,
		      const struct tiph_ident *ident, u8 verdict)
{
	struct tiph_past *past;

	if (!spin_trylock(&lately->lock))
		return;
	past = &lately->v[lately->n++ % TIPH_LATELY];
	past->tuple = *tuple;
	past->at = jiffies;
	past->verdict = verdict;
	past->port_id = ident->id;
	memcpy(past->port, ident->name, sizeof(past->port));
	spin_unlock(&lately->lock);
}

/**
 * tiph_lately_read() - the next one, from the oldest to the newest
 * @lately: the ring
 * @at: number of the next one, 0 at first; raised
 * @ret: where it goes
 *
 * Return: whether there was one
 */
bool tiph_lately_read(struct tiph_lately *lately, u32 *at,
		      struct tiph_past *ret)
{
	bool found;

	spin_lock_bh(&lately->lock);
	if (lately->n - *at > TIPH_LATELY)
		*at = lately->n - TIPH_LATELY;
	found = *at != lately->n;
	if (found)
		*ret = lately->v[(*at)++ % TIPH_LATELY];
	spin_unlock_bh(&lately->lock);

	return found;
}
