// SPDX-License-Identifier: GPL-2.0-only
/* Requests to the module by generic netlink, and what it says when it refuses. */
#include "kmod.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/tiphares.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_SIZE 65536

struct kmod {
	struct nl_sock *sock;
	int family;
	int result;
	bool answered;
};

void kmod_close(struct kmod *k)
{
	if (k && k->sock)
		nl_socket_free(k->sock);
	free(k);
}

struct kmod *kmod_open(void)
{
	struct kmod *k = calloc(1, sizeof(*k));
	int one = 1;

	if (k)
		k->sock = nl_socket_alloc();
	if (!k || !k->sock || genl_connect(k->sock)) {
		fprintf(stderr, "tipharesctl: generic netlink can't be used\n");
		kmod_close(k);
		return NULL;
	}
	setsockopt(nl_socket_get_fd(k->sock), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(k->sock), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	k->family = genl_ctrl_resolve(k->sock, TIPH_GENL_NAME);
	if (k->family < 0) {
		fprintf(stderr, "tipharesctl: the module is not loaded\n");
		kmod_close(k);
		return NULL;
	}
	return k;
}

struct nl_msg *kmod_message(const struct kmod *k, int cmd)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_SIZE);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, k->family, 0, NLM_F_ACK, (uint8_t)cmd,
				TIPH_GENL_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* With NETLINK_CAP_ACK, what the kernel has to say stands right behind the error. */
static const char *sentence(struct nlmsghdr *hdr)
{
	struct nlattr *a = hdr->nlmsg_flags & NLM_F_ACK_TLVS ?
		nlmsg_find_attr(hdr, (int)sizeof(struct nlmsgerr), NLMSGERR_ATTR_MSG) : NULL;

	return a ? nla_get_string(a) : NULL;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	/* libnl points into the message whose head stands before */
	struct nlmsghdr *hdr = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	const char *text = sentence(hdr);
	struct kmod *k = arg;

	(void)from;
	k->result = e->error;
	k->answered = true;
	fprintf(stderr, "tipharesctl: the module refuses: %s\n", text ? text : strerror(-e->error));
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct kmod *k = arg;

	(void)msg;
	k->answered = true;
	return NL_STOP;
}

int kmod_send(struct kmod *k, struct nl_msg *msg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r = -ENOMEM;

	k->result = 0;
	k->answered = false;
	if (cb) {
		nl_cb_err(cb, NL_CB_CUSTOM, on_error, k);
		nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, k);
		r = nl_send_auto(k->sock, msg) < 0 ? -EIO : 0;
		while (!r && !k->answered)
			r = nl_recvmsgs(k->sock, cb) < 0 && !k->answered ? -EIO : 0;
		nl_cb_put(cb);
	}
	nlmsg_free(msg);
	if (r)
		fprintf(stderr, "tipharesctl: the module can't be asked: %s\n", strerror(-r));
	return r ? r : k->result;
}
