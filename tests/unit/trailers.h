/* SPDX-License-Identifier: GPL-2.0-only */
/* What the next hop makes of the trailers that are forwarded. */
#ifndef TIPHARES_TRAILERS_H
#define TIPHARES_TRAILERS_H

#include <stddef.h>

/*
 * @lines: trailer lines as they came, @len octets; @out: what is left of them,
 * @n octets. Behind a last chunk the latter must be a trailer section again, of
 * lines of the former in their order; what is missing must have a name that may
 * not trail, and nothing else may be missing. Return: NULL, or what is wrong.
 */
const char *trailers_differ(const char *lines, size_t len, const char *out, size_t n);

#endif /* TIPHARES_TRAILERS_H */
