// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that the parent prepares for the worker's threads, in batches.
 *
 * A request says a family and a number, nothing else; the answer never blocks.
 * A worker that does not read its answers loses them.
 */
#include "broker.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

/* At most so many batches before others get their turn. */
#define BATCHES 4

static bool is_request(const struct channel_msg *msg, size_t n_fds)
{
	return msg->kind == CHANNEL_WANT_SOCKETS && !n_fds && !msg->c &&
	       (msg->a == AF_INET || msg->a == AF_INET6) && msg->b >= 1 && msg->b <= CHANNEL_FDS_MAX;
}

static int prepare(int family, const struct datapath_ops *ops, struct datapath *dp)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	err = ops->prepare_socket(dp, family, fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int answer(int channel, int family, size_t wanted, const struct datapath_ops *ops,
		  struct datapath *dp)
{
	struct channel_msg msg = { .kind = CHANNEL_SOCKETS, .a = (uint32_t)family };
	int fds[CHANNEL_FDS_MAX], fd = 0, err;
	size_t n = 0;

	while (n < wanted && (fd = prepare(family, ops, dp)) >= 0)
		fds[n++] = fd;
	msg.b = (uint32_t)n;
	msg.c = n ? 0 : (uint32_t)-fd;
	err = channel_send(channel, &msg, fds, n);
	while (n)
		close(fds[--n]);
	if (err != -ETOOMANYREFS)
		return err == -EAGAIN ? 0 : err;
	msg.b = 0;
	msg.c = ETOOMANYREFS;
	err = channel_send(channel, &msg, NULL, 0);
	return err == -EAGAIN ? 0 : err;
}

int broker_serve(int channel, const struct datapath_ops *ops, struct datapath *dp)
{
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;
	size_t n_fds = 0;

	for (int i = 0; i < BATCHES; i++) {
		int got = channel_recv(channel, &msg, fds, &n_fds), err;

		if (got == -EAGAIN)
			return 0;
		if (got <= 0)
			return got ? got : -EPIPE;
		if (!ops->prepare_socket || !is_request(&msg, n_fds)) {
			while (n_fds)
				close(fds[--n_fds]);
			return -EPROTO;
		}
		err = answer(channel, (int)msg.a, msg.b, ops, dp);
		if (err)
			return err;
	}
	return 0;
}
