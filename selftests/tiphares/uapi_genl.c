// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink: what is malformed is refused with a reason, who has no
 * right changes nothing, and what was refused has changed nothing.
 */
#include "uapi_genl.h"

static int count_ports(struct genl *genl)
{
	struct message msg;
	struct answer answer;

	msg_init(&msg, genl->family, TIPH_CMD_PORT_GET, NLM_F_DUMP);
	return genl_ask(genl, &msg, &answer);
}

static void put_prefix(struct message *msg, __u8 family, __u8 len, const char *addr)
{
	struct tiph_prefix prefix = { .family = family, .len = len };
	struct nlattr *list = msg_nest(msg, TIPH_PORT_SOURCES);

	inet_pton(family, addr, prefix.addr);
	msg_put(msg, TIPH_LIST_ENTRY, &prefix, sizeof(prefix));
	msg_end(msg, list);
}

TEST_F(genl, a_well_formed_port_is_taken)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80));
	EXPECT_DONE();
	EXPECT_EQ(1, count_ports(&self->genl));
}

TEST_F(genl, all_or_nothing)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "good", TIPH_MODE_FULL, 8080, 80));
	msg_end(&self->msg, msg_port(&self->msg, "bad", TIPH_MODE_FULL, 8081, 0));
	EXPECT_REFUSED(EINVAL, "needs destination ports", TIPH_A_PORT);
	EXPECT_EQ(0, count_ports(&self->genl));
}

TEST_F(genl, an_unknown_attribute)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_u32(&self->msg, TIPH_A_MAX + 1, 0);
	EXPECT_REFUSED(EINVAL, "Unknown attribute", TIPH_A_MAX + 1);
}

TEST_F(genl, an_unknown_attribute_of_a_port)
{
	struct nlattr *nest;

	BEGIN(TIPH_CMD_PORT_SET);
	nest = msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80);
	msg_u32(&self->msg, TIPH_PORT_MAX + 1, 0);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "Unknown attribute", TIPH_PORT_MAX + 1);
}

TEST_F(genl, an_attribute_of_another_command)
{
	BEGIN(TIPH_CMD_GET_INFO);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAG_OWN);
	EXPECT_REFUSED(EINVAL, "Unsupported attribute", TIPH_A_FLAGS);
}

TEST_F(genl, an_unknown_flag)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAGS_ALL + 1);
	EXPECT_REFUSED(EINVAL, "reserved bit", TIPH_A_FLAGS);
}

TEST_F(genl, a_header_that_is_not_clean)
{
	BEGIN(TIPH_CMD_GET_INFO);
	self->msg.genl.reserved = 1;
	EXPECT_REFUSED(EINVAL, "reserved field", -1);
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80));
	self->msg.nlh.nlmsg_flags |= NLM_F_EXCL;
	EXPECT_REFUSED(EINVAL, "reserved bits", -1);
	EXPECT_EQ(0, count_ports(&self->genl));
}

TEST_F(genl, an_empty_message)
{
	BEGIN(TIPH_CMD_PORT_SET);
	EXPECT_REFUSED(EINVAL, "sets no port", -1);
}

TEST_F(genl, a_nest_that_does_not_say_so)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80)->nla_type = TIPH_A_PORT;
	EXPECT_REFUSED(EINVAL, "NLA_F_NESTED", TIPH_A_PORT);
}

TEST_F(genl, names)
{
	static const char * const bad[] = { "", "a b", "a/b", "port\n" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		BEGIN(TIPH_CMD_PORT_SET);
		msg_end(&self->msg, msg_port(&self->msg, bad[i], TIPH_MODE_FULL, 8080, 80));
		EXPECT_REFUSED(EINVAL, "the name of a port", TIPH_A_PORT);
	}
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "abcdefghijklmnopqrstuvwxyz.-_012",
				     TIPH_MODE_FULL, 8080, 80));
	EXPECT_REFUSED(EINVAL, "", TIPH_PORT_NAME);
}

TEST_F(genl, values_out_of_range)
{
	struct nlattr *nest;

	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL + 1, 8080, 80));
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_PORT_MODE);
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 0, 80));
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_PORT_LISTEN);
	BEGIN(TIPH_CMD_PORT_SET);
	nest = msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80);
	msg_u8(&self->msg, TIPH_PORT_ON_FAILURE, TIPH_POLICY_RESET + 1);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_PORT_ON_FAILURE);
}

TEST_F(genl, a_match_where_nothing_is_intercepted)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_OUTBOUND, 8080, 80));
	EXPECT_REFUSED(EINVAL, "takes nothing to match", TIPH_A_PORT);
}

TEST_F(genl, a_name_twice)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80));
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 8081, 81));
	EXPECT_REFUSED(EINVAL, "twice", TIPH_A_PORT);
}

TEST_F(genl, a_local_port_twice)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "a", TIPH_MODE_FULL, 8080, 80));
	EXPECT_DONE();
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "b", TIPH_MODE_FULL, 8080, 81));
	EXPECT_REFUSED(EINVAL, "same local port", -1);
	EXPECT_EQ(1, count_ports(&self->genl));
}

TEST_F(genl, prefixes)
{
	static const struct {
		__u8 family;
		__u8 len;
		const char *addr;
		const char *words;
	} bad[] = {
		{ AF_INET, 33, "10.0.0.0", "longer than an address" },
		{ AF_INET6, 129, "fd00::", "longer than an address" },
		{ AF_INET, 8, "10.0.0.1", "bits set behind" },
		{ AF_INET6, 64, "fd00::1", "bits set behind" },
		{ AF_UNIX, 0, "", "neither AF_INET nor AF_INET6" },
	};
	struct nlattr *nest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		BEGIN(TIPH_CMD_PORT_SET);
		nest = msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80);
		put_prefix(&self->msg, bad[i].family, bad[i].len, bad[i].addr);
		msg_end(&self->msg, nest);
		EXPECT_REFUSED(EINVAL, bad[i].words, TIPH_LIST_ENTRY);
	}
}

TEST_F(genl, half_a_number)
{
	struct nlattr *nest;

	BEGIN(TIPH_CMD_PORT_SET);
	nest = msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 0);
	msg_put(&self->msg, TIPH_PORT_DPORTS, "abc", 3);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "16-bit", TIPH_PORT_DPORTS);
}

TEST_F(genl, removing_what_is_not_there_removes_nothing)
{
	struct nlattr *nest;

	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80));
	EXPECT_DONE();
	BEGIN(TIPH_CMD_PORT_DEL);
	nest = msg_nest(&self->msg, TIPH_A_PORT);
	msg_str(&self->msg, TIPH_PORT_NAME, "web");
	msg_end(&self->msg, nest);
	nest = msg_nest(&self->msg, TIPH_A_PORT);
	msg_str(&self->msg, TIPH_PORT_NAME, "nobody");
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(ENOENT, "no port of this name", TIPH_PORT_NAME);
	EXPECT_EQ(1, count_ports(&self->genl));
}

/* A port that takes much of what one part of a dump holds. */
static int set_large(struct genl *genl, struct message *msg, int number)
{
	struct tiph_prefix prefix = { .family = AF_INET6, .len = 128 };
	struct nlattr *port, *list;
	struct answer answer;
	char name[8];
	int i, err;

	snprintf(name, sizeof(name), "p%d", number);
	msg_init(msg, genl->family, TIPH_CMD_PORT_SET, 0);
	port = msg_port(msg, name, TIPH_MODE_FULL, 8080 + number, 80);
	list = msg_nest(msg, TIPH_PORT_EXCEPT_SOURCES);
	for (i = 0; i < TIPH_MATCH_PREFIXES_MAX; i++) {
		prefix.addr[3] = htonl(i);
		msg_put(msg, TIPH_LIST_ENTRY, &prefix, sizeof(prefix));
	}
	msg_end(msg, list);
	msg_end(msg, port);
	err = genl_ask(genl, msg, &answer);
	return err < 0 ? err : answer.err;
}

/* What is gone when a dump goes on has no message of its own: its end has to tell. */
TEST_F(genl, a_dump_of_a_table_that_becomes_shorter)
{
	static char buf[1 << 17];
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	int i, len, replies = 0, interrupted = 0;
	struct genl other;

	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, set_large(&self->genl, &self->msg, i));
	ASSERT_EQ(0, genl_open(&other));
	/* a part of the answer is made now, the others as it is read */
	msg_init(&self->msg, other.family, TIPH_CMD_PORT_GET, NLM_F_DUMP);
	ASSERT_LE(0, send(other.fd, &self->msg, self->msg.nlh.nlmsg_len, 0));
	BEGIN(TIPH_CMD_PORT_DEL);
	EXPECT_DONE();
	do {
		len = recv(other.fd, buf, sizeof(buf), 0);
		ASSERT_LT(0, len);
		for (nlh = (const struct nlmsghdr *)buf; NLMSG_OK(nlh, (unsigned int)len); nlh = NLMSG_NEXT(nlh, len)) {
			replies++;
			interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
			if (nlh->nlmsg_type == NLMSG_DONE)
				break;
		}
	} while (nlh->nlmsg_type != NLMSG_DONE);
	EXPECT_LT(1, replies);
	EXPECT_GT(7, replies);
	EXPECT_NE(0, interrupted);
	close(other.fd);
}

TEST_F(genl, without_the_capability_nothing_changes)
{
	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80));
	EXPECT_DONE();
	ASSERT_EQ(0, privilege_drop());
	close(self->genl.fd);
	ASSERT_EQ(0, genl_open(&self->genl));

	BEGIN(TIPH_CMD_PORT_SET);
	msg_end(&self->msg, msg_port(&self->msg, "other", TIPH_MODE_FULL, 8081, 81));
	EXPECT_REFUSED(EPERM, "", -1);
	BEGIN(TIPH_CMD_PORT_SET);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAG_OWN);
	EXPECT_REFUSED(EPERM, "", -1);
	BEGIN(TIPH_CMD_PORT_DEL);
	EXPECT_REFUSED(EPERM, "", -1);

	BEGIN(TIPH_CMD_GET_INFO);
	EXPECT_DONE();
	EXPECT_EQ(1, count_ports(&self->genl));
}

TEST_HARNESS_MAIN
