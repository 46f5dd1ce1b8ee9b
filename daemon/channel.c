// SPDX-License-Identifier: GPL-2.0-only
/* Messages between parent and worker. */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Control data of one message; the union gives it the alignment of a header. */
union channel_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
};

int channel_pair(int ret[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret) ? -errno : 0;
}

int channel_send(int channel, const struct channel_msg *msg, const int *fds, size_t n_fds)
{
	union channel_control control;
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = sizeof(*msg) };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > CHANNEL_FDS_MAX)
		return -E2BIG;
	if (n_fds) {
		struct cmsghdr *c = &control.header;

		memset(&control, 0, sizeof(control));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	if (sendmsg(channel, &hdr, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return 0;
}

#define PATIENCE_MS 5000

/* A set of listeners may be larger than the channel's buffer. */
int channel_patient(int channel, const struct channel_msg *msg, const int *fds, size_t n_fds)
{
	struct pollfd pfd = { .fd = channel, .events = POLLOUT };
	int err = channel_send(channel, msg, fds, n_fds);

	for (int waited = 0; (err == -EAGAIN || err == -ETOOMANYREFS) && waited < PATIENCE_MS; waited += 20) {
		poll(&pfd, err == -EAGAIN, 20);
		err = channel_send(channel, msg, fds, n_fds);
	}
	return err;
}

static size_t take_fds(struct msghdr *hdr, int *fds)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		    count > CHANNEL_FDS_MAX - n)
			continue;
		memcpy(fds + n, CMSG_DATA(c), count * sizeof(int));
		n += count;
	}
	return n;
}

int channel_recv(int channel, struct channel_msg *msg, int *fds, size_t *n_fds)
{
	union channel_control control;
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(*msg) };
	/* no room for more than @fds has: what doesn't fit is closed by the kernel */
	struct msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_LEN(CHANNEL_FDS_MAX * sizeof(int)),
	};
	ssize_t got = recvmsg(channel, &hdr, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	size_t n;

	if (got < 0)
		return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
	n = take_fds(&hdr, fds);
	if (!got && !n)
		return 0;
	if ((size_t)got == sizeof(*msg) && !(hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && msg->kind &&
	    msg->kind <= CHANNEL_KIND_MAX) {
		*n_fds = n;
		return 1;
	}
	while (n)
		close(fds[--n]);
	return -EPROTO;
}
