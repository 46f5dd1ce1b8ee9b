/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DNS questions of one loop thread, asked by c-ares. No cache, no bound, no
 * coalescing: resolver.h is what the rest of the daemon uses.
 */
#ifndef TIPHARES_DNS_H
#define TIPHARES_DNS_H

#include "addr.h"
#include "loop.h"

#define DNS_ADDRS_MAX 16	/* of one family; more are left out */

/**
 * struct dns_answer - the addresses of a name, of one family
 * @err: 0; -ENOENT: there is no such name or address; -ETIMEDOUT; -EAGAIN: the
 *	servers could not say; -ENOMEM
 * @ttl: seconds, the least of all records that led to the answer
 */
struct dns_answer {
	int err;
	unsigned int ttl;
	size_t n;
	struct addr v[DNS_ADDRS_MAX];
};

typedef void dns_fn(void *arg, const struct dns_answer *answer);

struct dns;

/**
 * dns_create() - a channel to DNS servers
 * @servers: @n of them, at least one, tried in this order
 * @timeout: milliseconds until a server that is silent is given up
 *
 * Return: 0 or a negative errno.
 */
int dns_create(struct loop *loop, const struct endpoint *servers, size_t n, unsigned int timeout,
	       struct dns **ret);
/* Questions still asked are never answered. NULL is legal. */
void dns_destroy(struct dns *dns);

/*
 * Ask for the addresses of @name, NUL terminated, taken as absolute.
 * @fn is called exactly once, perhaps before this returns.
 */
void dns_ask(struct dns *dns, const char *name, int family, dns_fn *fn, void *arg);

#endif /* TIPHARES_DNS_H */
