/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration: typed, immutable once loaded, and counted.
 *
 * conf_load_*() builds a new one from YAML or reports every error it found;
 * a reload builds a new one and swaps the pointer. Nothing in it changes after
 * conf_load_*() returned, so threads may read it without a lock.
 */
#ifndef TIPHARES_CONF_H
#define TIPHARES_CONF_H

#include <linux/tiphares.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum conf_datapath { DATAPATH_AUTO, DATAPATH_KMOD, DATAPATH_NFT };
enum conf_protocol { PROTOCOL_HTTP, PROTOCOL_TLS, PROTOCOL_TCP, PROTOCOL_AUTO };
enum conf_log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum conf_log_format { LOG_FORMAT_COMBINED, LOG_FORMAT_SQUID, LOG_FORMAT_JSON };
enum conf_forwarded { FORWARDED_OFF, FORWARDED_RFC7239, FORWARDED_XFF };

/* What a rule of access does with what it matches. */
enum conf_action { ACTION_ALLOW, ACTION_DENY, ACTION_TUNNEL };
/* What is spoken on a connection, as far as rules tell it apart; bits. */
enum conf_spoken { SPOKEN_HTTP = 1, SPOKEN_TLS = 2, SPOKEN_OTHER = 4 };
/* Encrypted ClientHello, as a condition of a rule. */
enum conf_ech { ECH_ANY, ECH_YES, ECH_NO };

struct name_list {
	char (*v)[IFNAMSIZ];
	size_t n;
};

struct prefix_list {
	struct prefix *v;
	size_t n;
};

struct word_list {
	char **v;
	size_t n;
};

struct number_list {
	uint16_t *v;
	size_t n;
};

/**
 * struct conf_port - one configured interception point
 * @name: unique; ports in the short form are called "port-LISTEN"
 * @index: position in struct conf, the daemon's handle of it
 * @mode: bits TIPH_INBOUND and TIPH_OUTBOUND
 * @listen: where the daemon listens. Inbound transparent modes: 127.0.0.1 and
 *	::1 with the same port number. Else the one address given, or 0.0.0.0 and ::
 *	(v6 listeners are always v6-only).
 * @dports: destination ports to intercept (inbound transparent modes only)
 * @proxy_senders: whose connections begin with a header of the PROXY protocol
 * @sample: share of clients that is intercepted, in 1/10000
 * @dry_run: 1: count what would be intercepted, and forward it
 * @shed_high, @shed_low: shares of the accept queue, in 1/10000: from the one
 *	on new connections go by @on_overload, down to the other; 0: when it is
 *	full
 * @id: number the datapath knows it by, 0: none; only in what
 *	datapath_ops.ports() returns, never read from a file
 */
struct conf_port {
	char name[TIPH_NAME_MAX];
	unsigned int index;
	uint8_t mode;
	enum conf_protocol protocol;
	struct endpoint listen[2];
	size_t n_listen;
	uint16_t dports[TIPH_MATCH_PORTS_MAX];
	size_t n_dports;
	struct name_list interfaces;
	struct name_list bridges;
	struct prefix_list sources;
	struct prefix_list destinations;
	struct prefix_list except_sources;
	struct prefix_list except_destinations;
	struct prefix_list proxy_senders;
	uint8_t source_port;	/* enum tiph_source_port */
	uint8_t likeness;	/* of a client's SYN; the datapath does not know it */
	uint8_t on_failure;	/* enum tiph_policy */
	uint8_t on_overload;	/* enum tiph_policy */
	uint16_t sample;
	uint8_t dry_run;
	uint16_t shed_high;
	uint16_t shed_low;
	uint32_t mark;
	uint32_t id;
};

/*
 * A route: requests for @host (lower case; "*" for any) go to @to, in turn, on
 * connections that begin with a header of @proxy_protocol (enum proxy_version).
 */
struct conf_route {
	char *host;
	struct endpoint *to;
	size_t n_to;
	uint8_t proxy_protocol;
};

/* Connections that are always forwarded; of the lists, which have one entry at most, none is no condition. */
struct conf_entry {
	struct prefix_list source;
	struct prefix_list destination;
	uint16_t dport;			/* 0: any */
};

/* Which part of a connection an entry made by a trigger is about; its port is always. */
enum conf_scope { SCOPE_PAIR, SCOPE_SOURCE, SCOPE_DESTINATION };

/**
 * struct conf_bypass - what is forwarded though a port matches it
 * @entries: static
 * @enabled: triggers make entries
 * @triggers: bits 1 << enum tiph_bypass_reason
 * @ttl: milliseconds
 * @limit: dynamic entries at once
 * @server_errors: 5xx of an origin in a row that are a trigger
 * @unanswered: spoofed SYNs to a prefix in a row that may be one
 * @prefix4, @prefix6: length of that prefix
 * @never: destinations that no dynamic entry bypasses
 * @snapshot: file of dynamic entries, NULL: none
 */
struct conf_bypass {
	struct conf_entry *entries;
	size_t n_entries;
	uint8_t enabled;
	uint8_t scope;
	uint8_t triggers;
	unsigned int ttl;
	unsigned int limit;
	unsigned int server_errors;
	unsigned int unanswered;
	unsigned int prefix4;
	unsigned int prefix6;
	struct prefix_list never;
	char *snapshot;
};

/**
 * struct conf_rule - a rule of access: what matches all its conditions is its
 * @name: for people; may be empty, and the same as another's
 * @index: position in struct conf
 * @action: enum conf_action
 * @spoken: SPOKEN_ bits; 0: any
 * @ech: enum conf_ech
 * @hosts: lower case; "*.example" is every name below example
 * @paths: prefixes of paths, decoded and without dot segments
 * @ports: names of ports
 * @alpn: protocols as struct tls_hello has them
 *
 * An empty list is no condition; of a list one entry must match.
 */
struct conf_rule {
	char name[TIPH_NAME_MAX];
	unsigned int index;
	uint8_t action;
	uint8_t spoken;
	uint8_t ech;
	struct prefix_list clients;
	struct prefix_list destinations;
	struct number_list destination_ports;
	struct word_list hosts;
	struct word_list methods;
	struct word_list paths;
	struct word_list ports;
	struct word_list alpn;
};

struct conf_http {
	size_t header_limit;		/* octets of one head */
	unsigned int header_fields;
	unsigned int header_timeout;	/* all times in milliseconds */
	unsigned int sniff_timeout;
	unsigned int idle_timeout;
	unsigned int connect_timeout;
	unsigned int response_timeout;
	unsigned int tunnel_timeout;
	size_t client_rate;		/* octets a second, averaged over idle_timeout */
	size_t origin_rate;
	char *via;			/* pseudonym, NULL: no Via */
	enum conf_forwarded forwarded;
};

struct conf_limits {
	unsigned int sessions;		/* of the whole daemon */
	unsigned int per_client;
	uint64_t memory;		/* octets */
	uint16_t shed_high;		/* shares of the two, in 1/10000; 0: never */
	uint16_t shed_low;
	unsigned int lag;		/* milliseconds, 0: not watched */
};

struct conf_log {
	enum conf_log_format format;
	char *to;			/* "stdout", "syslog", "journal", "off" or a path */
	uint16_t sample;		/* share of exchanges without a fault, in 1/10000 */
	enum conf_log_level level;
};

struct conf_admin {
	char *socket;			/* path, NULL: no admin socket */
	struct endpoint metrics;	/* AF_UNSPEC: no metrics listener */
	uint8_t page;			/* the status page is there, too */
};

/* What the nft datapath may use of the host's; both are configurable. */
struct conf_nft {
	uint32_t mark;			/* bit mask for packets to be delivered locally */
	unsigned int priority;		/* of the policy rule */
	unsigned int table;		/* routing table */
};

struct conf {
	unsigned int refs;		/* atomic */
	char *path;			/* of the file, for messages */
	enum conf_datapath datapath;
	unsigned int workers;		/* threads, at least 1 */
	char *user;
	unsigned int heartbeat;		/* milliseconds, 0: nobody watches */
	unsigned int drain_timeout;	/* milliseconds */
	unsigned int hang_timeout;	/* milliseconds */
	struct conf_port *ports;
	size_t n_ports;
	struct conf_route *routes;
	size_t n_routes;
	struct conf_bypass bypass;
	struct conf_rule *rules;	/* in the order to be tried */
	size_t n_rules;
	struct endpoint *resolver_servers;	/* n 0: the system's */
	size_t n_resolver_servers;
	unsigned int resolver_timeout;	/* milliseconds */
	struct conf_http http;
	struct conf_limits limits;
	struct conf_log log;
	struct conf_admin admin;
	struct conf_nft nft;
};

/**
 * struct conf_error - one thing wrong with a file
 * @line: from 1
 * @column: from 1
 * @text: what is wrong and what would be right, no position in it
 */
struct conf_error {
	unsigned int line;
	unsigned int column;
	char *text;
};

struct conf_errors {
	struct conf_error *v;
	size_t n;
};

/**
 * conf_load_buffer() - parse and check a configuration
 * @path: name for messages, copied
 * @text: YAML, @len octets
 * @ret: the configuration, with one reference, on success
 * @errors: every error found, on failure; release with conf_errors_free()
 *
 * Pure: reads no file, needs no privilege. Return: 0, -EINVAL or -ENOMEM.
 */
int conf_load_buffer(const char *path, const char *text, size_t len, struct conf **ret,
		     struct conf_errors *errors);
/*
 * The same for what conf_write() wrote: it was checked when it was read from a
 * file. Since then ports may have gone that rules of access name.
 */
int conf_load_written(const char *path, const char *text, size_t len, struct conf **ret,
		      struct conf_errors *errors);
/* Reads @path first; a file that can't be read is an error at 0:0. */
int conf_load_file(const char *path, struct conf **ret, struct conf_errors *errors);
void conf_errors_free(struct conf_errors *errors);

struct conf *conf_get(struct conf *conf);
/* Frees with the last reference; NULL is legal. */
void conf_put(struct conf *conf);

const struct conf_port *conf_port_by_name(const struct conf *conf, const char *name);
/* The port whose listeners are there, or NULL. */
const struct conf_port *conf_port_at(const struct conf *conf, const struct endpoint *listen);
/* "full", "inbound", "outbound", "none" */
const char *conf_mode_name(uint8_t mode);

#endif /* TIPHARES_CONF_H */
