// SPDX-License-Identifier: GPL-2.0-only
/*
 * Can what is intercepted be served? tproxy itself only asks whether a listener
 * exists. More is looked at from here, port by port:
 *
 *	SERVED --- an accept queue is at shed_high, or the
 *		   daemon says that it has too much to do --> OVERLOADED
 *	       <-- all of them at shed_low, nor does it -----
 *	any    --- no heartbeat for too long ----------------> FAILED
 *	SERVED <-- a heartbeat -------------------------------
 *	       --- SYNs are given to the listener, and none
 *		   since the last change of anybody's rules
 *		   comes out of chain INPUT -----------------> BLOCKED
 *	       <-- after BLOCKED_MS, or when rules change ----
 *
 * One SYN that arrives proves that a firewall lets them pass, until its rules
 * change; so nobody who is refused by it can switch interception off.
 */
#include "nft.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKED_MS 10000
#define BLOCKED_AFTER_MS 1000
#define BLOCKED_SYNS 3
#define LISTENERS (1 << TCP_LISTEN)
/* Closed by us, and not yet by the kernel: there is something that the peer has not acknowledged. */
#define UNSENT (1 << TCP_FIN_WAIT1 | 1 << TCP_CLOSING | 1 << TCP_LAST_ACK)

/* ---- accept queues ------------------------------------------------------- */

struct queue_dump {
	const struct conf *conf;
	struct nft_health *health;
};

static bool is_listener(const struct conf_port *port, const struct inet_diag_msg *diag)
{
	struct addr addr = { .family = diag->idiag_family };

	memcpy(addr.bytes, diag->id.idiag_src, addr.family == AF_INET ? 4 : 16);
	for (size_t i = 0; i < port->n_listen; i++)
		if (port->listen[i].port == ntohs(diag->id.idiag_sport) && addr_equal(&port->listen[i].addr, &addr))
			return true;
	return false;
}

static int on_listener(struct nl_msg *msg, void *arg)
{
	const struct inet_diag_msg *diag = nlmsg_data(nlmsg_hdr(msg));
	struct queue_dump *dump = arg;
	unsigned int fill;

	if (!nlmsg_valid_hdr(nlmsg_hdr(msg), sizeof(*diag)) || !diag->idiag_wqueue)
		return NL_OK;
	fill = (uint64_t)diag->idiag_rqueue * 100 / diag->idiag_wqueue;
	for (size_t i = 0; i < dump->conf->n_ports; i++)
		if (dump->conf->ports[i].mode & TIPH_INBOUND && is_listener(&dump->conf->ports[i], diag) &&
		    dump->health->port[i].fill < fill)
			dump->health->port[i].fill = fill;
	return NL_OK;
}

static int dump_sockets(struct nft_health *health, int family, uint32_t states, nl_recvmsg_msg_cb_t cb, void *arg)
{
	struct inet_diag_req_v2 req = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
					.idiag_states = states };
	struct nl_msg *msg = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP);
	int err = -ENOMEM;

	if (msg && nlmsg_append(msg, &req, sizeof(req), NLMSG_ALIGNTO) >= 0) {
		nl_socket_modify_cb(health->sock, NL_CB_VALID, NL_CB_CUSTOM, cb, arg);
		err = nl_send_auto(health->sock, msg) < 0 || nl_recvmsgs_default(health->sock) < 0 ? -EIO : 0;
	}
	nlmsg_free(msg);
	return err;
}

/* Fullest queue of each port, in percent. */
static void read_queues(struct nft_health *health, const struct conf *conf)
{
	struct queue_dump dump = { .conf = conf, .health = health };

	health->busy = false;
	for (size_t i = 0; i < conf->n_ports; i++)
		health->port[i].fill = 0;
	dump_sockets(health, AF_INET, LISTENERS, on_listener, &dump);
	dump_sockets(health, AF_INET6, LISTENERS, on_listener, &dump);
	for (size_t i = 0; i < conf->n_ports; i++)
		health->busy |= health->port[i].fill >= 10;
}

/* ---- other listeners ----------------------------------------------------- */

static bool may_be_transparent(struct nl_msg *msg)
{
	struct nlattr *attr = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct inet_diag_msg), INET_DIAG_SOCKOPT);
	const struct inet_diag_sockopt *opt = attr ? nla_data(attr) : NULL;

	return nlmsg_valid_hdr(nlmsg_hdr(msg), sizeof(struct inet_diag_msg)) && (!opt || opt->transparent);
}

static int on_wildcard(struct nl_msg *msg, void *arg)
{
	static const uint32_t any[4];
	const struct inet_diag_msg *diag = nlmsg_data(nlmsg_hdr(msg));

	if (may_be_transparent(msg) && !memcmp(diag->id.idiag_src, any, sizeof(any)))
		*(bool *)arg = true;
	return NL_OK;
}

static int on_unsent(struct nl_msg *msg, void *arg)
{
	if (may_be_transparent(msg))
		*(bool *)arg = true;
	return NL_OK;
}

bool nft_health_unsent(struct nft_health *health)
{
	bool found = false;

	return !dump_sockets(health, AF_INET, UNSENT, on_unsent, &found) &&
	       !dump_sockets(health, AF_INET6, UNSENT, on_unsent, &found) && found;
}

bool nft_health_wildcards(struct nft_health *health)
{
	bool found = false;

	if (dump_sockets(health, AF_INET, LISTENERS, on_wildcard, &found) ||
	    dump_sockets(health, AF_INET6, LISTENERS, on_wildcard, &found))
		return true;
	return found;
}

/* ---- what arrives -------------------------------------------------------- */

static void read_arrivals(struct nft_health *health, const struct conf *conf, struct nft_table *table)
{
	struct datapath_counter *counters = calloc(NFT_COUNTERS_MAX, sizeof(*counters));
	int n = counters ? nft_table_counters(table, counters, NFT_COUNTERS_MAX) : 0;

	for (int i = 0; i < n; i++) {
		const struct conf_port *port = conf_port_by_name(conf, counters[i].port);
		struct nft_port_health *h = port ? &health->port[port->index] : NULL;

		if (h && !strcmp(counters[i].name, "intercepted"))
			h->intercepted = counters[i].value;
		else if (h && !strcmp(counters[i].name, "arrived"))
			h->arrived = counters[i].value;
	}
	free(counters);
}

/* From here on it must be proved again that SYNs arrive. */
static void take_baseline(struct nft_port_health *h, uint64_t now)
{
	h->intercepted_before = h->intercepted;
	h->arrived_before = h->arrived;
	h->unproved_since = now;
}

static bool is_blocked(struct nft_port_health *h, uint64_t now)
{
	if (h->arrived != h->arrived_before || h->intercepted == h->intercepted_before)
		h->unproved_since = now;
	return h->arrived == h->arrived_before && h->intercepted - h->intercepted_before >= BLOCKED_SYNS &&
	       now - h->unproved_since >= BLOCKED_AFTER_MS;
}

/* ---- states -------------------------------------------------------------- */

/* With shed_high 0 it is the kernel that refuses, when the queue is full. */
static bool is_full(const struct nft_port_health *h, const struct conf_port *port)
{
	unsigned int mark = h->state == NFT_PORT_OVERLOADED ? port->shed_low : port->shed_high;

	if (!port->shed_high || port->on_overload != TIPH_POLICY_OPEN)
		return false;
	return h->state == NFT_PORT_OVERLOADED ? h->fill * 100 > mark : h->fill * 100 >= mark;
}

static enum nft_port_state next_state(const struct nft_health *health, struct nft_port_health *h,
				      const struct conf_port *port, uint64_t now)
{
	if (health->failed)
		return NFT_PORT_FAILED;
	if (h->state == NFT_PORT_BLOCKED && now - h->blocked_at < BLOCKED_MS)
		return NFT_PORT_BLOCKED;
	if (health->overloaded || is_full(h, port))
		return NFT_PORT_OVERLOADED;
	return h->state == NFT_PORT_SERVED && is_blocked(h, now) ? NFT_PORT_BLOCKED : NFT_PORT_SERVED;
}

bool nft_health_beat(struct nft_health *health, const struct conf *conf, uint64_t now)
{
	bool change = false;

	health->failed = conf->heartbeat && health->alive_at && now - health->alive_at >= conf->heartbeat;
	for (size_t i = 0; i < conf->n_ports; i++) {
		struct nft_port_health *h = &health->port[i];

		if (!(conf->ports[i].mode & TIPH_INBOUND))
			continue;
		h->wanted = next_state(health, h, &conf->ports[i], now);
		change |= h->wanted != h->state;
	}
	return change;
}

void nft_health_check(struct nft_health *health, const struct conf *conf, struct nft_table *table, bool arrivals,
		      uint64_t now)
{
	read_queues(health, conf);
	if (arrivals)
		read_arrivals(health, conf, table);
	for (size_t i = 0; i < conf->n_ports; i++) {
		struct nft_port_health *h = &health->port[i];

		if (!(conf->ports[i].mode & TIPH_INBOUND))
			continue;
		if (!arrivals || table->changed || health->fresh)
			take_baseline(h, now);
		h->wanted = table->changed && h->state == NFT_PORT_BLOCKED ? NFT_PORT_SERVED :
									     next_state(health, h, &conf->ports[i], now);
	}
	health->fresh = false;
}

void nft_health_set(struct nft_health *health, unsigned int port, uint64_t now)
{
	struct nft_port_health *h = &health->port[port];

	h->state = h->wanted;
	if (h->state == NFT_PORT_BLOCKED)
		h->blocked_at = now;
	take_baseline(h, now);
}

bool nft_health_proved(const struct nft_health *health, unsigned int port)
{
	return health->port[port].arrived != health->port[port].arrived_before;
}

void nft_health_reset(struct nft_health *health)
{
	memset(health->port, 0, sizeof(health->port));
	health->busy = false;
	health->fresh = true;
}

int nft_health_open(struct nft_health *health)
{
	memset(health, 0, sizeof(*health));
	health->sock = nl_socket_alloc();
	if (!health->sock || nl_connect(health->sock, NETLINK_SOCK_DIAG)) {
		nft_health_close(health);
		return -EPERM;
	}
	nl_socket_disable_auto_ack(health->sock);
	return 0;
}

void nft_health_close(struct nft_health *health)
{
	nl_socket_free(health->sock);
	health->sock = NULL;
}
