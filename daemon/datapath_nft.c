// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datapath on the kernel's own nft TPROXY: vtable and life.
 *
 * Installed is, in this order: policy rules and routes, which nothing meets yet,
 * then the table, whole, in one transaction. Removed is in the opposite order. A
 * daemon that dies leaves all of it: without a listener tproxy lets a SYN go on to
 * the port's failure policy, which so stays in force; the next daemon replaces the
 * table by its own in one transaction.
 *
 * State of struct datapath:
 *
 *	open() --> nothing applied: conf NULL
 *	apply() -> bare: no port needs any rule, nothing is installed or watched
 *	apply() -> in force: conf set. check_all() repairs what others change, and
 *		   applies again when facts about the host changed
 *	another daemon's table seen --> lost: nothing is repaired or removed any more
 */
#include "nft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "privs.h"

/**
 * struct datapath - an nft datapath
 * @conf: in force, with a reference; NULL before the first apply()
 * @facts: those that shaped the rules in force
 * @bare: its ports need nothing, nor do any before them
 * @lost: another daemon has taken over
 * @takeover: what is there is a living daemon's
 * @told: what was said about the last failed repair, not to be repeated
 * @warned: the same of what is no failure
 * @events: to be reported, @n_events of them
 */
struct datapath {
	struct nft_table table;
	struct nl_sock *route;
	struct nft_watch watch;
	struct nft_health health;
	struct nft_bypass bypass;
	struct nft_held held;
	struct conf *conf;
	struct nft_known known;
	struct nft_facts facts;
	bool bare;
	bool lost;
	bool takeover;
	char told[sizeof(((struct datapath_event *)NULL)->text)];
	char warned[NFT_WARNINGS][sizeof(((struct datapath_event *)NULL)->text)];
	struct datapath_event events[NFT_EVENTS_MAX];
	size_t n_events;
};

/* ---- events -------------------------------------------------------------- */

static void report(struct datapath *dp, enum datapath_event_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void report(struct datapath *dp, enum datapath_event_kind kind, const char *fmt, ...)
{
	struct datapath_event *event = &dp->events[dp->n_events];
	va_list ap;

	if (dp->n_events == NFT_EVENTS_MAX)
		return;
	event->kind = kind;
	va_start(ap, fmt);
	vsnprintf(event->text, sizeof(event->text), fmt, ap);
	va_end(ap);
	dp->n_events++;
}

/* Once, until it is over or something else is wrong. */
static void report_failed(struct datapath *dp, const char *text)
{
	if (!strncmp(dp->told, text, sizeof(dp->told) - 1))
		return;
	snprintf(dp->told, sizeof(dp->told), "%s", text);
	report(dp, DP_EVENT_FAILED, "%s", text);
}

/* ---- installing ---------------------------------------------------------- */

/* Replace the table by that of @conf, whose routes are there. */
static int install_table(struct datapath *dp, const struct conf *conf, const struct nft_facts *facts, char *why,
			 size_t size)
{
	struct datapath_counter *counters = calloc(NFT_COUNTERS_MAX, sizeof(*counters));
	struct nft_script script;
	int n, err = -ENOMEM;

	if (counters) {
		/* also those of a table that a dead or a draining daemon left */
		n = dp->bare ? 0 : nft_table_counters(&dp->table, counters, NFT_COUNTERS_MAX);
		err = nft_script_build(&script, conf, &dp->known, facts, &dp->bypass, counters, n < 0 ? 0 : n,
				       dp->table.instance);
	}
	free(counters);
	if (err) {
		snprintf(why, size, "out of memory");
		return err;
	}
	err = nft_table_install(&dp->table, &script, why, size);
	nft_script_free(&script);
	nft_health_reset(&dp->health);
	return err;
}

static int install(struct datapath *dp, const struct conf *conf, const struct nft_facts *facts, char *why,
		   size_t size)
{
	int err = nft_routes_install(dp->route, &conf->nft, facts->ipv6, why, size);

	return err ? err : install_table(dp, conf, facts, why, size);
}

/* Make the routes those of what is in force again after a failed apply(). */
static void undo_routes(struct datapath *dp)
{
	char ignored[8];

	if (dp->conf && !dp->bare) {
		nft_routes_install(dp->route, &dp->conf->nft, dp->facts.ipv6, ignored, sizeof(ignored));
		nft_routes_prune(dp->route, &dp->conf->nft);
	} else if (nft_table_owner(&dp->table) == NFT_OWNER_NOBODY) {
		nft_routes_prune(dp->route, NULL);
	}
}

/* Only before there is one of ours: later, what somebody made of it is repaired. */
static int table_collides(struct datapath *dp, char *why, size_t size)
{
	if ((dp->conf && !dp->bare) || nft_table_owner(&dp->table) != NFT_OWNER_STRANGER)
		return 0;
	snprintf(why, size, "table inet %s is there already, and not of a tipharesd: remove or rename it", NFT_TABLE);
	return -EBUSY;
}

static int collide(struct datapath *dp, const struct conf *conf, const struct nft_facts *facts, bool ruleset_changed,
		   char *why, size_t size)
{
	int err = table_collides(dp, why, size);

	if (!err)
		err = nft_rules_collide(dp->route, conf, facts->ipv6, why, size);
	if (!err)
		err = nft_host_collide(facts, conf, why, size);
	return err ? err : nft_foreign_tproxy(&dp->table, conf, ruleset_changed, why, size);
}

/* What is new of what an operator should know. */
static void warn(struct datapath *dp, const struct conf *conf, const struct nft_facts *facts)
{
	for (unsigned int i = 0; i < NFT_WARNINGS; i++) {
		char text[sizeof(dp->warned[i])] = "";

		if (nft_host_warn(facts, conf, i, text, sizeof(text)) && strcmp(text, dp->warned[i]))
			report(dp, DP_EVENT_WARNING, "%s", text);
		strcpy(dp->warned[i], text);
	}
}

/* Is it for us to look after what is installed? */
static bool is_active(const struct datapath *dp)
{
	return dp->conf && !dp->bare && !dp->lost;
}

static bool needs_nothing(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].mode != TIPH_MODE_NONE)
			return false;
	return true;
}

static void adopt(struct datapath *dp, const struct conf *conf, bool bare)
{
	conf_put(dp->conf);
	dp->conf = conf_get((struct conf *)conf);
	dp->bare = bare;
	dp->lost = false;
}

/* What is there is a dead daemon's; connections of a living one go on. */
static int apply_nothing(struct datapath *dp, const struct conf *conf)
{
	if (!dp->takeover && nft_table_owner(&dp->table) == NFT_OWNER_DAEMON)
		nft_table_remove(&dp->table);
	if (!dp->takeover)
		nft_routes_prune(dp->route, NULL);
	adopt(dp, conf, true);
	return 0;
}

static int nft_apply(struct datapath *dp, const struct conf *conf, char *why, size_t size)
{
	struct nft_facts facts = dp->facts;
	int err;

	if (needs_nothing(conf) && (!dp->conf || dp->bare))
		return apply_nothing(dp, conf);
	nft_facts_read(&facts, &dp->table, dp->route, true);
	facts.wildcards = nft_health_wildcards(&dp->health);
	err = collide(dp, conf, &facts, true, why, size);
	if (err)
		return err;
	nft_known_add(&dp->known, conf);
	err = install(dp, conf, &facts, why, size);
	if (err) {
		undo_routes(dp);
		return err;
	}
	nft_routes_prune(dp->route, &conf->nft);
	warn(dp, conf, &facts);
	adopt(dp, conf, false);
	dp->facts = facts;
	return 0;
}

/* ---- watching ------------------------------------------------------------ */

static bool facts_shape_same(const struct nft_facts *a, const struct nft_facts *b)
{
	return a->ipv6 == b->ipv6 && a->nat == b->nat && a->bridged4 == b->bridged4 && a->bridged6 == b->bridged6 &&
	       a->cookies == b->cookies && a->input == b->input &&
	       a->wildcards == b->wildcards;
}

static void repair(struct datapath *dp, const struct nft_facts *facts, const char *what)
{
	char why[160];

	if (install(dp, dp->conf, facts, why, sizeof(why))) {
		report_failed(dp, why);
		return;
	}
	dp->facts = *facts;
	dp->told[0] = '\0';
	if (what)
		report(dp, DP_EVENT_REPAIRED, "somebody changed %s: put back", what);
}

/* Is all of ours there, and nobody in its way? */
static void check_all(struct datapath *dp)
{
	int table = nft_table_check(&dp->table);
	struct nft_facts facts = dp->facts;
	char why[160];

	if (table == NFT_TABLE_FOREIGN) {
		dp->lost = true;
		report(dp, DP_EVENT_OWNER_LOST, "another daemon has taken table inet %s over", NFT_TABLE);
		return;
	}
	nft_facts_read(&facts, &dp->table, dp->route, dp->table.changed);
	facts.wildcards = nft_health_wildcards(&dp->health);
	if (table == NFT_TABLE_CHANGED)
		repair(dp, &facts, "table inet " NFT_TABLE);
	else if (nft_routes_check(dp->route, &dp->conf->nft, facts.ipv6) == 0)
		repair(dp, &facts, "the policy rules or routes");
	else if (!facts_shape_same(&facts, &dp->facts))
		repair(dp, &facts, NULL);
	if (collide(dp, dp->conf, &facts, dp->table.changed, why, sizeof(why)))
		report_failed(dp, why);
	warn(dp, dp->conf, &facts);
}

static void report_state(struct datapath *dp, const struct conf_port *port)
{
	struct nft_port_health *h = &dp->health.port[port->index];

	if (h->state == NFT_PORT_FAILED || (h->state == NFT_PORT_OVERLOADED && dp->health.overloaded))
		return;		/* said once for all ports */
	if (h->state == NFT_PORT_OVERLOADED)
		report(dp, DP_EVENT_WARNING, "port %s: its accept queue is %u %% full: new connections are forwarded",
		       port->name, h->fill);
	else if (h->state == NFT_PORT_SERVED && h->full_told)
		report(dp, DP_EVENT_WARNING, "port %s: its accept queue is short again: intercepted", port->name);
	else if (h->state == NFT_PORT_BLOCKED && !h->told)
		report(dp, DP_EVENT_FAILED,
		       "port %s: this host's firewall drops what is intercepted; accept mark 0x%x/0x%x in INPUT",
		       port->name, port->mark ? port->mark : dp->conf->nft.mark,
		       port->mark ? port->mark : dp->conf->nft.mark);
	h->told |= h->state == NFT_PORT_BLOCKED;
	h->full_told = h->state == NFT_PORT_OVERLOADED;
}

static void change_state(struct datapath *dp, const struct conf_port *port)
{
	struct nft_port_health *h = &dp->health.port[port->index];
	enum nft_port_state before = h->state;
	char *command = nft_script_state(port, h->wanted);
	char why[160] = "out of memory";

	if (!command || nft_table_patch(&dp->table, command, (h->wanted != NFT_PORT_SERVED) - (before != NFT_PORT_SERVED),
					why, sizeof(why)))
		report_failed(dp, why);
	else
		nft_health_set(&dp->health, port->index, nft_watch_now());
	free(command);
	report_state(dp, port);
}

static void check_health(struct datapath *dp)
{
	nft_health_check(&dp->health, dp->conf, &dp->table, dp->facts.input, nft_watch_now());
	for (size_t i = 0; i < dp->conf->n_ports; i++) {
		struct nft_port_health *h = &dp->health.port[i];

		if (h->told && h->state == NFT_PORT_SERVED && nft_health_proved(&dp->health, i)) {
			h->told = false;
			report(dp, DP_EVENT_WARNING, "port %s: what is intercepted arrives again", dp->conf->ports[i].name);
		}
		if (h->wanted != h->state)
			change_state(dp, &dp->conf->ports[i]);
	}
}

/* All ports at once, as soon as it is known: a dead daemon has no second. */
static void check_beat(struct datapath *dp)
{
	bool failed = dp->health.failed;

	if (nft_health_beat(&dp->health, dp->conf, nft_watch_now())) {
		check_all(dp);	/* it may be another daemon's table by now */
		if (dp->lost)
			return;
		nft_health_beat(&dp->health, dp->conf, nft_watch_now());
		for (size_t i = 0; i < dp->conf->n_ports; i++)
			if (dp->health.port[i].wanted != dp->health.port[i].state)
				change_state(dp, &dp->conf->ports[i]);
	}
	if (failed != dp->health.failed)
		report(dp, DP_EVENT_NOTICE, failed ? "the worker shows life again: intercepted" :
						     "the worker shows no life: on_failure rules");
}

static int nft_heartbeat(struct datapath *dp, bool overloaded)
{
	dp->health.alive_at = nft_watch_now();
	dp->health.overloaded = overloaded;
	if (!is_active(dp))
		return 0;
	nft_watch_alarm(&dp->watch, dp->conf->heartbeat);
	check_beat(dp);
	return 0;
}

/* ---- bypass -------------------------------------------------------------- */

/* The lists of the configuration are in the table with the rest of it. */
static int nft_bypass_replace(struct datapath *dp, enum tiph_bypass_kind kind, const struct datapath_bypass *entries,
			      size_t n, char *why, size_t size)
{
	return 0;
}

static bool is_ours(struct datapath *dp, char *why, size_t size)
{
	bool ours = is_active(dp) && nft_table_check(&dp->table) != NFT_TABLE_FOREIGN;

	if (!ours)
		snprintf(why, size, "there is no table of ours");
	return ours;
}

static int nft_add(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why, size_t size)
{
	return is_ours(dp, why, size) ? nft_bypass_add(&dp->bypass, &dp->table, dp->conf, entries, n, why, size) : -EBUSY;
}

static int nft_del(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why, size_t size)
{
	return is_ours(dp, why, size) ? nft_bypass_del(&dp->bypass, &dp->table, entries, n, why, size) : -EBUSY;
}

static int nft_flush(struct datapath *dp, enum tiph_bypass_kind kind, char *why, size_t size)
{
	return is_ours(dp, why, size) ? nft_bypass_flush(&dp->bypass, &dp->table, why, size) : -EBUSY;
}

static int nft_limit(struct datapath *dp, uint32_t limit, char *why, size_t size)
{
	dp->bypass.limit = limit;
	return 0;
}

static int nft_list(struct datapath *dp, enum tiph_bypass_kind kind, datapath_bypass_fn each, void *arg)
{
	return dp->conf ? nft_bypass_list(&dp->bypass, dp->conf, kind, each, arg) : 0;
}

static int explain(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst, const char *ifname,
		   struct datapath_explanation *ret, char *why, size_t size)
{
	const struct explain_tuple tuple = { src->addr, *dst, ifname };

	if (!dp->conf)
		return -EBUSY;
	nft_explain(dp->conf, &dp->facts, &dp->known, &dp->bypass, &dp->health, &tuple, ret);
	return 0;
}

/* Nobody would read what comes when there is nothing to look after. */
static int nft_pollfd(struct datapath *dp)
{
	return is_active(dp) ? dp->watch.epoll : -1;
}

static int nft_dispatch(struct datapath *dp, struct datapath_event *ret)
{
	char why[160] = "out of memory";

	if (!dp->n_events && is_active(dp))
		check_beat(dp);
	if (!dp->n_events && is_active(dp) && nft_watch_due(&dp->watch, dp->health.busy)) {
		check_all(dp);
		if (!dp->lost)
			check_health(dp);
		if (!dp->lost && nft_bypass_tick(&dp->bypass, &dp->table, why, sizeof(why)))
			report_failed(dp, why);
	}
	if (!dp->n_events)
		return 0;
	*ret = dp->events[0];
	dp->n_events--;
	memmove(dp->events, dp->events + 1, dp->n_events * sizeof(*dp->events));
	return 1;
}

/* ---- the end ------------------------------------------------------------- */

static int nft_retire(struct datapath *dp)
{
	char *commands;
	int err = -ENOMEM;

	if (!is_active(dp))
		return -ENOENT;
	commands = nft_script_retire(dp->conf);
	if (commands)
		err = nft_table_command(&dp->table, commands);
	free(commands);
	return err;
}

static bool nft_settled(struct datapath *dp)
{
	return !nft_health_unsent(&dp->health);
}

/* ---- life ---------------------------------------------------------------- */

static void nft_close(struct datapath *dp, bool remove)
{
	if (!dp)
		return;
	if (remove && is_active(dp) && nft_table_check(&dp->table) != NFT_TABLE_FOREIGN) {
		nft_table_remove(&dp->table);
		nft_routes_prune(dp->route, NULL);
	}
	nft_watch_close(&dp->watch);
	nft_health_close(&dp->health);
	nft_held_close(&dp->held);
	nl_socket_free(dp->route);
	nft_table_close(&dp->table);
	conf_put(dp->conf);
	free(dp);
}

/* Whom the worker runs as was found to exist before. */
static int find_worker(struct datapath *dp, const struct conf *conf)
{
	struct privs_user user, nobody = { 0 };
	char ignored[8];
	int err = privs_find_user(conf->user, &user, ignored, sizeof(ignored));

	if (err)
		return err;
	privs_find_user("nobody", &nobody, ignored, sizeof(ignored));
	dp->held.uid = user.uid;
	dp->facts.worker = user.uid == nobody.uid ? 0 : user.uid;
	return 0;
}

static int nft_open(const struct conf *conf, bool takeover, struct datapath **ret, char *why, size_t size)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	int err;

	if (!dp) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	nft_socket_init();
	dp->held.fd = -1;
	dp->takeover = takeover;
	err = nft_watch_open(&dp->watch);
	if (!err)
		err = nft_table_open(&dp->table);
	if (!err)
		err = nft_health_open(&dp->health);
	if (!err)
		err = find_worker(dp, conf);
	if (!err)
		err = nft_held_open(&dp->held);
	if (!err && !(dp->route = nft_routes_socket()))
		err = -EPERM;
	if (err) {
		snprintf(why, size, "netlink: %s", strerror(-err));
		nft_close(dp, false);
		return err;
	}
	*ret = dp;
	return 0;
}

static int nft_probe(char *why, size_t size)
{
	struct nft_table table;
	int err = nft_table_open(&table);

	if (err) {
		snprintf(why, size, "libnftables can't be used: %s", strerror(-err));
		return err;
	}
	err = nft_table_probe(&table, why, size);
	nft_table_close(&table);
	return err;
}

static int nft_check(const struct conf *conf, char *why, size_t size)
{
	size_t odd = 0;

	for (size_t i = 0; i < conf->bypass.n_entries; i++)
		odd += conf->bypass.entries[i].dport ||
		       (conf->bypass.entries[i].source.n && conf->bypass.entries[i].destination.n);
	if (odd > NFT_ODD_MAX) {
		snprintf(why, size, "datapath nft has room for %d static bypass entries that have a port, or both source and destination; these are %zu",
			 NFT_ODD_MAX, odd);
		return -EOPNOTSUPP;
	}
	for (const struct conf_port *port = conf->ports; port < conf->ports + conf->n_ports; port++) {
		if (!(port->mode & TIPH_INBOUND))
			continue;
		if (port->on_overload == TIPH_POLICY_RESET) {
			snprintf(why, size, "port %s: datapath nft can't honour on_overload: reset", port->name);
			return -EOPNOTSUPP;
		}
		if (port->mark & conf->nft.mark) {
			snprintf(why, size, "port %s: mark 0x%x has a bit of nft.mark (0x%x)", port->name, port->mark,
				 conf->nft.mark);
			return -EINVAL;
		}
	}
	return 0;
}

static int nft_mark_listener(struct datapath *dp, const struct conf_port *port, int fd)
{
	for (size_t i = 0; port->mode == TIPH_MODE_OUTBOUND && i < port->n_listen; i++)
		nft_port_set(dp->held.asked, port->listen[i].port);
	return nft_socket_listener(port, fd);
}

static int nft_give_socket(struct datapath *dp, const struct endpoint *local, const struct endpoint *client,
			   uint8_t source_port)
{
	int err = nft_held_check(&dp->held, local, client);

	return err ? err : nft_socket_give(client, source_port);
}

static int nft_ports(struct datapath *dp, struct conf_port *ret, size_t max)
{
	size_t n = 0;

	for (; dp->conf && n < dp->conf->n_ports && n < max; n++)
		ret[n] = dp->conf->ports[n];
	return (int)n;
}

static int nft_counters(struct datapath *dp, struct datapath_counter *ret, size_t max)
{
	return dp->conf && !dp->bare ? nft_table_counters(&dp->table, ret, max) : 0;
}

const struct datapath_ops datapath_nft_ops = {
	.name = "nft",
	.probe = nft_probe,
	.check = nft_check,
	.open = nft_open,
	.apply = nft_apply,
	.mark_listener = nft_mark_listener,
	.give_socket = nft_give_socket,
	.pollfd = nft_pollfd,
	.dispatch = nft_dispatch,
	.ports = nft_ports,
	.counters = nft_counters,
	.heartbeat = nft_heartbeat,
	.bypass_replace = nft_bypass_replace,
	.bypass_add = nft_add,
	.bypass_del = nft_del,
	.bypass_flush = nft_flush,
	.bypass_limit = nft_limit,
	.bypass_list = nft_list,
	.explain = explain,
	.retire = nft_retire,
	.settled = nft_settled,
	.close = nft_close,
	.connect = nft_socket_connect,
};
