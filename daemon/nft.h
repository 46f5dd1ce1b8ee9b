/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nft datapath's own header; only nft_*.c and datapath_nft.c include it.
 *
 * What it puts into the kernel is told from everybody else's by two names: the
 * table "inet tiphares" and the protocol number NFT_ROUTE_PROTOCOL of rules and
 * routes. A comment in the table holds the instance that wrote it, so that two
 * daemons notice each other instead of repairing each other's work away.
 */
#ifndef TIPHARES_NFT_H
#define TIPHARES_NFT_H

#include <netlink/netlink.h>
#include <nftables/libnftables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "conf.h"
#include "datapath.h"

#define NFT_TABLE "tiphares"
/* Of policy rules and routes; not used by any routing daemon. */
#define NFT_ROUTE_PROTOCOL 84
/* Policy rules of one family: at the priority configured, and the next two. */
#define NFT_RULES 3

#define NFT_EVENTS_MAX 16
#define NFT_WARNINGS 3
/* Bridges that are looked at; more than that are treated as their first ones. */
#define NFT_BRIDGES_MAX 64
/* Counters of one table: nine of the namespace, at most six a port. */
#define NFT_COUNTERS_MAX (9 + 6 * TIPH_PORTS_MAX)

/* What becomes of a port's SYNs; diagram in nft_health.c. */
enum nft_port_state { NFT_PORT_SERVED, NFT_PORT_OVERLOADED, NFT_PORT_BLOCKED, NFT_PORT_FAILED };

/* A bridge; @ip, @ip6: br_netfilter shows its frames to our hook. */
struct nft_bridge {
	char name[IFNAMSIZ];
	bool ip;
	bool ip6;
};

struct nft_bridges {
	struct nft_bridge v[NFT_BRIDGES_MAX];
	size_t n;
};

/**
 * struct nft_facts - what of this host shapes the rules
 * @ipv6: IPv6 packets can be delivered locally
 * @nft_nat, @nft_input: what of @nat and @input is in nft tables
 * @nat: somebody may rewrite destinations; asking conntrack about it would
 *	switch conntrack on where nobody does
 * @bridged4, @bridged6: br_netfilter shows frames on a bridge to our hook. The
 *	socket of a SYN gets lost on their way up, so they are left alone
 * @cookies: the kernel may answer SYNs by cookies
 * @forward4, @forward6: packets that are not intercepted can be forwarded; the
 *	rules are the same, it is for the operator to know
 * @input: somebody may drop what is intercepted in INPUT
 * @wildcards: somebody has a transparent listener on every address. It would
 *	be taken for the socket of flows that are not ours
 * @worker: uid of the worker; 0: others may run as it, too
 * @bridges: those of this host
 */
struct nft_facts {
	bool ipv6;
	bool nft_nat;
	bool nft_input;
	bool nat;
	bool bridged4;
	bool bridged6;
	bool cookies;
	bool forward4;
	bool forward6;
	bool input;
	bool wildcards;
	uid_t worker;
	struct nft_bridges bridges;
};

/**
 * struct nft_known - TCP ports whose packets may belong to our connections
 * @dports: intercepted now, or earlier in the life of this datapath
 * @sports: of origin servers of ports with full transparency, likewise
 * @any: a port with outbound transparency only was there: origin servers may
 *	be on every port
 *
 * It only grows: a connection outlives the configuration that took it.
 */
struct nft_known {
	uint8_t dports[65536 / 8];
	uint8_t sports[65536 / 8];
	bool any;
};

static inline bool nft_port_test(const uint8_t *map, unsigned int port)
{
	return map[port / 8] >> port % 8 & 1;
}

static inline void nft_port_set(uint8_t *map, unsigned int port)
{
	map[port / 8] |= 1 << port % 8;
}

/**
 * struct nft_script - a complete ruleset
 * @text: commands that replace the table in one transaction
 * @list: names of the static sets in it, one a line
 * @objects: number of objects with a handle that it makes
 */
struct nft_script {
	char *text;
	char *list;
	unsigned int objects;
};

/* nft_bypass.c: what is forwarded on purpose */

struct nft_table;

/* Entries that need a rule each: static ones, and dynamic ones. */
#define NFT_ODD_MAX 1024

/**
 * struct nft_bypass - dynamic entries, from the oldest to the newest
 * @limit: how many there may be
 * @odd: how many of them need rules, @odd_rules of them
 */
struct nft_bypass {
	struct nft_entry *v;
	size_t n;
	size_t room;
	size_t limit;
	unsigned int odd;
	unsigned int odd_rules;
};

typedef void (*nft_rule_fn)(void *arg, const char *rule);

struct datapath_bypass nft_bypass_static(const struct conf_entry *entry);
/* The rules of an odd entry. Return: how many. */
unsigned int nft_bypass_odd(const struct datapath_bypass *e, nft_rule_fn rule, void *arg);
/* All of them, for a new table: rules of chain dynamic.odd, and commands behind the table. */
void nft_bypass_write(const struct nft_bypass *bypass, nft_rule_fn rule, void *arg, FILE *elements);
int nft_bypass_add(struct nft_bypass *bypass, struct nft_table *table, const struct conf *conf,
		   const struct datapath_bypass *entries, size_t n, char *why, size_t size);
int nft_bypass_del(struct nft_bypass *bypass, struct nft_table *table, const struct datapath_bypass *entries, size_t n,
		   char *why, size_t size);
int nft_bypass_flush(struct nft_bypass *bypass, struct nft_table *table, char *why, size_t size);
/* Once a second or so. */
int nft_bypass_tick(struct nft_bypass *bypass, struct nft_table *table, char *why, size_t size);
int nft_bypass_list(const struct nft_bypass *bypass, const struct conf *conf, enum tiph_bypass_kind kind,
		    datapath_bypass_fn each, void *arg);
void nft_bypass_free(struct nft_bypass *bypass);

/* nft_rules.c: the text of the table */

/**
 * nft_script_build() - write the ruleset of a configuration
 * @bypass: dynamic entries; the rules that it needs are counted in it
 * @counters: initial values, @n_counters of them
 * @instance: of this datapath
 *
 * Pure. Release by nft_script_free(). Return: 0 or -ENOMEM.
 */
int nft_script_build(struct nft_script *ret, const struct conf *conf, const struct nft_known *known,
		     const struct nft_facts *facts, struct nft_bypass *bypass, const struct datapath_counter *counters,
		     size_t n_counters, const char *instance);
void nft_script_free(struct nft_script *script);
/* The command that makes the table treat @port's SYNs as @state says; to be freed. */
char *nft_script_state(const struct conf_port *port, enum nft_port_state state);
/* Commands after which nothing new is intercepted; to be freed. */
char *nft_script_retire(const struct conf *conf);
/* The counters of what becomes of a port's SYNs by its policies. */
const char *nft_failure_name(const struct conf_port *port);
const char *nft_overload_name(const struct conf_port *port);
/* Add the ports of @conf. */
void nft_known_add(struct nft_known *known, const struct conf *conf);

/* nft_table.c: the table in the kernel */

enum nft_table_state { NFT_TABLE_INTACT, NFT_TABLE_CHANGED, NFT_TABLE_FOREIGN };

/**
 * struct nft_table - our table
 * @ctx: libnftables
 * @sock: for the ruleset's generation and the counters
 * @instance: who we are
 * @list: names of the static sets, one a line
 * @objects: with a handle, that ought to be there
 * @reference: listing right after installation, NULL: nothing installed
 * @generation: of the namespace's whole ruleset when @reference was last seen
 * @changed: at the last look, somebody had changed some table
 */
struct nft_table {
	struct nft_ctx *ctx;
	struct nl_sock *sock;
	char instance[17];
	char *list;
	unsigned int objects;
	char *reference;
	uint32_t generation;
	bool changed;
};

int nft_table_open(struct nft_table *table);
void nft_table_close(struct nft_table *table);
/* Does the kernel understand all that a script may contain? Changes nothing. */
int nft_table_probe(struct nft_table *table, char *why, size_t size);
/* One transaction, verified by listing what is there afterwards. */
int nft_table_install(struct nft_table *table, const struct nft_script *script, char *why, size_t size);
/* The same for a command that makes @more objects. */
int nft_table_patch(struct nft_table *table, const char *command, int more, char *why, size_t size);
/* Not verified. */
int nft_table_command(struct nft_table *table, const char *command);
/* enum nft_table_state or a negative errno; cheap while nobody changed any nft table */
int nft_table_check(struct nft_table *table);
int nft_table_remove(struct nft_table *table);
/* Whose is the table of our name: nobody's (there is none), ours, another daemon's, or somebody else's? */
enum nft_table_owner { NFT_OWNER_NOBODY, NFT_OWNER_SELF, NFT_OWNER_DAEMON, NFT_OWNER_STRANGER };
enum nft_table_owner nft_table_owner(struct nft_table *table);
int nft_table_counters(struct nft_table *table, struct datapath_counter *ret, size_t max);
/* The output of a listing command, without elements of sets, to be freed; NULL when it failed. */
char *nft_table_terse(struct nft_table *table, const char *command);

/* nft_routes.c: policy rules and the table of the local default routes */

int nft_routes_install(struct nl_sock *sock, const struct conf_nft *nft, bool ipv6, char *why, size_t size);
/* Remove what is ours but not @nft's; NULL: all that is ours. */
int nft_routes_prune(struct nl_sock *sock, const struct conf_nft *nft);
/* 1: complete, 0: something is missing, or a negative errno */
int nft_routes_check(struct nl_sock *sock, const struct conf_nft *nft, bool ipv6);
/* Are there routes of somebody else in our table? */
bool nft_routes_table_used(struct nl_sock *sock, const struct conf_nft *nft, int family);
/* A connected socket for the above, NULL when there is none. */
struct nl_sock *nft_routes_socket(void);

/* nft_collide.c: 0, or -EBUSY and a sentence about the rule or route that is in the way */
int nft_rules_collide(struct nl_sock *sock, const struct conf *conf, bool ipv6, char *why, size_t size);

/* nft_host.c: the rest of the host */

void nft_facts_read(struct nft_facts *ret, struct nft_table *table, struct nl_sock *route, bool ruleset_changed);
/* Does the old iptables have this table? */
bool nft_legacy_table(int family, const char *name);
/* 0, or -EBUSY and a sentence about what makes interception by @conf impossible */
int nft_host_collide(const struct nft_facts *facts, const struct conf *conf, char *why, size_t size);
/* What an operator should know though it is no obstacle, @i of NFT_WARNINGS: 1 and a sentence, or 0 */
int nft_host_warn(const struct nft_facts *facts, const struct conf *conf, unsigned int i, char *text, size_t size);

/* nft_links.c: interfaces */

/* What is wrong with lo, through which everything of ours is delivered: " (...)", or "". */
const char *nft_lo_trouble(void);
int nft_bridges_read(struct nl_sock *route, struct nft_bridges *ret);

/* nft_foreign.c: TPROXY rules of somebody else; 0, or -EBUSY and a sentence */
int nft_foreign_tproxy(struct nft_table *table, const struct conf *conf, bool ruleset_changed, char *why, size_t size);

/* nft_health.c: ports that can't be served */

/**
 * struct nft_port_health - what is known about a port
 * @state: in force
 * @wanted: the one it ought to be in
 * @fill: of its fullest accept queue, percent
 * @intercepted, @arrived: SYNs given to the listener, and those that came
 *	through INPUT
 * @intercepted_before, @arrived_before: the same at the last change of rules
 * @unproved_since: milliseconds since when SYNs are given that don't arrive
 * @blocked_at: milliseconds, when it was found blocked
 * @told: that it is blocked was reported
 * @full_told: that its queue is full was
 */
struct nft_port_health {
	enum nft_port_state state;
	enum nft_port_state wanted;
	unsigned int fill;
	uint64_t intercepted;
	uint64_t arrived;
	uint64_t intercepted_before;
	uint64_t arrived_before;
	uint64_t unproved_since;
	uint64_t blocked_at;
	bool told;
	bool full_told;
};

/**
 * struct nft_health - by port index of the configuration in force
 * @busy: a queue is filling: look again soon
 * @fresh: nothing is known yet
 * @alive_at: milliseconds of the last heartbeat, 0: none is due
 * @overloaded: it said so; @failed: it is too long ago
 */
struct nft_health {
	struct nl_sock *sock;
	bool busy;
	bool fresh;
	uint64_t alive_at;
	bool overloaded;
	bool failed;
	struct nft_port_health port[TIPH_PORTS_MAX];
};

int nft_health_open(struct nft_health *health);
void nft_health_close(struct nft_health *health);
/* A new configuration: nothing is known. */
void nft_health_reset(struct nft_health *health);
/* Look, and set @wanted of each port. @arrivals: the table counts them. */
void nft_health_check(struct nft_health *health, const struct conf *conf, struct nft_table *table, bool arrivals,
		      uint64_t now);
/* Heartbeats: set @wanted if their news changes any port's. Return: does it? */
bool nft_health_beat(struct nft_health *health, const struct conf *conf, uint64_t now);
/* The state wanted is in force. */
void nft_health_set(struct nft_health *health, unsigned int port, uint64_t now);
/* Is there a transparent listener on every address? */
bool nft_health_wildcards(struct nft_health *health);
/* Are there closed transparent sockets whose last octets are under way? */
bool nft_health_unsent(struct nft_health *health);
/* Did a SYN arrive since the rules changed? */
bool nft_health_proved(const struct nft_health *health, unsigned int port);

/* nft_explain.c: what the rules would do with a SYN */

struct explain_tuple;
void nft_explain(const struct conf *conf, const struct nft_facts *facts, const struct nft_known *known,
		 const struct nft_bypass *bypass, const struct nft_health *health, const struct explain_tuple *tuple,
		 struct datapath_explanation *ret);

/* nft_watch.c: noticing changes */

/**
 * struct nft_watch - change notifications, throttled
 * @epoll: what is polled; holds the three below
 * @nft, @route: notifications of nft rulesets; of rules, links and our routes
 * @timer: ends the silence after a check, during which notifications stay in
 *	their sockets
 * @alarm: when the next heartbeat is late
 * @dirty: something may have changed since the last check
 * @checked: milliseconds of the last check
 */
struct nft_watch {
	int epoll;
	int nft;
	int route;
	int timer;
	int alarm;
	bool dirty;
	bool muted;
	uint64_t checked;
};

int nft_watch_open(struct nft_watch *watch);
void nft_watch_close(struct nft_watch *watch);
/* Is a check due? Reads the notifications that came. @soon: don't wait a whole period. */
bool nft_watch_due(struct nft_watch *watch, bool soon);
uint64_t nft_watch_now(void);
/* Be readable in @ms, unless called again before; 0: never. */
void nft_watch_alarm(struct nft_watch *watch, unsigned int ms);

/* nft_socket.c: sockets, in the parent and in the worker */

/* Reads what the worker must know; before it is forked. */
void nft_socket_init(void);

int nft_socket_listener(const struct conf_port *port, int fd);
/* A socket bound to @client's address: descriptor or a negative errno. */
int nft_socket_give(const struct endpoint *client, uint8_t source_port);
int nft_socket_connect(uint8_t source_port, int accepted, int given, const struct endpoint *client,
		       const struct endpoint *dst);

/* nft_held.c: connections that the worker holds */

/**
 * struct nft_held - how they are told
 * @fd, @seq: where the kernel is asked
 * @uid: of the worker
 * @asked: local ports of listeners of ports that are asked; it only grows
 */
struct nft_held {
	int fd;
	uint32_t seq;
	uid_t uid;
	uint8_t asked[65536 / 8];
};

int nft_held_open(struct nft_held *held);
void nft_held_close(struct nft_held *held);
/* 0: the worker holds it; -EACCES: it does not; or another negative errno. */
int nft_held_check(struct nft_held *held, const struct endpoint *local, const struct endpoint *client);

#endif /* TIPHARES_NFT_H */
