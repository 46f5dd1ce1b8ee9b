// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of the family and the socket options: messages made after the policy
 * tables, then damaged, or mere octets; sockets in every state, with options of
 * every size. Half of the time without capabilities. Where the kernel tells
 * which code was come to, messages that came to new code are kept and varied;
 * where it can be made to, allocations fail now and then.
 */
#include <fcntl.h>
#include <sys/time.h>

#include "faults_lib.h"
#include "fuzz_kcov.h"
#include "fuzz_lib.h"

#define SOCKETS 32

static struct fuzz fuzz;
static struct genl genl;
static int sockets[SOCKETS];
static struct kcov kcov;
static bool faults;
static __u64 n_faults;

#define KEPT 512
static struct message *kept[KEPT];	/* each as long as it is */
static __u32 n_kept;

static const char *name(void)
{
	static const char * const names[] = { "a", "b", "web", "", "a b", "abcdefghijklmnopqrstuvwxyz01234" };

	return names[fuzz_below(&fuzz, ARRAY_SIZE(names))];
}

static void put_number(struct message *msg, __u16 type)
{
	static const size_t sizes[] = { 1, 2, 4, 8 };
	__u64 value = fuzz_chance(&fuzz, 2) ? fuzz_below(&fuzz, 5) : fuzz_below(&fuzz, ~0U);

	msg_put(msg, type, &value, sizes[fuzz_below(&fuzz, ARRAY_SIZE(sizes))]);
}

static void put_list(struct message *msg, __u16 type)
{
	struct nlattr *list = msg_nest(msg, type);
	__u32 n = fuzz_below(&fuzz, 6);

	while (n--) {
		struct tiph_prefix prefix = {
			.family = fuzz_chance(&fuzz, 2) ? AF_INET : AF_INET6, .len = (__u8)fuzz_below(&fuzz, 140),
		};

		if (fuzz_chance(&fuzz, 3))
			fuzz_fill(&fuzz, prefix.addr, sizeof(prefix.addr));
		else
			prefix.len = 0;
		if (fuzz_chance(&fuzz, 4))
			msg_str(msg, TIPH_LIST_ENTRY, name());
		else
			msg_put(msg, TIPH_LIST_ENTRY, &prefix, sizeof(prefix) - fuzz_chance(&fuzz, 20));
	}
	msg_end(msg, list);
}

static void put_attribute(struct message *msg)
{
	__u16 type = (__u16)fuzz_below(&fuzz, TIPH_PORT_MAX + 3);
	char octets[300];

	switch (fuzz_below(&fuzz, 4)) {
	case 0:
		put_number(msg, type);
		break;
	case 1:
		put_list(msg, type);
		break;
	case 2:
		msg_str(msg, type, name());
		break;
	default:
		fuzz_fill(&fuzz, octets, sizeof(octets));
		msg_put(msg, type, octets, fuzz_below(&fuzz, sizeof(octets)));
	}
}

static void put_port(struct message *msg)
{
	struct nlattr *nest = msg_port(msg, name(), (__u8)fuzz_below(&fuzz, 5), (__u16)(8080 + fuzz_below(&fuzz, 8)),
				       (__u16)fuzz_below(&fuzz, 3) * 80);
	__u32 n = fuzz_below(&fuzz, 5);

	while (n--)
		put_attribute(msg);
	msg_end(msg, nest);
}

static void put_prefix(struct message *msg, __u16 type)
{
	struct tiph_prefix prefix = { .family = fuzz_chance(&fuzz, 4) ? AF_INET6 : AF_INET };

	/* few of them, so that some are met again */
	prefix.len = prefix.family == AF_INET ? 32 : 128;
	prefix.addr[prefix.family == AF_INET ? 0 : 3] = htonl(0x7f000001 + fuzz_below(&fuzz, 8));
	if (prefix.family == AF_INET6)
		prefix.addr[0] = htonl(0x20010db8);
	if (fuzz_chance(&fuzz, 4)) {
		prefix.len = (__u8)(fuzz_below(&fuzz, 17) * 8);
		memset(prefix.addr, 0, sizeof(prefix.addr));
	}
	msg_put(msg, type, &prefix, sizeof(prefix) - fuzz_chance(&fuzz, 50));
}

static void put_entry(struct message *msg)
{
	struct nlattr *nest = msg_nest(msg, TIPH_A_BYPASS);

	if (!fuzz_chance(&fuzz, 3))
		put_prefix(msg, TIPH_BYPASS_DESTINATION);
	if (fuzz_chance(&fuzz, 3))
		put_prefix(msg, TIPH_BYPASS_SOURCE);
	if (fuzz_chance(&fuzz, 3))
		msg_u16(msg, TIPH_BYPASS_DPORT, (__u16)fuzz_below(&fuzz, 4));
	if (fuzz_chance(&fuzz, 2))
		msg_u32(msg, TIPH_BYPASS_TTL, 1 + fuzz_below(&fuzz, 3000));
	if (fuzz_chance(&fuzz, 6))
		put_number(msg, (__u16)fuzz_below(&fuzz, TIPH_BYPASS_ATTR_MAX + 2));
	msg_end(msg, nest);
}

static void put_tuple(struct message *msg)
{
	struct nlattr *nest = msg_nest(msg, TIPH_A_TUPLE);

	put_prefix(msg, TIPH_TUPLE_SOURCE);
	put_prefix(msg, TIPH_TUPLE_DESTINATION);
	msg_u16(msg, TIPH_TUPLE_DPORT, 80);
	if (fuzz_chance(&fuzz, 2))
		msg_u16(msg, TIPH_TUPLE_SPORT, (__u16)fuzz_below(&fuzz, 65536));
	if (!fuzz_chance(&fuzz, 4))
		msg_u32(msg, TIPH_TUPLE_IFINDEX, 1);
	msg_end(msg, nest);
}

/* What a command is about, mostly that of its own. */
static void put_subject(struct message *msg)
{
	__u32 n = fuzz_below(&fuzz, 4);

	switch (fuzz_chance(&fuzz, 8) ? fuzz_below(&fuzz, TIPH_CMD_MAX) : msg->genl.cmd) {
	case TIPH_CMD_BYPASS_ADD:
	case TIPH_CMD_BYPASS_DEL:
	case TIPH_CMD_BYPASS_GET:
	case TIPH_CMD_BYPASS_FLUSH:
		if (!fuzz_chance(&fuzz, 10))
			msg_u8(msg, TIPH_A_BYPASS_KIND, (__u8)fuzz_below(&fuzz, 3 + fuzz_chance(&fuzz, 10)));
		while (msg->genl.cmd != TIPH_CMD_BYPASS_GET && msg->genl.cmd != TIPH_CMD_BYPASS_FLUSH && n--)
			put_entry(msg);
		if (fuzz_chance(&fuzz, 6))
			msg_u32(msg, TIPH_A_BYPASS_LIMIT, fuzz_below(&fuzz, 20));
		break;
	case TIPH_CMD_EXPLAIN:
		put_tuple(msg);
		break;
	case TIPH_CMD_HEARTBEAT:
		if (fuzz_chance(&fuzz, 2))
			msg_u32(msg, TIPH_A_HEARTBEAT, fuzz_chance(&fuzz, 2) ? 100 : fuzz_below(&fuzz, 700000));
		if (fuzz_chance(&fuzz, 2))
			msg_u8(msg, TIPH_A_OVERLOAD, (__u8)fuzz_below(&fuzz, 3));
		break;
	default:
		while (n--)
			put_port(msg);
	}
}

static void make_message(struct message *msg)
{
	msg_init(msg, genl.family, (__u8)fuzz_below(&fuzz, TIPH_CMD_MAX + 2), fuzz_chance(&fuzz, 3) ? NLM_F_DUMP : 0);
	if (fuzz_chance(&fuzz, 2))
		msg_u32(msg, TIPH_A_FLAGS, fuzz_below(&fuzz, 5));
	put_subject(msg);
	if (fuzz_chance(&fuzz, 4))
		put_number(msg, (__u16)fuzz_below(&fuzz, TIPH_A_MAX + 3));
}

static void keep(const struct message *msg)
{
	__u32 at = n_kept < KEPT ? n_kept++ : fuzz_below(&fuzz, KEPT);

	free(kept[at]);
	kept[at] = malloc(msg->nlh.nlmsg_len);
	memcpy(kept[at], msg, msg->nlh.nlmsg_len);
}

/* Whatever it says, it says something: the answer is read, up to the acknowledgement. */
static void send_message(void)
{
	static struct message msg;
	struct answer answer;
	bool varied = n_kept && fuzz_chance(&fuzz, 2);

	if (varied) {
		const struct message *old = kept[fuzz_below(&fuzz, n_kept)];

		memcpy(&msg, old, old->nlh.nlmsg_len);
	} else {
		make_message(&msg);
	}
	if (varied || fuzz_chance(&fuzz, 3))
		fuzz_damage(&fuzz, msg.attrs, msg.nlh.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	kcov_begin(&kcov);
	if (faults && fuzz_chance(&fuzz, 4))
		fault_at(1 + (int)fuzz_below(&fuzz, 40));
	genl_ask(&genl, &msg, &answer);
	if (kcov_end(&kcov))
		keep(&msg);
	n_faults += faults && fault_happened();
}

static void touch_socket(int *fd)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((__u16)(8080 + fuzz_below(&fuzz, 8))),
	};
	static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM };
	static const int families[] = { AF_INET, AF_INET, AF_INET6, AF_UNIX };
	int other = sockets[fuzz_below(&fuzz, SOCKETS)], new;

	switch (fuzz_below(&fuzz, 7)) {
	case 0:
		close(*fd);
		*fd = socket(families[fuzz_below(&fuzz, 4)], types[fuzz_below(&fuzz, 4)] | SOCK_NONBLOCK, 0);
		break;
	case 1:
		if (bind(*fd, (struct sockaddr *)&addr, sizeof(addr)))
			return;
		break;
	case 2:
		listen(*fd, 4);
		break;
	case 3:
		if (connect(*fd, (struct sockaddr *)&addr, sizeof(addr)))
			return;
		break;
	case 4:
		new = accept4(other, NULL, NULL, SOCK_NONBLOCK);
		if (new < 0)
			return;
		close(*fd);
		*fd = new;
		break;
	case 5:
		shutdown(*fd, (int)fuzz_below(&fuzz, 3));
		break;
	default:
		addr.sin_family = AF_UNSPEC;
		if (connect(*fd, (struct sockaddr *)&addr, sizeof(addr)))
			return;
	}
}

static void set_option(int fd)
{
	union {
		struct tiph_listen listen;
		struct tiph_spoof spoof;
		char octets[128];
	} opt;
	__u32 which = fuzz_below(&fuzz, 3);
	socklen_t len = which ? sizeof(opt.spoof) : sizeof(opt.listen);

	memset(&opt, 0, sizeof(opt));
	if (!which) {
		strcpy(opt.listen.port, name());
	} else {
		opt.spoof.accepted_fd = sockets[fuzz_below(&fuzz, SOCKETS)];
		opt.spoof.flags = fuzz_below(&fuzz, 3);
		opt.spoof.addr[0] = htonl(0x7f000001 + fuzz_below(&fuzz, 3));
		opt.spoof.dport = htons((__u16)(8080 + fuzz_below(&fuzz, 8)));
		opt.spoof.source_port = (__u8)fuzz_below(&fuzz, 5);
	}
	if (fuzz_chance(&fuzz, 4))
		fuzz_damage(&fuzz, &opt, len);
	if (fuzz_chance(&fuzz, 8))
		len = fuzz_below(&fuzz, sizeof(opt));
	setsockopt(fd, fuzz_chance(&fuzz, 3) ? SOL_IPV6 : SOL_IP, TIPH_SO_BASE + (int)fuzz_below(&fuzz, 4), &opt, len);
}

static void get_option(int fd)
{
	char octets[256];
	socklen_t len = fuzz_below(&fuzz, sizeof(octets));

	getsockopt(fd, fuzz_chance(&fuzz, 3) ? SOL_IPV6 : SOL_IP, TIPH_SO_BASE + (int)fuzz_below(&fuzz, 3), octets, &len);
}

static void turn(void)
{
	int *fd = &sockets[fuzz_below(&fuzz, SOCKETS)];

	switch (fuzz_below(&fuzz, 8)) {
	case 0:
	case 1:
		send_message();
		break;
	case 2:
		kcov_begin(&kcov);
		if (faults && fuzz_chance(&fuzz, 4))
			fault_at(1 + (int)fuzz_below(&fuzz, 10));
		set_option(*fd);
		n_faults += faults && fault_happened();
		kcov_end(&kcov);
		break;
	case 3:
		get_option(*fd);
		break;
	default:
		touch_socket(fd);
	}
	if (fuzz_chance(&fuzz, 50) && privilege_drop())
		privilege_take();
	if (fuzz_chance(&fuzz, 25))
		privilege_take();
}

/* One port is set and is then the only one; all are removed. */
static bool serves(void)
{
	struct answer answer;
	struct message msg;

	privilege_take();
	close(genl.fd);
	if (genl_open(&genl))
		return false;
	msg_init(&msg, genl.family, TIPH_CMD_PORT_SET, 0);
	msg_u32(&msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE);
	msg_end(&msg, msg_port(&msg, "web", TIPH_MODE_FULL, 9000, 80));
	if (genl_ask(&genl, &msg, &answer) < 0 || answer.err)
		return false;
	msg_init(&msg, genl.family, TIPH_CMD_PORT_GET, NLM_F_DUMP);
	if (genl_ask(&genl, &msg, &answer) != 1)
		return false;
	msg_init(&msg, genl.family, TIPH_CMD_PORT_DEL, 0);
	return genl_ask(&genl, &msg, &answer) == 0 && !answer.err;
}

int main(void)
{
	const struct timeval patience = { .tv_sec = 5 };
	bool good;

	fuzz_begin(&fuzz);
	if (module_load() || namespace_own() || genl_open(&genl)) {
		printf("Bail out! no module\n");
		return 1;
	}
	/* an answer that was lost for want of memory */
	setsockopt(genl.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	kcov_open(&kcov);
	faults = faults_begin();
	for (size_t i = 0; i < SOCKETS; i++)
		sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (fuzz_goes_on(&fuzz))
		turn();
	printf("# %u places of the module's code found, %u messages kept, %llu allocations failed\n", kcov.found, n_kept,
	       (unsigned long long)n_faults);
	good = serves();
	close(genl.fd);
	for (size_t i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	return fuzz_end(&fuzz, good);
}
