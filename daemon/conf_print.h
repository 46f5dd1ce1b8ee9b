/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration and its errors for a person who reads a terminal. */
#ifndef TIPHARES_CONF_PRINT_H
#define TIPHARES_CONF_PRINT_H

#include <stdio.h>

#include "conf.h"

/* "path:line:col: text" for each error; when there is none, why loading ended with @err. */
void conf_print_errors(FILE *out, const char *path, const struct conf_errors *errors, int err);
/* One line for each port. */
void conf_print_ports(FILE *out, const struct conf *conf);
/* The rules of access, a line each, as they would be written; nothing when there are none. */
void conf_print_rules(FILE *out, const struct conf *conf);

#endif /* TIPHARES_CONF_PRINT_H */
