/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The whole contract between tiphares.ko and userspace: the generic netlink
 * family "tiphares" and the socket options of intercepted and spoofed sockets.
 *
 * Rules of this file: attributes and commands are only ever appended; numbers
 * are host byte order unless a type says __be; nests carry NLA_F_NESTED. What
 * is unknown or out of place is refused with -EINVAL, a value out of its range
 * with -ERANGE, each with an extack sentence and mostly the attribute.
 */
#ifndef _UAPI_LINUX_TIPHARES_H
#define _UAPI_LINUX_TIPHARES_H

#include <linux/types.h>

#define TIPH_GENL_NAME		"tiphares"
#define TIPH_GENL_VERSION	1
#define TIPH_GENL_GROUP		"events"	/* multicast group of all notifications */

#define TIPH_NAME_MAX		32	/* port name, with its final NUL */
#define TIPH_PORTS_MAX		256	/* ports in one network namespace */
#define TIPH_MATCH_PORTS_MAX	64	/* destination ports of one port */
#define TIPH_MATCH_IFS_MAX	64	/* ingress interfaces of one port, and bridges */
#define TIPH_MATCH_PREFIXES_MAX	1024	/* prefixes of one port, all four lists together */

#define TIPH_SHARE		10000	/* the whole of what is given in shares */
#define TIPH_SAMPLE_SEED	0x74697068	/* of the hash that samples clients */

#define TIPH_HEARTBEAT_MIN	100	/* milliseconds */
#define TIPH_HEARTBEAT_MAX	600000

#define TIPH_BYPASS_MAX		262144	/* entries of the static or the never list */
#define TIPH_BYPASS_SHAPES_MAX	128	/* different shapes in one list and family */
#define TIPH_BYPASS_LIMIT	100000	/* dynamic entries, unless told otherwise */
#define TIPH_BYPASS_LIMIT_MAX	1000000
#define TIPH_BYPASS_TTL_MAX	2592000000U	/* milliseconds: 30 days */

/**
 * enum tiph_cmd - commands of the family
 * @TIPH_CMD_GET_INFO: what this module is: version, features, generation,
 *	owner. Anybody may ask.
 * @TIPH_CMD_PORT_SET: add or replace ports. All %TIPH_A_PORT of one message
 *	commit together or not at all. %TIPH_FLAG_REPLACE: ports that are not
 *	in the message are removed by the same commit. %TIPH_FLAG_OWN: the
 *	sending socket becomes the owner. Needs CAP_NET_ADMIN over the network
 *	namespace. Every commit raises the generation and notifies. A kept or
 *	replaced port of the same name keeps its id and its counters.
 * @TIPH_CMD_PORT_DEL: remove the ports named by %TIPH_A_PORT (only
 *	%TIPH_PORT_NAME is read), or all if none is named. Commits atomically.
 *	Unknown name: -ENOENT and nothing is removed. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_PORT_GET: do: the port named by %TIPH_A_PORT; dump: all of them.
 * @TIPH_CMD_STATS_GET: dump: one message per port with %TIPH_A_STATS, after
 *	one message without a port for the counters of the namespace.
 * @TIPH_CMD_PORT_NTF: notification: a port was added or changed; the content
 *	of PORT_GET.
 * @TIPH_CMD_PORT_DEL_NTF: notification: a port was removed; its name and id.
 * @TIPH_CMD_OWNER_NTF: notification: the owner changed; %TIPH_A_OWNER is the
 *	new one, 0 when it was lost.
 * @TIPH_CMD_HEARTBEAT: from the owner, others get -EPERM: it is alive and its
 *	workers are, and overloaded or not (%TIPH_A_OVERLOAD). If the owner
 *	promised heartbeats (%TIPH_A_HEARTBEAT) and none has come for so long,
 *	or that owner is gone, then the on_failure policies of all ports rule:
 *	until the next heartbeat, or until there is a new owner, who has
 *	promised nothing yet. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_STATE_NTF: notification: something began or ended. With
 *	%TIPH_A_PORT (name, id and %TIPH_PORT_STATE now): the state of that
 *	port; without: %TIPH_A_STATE, that of the namespace.
 * @TIPH_CMD_LOOP_NTF: notification, at most one in a second: a spoofed SYN of
 *	this host came back and was dropped; %TIPH_A_TUPLE is that SYN's.
 * @TIPH_CMD_BYPASS_ADD: add the entries %TIPH_A_BYPASS, any number, to the
 *	list %TIPH_A_BYPASS_KIND, which is required. Static and never: all or
 *	none. %TIPH_FLAG_REPLACE: static and never only: the message is the
 *	whole list, swapped in at once. An entry with the key of one that
 *	exists replaces it: a dynamic one gets the new TTL and reason.
 *	%TIPH_A_BYPASS_LIMIT, with kind dynamic, sets how many dynamic entries
 *	there may be; each one beyond evicts the oldest. A dynamic entry that
 *	an entry of the never list covers is refused with -EACCES, and those
 *	before it in the message stay. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_BYPASS_DEL: remove the entries %TIPH_A_BYPASS of the list
 *	%TIPH_A_BYPASS_KIND. Static and never: all or none. No such entry:
 *	-ENOENT. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_BYPASS_GET: dump: the entries of %TIPH_A_BYPASS_KIND, or all; each
 *	message has one kind and one or more entries, static and never in the
 *	order given, dynamic from the oldest to the newest, as far as they do
 *	not change meanwhile. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_BYPASS_FLUSH: remove all entries of %TIPH_A_BYPASS_KIND, which is
 *	required. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_BYPASS_NTF: notification: a dynamic entry was added or refreshed;
 *	or the list of another kind changed, then without an entry.
 * @TIPH_CMD_BYPASS_DEL_NTF: notification: a dynamic entry ended; it has
 *	%TIPH_BYPASS_END.
 * @TIPH_CMD_EXPLAIN: do: what would become of a SYN with %TIPH_A_TUPLE? The
 *	answer has %TIPH_A_VERDICT, %TIPH_A_PORT (name and id) where a port
 *	decided, and %TIPH_A_BYPASS with its %TIPH_A_BYPASS_KIND where an entry
 *	did. Nothing is counted. Needs CAP_NET_ADMIN.
 * @TIPH_CMD_LATELY_GET: dump: what became of the last SYNs that a port matched
 *	and that were not intercepted, from the oldest to the newest: each
 *	message has %TIPH_A_TUPLE, %TIPH_A_VERDICT, %TIPH_A_PORT (name and id)
 *	and %TIPH_A_AGE. Needs CAP_NET_ADMIN.
 */
enum tiph_cmd {
	TIPH_CMD_UNSPEC,
	TIPH_CMD_GET_INFO,
	TIPH_CMD_PORT_SET,
	TIPH_CMD_PORT_DEL,
	TIPH_CMD_PORT_GET,
	TIPH_CMD_STATS_GET,
	TIPH_CMD_PORT_NTF,
	TIPH_CMD_PORT_DEL_NTF,
	TIPH_CMD_OWNER_NTF,
	TIPH_CMD_HEARTBEAT,
	TIPH_CMD_STATE_NTF,
	TIPH_CMD_LOOP_NTF,
	TIPH_CMD_BYPASS_ADD,
	TIPH_CMD_BYPASS_DEL,
	TIPH_CMD_BYPASS_GET,
	TIPH_CMD_BYPASS_FLUSH,
	TIPH_CMD_BYPASS_NTF,
	TIPH_CMD_BYPASS_DEL_NTF,
	TIPH_CMD_EXPLAIN,
	TIPH_CMD_LATELY_GET,

	__TIPH_CMD_MAX
};
#define TIPH_CMD_MAX (__TIPH_CMD_MAX - 1)

/* %TIPH_A_FLAGS of PORT_SET, and REPLACE of BYPASS_ADD */
#define TIPH_FLAG_REPLACE	(1U << 0)	/* the message is the whole table */
#define TIPH_FLAG_OWN		(1U << 1)	/* the sender owns the ports */
#define TIPH_FLAGS_ALL		(TIPH_FLAG_REPLACE | TIPH_FLAG_OWN)

/**
 * enum tiph_attr - attributes of a message
 * @TIPH_A_VERSION: string, version of the module (GET_INFO)
 * @TIPH_A_FEATURES: u64, bit set of TIPH_FEATURE_ (GET_INFO)
 * @TIPH_A_GENERATION: u32, raised by each commit of the port table
 * @TIPH_A_OWNER: u32, netlink port id of the owner, 0 when there is none
 * @TIPH_A_FLAGS: u32, TIPH_FLAG_ (PORT_SET, BYPASS_ADD)
 * @TIPH_A_PORT: nest of enum tiph_port_attr, may occur more than once
 * @TIPH_A_STATS: nest, one %TIPH_STAT_COUNTER nest per named counter
 * @TIPH_A_PAD: padding of 64-bit attributes, without meaning
 * @TIPH_A_HEARTBEAT: u32, milliseconds in which the owner promises another
 *	heartbeat, %TIPH_HEARTBEAT_MIN to %TIPH_HEARTBEAT_MAX, or 0: it
 *	promises none (HEARTBEAT; without it, as before; GET_INFO)
 * @TIPH_A_OVERLOAD: u8, 0 or 1: the daemon wants no new connections, the
 *	on_overload policy of each port is to rule until it says otherwise
 *	(HEARTBEAT; without it nothing changes). Ends with the owner.
 * @TIPH_A_STATE: u32, TIPH_STATE_ of the namespace (GET_INFO, STATE_NTF)
 * @TIPH_A_TUPLE: nest of enum tiph_tuple_attr (EXPLAIN, LOOP_NTF, LATELY_GET)
 * @TIPH_A_VERDICT: string, name of a verdict as in %TIPH_STAT_NAME
 * @TIPH_A_BYPASS: nest of enum tiph_bypass_attr, may occur more than once
 * @TIPH_A_BYPASS_KIND: u8, enum tiph_bypass_kind
 * @TIPH_A_BYPASS_LIMIT: u32, most dynamic entries, 1 to TIPH_BYPASS_LIMIT_MAX
 *	(BYPASS_ADD, GET_INFO)
 * @TIPH_A_BYPASS_COUNT: u32, dynamic entries there are (GET_INFO)
 * @TIPH_A_AGE: u64, milliseconds since then (LATELY_GET)
 */
enum tiph_attr {
	TIPH_A_UNSPEC,
	TIPH_A_VERSION,
	TIPH_A_FEATURES,
	TIPH_A_GENERATION,
	TIPH_A_OWNER,
	TIPH_A_FLAGS,
	TIPH_A_PORT,
	TIPH_A_STATS,
	TIPH_A_PAD,
	TIPH_A_HEARTBEAT,
	TIPH_A_OVERLOAD,
	TIPH_A_STATE,
	TIPH_A_TUPLE,
	TIPH_A_VERDICT,
	TIPH_A_BYPASS,
	TIPH_A_BYPASS_KIND,
	TIPH_A_BYPASS_LIMIT,
	TIPH_A_BYPASS_COUNT,
	TIPH_A_AGE,

	__TIPH_A_MAX
};
#define TIPH_A_MAX (__TIPH_A_MAX - 1)

/* TIPH_A_FEATURES */
#define TIPH_FEATURE_IPV6	(1ULL << 0)
#define TIPH_FEATURE_BYPASS	(1ULL << 1)	/* BYPASS_ADD, DEL, GET, FLUSH */
#define TIPH_FEATURE_HEARTBEAT	(1ULL << 2)	/* HEARTBEAT, its promise */
#define TIPH_FEATURE_SHED	(1ULL << 3)	/* TIPH_PORT_SHED_HIGH and _LOW */
#define TIPH_FEATURE_SAMPLE	(1ULL << 4)	/* TIPH_PORT_SAMPLE, _DRY_RUN */
#define TIPH_FEATURE_EXPLAIN	(1ULL << 5)	/* EXPLAIN */
#define TIPH_FEATURE_LATELY	(1ULL << 6)	/* LATELY_GET */
#define TIPH_FEATURE_BRIDGE	(1ULL << 7)	/* TIPH_PORT_BRIDGES */

/* TIPH_A_STATE and TIPH_PORT_STATE: what is going on */
#define TIPH_STATE_FAILED	(1U << 0)	/* namespace: heartbeats are missing */
#define TIPH_STATE_OVERLOADED	(1U << 1)	/* namespace: the daemon says so */
#define TIPH_STATE_SHEDDING	(1U << 2)	/* port: an accept queue is above its marks */

/**
 * enum tiph_port_attr - a port: what it matches and what it promises
 * @TIPH_PORT_NAME: string, 1 to TIPH_NAME_MAX - 1 of [A-Za-z0-9_.-]; the key
 * @TIPH_PORT_ID: u32, given by the module, stable while the port exists,
 *	never 0 (only in replies and notifications). A port of a new name at
 *	the %TIPH_PORT_LISTEN of one that the same commit removes, both or
 *	neither of inbound transparency, has that one's id and listeners.
 * @TIPH_PORT_MODE: u8, enum tiph_mode
 * @TIPH_PORT_LISTEN: u16, local TCP port of the daemon's listeners. Inbound
 *	transparent modes: on 127.0.0.1 and ::1. Unique in the namespace.
 *	When a commit changes it, the listeners that the port has go on getting
 *	its connections until there is one at the new number.
 * @TIPH_PORT_DPORTS: binary, array of __u16, destination ports to intercept;
 *	required for full and inbound, refused otherwise
 * @TIPH_PORT_IFNAMES: nest of string %TIPH_LIST_ENTRY, ingress interfaces by
 *	name; none: every interface. An interface may appear later.
 * @TIPH_PORT_SOURCES: nest of binary %TIPH_LIST_ENTRY, struct tiph_prefix
 * @TIPH_PORT_DESTINATIONS: as @TIPH_PORT_SOURCES, on the destination address
 * @TIPH_PORT_EXCEPT_SOURCES: as @TIPH_PORT_SOURCES, never intercepted
 * @TIPH_PORT_EXCEPT_DESTINATIONS: as @TIPH_PORT_SOURCES, never intercepted
 * @TIPH_PORT_SOURCE_PORT: u8, enum tiph_source_port
 * @TIPH_PORT_ON_FAILURE: u8, enum tiph_policy, when no listener can take it
 * @TIPH_PORT_ON_OVERLOAD: u8, enum tiph_policy, when the accept queue is full
 * @TIPH_PORT_MARK: u32, skb mark of intercepted packets, 0: leave it alone
 * @TIPH_PORT_SAMPLE: u16, share of clients that is intercepted, 0 to
 *	TIPH_SHARE, which is the default. A client is intercepted if
 *	(jhash(address, TIPH_SAMPLE_SEED) * TIPH_SHARE) >> 32 is below it, so
 *	that a larger share has the clients of the smaller one among its own.
 * @TIPH_PORT_DRY_RUN: u8, 1: what would be intercepted is counted and
 *	forwarded; listeners are not needed
 * @TIPH_PORT_SHED_HIGH: u16, share of a listener's backlog, up to TIPH_SHARE,
 *	from which on the listener is spared new connections, for which
 *	on_overload rules then; 0, the default: only when it is full
 * @TIPH_PORT_SHED_LOW: u16, share at or below which that ends; less than
 *	%TIPH_PORT_SHED_HIGH, or both are 0
 * @TIPH_PORT_STATE: u32, TIPH_STATE_ of the port (only in replies and
 *	notifications)
 * @TIPH_PORT_BRIDGES: nest of string %TIPH_LIST_ENTRY, bridges by name: what
 *	only crosses them is intercepted, too; none: what crosses bridges is
 *	left alone. @TIPH_PORT_IFNAMES may then also name ports of the bridges.
 *
 * The first port in the order of the table that matches a SYN decides. An
 * empty prefix list matches every address of both families; a list with
 * prefixes of one family only matches no address of the other.
 */
enum tiph_port_attr {
	TIPH_PORT_UNSPEC,
	TIPH_PORT_NAME,
	TIPH_PORT_ID,
	TIPH_PORT_MODE,
	TIPH_PORT_LISTEN,
	TIPH_PORT_DPORTS,
	TIPH_PORT_IFNAMES,
	TIPH_PORT_SOURCES,
	TIPH_PORT_DESTINATIONS,
	TIPH_PORT_EXCEPT_SOURCES,
	TIPH_PORT_EXCEPT_DESTINATIONS,
	TIPH_PORT_SOURCE_PORT,
	TIPH_PORT_ON_FAILURE,
	TIPH_PORT_ON_OVERLOAD,
	TIPH_PORT_MARK,
	TIPH_PORT_SAMPLE,
	TIPH_PORT_DRY_RUN,
	TIPH_PORT_SHED_HIGH,
	TIPH_PORT_SHED_LOW,
	TIPH_PORT_STATE,
	TIPH_PORT_BRIDGES,

	__TIPH_PORT_MAX
};
#define TIPH_PORT_MAX (__TIPH_PORT_MAX - 1)

enum tiph_list_attr {
	TIPH_LIST_UNSPEC,
	TIPH_LIST_ENTRY,

	__TIPH_LIST_MAX
};
#define TIPH_LIST_MAX (__TIPH_LIST_MAX - 1)

/**
 * enum tiph_stat_attr - one named counter, monotonic while the port exists
 * @TIPH_STAT_COUNTER: nest of the two below
 * @TIPH_STAT_NAME: string, the verdict's name
 * @TIPH_STAT_VALUE: u64, packets
 */
enum tiph_stat_attr {
	TIPH_STAT_UNSPEC,
	TIPH_STAT_COUNTER,
	TIPH_STAT_NAME,
	TIPH_STAT_VALUE,
	TIPH_STAT_PAD,

	__TIPH_STAT_MAX
};
#define TIPH_STAT_MAX (__TIPH_STAT_MAX - 1)

/**
 * enum tiph_bypass_kind - the three lists of bypass entries
 * @TIPH_BYPASS_STATIC: what they cover is forwarded
 * @TIPH_BYPASS_DYNAMIC: the same for as long as the TTL says, unless the never
 *	list covers it
 * @TIPH_BYPASS_NEVER: what they cover is not bypassed by a dynamic entry
 */
enum tiph_bypass_kind {
	TIPH_BYPASS_STATIC,
	TIPH_BYPASS_DYNAMIC,
	TIPH_BYPASS_NEVER,
};

/**
 * enum tiph_bypass_attr - a bypass entry
 * @TIPH_BYPASS_SOURCE: binary, struct tiph_prefix: clients; none: all
 * @TIPH_BYPASS_DESTINATION: binary, struct tiph_prefix: origins; none: all
 * @TIPH_BYPASS_DPORT: u16, destination port; none or 0: all
 * @TIPH_BYPASS_TTL: u32, milliseconds; dynamic only and required, 1 to
 *	TIPH_BYPASS_TTL_MAX; in replies: what remains
 * @TIPH_BYPASS_REASON: u8, enum tiph_bypass_reason; dynamic only
 * @TIPH_BYPASS_HITS: u64, connections it had forwarded (replies, dynamic only)
 * @TIPH_BYPASS_END: u8, enum tiph_bypass_end (BYPASS_DEL_NTF)
 * @TIPH_BYPASS_PAD: padding, without meaning
 *
 * Source, destination and port must all match; at least one of them is given.
 * Two prefixes are of one family. An entry with a port only is of both. The
 * key of an entry is all three. Which prefix lengths are there, and whether
 * there is a port, is an entry's shape: a list may have TIPH_BYPASS_SHAPES_MAX
 * different ones in each family, for that is what a lookup costs.
 */
enum tiph_bypass_attr {
	TIPH_BYPASS_UNSPEC,
	TIPH_BYPASS_SOURCE,
	TIPH_BYPASS_DESTINATION,
	TIPH_BYPASS_DPORT,
	TIPH_BYPASS_TTL,
	TIPH_BYPASS_REASON,
	TIPH_BYPASS_HITS,
	TIPH_BYPASS_END,
	TIPH_BYPASS_PAD,

	__TIPH_BYPASS_ATTR_MAX
};
#define TIPH_BYPASS_ATTR_MAX (__TIPH_BYPASS_ATTR_MAX - 1)

/**
 * enum tiph_bypass_reason - why a dynamic entry was made
 * @TIPH_BYPASS_MANUAL: somebody asked for it
 * @TIPH_BYPASS_NOT_HTTP: what was spoken is not HTTP
 * @TIPH_BYPASS_TLS_ALERT: the client refused TLS
 * @TIPH_BYPASS_CONNECT_ERROR: the origin could not be connected to
 * @TIPH_BYPASS_BAD_RESPONSE: the origin's response was malformed
 * @TIPH_BYPASS_SERVER_ERROR: the origin kept answering 5xx
 * @TIPH_BYPASS_ASYMMETRIC: answers to spoofed SYNs do not come back this way
 */
enum tiph_bypass_reason {
	TIPH_BYPASS_MANUAL,
	TIPH_BYPASS_NOT_HTTP,
	TIPH_BYPASS_TLS_ALERT,
	TIPH_BYPASS_CONNECT_ERROR,
	TIPH_BYPASS_BAD_RESPONSE,
	TIPH_BYPASS_SERVER_ERROR,
	TIPH_BYPASS_ASYMMETRIC,

	__TIPH_BYPASS_REASON_MAX
};
#define TIPH_BYPASS_REASON_MAX (__TIPH_BYPASS_REASON_MAX - 1)

/* Why a dynamic entry ended. */
enum tiph_bypass_end {
	TIPH_BYPASS_EXPIRED,
	TIPH_BYPASS_EVICTED,
	TIPH_BYPASS_REMOVED,
};

/**
 * enum tiph_tuple_attr - a connection, as its SYN shows it
 * @TIPH_TUPLE_SOURCE: binary, struct tiph_prefix as long as an address
 * @TIPH_TUPLE_DESTINATION: the same, of the same family
 * @TIPH_TUPLE_SPORT: u16; EXPLAIN: may be left out
 * @TIPH_TUPLE_DPORT: u16
 * @TIPH_TUPLE_IFINDEX: u32, ingress interface; EXPLAIN: left out, it is the
 *	one that a packet to the source would leave by
 */
enum tiph_tuple_attr {
	TIPH_TUPLE_UNSPEC,
	TIPH_TUPLE_SOURCE,
	TIPH_TUPLE_DESTINATION,
	TIPH_TUPLE_SPORT,
	TIPH_TUPLE_DPORT,
	TIPH_TUPLE_IFINDEX,

	__TIPH_TUPLE_MAX
};
#define TIPH_TUPLE_MAX (__TIPH_TUPLE_MAX - 1)

/* Transparency of the two sides: bit 0 inbound, bit 1 outbound. */
#define TIPH_INBOUND	1
#define TIPH_OUTBOUND	2

enum tiph_mode {
	TIPH_MODE_NONE		= 0,
	TIPH_MODE_INBOUND	= TIPH_INBOUND,
	TIPH_MODE_OUTBOUND	= TIPH_OUTBOUND,
	TIPH_MODE_FULL		= TIPH_INBOUND | TIPH_OUTBOUND,
};

/**
 * enum tiph_source_port - source port of a spoofed socket
 * @TIPH_SOURCE_PORT_ANY: chosen by the kernel per 4-tuple
 * @TIPH_SOURCE_PORT_PRESERVE: the client's port if it is free, else any
 * @TIPH_SOURCE_PORT_STRICT: the client's port, or -EADDRINUSE
 */
enum tiph_source_port {
	TIPH_SOURCE_PORT_ANY,
	TIPH_SOURCE_PORT_PRESERVE,
	TIPH_SOURCE_PORT_STRICT,
};

/**
 * enum tiph_policy - what becomes of a new connection that can't be taken
 * @TIPH_POLICY_OPEN: it is forwarded to the origin
 * @TIPH_POLICY_CLOSED: it is dropped
 * @TIPH_POLICY_RESET: it is answered by a RST
 */
enum tiph_policy {
	TIPH_POLICY_OPEN,
	TIPH_POLICY_CLOSED,
	TIPH_POLICY_RESET,
};

/**
 * struct tiph_prefix - an address prefix
 * @family: AF_INET or AF_INET6
 * @len: prefix length in bits
 * @reserved: 0
 * @addr: the address, v4 in the first word; bits behind @len are 0
 */
struct tiph_prefix {
	__u8	family;
	__u8	len;
	__u16	reserved;
	__be32	addr[4];
};

/*
 * Socket options, level SOL_IP on AF_INET sockets and SOL_IPV6 on AF_INET6.
 * IPv4-mapped addresses are refused: a listener serves one family.
 */
#define TIPH_SO_BASE	4700
#define TIPH_SO_LISTEN	(TIPH_SO_BASE + 0)	/* set */
#define TIPH_SO_SPOOF	(TIPH_SO_BASE + 1)	/* set */
#define TIPH_SO_VERDICT	(TIPH_SO_BASE + 0)	/* get */

/**
 * struct tiph_listen - TIPH_SO_LISTEN: this TCP socket is a listener of a port
 * @port: name of the port, NUL terminated
 *
 * Called on a socket that bind(2) gave the port's local port, before or after
 * listen(2): at 127.0.0.1 or ::1 for modes full and inbound; at any address for
 * the others, where a socket of AF_INET6 must be IPV6_V6ONLY. Makes it
 * transparent where the port's client side is; connections accepted from it
 * carry the port's identity, which is that of the port's id: a port that was
 * removed and set again has other listeners. Neither the socket nor those
 * connections can connect(2) any more; one that tries is not transparent any
 * longer. Needs CAP_NET_ADMIN over the socket's network namespace.
 *
 * Errors: EPERM, EINVAL (size, address not the port's, not bound, name not
 * terminated), ENOENT (no such port), EOPNOTSUPP (not a TCP socket), EISCONN
 * (connected), EBUSY (the socket is already used by something else).
 */
struct tiph_listen {
	char	port[TIPH_NAME_MAX];
};

#define TIPH_SPOOF_CONNECT	(1U << 0)	/* connect too, without blocking */
#define TIPH_SPOOF_ALL		TIPH_SPOOF_CONNECT

/**
 * struct tiph_spoof - TIPH_SO_SPOOF: give this socket the client's address
 * @accepted_fd: a live connection accepted from a listener of a port with
 *	outbound transparency, now or before a commit changed its mode; the
 *	only authority, no capability is asked for
 * @flags: TIPH_SPOOF_
 * @addr: where the socket will connect to, v4 in the first word
 * @dport: and its port
 * @source_port: enum tiph_source_port + 1, or 0 for the port's policy
 * @reserved: 0
 *
 * The socket must be a fresh TCP socket of the same family and namespace:
 * not bound, not connected. It may connect once, by this option or later, from
 * the client's address only; its packets are not sent otherwise. The client
 * must not be an address of this host, nor a loopback, link-local, multicast or
 * broadcast address. Clients' ports below 1024 need no privilege.
 * %TIPH_SPOOF_CONNECT does not ask a security module as connect(2) does.
 *
 * On any error but EINPROGRESS the socket is as it was. Errors: EBADF (no such
 * fd), EPERM (the fd is not such a connection or is no longer alive, or belongs
 * to another namespace, or its client may not be spoofed), EINVAL (size, flags,
 * reserved, no destination), EISCONN (the socket is not fresh), EAFNOSUPPORT
 * (families differ), EADDRINUSE / EADDRNOTAVAIL (source ports), and with
 * %TIPH_SPOOF_CONNECT those of connect(2), EINPROGRESS being the usual one.
 */
struct tiph_spoof {
	__s32	accepted_fd;
	__u32	flags;
	__be32	addr[4];
	__be16	dport;
	__u8	source_port;
	__u8	reserved[5];
};

/**
 * struct tiph_verdict - TIPH_SO_VERDICT: what was decided about this connection
 * @port: name of the port whose listener accepted it
 * @port_id: its id
 * @mode: enum tiph_mode of the port now
 * @family: AF_INET or AF_INET6
 * @orig_port: original destination port
 * @orig_addr: original destination, v4 in the first word
 * @ifindex: ingress interface, 0 where unknown
 * @reserved: 0
 *
 * Errors: ENOENT (not accepted from a listener of a port that still exists),
 * ENOTCONN, EINVAL (size).
 */
struct tiph_verdict {
	char	port[TIPH_NAME_MAX];
	__u32	port_id;
	__u8	mode;
	__u8	family;
	__be16	orig_port;
	__be32	orig_addr[4];
	__u32	ifindex;
	__u32	reserved;
};

#endif /* _UAPI_LINUX_TIPHARES_H */
