/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lab inside a test: three namespaces, a connection that was intercepted, and a look at what comes in at the origin.
 *
 *   client .10, fd71:1::10  ----  lan0  gateway, full on :80  wan0  ----  origin .10, fd71:2::10
 *
 * The test runs in the gateway, without any capability. It stays on one processor, so that packets stay in order: what
 * did not come in at the origin before a datagram that the client sent later was not sent.
 */
#ifndef TIPHARES_UAPI_LAB_H
#define TIPHARES_UAPI_LAB_H

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "uapi_lib.h"

#define LISTEN	8080
#define PATIENCE 12000	/* milliseconds until something is believed not to come */

enum who { CLIENT = 1, ORIGIN, VICTIM, LOOPBACK };

FIXTURE(lab) {
	int client_ns, gw_ns, origin_ns;
	struct genl genl;
	int listener;	/* of the port, in the gateway */
	int server;	/* listens at the origin */
	int crossing;	/* at the origin, not connected, on its port 80 */
	int sniffer;	/* what comes in there */
	int marker;	/* the client's datagrams */
	int wire;	/* any packet of the client's side, */
	int wire_index;	/* by this interface */
	int client;
	int accepted;
};

/* An emulated machine may take long to make a lab. */
#define LAB_TEST(name) TEST_F_TIMEOUT(lab, name, 150)

FIXTURE_VARIANT(lab) {
	int family;
};

FIXTURE_VARIANT_ADD(lab, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(lab, ipv6) { .family = AF_INET6 };

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

static inline struct addr addr_of(int family, enum who who, __u16 port)
{
	static const char * const v4[] = { NULL, "10.71.1.10", "10.71.2.10", "10.71.1.99", "127.0.0.1" };
	static const char * const v6[] = { NULL, "fd71:1::10", "fd71:2::10", "fd71:1::99", "::1" };
	struct addr addr = { .len = family == AF_INET ? sizeof(addr.in) : sizeof(addr.in6) };

	addr.sa.sa_family = family;
	addr.in.sin_port = htons(port);
	if (family == AF_INET)
		inet_pton(family, v4[who], &addr.in.sin_addr);
	else
		inet_pton(family, v6[who], &addr.in6.sin6_addr);
	return addr;
}

static inline int is_at(int family, const struct addr *addr, enum who who)
{
	const struct addr want = addr_of(family, who, 0);

	return family == AF_INET ? addr->in.sin_addr.s_addr == want.in.sin_addr.s_addr :
	       !memcmp(&addr->in6.sin6_addr, &want.in6.sin6_addr, sizeof(want.in6.sin6_addr));
}

static inline int is_from(int family, const unsigned char *ip, enum who who)
{
	const struct addr want = addr_of(family, who, 0);

	return family == AF_INET ? !memcmp(ip + 12, &want.in.sin_addr, 4) : !memcmp(ip + 8, &want.in6.sin6_addr, 16);
}

static inline int tcp(int family)
{
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

static inline int tcp_at(int family, enum who who, __u16 port)
{
	const struct addr addr = addr_of(family, who, port);
	int fd = tcp(family);

	return bind(fd, &addr.sa, addr.len) ? -1 : fd;
}

static inline int is_ready(int fd, short events, int timeout)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, timeout) == 1 && p.revents & events;
}

/* Goes on as if nobody answered. */
static inline int connect_to(int fd, int family, enum who who, __u16 port)
{
	const struct addr addr = addr_of(family, who, port);

	return connect(fd, &addr.sa, addr.len) && errno != EINPROGRESS ? errno : 0;
}

static inline int disconnect(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	return connect(fd, &none, sizeof(none)) ? errno : 0;
}

static inline int rebind(int fd, int family, enum who who, __u16 port)
{
	const struct addr addr = addr_of(family, who, port);

	return bind(fd, &addr.sa, addr.len) ? errno : 0;
}

static inline int level_of(int family)
{
	return family == AF_INET ? SOL_IP : SOL_IPV6;
}

static inline int spoof(int fd, int family, int accepted, __u32 flags)
{
	const struct addr to = addr_of(family, ORIGIN, 80);
	struct tiph_spoof opt = { .accepted_fd = accepted, .flags = flags, .dport = htons(80) };

	if (family == AF_INET)
		opt.addr[0] = to.in.sin_addr.s_addr;
	else
		memcpy(opt.addr, &to.in6.sin6_addr, sizeof(opt.addr));
	return setsockopt(fd, level_of(family), TIPH_SO_SPOOF, &opt, sizeof(opt)) ? errno : 0;
}

static inline int make_listener(int fd, int family)
{
	const struct tiph_listen opt = { .port = "web" };

	return setsockopt(fd, level_of(family), TIPH_SO_LISTEN, &opt, sizeof(opt)) ? errno : 0;
}

static inline int command(struct genl *genl, __u8 cmd)
{
	struct answer answer;
	struct message msg;
	int err;

	msg_init(&msg, genl->family, cmd, 0);
	if (cmd == TIPH_CMD_PORT_SET)
		msg_end(&msg, msg_port(&msg, "web", TIPH_MODE_FULL, LISTEN, 80));
	err = genl_ask(genl, &msg, &answer);
	return err < 0 ? -err : answer.err;
}

static inline int setting(const char *name, const char *value)
{
	char path[128];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY);
	err = fd < 0 || write(fd, value, strlen(value)) < 0;
	close(fd);
	return err;
}

static inline int namespace_make(void)
{
	if (unshare(CLONE_NEWNET) || setting("ipv6/conf/default/accept_dad", "0") || setting("ipv6/conf/all/accept_dad", "0"))
		return -1;
	return open("/proc/self/ns/net", O_RDONLY);	/* for ip(8), too */
}

/* Starting a program takes an emulated machine long: one for each namespace. */
static inline int ip_batch(const char *lines)
{
	FILE *ip = popen("ip -batch -", "w");

	if (!ip)
		return -1;
	fputs(lines, ip);
	return pclose(ip);
}

static inline int gw_up(int client_ns, int origin_ns)
{
	char lines[1024];

	snprintf(lines, sizeof(lines), "link set lo up\n"
		 "link add lan0 type veth peer name c0 netns /proc/self/fd/%d\n"
		 "link add wan0 type veth peer name o0 netns /proc/self/fd/%d\n"
		 "addr add 10.71.1.1/24 dev lan0\naddr add fd71:1::1/64 dev lan0 nodad\nlink set lan0 up\n"
		 "addr add 10.71.2.1/24 dev wan0\naddr add fd71:2::1/64 dev wan0 nodad\nlink set wan0 up\n",
		 client_ns, origin_ns);
	return ip_batch(lines) || setting("ipv4/ip_forward", "1") || setting("ipv6/conf/all/forwarding", "1") ||
	       setting("ipv4/conf/all/rp_filter", "0") || setting("ipv4/conf/lan0/rp_filter", "0");
}

static const char client_up[] =
	"addr add 10.71.1.10/24 dev c0\naddr add fd71:1::10/64 dev c0 nodad\nlink set c0 up\n"
	"route add default via 10.71.1.1\nroute add default via fd71:1::1\n";
static const char origin_up[] =
	"addr add 10.71.2.10/24 dev o0\naddr add fd71:2::10/64 dev o0 nodad\nlink set o0 up\n"
	"route add default via 10.71.2.1\nroute add default via fd71:2::1\n";

static inline int enter(int ns, const char *lines)
{
	return setns(ns, CLONE_NEWNET) || (lines && ip_batch(lines));
}

FIXTURE_SETUP(lab)
{
	int family = variant->family;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);	/* packets stay in order */

	ASSERT_EQ(0, module_load());
	self->client_ns = namespace_make();
	self->origin_ns = namespace_make();
	self->gw_ns = namespace_make();
	ASSERT_LE(0, self->gw_ns);
	ASSERT_EQ(0, gw_up(self->client_ns, self->origin_ns));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, command(&self->genl, TIPH_CMD_PORT_SET));
	self->listener = tcp_at(family, LOOPBACK, LISTEN);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, make_listener(self->listener, family));
	ASSERT_EQ(0, listen(self->listener, 8));

	ASSERT_EQ(0, enter(self->origin_ns, origin_up));
	self->crossing = tcp_at(family, ORIGIN, 80);
	self->server = tcp_at(family, ORIGIN, 80);
	ASSERT_LE(0, self->server);
	ASSERT_LE(0, self->crossing);
	self->sniffer = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6));
	ASSERT_LE(0, self->sniffer);

	ASSERT_EQ(0, enter(self->client_ns, client_up));
	self->wire = socket(AF_PACKET, SOCK_DGRAM, htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6));
	ASSERT_LE(0, self->wire);
	self->wire_index = if_nametoindex("c0");
	self->marker = socket(family, SOCK_DGRAM, 0);
	self->client = tcp(family);
	ASSERT_EQ(0, connect_to(self->client, family, ORIGIN, 80));
	ASSERT_EQ(1, is_ready(self->client, POLLOUT, PATIENCE));
	ASSERT_EQ(1, is_ready(self->listener, POLLIN, PATIENCE));
	self->accepted = accept4(self->listener, NULL, NULL, SOCK_NONBLOCK);
	ASSERT_LE(0, self->accepted);
	ASSERT_EQ(0, enter(self->gw_ns, NULL));
	ASSERT_EQ(0, privilege_drop());
}

FIXTURE_TEARDOWN(lab)
{
	ASSERT_EQ(0, privilege_take());
	close(self->genl.fd);
	module_unload();
}

/* Reads what came in at the origin up to now. Returns how much of it @wanted(); -1 if the datagram behind it did not come. */
static inline int watch(int sniffer, int marker, int family, int (*wanted)(int family, const unsigned char *ip))
{
	const struct addr to = addr_of(family, ORIGIN, 9);
	unsigned char ip[256];
	int n = 0;

	if (sendto(marker, "behind", 6, 0, &to.sa, to.len) != 6)
		return -1;
	while (is_ready(sniffer, POLLIN, PATIENCE)) {
		memset(ip, 0, sizeof(ip));
		if (recv(sniffer, ip, sizeof(ip), 0) < 0)
			continue;
		n += wanted(family, ip);
		if (ip[family == AF_INET ? 9 : 6] == IPPROTO_UDP && is_from(family, ip, CLIENT))
			return n;
	}
	return -1;
}
#define WATCH(wanted) watch(self->sniffer, self->marker, variant->family, wanted)

#endif /* TIPHARES_UAPI_LAB_H */
