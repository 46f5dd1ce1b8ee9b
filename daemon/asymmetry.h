/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths that are not the same both ways. Where the server side is transparent, an
 * origin's answer goes to the client's address, and if its way there does not lead
 * through this host, no connection is ever made.
 *
 *	QUIET --spoofed SYNs to a prefix unanswered, so many in a row--> PROBING
 *	  ^ any spoofed SYN to it answered: the row is over                 |
 *	  +--- the same origin answers this host's own first SYN: trigger --+
 *	  +--- it does not: it is not the path's doing ---------------------+
 */
#ifndef TIPHARES_ASYMMETRY_H
#define TIPHARES_ASYMMETRY_H

#include "loop.h"
#include "tally.h"

struct session;
struct thread;

/**
 * struct asymmetry - of one thread
 * @unanswered: in a row, by prefix
 * @watch: the probe's connection; one at a time
 * @timer: of its patience
 * @client: whose connection was the last in the row
 * @origin: what is probed
 */
struct asymmetry {
	struct tally unanswered;
	struct watch watch;
	struct timer timer;
	struct endpoint client;
	struct endpoint origin;
};

void asymmetry_init(struct asymmetry *a);
/* Nothing came back from the current hop of @s. */
void asymmetry_unanswered(const struct session *s);
/* Something did: a connection, or its refusal. */
void asymmetry_answered(const struct session *s);
/* Before the loop ends. */
void asymmetry_stop(struct thread *t);

#endif /* TIPHARES_ASYMMETRY_H */
