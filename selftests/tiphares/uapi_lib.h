/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the uapi tests share: the module, a namespace of the test's own, and
 * generic netlink in plain messages, so that malformed ones can be sent too.
 * The harness runs each test in a process of its own: the namespace goes with it.
 */
#ifndef TIPHARES_UAPI_LIB_H
#define TIPHARES_UAPI_LIB_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/tiphares.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A program with a main() of its own says so. */
#ifndef UAPI_MAIN
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "../kselftest_harness.h"

/* for each test; an emulated machine whose kernel looks for defects takes long to make a namespace */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300
#pragma GCC diagnostic pop
#endif

#define KSFT_SKIP 4
#define NOBODY 65534

struct message {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[60000];
};

struct answer {
	int err;		/* 0 or a positive errno */
	int attr;		/* type of the attribute complained about, or -1 */
	char text[256];		/* extack sentence, or "" */
};

struct genl {
	int fd;
	__u16 family;
};

/*
 * Before main(), since the harness would run a test whose setup was skipped:
 * on the other datapath the whole file is.
 */
static void __attribute__((constructor)) module_wanted(void)
{
	const char *datapath = getenv("TIPH_DATAPATH");

	if (datapath && !strcmp(datapath, "kmod"))
		return;
	printf("TAP version 13\n1..0 # SKIP only with the module\n");
	exit(KSFT_SKIP);
}

static inline int module_load(void)
{
	if (!access("/sys/module/tiphares", F_OK))
		return 0;
	return system("ko=$TIPH_BUILD/kmod-$TIPH_KERNEL/tiphares.ko; "
		      "for m in $(modinfo -F depends $ko | tr , ' '); do "
		      "modprobe -q $m; done; exec insmod $ko");
}

static inline void module_unload(void)
{
	if (system("rmmod tiphares 2>/dev/null"))
		return;
}

static inline int namespace_own(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return system("ip link set lo up") ? -EIO : 0;
}

/* The effective user decides about capabilities, too. */
static inline int privilege_drop(void)
{
	return seteuid(NOBODY) ? -errno : 0;
}

static inline int privilege_take(void)
{
	return seteuid(0) ? -errno : 0;
}

static inline void msg_init(struct message *msg, __u16 family, __u8 cmd, __u16 flags)
{
	memset(msg, 0, sizeof(*msg));
	msg->nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg->nlh.nlmsg_type = family;
	msg->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg->nlh.nlmsg_seq = 1;
	msg->genl.cmd = cmd;
	msg->genl.version = 1;
}

static inline struct nlattr *msg_put(struct message *msg, __u16 type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((char *)msg + NLMSG_ALIGN(msg->nlh.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	msg->nlh.nlmsg_len = NLMSG_ALIGN(msg->nlh.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static inline void msg_str(struct message *msg, __u16 type, const char *s)
{
	msg_put(msg, type, s, strlen(s) + 1);
}

static inline void msg_u8(struct message *msg, __u16 type, __u8 value)
{
	msg_put(msg, type, &value, sizeof(value));
}

static inline void msg_u16(struct message *msg, __u16 type, __u16 value)
{
	msg_put(msg, type, &value, sizeof(value));
}

static inline void msg_u32(struct message *msg, __u16 type, __u32 value)
{
	msg_put(msg, type, &value, sizeof(value));
}

static inline struct nlattr *msg_nest(struct message *msg, __u16 type)
{
	return msg_put(msg, type | NLA_F_NESTED, NULL, 0);
}

static inline void msg_end(struct message *msg, struct nlattr *nest)
{
	nest->nla_len = (char *)msg + msg->nlh.nlmsg_len - (char *)nest;
}

/* A port as most tests want it; what is left open is the caller's. */
static inline struct nlattr *msg_port(struct message *msg, const char *name, __u8 mode,
				      __u16 listen, __u16 dport)
{
	struct nlattr *nest = msg_nest(msg, TIPH_A_PORT);

	msg_str(msg, TIPH_PORT_NAME, name);
	msg_u8(msg, TIPH_PORT_MODE, mode);
	msg_u16(msg, TIPH_PORT_LISTEN, listen);
	if (dport)
		msg_put(msg, TIPH_PORT_DPORTS, &dport, sizeof(dport));
	return nest;
}

/* The extack attributes behind an error. */
static inline void answer_read(const struct message *sent, const struct nlmsghdr *nlh,
			       struct answer *ret)
{
	const struct nlmsgerr *error = NLMSG_DATA(nlh);
	const char *at = (const char *)(error + 1), *end = (const char *)nlh + nlh->nlmsg_len;

	ret->err = -error->error;
	ret->attr = -1;
	ret->text[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		at += NLMSG_ALIGN(error->msg.nlmsg_len) - NLMSG_HDRLEN;
	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)at;
		const char *data = at + NLA_HDRLEN;
		__u32 offset;

		if (attr->nla_len < NLA_HDRLEN)
			break;
		if (attr->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(ret->text, sizeof(ret->text), "%s", data);
		if (attr->nla_type == NLMSGERR_ATTR_OFFS) {
			memcpy(&offset, data, sizeof(offset));
			ret->attr = ((const struct nlattr *)((const char *)sent + offset))->nla_type &
				    NLA_TYPE_MASK;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
}

/* Sends, and reads up to the acknowledgement. What came before it is counted. */
static inline int genl_ask(const struct genl *genl, const struct message *msg, struct answer *ret)
{
	static char buf[1 << 17];
	int replies = 0;

	if (send(genl->fd, msg, msg->nlh.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		int len = recv(genl->fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

		if (len < 0)
			return -errno;
		for (; NLMSG_OK(nlh, (unsigned int)len); nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
				answer_read(msg, nlh, ret);
				return replies;
			}
			replies++;
		}
	}
}

/* The number of the family, out of the controller's reply. */
static inline int family_ask(struct genl *genl)
{
	struct message msg;
	char buf[8192];
	int len, at = NLMSG_LENGTH(GENL_HDRLEN);

	msg_init(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	msg.nlh.nlmsg_flags = NLM_F_REQUEST;
	msg_str(&msg, CTRL_ATTR_FAMILY_NAME, TIPH_GENL_NAME);
	if (send(genl->fd, &msg, msg.nlh.nlmsg_len, 0) < 0)
		return -errno;
	len = recv(genl->fd, buf, sizeof(buf), 0);
	while (at + NLA_HDRLEN < len) {
		const struct nlattr *attr = (const struct nlattr *)(buf + at);

		if (attr->nla_len < NLA_HDRLEN)
			break;
		if (attr->nla_type == CTRL_ATTR_FAMILY_ID) {
			memcpy(&genl->family, buf + at + NLA_HDRLEN, sizeof(genl->family));
			return 0;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return -ENOENT;
}

static inline int genl_open(struct genl *ret)
{
	const int on = 1;

	ret->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (ret->fd < 0)
		return -errno;
	setsockopt(ret->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return family_ask(ret);
}

#endif /* TIPHARES_UAPI_LIB_H */
