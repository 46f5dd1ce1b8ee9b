/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of origins to addresses, without ever blocking: one resolver for each
 * loop thread, nothing shared.
 *
 * Answers are kept as long as DNS says, within bounds, refusals and failures for
 * a few seconds; equal questions are asked once; names in the cache, questions
 * at work and the time a caller waits are bounded.
 */
#ifndef TIPHARES_RESOLVER_H
#define TIPHARES_RESOLVER_H

#include "addr.h"
#include "loop.h"
#include "sysnames.h"

#define RESOLVER_NAMES_MAX 2048		/* in the cache, at work or waiting */
#define RESOLVER_RUNNING_MAX 64		/* names asked for at the same time */
#define RESOLVER_ADDRS_MAX 32		/* of one name */

struct resolver;
struct resolver_query;

/**
 * resolver_fn - the answer
 * @err: 0; -ENOENT: no such name, or it has no address; -ETIMEDOUT; -EAGAIN:
 *	the servers could not say; -ENOMEM
 * @v: @n addresses in the order to try them, families in turn (RFC 8305 4);
 *	valid during the call
 *
 * The query is gone when this is called. It may start or cancel others.
 */
typedef void resolver_fn(void *arg, int err, const struct addr *v, size_t n);

/**
 * resolver_create() - resolver of a thread
 * @servers: @n of them, at least one
 * @timeout: milliseconds that a caller waits at most
 * @hosts: names that are not asked for; may be NULL, the caller's, which keeps it
 *
 * Return: 0 or a negative errno.
 */
int resolver_create(struct loop *loop, const struct endpoint *servers, size_t n,
		    unsigned int timeout, const struct hosts *hosts, struct resolver **ret);
/*
 * Queries still waiting are forgotten, not answered. NULL is legal. Not from
 * within a resolver_fn.
 */
void resolver_destroy(struct resolver *r);

/**
 * resolver_query() - look a name up
 * @name: @len octets, a host name as http_head.host, or an address literal
 * @fn: called once, from the loop, never from within this function
 * @ret: for resolver_cancel(), until @fn is called
 *
 * Return: 0; -EINVAL: it is no name that DNS could know; -ENOBUFS: too many
 * names are at work; -ENOMEM.
 */
int resolver_query(struct resolver *r, const char *name, size_t len, resolver_fn *fn, void *arg,
		   struct resolver_query **ret);
/* @fn will not be called. NULL is legal. */
void resolver_cancel(struct resolver_query *q);

/**
 * resolver_cached() - what is known already
 * @v: room for RESOLVER_ADDRS_MAX
 *
 * Address literals and what the hosts file
 * has are always known. Return: number of addresses, 0 when
 * resolver_query() must be asked, or what resolver_fn would be told.
 */
int resolver_cached(struct resolver *r, const char *name, size_t len, struct addr *v);

#endif /* TIPHARES_RESOLVER_H */
