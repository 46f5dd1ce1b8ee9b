// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving message bodies between two socket pairs: every framing into every
 * other, in pieces of every size, with receivers that stall, with ends too early
 * and with what is no chunked coding.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "body.h"
#include "tap.h"

/* A sender and a receiver with the body between them. */
struct way {
	struct loop loop;
	struct buf_pool pool;
	struct pipe_pool pipes;
	struct carrier carrier;
	struct watch src;
	struct watch dst;
	int sender;
	int receiver;
	struct buf *in;
	struct body body;
	enum body_result result;
	char *got;
	size_t n_got;
};

static void on_ready(struct watch *w)
{
	(void)w;
}

static int pair(struct watch *ours)
{
	static const int room = 20000;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		abort();
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	ours->fd = fds[0];
	ours->fn = on_ready;
	return fds[1];
}

static void way_open(struct way *w, enum http_body in, uint64_t length, enum http_body framing)
{
	memset(w, 0, sizeof(*w));
	if (loop_init(&w->loop))
		abort();
	buf_pool_init(&w->pool, UINT64_MAX);
	w->carrier = (struct carrier){ &w->loop, &w->pool, &w->pipes };
	w->sender = pair(&w->src);
	w->receiver = pair(&w->dst);
	if (loop_watch(&w->loop, &w->src, false) || loop_watch(&w->loop, &w->dst, false))
		abort();
	w->got = malloc(1 << 20);
	body_begin(&w->body, in, length, framing);
	w->result = BODY_WAIT;
}

/* Were all buffers given back? */
static bool way_shut(struct way *w)
{
	bool whole;

	buf_put(&w->pool, w->in);
	body_end(&w->body, &w->carrier);
	pipe_pool_destroy(&w->pipes);
	whole = !w->pool.used;
	buf_pool_destroy(&w->pool);
	watch_close(&w->src);
	watch_close(&w->dst);
	close(w->sender);
	close(w->receiver);
	loop_destroy(&w->loop);
	free(w->got);
	return whole;
}

static void way_close(struct way *w)
{
	ok(way_shut(w), "no buffer is lost");
}

static void drain(struct way *w)
{
	ssize_t n;

	while ((n = recv(w->receiver, w->got + w->n_got, (1 << 20) - w->n_got, 0)) > 0)
		w->n_got += (size_t)n;
}

static void step(struct way *w)
{
	loop_turn(&w->loop, 0);
	if (w->result == BODY_WAIT || w->result == BODY_BUSY)
		w->result = body_pump(&w->body, &w->carrier, &w->src, &w->in, &w->dst);
}

/* Send @text in pieces of @piece octets, and read all of it. */
static void way_send(struct way *w, const char *text, size_t len, size_t piece)
{
	while (len) {
		size_t n = len < piece ? len : piece;
		ssize_t sent = send(w->sender, text, n, 0);

		if (sent > 0) {
			text += sent;
			len -= (size_t)sent;
		}
		step(w);
		drain(w);
		if (w->result != BODY_WAIT && w->result != BODY_BUSY)
			break;
	}
	step(w);
	step(w);
	drain(w);
}

static bool got_is(const struct way *w, const char *text, size_t len)
{
	return w->n_got == len && !memcmp(w->got, text, len);
}

/* Content of what was written in the chunked coding; -1: it is not. */
static ssize_t dechunk(const char *in, size_t len, char *out)
{
	struct http1_chunked c = { 0 };
	size_t at = 0, n = 0;

	while (at < len && !c.done) {
		struct http_span data;
		ssize_t used = http1_chunked_next(&c, in + at, len - at, &data);

		if (used <= 0)
			return -1;
		memcpy(out + n, in + at + data.off, data.len);
		n += data.len;
		at += (size_t)used;
	}
	return c.done && at == len ? (ssize_t)n : -1;
}

static const char chunked[] = "5;a=\"b\"\r\nhello\r\n1\r\n,\r\n00000a\r\n wide worl\r\n"
			      "2\r\nd!\r\n0\r\nDropped: trailer\r\n\r\n";
static const char content[] = "hello, wide world!";
static const char next_request[] = "GET / HTTP/1.1\r\n";

/* Whatever the pieces: the same content, and what follows is left for the next. */
static void test_from_chunked(enum http_body framing, const char *name)
{
	char all[sizeof(chunked) + sizeof(next_request)], plain[256];
	size_t len = sizeof(chunked) - 1 + sizeof(next_request) - 1;
	unsigned int bad = 0;

	memcpy(all, chunked, sizeof(chunked) - 1);
	memcpy(all + sizeof(chunked) - 1, next_request, sizeof(next_request) - 1);
	for (size_t piece = 1; piece <= len; piece++) {
		struct way w;
		size_t left;
		ssize_t n;

		way_open(&w, HTTP_BODY_CHUNKED, 0, framing);
		way_send(&w, all, len, piece);
		n = framing == HTTP_BODY_CHUNKED ? dechunk(w.got, w.n_got, plain) :
						   (ssize_t)w.n_got;
		if (framing != HTTP_BODY_CHUNKED)
			memcpy(plain, w.got, w.n_got);
		left = buf_len(w.in);
		if (w.result != BODY_DONE || n != sizeof(content) - 1 ||
		    memcmp(plain, content, sizeof(content) - 1) ||
		    (left && memcmp(buf_head(w.in), next_request, left)) ||
		    w.body.received != sizeof(content) - 1)
			bad++;
		bad += !way_shut(&w);
	}
	ok(!bad, "chunked to %s, in pieces of 1 to %zu octets: %u bad", name, len, bad);
}

/* In whatever pieces they come: what may trail, behind the content, and nothing else. */
static void test_trailers(const char *lines, const char *kept, const char *name)
{
	char text[512], want[512];
	unsigned int bad = 0;
	size_t len = (size_t)sprintf(text, "5\r\nhello\r\n0\r\n%s\r\nGET /", lines);
	size_t n = (size_t)sprintf(want, "0\r\n%s\r\n", kept);

	for (size_t piece = 1; piece <= len; piece++) {
		struct way w;

		way_open(&w, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED);
		w.body.keep_trailers = true;
		way_send(&w, text, len, piece);
		if (w.result != BODY_DONE || w.n_got < n || memcmp(w.got + w.n_got - n, want, n) ||
		    w.body.received != 5 || w.body.trailers || w.body.sent != w.n_got)
			bad++;
		way_shut(&w);
	}
	ok(!bad, "%s, in pieces of 1 to %zu octets: %u bad", name, len, bad);
}

/* They wait for a receiver that stalls; nothing is lost with one that goes, or with a sender that does. */
static void test_stalled_trailers(void)
{
	char *text = malloc(80000);
	struct way w;
	size_t i, n;

	n = (size_t)sprintf(text, "ffff\r\n%065535d\r\n0\r\n", 0);
	for (i = 0; i < 80; i++)
		n += (size_t)sprintf(text + n, "X-%02zu: %090d\r\n", i, 1);
	n += (size_t)sprintf(text + n, "\r\n");
	way_open(&w, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED);
	w.body.keep_trailers = true;
	for (i = 0; i < n || (w.result != BODY_DONE && i < 1000000);) {
		ssize_t sent = i < n ? send(w.sender, text + i, n - i, 0) : 1;
		ssize_t got;

		i += sent > 0 ? (size_t)sent : 0;
		step(&w);
		got = recv(w.receiver, w.got + w.n_got, 997, 0);
		w.n_got += got > 0 ? (size_t)got : 0;
	}
	drain(&w);
	ok(w.result == BODY_DONE && w.n_got > 80 * 98 &&
	   !memcmp(w.got + w.n_got - 80 * 98 - 2, text + n - 80 * 98 - 2, 80 * 98 + 2),
	   "all of them through a narrow socket");
	way_close(&w);
	way_open(&w, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED);
	w.body.keep_trailers = true;
	way_send(&w, "0\r\nX-A: b\r\n", 11, 11);
	shutdown(w.sender, SHUT_WR);
	way_send(&w, "", 0, 1);
	ok(w.result == BODY_TRUNCATED && !w.n_got, "an end within the trailers: no last chunk");
	way_close(&w);
	way_open(&w, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED);
	w.body.keep_trailers = true;
	w.pool.limit = BUF_OCTETS;
	way_send(&w, "0\r\nX-A: b\r\n\r\n", 13, 13);
	ok(w.result == BODY_DONE && got_is(&w, "0\r\n\r\n", 5), "without memory for them there are none");
	way_close(&w);
	free(text);
}

static void test_length(void)
{
	struct way w;

	way_open(&w, HTTP_BODY_LENGTH, 5, HTTP_BODY_LENGTH);
	way_send(&w, "helloGET", 8, 8);
	ok(w.result == BODY_DONE && got_is(&w, "hello", 5), "as many octets as announced");
	ok(buf_len(w.in) == 3 && !memcmp(buf_head(w.in), "GET", 3), "the rest is not of this message");
	way_close(&w);
	way_open(&w, HTTP_BODY_LENGTH, 0, HTTP_BODY_LENGTH);
	way_send(&w, "", 0, 1);
	ok(w.result == BODY_DONE && !w.n_got, "a length of 0 needs nothing");
	way_close(&w);
	way_open(&w, HTTP_BODY_LENGTH, 6, HTTP_BODY_LENGTH);
	way_send(&w, "hello", 5, 5);
	ok(w.result == BODY_WAIT && w.n_got == 5, "what is there goes on, the rest is waited for");
	shutdown(w.sender, SHUT_WR);
	way_send(&w, "", 0, 1);
	ok(w.result == BODY_TRUNCATED && w.n_got == 5, "an end too early is told");
	way_close(&w);
}

static void test_close(void)
{
	struct way w;

	way_open(&w, HTTP_BODY_CLOSE, 0, HTTP_BODY_CHUNKED);
	way_send(&w, "hello", 5, 5);
	ok(w.result == BODY_WAIT && got_is(&w, "5\r\nhello\r\n", 10), "a whole chunk at once");
	shutdown(w.sender, SHUT_WR);
	way_send(&w, "", 0, 1);
	ok(w.result == BODY_DONE && got_is(&w, "5\r\nhello\r\n0\r\n\r\n", 15), "the end is the last chunk");
	way_close(&w);
	way_open(&w, HTTP_BODY_CLOSE, 0, HTTP_BODY_CLOSE);
	way_send(&w, "hello", 5, 1);
	shutdown(w.sender, SHUT_WR);
	way_send(&w, "", 0, 1);
	ok(w.result == BODY_DONE && got_is(&w, "hello", 5), "a tunnel's direction");
	way_close(&w);
}

static void test_broken(void)
{
	struct way w;

	way_open(&w, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED);
	way_send(&w, "5\r\nhello\r\nxyz\r\n", 15, 15);
	ok(w.result == BODY_MALFORMED, "no chunked coding: told");
	ok(got_is(&w, "5\r\nhello\r\n", 10), "what stood before it was sent, and no last chunk");
	way_close(&w);
	way_open(&w, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED);
	way_send(&w, "5\r\nhel", 6, 6);
	shutdown(w.sender, SHUT_WR);
	way_send(&w, "", 0, 1);
	ok(w.result == BODY_TRUNCATED, "an end within a chunk: told");
	way_close(&w);
	way_open(&w, HTTP_BODY_LENGTH, 100, HTTP_BODY_LENGTH);
	close(w.receiver);
	w.receiver = -1;
	way_send(&w, "hello", 5, 5);
	ok(w.result == BODY_SINK_GONE, "a receiver that is gone: told");
	way_close(&w);
}

/* A receiver that reads nothing stops the sender; nothing is lost or doubled. */
static void test_stall(enum http_body in, enum http_body framing, const char *name)
{
	const size_t len = 400000;
	char *text = malloc(len + 64), *plain = malloc(len);
	size_t sent = 0, total, i, head = 0, filled;
	struct way w;
	ssize_t n;

	way_open(&w, in, len, framing);
	if (in == HTTP_BODY_CHUNKED)
		head = (size_t)sprintf(text, "%zx\r\n", len);
	for (i = 0; i < len; i++)
		text[head + i] = (char)(i * 7 + i / 251);
	total = head + len;
	if (in == HTTP_BODY_CHUNKED) {
		memcpy(text + total, "\r\n0\r\n\r\n", 7);
		total += 7;
	}
	for (i = 0; i < 200; i++) {
		n = send(w.sender, text + sent, total - sent, 0);
		sent += n > 0 ? (size_t)n : 0;
		step(&w);
	}
	filled = sent;
	ok(w.result == BODY_WAIT && filled < total, "%s: the sender is stopped at %zu of %zu", name,
	   filled, total);
	ok(w.pool.used <= BUF_OCTETS, "by no more than a buffer");
	for (i = 0; i < 10000 && w.result != BODY_DONE; i++) {
		n = sent < total ? send(w.sender, text + sent, total - sent, 0) : 0;
		sent += n > 0 ? (size_t)n : 0;
		if (sent == total)
			shutdown(w.sender, SHUT_WR);
		step(&w);
		n = recv(w.receiver, w.got + w.n_got, 1 + (size_t)random() % 9000, 0);
		w.n_got += n > 0 ? (size_t)n : 0;
	}
	drain(&w);
	n = (ssize_t)w.n_got;
	if (framing == HTTP_BODY_CHUNKED)
		n = dechunk(w.got, w.n_got, plain);
	else
		memcpy(plain, w.got, w.n_got < len ? w.n_got : len);
	ok(n == (ssize_t)len && !memcmp(plain, text + head, len), "and all of it arrives");
	ok(w.pipes.n_free <= 1, "a pipe is used again");
	way_close(&w);
	free(text);
	free(plain);
}

static void test_head(void)
{
	struct way w;

	way_open(&w, HTTP_BODY_LENGTH, 5, HTTP_BODY_LENGTH);
	w.body.out = buf_get(&w.pool, 10);
	memcpy(w.body.out->data, "head:", 5);
	w.body.out->w = 5;
	w.body.keep_out = true;
	way_send(&w, "hello", 5, 5);
	ok(w.result == BODY_DONE && got_is(&w, "head:hello", 10), "a head goes first");
	ok(w.body.out && w.body.out->r == 5, "and is kept where it may be needed again");
	way_close(&w);
}

int main(void)
{
	srandom(1);
	test_length();
	test_close();
	test_from_chunked(HTTP_BODY_CHUNKED, "chunked");
	test_from_chunked(HTTP_BODY_CLOSE, "the end of the connection");
	test_trailers("X-A: b\r\n", "X-A: b\r\n", "a trailer");
	test_trailers("X-A: b\r\nx-a:\r\nx-A:c \r\n", "X-A: b\r\nx-a:\r\nx-A:c \r\n", "more of one name");
	test_trailers("Host: evil\r\nX-A: b\r\nConnection: close\r\n", "X-A: b\r\n", "some may not trail");
	test_trailers("Content-Length: 5\r\nTransfer_Encoding: gzip\r\n", "", "none may");
	test_trailers("", "", "there are none");
	test_stalled_trailers();
	test_broken();
	test_stall(HTTP_BODY_LENGTH, HTTP_BODY_LENGTH, "length to length");
	test_stall(HTTP_BODY_CLOSE, HTTP_BODY_CLOSE, "a tunnel");
	test_stall(HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, "length to chunked");
	test_stall(HTTP_BODY_CHUNKED, HTTP_BODY_CHUNKED, "chunked to chunked");
	test_stall(HTTP_BODY_CHUNKED, HTTP_BODY_CLOSE, "chunked to the end");
	test_head();
	return tap_done();
}
