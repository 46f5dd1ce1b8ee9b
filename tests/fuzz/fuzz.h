/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share: input with a control octet, and how to complain. */
#ifndef TIPHARES_FUZZ_H
#define TIPHARES_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: libFuzzer keeps the input. */
#define must(condition, ...)                                                \
	do {                                                                \
		if (!(condition)) {                                         \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);     \
			fprintf(stderr, __VA_ARGS__);                       \
			fputc('\n', stderr);                                \
			abort();                                            \
		}                                                           \
	} while (0)

/* A copy of exactly @n octets, so that AddressSanitizer sees one too many. */
static inline char *exactly(const void *data, size_t n)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	return memcpy(copy, data, n);
}

#endif /* TIPHARES_FUZZ_H */
