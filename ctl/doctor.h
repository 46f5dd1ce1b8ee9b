/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tipharesctl doctor: what its checks share.
 *
 * A check looks at one thing of this host, in the network namespace it runs in,
 * changes nothing, and adds a finding for what it does not like.
 */
#ifndef TIPHARES_CTL_DOCTOR_H
#define TIPHARES_CTL_DOCTOR_H

#include <jansson.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl.h"

/* The order is that of importance; the exit status tells the worst. */
enum doctor_severity { DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_ERROR };

/**
 * struct doctor - one examination
 * @ports: of the running daemon; empty while none runs
 * @status: the daemon's, NULL while none runs
 * @nft: the datapath is nft, or may be
 * @ipv6: some interface besides lo has an IPv6 address that is not link-local
 * @ruleset: all of nft as text, "" where it can't be read
 * @sock: for questions to the kernel's routing, connected
 * @links: cache of all interfaces
 */
struct doctor {
	const struct ctl *ctl;
	json_t *ports;
	json_t *status;
	json_t *findings;
	bool nft;
	bool ipv6;
	char *ruleset;
	struct nl_sock *sock;
	struct nl_cache *links;
};

/* What breaks (@what), how that was seen, what to do; @evidence is a format. */
void doctor_find(struct doctor *d, enum doctor_severity severity, const char *id, const char *what, const char *remedy,
		 const char *evidence, ...) __attribute__((format(printf, 6, 7)));

/* A number of /proc/sys/net/PATH; @absent when it can't be read. */
long doctor_sysctl(const char *path, long absent);

/* Does a port that intercepts take this interface? An empty list takes each. */
bool doctor_takes_interface(const struct doctor *d, const char *name);
/* Is one of these destination ports intercepted? Without a daemon, 80 stands for all. */
bool doctor_wants_ports(const struct doctor *d, unsigned int low, unsigned int high);
/* Does this port intercept? */
bool doctor_intercepts(const json_t *port);
/* Is there a port whose server side is transparent? */
bool doctor_spoofs(const struct doctor *d);

/* doctor_host.c: the daemon, sysctls */
void doctor_check_daemon(struct doctor *d);
void doctor_check_connects(struct doctor *d);
void doctor_check_forwarding(struct doctor *d);
void doctor_check_rp_filter(struct doctor *d);
void doctor_check_pmtu(struct doctor *d);
void doctor_check_sockets(struct doctor *d);
void doctor_check_conntrack(struct doctor *d);

/* doctor_links.c: interfaces and routes */
void doctor_check_interfaces(struct doctor *d);
void doctor_check_bridges(struct doctor *d);
void doctor_check_tc(struct doctor *d);
void doctor_check_mtu(struct doctor *d);
void doctor_check_return_path(struct doctor *d);
void doctor_check_policy_routing(struct doctor *d);

/* doctor_rules.c: what other people's rules do */
void doctor_read_ruleset(struct doctor *d);
void doctor_check_input(struct doctor *d);
void doctor_check_output(struct doctor *d);
void doctor_check_redirectors(struct doctor *d);
void doctor_check_icmp(struct doctor *d);
void doctor_check_helpers(struct doctor *d);
void doctor_check_nat(struct doctor *d);
void doctor_check_flowtables(struct doctor *d);
void doctor_check_legacy(struct doctor *d);

/* doctor_probe.c: connections of its own. Return: what was seen, an array. */
json_t *doctor_probe(struct doctor *d);

#endif /* TIPHARES_CTL_DOCTOR_H */
