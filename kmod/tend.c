// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens in a namespace by itself.
 *
 * One work does all of it: it ends dynamic bypass entries whose time has come,
 * notices that the owner is silent for too long, and tells what packets have
 * found out (a listener above its marks, a loop). It asks for itself again at
 * the next time that it knows of. Packets do not wait for it: they look at the
 * clock themselves.
 */
#include <linux/jiffies.h>

#include "notify.h"
#include "tend.h"
#include "way.h"

/* Entries that end within so long end together. */
#define END_TOGETHER	(HZ / 10)

/**
 * tiph_tend_drop() - end a dynamic bypass entry
 * @tn: namespace, locked
 * @entry: the entry, consumed
 * @end: enum tiph_bypass_end
 */
void tiph_tend_drop(struct tiph_net *tn, struct tiph_bypass_entry *entry,
		    u8 end)
{
	tiph_bypass_unlink(tn->bypass, entry);
	tiph_announce_bypass_end(tn, entry, end);
	kfree_rcu(entry, rcu);
}

/* Each of these returns in how many jiffies it is to be called again. */

static unsigned long tend_bypass(struct tiph_net *tn)
{
	struct tiph_bypass_entry *entry;
	u64 now = get_jiffies_64();

	while (tn->bypass) {
		entry = tiph_bypass_first_to_end(tn->bypass);
		if (!entry)
			break;
		if (entry->ends > now)
			return clamp_t(u64, entry->ends - now, END_TOGETHER,
				       MAX_JIFFY_OFFSET);
		tiph_tend_drop(tn, entry, TIPH_BYPASS_EXPIRED);
		cond_resched();
	}

	return MAX_JIFFY_OFFSET;
}

static unsigned long tend_heartbeat(struct tiph_net *tn)
{
	if (!tn->heartbeat || tn->state & TIPH_STATE_FAILED)
		return MAX_JIFFY_OFFSET;
	if (!tiph_net_is_hung(tn))
		return tn->beat + tn->heartbeat + 1 - jiffies;
	WRITE_ONCE(tn->state, tn->state | TIPH_STATE_FAILED);

	return MAX_JIFFY_OFFSET;
}

static unsigned long tend_loop(struct tiph_net *tn)
{
	if (!test_bit(TIPH_NEWS_LOOP, &tn->news))
		return MAX_JIFFY_OFFSET;
	smp_rmb(); /* what was written before the bit: loop_note() */
	tiph_announce_loop(tn, &tn->loop);
	tiph_stamp(&tn->loop_stamp);
	clear_bit(TIPH_NEWS_LOOP, &tn->news);
	clear_bit_unlock(TIPH_NEWS_LOOP_CLAIMED, &tn->news);

	return MAX_JIFFY_OFFSET;
}

static void tell_states(struct tiph_net *tn)
{
	const struct tiph_ports *ports = tiph_net_ports(tn);
	u16 i;

	if (tn->state != tn->state_told) {
		tn->state_told = tn->state;
		tiph_announce_state(tn, NULL);
	}
	for (i = 0; ports && i < ports->n; i++) {
		struct tiph_ident *ident = ports->port[i]->ident;

		if (!READ_ONCE(ident->shed) == !ident->shed_told)
			continue;
		ident->shed_told = !ident->shed_told;
		tiph_announce_state(tn, ident);
	}
}

/**
 * tiph_tend() - look after a namespace
 * @work: tend of a struct tiph_net
 */
void tiph_tend(struct work_struct *work)
{
	struct tiph_net *tn = container_of(to_delayed_work(work),
					   struct tiph_net, tend);
	unsigned long again;

	clear_bit(TIPH_NEWS_WAITING, &tn->news);
	/* then look: who has news from now on asks for the work again */
	smp_mb__after_atomic();

	mutex_lock(&tn->lock);
	again = min3(tend_bypass(tn), tend_heartbeat(tn), tend_loop(tn));
	again = min(again, tiph_ways_tend(tn->ways));
	tell_states(tn);
	mutex_unlock(&tn->lock);

	if (again < MAX_JIFFY_OFFSET)
		tiph_net_tend_again(tn, again);
}
