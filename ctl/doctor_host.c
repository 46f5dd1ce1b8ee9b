// SPDX-License-Identifier: GPL-2.0-only
/* tipharesctl doctor: the daemon, and the settings of this host's kernel. */
#include "doctor.h"

#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>

void doctor_check_daemon(struct doctor *d)
{
	const char *state = ctl_string(d->status, "state");

	if (!d->status)
		doctor_find(d, DOCTOR_ERROR, "daemon", "no daemon runs: nothing is intercepted; what is said below is about port 80",
			    "systemctl start tiphares, or --admin PATH if its socket is another", "no answer on %s",
			    d->ctl->socket);
	else if (strcmp(state, "serving"))
		doctor_find(d, DOCTOR_WARNING, "state", "the daemon takes no new connections",
			    "tipharesctl status; systemctl restart tiphares", "its state is \"%s\"", state);
}

/* Connections to origins that nobody has answered for long. */
void doctor_check_connects(struct doctor *d)
{
	json_t *answer = d->status ? ctl_request(d->ctl, "GET", "/v1/flows") : NULL, *flow;
	unsigned int waiting = 0, all = 0;
	const char *one = "";
	size_t i;

	json_array_foreach(json_object_get(answer, "flows"), i, flow) {
		const char *mode = ctl_string(flow, "mode");

		if (strcmp(mode, "full") && strcmp(mode, "outbound"))
			continue;
		all++;
		if (strcmp(ctl_string(flow, "state"), "connect") || ctl_number(flow, "age_ms") < 2500)
			continue;
		waiting++;
		one = ctl_string(flow, "client");
	}
	if (waiting && waiting * 2 >= all)
		doctor_find(d, DOCTOR_WARNING, "no_return",
			    "origins' answers to clients' addresses seem not to come back through this host",
			    "route the clients' networks back through this host, or use mode inbound; tipharesctl flows state=connect",
			    "%u of %u connections with a client's address wait for their origin for more than 2 s, one is of %s",
			    waiting, all, one);
	json_decref(answer);
}

void doctor_check_forwarding(struct doctor *d)
{
	static const char what[] =
		"what is not intercepted does not pass: bypassed connections, other ports, all while the daemon is away";

	if (!doctor_sysctl("ipv4/ip_forward", 1))
		doctor_find(d, DOCTOR_WARNING, "forwarding", what, "sysctl -w net.ipv4.ip_forward=1",
			    "net.ipv4.ip_forward is 0");
	if (d->ipv6 && !doctor_sysctl("ipv6/conf/all/forwarding", 1))
		doctor_find(d, DOCTOR_WARNING, "forwarding", what, "sysctl -w net.ipv6.conf.all.forwarding=1",
			    "net.ipv6.conf.all.forwarding is 0");
}

/* A counter of /proc/net/netstat: names in one line, values in the next. */
static long netstat(const char *group, const char *wanted)
{
	char names[8192], values[8192], *n, *v, *name, *value;
	FILE *f = fopen("/proc/net/netstat", "re");
	long found = -1;

	while (f && found < 0 && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		if (strncmp(names, group, strlen(group)))
			continue;
		n = names;
		v = values;
		while ((name = strsep(&n, " \n")) && (value = strsep(&v, " \n")))
			if (!strcmp(name, wanted))
				sscanf(value, "%ld", &found);
	}
	if (f)
		fclose(f);
	return found;
}

struct strict {
	char names[256];
	unsigned int n;
};

static void on_link(struct nl_object *obj, void *arg)
{
	const char *name = rtnl_link_get_name((struct rtnl_link *)obj);
	struct strict *s = arg;
	char path[96];
	size_t used = strlen(s->names);
	long all = doctor_sysctl("ipv4/conf/all/rp_filter", 0), own;

	snprintf(path, sizeof(path), "ipv4/conf/%s/rp_filter", name);
	own = doctor_sysctl(path, 0);
	if (!strcmp(name, "lo") || (own > all ? own : all) != 1)
		return;
	snprintf(s->names + used, sizeof(s->names) - used, "%s%s", s->n ? ", " : "", name);
	s->n++;
}

/* A strict filter is no fault where nothing fails it: it has to have dropped something. */
void doctor_check_rp_filter(struct doctor *d)
{
	long dropped = netstat("TcpExt", "IPReversePathFilter");
	struct strict strict = { .n = 0 };

	nl_cache_foreach(d->links, on_link, &strict);
	if (strict.n && dropped > 0)
		doctor_find(d, DOCTOR_WARNING, "rp_filter",
			    "packets that come in by another interface than their answers would take are dropped before they are ours",
			    "sysctl -w net.ipv4.conf.all.rp_filter=2 (loose), or routes by which they come in as they go out",
			    "rp_filter is 1 (strict) on %s; it has dropped %ld packets", strict.names, dropped);
}

void doctor_check_pmtu(struct doctor *d)
{
	long mode = doctor_sysctl("ipv4/ip_no_pmtu_disc", 0);

	if (mode)
		doctor_find(d, DOCTOR_WARNING, "pmtu", "neither side of the proxy learns the path's MTU",
			    "sysctl -w net.ipv4.ip_no_pmtu_disc=0", "net.ipv4.ip_no_pmtu_disc is %ld", mode);
}

void doctor_check_sockets(struct doctor *d)
{
	long backlog = doctor_sysctl("core/somaxconn", 4096), low = 0, high = 0;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (f && fscanf(f, "%ld %ld", &low, &high) == 2 && high - low < 8192)
		doctor_find(d, DOCTOR_WARNING, "port_range", "few ports for connections to origins: those to one origin run out",
			    "sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
			    "net.ipv4.ip_local_port_range is %ld to %ld", low, high);
	if (f)
		fclose(f);
	if (backlog < 512)
		doctor_find(d, DOCTOR_WARNING, "somaxconn", "accept queues are short: bursts go by on_overload",
			    "sysctl -w net.core.somaxconn=4096, then restart the daemon", "net.core.somaxconn is %ld", backlog);
}

void doctor_check_conntrack(struct doctor *d)
{
	long max = doctor_sysctl("netfilter/nf_conntrack_max", 0), n = doctor_sysctl("netfilter/nf_conntrack_count", 0);

	if (max && n >= max / 10 * 9)
		doctor_find(d, DOCTOR_WARNING, "conntrack_full", "connection tracking is about to drop new connections",
			    "sysctl -w net.netfilter.nf_conntrack_max=...; an intercepted connection needs two entries",
			    "%ld of %ld entries are in use", n, max);
}
