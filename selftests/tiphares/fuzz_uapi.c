// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of the family and the socket options: messages made after the policy
 * tables, then damaged, or mere octets; sockets in every state, with options of
 * every size. Half of the time without capabilities.
 */
#include <fcntl.h>

#include "fuzz_lib.h"

#define SOCKETS 32

static struct fuzz fuzz;
static struct genl genl;
static int sockets[SOCKETS];

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

/* Whatever it says, it says something: the answer is read, up to the acknowledgement. */
static void send_message(void)
{
	static struct message msg;
	struct answer answer;
	__u32 n = fuzz_below(&fuzz, 4);

	msg_init(&msg, genl.family, (__u8)fuzz_below(&fuzz, TIPH_CMD_MAX + 2),
		 fuzz_chance(&fuzz, 3) ? NLM_F_DUMP : 0);
	if (fuzz_chance(&fuzz, 2))
		msg_u32(&msg, TIPH_A_FLAGS, fuzz_below(&fuzz, 5));
	while (n--)
		put_port(&msg);
	if (fuzz_chance(&fuzz, 4))
		put_number(&msg, (__u16)fuzz_below(&fuzz, TIPH_A_MAX + 3));
	if (fuzz_chance(&fuzz, 3))
		fuzz_damage(&fuzz, msg.attrs, msg.nlh.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	genl_ask(&genl, &msg, &answer);
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
		set_option(*fd);
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
	bool good;

	fuzz_begin(&fuzz);
	if (module_load() || namespace_own() || genl_open(&genl)) {
		printf("Bail out! no module\n");
		return 1;
	}
	for (size_t i = 0; i < SOCKETS; i++)
		sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (fuzz_goes_on(&fuzz))
		turn();
	good = serves();
	close(genl.fd);
	for (size_t i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	return fuzz_end(&fuzz, good);
}
