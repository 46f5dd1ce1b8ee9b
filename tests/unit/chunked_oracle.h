/* SPDX-License-Identifier: GPL-2.0-only */
/* llhttp's opinion about a chunked body that our decoder takes. */
#ifndef TIPHARES_CHUNKED_ORACLE_H
#define TIPHARES_CHUNKED_ORACLE_H

#include <stddef.h>

#define CHUNKED_ORACLE_MAX 8192

/*
 * What we decode to its end, llhttp must decode to the same; bodies that we
 * refuse, that have no end or are larger than CHUNKED_ORACLE_MAX don't matter.
 * Return: NULL, or what differs.
 */
const char *chunked_differs(const char *buf, size_t len);

#endif /* TIPHARES_CHUNKED_ORACLE_H */
