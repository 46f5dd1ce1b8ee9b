/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports and counters as attributes of the module's netlink family; for datapath_kmod.c. */
#ifndef TIPHARES_KMOD_MSG_H
#define TIPHARES_KMOD_MSG_H

#include <netlink/msg.h>

#include "conf.h"
#include "datapath.h"

/* Octets of attributes that the ports of @conf take at most. */
size_t kmod_ports_size(const struct conf *conf);

/* Append @port as TIPH_A_PORT. Return: 0 or -EMSGSIZE. */
int kmod_put_port(struct nl_msg *msg, const struct conf_port *port);

/**
 * kmod_get_port() - read a TIPH_A_PORT nest
 * @ret: its lists are allocated, see kmod_free_port()
 *
 * What the module does not know gets the defaults. Return: 0, -EBADMSG or
 * -ENOMEM.
 */
int kmod_get_port(struct nlattr *nest, struct conf_port *ret);
void kmod_free_port(struct conf_port *port);

/* Append the counters of a TIPH_A_STATS nest to @ret. Return: how many @ret has then. */
size_t kmod_get_counters(struct nlattr *nest, const char *port, struct datapath_counter *ret, size_t n,
			 size_t max);

#endif /* TIPHARES_KMOD_MSG_H */
