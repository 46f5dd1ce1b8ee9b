/* SPDX-License-Identifier: GPL-2.0-only */
/* A dynamic bypass entry as a line of the snapshot: SOURCE DESTINATION PORT REASON END, "-" for none. */
#ifndef TIPHARES_BYPASS_TEXT_H
#define TIPHARES_BYPASS_TEXT_H

#include <stdio.h>

#include "datapath.h"

/* Names of enum tiph_bypass_reason and enum tiph_bypass_kind. */
const char *bypass_reason_name(uint8_t reason);
const char *bypass_kind_name(uint8_t kind);

/* @now: seconds of the epoch; the line has the second at which the entry ends. */
void bypass_text_write(const struct datapath_bypass *e, uint64_t now, FILE *out);
/* Return: 0, -ESTALE when it has ended, or -EINVAL. A clock that jumped makes no entry longer than it may be. */
int bypass_text_read(const char *line, uint64_t now, struct datapath_bypass *ret);

#endif /* TIPHARES_BYPASS_TEXT_H */
