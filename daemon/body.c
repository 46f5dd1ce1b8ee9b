// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving a message. The pump alternates: stage what is in the input buffer,
 * write it, read again. Chunked content is decoded in place: the pieces are
 * moved together at the read end of the buffer and what follows the coding (a
 * pipelined request) moves up behind them.
 */
#include "body.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PUMP_OCTETS (256 * 1024)	/* moved in one go, then others have a turn */

static const char chunk_end[] = "\r\n";
static const char last_chunk[] = "\r\n0\r\n\r\n";

void body_begin(struct body *b, enum http_body in, uint64_t length, enum http_body framing)
{
	b->in = (uint8_t)in;
	b->framing = (uint8_t)framing;
	b->left = in == HTTP_BODY_LENGTH ? length : 0;
	b->in_done = in == HTTP_BODY_NONE || (in == HTTP_BODY_LENGTH && !length);
	b->ended = false;
	b->span = 0;
	b->tail_len = 0;
	b->line_r = b->line_w = 0;
	b->broken = false;
	b->keep_trailers = false;
	memset(&b->chunked, 0, sizeof(b->chunked));
}

int body_read(struct buf_pool *pool, struct watch *src, struct buf **in)
{
	struct buf *b = *in;
	uint32_t room;
	ssize_t n;

	if (!b) {
		b = *in = buf_get(pool, BUF_ROOM);
		if (!b)
			return -ENOMEM;
	}
	if (!buf_room(b))
		buf_compact(b);
	room = buf_room(b);
	if (!room)
		return -ENOBUFS;
	do {
		n = recv(src->fd, b->data + b->w, room, 0);
	} while (n < 0 && errno == EINTR);
	/* short: drained, and the next octet or FIN is a new event */
	if (n <= 0 || (n < room && !(src->ready & (READY_EOF | READY_GONE))))
		src->ready &= (uint8_t)~READY_IN;
	if (n < 0)
		return -errno;
	b->w += (uint32_t)n;
	return (int)n;
}

/* Without a buffer for them there are none, as it would be behind other proxies. */
static void add_trailers(struct body *b, struct buf_pool *pool, const char *lines, uint32_t n)
{
	if (!b->keep_trailers || !n)
		return;
	if (!b->trailers)
		b->trailers = buf_get(pool, HTTP1_TRAILERS_MAX);
	if (!b->trailers) {
		b->keep_trailers = false;
		return;
	}
	memcpy(b->trailers->data + b->trailers->w, lines, n);
	b->trailers->w += n;
}

/*
 * Decode all of @in; content ends up at its read end. Return: octets of content.
 * What stands before an error is content still.
 */
static uint32_t body_decode(struct body *b, struct buf_pool *pool, struct buf *in)
{
	uint32_t raw = in->r;
	uint32_t n = 0;

	while (raw < in->w && !b->chunked.done) {
		struct http_span data = { 0 };
		ssize_t used = http1_chunked_next(&b->chunked, in->data + raw, in->w - raw, &data);

		if (used < 0) {
			b->broken = true;
			break;
		}
		if (data.len && !n)
			in->r = raw + data.off;
		else if (data.len)
			memmove(in->data + in->r + n, in->data + raw + data.off, data.len);
		add_trailers(b, pool, in->data + raw + b->chunked.trailers.off, b->chunked.trailers.len);
		n += data.len;
		raw += (uint32_t)used;
		if (!used)
			break;
	}
	if (!n) {
		in->r = raw;
	} else if (raw != in->r + n) {
		memmove(in->data + in->r + n, in->data + raw, in->w - raw);
		in->w -= raw - (in->r + n);
	}
	if (in->r == in->w)
		in->r = in->w = 0;
	return n;
}

static void stage_chunk(struct body *b, uint32_t n)
{
	static const char hex[] = "0123456789abcdef";
	char *at = b->line + sizeof(b->line);

	*--at = '\n';
	*--at = '\r';
	do {
		*--at = hex[n & 15];
		n >>= 4;
	} while (n);
	b->line_r = (uint8_t)(at - b->line);
	b->line_w = sizeof(b->line);
	b->tail = chunk_end;
	b->tail_len = 2;
}

/* The last chunk, behind @n octets of content: without them their line end is not wanted. */
static void stage_end(struct body *b, struct buf_pool *pool, uint32_t n)
{
	struct buf *t = b->trailers;

	b->tail = n ? last_chunk : last_chunk + 2;
	b->tail_len = n ? 7 : 5;
	if (!t)
		return;
	t->w = (uint32_t)http_filter_trailers(t->data, t->w);
	if (!t->w) {
		b->trailers = buf_put(pool, t);
		return;
	}
	/* the empty line goes behind them */
	b->tail_len -= 2;
	memcpy(t->data + t->w, "\r\n", 2);
	t->w += 2;
}

/* Stage content and the end, as far as they are known. */
static int body_stage(struct body *b, struct buf_pool *pool, struct buf *in)
{
	uint32_t n = buf_len(in);

	if (b->in_done) {
		n = 0;
	} else if (b->in == HTTP_BODY_LENGTH) {
		if (n > b->left)
			n = (uint32_t)b->left;
		b->left -= n;
		b->in_done = !b->left;
	} else if (b->in == HTTP_BODY_CHUNKED) {
		if (n)
			n = body_decode(b, pool, in);
		if (b->broken && !n)
			return -EBADMSG;
		b->in_done = b->chunked.done;
	}
	b->span = n;
	b->received += n;
	if (n && b->framing == HTTP_BODY_CHUNKED)
		stage_chunk(b, n);
	if (!b->in_done)
		return 0;
	b->ended = true;
	if (b->framing == HTTP_BODY_CHUNKED)
		stage_end(b, pool, n);
	return 0;
}

bool body_pending(const struct body *b)
{
	return b->piped || b->span || b->tail_len || b->line_r < b->line_w || buf_len(b->out) ||
	       (b->ended && b->trailers);
}

static uint32_t take(size_t *n, uint32_t have)
{
	uint32_t used = *n < have ? (uint32_t)*n : have;

	*n -= used;
	return used;
}

/* @n octets were written: forget them. */
static void body_written(struct body *b, struct carrier *c, struct buf *in, size_t n)
{
	uint32_t used;

	b->sent += n;
	if (b->out) {
		b->out->r += take(&n, buf_len(b->out));
		if (b->out->r == b->out->w && !b->keep_out)
			b->out = buf_put(c->bufs, b->out);
	}
	b->line_r += (uint8_t)take(&n, (uint32_t)(b->line_w - b->line_r));
	used = take(&n, b->span);
	if (used) {
		b->span -= used;
		buf_consume(in, used);
	}
	used = take(&n, b->tail_len);
	b->tail += used;
	b->tail_len -= (uint8_t)used;
	if (!b->ended || !b->trailers)
		return;
	b->trailers->r += take(&n, buf_len(b->trailers));
	if (b->trailers->r == b->trailers->w)
		b->trailers = buf_put(c->bufs, b->trailers);
}

static void iov_add(struct iovec *iov, int *n, const void *base, size_t len)
{
	if (!len)
		return;
	iov[*n].iov_base = (void *)base;
	iov[*n].iov_len = len;
	(*n)++;
}

/* Write what is pending. 0, -EAGAIN when @dst is full, or another error. */
static int body_write(struct body *b, struct carrier *c, struct buf *in, struct watch *dst)
{
	struct iovec iov[5];
	struct msghdr msg = { .msg_iov = iov };
	size_t want = 0;
	int n_iov = 0;
	ssize_t n;

	if (!(dst->ready & READY_OUT))
		return -EAGAIN;
	if (b->piped)
		return body_splice_out(b, c, dst);
	if (b->out)
		iov_add(iov, &n_iov, buf_head(b->out), buf_len(b->out));
	iov_add(iov, &n_iov, b->line + b->line_r, b->line_w - b->line_r);
	if (b->span)
		iov_add(iov, &n_iov, buf_head(in), b->span);
	iov_add(iov, &n_iov, b->tail, b->tail_len);
	if (b->ended && b->trailers)
		iov_add(iov, &n_iov, buf_head(b->trailers), buf_len(b->trailers));
	for (int i = 0; i < n_iov; i++)
		want += iov[i].iov_len;
	msg.msg_iovlen = (size_t)n_iov;
	do {
		n = n_iov == 1 ? send(dst->fd, iov[0].iov_base, want, MSG_NOSIGNAL) :
				 sendmsg(dst->fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return -errno;
	if (n > 0)
		body_written(b, c, in, (size_t)n);
	if (n >= 0 && (size_t)n == want)
		return 0;
	loop_want_out(c->loop, dst);
	return -EAGAIN;
}

enum body_result body_flush(struct body *b, struct carrier *c, struct watch *dst)
{
	int r;

	if (!buf_len(b->out))
		return BODY_DONE;
	r = body_write(b, c, NULL, dst);
	if (!r)
		return BODY_DONE;
	return r == -EAGAIN ? BODY_WAIT : BODY_SINK_GONE;
}

static enum body_result body_fill(struct body *b, struct carrier *c, struct watch *src,
				  struct buf **in)
{
	int r;

	if (!src || !(src->ready & READY_IN))
		return BODY_WAIT;
	if (body_may_splice(b, *in) && !pipe_get(c->pipes, &b->pipe))
		return body_splice_in(b, c, src);
	r = body_read(c->bufs, src, in);
	if (r > 0)
		return BODY_BUSY;
	if (r == -EAGAIN)
		return BODY_WAIT;
	if (r == -ENOMEM)
		return BODY_NO_MEMORY;
	if (r == -ENOBUFS) /* full of what the decoder can't take */
		return BODY_MALFORMED;
	if (r < 0 || b->in != HTTP_BODY_CLOSE)
		return BODY_TRUNCATED;
	b->in_done = true;
	return BODY_BUSY;
}

enum body_result body_pump(struct body *b, struct carrier *c, struct watch *src, struct buf **in,
			   struct watch *dst)
{
	uint64_t until = b->sent + PUMP_OCTETS;

	for (;;) {
		enum body_result fill;
		int r = 0;

		if (!b->span && !b->tail_len && !b->ended && !b->piped)
			r = body_stage(b, c->bufs, *in);
		if (r)
			return BODY_MALFORMED;
		if (body_pending(b)) {
			r = body_write(b, c, *in, dst);
			if (r)
				return r == -EAGAIN ? BODY_WAIT : BODY_SINK_GONE;
		}
		if (b->broken)
			return BODY_MALFORMED;
		if (b->ended)
			return BODY_DONE;
		if (b->in_done)
			continue; /* all of it was spliced: stage the end */
		if (b->sent >= until)
			return BODY_BUSY;
		fill = body_fill(b, c, src, in);
		if (fill != BODY_BUSY)
			return fill;
	}
}

void body_end(struct body *b, struct carrier *c)
{
	b->out = buf_put(c->bufs, b->out);
	b->trailers = buf_put(c->bufs, b->trailers);
	if (b->piped)
		pipe_put(c->pipes, &b->pipe, false);
	b->piped = 0;
}
