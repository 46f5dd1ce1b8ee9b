/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listening sockets of the ports, made by the parent for the worker: one per
 * port, address and loop thread, all of an address in one SO_REUSEPORT group.
 */
#ifndef TIPHARES_PORT_SOCKETS_H
#define TIPHARES_PORT_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "datapath.h"
#include "takeover.h"

struct port_socket {
	int fd;
	unsigned int port;	/* index in the configuration */
	unsigned int thread;
	int family;
};

/**
 * struct port_sockets - a set of them
 * @given: sockets of another daemon that are used where they fit, or NULL
 */
struct port_sockets {
	struct port_socket *v;
	size_t n;
	struct inheritance *given;
	bool kept[TIPH_PORTS_MAX];	/* by index: the worker keeps what it has */
};

/**
 * port_sockets_bind() - bind them all; nothing is accepted yet
 * @ret: @kept and @given are read: no sockets are made for ports that are kept,
 *	nor where there are some already
 * @why: on failure: one sentence
 *
 * Where a port listens on both families and the host has no IPv6, it gets IPv4
 * only, which is logged once. Return: 0 or a negative errno.
 */
int port_sockets_bind(const struct conf *conf, unsigned int threads, struct port_sockets *ret, char *why,
		   size_t size);

/*
 * The same before the ports are applied, as far as the datapath can: then there
 * is no moment in which a port has no listener.
 */
void port_sockets_start_early(const struct port_sockets *l, const struct conf *conf, const struct datapath_ops *ops,
			      struct datapath *dp);

/* Mark them in the datapath and let them accept. Return: 0 or a negative errno. */
int port_sockets_start(const struct port_sockets *l, const struct conf *conf, const struct datapath_ops *ops,
		    struct datapath *dp, char *why, size_t size);

/* Frees the list too; an empty one is legal. */
void port_sockets_close(struct port_sockets *l);

/* A TCP socket bound to @e, close-on-exec and non-blocking; or a negative errno. */
int port_socket_bound(const struct endpoint *e, int reuseport);

#endif /* TIPHARES_PORT_SOCKETS_H */
