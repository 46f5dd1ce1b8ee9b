// SPDX-License-Identifier: GPL-2.0-only
/* Bounds of a head: octets, fields, options; and what exceeding them is called. */
#include <stdlib.h>

#include "guard.h"
#include "http1.h"
#include "tap.h"

static struct http_head head;
static char text[200000];
static size_t len;

static void add(const char *s)
{
	memcpy(text + len, s, strlen(s));
	len += strlen(s);
}

static void add_many(char c, size_t n)
{
	memset(text + len, c, n);
	len += n;
}

static void begin(void)
{
	len = 0;
	add("GET / HTTP/1.1\r\nHost: a\r\n");
}

static int request(size_t max, unsigned int fields)
{
	const struct http1_limits limits = { .head = max, .fields = fields };
	const char *why = NULL;
	int status = http1_parse_request(guard_end(text, len), len, &limits, &head, &why);

	return status && !why ? 1 : status;
}

static int response(size_t max, unsigned int fields)
{
	const struct http1_limits limits = { .head = max, .fields = fields };
	const char *why = NULL;

	return http1_parse_response(guard_end(text, len), len, HTTP_M_GET, &limits, &head, &why);
}

static void test_target(void)
{
	len = 0;
	add("GET /");
	add_many('a', 8000);
	add(" HTTP/1.1\r\nHost: a\r\n\r\n");
	ok(!request(65536, 100) && head.target.len == 8001, "9112 3: a target of 8000 octets");
	ok(request(8000, 100) == -414, "9110 15.5.15: a target that doesn't fit is a 414");
	len = 0;
	add("\r\n\r\nGET /");
	add_many('a', 100);
	ok(http1_too_large(text, len, &(const char *){ NULL }) == -414,
	   "9110 15.5.15: a request line that does not end");
}

static void test_size(void)
{
	begin();
	add("X: ");
	add_many('a', 1000);
	add("\r\n\r\n");
	ok(!request(len, 100), "6585 5: a head that just fits");
	ok(request(len - 1, 100) == -431, "6585 5: one octet more is a 431");
	begin();
	add_many('a', 60000);
	add(": b\r\n\r\n");
	ok(!request(65536, 100) && head.fields[1].name.len == 60000,
	   "9110 5.4: a name of 60000 octets is whole");
	ok(http1_too_large("GET / HTTP/1.1\r\nX", 17, &(const char *){ NULL }) == -431,
	   "6585 5: fields that do not end");
}

static void add_fields(unsigned int n)
{
	unsigned int i;
	char line[32];

	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "X%u: %u\r\n", i, i);
		add(line);
	}
	add("\r\n");
}

static void test_fields(void)
{
	begin();
	add_fields(99);
	ok(!request(65536, 100) && head.n_fields == 100, "6585 5: as many fields as allowed");
	ok(request(65536, 99) == -431, "6585 5: one field more is a 431");
	begin();
	add_fields(HTTP_FIELDS_MAX - 1);
	ok(!request(65536, 10000) && head.n_fields == HTTP_FIELDS_MAX,
	   "6585 5: as many fields as there is room for");
	begin();
	add_fields(HTTP_FIELDS_MAX);
	ok(request(65536, 10000) == -431, "6585 5: room is never exceeded");
	begin();
	add_fields(3000);
	ok(request(65536, 10000) == -431, "6585 5: 3000 short fields");
}

static void test_response(void)
{
	len = 0;
	add("HTTP/1.1 200 OK\r\n");
	add_fields(100);
	ok(!response(65536, 100), "9112 5: a response's fields");
	ok(response(65536, 99) == -502, "9112 5: one more is a 502");
	ok(!response(len, 100), "9112 5: a response head that just fits");
	ok(response(len - 1, 100) == -502, "9112 5: one octet more is a 502");
}

/* Whoever calls the parser says where the head ends; it is believed only if it does. */
static void test_behind(void)
{
	begin();
	add("\r\nX");
	ok(request(65536, 100) == -400, "a head and what is no line");
	len--;
	ok(!request(65536, 100), "a head alone");
	add("\r\n");
	ok(request(65536, 100) == -400, "a head and a line");
	len = 0;
	add("HTTP/1.1 200 OK\r\n\r\n");
	ok(!response(65536, 100), "a response head alone");
	add("HTTP/1.1 200 OK\r\n\r\n");
	ok(response(65536, 100) == -502, "two of them");
}

static void add_options(unsigned int n)
{
	unsigned int i;

	begin();
	add("Connection: close");
	for (i = 0; i < n; i++)
		add(",x");
	add("\r\nX: y\r\n\r\n");
}

static void test_options(void)
{
	add_options(100);
	ok(!request(65536, 100) && head.fields[2].hop && !head.keep_alive,
	   "9110 7.6.1: a hundred options");
	add_options(101);
	ok(request(65536, 100) == -400, "9110 7.6.1: more are refused");
}

int main(void)
{
	test_target();
	test_size();
	test_fields();
	test_response();
	test_options();
	test_behind();
	return tap_done();
}
