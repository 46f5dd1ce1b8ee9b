/* SPDX-License-Identifier: GPL-2.0-only */
/* One question to the kernel's routing. */
#ifndef TIPHARES_CTL_ROUTE_H
#define TIPHARES_CTL_ROUTE_H

#include <net/if.h>
#include <stdbool.h>

/* @interface: by which a packet would leave; @local: it would not, this host has the address */
struct route {
	char interface[IF_NAMESIZE];
	bool local;
};

/* Return: 0, -EINVAL: no address, or a negative errno: no way to it. */
int route_to(const char *address, struct route *ret);

#endif /* TIPHARES_CTL_ROUTE_H */
