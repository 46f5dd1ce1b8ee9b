/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration as YAML, and one configuration made from another. */
#ifndef TIPHARES_CONF_WRITE_H
#define TIPHARES_CONF_WRITE_H

#include <stdio.h>

#include "conf.h"

/**
 * conf_write() - @conf with other ports, or its own, as YAML
 * @ret: the text, @len octets and a NUL, to be freed
 *
 * Return: 0 or -ENOMEM.
 */
int conf_write(const struct conf *conf, const struct conf_port *ports, size_t n_ports, char **ret,
	       size_t *len);

/* A rule of access as YAML, on one line, without the line's end. */
void conf_write_rule(const struct conf_rule *rule, FILE *out);

/**
 * conf_derive() - a configuration like @conf with these ports
 *
 * They pass the same checks as those of a file. As conf_load_buffer().
 */
int conf_derive(const struct conf *conf, const struct conf_port *ports, size_t n_ports,
		struct conf **ret, struct conf_errors *errors);

#endif /* TIPHARES_CONF_WRITE_H */
