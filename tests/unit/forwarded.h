/* SPDX-License-Identifier: GPL-2.0-only */
/* Is what a writer wrote the message it was given? Said by parsing it again. */
#ifndef TIPHARES_FORWARDED_H
#define TIPHARES_FORWARDED_H

#include "http_msg.h"

/**
 * forwarded_differs() - compare a head with what was forwarded of it
 * @head: as received, parsed from @base
 * @out: what http_write_request() or http_write_response() made of it with
 *	@fwd, @n octets
 *
 * Return: NULL, or what is wrong with it.
 */
const char *forwarded_differs(const struct http_head *head, const char *base,
			      const struct http_forward *fwd, const char *out, size_t n);

/* The @i-th of many ways to forward that head; false when there are no more. */
bool forwarded_variant(const struct http_head *head, unsigned int i, struct http_forward *ret);

#endif /* TIPHARES_FORWARDED_H */
