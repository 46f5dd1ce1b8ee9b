// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the worker's first thread sees of the others: how much there is, and
 * whether each of them gets on. It only reads; the parent acts.
 */
#include <errno.h>
#include <stdlib.h>

#include "channel.h"
#include "clients.h"
#include "log.h"
#include "worker_internal.h"

#define LOOK_MS 100

/**
 * struct look - at a thread
 * @turns: it had begun
 * @since: milliseconds, when it was seen busy with this one first, 0: it was not
 * @errors: of accept
 */
struct look {
	uint64_t turns;
	uint64_t since;
	uint64_t errors;
};

int worker_overload_init(struct worker *w)
{
	w->looks = calloc(w->n_threads, sizeof(*w->looks));
	w->poke = overload_open();
	return !w->looks ? -ENOMEM : w->poke < 0 ? w->poke : 0;
}

static void look_at(struct thread *t, struct look *look, struct overload_load *load, uint64_t now)
{
	uint64_t turns = __atomic_load_n(&t->loop.turns, __ATOMIC_RELAXED);
	uint64_t errors = metric_load(&t->metrics.v[METRIC_ACCEPT_ERRORS]);

	if (turns != look->turns || __atomic_load_n(&t->loop.waiting, __ATOMIC_RELAXED))
		look->since = 0;
	else if (!look->since)
		look->since = now;
	else if (now - look->since > load->stuck)
		load->stuck = now - look->since;
	load->exhausted |= errors != look->errors;
	load->memory += __atomic_load_n(&t->bufs.used, __ATOMIC_RELAXED);
	look->turns = turns;
	look->errors = errors;
}

static void tell(struct worker *w)
{
	struct channel_msg msg = { .kind = CHANNEL_OVERLOAD, .a = w->overload.engaged };
	struct metrics *m = &w->threads[0].metrics;

	channel_send(w->args->control, &msg, NULL, 0);
	metric_store(&m->v[METRIC_OVERLOADED], w->overload.engaged);
	if (w->overload.engaged) {
		log_warning("overload: %s: new connections go by on_overload", w->overload.reason);
		metric_store(&m->v[METRIC_OVERLOADS], metric_load(&m->v[METRIC_OVERLOADS]) + 1);
	} else {
		log_warning("the overload is over");
	}
}

/* A thread pokes once, and again only after what it was about is over. */
void worker_overload_look(struct worker *w, bool at_once)
{
	struct overload_load load = { .sessions = clients_count() };
	uint64_t now = worker_now();
	bool was = w->overload.engaged;

	if (!w->gen || (!at_once && now < w->next_look))
		return;
	w->next_look = now + LOOK_MS;
	for (unsigned int i = 0; i < w->n_threads; i++)
		look_at(&w->threads[i], &w->looks[i], &load, now);
	if (overload_look(&w->overload, &w->gen->conf->limits, &load, now))
		tell(w);
	if (!w->overload.engaged && (at_once || was))
		overload_calm();
}
