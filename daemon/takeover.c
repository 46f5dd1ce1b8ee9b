// SPDX-License-Identifier: GPL-2.0-only
/* The meeting point of two daemons, and the successor's half of a takeover. */
#include "takeover.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel.h"

#define NAME "tiphares/takeover"
#define ANSWER_MS 10000		/* between two messages of the predecessor */
#define INHERITED_MAX 131072

static socklen_t meeting_point(struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path + 1, NAME, sizeof(NAME) - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(NAME));
}

/* Only root may give listeners away or take them, and the user that we run as. */
pid_t takeover_peer(int channel)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid && peer.uid != geteuid()))
		return -EPERM;
	return peer.pid;
}

int takeover_listen(void)
{
	struct sockaddr_un sun;
	socklen_t len = meeting_point(&sun);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&sun, len) && !listen(fd, 4))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* -ENOENT: nobody is there. */
static int meet(void)
{
	struct sockaddr_un sun;
	socklen_t len = meeting_point(&sun);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sun, len))
		err = errno == ECONNREFUSED ? -ENOENT : -errno;
	else if (takeover_peer(fd) < 0)
		err = -EPERM;
	if (!err)
		return fd;
	close(fd);
	return err;
}

bool takeover_lives(void)
{
	int fd = meet();

	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -EAGAIN;
}

void inheritance_init(struct inheritance *in)
{
	memset(in, 0, sizeof(*in));
	in->channel = -1;
	for (int i = 0; i < OFFER_MAX; i++)
		in->offers[i] = -1;
}

void inheritance_forget(struct inheritance *in)
{
	for (int i = 0; i < OFFER_MAX; i++) {
		if (in->offers[i] >= 0)
			close(in->offers[i]);
		in->offers[i] = -1;
	}
	for (size_t i = 0; i < in->n; i++)
		if (in->v[i].fd >= 0)
			close(in->v[i].fd);
	free(in->v);
	in->v = NULL;
	in->n = 0;
}

/* Takes @fd over in every case. */
static int take_listener(struct inheritance *in, int fd, unsigned int thread)
{
	struct inherited *v = NULL;

	if (in->n < INHERITED_MAX)
		v = realloc(in->v, (in->n + 1) * sizeof(*v));
	if (!v) {
		close(fd);
		return -ENOMEM;
	}
	v[in->n] = (struct inherited){ .fd = fd, .thread = thread };
	in->v = v;
	in->n++;
	return 0;
}

/* 1: that was all. Takes @fds over. */
static int take(struct inheritance *in, const struct channel_msg *msg, int *fds, size_t n)
{
	if (msg->kind == CHANNEL_GAVE && !n)
		return msg->a ? -(int)(msg->a & 4095) : 1;
	if (msg->kind == CHANNEL_LISTENER && n == 1)
		return take_listener(in, fds[0], msg->b);
	if (msg->kind == CHANNEL_OFFER && n == 1 && msg->a < OFFER_MAX && in->offers[msg->a] < 0) {
		in->offers[msg->a] = fds[0];
		return 0;
	}
	while (n)
		close(fds[--n]);
	return -EPROTO;
}

static int hear(struct inheritance *in)
{
	struct pollfd pfd = { .fd = in->channel, .events = POLLIN };
	int fds[CHANNEL_FDS_MAX], got;
	struct channel_msg msg;
	size_t n = 0;

	if (poll(&pfd, 1, ANSWER_MS) <= 0)
		return -ETIMEDOUT;
	got = channel_recv(in->channel, &msg, fds, &n);
	if (got == -EAGAIN)
		return 0;
	return got > 0 ? take(in, &msg, fds, n) : got ? got : -EBUSY;
}

int takeover_ask(struct inheritance *ret)
{
	static const struct channel_msg ask = { .kind = CHANNEL_TAKEOVER };
	int fd = meet(), err;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	ret->channel = fd;
	err = channel_send(fd, &ask, NULL, 0);
	while (!err)
		err = hear(ret);
	if (err == 1)
		return 1;
	inheritance_forget(ret);
	close(ret->channel);
	ret->channel = -1;
	return err;
}
