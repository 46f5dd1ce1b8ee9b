/* SPDX-License-Identifier: GPL-2.0-only */
/* A route of last resort for gateways that are bridges without an address. */
#ifndef TIPHARES_KMOD_ROUTES_H
#define TIPHARES_KMOD_ROUTES_H

#include <net/if.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"

/**
 * struct kmod_routes - the route, as far as it is needed
 * @sock: what asks the kernel
 * @bridges: those that ports name
 * @n: number of @bridges, 0: no route is needed
 * @uid: whose sockets use it
 * @table: number of the table
 * @there: by family, IPv4 first: the rule is installed
 */
struct kmod_routes {
	struct nl_sock *sock;
	char (*bridges)[IFNAMSIZ];
	size_t n;
	uid_t uid;
	uint32_t table;
	bool there[2];
};

/* Installs what @conf needs, or removes what was needed before. Return: 0 or a negative errno. */
int kmod_routes_apply(struct kmod_routes *r, const struct conf *conf);

/* To be called from time to time: the kernel drops routes with an interface that goes down. */
void kmod_routes_keep(struct kmod_routes *r);

/* Lets the listener @fd use the route. Return: 0 or a negative errno. */
int kmod_routes_listener(const struct kmod_routes *r, int fd);

/* Takes the route away where @remove says so, and frees what @r has. */
void kmod_routes_close(struct kmod_routes *r, bool remove);

#endif /* TIPHARES_KMOD_ROUTES_H */
