/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon decided lately: the last exchanges, relays and refused
 * connections of a thread, with how they ended.
 *
 * A ring of one loop thread: written by it, and read on it (by mail). Entries are
 * numbered, so that who reads again knows what is new and what was lost.
 */
#ifndef TIPHARES_RECENT_H
#define TIPHARES_RECENT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "addr.h"
#include "conf.h"

#define RECENT_MAX 512
#define RECENT_SUBJECT 96

/**
 * struct recent_entry - one decision
 * @order_us: of the monotonic clock, to sort entries of several threads by
 * @at: seconds since the epoch
 * @total_us: how long it took
 * @original: original destination, AF_UNSPEC where there is none
 * @upstream: the origin that was asked, AF_UNSPEC: none
 * @status: sent to the client, 0: none
 * @result: one word, as in the access log; static storage
 * @rule: of access, that decided; "": none
 * @subject: how the request line begins, where one was kept
 */
struct recent_entry {
	uint64_t order_us;
	time_t at;
	uint64_t total_us;
	struct endpoint client;
	struct endpoint original;
	struct endpoint upstream;
	uint16_t status;
	uint8_t mode;
	const char *result;
	char port[TIPH_NAME_MAX];
	char rule[TIPH_NAME_MAX];
	char subject[RECENT_SUBJECT];
};

/* @n: entries there ever were; the last RECENT_MAX of them are there. */
struct recent {
	uint64_t n;
	struct recent_entry v[RECENT_MAX];
};

/* Room for the next entry, all zero. */
struct recent_entry *recent_add(struct recent *recent);

/**
 * recent_copy() - entries from number @from on, the oldest first
 * @lost: how many of them are gone
 *
 * Return: how many were copied, at most @max; the newest are never left out.
 */
size_t recent_copy(const struct recent *recent, uint64_t from, struct recent_entry *ret, size_t max,
		   uint64_t *lost);

#endif /* TIPHARES_RECENT_H */
