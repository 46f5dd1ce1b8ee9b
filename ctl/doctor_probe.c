// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl doctor --probe: connections of our own through this host's interception.
 *
 *	client namespace ---- tiphprobe0  this host  tiphprobe1 ---- origin namespace
 *	198.18.84.2           198.18.84.1            198.18.84.5     198.18.84.6
 *	fd54:6970:6800::2     ...::1                 fd54:6970:6801::1   ...::2
 *
 * A connection that this host makes itself is never intercepted, so the probe comes
 * in by an interface, as a client's would, and leaves by another one to an origin
 * that is a child of ours: what the host's rules, routes and settings do to it is
 * seen, what lies beyond the host is not. Interfaces, addresses and namespaces go
 * with the children. A port that names its interfaces can't be probed like that,
 * and it is said how else.
 */
#include "doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "route.h"

#define PATIENCE_MS 10000
#define PROBE_DEV "tiphprobe"

/* One of the two ends: a child in a namespace of its own, and its link to this host. */
struct end {
	const char *name;	/* of the interface here */
	const char *here[2];	/* addresses, IPv4 and IPv6 */
	const char *there[2];
	pid_t pid;
	int fd;			/* a socket pair with the child */
};

static struct end client = { PROBE_DEV "0", { "198.18.84.1", "fd54:6970:6800::1" },
			     { "198.18.84.2", "fd54:6970:6800::2" }, -1, -1 };
static struct end origin = { PROBE_DEV "1", { "198.18.84.5", "fd54:6970:6801::1" },
			     { "198.18.84.6", "fd54:6970:6801::2" }, -1, -1 };

/* From this host to a child: what to do; and back: how it went. */
struct order {
	unsigned int family;	/* 0: IPv4, 1: IPv6 */
	unsigned int port;
};

struct report {
	int err;
	char text[240];
};

/* ---- interfaces and addresses ---------------------------------------------- */

static int add_address(struct nl_sock *sock, int ifindex, const char *text, unsigned int family)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_addr *local = NULL;
	int err;

	nl_addr_parse(text, family ? AF_INET6 : AF_INET, &local);
	nl_addr_set_prefixlen(local, family ? 64 : 30);
	rtnl_addr_set_ifindex(addr, ifindex);
	rtnl_addr_set_local(addr, local);
	if (family)
		rtnl_addr_set_flags(addr, IFA_F_NODAD);
	err = rtnl_addr_add(sock, addr, 0);
	nl_addr_put(local);
	rtnl_addr_put(addr);
	return err;
}

static int set_up(struct nl_sock *sock, int ifindex)
{
	struct rtnl_link *link = NULL, *change = rtnl_link_alloc();
	int err = rtnl_link_get_kernel(sock, ifindex, NULL, &link);

	rtnl_link_set_flags(change, IFF_UP);
	if (!err)
		err = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(link);
	rtnl_link_put(change);
	return err;
}

static int add_default(struct nl_sock *sock, int ifindex, const char *via, unsigned int family)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_addr *all = NULL, *gateway = NULL;
	int err;

	nl_addr_parse(family ? "::/0" : "0.0.0.0/0", family ? AF_INET6 : AF_INET, &all);
	nl_addr_parse(via, family ? AF_INET6 : AF_INET, &gateway);
	rtnl_route_set_dst(route, all);
	rtnl_route_nh_set_ifindex(hop, ifindex);
	rtnl_route_nh_set_gateway(hop, gateway);
	rtnl_route_add_nexthop(route, hop);
	err = rtnl_route_add(sock, route, 0);
	nl_addr_put(all);
	nl_addr_put(gateway);
	rtnl_route_put(route);
	return err;
}

/* Here or there: the interface's addresses, and up; there also the way to the other end. */
static int configure(struct nl_sock *sock, const char *name, const struct end *e, bool there, bool ipv6)
{
	int ifindex = (int)if_nametoindex(name), err = 0;

	if (!ifindex)
		return -ENODEV;
	for (unsigned int f = 0; !err && f < 1U + ipv6; f++)
		err = add_address(sock, ifindex, there ? e->there[f] : e->here[f], f);
	if (!err)
		err = set_up(sock, ifindex);
	for (unsigned int f = 0; !err && there && f < 1U + ipv6; f++)
		err = add_default(sock, ifindex, e->here[f], f);
	return err;
}

/* ---- the children ----------------------------------------------------------- */

static int wait_readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 ? 0 : -ETIMEDOUT;
}

static socklen_t make_address(struct sockaddr_storage *ret, const char *text, const struct order *o)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *in = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = o->family ? AF_INET6 : AF_INET;
	inet_pton(ret->ss_family, text, o->family ? (void *)&in6->sin6_addr : (void *)&in->sin_addr);
	in->sin_port = htons((uint16_t)o->port);	/* at the same place in both */
	return o->family ? sizeof(*in6) : sizeof(*in);
}

/* Octets until the end of a head, or the end. */
static void read_head(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size - 1 && !wait_readable(fd, PATIENCE_MS) && (n = read(fd, buf + used, size - 1 - used)) > 0) {
		used += (size_t)n;
		buf[used] = '\0';
		if (strstr(buf, "\r\n\r\n"))
			break;
	}
	buf[used] = '\0';
}

/* A connection, or word on @fd that none will come. */
static int wait_connection(int listener, int fd)
{
	struct pollfd p[] = { { .fd = listener, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	return poll(p, 2, 3 * PATIENCE_MS) > 0 && p[0].revents ? 0 : -ETIMEDOUT;
}

/* The origin accepts one connection, tells its peer, and whether the request came through a proxy. */
static void serve(int listener, int control, struct report *ret)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	char peer[INET6_ADDRSTRLEN] = "", head[4096];
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(ss);
	int fd;

	if (wait_connection(listener, control)) {
		ret->err = ETIMEDOUT;
		return;
	}
	fd = accept(listener, (struct sockaddr *)&ss, &len);
	if (fd < 0) {
		ret->err = errno;
		return;
	}
	if (ss.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr, peer, sizeof(peer));
	else
		inet_ntop(AF_INET, &((struct sockaddr_in *)&ss)->sin_addr, peer, sizeof(peer));
	read_head(fd, head, sizeof(head));
	if (write(fd, answer, sizeof(answer) - 1) < 0)
		ret->err = errno;
	close(fd);
	snprintf(ret->text, sizeof(ret->text), "%s%s", peer, strcasestr(head, "\r\nvia:") ? " via" : "");
}

static void be_origin(int fd)
{
	struct order o;

	while (read(fd, &o, sizeof(o)) == sizeof(o)) {
		struct report report = { 0 };
		struct sockaddr_storage ss;
		socklen_t len = make_address(&ss, origin.there[o.family], &o);
		int listener = socket(ss.ss_family, SOCK_STREAM, 0), one = 1;

		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(listener, (struct sockaddr *)&ss, len) || listen(listener, 8))
			report.err = errno;
		/* first: I listen; then what came, when the client is done and says so by the same order */
		if (write(fd, &report, sizeof(report)) < 0)
			_exit(1);
		if (!report.err) {
			serve(listener, fd, &report);
			if (read(fd, &o, sizeof(o)) != sizeof(o) || write(fd, &report, sizeof(report)) < 0)
				_exit(1);
		}
		close(listener);
	}
}

static int ask(const struct order *o, struct report *ret)
{
	static const char request[] = "GET /tipharesctl-doctor HTTP/1.1\r\nHost: doctor.invalid\r\nConnection: close\r\n\r\n";
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	struct sockaddr_storage ss;
	socklen_t len = make_address(&ss, origin.there[o->family], o);
	int fd = socket(ss.ss_family, SOCK_STREAM, 0), err = 0;
	char head[4096];

	/* of connect() as well */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&ss, len))
		err = errno == EINPROGRESS ? ETIMEDOUT : errno;
	else if (write(fd, request, sizeof(request) - 1) < 0)
		err = errno;
	if (!err) {
		read_head(fd, head, sizeof(head));
		snprintf(ret->text, sizeof(ret->text), "%.*s", (int)strcspn(head, "\r\n"), head);
	}
	close(fd);
	return err;
}

static void be_client(int fd)
{
	struct order o;

	while (read(fd, &o, sizeof(o)) == sizeof(o)) {
		struct report report = { 0 };

		report.err = ask(&o, &report);
		if (write(fd, &report, sizeof(report)) < 0)
			_exit(1);
	}
}

/* In its namespace: tell that it is there, wait for the interface, configure it. */
static void child(const struct end *e, int fd, bool ipv6)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct report report = { 0 };
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) || !sock || nl_connect(sock, NETLINK_ROUTE))
		report.err = errno ? errno : EIO;
	if (write(fd, &report, sizeof(report)) < 0 || read(fd, &go, 1) != 1)
		_exit(1);
	if (configure(sock, "eth0", e, true, ipv6))
		report.err = EIO;
	if (write(fd, &report, sizeof(report)) < 0)
		_exit(1);
	if (e == &client)
		be_client(fd);
	else
		be_origin(fd);
	_exit(0);
}

static int hear(const struct end *e, struct report *ret)
{
	if (wait_readable(e->fd, 3 * PATIENCE_MS) || read(e->fd, ret, sizeof(*ret)) != sizeof(*ret))
		return -EIO;
	return -ret->err;
}

static int begin(struct nl_sock *sock, struct end *e, bool ipv6)
{
	struct report report;
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	e->fd = fds[0];
	e->pid = fork();
	if (!e->pid)
		child(e, fds[1], ipv6);
	close(fds[1]);
	if (e->pid < 0)
		return -EAGAIN;
	err = hear(e, &report);
	if (!err)
		err = rtnl_link_veth_add(sock, e->name, "eth0", e->pid) < 0 ? -EIO : 0;
	if (!err)
		err = configure(sock, e->name, e, false, ipv6) < 0 ? -EIO : 0;
	if (!err)
		err = write(e->fd, "g", 1) == 1 ? hear(e, &report) : -EIO;
	return err;
}

/* The interfaces go with the namespace, a little later: they are removed, so that nobody meets them. */
static void end(struct nl_sock *sock, struct end *e)
{
	struct rtnl_link *link = NULL;

	if (e->pid > 0 && !rtnl_link_get_kernel(sock, 0, e->name, &link)) {
		rtnl_link_delete(sock, link);
		rtnl_link_put(link);
	}
	if (e->fd >= 0)
		close(e->fd);
	if (e->pid > 0) {
		kill(e->pid, SIGKILL);
		waitpid(e->pid, NULL, 0);
	}
}

/* ---- the probes ------------------------------------------------------------- */

static void add_result(json_t *probes, const char *port, unsigned int family, bool ok, const char *result)
{
	json_array_append_new(probes, json_pack("{s:s, s:i, s:b, s:s}", "port", port, "family", family ? 6 : 4, "ok", ok,
						"result", result));
}

static void failed(struct doctor *d, json_t *probes, const char *port, unsigned int family, const char *result)
{
	add_result(probes, port, family, false, result);
	doctor_find(d, DOCTOR_ERROR, "probe", "a connection of our own was not intercepted as it should be",
		    "the findings besides this one; tipharesctl explain 198.18.84.2 198.18.84.6", "port %s, IPv%u: %s", port,
		    family ? 6 : 4, result);
}

/* Would the port table give a probe to this port? */
static bool would_take(const struct doctor *d, const json_t *port, const struct order *o)
{
	char path[256];
	json_t *answer;
	bool takes;

	snprintf(path, sizeof(path), "/v1/explain?source=%s&destination=%s%s%s:%u&interface=%s", client.there[o->family],
		 o->family ? "%5B" : "", origin.there[o->family], o->family ? "%5D" : "", o->port, client.name);
	answer = ctl_request(d->ctl, "GET", path);
	takes = !strcmp(ctl_string(answer, "verdict"), "intercepted") &&
		!strcmp(ctl_string(answer, "port"), ctl_string(port, "name")) &&
		json_number_value(json_object_get(answer, "sample")) >= 100;
	json_decref(answer);
	return takes;
}

/* What came of it, from both ends. */
static void judge(struct doctor *d, json_t *probes, const json_t *port, const struct order *o, const struct report *c,
		  const struct report *s)
{
	bool http = !strcmp(ctl_string(port, "protocol"), "http"), via = strstr(s->text, " via");
	const char *name = ctl_string(port, "name");
	char text[640], peer[64];

	snprintf(peer, sizeof(peer), "%.*s", (int)strcspn(s->text, " "), s->text);
	if (c->err == ETIMEDOUT)
		failed(d, probes, name, o->family, "nobody answered the client's SYN");
	else if (c->err)
		failed(d, probes, name, o->family, c->err == ECONNREFUSED ? "the client was refused" : strerror(c->err));
	else if (s->err) {
		snprintf(text, sizeof(text), "the client was answered \"%s\", nothing came to the origin", c->text);
		failed(d, probes, name, o->family, text);
	} else if (http && !via) {
		failed(d, probes, name, o->family, "it was forwarded, not intercepted");
	} else if (!strcmp(ctl_string(port, "mode"), "full") && strcmp(peer, client.there[o->family])) {
		snprintf(text, sizeof(text), "the origin saw %s instead of the client's address", peer);
		failed(d, probes, name, o->family, text);
	} else {
		snprintf(text, sizeof(text), "%s, the origin saw %s, the client \"%s\"",
			 http ? "intercepted" : "a connection came through", peer, c->text);
		add_result(probes, name, o->family, true, text);
	}
}

static void probe(struct doctor *d, json_t *probes, const json_t *port, const struct order *o)
{
	struct report c = { 0 }, s = { 0 };

	if (!would_take(d, port, o)) {
		add_result(probes, ctl_string(port, "name"), o->family, true,
			   "not probed: it takes named interfaces, addresses or a share only; have one of its clients ask with "
			   "curl -v, and look for Via and at tipharesctl events");
		return;
	}
	if (write(origin.fd, o, sizeof(*o)) < 0 || hear(&origin, &s) || write(client.fd, o, sizeof(*o)) < 0) {
		failed(d, probes, ctl_string(port, "name"), o->family, "the probe's own origin does not listen");
		return;
	}
	if (hear(&client, &c) == -EIO)
		c.err = EIO;
	if (write(origin.fd, o, sizeof(*o)) < 0 || hear(&origin, &s) == -EIO)
		s.err = EIO;
	judge(d, probes, port, o, &c, &s);
}

static void probe_all(struct doctor *d, json_t *probes)
{
	json_t *port, *dports;
	size_t i;

	json_array_foreach(d->ports, i, port) {
		dports = json_object_get(json_object_get(port, "match"), "ports");
		for (unsigned int f = 0; f < 1U + d->ipv6; f++) {
			struct order o = { f, (unsigned int)json_integer_value(json_array_get(dports, 0)) };

			if (doctor_intercepts(port) && o.port)
				probe(d, probes, port, &o);
		}
	}
}

/* Somebody else's network of that name, or an interface that a probe of before left? */
static const char *occupied(const struct doctor *d)
{
	struct route here = { 0 }, there = { 0 };

	if (if_nametoindex(client.name) || if_nametoindex(origin.name))
		return "an interface " PROBE_DEV " is there: another probe runs";
	if (!route_to(client.there[0], &here) &&
	    (route_to("198.51.100.1", &there) || strcmp(here.interface, there.interface)))
		return "198.18.84.0/29, which probes use, is routed somewhere";
	return NULL;
}

json_t *doctor_probe(struct doctor *d)
{
	json_t *probes = json_array();
	const char *why = d->status ? occupied(d) : "no daemon runs";
	int err;

	if (!why) {
		signal(SIGPIPE, SIG_IGN);
		err = begin(d->sock, &client, d->ipv6);
		if (!err)
			err = begin(d->sock, &origin, d->ipv6);
		if (err)
			why = "no namespaces and interfaces of its own can be made";
		else
			probe_all(d, probes);
		end(d->sock, &client);
		end(d->sock, &origin);
	}
	if (why)
		doctor_find(d, DOCTOR_WARNING, "no_probe", "no probe could be made", "remove what is in its way", "%s", why);
	return probes;
}
