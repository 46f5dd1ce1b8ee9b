/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The datapath: what intercepts streams and gives sockets their addresses.
 *
 * Two backends implement struct datapath_ops whole: the module (datapath_kmod.c)
 * and the kernel's own nft TPROXY (datapath_nft.c). Only main.c names them.
 * The first group of operations runs in the privileged parent; the last ones
 * run in the worker, on any thread, without capabilities.
 */
#ifndef TIPHARES_DATAPATH_H
#define TIPHARES_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"

struct datapath;	/* private to its backend */

/**
 * struct datapath_event - something the parent must react to
 * @kind: DP_EVENT_PORTS: the table was changed by somebody else (read it by
 *	ops->ports()); DP_EVENT_OWNER_LOST: we no longer own it; DP_EVENT_REPAIRED:
 *	what somebody removed was put back; DP_EVENT_FAILED: it can't be repaired;
 *	DP_EVENT_WARNING: this host limits what can be done
 * @text: one line for the log
 */
enum datapath_event_kind {
	DP_EVENT_PORTS,
	DP_EVENT_OWNER_LOST,
	DP_EVENT_REPAIRED,
	DP_EVENT_FAILED,
	DP_EVENT_WARNING,
};
struct datapath_event {
	enum datapath_event_kind kind;
	char text[160];
};

/* A named counter; @port is "" for those of the whole namespace. */
struct datapath_counter {
	char port[TIPH_NAME_MAX];
	char name[32];
	uint64_t value;
};

/**
 * struct datapath_ops - a backend
 * @name: "kmod" or "nft"
 *
 * All return 0 or a negative errno; a refusal that an operator must understand
 * also writes one sentence to @why (always terminated).
 *
 * @probe: can it be used on this host? Changes nothing.
 * @check: does it honour every option of every port? No side effects.
 * @open: prepare, taking what a dead predecessor left over; nothing is
 *	intercepted yet
 * @apply: make the interception exactly that of @conf, atomically. On failure
 *	the previous one stays in force.
 * @mark_listener: @fd, bound to one of @port's addresses and not yet
 *	listening, becomes its listener. After apply().
 * @prepare_socket: make @fd able to take a client's address later, without
 *	privilege. NULL where the worker needs no such help.
 * @pollfd: descriptor to poll for reading, or -1
 * @dispatch: after @pollfd was readable and about once a second: read at most
 *	one event; 1: @ret was written, 0: nothing (more) to report
 * @ports: the ports that are in force as a configuration fragment: fills
 *	@ret with at most @max ports (names, modes, match), returns the number.
 *	The lists in them belong to @dp and live until the next call.
 * @counters: fills at most @max counters, returns the number
 * @close: @remove: take the interception away (a clean exit); else leave
 *	what the failure policy needs. Frees @dp; NULL is legal.
 * @connect: worker: make the upstream socket of a client connection whose
 *	origin side is transparent: bound to the client's address with @port's
 *	source port policy and connecting to @dst, non-blocking. @accepted is the
 *	client's connection; @prepared a socket made by prepare_socket (consumed
 *	in every case) or -1 where that is NULL. Returns the descriptor
 *	(connecting or connected) or a negative errno.
 */
struct datapath_ops {
	const char *name;

	int (*probe)(char *why, size_t size);
	int (*check)(const struct conf *conf, char *why, size_t size);
	int (*open)(const struct conf *conf, struct datapath **ret, char *why, size_t size);
	int (*apply)(struct datapath *dp, const struct conf *conf, char *why, size_t size);
	int (*mark_listener)(struct datapath *dp, const struct conf_port *port, int fd);
	int (*prepare_socket)(struct datapath *dp, int family, int fd);
	int (*pollfd)(struct datapath *dp);
	int (*dispatch)(struct datapath *dp, struct datapath_event *ret);
	int (*ports)(struct datapath *dp, struct conf_port *ret, size_t max);
	int (*counters)(struct datapath *dp, struct datapath_counter *ret, size_t max);
	void (*close)(struct datapath *dp, bool remove);

	int (*connect)(const struct conf_port *port, int accepted, int prepared,
		       const struct endpoint *client, const struct endpoint *dst);
};

extern const struct datapath_ops datapath_kmod_ops;
extern const struct datapath_ops datapath_nft_ops;

#endif /* TIPHARES_DATAPATH_H */
