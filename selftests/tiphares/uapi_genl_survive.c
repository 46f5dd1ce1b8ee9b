// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink, what keeps the network alive: heartbeats, bypass entries,
 * shares and marks of ports, explanations. What is malformed is refused with a
 * reason, and who has no right neither changes nor learns anything.
 */
#include "uapi_genl.h"

#define WEB() msg_port(&self->msg, "web", TIPH_MODE_FULL, 8080, 80)

static void put_prefix(struct message *msg, __u16 type, __u8 family, __u8 len, const char *addr)
{
	struct tiph_prefix prefix = { .family = family, .len = len };

	inet_pton(family, addr, prefix.addr);
	msg_put(msg, type, &prefix, sizeof(prefix));
}

/* An entry for a destination, of the family that @addr is written in. */
static struct nlattr *entry(struct message *msg, const char *addr, __u8 len)
{
	struct nlattr *nest = msg_nest(msg, TIPH_A_BYPASS);

	if (addr)
		put_prefix(msg, TIPH_BYPASS_DESTINATION, strchr(addr, ':') ? AF_INET6 : AF_INET, len, addr);
	return nest;
}

static int count_entries(struct genl *genl)
{
	struct message msg;
	struct answer answer;
	int n;

	msg_init(&msg, genl->family, TIPH_CMD_BYPASS_GET, NLM_F_DUMP);
	n = genl_ask(genl, &msg, &answer);
	return answer.err ? -answer.err : n;
}

TEST_F(genl, heartbeats_are_the_owners)
{
	BEGIN(TIPH_CMD_HEARTBEAT);
	EXPECT_REFUSED(EPERM, "only the owner", -1);
	BEGIN(TIPH_CMD_PORT_SET);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAG_OWN);
	EXPECT_DONE();
	BEGIN(TIPH_CMD_HEARTBEAT);
	EXPECT_DONE();
	BEGIN(TIPH_CMD_HEARTBEAT);
	msg_u32(&self->msg, TIPH_A_HEARTBEAT, TIPH_HEARTBEAT_MIN - 1);
	EXPECT_REFUSED(ERANGE, "100 to 600000", TIPH_A_HEARTBEAT);
	BEGIN(TIPH_CMD_HEARTBEAT);
	msg_u32(&self->msg, TIPH_A_HEARTBEAT, TIPH_HEARTBEAT_MAX + 1);
	EXPECT_REFUSED(ERANGE, "100 to 600000", TIPH_A_HEARTBEAT);
	BEGIN(TIPH_CMD_HEARTBEAT);
	msg_u8(&self->msg, TIPH_A_OVERLOAD, 2);
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_A_OVERLOAD);
	BEGIN(TIPH_CMD_HEARTBEAT);
	msg_u32(&self->msg, TIPH_A_HEARTBEAT, 0);
	msg_u8(&self->msg, TIPH_A_OVERLOAD, 1);
	EXPECT_DONE();
	BEGIN(TIPH_CMD_PORT_SET);
	msg_u32(&self->msg, TIPH_A_HEARTBEAT, 1000);
	EXPECT_REFUSED(EINVAL, "Unsupported attribute", TIPH_A_HEARTBEAT);
}

TEST_F(genl, shares_and_marks)
{
	static const struct { __u16 type; __u16 value; int err; } cases[] = {
		{ TIPH_PORT_SAMPLE, 0, 0 },
		{ TIPH_PORT_SAMPLE, TIPH_SHARE, 0 },
		{ TIPH_PORT_SAMPLE, TIPH_SHARE + 1, ERANGE },
		{ TIPH_PORT_SHED_HIGH, TIPH_SHARE, 0 },
		{ TIPH_PORT_SHED_HIGH, TIPH_SHARE + 1, ERANGE },
		{ TIPH_PORT_SHED_LOW, TIPH_SHARE + 1, ERANGE },
	};
	struct nlattr *nest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		BEGIN(TIPH_CMD_PORT_SET);
		nest = WEB();
		msg_u16(&self->msg, cases[i].type, cases[i].value);
		msg_end(&self->msg, nest);
		if (cases[i].err)
			EXPECT_REFUSED(cases[i].err, "out of range", cases[i].type);
		else
			EXPECT_DONE();
	}
	BEGIN(TIPH_CMD_PORT_SET);
	nest = WEB();
	msg_u16(&self->msg, TIPH_PORT_SHED_HIGH, 5000);
	msg_u16(&self->msg, TIPH_PORT_SHED_LOW, 5000);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "not below", TIPH_A_PORT);
	BEGIN(TIPH_CMD_PORT_SET);
	nest = WEB();
	msg_u8(&self->msg, TIPH_PORT_DRY_RUN, 2);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_PORT_DRY_RUN);
	BEGIN(TIPH_CMD_PORT_SET);
	nest = msg_port(&self->msg, "out", TIPH_MODE_OUTBOUND, 8080, 0);
	msg_u16(&self->msg, TIPH_PORT_SAMPLE, 5000);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "no sample", TIPH_A_PORT);
	BEGIN(TIPH_CMD_PORT_SET);
	nest = WEB();
	msg_u32(&self->msg, TIPH_PORT_STATE, 0);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "Unsupported attribute", TIPH_PORT_STATE);
}

TEST_F(genl, a_list_without_its_kind)
{
	static const __u8 commands[] = { TIPH_CMD_BYPASS_ADD, TIPH_CMD_BYPASS_DEL, TIPH_CMD_BYPASS_FLUSH };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		BEGIN(commands[i]);
		EXPECT_REFUSED(EINVAL, "which list", -1);
		BEGIN(commands[i]);
		msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_NEVER + 1);
		EXPECT_REFUSED(ERANGE, "out of range", TIPH_A_BYPASS_KIND);
	}
}

TEST_F(genl, messages_without_entries)
{
	BEGIN(TIPH_CMD_BYPASS_ADD);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_STATIC);
	EXPECT_REFUSED(EINVAL, "no entry", -1);
	BEGIN(TIPH_CMD_BYPASS_DEL);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_DYNAMIC);
	EXPECT_REFUSED(EINVAL, "no entry", -1);
	BEGIN(TIPH_CMD_BYPASS_ADD);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_STATIC);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE);
	EXPECT_DONE();
	BEGIN(TIPH_CMD_BYPASS_ADD);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_DYNAMIC);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE);
	EXPECT_REFUSED(EINVAL, "not replaced as a whole", -1);
	BEGIN(TIPH_CMD_BYPASS_ADD);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_STATIC);
	msg_u32(&self->msg, TIPH_A_FLAGS, TIPH_FLAG_OWN);
	EXPECT_REFUSED(EINVAL, "reserved bit", TIPH_A_FLAGS);
	BEGIN(TIPH_CMD_BYPASS_ADD);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_NEVER);
	msg_u32(&self->msg, TIPH_A_BYPASS_LIMIT, 7);
	EXPECT_REFUSED(EINVAL, "dynamic entries has a limit", -1);
	BEGIN(TIPH_CMD_BYPASS_ADD);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_DYNAMIC);
	msg_u32(&self->msg, TIPH_A_BYPASS_LIMIT, 0);
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_A_BYPASS_LIMIT);
}

#define ADD(kind) do {							\
	BEGIN(TIPH_CMD_BYPASS_ADD);					\
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, kind);			\
} while (0)

TEST_F(genl, malformed_entries)
{
	struct nlattr *nest;

	ADD(TIPH_BYPASS_STATIC);
	msg_end(&self->msg, entry(&self->msg, NULL, 0));
	EXPECT_REFUSED(EINVAL, "a source, a destination or a port", TIPH_A_BYPASS);
	ADD(TIPH_BYPASS_STATIC);
	msg_end(&self->msg, entry(&self->msg, "192.0.2.1", 24));
	EXPECT_REFUSED(EINVAL, "bits set behind", TIPH_A_BYPASS);
	ADD(TIPH_BYPASS_NEVER);
	msg_end(&self->msg, entry(&self->msg, "192.0.2.1", 33));
	EXPECT_REFUSED(EINVAL, "longer than", TIPH_A_BYPASS);
	ADD(TIPH_BYPASS_STATIC);
	nest = entry(&self->msg, "192.0.2.1", 32);
	put_prefix(&self->msg, TIPH_BYPASS_SOURCE, AF_INET6, 128, "2001:db8::1");
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "different families", TIPH_A_BYPASS);
	ADD(TIPH_BYPASS_STATIC);
	nest = entry(&self->msg, "2001:db8::1", 128);
	msg_u32(&self->msg, TIPH_BYPASS_TTL, 1000);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "only a dynamic entry", TIPH_A_BYPASS);
	ADD(TIPH_BYPASS_DYNAMIC);
	msg_end(&self->msg, entry(&self->msg, "2001:db8::1", 128));
	EXPECT_REFUSED(EINVAL, "needs a TTL", TIPH_A_BYPASS);
	ADD(TIPH_BYPASS_DYNAMIC);
	nest = entry(&self->msg, "2001:db8::1", 128);
	msg_u32(&self->msg, TIPH_BYPASS_TTL, 0);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_BYPASS_TTL);
	ADD(TIPH_BYPASS_DYNAMIC);
	nest = entry(&self->msg, "2001:db8::1", 128);
	msg_u32(&self->msg, TIPH_BYPASS_TTL, TIPH_BYPASS_TTL_MAX);
	msg_u8(&self->msg, TIPH_BYPASS_REASON, TIPH_BYPASS_REASON_MAX + 1);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(ERANGE, "out of range", TIPH_BYPASS_REASON);
	ADD(TIPH_BYPASS_STATIC);
	nest = entry(&self->msg, "2001:db8::1", 128);
	msg_u8(&self->msg, TIPH_BYPASS_END, 0);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "Unsupported attribute", TIPH_BYPASS_END);
	BEGIN(TIPH_CMD_BYPASS_DEL);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_DYNAMIC);
	nest = entry(&self->msg, "2001:db8::1", 128);
	msg_u32(&self->msg, TIPH_BYPASS_TTL, 1000);
	msg_end(&self->msg, nest);
	EXPECT_REFUSED(EINVAL, "Unsupported attribute", TIPH_BYPASS_TTL);
	EXPECT_EQ(0, count_entries(&self->genl));
}

TEST_F(genl, static_entries_are_all_or_none)
{
	ADD(TIPH_BYPASS_STATIC);
	msg_end(&self->msg, entry(&self->msg, "192.0.2.1", 32));
	msg_end(&self->msg, entry(&self->msg, "2001:db8::1", 128));
	EXPECT_DONE();
	EXPECT_EQ(2, count_entries(&self->genl));
	ADD(TIPH_BYPASS_STATIC);
	msg_end(&self->msg, entry(&self->msg, "192.0.2.2", 32));
	msg_end(&self->msg, entry(&self->msg, "192.0.2.3", 24));
	EXPECT_REFUSED(EINVAL, "bits set behind", TIPH_A_BYPASS);
	EXPECT_EQ(2, count_entries(&self->genl));
	BEGIN(TIPH_CMD_BYPASS_DEL);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_STATIC);
	msg_end(&self->msg, entry(&self->msg, "192.0.2.1", 32));
	msg_end(&self->msg, entry(&self->msg, "192.0.2.9", 32));
	EXPECT_REFUSED(ENOENT, "no such entry", -1);
	EXPECT_EQ(2, count_entries(&self->genl));
	BEGIN(TIPH_CMD_BYPASS_FLUSH);
	msg_u8(&self->msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_STATIC);
	EXPECT_DONE();
	EXPECT_EQ(0, count_entries(&self->genl));
}

/* The shapes of entries are what a lookup costs. */
TEST_F(genl, too_many_shapes)
{
	struct nlattr *nest;
	unsigned int i;

	ADD(TIPH_BYPASS_STATIC);
	for (i = 0; i <= TIPH_BYPASS_SHAPES_MAX; i++) {
		nest = entry(&self->msg, "0.0.0.0", i % 33);
		put_prefix(&self->msg, TIPH_BYPASS_SOURCE, AF_INET, i / 33, "0.0.0.0");
		msg_end(&self->msg, nest);
	}
	EXPECT_REFUSED(EINVAL, "combinations of prefix lengths", -1);
	EXPECT_EQ(0, count_entries(&self->genl));
}

#define TUPLE(source, destination, family, len, dport) do {			\
	struct nlattr *nest;							\
										\
	BEGIN(TIPH_CMD_EXPLAIN);						\
	nest = msg_nest(&self->msg, TIPH_A_TUPLE);				\
	put_prefix(&self->msg, TIPH_TUPLE_SOURCE, AF_INET, len, source);	\
	put_prefix(&self->msg, TIPH_TUPLE_DESTINATION, family,			\
		   (family) == AF_INET ? 32 : 128, destination);		\
	if (dport)								\
		msg_u16(&self->msg, TIPH_TUPLE_DPORT, dport);			\
	msg_u32(&self->msg, TIPH_TUPLE_IFINDEX, 1);				\
	msg_end(&self->msg, nest);						\
} while (0)

TEST_F(genl, explanations)
{
	BEGIN(TIPH_CMD_EXPLAIN);
	EXPECT_REFUSED(EINVAL, "a source and a destination", -1);
	TUPLE("192.0.2.1", "198.51.100.1", AF_INET, 32, 0);
	EXPECT_REFUSED(EINVAL, "a destination port", -1);
	TUPLE("192.0.2.0", "198.51.100.1", AF_INET, 24, 80);
	EXPECT_REFUSED(EINVAL, "as long as its family", -1);
	TUPLE("192.0.2.1", "2001:db8::1", AF_INET6, 32, 80);
	EXPECT_REFUSED(EINVAL, "different families", -1);
	TUPLE("192.0.2.1", "198.51.100.1", AF_INET, 32, 80);
	EXPECT_DONE();
}

TEST_F(genl, without_the_capability)
{
	static const __u8 commands[] = { TIPH_CMD_HEARTBEAT, TIPH_CMD_BYPASS_ADD, TIPH_CMD_BYPASS_DEL,
					 TIPH_CMD_BYPASS_FLUSH, TIPH_CMD_EXPLAIN };
	size_t i;

	ADD(TIPH_BYPASS_STATIC);
	msg_end(&self->msg, entry(&self->msg, "192.0.2.1", 32));
	EXPECT_DONE();
	ASSERT_EQ(0, privilege_drop());
	close(self->genl.fd);
	ASSERT_EQ(0, genl_open(&self->genl));

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		BEGIN(commands[i]);
		EXPECT_REFUSED(EPERM, "", -1);
	}
	EXPECT_EQ(-EPERM, count_entries(&self->genl));

	ASSERT_EQ(0, privilege_take());
	close(self->genl.fd);
	ASSERT_EQ(0, genl_open(&self->genl));
	EXPECT_EQ(1, count_entries(&self->genl));
}

TEST_HARNESS_MAIN
