// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets with a client's address, which the parent makes for the worker's
 * threads. A question names the client's connection; whether the worker holds it
 * is asked of the kernel, never of the worker. The answer never blocks: a worker
 * that does not read its answers loses them.
 */
#include "broker.h"

#include <errno.h>
#include <linux/tiphares.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

/* At most so many questions before others get their turn. */
#define QUESTIONS_MAX 64

static bool is_question(const struct channel_msg *msg, size_t n_fds)
{
	return msg->kind == CHANNEL_WANT_SOCKET && !n_fds && !msg->c && msg->b <= TIPH_SOURCE_PORT_STRICT &&
	       (msg->remote.addr.family == AF_INET || msg->remote.addr.family == AF_INET6) &&
	       msg->local.addr.family == msg->remote.addr.family;
}

static int answer(int channel, const struct channel_msg *question, const struct datapath_ops *ops,
		  struct datapath *dp)
{
	int fd = ops->give_socket(dp, &question->local, &question->remote, (uint8_t)question->b), err;
	struct channel_msg msg = { .kind = CHANNEL_SOCKET, .a = question->a, .b = fd < 0 ? (uint32_t)-fd : 0 };

	err = channel_send(channel, &msg, &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
	if (err == -ETOOMANYREFS) {
		msg.b = ETOOMANYREFS;
		err = channel_send(channel, &msg, NULL, 0);
	}
	return err == -EAGAIN ? 0 : err;
}

int broker_serve(int channel, const struct datapath_ops *ops, struct datapath *dp)
{
	struct channel_msg msg;

	for (int i = 0; i < QUESTIONS_MAX; i++) {
		size_t n_fds = 0;
		int fd, got = channel_recv(channel, &msg, &fd, &n_fds), err;

		if (got == -EAGAIN)
			return 0;
		if (got <= 0)
			return got ? got : -EPIPE;
		if (!ops->give_socket || !is_question(&msg, n_fds)) {
			if (n_fds)
				close(fd);
			return -EPROTO;
		}
		err = answer(channel, &msg, ops, dp);
		if (err)
			return err;
	}
	return 0;
}
