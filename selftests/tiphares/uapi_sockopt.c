// SPDX-License-Identifier: GPL-2.0-only
/*
 * The socket options, in a namespace with nothing but a loopback: who is no
 * listener's owner and who holds no client's connection is refused, by the
 * errno the contract names, and the refused socket is as it was.
 */
#include "uapi_lib.h"

#define LISTEN		8080
#define EXPLICIT	3128

FIXTURE(sockopt) {
	struct genl genl;
	int listener;	/* bound to the port of "full" */
	int explicit;	/* bound to the port of "outbound" */
	int client;	/* connected to it */
	int accepted;	/* what it accepted */
};

static int tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static struct sockaddr_in loopback(__u16 port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return addr;
}

static int tcp_bound(__u16 port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = tcp();

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return fd;
}

static int make_listener(int fd, const char *port)
{
	struct tiph_listen opt = {};

	strncpy(opt.port, port, sizeof(opt.port));
	return setsockopt(fd, SOL_IP, TIPH_SO_LISTEN, &opt, sizeof(opt)) ? errno : 0;
}

static struct tiph_spoof spoof_of(int accepted)
{
	struct tiph_spoof opt = {
		.accepted_fd = accepted,
		.addr = { htonl(0xc0000201) },
		.dport = htons(80),
	};

	return opt;
}

static int spoof_opt(int fd, const struct tiph_spoof *opt)
{
	return setsockopt(fd, SOL_IP, TIPH_SO_SPOOF, opt, sizeof(*opt)) ? errno : 0;
}

static int spoof(int fd, int accepted)
{
	const struct tiph_spoof opt = spoof_of(accepted);

	return spoof_opt(fd, &opt);
}

FIXTURE_SETUP(sockopt)
{
	struct sockaddr_in to = loopback(EXPLICIT);
	struct answer answer;
	struct message msg;

	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, namespace_own());
	ASSERT_EQ(0, genl_open(&self->genl));
	msg_init(&msg, self->genl.family, TIPH_CMD_PORT_SET, 0);
	msg_end(&msg, msg_port(&msg, "full", TIPH_MODE_FULL, LISTEN, 80));
	msg_end(&msg, msg_port(&msg, "outbound", TIPH_MODE_OUTBOUND, EXPLICIT, 0));
	ASSERT_LE(0, genl_ask(&self->genl, &msg, &answer));
	ASSERT_EQ(0, answer.err);

	self->listener = tcp_bound(LISTEN);
	ASSERT_LE(0, self->listener);
	self->explicit = tcp_bound(EXPLICIT);
	ASSERT_LE(0, self->explicit);
	ASSERT_EQ(0, make_listener(self->explicit, "outbound"));
	ASSERT_EQ(0, listen(self->explicit, 8));
	self->client = tcp();
	ASSERT_EQ(0, connect(self->client, (struct sockaddr *)&to, sizeof(to)));
	self->accepted = accept(self->explicit, NULL, NULL);
	ASSERT_LE(0, self->accepted);
}

FIXTURE_TEARDOWN(sockopt)
{
	ASSERT_EQ(0, privilege_take());
	close(self->genl.fd);
	module_unload();
}

TEST_F(sockopt, listen_before_and_after_listening)
{
	EXPECT_EQ(0, make_listener(self->listener, "full"));
	ASSERT_EQ(0, listen(self->listener, 8));
	EXPECT_EQ(0, make_listener(self->listener, "full"));
}

TEST_F(sockopt, listen_without_the_capability)
{
	ASSERT_EQ(0, privilege_drop());
	EXPECT_EQ(EPERM, make_listener(self->listener, "full"));
}

TEST_F(sockopt, listen_of_what_is_no_listener_of_the_port)
{
	int fd = tcp();

	EXPECT_EQ(ENOENT, make_listener(self->listener, "nobody"));
	EXPECT_EQ(EINVAL, make_listener(self->listener, "outbound"));
	EXPECT_EQ(EINVAL, make_listener(fd, "full"));
	EXPECT_EQ(EISCONN, make_listener(self->client, "full"));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	EXPECT_EQ(EOPNOTSUPP, make_listener(fd, "full"));
}

TEST_F(sockopt, listen_at_a_port_that_was_found)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);
	struct answer answer;
	struct message msg;
	int fd = tcp();

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&addr, &len));
	msg_init(&msg, self->genl.family, TIPH_CMD_PORT_SET, 0);
	msg_end(&msg, msg_port(&msg, "found", TIPH_MODE_FULL, ntohs(addr.sin_port), 81));
	ASSERT_LE(0, genl_ask(&self->genl, &msg, &answer));
	ASSERT_EQ(0, answer.err);
	EXPECT_EQ(EINVAL, make_listener(fd, "found"));
}

TEST_F(sockopt, listen_of_the_wrong_size)
{
	char opt[sizeof(struct tiph_listen) + 1];

	memset(opt, 'a', sizeof(opt));
	EXPECT_EQ(-1, setsockopt(self->listener, SOL_IP, TIPH_SO_LISTEN, opt, sizeof(opt)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setsockopt(self->listener, SOL_IP, TIPH_SO_LISTEN, opt, sizeof(opt) - 2));
	EXPECT_EQ(EINVAL, errno);
	/* of the right size, without a NUL */
	EXPECT_EQ(-1, setsockopt(self->listener, SOL_IP, TIPH_SO_LISTEN, opt, sizeof(opt) - 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(sockopt, spoof_by_what_is_no_accepted_connection)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0), unconnected = tcp(), pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, privilege_drop());
	EXPECT_EQ(EBADF, spoof(tcp(), 1000));
	EXPECT_EQ(EPERM, spoof(tcp(), pipes[0]));
	EXPECT_EQ(EPERM, spoof(tcp(), udp));
	EXPECT_EQ(EPERM, spoof(tcp(), unconnected));
	EXPECT_EQ(EPERM, spoof(tcp(), self->explicit));
	EXPECT_EQ(EPERM, spoof(tcp(), self->client));
}

TEST_F(sockopt, spoof_of_an_address_of_this_host)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int fd = tcp();

	EXPECT_EQ(EPERM, spoof(fd, self->accepted));
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&addr, &len));
	EXPECT_EQ(htonl(INADDR_ANY), addr.sin_addr.s_addr);
	EXPECT_EQ(0, addr.sin_port);
}

TEST_F(sockopt, spoof_from_another_namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(EPERM, spoof(tcp(), self->accepted));
}

TEST_F(sockopt, spoof_of_another_family)
{
	struct tiph_spoof opt = spoof_of(self->accepted);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	EXPECT_EQ(-1, setsockopt(fd, SOL_IPV6, TIPH_SO_SPOOF, &opt, sizeof(opt)));
	EXPECT_EQ(EAFNOSUPPORT, errno);
}

TEST_F(sockopt, spoof_of_the_wrong_form)
{
	struct tiph_spoof opt = spoof_of(self->accepted);

	opt.flags = TIPH_SPOOF_ALL + 1;
	EXPECT_EQ(EINVAL, spoof_opt(tcp(), &opt));
	opt = spoof_of(self->accepted);
	opt.reserved[4] = 1;
	EXPECT_EQ(EINVAL, spoof_opt(tcp(), &opt));
	opt = spoof_of(self->accepted);
	opt.source_port = TIPH_SOURCE_PORT_STRICT + 2;
	EXPECT_EQ(EINVAL, spoof_opt(tcp(), &opt));
	opt = spoof_of(self->accepted);
	opt.dport = 0;
	EXPECT_EQ(EINVAL, spoof_opt(tcp(), &opt));
	opt = spoof_of(self->accepted);
	opt.addr[0] = 0;
	EXPECT_EQ(EINVAL, spoof_opt(tcp(), &opt));
	EXPECT_EQ(-1, setsockopt(tcp(), SOL_IP, TIPH_SO_SPOOF, &opt, sizeof(opt) - 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(sockopt, verdict)
{
	struct tiph_verdict verdict;
	socklen_t len = sizeof(verdict);

	ASSERT_EQ(0, getsockopt(self->accepted, SOL_IP, TIPH_SO_VERDICT, &verdict, &len));
	EXPECT_EQ(sizeof(verdict), len);
	EXPECT_STREQ("outbound", verdict.port);
	EXPECT_EQ(TIPH_MODE_OUTBOUND, verdict.mode);
	EXPECT_EQ(AF_INET, verdict.family);
	EXPECT_EQ(htons(EXPLICIT), verdict.orig_port);
	EXPECT_EQ(htonl(INADDR_LOOPBACK), verdict.orig_addr[0]);

	EXPECT_EQ(-1, getsockopt(self->client, SOL_IP, TIPH_SO_VERDICT, &verdict, &len));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, getsockopt(self->explicit, SOL_IP, TIPH_SO_VERDICT, &verdict, &len));
	EXPECT_EQ(ENOTCONN, errno);
	len = sizeof(verdict) - 1;
	EXPECT_EQ(-1, getsockopt(self->accepted, SOL_IP, TIPH_SO_VERDICT, &verdict, &len));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
