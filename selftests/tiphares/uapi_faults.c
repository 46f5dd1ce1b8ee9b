// SPDX-License-Identifier: GPL-2.0-only
/*
 * No memory: each request again and again, the kernel made to fail at its first allocation, at its second, and so on,
 * until the request gets through all of them. Whatever fails, what was asked for is there whole or not at all, and
 * nothing is left behind. On the debug kernel only, which can be made to fail.
 *
 * The kernel counts allocations of this thread while it is in a system call: also those of netlink itself, which may
 * lose an answer. So it is the state that is looked at, not the answer.
 */
#include <sys/syscall.h>

#include "faults_lib.h"
#include "uapi_lab.h"

#define STEPS_MAX 4000

/* Behind module_wanted(): what can't be made to fail is no place for this. */
static void __attribute__((constructor)) faults_wanted(void)
{
	if (faults_begin())
		return;
	printf("TAP version 13\n1..0 # SKIP this kernel can't be made to fail\n");
	exit(KSFT_SKIP);
}

static void prefix(struct message *msg, __u16 type, const char *addr, __u8 len)
{
	struct tiph_prefix prefix = { .family = strchr(addr, ':') ? AF_INET6 : AF_INET, .len = len };

	inet_pton(prefix.family, addr, prefix.addr);
	msg_put(msg, type, &prefix, sizeof(prefix));
}

static void entry(struct message *msg, const char *addr, __u8 len, __u32 ttl)
{
	struct nlattr *nest = msg_nest(msg, TIPH_A_BYPASS);

	prefix(msg, TIPH_BYPASS_DESTINATION, addr, len);
	if (ttl)
		msg_u32(msg, TIPH_BYPASS_TTL, ttl);
	msg_end(msg, nest);
}

/* With all lists. */
static void big_port(struct message *msg, const char *name, __u16 listen)
{
	struct nlattr *port = msg_port(msg, name, TIPH_MODE_FULL, listen, 80), *list;
	const __u16 lists[] = { TIPH_PORT_SOURCES, TIPH_PORT_DESTINATIONS, TIPH_PORT_EXCEPT_SOURCES, TIPH_PORT_EXCEPT_DESTINATIONS };

	list = msg_nest(msg, TIPH_PORT_IFNAMES);
	msg_str(msg, TIPH_LIST_ENTRY, "lan0");
	msg_str(msg, TIPH_LIST_ENTRY, "lan1");
	msg_end(msg, list);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		list = msg_nest(msg, lists[i]);
		prefix(msg, TIPH_LIST_ENTRY, "10.0.0.0", 8);
		prefix(msg, TIPH_LIST_ENTRY, "fd00::", 8);
		msg_end(msg, list);
	}
	msg_end(msg, port);
}

/* What there is: ports, and entries of the three lists. Nothing must fail meanwhile. */
struct state {
	int ports, entries[3];
};

static int count(struct genl *genl, __u8 cmd, int kind)
{
	static struct message msg;
	struct answer answer;

	msg_init(&msg, genl->family, cmd, NLM_F_DUMP);
	if (kind >= 0)
		msg_u8(&msg, TIPH_A_BYPASS_KIND, (__u8)kind);
	return genl_ask(genl, &msg, &answer);
}

static struct state look(struct genl *genl)
{
	struct state state = { .ports = count(genl, TIPH_CMD_PORT_GET, -1) };

	for (int kind = 0; kind < 3; kind++)
		state.entries[kind] = count(genl, TIPH_CMD_BYPASS_GET, kind);
	return state;
}

static int same(struct state a, struct state b)
{
	return !memcmp(&a, &b, sizeof(a));
}

enum request { SET, REPLACE, DEL, LIST_ADD, LIST_REPLACE, LIST_DEL, NEVER_ADD, DYNAMIC_ADD, DYNAMIC_DEL, FLUSH, PORT, INFO,
	       EXPLAIN, BEAT };

static void tuple(struct message *msg)
{
	struct nlattr *nest = msg_nest(msg, TIPH_A_TUPLE);

	prefix(msg, TIPH_TUPLE_SOURCE, "127.0.0.9", 32);
	prefix(msg, TIPH_TUPLE_DESTINATION, "192.0.2.1", 32);
	msg_u16(msg, TIPH_TUPLE_DPORT, 80);
	msg_u32(msg, TIPH_TUPLE_IFINDEX, 1);
	msg_end(msg, nest);
}

static void build(struct message *msg, __u16 family, enum request request)
{
	static const __u8 commands[] = {
		TIPH_CMD_PORT_SET, TIPH_CMD_PORT_SET, TIPH_CMD_PORT_DEL, TIPH_CMD_BYPASS_ADD, TIPH_CMD_BYPASS_ADD,
		TIPH_CMD_BYPASS_DEL, TIPH_CMD_BYPASS_ADD, TIPH_CMD_BYPASS_ADD, TIPH_CMD_BYPASS_DEL, TIPH_CMD_BYPASS_FLUSH,
		TIPH_CMD_PORT_GET, TIPH_CMD_GET_INFO, TIPH_CMD_EXPLAIN, TIPH_CMD_HEARTBEAT,
	};
	struct nlattr *nest;

	msg_init(msg, family, commands[request], 0);
	if (request == REPLACE || request == LIST_REPLACE)
		msg_u32(msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE);
	if (request >= LIST_ADD && request <= FLUSH)
		msg_u8(msg, TIPH_A_BYPASS_KIND, request <= LIST_DEL ? TIPH_BYPASS_STATIC :
		       request == NEVER_ADD ? TIPH_BYPASS_NEVER : TIPH_BYPASS_DYNAMIC);
	switch (request) {
	case SET:
		big_port(msg, "more", LISTEN + 2);
		big_port(msg, "another", LISTEN + 3);
		break;
	case REPLACE:
		big_port(msg, "instead", LISTEN + 1);
		break;
	case PORT:
		nest = msg_nest(msg, TIPH_A_PORT);
		msg_str(msg, TIPH_PORT_NAME, "web");
		msg_end(msg, nest);
		break;
	case LIST_ADD:
	case NEVER_ADD:
		entry(msg, "198.18.0.0", 16, 0);
		entry(msg, "2001:db8:1::", 48, 0);
		break;
	case LIST_REPLACE:
		entry(msg, "198.19.0.0", 16, 0);
		break;
	case LIST_DEL:
		entry(msg, "192.0.2.9", 32, 0);
		break;
	case DYNAMIC_ADD:
		entry(msg, "198.18.0.7", 32, 1000000);
		break;
	case DYNAMIC_DEL:
		entry(msg, "198.18.0.9", 32, 0);
		break;
	case EXPLAIN:
		tuple(msg);
		break;
	default:
		break;
	}
}

/* Where each request begins: a port, an entry of each list. Made anew, all before is gone. */
static int begin(struct genl *genl)
{
	static struct message msg;
	struct answer answer;
	int err = 0;

	for (int kind = 0; kind < 3 && !err; kind++) {
		msg_init(&msg, genl->family, TIPH_CMD_BYPASS_FLUSH, 0);
		msg_u8(&msg, TIPH_A_BYPASS_KIND, (__u8)kind);
		err = genl_ask(genl, &msg, &answer) < 0 || answer.err;
	}
	/* behind all of that: the never list as it was may have what is to be added here */
	for (int kind = 0; kind < 3 && !err; kind++) {
		msg_init(&msg, genl->family, TIPH_CMD_BYPASS_ADD, 0);
		msg_u8(&msg, TIPH_A_BYPASS_KIND, (__u8)kind);
		entry(&msg, kind == TIPH_BYPASS_DYNAMIC ? "198.18.0.9" : "192.0.2.9", 32, kind == TIPH_BYPASS_DYNAMIC ? 1000000 : 0);
		err = err || genl_ask(genl, &msg, &answer) < 0 || answer.err;
	}
	msg_init(&msg, genl->family, TIPH_CMD_PORT_SET, 0);
	msg_u32(&msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE | TIPH_FLAG_OWN);
	msg_end(&msg, msg_port(&msg, "web", TIPH_MODE_FULL, LISTEN, 80));
	return err || genl_ask(genl, &msg, &answer) < 0 || answer.err;
}

/* An error that was not read yet would be taken for the next one's. */
static void forget_errors(struct genl *genl)
{
	static char buf[1 << 16];
	int err;
	socklen_t len = sizeof(err);

	getsockopt(genl->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	while (recv(genl->fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		continue;
	getsockopt(genl->fd, SOL_SOCKET, SO_ERROR, &err, &len);
}

FIXTURE(faults) {
	struct genl genl;
};

FIXTURE_VARIANT(faults) {
	enum request request;
};

#define VARIANT(name, what) FIXTURE_VARIANT_ADD(faults, name) { .request = what }
VARIANT(ports_set, SET);
VARIANT(ports_replaced, REPLACE);
VARIANT(ports_removed, DEL);
VARIANT(list_added_to, LIST_ADD);
VARIANT(list_replaced, LIST_REPLACE);
VARIANT(list_removed_from, LIST_DEL);
VARIANT(never_list, NEVER_ADD);
VARIANT(dynamic_added, DYNAMIC_ADD);
VARIANT(dynamic_removed, DYNAMIC_DEL);
VARIANT(dynamic_flushed, FLUSH);
VARIANT(port_asked_for, PORT);
VARIANT(info, INFO);
VARIANT(explained, EXPLAIN);
VARIANT(heartbeat, BEAT);

FIXTURE_SETUP(faults)
{
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, namespace_own());
	ASSERT_EQ(0, genl_open(&self->genl));
}

FIXTURE_TEARDOWN(faults)
{
	fault_at(0);
	close(self->genl.fd);
	module_unload();
}

TEST_F_TIMEOUT(faults, whole_or_not_at_all, 600)
{
	struct state before, after, now;
	struct message *msg = malloc(sizeof(*msg));
	struct answer answer;
	int n, failures = 0;

	/* without a fault: what it is to come to */
	ASSERT_EQ(0, begin(&self->genl));
	before = look(&self->genl);
	build(msg, self->genl.family, variant->request);
	ASSERT_LE(0, genl_ask(&self->genl, msg, &answer));
	ASSERT_EQ(0, answer.err) {
		TH_LOG("%s", answer.text);
	}
	after = look(&self->genl);
	if (variant->request <= FLUSH && variant->request != REPLACE && variant->request != LIST_REPLACE)
		ASSERT_EQ(0, same(before, after));

	for (n = 1; n < STEPS_MAX; n++) {
		int sent;

		ASSERT_EQ(0, begin(&self->genl));
		build(msg, self->genl.family, variant->request);
		fault_at(n);
		sent = send(self->genl.fd, msg, msg->nlh.nlmsg_len, 0);
		if (!fault_happened())
			break;
		failures++;
		forget_errors(&self->genl);
		now = look(&self->genl);
		EXPECT_EQ(1, same(now, before) || same(now, after)) {
			TH_LOG("allocation %d failed, send gave %d: %d ports, %d %d %d entries", n, sent, now.ports,
			       now.entries[0], now.entries[1], now.entries[2]);
		}
	}
	forget_errors(&self->genl);
	EXPECT_LT(n, STEPS_MAX);
	EXPECT_LT(0, failures);
	TH_LOG("%d allocations failed", failures);
	EXPECT_EQ(1, same(look(&self->genl), after));
	free(msg);
}

FIXTURE(module) {
	struct genl genl;
};

FIXTURE_SETUP(module)
{
	ASSERT_EQ(0, module_load());
}

FIXTURE_TEARDOWN(module)
{
	fault_at(0);
	module_unload();
}

/* All that a namespace has is made with its first port. */
TEST_F_TIMEOUT(module, the_first_port, 900)
{
	struct message *msg = malloc(sizeof(*msg));
	int n, ports = 0;

	for (n = 1; n < STEPS_MAX; n++) {
		int failed;

		ASSERT_EQ(0, unshare(CLONE_NEWNET));
		ASSERT_EQ(0, genl_open(&self->genl));
		build(msg, self->genl.family, REPLACE);
		fault_at(n);
		send(self->genl.fd, msg, msg->nlh.nlmsg_len, 0);
		failed = fault_happened();
		forget_errors(&self->genl);
		ports = count(&self->genl, TIPH_CMD_PORT_GET, -1);
		EXPECT_LE(0, ports);
		EXPECT_GE(1, ports);
		/* what was left half made is used by the next try */
		ASSERT_LE(0, send(self->genl.fd, msg, msg->nlh.nlmsg_len, 0));
		forget_errors(&self->genl);
		EXPECT_EQ(1, count(&self->genl, TIPH_CMD_PORT_GET, -1)) {
			TH_LOG("after allocation %d had failed", n);
		}
		close(self->genl.fd);
		if (!failed)
			break;
	}
	TH_LOG("%d allocations failed", n - 1);
	EXPECT_LT(n, STEPS_MAX);
	EXPECT_LT(5, n);
	EXPECT_EQ(1, ports);
	free(msg);
}

static int insert(void)
{
	char path[256];
	int fd, err;

	snprintf(path, sizeof(path), "%s/kmod-%s/tiphares.ko", getenv("TIPH_BUILD"), getenv("TIPH_KERNEL"));
	fd = open(path, O_RDONLY);
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

/* Loading: what was begun is taken back, so that the next try finds nothing of it. */
TEST_F_TIMEOUT(module, loading, 1200)
{
	int n, loaded = 0;

	module_unload();
	for (n = 1; n < STEPS_MAX; n++) {
		int err, failed;

		fault_at(n);
		err = insert();
		failed = fault_happened();
		loaded += !err;
		if (!err)
			ASSERT_EQ(0, syscall(SYS_delete_module, "tiphares", 0));
		if (!failed)
			break;
	}
	TH_LOG("%d allocations failed, %d times it was loaded all the same", n - 1, loaded - 1);
	EXPECT_LT(n, STEPS_MAX);
	EXPECT_LT(20, n);
	EXPECT_LT(0, loaded);
}

/* A socket is spoofed, or is as it was. */
LAB_TEST(spoofing)
{
	int family = variant->family, n;

	/* who makes the kernel fail has to be root; the socket option does not ask */
	ASSERT_EQ(0, privilege_take());
	for (n = 1; n < STEPS_MAX; n++) {
		int fd = tcp(family), err, failed;
		struct addr own = { .len = sizeof(own.in6) };

		fault_at(n);
		err = spoof(fd, family, self->accepted, TIPH_SPOOF_CONNECT);
		failed = fault_happened();
		if (err && err != EINPROGRESS) {
			ASSERT_EQ(0, getsockname(fd, &own.sa, &own.len));
			EXPECT_EQ(0, is_at(family, &own, CLIENT)) {
				TH_LOG("allocation %d failed with %d, and yet it has the client's address", n, err);
			}
			err = spoof(fd, family, self->accepted, TIPH_SPOOF_CONNECT);
			EXPECT_EQ(EINPROGRESS, err) {
				TH_LOG("allocation %d had failed, then %d", n, err);
			}
		}
		close(fd);
		if (!failed)
			break;
	}
	TH_LOG("%d allocations failed", n - 1);
	EXPECT_LT(n, STEPS_MAX);
	EXPECT_LT(1, n);
}

TEST_HARNESS_MAIN
