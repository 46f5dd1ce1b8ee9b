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

#include <net/if.h>
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
 *	DP_EVENT_WARNING: this host limits what can be done; DP_EVENT_NOTICE:
 *	something began or ended (heartbeats missed, load shed, a loop): to be
 *	logged; DP_EVENT_BYPASS: the same about bypass entries
 * @text: one line for the log
 */
enum datapath_event_kind {
	DP_EVENT_PORTS,
	DP_EVENT_OWNER_LOST,
	DP_EVENT_REPAIRED,
	DP_EVENT_FAILED,
	DP_EVENT_WARNING,
	DP_EVENT_NOTICE,
	DP_EVENT_BYPASS,
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
 * struct datapath_bypass - a bypass entry; see enum tiph_bypass_attr
 * @source: clients, of family AF_UNSPEC: all
 * @destination: origins, the same
 * @dport: destination port, 0: all
 * @kind: enum tiph_bypass_kind
 * @reason: enum tiph_bypass_reason; dynamic only
 * @ttl: milliseconds; dynamic only
 * @hits: connections that it had forwarded; what was read only
 */
struct datapath_bypass {
	struct prefix source;
	struct prefix destination;
	uint16_t dport;
	uint8_t kind;
	uint8_t reason;
	uint32_t ttl;
	uint64_t hits;
};

/* Called for each entry of a list. Return: 0, or a negative errno that ends the listing. */
typedef int (*datapath_bypass_fn)(const struct datapath_bypass *entry, void *arg);

/* What became of a SYN that was not intercepted; @sport: its source port. */
struct datapath_past {
	char verdict[32];
	char port[TIPH_NAME_MAX];
	uint16_t sport;
	uint64_t age_ms;
};

#define DATAPATH_PAST_MAX 16

/**
 * struct datapath_explanation - what would become of a connection
 * @verdict: its name, as that of a counter
 * @port: the port that decided, or ""
 * @interface: by which it would come in
 * @bypassed: @bypass is the entry that decided
 * @past: what became of such SYNs lately, the newest first, @n_past of them
 */
struct datapath_explanation {
	char verdict[32];
	char port[TIPH_NAME_MAX];
	char interface[IF_NAMESIZE];
	bool bypassed;
	struct datapath_bypass bypass;
	uint32_t n_past;
	struct datapath_past past[DATAPATH_PAST_MAX];
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
 *	intercepted yet. @takeover: apply() will take it from a living one
 * @apply: make the interception exactly that of @conf, atomically, and ours if
 *	somebody else has it. On failure the previous one stays in force.
 * @mark_listener: @fd, bound to one of @port's addresses and not yet
 *	listening, becomes its listener. After apply(); before it as well,
 *	where it fails for a port that the backend can't know yet
 * @give_socket: a socket with the address of @client for the worker, if the
 *	worker holds the connection that this client has with @local:
 *	descriptor or a negative errno. NULL where connect() needs no such help.
 * @pollfd: descriptor to poll for reading, or -1
 * @dispatch: after @pollfd was readable and about once a second: read at most
 *	one event; 1: @ret was written, 0: nothing (more) to report
 * @ports: the ports that are in force as a configuration fragment: fills
 *	@ret with at most @max ports (names, modes, match), returns the number.
 *	The lists in them belong to @dp and live until the next call.
 * @counters: fills at most @max counters, returns the number
 * @heartbeat: the workers are alive, and @overloaded or not; to be called
 *	several times within conf->heartbeat, for without it the ports'
 *	failure policies rule. -EOPNOTSUPP: nobody watches.
 * @bypass_replace: make the static or never list exactly the @n of @entries,
 *	at once
 * @bypass_add: add @n @entries, all of one kind; one with the key of an old one
 *	replaces it
 * @bypass_del: remove them; -ENOENT: there is none with such a key
 * @bypass_flush: remove all entries of @kind
 * @bypass_limit: how many dynamic entries there may be; beyond, the oldest go
 * @bypass_list: call @each for the entries of @kind
 * @explain: what would become of a SYN from @src to @dst that comes in by
 *	@ifname, by the same reasons as the counters have; @src's port may be 0
 * @retire: before a clean exit: take nothing new, but go on delivering what was
 *	taken. NULL where close() does both at once.
 * @settled: after retire() and the worker's end: nothing of ours is under way
 *	any more. NULL with retire().
 * @close: @remove: take the interception away (a clean exit); else leave
 *	what the failure policy needs. Frees @dp; NULL is legal.
 * @connect: worker: make the upstream socket of a client connection whose
 *	origin side is transparent: bound to the client's address with this
 *	source port policy and connecting to @dst, non-blocking. @accepted is the
 *	client's connection; @given (consumed in every case) what give_socket()
 *	made for the same policy, or a fresh socket where that is NULL. Returns the descriptor
 *	(connecting or connected) or a negative errno; -EADDRINUSE: the port that
 *	the policy asks for is taken.
 */
struct datapath_ops {
	const char *name;

	int (*probe)(char *why, size_t size);
	int (*check)(const struct conf *conf, char *why, size_t size);
	int (*open)(const struct conf *conf, bool takeover, struct datapath **ret, char *why, size_t size);
	int (*apply)(struct datapath *dp, const struct conf *conf, char *why, size_t size);
	int (*mark_listener)(struct datapath *dp, const struct conf_port *port, int fd);
	int (*give_socket)(struct datapath *dp, const struct endpoint *local, const struct endpoint *client,
			   uint8_t source_port);
	int (*pollfd)(struct datapath *dp);
	int (*dispatch)(struct datapath *dp, struct datapath_event *ret);
	int (*ports)(struct datapath *dp, struct conf_port *ret, size_t max);
	int (*counters)(struct datapath *dp, struct datapath_counter *ret, size_t max);
	int (*heartbeat)(struct datapath *dp, bool overloaded);
	int (*bypass_replace)(struct datapath *dp, enum tiph_bypass_kind kind,
			      const struct datapath_bypass *entries, size_t n, char *why, size_t size);
	int (*bypass_add)(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why,
			  size_t size);
	int (*bypass_del)(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why,
			  size_t size);
	int (*bypass_flush)(struct datapath *dp, enum tiph_bypass_kind kind, char *why, size_t size);
	int (*bypass_limit)(struct datapath *dp, uint32_t limit, char *why, size_t size);
	int (*bypass_list)(struct datapath *dp, enum tiph_bypass_kind kind, datapath_bypass_fn each, void *arg);
	int (*explain)(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst,
		       const char *ifname, struct datapath_explanation *ret, char *why, size_t size);
	int (*retire)(struct datapath *dp);
	bool (*settled)(struct datapath *dp);
	void (*close)(struct datapath *dp, bool remove);

	int (*connect)(uint8_t source_port, int accepted, int given, const struct endpoint *client,
		       const struct endpoint *dst);
};

extern const struct datapath_ops datapath_kmod_ops;
extern const struct datapath_ops datapath_nft_ops;

#endif /* TIPHARES_DATAPATH_H */
