// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long bodies and tunnels by splice(2): octets go from socket to pipe to socket
 * as pages. The pipe is taken when there is something to read and goes back as
 * soon as it is empty; a stalled receiver holds one.
 */
#include <errno.h>
#include <fcntl.h>

#include "body.h"

#define SPLICE_LEFT 65536	/* that much of a body must be to come */
#define SPLICE_MOVED 131072	/* that much of a tunnel must have come: it is no dialogue */

bool body_may_splice(const struct body *b, const struct buf *in)
{
	if (b->framing == HTTP_BODY_CHUNKED || buf_len(in))
		return false;
	if (b->in == HTTP_BODY_LENGTH)
		return b->left >= SPLICE_LEFT;
	return b->in == HTTP_BODY_CLOSE && b->received >= SPLICE_MOVED;
}

/* Nothing came: the end (@err 0), an error, or nothing yet. */
static enum body_result nothing_came(struct body *b, struct carrier *c, struct watch *src, int err)
{
	pipe_put(c->pipes, &b->pipe, true);
	src->ready &= (uint8_t)~READY_IN;
	if (err == EAGAIN)
		return BODY_WAIT;
	if (err || b->in != HTTP_BODY_CLOSE)
		return BODY_TRUNCATED;
	b->in_done = true;
	return BODY_BUSY;
}

enum body_result body_splice_in(struct body *b, struct carrier *c, struct watch *src)
{
	size_t want = PIPE_OCTETS;
	ssize_t n;

	if (b->in == HTTP_BODY_LENGTH && b->left < want)
		want = (size_t)b->left;
	do {
		n = splice(src->fd, NULL, b->pipe.in, NULL, want,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return nothing_came(b, c, src, n ? errno : 0);
	b->piped = (uint32_t)n;
	b->received += (uint64_t)n;
	if (b->in == HTTP_BODY_LENGTH) {
		b->left -= (uint64_t)n;
		b->in_done = !b->left;
	}
	return BODY_BUSY;
}

int body_splice_out(struct body *b, struct carrier *c, struct watch *dst)
{
	ssize_t n;

	do {
		n = splice(b->pipe.out, NULL, dst->fd, NULL, b->piped,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n > 0) {
			b->piped -= (uint32_t)n;
			b->sent += (uint64_t)n;
		}
	} while (b->piped && (n > 0 || (n < 0 && errno == EINTR)));
	if (!b->piped) {
		pipe_put(c->pipes, &b->pipe, true);
		return 0;
	}
	if (!n || errno != EAGAIN)
		return n ? -errno : -EIO;
	loop_want_out(c->loop, dst);
	return -EAGAIN;
}
