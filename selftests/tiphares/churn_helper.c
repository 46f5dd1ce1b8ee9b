// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn_helper ROLE ROUNDS [SEED [ARG]]: one of those who work against each other in churn.sh.
 *
 *	ports	sets and removes ports at random, owns them, loses them, asks for all there is
 *	proxy	listens for the port "web", accepts, spoofs, copies a little, drops connections; until SIGTERM
 *	client	connects to ARG (ADDRESS:PORT, IPv6 in brackets), asks, and mostly does not wait for the end
 *	netns	makes namespaces with ports, hooks and listeners of their own and leaves them to the kernel
 *	unload	tries to unload the module and to load ARG, its file, again; until SIGTERM or so often
 *
 * Nobody expects an operation to succeed: ports, module and peers come and go. What is expected is that each ends,
 * with one of the errors that uapi/linux/tiphares.h names, and that the kernel has nothing to say. One line on
 * stdout tells how often what came about; the exit code is 0 unless an error was none of the expected.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/tiphares.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_PORT	8080
#define PAIRS		32

static volatile sig_atomic_t stopped;
static unsigned int seed = 1;
static long done, refused;
static int unexpected;

static void on_term(int sig __attribute__((unused)))
{
	stopped = 1;
}

static unsigned int below(unsigned int n)
{
	return rand_r(&seed) % n;
}

/* Counts how an operation ended; @allowed ends with 0. */
static bool settle(const char *what, int err, const int *allowed)
{
	if (!err) {
		done++;
		return true;
	}
	refused++;
	for (; *allowed; allowed++)
		if (*allowed == err)
			return false;
	if (!unexpected)
		fprintf(stderr, "# %s: %s\n", what, strerror(err));
	unexpected = err;
	return false;
}

/* ---- generic netlink ---- */

struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	char attrs[8192 - sizeof(struct nlmsghdr) - sizeof(struct genlmsghdr)];
};

static void begin(struct message *m, int type, int cmd, int flags)
{
	memset(m, 0, sizeof(m->head) + sizeof(m->genl));
	m->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = NLM_F_REQUEST | flags;
	m->genl.cmd = cmd;
	m->genl.version = 1;
}

static struct nlattr *put(struct message *m, int type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((char *)m + m->head.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memset((char *)attr + NLA_HDRLEN, 0, NLA_ALIGN(len));
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	m->head.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
	return attr;
}

static struct nlattr *nest(struct message *m, int type)
{
	return put(m, type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct message *m, struct nlattr *attr)
{
	attr->nla_len = (char *)m + m->head.nlmsg_len - (char *)attr;
}

static void put8(struct message *m, int type, __u8 value)
{
	put(m, type, &value, sizeof(value));
}

static void put16(struct message *m, int type, __u16 value)
{
	put(m, type, &value, sizeof(value));
}

static void put32(struct message *m, int type, __u32 value)
{
	put(m, type, &value, sizeof(value));
}

/* Sends and reads to the end of the answer. Returns 0 or an errno; of a family, the id by @id. */
static int ask(int fd, struct message *m, __u16 *id)
{
	char buf[65536];
	struct nlmsghdr *h;
	int len;

	m->head.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, m, m->head.nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0 && errno != EINTR && errno != ENOBUFS)
			return errno;
		for (h = (struct nlmsghdr *)buf; len > 0 && NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
				return -((struct nlmsgerr *)NLMSG_DATA(h))->error;
			if (id && h->nlmsg_type == GENL_ID_CTRL) {
				struct nlattr *a = (struct nlattr *)((char *)NLMSG_DATA(h) + GENL_HDRLEN);
				struct nlattr *end = (struct nlattr *)((char *)h + h->nlmsg_len);

				for (; a < end && a->nla_len; a = (struct nlattr *)((char *)a + NLA_ALIGN(a->nla_len)))
					if (a->nla_type == CTRL_ATTR_FAMILY_ID)
						*id = *(__u16 *)((char *)a + NLA_HDRLEN);
			}
		}
	}
}

/* A socket of the family, or -1 while the module is not there. */
static int family_open(__u16 *id)
{
	struct timeval patience = { .tv_sec = 60 };
	struct message m;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*id = 0;
	begin(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	put(&m, CTRL_ATTR_FAMILY_NAME, TIPH_GENL_NAME, sizeof(TIPH_GENL_NAME));
	if (!ask(fd, &m, id) && *id)
		return fd;
	close(fd);
	return -1;
}

static const int netlink_errors[] = { ENOENT, EINVAL, EOPNOTSUPP, EINTR, ENODEV, EPROTONOSUPPORT, 0 };

/* ---- ports ---- */

static void put_prefixes(struct message *m, int type)
{
	struct nlattr *list = nest(m, type);
	unsigned int i, n = below(20);

	for (i = 0; i < n; i++) {
		struct tiph_prefix prefix = { .family = AF_INET, .len = 24 };

		prefix.addr[0] = htonl(0x0a000000 | below(65536) << 8);
		if (below(2)) {
			prefix.family = AF_INET6;
			prefix.len = 64;
			prefix.addr[0] = htonl(0xfd000000 | below(65536));
		}
		put(m, TIPH_LIST_ENTRY, &prefix, sizeof(prefix));
	}
	nest_end(m, list);
}

static void put_port(struct message *m, const char *name, int mode, __u16 listen)
{
	__u16 dports[] = { 80, 8000, 81, 1 + below(65535) };
	struct nlattr *port = nest(m, TIPH_A_PORT);

	put(m, TIPH_PORT_NAME, name, strlen(name) + 1);
	put8(m, TIPH_PORT_MODE, mode);
	put16(m, TIPH_PORT_LISTEN, listen);
	if (mode & TIPH_INBOUND)
		put(m, TIPH_PORT_DPORTS, dports, (1 + below(4)) * sizeof(*dports));
	if (mode & TIPH_INBOUND && !below(3))
		put_prefixes(m, TIPH_PORT_EXCEPT_DESTINATIONS);
	if (mode & TIPH_INBOUND && !below(8))
		put_prefixes(m, TIPH_PORT_SOURCES);
	if (mode & TIPH_OUTBOUND)
		put8(m, TIPH_PORT_SOURCE_PORT, below(2));
	put8(m, TIPH_PORT_ON_FAILURE, below(3));
	put8(m, TIPH_PORT_ON_OVERLOAD, below(3));
	if (!below(4))
		put32(m, TIPH_PORT_MARK, below(3));
	nest_end(m, port);
}

static void ports_set(int fd, __u16 id)
{
	static const char * const names[] = { "other", "third", "fourth" };
	unsigned int i, n = below(4);
	struct message m;

	begin(&m, id, TIPH_CMD_PORT_SET, 0);
	put32(&m, TIPH_A_FLAGS, below(4));
	if (below(8))
		put_port(&m, "web", below(8) ? TIPH_MODE_FULL : TIPH_MODE_INBOUND, LISTEN_PORT);
	for (i = 0; i < n; i++)
		put_port(&m, names[below(3)], below(4), below(3) ? 9000 + below(5) : LISTEN_PORT);
	settle("PORT_SET", ask(fd, &m, NULL), netlink_errors);
}

static void ports_del(int fd, __u16 id)
{
	struct nlattr *port;
	struct message m;

	begin(&m, id, TIPH_CMD_PORT_DEL, 0);
	if (below(3)) {
		port = nest(&m, TIPH_A_PORT);
		put(&m, TIPH_PORT_NAME, "web", sizeof("web"));
		nest_end(&m, port);
	}
	settle("PORT_DEL", ask(fd, &m, NULL), netlink_errors);
}

static void ports_ask(int fd, __u16 id)
{
	static const int cmds[] = { TIPH_CMD_GET_INFO, TIPH_CMD_PORT_GET, TIPH_CMD_STATS_GET };
	int cmd = cmds[below(3)];
	struct message m;

	begin(&m, id, cmd, cmd == TIPH_CMD_GET_INFO ? 0 : NLM_F_DUMP);
	settle("a question", ask(fd, &m, NULL), netlink_errors);
}

/* A well-formed start and then anything: the policies have to refuse it. */
static void ports_garble(int fd, __u16 id)
{
	struct message m;
	unsigned int i, len;

	begin(&m, id, 1 + below(TIPH_CMD_MAX + 2), 0);
	put_port(&m, "web", TIPH_MODE_FULL, LISTEN_PORT);
	len = m.head.nlmsg_len;
	for (i = 0; i < 1 + below(4); i++)
		((unsigned char *)&m)[NLMSG_LENGTH(GENL_HDRLEN) + below(len - NLMSG_LENGTH(GENL_HDRLEN))] ^= 1 << below(8);
	settle("a garbled message", ask(fd, &m, NULL), (const int []){
		ENOENT, EINVAL, EOPNOTSUPP, ENODEV, EPROTONOSUPPORT, ERANGE, EMSGSIZE, E2BIG, 0 });
}

static void role_ports(long rounds)
{
	__u16 id;
	int fd = -1;

	while (rounds-- > 0 && !stopped) {
		if (fd < 0)
			fd = family_open(&id);
		if (fd < 0) {
			refused++;
			usleep(1000);
			continue;
		}
		switch (below(12)) {
		case 0: ports_del(fd, id); break;
		case 1: case 2: ports_ask(fd, id); break;
		case 3: ports_garble(fd, id); break;
		case 4: case 5: close(fd); fd = -1; break;	/* an owner is gone, maybe */
		default: ports_set(fd, id);
		}
	}
	if (fd >= 0)
		close(fd);
}

/* ---- sockets ---- */

static int level_of(int family)
{
	return family == AF_INET ? SOL_IP : SOL_IPV6;
}

static int socket_of(int family)
{
	int on = 1, fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return fd;
}

static void drop(int fd)
{
	struct linger rst = { .l_onoff = 1 };

	if (fd < 0)
		return;
	if (below(2))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
	close(fd);
}

static const int socket_errors[] = { ENOENT, ENOPROTOOPT, EPERM, EINVAL, EISCONN, EBUSY, EADDRINUSE, EADDRNOTAVAIL,
	EAFNOSUPPORT, ENETUNREACH, EHOSTUNREACH, EINPROGRESS, ECONNREFUSED, EAGAIN, 0 };

/* A listener of the port "web", as far as there is one now. */
static int listener_make(int family)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(LISTEN_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(LISTEN_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct tiph_listen opt = { .port = "web" };
	int fd = socket_of(family);

	if (fd < 0)
		return -1;
	if (bind(fd, family == AF_INET ? (void *)&a4 : (void *)&a6, family == AF_INET ? sizeof(a4) : sizeof(a6)) ||
	    listen(fd, 1 + below(64))) {
		close(fd);
		return -1;
	}
	settle("TIPH_SO_LISTEN", setsockopt(fd, level_of(family), TIPH_SO_LISTEN, &opt, sizeof(opt)) ? errno : 0, socket_errors);
	return fd;
}

struct pair {
	int client;
	int server;
};

static void pair_end(struct pair *pair)
{
	drop(pair->client);
	drop(pair->server);
	pair->client = pair->server = -1;
}

/* The server side of a connection just accepted: spoofed, or an attempt at it that must fail. */
static void pair_begin(struct pair *pair, int family)
{
	struct tiph_spoof opt = { .accepted_fd = pair->client, .flags = below(8) ? TIPH_SPOOF_CONNECT : 0, .source_port = below(4) };
	struct sockaddr_storage to;
	socklen_t len = sizeof(to);
	struct tiph_verdict verdict;

	if (getsockname(pair->client, (struct sockaddr *)&to, &len))
		return;
	len = sizeof(verdict);
	if (getsockopt(pair->client, level_of(family), TIPH_SO_VERDICT, &verdict, &len))
		refused++;
	if (family == AF_INET) {
		opt.addr[0] = ((struct sockaddr_in *)&to)->sin_addr.s_addr;
		opt.dport = ((struct sockaddr_in *)&to)->sin_port;
	} else {
		memcpy(opt.addr, &((struct sockaddr_in6 *)&to)->sin6_addr, sizeof(opt.addr));
		opt.dport = ((struct sockaddr_in6 *)&to)->sin6_port;
	}
	if (!below(16))
		opt.accepted_fd = below(64);
	pair->server = socket_of(family);
	settle("TIPH_SO_SPOOF", setsockopt(pair->server, level_of(family), TIPH_SO_SPOOF, &opt, sizeof(opt)) ? errno : 0,
	       (const int []){ ENOPROTOOPT, EPERM, EINVAL, EBADF, EISCONN, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT,
			       EINPROGRESS, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ENOTSOCK, EACCES, 0 });
}

static bool copy(int from, int to)
{
	char buf[16384];
	ssize_t n = recv(from, buf, sizeof(buf), 0);

	if (n > 0 && to >= 0)
		send(to, buf, n, MSG_NOSIGNAL);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINPROGRESS));
}

static void pairs_turn(struct pair *pairs)
{
	struct pollfd fds[2 * PAIRS];
	int i;

	for (i = 0; i < PAIRS; i++) {
		fds[2 * i] = (struct pollfd){ .fd = pairs[i].client, .events = POLLIN };
		fds[2 * i + 1] = (struct pollfd){ .fd = pairs[i].server, .events = POLLIN };
	}
	if (poll(fds, 2 * PAIRS, 2) < 0)
		return;
	for (i = 0; i < PAIRS; i++) {
		bool ok = true;

		if (fds[2 * i].revents)
			ok = copy(pairs[i].client, pairs[i].server);
		if (ok && fds[2 * i + 1].revents)
			ok = copy(pairs[i].server, pairs[i].client);
		if (!ok || ((fds[2 * i].revents | fds[2 * i + 1].revents) && !below(8)))
			pair_end(&pairs[i]);
	}
}

static void role_proxy(long rounds)
{
	struct pair pairs[PAIRS];
	int listener[2] = { -1, -1 };
	int i, f;

	memset(pairs, -1, sizeof(pairs));
	while (!stopped && rounds-- > 0) {
		for (f = 0; f < 2; f++) {
			int family = f ? AF_INET6 : AF_INET;

			/* the port may have been made anew: its listeners are to be given to it again */
			if (listener[f] >= 0 && !below(20)) {
				close(listener[f]);
				listener[f] = -1;
			}
			if (listener[f] < 0)
				listener[f] = listener_make(family);
			if (listener[f] < 0)
				continue;
			i = below(PAIRS);
			if (pairs[i].client >= 0)
				pair_end(&pairs[i]);
			pairs[i].client = accept4(listener[f], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			if (pairs[i].client >= 0)
				pair_begin(&pairs[i], family);
		}
		pairs_turn(pairs);
	}
	for (i = 0; i < PAIRS; i++)
		pair_end(&pairs[i]);
}

static socklen_t address_of(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *a4 = (struct sockaddr_in *)ret;
	char host[64];
	int port;

	memset(ret, 0, sizeof(*ret));
	if (sscanf(text, "[%63[^]]]:%d", host, &port) == 2 && inet_pton(AF_INET6, host, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(port);
		return sizeof(*a6);
	}
	if (sscanf(text, "%63[^:]:%d", host, &port) == 2 && inet_pton(AF_INET, host, &a4->sin_addr) == 1) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons(port);
		return sizeof(*a4);
	}
	return 0;
}

static void role_client(long rounds, const char *arg)
{
	static const char request[] = "GET /f/1 HTTP/1.1\r\nHost: churn\r\n\r\n";
	int slot[PAIRS], i;
	struct sockaddr_storage to;
	socklen_t len = address_of(arg, &to);
	char buf[4096];

	memset(slot, -1, sizeof(slot));
	while (len && rounds-- > 0 && !stopped) {
		struct pollfd p;

		i = below(PAIRS);
		if (slot[i] < 0) {
			slot[i] = socket_of(to.ss_family);
			settle("connect", connect(slot[i], (struct sockaddr *)&to, len) && errno != EINPROGRESS ? errno : 0,
			       socket_errors);
			continue;
		}
		p = (struct pollfd){ .fd = slot[i], .events = POLLOUT };
		poll(&p, 1, 3);
		if (p.revents & POLLOUT && send(slot[i], request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
			recv(slot[i], buf, sizeof(buf), 0);
		if (p.revents & (POLLERR | POLLHUP) || !below(3)) {
			drop(slot[i]);
			slot[i] = -1;
		}
	}
	for (i = 0; i < PAIRS; i++)
		drop(slot[i]);
	if (!len)
		unexpected = EINVAL;
}

/* ---- namespaces and the module ---- */

static void lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
}

static void role_netns(long rounds)
{
	while (rounds-- > 0 && !stopped) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			struct message m;
			__u16 id;
			int fd;

			seed += rounds;
			if (unshare(CLONE_NEWNET))
				_exit(errno);
			if (below(2))
				lo_up();
			fd = family_open(&id);
			if (fd < 0)
				_exit(0);
			begin(&m, id, TIPH_CMD_PORT_SET, 0);
			put32(&m, TIPH_A_FLAGS, below(2) ? TIPH_FLAG_OWN : 0);
			put_port(&m, "web", TIPH_MODE_FULL, LISTEN_PORT);
			settle("PORT_SET", ask(fd, &m, NULL), netlink_errors);
			listener_make(AF_INET);
			listener_make(AF_INET6);
			if (below(2))
				ports_del(fd, id);
			_exit(unexpected);	/* all is left as it is */
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0) {
			unexpected = errno;
			return;
		}
		settle("a namespace", WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT, (const int []){ 0 });
	}
}

static void role_unload(long rounds, const char *file)
{
	while (rounds-- > 0 && !stopped) {
		int fd, err = syscall(SYS_delete_module, "tiphares", O_NONBLOCK) ? errno : 0;

		settle("unload", err, (const int []){ EAGAIN, EWOULDBLOCK, EBUSY, ENOENT, 0 });
		if (!err || err == ENOENT) {
			fd = open(file, O_RDONLY | O_CLOEXEC);
			err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
			settle("load", err, (const int []){ EEXIST, EBUSY, 0 });
			close(fd);
		}
		usleep(20000 + below(400000));
	}
}

int main(int argc, char **argv)
{
	const char *role = argc > 2 ? argv[1] : "";
	long rounds = argc > 2 ? atol(argv[2]) : 0;
	const char *arg = argc > 4 ? argv[4] : "";

	signal(SIGTERM, on_term);
	signal(SIGPIPE, SIG_IGN);
	if (argc > 3)
		seed = atoi(argv[3]);
	if (!strcmp(role, "ports"))
		role_ports(rounds);
	else if (!strcmp(role, "proxy"))
		role_proxy(rounds);
	else if (!strcmp(role, "client"))
		role_client(rounds, arg);
	else if (!strcmp(role, "netns"))
		role_netns(rounds);
	else if (!strcmp(role, "unload"))
		role_unload(rounds, arg);
	else
		return 2;
	printf("# %s: %ld done, %ld refused\n", role, done, refused);
	return unexpected ? 1 : 0;
}
