/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of configuration keys: from text into their fields, and back. */
#ifndef TIPHARES_CONF_VALUE_H
#define TIPHARES_CONF_VALUE_H

#include <stdio.h>

#include "conf_keys.h"

#define CONF_WHY_MAX 256

/**
 * conf_value_set() - set the key's field, or append to it where it is a list
 * @base: the struct that the key's field stands in
 * @s: the value or list entry, @n octets
 * @why: room for CONF_WHY_MAX octets: what is wrong and what would be right
 *
 * Return: 0, -EINVAL (@why is written) or -ENOMEM. On failure nothing changed.
 */
int conf_value_set(const struct conf_key *key, void *base, const char *s, size_t n, char *why);

/* Write the key's value as YAML, on one line, without the line's end. */
void conf_value_write(const struct conf_key *key, const void *base, FILE *out);

/* @s as a YAML double-quoted scalar. */
void conf_quote(FILE *out, const char *s);

#endif /* TIPHARES_CONF_VALUE_H */
