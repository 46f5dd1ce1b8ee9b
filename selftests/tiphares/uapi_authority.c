// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what: each cell of the table in docs/security.md. A client in a
 * namespace of its own holds connections to a port of mode outbound, over a
 * veth pair, so that addresses can be given and taken away.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "uapi_lib.h"

#define EXPLICIT	3128
#define HOST4		"10.9.0.1"
#define CLIENT4		"10.9.0.2"
#define EDGE4		"10.9.0.3"	/* the last address of a /30 */
#define HOST6		"fd09::1"
#define CLIENT6		"fd09::2"

/* Commands, and whether they change something; -1: that of no request. */
static const struct command {
	const char *name;
	__u8 cmd;
	__u16 flags;
	int changes;
} commands[] = {
	{ "GET_INFO", TIPH_CMD_GET_INFO, 0, 0 },
	{ "PORT_GET", TIPH_CMD_PORT_GET, NLM_F_DUMP, 0 },
	{ "STATS_GET", TIPH_CMD_STATS_GET, NLM_F_DUMP, 0 },
	{ "PORT_SET", TIPH_CMD_PORT_SET, 0, 1 },
	{ "PORT_DEL", TIPH_CMD_PORT_DEL, 0, 1 },
	{ "HEARTBEAT", TIPH_CMD_HEARTBEAT, 0, 1 },
	{ "BYPASS_ADD", TIPH_CMD_BYPASS_ADD, 0, 1 },
	{ "BYPASS_DEL", TIPH_CMD_BYPASS_DEL, 0, 1 },
	{ "BYPASS_FLUSH", TIPH_CMD_BYPASS_FLUSH, 0, 1 },
	{ "PORT_NTF", TIPH_CMD_PORT_NTF, 0, -1 },
	{ "OWNER_NTF", TIPH_CMD_OWNER_NTF, 0, -1 },
	{ "a command that is none", TIPH_CMD_MAX + 1, 0, -1 },
};

FIXTURE(authority) {
	struct genl genl;
	int listener4;
	int listener6;
	int accepted4;	/* from CLIENT4 */
	int accepted6;	/* from CLIENT6 */
	int edge4;	/* from EDGE4 */
	int linklocal;	/* from the client's link-local address */
	pid_t client;
};

static socklen_t address(struct sockaddr_storage *ss, const char *text, __u16 port, unsigned int scope)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	v4->sin_port = htons(port);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		ss->ss_family = AF_INET;
		return sizeof(*v4);
	}
	ss->ss_family = AF_INET6;
	inet_pton(AF_INET6, text, &v6->sin6_addr);
	v6->sin6_scope_id = scope;
	return sizeof(*v6);
}

static int listener_of(int family)
{
	struct tiph_listen opt = { .port = "outbound" };
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, family == AF_INET ? "0.0.0.0" : "::", EXPLICIT, 0);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) ||
	    setsockopt(fd, family == AF_INET ? SOL_IP : SOL_IPV6, TIPH_SO_LISTEN, &opt, sizeof(opt)) ||
	    listen(fd, 8))
		return -1;
	return fd;
}

/* In the client's namespace: a connection from @from that stays. */
static void client_connect(const char *from, const char *to, unsigned int scope)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, from, 0, scope);
	int fd = socket(ss.ss_family, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&ss, len))
		_exit(1);
	len = address(&ss, to, EXPLICIT, scope);
	if (connect(fd, (struct sockaddr *)&ss, len))
		_exit(2);
}

static void client_run(int ready, int go)
{
	char c;

	if (unshare(CLONE_NEWNET) || write(ready, "", 1) != 1 || read(go, &c, 1) != 1)
		_exit(3);
	if (system("ip link set lo up && ip link set v1 addrgenmode none && ip link set v1 up && "
		   "ip addr add " CLIENT4 "/24 dev v1 && ip addr add " EDGE4 "/24 dev v1 && "
		   "ip addr add " CLIENT6 "/64 dev v1 nodad && ip addr add fe80::2/64 dev v1 nodad"))
		_exit(4);
	client_connect(CLIENT4, HOST4, 0);
	client_connect(EDGE4, HOST4, 0);
	client_connect(CLIENT6, HOST6, 0);
	client_connect("fe80::2", "fe80::1", if_nametoindex("v1"));
	for (;;)
		pause();
}

/* Waits for one; fails when none comes. */
static int accept_from(int listener)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };

	return poll(&pfd, 1, 60000) == 1 ? accept(listener, NULL, NULL) : -1;
}

static pid_t client_start(void)
{
	int ready[2], go[2];
	char command[128], c;
	pid_t pid;

	if (pipe(ready) || pipe(go))
		return -1;
	pid = fork();
	if (!pid)
		client_run(ready[1], go[0]);
	if (read(ready[0], &c, 1) != 1)
		return -1;
	snprintf(command, sizeof(command), "ip link add v0 type veth peer name v1 netns %d", (int)pid);
	if (system(command) ||
	    system("ip link set v0 addrgenmode none && ip link set v0 up && ip addr add " HOST4 "/24 dev v0 && "
		   "ip addr add " HOST6 "/64 dev v0 nodad && ip addr add fe80::1/64 dev v0 nodad") ||
	    write(go[1], "", 1) != 1)
		return -1;
	return pid;
}

static int spoof_as(int accepted, int family)
{
	struct tiph_spoof opt = { .accepted_fd = accepted, .dport = htons(80) };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	inet_pton(family, family == AF_INET ? "192.0.2.1" : "2001:db8::1", opt.addr);
	err = setsockopt(fd, family == AF_INET ? SOL_IP : SOL_IPV6, TIPH_SO_SPOOF, &opt, sizeof(opt)) ? errno : 0;
	close(fd);
	return err;
}

static int listen_as(const char *port)
{
	struct tiph_listen opt = {};
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, "127.0.0.1", 8080, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	strncpy(opt.port, port, sizeof(opt.port) - 1);
	err = bind(fd, (struct sockaddr *)&ss, len) ||
	      setsockopt(fd, SOL_IP, TIPH_SO_LISTEN, &opt, sizeof(opt)) ? errno : 0;
	close(fd);
	return err;
}

static int ask(const struct genl *genl, const struct command *c)
{
	struct answer answer;
	struct message msg;

	msg_init(&msg, genl->family, c->cmd, c->flags);
	if (c->cmd == TIPH_CMD_PORT_SET)
		msg_end(&msg, msg_port(&msg, "full", TIPH_MODE_FULL, 8080, 80));
	return genl_ask(genl, &msg, &answer) < 0 ? -1 : answer.err;
}

FIXTURE_SETUP(authority)
{
	struct answer answer;
	struct message msg;

	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, namespace_own());
	ASSERT_EQ(0, genl_open(&self->genl));
	msg_init(&msg, self->genl.family, TIPH_CMD_PORT_SET, 0);
	msg_end(&msg, msg_port(&msg, "outbound", TIPH_MODE_OUTBOUND, EXPLICIT, 0));
	ASSERT_LE(0, genl_ask(&self->genl, &msg, &answer));
	ASSERT_EQ(0, answer.err);
	self->listener4 = listener_of(AF_INET);
	self->listener6 = listener_of(AF_INET6);
	ASSERT_LE(0, self->listener4);
	ASSERT_LE(0, self->listener6);
	self->client = client_start();
	ASSERT_LT(0, self->client);
	self->accepted4 = accept_from(self->listener4);
	self->edge4 = accept_from(self->listener4);
	self->accepted6 = accept_from(self->listener6);
	self->linklocal = accept_from(self->listener6);
	ASSERT_LE(0, self->accepted4);
	ASSERT_LE(0, self->edge4);
	ASSERT_LE(0, self->accepted6);
	ASSERT_LE(0, self->linklocal);
}

FIXTURE_TEARDOWN(authority)
{
	privilege_take();
	kill(self->client, SIGKILL);
	waitpid(self->client, NULL, 0);
	close(self->genl.fd);
	module_unload();
}

/* --- generic netlink --- */

/* What a command came to for somebody who may read only. */
#define EXPECT_READER(genl, c) do {							\
	int err = ask(genl, c);								\
											\
	if (!(c)->changes) {								\
		EXPECT_EQ(0, err) TH_LOG("%s", (c)->name);				\
	} else if ((c)->changes < 0) {							\
		EXPECT_EQ(EOPNOTSUPP, err) TH_LOG("%s", (c)->name);			\
	} else {									\
		/* what this module does not know changes nothing either */		\
		EXPECT_TRUE(err == EPERM || err == EOPNOTSUPP) TH_LOG("%s: %d", (c)->name, err); \
	}										\
} while (0)

TEST_F(authority, root_of_the_namespace)
{
	EXPECT_EQ(0, ask(&self->genl, &commands[0]));
	EXPECT_EQ(0, ask(&self->genl, &commands[3]));
	EXPECT_EQ(0, listen_as("full"));
	EXPECT_EQ(0, ask(&self->genl, &commands[4]));
	EXPECT_EQ(EOPNOTSUPP, ask(&self->genl, &commands[11]));
}

TEST_F(authority, another_user)
{
	struct genl own;
	size_t i;

	ASSERT_EQ(0, privilege_drop());
	ASSERT_EQ(0, genl_open(&own));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_READER(&own, &commands[i]);
	EXPECT_EQ(EPERM, listen_as("outbound"));
	/* nor by a socket that root opened */
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_READER(&self->genl, &commands[i]);
}

TEST_F(authority, root_by_a_socket_that_another_user_opened)
{
	struct genl other;
	size_t i;

	ASSERT_EQ(0, privilege_drop());
	ASSERT_EQ(0, genl_open(&other));
	ASSERT_EQ(0, privilege_take());
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_READER(&other, &commands[i]);
}

/* Root in a user namespace, in a network namespace that is not its own. */
TEST_F(authority, root_of_a_user_namespace_only)
{
	struct genl own;
	size_t i;

	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	ASSERT_EQ(0, genl_open(&own));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_READER(&own, &commands[i]);
	EXPECT_EQ(EPERM, listen_as("outbound"));
	/* possession is enough, whoever it is */
	EXPECT_EQ(0, spoof_as(self->accepted4, AF_INET));
}

/* Root in a user namespace that owns its network namespace: there, and only there. */
TEST_F(authority, root_of_a_user_namespace_and_its_network)
{
	struct genl own;
	size_t i;

	ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNET));
	ASSERT_EQ(0, genl_open(&own));
	EXPECT_EQ(0, ask(&own, &commands[3]));
	EXPECT_EQ(0, listen_as("full"));
	EXPECT_EQ(0, ask(&own, &commands[4]));
	/* the socket's namespace counts, not the process's */
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_READER(&self->genl, &commands[i]);
	EXPECT_EQ(EPERM, spoof_as(self->accepted4, AF_INET));
	EXPECT_EQ(EPERM, spoof_as(self->accepted6, AF_INET6));
}

/* --- whose address may be taken --- */

TEST_F(authority, possession_is_enough)
{
	int copy = dup(self->accepted4);

	ASSERT_EQ(0, privilege_drop());
	EXPECT_EQ(0, spoof_as(self->accepted4, AF_INET));
	EXPECT_EQ(0, spoof_as(self->accepted6, AF_INET6));
	EXPECT_EQ(0, spoof_as(copy, AF_INET));
	EXPECT_EQ(EAFNOSUPPORT, spoof_as(self->accepted4, AF_INET6));
	EXPECT_EQ(EAFNOSUPPORT, spoof_as(self->accepted6, AF_INET));
}

TEST_F(authority, of_a_live_connection_only)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	EXPECT_EQ(0, shutdown(self->accepted4, SHUT_RDWR));
	EXPECT_EQ(EPERM, spoof_as(self->accepted4, AF_INET));
	EXPECT_EQ(0, connect(self->accepted6, &unspec, sizeof(unspec)));
	EXPECT_EQ(EPERM, spoof_as(self->accepted6, AF_INET6));
}

TEST_F(authority, a_spoofed_socket_is_no_authority)
{
	struct tiph_spoof opt = { .accepted_fd = self->accepted4, .dport = htons(80),
				  .addr = { htonl(0x0a090002) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ASSERT_EQ(0, setsockopt(fd, SOL_IP, TIPH_SO_SPOOF, &opt, sizeof(opt)));
	EXPECT_EQ(EPERM, spoof_as(fd, AF_INET));
	/* nor can it be spoofed anew */
	EXPECT_EQ(-1, setsockopt(fd, SOL_IP, TIPH_SO_SPOOF, &opt, sizeof(opt)));
	EXPECT_EQ(EISCONN, errno);
}

TEST_F(authority, other_kinds_of_sockets)
{
	struct tiph_spoof opt = { .accepted_fd = self->accepted4, .dport = htons(80), .addr = { htonl(0xc0000201) } };
	int mptcp = socket(AF_INET, SOCK_STREAM, 262), udp = socket(AF_INET, SOCK_DGRAM, 0);

	EXPECT_EQ(-1, setsockopt(udp, SOL_IP, TIPH_SO_SPOOF, &opt, sizeof(opt)));
	EXPECT_EQ(EOPNOTSUPP, errno);
	if (mptcp < 0)
		return;
	EXPECT_EQ(-1, setsockopt(mptcp, SOL_IP, TIPH_SO_SPOOF, &opt, sizeof(opt)));
	EXPECT_NE(EINPROGRESS, errno);
	EXPECT_EQ(EPERM, spoof_as(mptcp, AF_INET));
}

TEST_F(authority, a_port_that_is_gone)
{
	ASSERT_EQ(0, ask(&self->genl, &commands[4]));
	EXPECT_EQ(EPERM, spoof_as(self->accepted4, AF_INET));
}

/* An address that has become one of this host since, on whatever interface. */
TEST_F(authority, an_address_of_this_host)
{
	EXPECT_EQ(0, spoof_as(self->accepted4, AF_INET));
	ASSERT_EQ(0, system("ip addr add " CLIENT4 "/32 dev lo"));
	EXPECT_EQ(EPERM, spoof_as(self->accepted4, AF_INET));
	ASSERT_EQ(0, system("ip addr del " CLIENT4 "/32 dev lo"));
	EXPECT_EQ(0, spoof_as(self->accepted4, AF_INET));

	EXPECT_EQ(0, spoof_as(self->accepted6, AF_INET6));
	ASSERT_EQ(0, system("ip addr add " CLIENT6 "/128 dev lo nodad"));
	EXPECT_EQ(EPERM, spoof_as(self->accepted6, AF_INET6));
	ASSERT_EQ(0, system("ip addr del " CLIENT6 "/128 dev lo"));
	EXPECT_EQ(0, spoof_as(self->accepted6, AF_INET6));
}

TEST_F(authority, a_local_route)
{
	ASSERT_EQ(0, system("ip route add local " CLIENT4 "/32 dev lo"));
	EXPECT_EQ(EPERM, spoof_as(self->accepted4, AF_INET));
	ASSERT_EQ(0, system("ip -6 route add local " CLIENT6 "/128 dev lo"));
	EXPECT_EQ(EPERM, spoof_as(self->accepted6, AF_INET6));
}

TEST_F(authority, a_broadcast_address)
{
	EXPECT_EQ(0, spoof_as(self->edge4, AF_INET));
	ASSERT_EQ(0, system("ip addr del " HOST4 "/24 dev v0 && ip addr add " HOST4 "/30 broadcast + dev v0"));
	EXPECT_EQ(EPERM, spoof_as(self->edge4, AF_INET));
	EXPECT_EQ(0, spoof_as(self->accepted4, AF_INET));
}

TEST_F(authority, a_link_local_address)
{
	EXPECT_EQ(EPERM, spoof_as(self->linklocal, AF_INET6));
}

TEST_HARNESS_MAIN
