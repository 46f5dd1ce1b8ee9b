// SPDX-License-Identifier: GPL-2.0-only
/* The first octets of a connection: HTTP/1.x, something else, or too few to say. */
#include "guard.h"
#include "http1.h"
#include "tap.h"

static enum http1_begin begins(const char *s, size_t n)
{
	return http1_begins(guard_end(s, n), n);
}

/* The verdict, and after how many octets it comes when they come one by one. */
struct begin_case {
	const char *v;
	size_t n;
	enum http1_begin want;
	size_t after;
};

#define CASE(v, want, after) { v, sizeof(v) - 1, HTTP1_BEGIN_##want, after }
static const struct begin_case cases[] = {
	/* requests */
	CASE("GET / HTTP/1.1\r\n", YES, 5),
	CASE("GET /", YES, 5),
	CASE("M-SEARCH /x", YES, 10),
	CASE("get / HTTP/1.1\r\nHost: a\r\n\r\n", YES, 5),
	CASE("\r\nGET / HTTP/1.0\r\n", YES, 7),
	CASE("\n\r\n\n\r\nPOST /", YES, 12),
	CASE("GET http://a/", YES, 11),
	CASE("GET HTTP://a/", YES, 11),
	CASE("GET /a b c", YES, 5),
	CASE("OPTIONS * HTTP/1.1\r\n", YES, 20),
	CASE("CONNECT a:443 HTTP/1.1\r\n", YES, 24),
	CASE("CONNECT a:443 HTTP/1.1\n", YES, 23),
	CASE("CONNECT a:443 HTTP/1.1  \r\n", YES, 26),
	CASE("GET https://a/ HTTP/1.1\r\n", YES, 25),
	CASE("GET * HTTP/1.9\r\n", YES, 16),
	/* too few */
	CASE("", MORE, 0), CASE("G", MORE, 1), CASE("GET", MORE, 3), CASE("GET ", MORE, 4), CASE("GET h", MORE, 5),
	CASE("GET http:/", MORE, 10), CASE("\r\n", MORE, 2), CASE("CONNECT a:443 HTTP/1.1\r", MORE, 23),
	CASE("SSH-2.0-OpenSSH_9.2p1", MORE, 21),
	/* others */
	CASE("SSH-2.0-OpenSSH_9.2p1\r\n", NO, 22),
	CASE("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", NO, 32),
	CASE("EHLO mail.example\r\n", NO, 19),
	CASE("QUIT\r\n", NO, 5),
	CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO, 16),
	CASE("OPTIONS rtsp://a/b RTSP/1.0\r\n", NO, 29),
	CASE("INVITE sip:a@b SIP/2.0\r\n", NO, 24),
	CASE("GET * HTTP/1.x\r\n", NO, 16),
	CASE("GET *HTTP/1.1\r\n", NO, 15),
	CASE("GET HTTP/1.1\r\n", YES, 14),
	CASE("HTTP/1.1 200 OK\r\n", NO, 5),
	CASE(" GET / HTTP/1.1\r\n", NO, 1),
	CASE("GET\t/ HTTP/1.1\r\n", NO, 4),
	CASE("\x16\x03\x01", NO, 1),
	CASE("\x80\x2e\x01", NO, 1),
	CASE("\0\0\0\x08\x04\xd2\x16\x2f", NO, 1),		/* PostgreSQL */
	CASE("JRMI\0\2K", NO, 5),
	CASE("*1\r\n$4\r\nPING\r\n", NO, 3),			/* Redis */
	CASE("GET * \1", NO, 7),
	CASE("CONNECT a:443\rHTTP/1.1\r\n", NO, 15),
	CASE("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r", NO, 17),
};

int main(void)
{
	static char line[1024];
	enum http1_begin r;
	size_t n;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct begin_case *c = &cases[i];

		r = begins(c->v, 0);
		for (n = 0; n < c->n && r == HTTP1_BEGIN_MORE; n++)
			r = begins(c->v, n + 1);
		if (!ok(r == c->want && n == c->after, "%zu: %s after %zu octets", i,
			c->want == HTTP1_BEGIN_YES ? "HTTP" : c->want == HTTP1_BEGIN_NO ? "not HTTP" : "too few", c->after)) {
			tap_escape("octets", c->v, c->n);
			printf("# got %d after %zu\n", r, n);
		}
	}
	/* in one piece the whole line counts */
	ok(begins("GET /foo\r\n", 10) == HTTP1_BEGIN_NO, "a line without a version is not HTTP");
	ok(begins("0032git-upload-pack /a.git\0host=b\0", 34) == HTTP1_BEGIN_NO, "nor is one with a NUL");
	ok(begins("DESCRIBE /a RTSP/1.0\r\n", 22) == HTTP1_BEGIN_NO, "nor one with another version");
	memset(line, 'x', sizeof(line));
	memcpy(line, "CONNECT ", 8);
	ok(begins(line, 8 + 511) == HTTP1_BEGIN_MORE && begins(line, 8 + 512) == HTTP1_BEGIN_NO,
	   "a line that tells nothing ends somewhere");
	memset(line, 'X', sizeof(line));
	ok(begins(line, 64) == HTTP1_BEGIN_MORE && begins(line, 65) == HTTP1_BEGIN_NO, "so does a method");
	return tap_done();
}
