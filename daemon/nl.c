// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink through libnl.
 *
 * libnl reports its own error numbers and drops the sentence that comes with a
 * refusal; both are taken from the error message itself here.
 */
#include "nl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A whole port table in one message: the kernel wants it to fit into the send buffer. */
#define SEND_BUFFER (32 << 20)
#define RECEIVE_BUFFER (1 << 20)

/**
 * struct exchange - one request, or one round of notifications
 * @err: what ended it
 * @done: the last message of the answer came
 */
struct exchange {
	nl_answer_fn answer;
	void *arg;
	int err;
	bool done;
	char *why;
	size_t size;
};

static void set_buffer(int fd, int force, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

int nl_open(struct nl_sock **ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	int one = 1, fd;

	if (!sock)
		return -ENOMEM;
	if (genl_connect(sock) < 0) {
		nl_socket_free(sock);
		return -EPROTONOSUPPORT;
	}
	fd = nl_socket_get_fd(sock);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	nl_socket_enable_msg_peek(sock);
	*ret = sock;
	return 0;
}

int nl_open_events(const char *family, const char *group, struct nl_sock **ret)
{
	struct nl_sock *sock;
	int err = nl_open(&sock), id;

	if (err)
		return err;
	id = genl_ctrl_resolve_grp(sock, family, group);
	if (id < 0 || nl_socket_add_membership(sock, id) < 0 || nl_socket_set_nonblocking(sock) < 0) {
		nl_socket_free(sock);
		return -ENOENT;
	}
	*ret = sock;
	return 0;
}

int nl_family(struct nl_sock *sock, const char *name)
{
	int id = genl_ctrl_resolve(sock, name);

	return id < 0 ? -ENOENT : id;
}

struct nl_msg *nl_message(int family, int cmd, int flags, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + size + 64);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, (uint8_t)cmd, 1)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* After an error the rest is read all the same: it would stand before the next answer. */
static int on_message(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	if (x->answer && !x->err)
		x->err = x->answer(nlmsg_hdr(msg), x->arg);
	return NL_OK;
}

/* Notifications carry no number of a request. */
static int on_any_sequence(struct nl_msg *msg, void *arg)
{
	return NL_OK;
}

static int on_done(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	x->done = true;
	return NL_STOP;
}

/* With NETLINK_CAP_ACK, attributes stand right behind the error. */
static void take_sentence(struct exchange *x, const struct nlmsghdr *hdr)
{
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	int skip = (int)(NLMSG_HDRLEN + sizeof(struct nlmsgerr)), len = (int)hdr->nlmsg_len - skip;

	snprintf(x->why, x->size, "%s", strerror(-x->err));
	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) || len <= 0)
		return;
	if (!nla_parse(attrs, NLMSGERR_ATTR_MAX, (struct nlattr *)((char *)hdr + skip), len, NULL) &&
	    attrs[NLMSGERR_ATTR_MSG])
		snprintf(x->why, x->size, "%s", nla_get_string(attrs[NLMSGERR_ATTR_MSG]));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct exchange *x = arg;

	x->err = e->error;
	x->done = true;
	if (x->why && x->err)
		take_sentence(x, (const struct nlmsghdr *)((const char *)e - NLMSG_HDRLEN));
	return NL_STOP;
}

/* Errors of libnl itself, as far as a caller can tell them apart. */
static int own_error(int nle)
{
	switch (-nle) {
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_DUMP_INTR:
		return -EAGAIN;
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	default:
		return -EIO;
	}
}

static struct nl_cb *make_callbacks(struct exchange *x)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_done, x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	return cb;
}

int nl_request(struct nl_sock *sock, struct nl_msg *msg, nl_answer_fn answer, void *arg, char *why,
	       size_t size)
{
	struct exchange x = { .answer = answer, .arg = arg, .why = why, .size = size };
	struct nl_cb *cb = msg ? make_callbacks(&x) : NULL;
	int nle;

	if (!cb) {
		nlmsg_free(msg);
		if (why)
			snprintf(why, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	nle = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	while (nle >= 0 && !x.done)
		nle = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (x.err || (nle >= 0 && x.done))
		return x.err;
	if (why)
		snprintf(why, size, "%s", nl_geterror(nle));
	return own_error(nle);
}

int nl_hear(struct nl_sock *sock, nl_answer_fn heard, void *arg)
{
	struct exchange x = { .answer = heard, .arg = arg };
	struct nl_cb *cb = make_callbacks(&x);
	int nle = 0, err;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_any_sequence, NULL);
	while (nle >= 0)
		nle = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (x.err)
		return x.err;
	err = own_error(nle);
	return err == -EAGAIN ? 0 : err;
}
