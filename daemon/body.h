/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One direction of one message on its way from one connection to the other:
 * head, body, end. Also a direction of a tunnel.
 *
 * What waits to be written, in this order: @out (a head), @line (a chunk's size),
 * @span octets of the source's input buffer, @tail (a chunk's end), and when the
 * message has @ended @trailers; or @piped octets in a pipe. Body octets are never copied: they go from the input buffer
 * into the socket, or, where they are many and not recoded, by splice(2) without
 * coming here at all. Nothing is read while anything waits to be written: a
 * stalled receiver stops its sender.
 */
#ifndef TIPHARES_BODY_H
#define TIPHARES_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "http1.h"
#include "loop.h"
#include "pipes.h"

/**
 * enum body_result - why body_pump() returned
 * @BODY_WAIT: nothing to read, or no room to write
 * @BODY_BUSY: more could be done; others first
 * @BODY_DONE: everything was written, the end too
 * @BODY_TRUNCATED: the sender ended before the message did; what came was written
 * @BODY_MALFORMED: what came is not the chunked coding
 * @BODY_SINK_GONE: the receiver takes nothing more
 * @BODY_NO_MEMORY: no buffer
 */
enum body_result {
	BODY_WAIT,
	BODY_BUSY,
	BODY_DONE,
	BODY_TRUNCATED,
	BODY_MALFORMED,
	BODY_SINK_GONE,
	BODY_NO_MEMORY,
};

/* What moving needs; of one thread. */
struct carrier {
	struct loop *loop;
	struct buf_pool *bufs;
	struct pipe_pool *pipes;
};

/**
 * struct body - zero it to start
 * @in, @framing: enum http_body, as received and as sent
 * @in_done: the last octet of content was staged or written
 * @ended: the end was staged or written
 * @keep_out: don't release @out when it was written; it may be written again
 * @broken: what follows is not the chunked coding
 * @keep_trailers: what is received as trailers is sent as such
 * @left: HTTP_BODY_LENGTH: octets of content not staged yet
 * @trailers: those that came so far, and may go on once @ended
 * @received, @sent: octets moved
 * @pipe: while octets are in it
 */
struct body {
	uint8_t in;
	uint8_t framing;
	bool in_done;
	bool ended;
	bool keep_out;
	bool broken;
	bool keep_trailers;
	uint8_t line_r;
	uint8_t line_w;
	uint8_t tail_len;
	char line[20];
	uint32_t span;
	const char *tail;
	struct buf *out;
	struct buf *trailers;
	uint64_t left;
	struct http1_chunked chunked;
	uint64_t received;
	uint64_t sent;
	uint32_t piped;
	struct pipe_ends pipe;
};

/*
 * Set up for a message with this framing; @b->out may be there already. Trailers
 * are dropped unless @b->keep_trailers is set then, of chunked to chunked.
 */
void body_begin(struct body *b, enum http_body in, uint64_t length, enum http_body framing);

/* Give back what it holds. */
void body_end(struct body *b, struct carrier *c);

/* Does anything wait to be written? */
bool body_pending(const struct body *b);

/**
 * body_pump() - move what can be moved
 * @src: the sender, NULL: nothing is read
 * @in: its input buffer
 * @dst: the receiver
 */
enum body_result body_pump(struct body *b, struct carrier *c, struct watch *src, struct buf **in,
			   struct watch *dst);

/* Write @b->out only: an interim head. BODY_DONE, BODY_WAIT or BODY_SINK_GONE. */
enum body_result body_flush(struct body *b, struct carrier *c, struct watch *dst);

/**
 * body_read() - read once from @src into @in
 *
 * Return: octets, 0 at the end of the stream, -EAGAIN, -ENOBUFS when @in is
 * full, -ENOMEM, or another negative errno.
 */
int body_read(struct buf_pool *pool, struct watch *src, struct buf **in);

/* Is it worth splicing now? Then, with an empty @b->pipe, instead of reading and writing: */
bool body_may_splice(const struct body *b, const struct buf *in);
/* BODY_BUSY: octets are in the pipe, or the end was seen. The pipe is gone if none are. */
enum body_result body_splice_in(struct body *b, struct carrier *c, struct watch *src);
/* 0: the pipe is empty, -EAGAIN, or another negative errno. */
int body_splice_out(struct body *b, struct carrier *c, struct watch *dst);

#endif /* TIPHARES_BODY_H */
