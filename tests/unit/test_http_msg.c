// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writers: octet for octet on examples of each rule, and for every head of
 * the tables that what was written, parsed again, is what was meant. Lists, Via,
 * Upgrade, Max-Forwards, own errors.
 */
#include <errno.h>
#include <stdlib.h>

#include "cases.h"
#include "conf.h"
#include "forwarded.h"
#include "guard.h"
#include "tap.h"

static const struct http1_limits limits = { .head = 65536, .fields = HTTP_FIELDS_MAX };
static struct http_head head;

static const struct endpoint client4 = {
	.addr = { .family = AF_INET, .bytes = { 198, 51, 100, 7 } }, .port = 40000,
};
static const struct endpoint client6 = {
	.addr = { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 7 } }, .port = 40000,
};

/* Most requests and responses are forwarded so. */
#define PLAIN .via = "tiphares", .keep_alive = true, .origin_form = true, .minor_peer = 1

struct write_case {
	const char *name;
	const char *input;
	struct http_forward fwd;
	const char *expected;
	enum http_method method;
};

static const struct write_case requests[] = {
	{ "order, case and spacing of other fields stay",
	  "GET /a?b HTTP/1.1\r\nhOsT:a\r\nX-a:  1 \r\nCookie: x\r\ncookie:\ty\r\n\r\n", { PLAIN },
	  "GET /a?b HTTP/1.1\r\nhOsT:a\r\nX-a:  1 \r\nCookie: x\r\ncookie:\ty\r\n"
	  "Via: 1.1 tiphares\r\n\r\n", 0 },
	{ "9110 7.6.1: fields of this hop go, wherever they are",
	  "GET / HTTP/1.1\r\nConnection: a, keep-alive\r\nA: 1\r\nHost: x\r\nKeep-Alive: 5\r\n"
	  "B: 2\r\na: 3\r\nProxy-Connection: keep-alive\r\nUpgrade: y\r\nTE: gzip\r\nTrailer: z\r\n\r\n",
	  { PLAIN }, "GET / HTTP/1.1\r\nHost: x\r\nB: 2\r\nVia: 1.1 tiphares\r\n\r\n", 0 },
	{ "9112 3.2.2: Host of an absolute target, first",
	  "GET http://b:81/c HTTP/1.1\r\nA: 1\r\nHost: x\r\n\r\n", { PLAIN },
	  "GET /c HTTP/1.1\r\nHost: b:81\r\nA: 1\r\nVia: 1.1 tiphares\r\n\r\n", 0 },
	{ "9112 3.2.2: an absolute target for a proxy stays",
	  "GET http://b HTTP/1.1\r\nHost: x\r\n\r\n", { .keep_alive = true },
	  "GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", 0 },
	{ "9112 3.2.1: an empty path", "GET http://b HTTP/1.1\r\nHost: x\r\n\r\n", { PLAIN },
	  "GET / HTTP/1.1\r\nHost: b\r\nVia: 1.1 tiphares\r\n\r\n", 0 },
	{ "9112 3.2.1: an empty path with a query", "GET http://[::1]?q HTTP/1.1\r\nHost: x\r\n\r\n",
	  { PLAIN }, "GET /?q HTTP/1.1\r\nHost: [::1]\r\nVia: 1.1 tiphares\r\n\r\n", 0 },
	{ "9112 3.2.4: an empty path of OPTIONS", "OPTIONS http://b:8 HTTP/1.1\r\nHost: x\r\n\r\n",
	  { PLAIN }, "OPTIONS * HTTP/1.1\r\nHost: b:8\r\nVia: 1.1 tiphares\r\n\r\n", 0 },
	{ "9112 2.3: own version, and a Host that was missing",
	  "GET /x HTTP/1.0\r\nA: 1\r\n\r\n", { PLAIN, .origin = &client4 },
	  "GET /x HTTP/1.1\r\nA: 1\r\nHost: 198.51.100.7:40000\r\nVia: 1.0 tiphares\r\n\r\n", 0 },
	{ "9110 7.2: a missing Host with nothing to put there", "GET /x HTTP/1.0\r\n\r\n",
	  { .keep_alive = true }, "GET /x HTTP/1.1\r\nHost: \r\n\r\n", 0 },
	{ "9110 10.1.1: Expect of HTTP/1.0 goes",
	  "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
	  { PLAIN, .length = true, .content_length = 3 },
	  "POST / HTTP/1.1\r\nHost: a\r\nVia: 1.0 tiphares\r\nContent-Length: 3\r\n\r\n", 0 },
	{ "9112 6.3: the length is written anew",
	  "POST / HTTP/1.1\r\nContent-Length: 007\r\nHost: a\r\n\r\n",
	  { PLAIN, .length = true, .content_length = 7 },
	  "POST / HTTP/1.1\r\nHost: a\r\nVia: 1.1 tiphares\r\nContent-Length: 7\r\n\r\n", 0 },
	{ "9112 6.1: so is chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: ,Chunked\r\nHost: a\r\n\r\n",
	  { PLAIN, .chunked = true },
	  "POST / HTTP/1.1\r\nHost: a\r\nVia: 1.1 tiphares\r\nTransfer-Encoding: chunked\r\n\r\n", 0 },
	{ "9112 9.6: close", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", { .via = NULL },
	  "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 0 },
	{ "9110 10.1.4: TE: trailers", "GET / HTTP/1.1\r\nTE: gzip, trailers\r\nHost: a\r\n"
	  "Connection: TE\r\n\r\n", { .keep_alive = true },
	  "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n", 0 },
	{ "9110 10.1.4: TE: trailers and close", "GET / HTTP/1.1\r\nTE: trailers\r\nHost: a\r\n"
	  "Connection: TE\r\n\r\n", { .keep_alive = false },
	  "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n", 0 },
	{ "9110 7.8: Upgrade", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nHost: a\r\n"
	  "Connection: Upgrade\r\n\r\n", { PLAIN, .upgrade = true },
	  "GET / HTTP/1.1\r\nUpgrade: websocket\r\nHost: a\r\nVia: 1.1 tiphares\r\n"
	  "Connection: upgrade\r\n\r\n", 0 },
	{ "9110 7.6.2: Max-Forwards", "TRACE / HTTP/1.1\r\nMax-Forwards: 010\r\nHost: a\r\n\r\n",
	  { PLAIN }, "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 9\r\nVia: 1.1 tiphares\r\n\r\n", 0 },
	{ "9110 7.6.2: it is not invented", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	  { .keep_alive = true }, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
	{ "9110 7.6.2: nor touched in others", "GET / HTTP/1.1\r\nMax-Forwards: 10\r\nHost: a\r\n\r\n",
	  { .keep_alive = true }, "GET / HTTP/1.1\r\nMax-Forwards: 10\r\nHost: a\r\n\r\n", 0 },
	{ "9110 7.6.3: Via is appended", "GET / HTTP/1.1\r\nVia: 1.0 fred\r\nHost: a\r\nVia: 1.1 p\r\n\r\n",
	  { PLAIN }, "GET / HTTP/1.1\r\nVia: 1.0 fred\r\nHost: a\r\nVia: 1.1 p\r\n"
	  "Via: 1.1 tiphares\r\n\r\n", 0 },
	{ "7239: off: what the client said passes",
	  "GET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nHost: a\r\nForwarded: for=x\r\n\r\n",
	  { .keep_alive = true, .peer = &client4 },
	  "GET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nHost: a\r\nForwarded: for=x\r\n\r\n", 0 },
	{ "7239 4: Forwarded instead of what the client said",
	  "GET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nHost: a\r\nForwarded: for=x\r\n\r\n",
	  { .keep_alive = true, .peer = &client4, .forwarded = FORWARDED_RFC7239 },
	  "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=198.51.100.7\r\n\r\n", 0 },
	{ "7239 6: IPv6 is quoted", "GET / HTTP/1.1\r\nHost: a\r\nConnection: forwarded\r\n\r\n",
	  { .keep_alive = true, .peer = &client6, .forwarded = FORWARDED_RFC7239 },
	  "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=\"[2001:db8::7]\"\r\n\r\n", 0 },
	{ "X-Forwarded-For", "GET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nHost: a\r\n"
	  "Connection: x-forwarded-for\r\n\r\n",
	  { .keep_alive = true, .peer = &client6, .forwarded = FORWARDED_XFF },
	  "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n", 0 },
	{ "empty lines before the request stay behind", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  { .keep_alive = true }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
	{ "9110 11.6.2: credentials pass", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eDp5\r\n"
	  "Proxy-Authorization: Basic eDp5\r\n\r\n", { .keep_alive = true },
	  "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eDp5\r\n"
	  "Proxy-Authorization: Basic eDp5\r\n\r\n", 0 },
};

static const struct write_case responses[] = {
	{ "9112 2.3: own version, Date added",
	  "HTTP/1.0 200 Fine\r\nServer: x\r\nContent-Length: 3\r\n\r\n",
	  { PLAIN, .length = true, .content_length = 3, .add_date = 784111777 },
	  "HTTP/1.1 200 Fine\r\nServer: x\r\nVia: 1.0 tiphares\r\n"
	  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n\r\n", HTTP_M_GET },
	{ "9110 6.6.1: Date is kept", "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 3\r\n\r\n",
	  { .keep_alive = true, .length = true, .content_length = 3, .add_date = 784111777 },
	  "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 3\r\n\r\n", HTTP_M_GET },
	{ "9110 6.6.1: a Date of this hop is no Date",
	  "HTTP/1.1 204 x\r\nDate: now\r\nConnection: date\r\n\r\n",
	  { .keep_alive = true, .add_date = 1700000000 },
	  "HTTP/1.1 204 x\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n", HTTP_M_GET },
	{ "9112 4: the SP before an empty reason", "HTTP/1.1 204\r\n\r\n", { .keep_alive = true },
	  "HTTP/1.1 204 \r\n\r\n", HTTP_M_GET },
	{ "9112 5.1: blanks before a colon", "HTTP/1.1 204 x\r\nA: 1\r\nX \t:  y \r\nB:2\r\n\r\n",
	  { .keep_alive = true }, "HTTP/1.1 204 x\r\nA: 1\r\nX: y\r\nB:2\r\n\r\n", HTTP_M_GET },
	{ "9112 6.3: one of two framing fields", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n", { .chunked = true, .minor_peer = 1 },
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", HTTP_M_GET },
	{ "9112 6.1: HTTP/1.0 gets no chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	  { .chunked = true, .minor_peer = 0 },
	  "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", HTTP_M_GET },
	{ "9112 6.1: 204 without length", "HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\n",
	  { .keep_alive = true }, "HTTP/1.1 204 x\r\n\r\n", HTTP_M_GET },
	{ "9110 8.6: 304 keeps its length", "HTTP/1.1 304 x\r\nContent-Length: 3\r\nETag: y\r\n\r\n",
	  { .keep_alive = true }, "HTTP/1.1 304 x\r\nETag: y\r\nContent-Length: 3\r\n\r\n", HTTP_M_GET },
	{ "9110 9.3.2: so does HEAD, once", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
	  "Content-Length: 3\r\n\r\n", { .keep_alive = true },
	  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", HTTP_M_HEAD },
	{ "9112 6.3: a length that Transfer-Encoding overruled, without a body",
	  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	  { .keep_alive = true }, "HTTP/1.1 200 OK\r\n\r\n", HTTP_M_HEAD },
	{ "9110 9.3.6: 2xx to CONNECT has none", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
	  { .keep_alive = true }, "HTTP/1.1 200 OK\r\n\r\n", HTTP_M_CONNECT },
	{ "9110 15.2: an interim response is not closed or dated",
	  "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nContent-Length: 3\r\n\r\n",
	  { .via = "tiphares", .add_date = 784111777 },
	  "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nVia: 1.1 tiphares\r\n\r\n", HTTP_M_GET },
	{ "9110 7.8: 101", "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
	  { .keep_alive = true, .upgrade = true },
	  "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", HTTP_M_GET },
	{ "9110 7.8: Upgrade is of this hop", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
	  "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", { .keep_alive = true, .length = true },
	  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_M_GET },
	{ "9110 15.5.22: 426 says to what", "HTTP/1.1 426 x\r\nContent-Length: 0\r\n"
	  "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", { .length = true },
	  "HTTP/1.1 426 x\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"
	  "Connection: close, upgrade\r\n\r\n", HTTP_M_GET },
	{ "9110 11.6.1: challenges and cookies pass as they are", "HTTP/1.1 407 x\r\n"
	  "WWW-Authenticate: Basic\r\nProxy-Authenticate: Basic\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
	  "Content-Length: 0\r\n\r\n", { .keep_alive = true, .length = true },
	  "HTTP/1.1 407 x\r\nWWW-Authenticate: Basic\r\nProxy-Authenticate: Basic\r\nSet-Cookie: a\r\n"
	  "Set-Cookie: b\r\nContent-Length: 0\r\n\r\n", HTTP_M_GET },
};

static int parse(const char *input, size_t len, bool request, enum http_method method)
{
	const char *why;

	return request ? http1_parse_request(input, len, &limits, &head, &why) :
			 http1_parse_response(input, len, method, &limits, &head, &why);
}

static int write_head(const char *base, const struct http_forward *fwd, char *out, size_t size)
{
	return head.is_request ? http_write_request(&head, base, fwd, out, size) :
				 http_write_response(&head, base, fwd, out, size);
}

/* Room for exactly what is written will do, one octet less will not. */
static bool fits_exactly(const char *base, const struct http_forward *fwd, size_t n)
{
	char *room = malloc(n + 1);
	size_t size;
	bool good = true;

	for (size = 0; size < n; size++)
		good &= write_head(base, fwd, room, size) == -ENOSPC;
	good &= write_head(base, fwd, room, n) == (int)n;
	free(room);
	return good;
}

static void check_example(const struct write_case *c, bool request)
{
	char out[4096] = "";
	int n;

	if (!ok(!parse(c->input, strlen(c->input), request, c->method), "%s: parsed", c->name))
		return;
	n = write_head(c->input, &c->fwd, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	is(out, c->expected, c->name);
	ok(fits_exactly(c->input, &c->fwd, strlen(c->expected)), "%s: never too much", c->name);
}

/* One head, in every variant. */
static const char *variants_differ(const char *base, size_t room)
{
	static char out[65536 + 1024];
	struct http_forward fwd;
	const char *why;
	unsigned int i;
	int n;

	for (i = 0; forwarded_variant(&head, i, &fwd); i++) {
		n = write_head(base, &fwd, out, room);
		if (n < 0)
			return "it does not fit";
		why = forwarded_differs(&head, base, &fwd, out, (size_t)n);
		if (why)
			return why;
	}
	return NULL;
}

static void check_case(const struct head_case *c, bool request)
{
	const char *buf = guard_end(c->input, c->len), *why;

	if (!c->expected || parse(buf, c->len, request, c->request))
		return;
	why = variants_differ(buf, head.head_len + 1024);
	if (!ok(!why, "%s: forwarded as it is", c->name))
		printf("# %s\n", why);
}

static void test_lists(void)
{
	static const char list[] = "a, bc ,\t,d;q=1,WebSocket";

	ok(http_list_has(list, strlen(list), "a", 1), "the first element");
	ok(http_list_has(list, strlen(list), "BC", 2), "blanks and case");
	ok(http_list_has(list, strlen(list), "websocket", 9), "the last element");
	ok(!http_list_has(list, strlen(list), "b", 1), "not a part of one");
	ok(!http_list_has(list, strlen(list), "", 0), "not an empty one");
	ok(!http_list_has(guard_end("a", 1), 1, "ab", 2), "not what is behind the end");
	ok(!http_list_has("", 0, "a", 1), "not in nothing");
}

static bool accepted(const char *response, const char *offered)
{
	if (parse(response, strlen(response), false, HTTP_M_GET))
		return false;
	return http_upgrade_accepted(&head, response, offered, strlen(offered));
}

static void test_upgrade(void)
{
	static const char good[] = "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n";
	static const char half[] = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n";
	static const char none[] = "HTTP/1.1 101 x\r\nConnection: upgrade\r\n\r\n";

	ok(accepted(good, "foo, websocket"), "9110 7.8: one of those offered");
	ok(!accepted(good, "foo"), "9110 7.8: not one that was not");
	ok(!accepted(good, ""), "9110 7.8: nor when nothing was");
	ok(!accepted(half, "websocket"), "9110 7.8: not without Connection");
	ok(!accepted(none, "websocket"), "9110 7.8: not without Upgrade");
}

static bool via_has(const char *value, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 x\r\nVia:%s\r\n\r\n", value);
	return !parse(text, strlen(text), true, 0) && http_via_has(&head, text, name);
}

static void test_via(void)
{
	ok(via_has("1.1 me", "me"), "9110 7.6.3: a proxy of that name");
	ok(via_has("1.0 a, HTTP/1.1\tME (x), 1.1 b", "me"), "9110 7.6.3: in the middle, with a comment");
	ok(!via_has("1.1 mex, 1.1 xme, 1.1 x-me", "me"), "9110 7.6.3: not a part of a name");
	ok(!via_has("1.1 a (it is me )", "me"), "9110 7.6.3: not in a comment");
	ok(!via_has("", "me"), "9110 7.6.3: not in nothing");
}

static int64_t max_forwards(const char *method, const char *value)
{
	char text[256];

	snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: a\r\nMax-Forwards: %s\r\n\r\n", method, value);
	return parse(text, strlen(text), true, 0) ? -2 : http_max_forwards(&head, text);
}

static void test_max_forwards(void)
{
	ok(max_forwards("TRACE", "0") == 0, "9110 7.6.2: zero");
	ok(max_forwards("OPTIONS", "0012") == 12, "9110 7.6.2: with zeros");
	ok(max_forwards("OPTIONS", "99999999999999999999999") == INT32_MAX, "9110 7.6.2: very many");
	ok(max_forwards("GET", "5") == -1, "9110 7.6.2: only of two methods");
	ok(max_forwards("OPTIONS", "-5") == -2, "9110 7.6.2: never negative");
}

static void test_methods(void)
{
	ok(http_method_is_idempotent(HTTP_M_GET) && http_method_is_idempotent(HTTP_M_DELETE) &&
	   http_method_is_idempotent(HTTP_M_PUT), "9110 9.2.2: idempotent ones");
	ok(!http_method_is_idempotent(HTTP_M_POST) && !http_method_is_idempotent(HTTP_M_OTHER) &&
	   !http_method_is_idempotent(HTTP_M_CONNECT), "9110 9.2.2: all others");
}

static bool error_is_message(bool head_only, bool keep)
{
	char out[1024];
	const char *why;
	int n = http_write_error(502, "the origin said nothing", head_only, keep, out, sizeof(out));
	size_t from = 0, end = n > 0 ? http1_scan(out, (size_t)n, &from) : 0;

	if (!end || http1_parse_response(out, end, HTTP_M_GET, &limits, &head, &why))
		return false;
	return head.status == 502 && head.keep_alive == keep && head.body == HTTP_BODY_LENGTH &&
	       (size_t)n - end == (head_only ? 0 : head.content_length) && head.content_length > 20;
}

static void test_errors(void)
{
	char out[1024];
	size_t size;
	int n;

	ok(error_is_message(false, false) && error_is_message(true, false) &&
	   error_is_message(false, true) && error_is_message(true, true), "an error is a whole message");
	n = http_write_proxy_error(504, "connection_timeout", "x", false, false, false, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	ok(strstr(out, "\r\nProxy-Status: tiphares; error=connection_timeout\r\n"), "9209 2.3: its type");
	n = http_write_error(504, "x", false, false, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	ok(n > 0 && !strstr(out, "Proxy-Status"), "9209 2.3: no type where none is known");
	n = http_write_error(400, "bad", false, false, out, sizeof(out));
	for (size = 0; size < (size_t)n; size++)
		if (http_write_error(400, "bad", false, false, out, size) != -ENOSPC)
			break;
	ok(n > 0 && size == (size_t)n, "an error never writes too much");
	is(http_reason(431), "Request Header Fields Too Large", "a reason");
	is(http_reason(299), "Error", "no reason");
}

static const char *last(const char *request, bool keep_alive)
{
	static char out[2048];
	int n = parse(request, strlen(request), true, 0) ? -1 : http_write_last(&head, request, keep_alive, out, sizeof(out) - 1);

	out[n < 0 ? 0 : n] = '\0';
	return out;
}

/* What is behind the empty line is as long as Content-Length says. */
static bool length_is_right(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");

	return body && length && (size_t)atoi(length + 16) == strlen(body + 4);
}

static void test_last(void)
{
	static const char trace[] = "TRACE http://a/b?c HTTP/1.0\r\nHost: a\r\nMax-Forwards: 0\r\nAuthorization: x\r\n"
				    "X:  y \r\ncookie: z\r\nProxy-Authorization: w\r\nVia: 1.1 p\r\n\r\n";
	const char *answer = last("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", true);
	char small[2048];

	ok(!strncmp(answer, "HTTP/1.1 200 OK\r\nDate: ", 23) && strstr(answer, "\r\nAllow: GET, ") &&
	   strstr(answer, "\r\nContent-Length: 0\r\n\r\n") && length_is_right(answer), "9110 9.3.7: OPTIONS ends here: what is allowed");
	answer = last(trace, false);
	ok(!strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) && strstr(answer, "\r\nContent-Type: message/http\r\n") &&
	   strstr(answer, "\r\nConnection: close\r\n\r\n"), "9110 9.3.8: TRACE ends here");
	ok(length_is_right(answer), "as long as it says");
	is(strstr(answer, "\r\n\r\n") + 4, "TRACE http://a/b?c HTTP/1.0\r\nHost: a\r\nMax-Forwards: 0\r\nX: y\r\nVia: 1.1 p\r\n\r\n",
	   "the request, but for what is secret");
	for (size_t n = 0; n < strlen(answer); n++)
		if (http_write_last(&head, trace, false, small, n) >= 0)
			ok(false, "no room in %zu octets", n);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		check_example(&requests[i], true);
	for (i = 0; i < sizeof(responses) / sizeof(responses[0]); i++)
		check_example(&responses[i], false);
	for (i = 0; i < n_request_cases; i++)
		check_case(&request_cases[i], true);
	for (i = 0; i < n_response_cases; i++)
		check_case(&response_cases[i], false);
	test_lists();
	test_upgrade();
	test_via();
	test_max_forwards();
	test_last();
	test_methods();
	test_errors();
	return tap_done();
}
