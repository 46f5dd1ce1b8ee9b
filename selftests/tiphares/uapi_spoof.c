// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds a client's connection may take that client's address for one connection of his own, and nothing else:
 * whatever is done with the sockets that the module made transparent, no SYN of another address leaves the gateway.
 */
#include "uapi_lab.h"

static int is_stray(int family, const unsigned char *ip)
{
	return is_from(family, ip, VICTIM);
}

LAB_TEST(one_connection_from_the_clients_address)
{
	int family = variant->family, fd = tcp(family), got;
	struct addr from = { .len = sizeof(from.in6) };

	ASSERT_EQ(0, listen(self->server, 8));
	ASSERT_EQ(EINPROGRESS, spoof(fd, family, self->accepted, TIPH_SPOOF_CONNECT));
	ASSERT_EQ(1, is_ready(fd, POLLOUT, PATIENCE));
	ASSERT_EQ(1, is_ready(self->server, POLLIN, PATIENCE));
	got = accept(self->server, &from.sa, &from.len);
	ASSERT_LE(0, got);
	EXPECT_EQ(1, is_at(family, &from, CLIENT));
	/* it holds an address, but is no client's connection */
	EXPECT_EQ(EPERM, spoof(tcp(family), family, fd, 0));
	EXPECT_EQ(EISCONN, spoof(fd, family, self->accepted, 0));

	/* another one, from the address that it was given or another */
	ASSERT_EQ(0, disconnect(fd));
	rebind(fd, family, VICTIM, 0);
	connect_to(fd, family, ORIGIN, 80);
	EXPECT_EQ(0, WATCH(is_stray));
	EXPECT_EQ(0, is_ready(self->server, POLLIN, 0));
}

LAB_TEST(possession_of_a_live_connection)
{
	int family = variant->family, copy = dup(self->accepted);

	EXPECT_EQ(0, spoof(tcp(family), family, copy, 0));
	EXPECT_EQ(0, spoof(tcp(family), family, self->accepted, 0));
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	ASSERT_EQ(1, is_ready(self->accepted, POLLIN, PATIENCE));
	EXPECT_EQ(0, spoof(tcp(family), family, self->accepted, 0));	/* it waits for the answer */
	ASSERT_EQ(0, shutdown(copy, SHUT_WR));
	EXPECT_EQ(EPERM, spoof(tcp(family), family, self->accepted, 0));
	close(self->client);
	EXPECT_EQ(EPERM, spoof(tcp(family), family, self->accepted, 0));
}

LAB_TEST(a_connection_that_was_disconnected)
{
	int family = variant->family;

	ASSERT_EQ(0, disconnect(self->accepted));
	EXPECT_EQ(EPERM, spoof(tcp(family), family, self->accepted, 0));
	rebind(self->accepted, family, VICTIM, 0);
	EXPECT_EQ(0, connect_to(self->accepted, family, ORIGIN, 80));
	EXPECT_EQ(0, WATCH(is_stray));
	EXPECT_EQ(EPERM, spoof(tcp(family), family, self->accepted, 0));
}

LAB_TEST(another_address_than_was_given)
{
	int family = variant->family, fd = tcp(family);

	ASSERT_EQ(0, spoof(fd, family, self->accepted, 0));
	ASSERT_EQ(0, rebind(fd, family, VICTIM, 0));
	EXPECT_EQ(0, connect_to(fd, family, ORIGIN, 80));
	EXPECT_EQ(0, WATCH(is_stray));
	/* that was its only try */
	ASSERT_EQ(0, disconnect(fd));
	EXPECT_EQ(EADDRNOTAVAIL, rebind(fd, family, VICTIM, 0));
}

/* Both SYNs cross: what answers is no SYN of a socket in SYN_SENT any more. */
LAB_TEST(crossing_syns)
{
	int family = variant->family;

	ASSERT_EQ(0, disconnect(self->accepted));
	rebind(self->accepted, family, VICTIM, 5000);
	EXPECT_EQ(0, connect_to(self->accepted, family, ORIGIN, 80));
	EXPECT_EQ(0, WATCH(is_stray));
	EXPECT_EQ(0, connect_to(self->crossing, family, VICTIM, 5000));
	EXPECT_EQ(0, WATCH(is_stray));
	EXPECT_EQ(0, is_ready(self->crossing, POLLOUT, 1000));
	EXPECT_EQ(0, is_ready(self->accepted, POLLOUT, 0));
}

/* The ports are gone, and with them the hooks that take packets; the transparent sockets are not. */
LAB_TEST(after_the_last_port)
{
	int family = variant->family, fd = tcp(family);

	ASSERT_EQ(0, spoof(fd, family, self->accepted, 0));
	ASSERT_EQ(0, privilege_take());
	ASSERT_EQ(0, command(&self->genl, TIPH_CMD_PORT_DEL));
	ASSERT_EQ(0, privilege_drop());
	ASSERT_EQ(0, disconnect(self->accepted));
	rebind(self->accepted, family, VICTIM, 0);
	connect_to(self->accepted, family, ORIGIN, 80);
	rebind(fd, family, VICTIM, 0);
	connect_to(fd, family, ORIGIN, 80);
	EXPECT_EQ(0, WATCH(is_stray));
}

/* The module's next life has other keys; that these sockets are ours it must know nevertheless. */
LAB_TEST(after_another_load_of_the_module)
{
	int family = variant->family, fd = tcp(family);

	ASSERT_EQ(0, spoof(fd, family, self->accepted, 0));
	ASSERT_EQ(0, privilege_take());
	close(self->genl.fd);
	ASSERT_EQ(0, system("rmmod tiphares"));
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, command(&self->genl, TIPH_CMD_PORT_SET));
	ASSERT_EQ(0, privilege_drop());
	EXPECT_EQ(EPERM, spoof(tcp(family), family, self->accepted, 0));
	ASSERT_EQ(0, disconnect(self->accepted));
	rebind(self->accepted, family, VICTIM, 0);
	connect_to(self->accepted, family, ORIGIN, 80);
	rebind(fd, family, VICTIM, 0);
	connect_to(fd, family, ORIGIN, 80);
	EXPECT_EQ(0, WATCH(is_stray));
}

LAB_TEST(a_spoofed_socket_that_listens)
{
	int family = variant->family, fd = tcp(family);

	ASSERT_EQ(0, spoof(fd, family, self->accepted, 0));
	ASSERT_EQ(0, rebind(fd, family, VICTIM, 8000));
	EXPECT_EQ(0, listen(fd, 8));
	ASSERT_EQ(0, privilege_take());
	EXPECT_EQ(EBUSY, make_listener(fd, family));
}

/* A commit changes what is accepted from then on. */
LAB_TEST(a_port_that_is_not_outbound_any_more)
{
	int family = variant->family;
	struct message msg;
	struct answer answer;

	ASSERT_EQ(0, privilege_take());
	msg_init(&msg, self->genl.family, TIPH_CMD_PORT_SET, 0);
	msg_u32(&msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE);
	msg_end(&msg, msg_port(&msg, "web", TIPH_MODE_INBOUND, LISTEN, 80));
	genl_ask(&self->genl, &msg, &answer);
	ASSERT_EQ(0, answer.err);
	ASSERT_EQ(0, privilege_drop());
	EXPECT_EQ(0, spoof(tcp(family), family, self->accepted, 0));
}

TEST_HARNESS_MAIN
