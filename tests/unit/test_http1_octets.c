// SPDX-License-Identifier: GPL-2.0-only
/*
 * Classes of octets against the grammars they stand for, and the searches that
 * look at sixteen of them at a time against the classes; names of known fields.
 */
#include <ctype.h>

#include "guard.h"
#include "http1_internal.h"
#include "tap.h"

static bool in(const char *set, int c)
{
	return c && strchr(set, c);
}

/* As the documents have them. */
static uint8_t expected(int c)
{
	bool alpha = c < 0x80 && isalpha(c), digit = c < 0x80 && isdigit(c);
	bool token = alpha || digit || in("!#$%&'*+-.^_`|~", c);
	bool target = c > 0x20 && c < 0x7f && !in("\"<>#", c);
	bool host = alpha || digit || in("-._~", c);
	bool hex = digit || in("abcdefABCDEF", c);
	bool text = c == '\t' || (c >= 0x20 && c != 0x7f);

	return (uint8_t)((token ? OCTET_TOKEN : 0) | (target ? OCTET_TARGET : 0) |
			 (host ? OCTET_HOST : 0) | (digit ? OCTET_DIGIT : 0) |
			 (hex ? OCTET_HEX : 0) | (text ? OCTET_TEXT : 0));
}

static void test_classes(void)
{
	int c, wrong = -1;

	for (c = 0; c < 256; c++)
		if (http1_octet[c] != expected(c))
			wrong = c;
	ok(wrong < 0, "9110 5.6.2, 5.5, 3986: octets are in their classes");
}

typedef const char *search_fn(const char *p, const char *end);

/* Every octet at every place of runs of every length up to three words. */
static int first_difference(search_fn *search, uint8_t class)
{
	size_t len, at;
	int c;

	for (c = 0; c < 256; c++)
		for (len = 1; len < 50; len++)
			for (at = 0; at < len; at++) {
				char *s = guard_end("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", len);
				bool member = expected(c) & class;

				s[at] = (char)c;
				if (search(s, s + len) != s + (member ? len : at))
					return c;
			}
	return -1;
}

static void test_searches(void)
{
	ok(first_difference(http1_text_end, OCTET_TEXT) < 0, "where a value ends");
	ok(first_difference(http1_target_end, OCTET_TARGET) < 0, "where a target ends");
}

static bool known_as(const char *name, enum http_field_id id, bool hop)
{
	const struct http1_limits limits = { .head = 65536, .fields = 10 };
	struct http_head head;
	char text[128];
	const char *why;
	int n = snprintf(text, sizeof(text), "HTTP/1.1 304 x\r\n%s: 1\r\n\r\n", name);

	return !http1_parse_response(text, (size_t)n, HTTP_M_GET, &limits, &head, &why) &&
	       head.fields[0].id == id && head.fields[0].hop == hop;
}

static void check_name(const char *name, enum http_field_id id, bool hop)
{
	char upper[32], lower[32];
	size_t i;

	for (i = 0; i <= strlen(name); i++) {
		upper[i] = (char)toupper(name[i]);
		lower[i] = (char)tolower(name[i]);
	}
	ok(known_as(name, id, hop) && known_as(upper, id, hop) && known_as(lower, id, hop),
	   "%s is known in any case", name);
	upper[0] = upper[0] == 'X' ? 'Y' : 'X';
	lower[strlen(lower) - 1] = '~';
	ok(known_as(upper, HTTP_F_OTHER, false) && known_as(lower, HTTP_F_OTHER, false),
	   "%s is not known in other words", name);
}

static void test_names(void)
{
	static const struct {
		const char *name;
		enum http_field_id id;
		bool hop;
	} names[] = {
		{ "Connection", HTTP_F_CONNECTION, true },
		{ "Content-Length", HTTP_F_CONTENT_LENGTH, false },
		{ "Date", HTTP_F_DATE, false },
		{ "Expect", HTTP_F_EXPECT, false },
		{ "Forwarded", HTTP_F_FORWARDED, false },
		{ "Host", HTTP_F_HOST, false },
		{ "Keep-Alive", HTTP_F_KEEP_ALIVE, true },
		{ "Max-Forwards", HTTP_F_MAX_FORWARDS, false },
		{ "Proxy-Authenticate", HTTP_F_PROXY_AUTHENTICATE, false },
		{ "Proxy-Authorization", HTTP_F_PROXY_AUTHORIZATION, false },
		{ "Proxy-Connection", HTTP_F_PROXY_CONNECTION, true },
		{ "Proxy-Status", HTTP_F_PROXY_STATUS, false },
		{ "TE", HTTP_F_TE, true },
		{ "Trailer", HTTP_F_TRAILER, true },
		{ "Upgrade", HTTP_F_UPGRADE, true },
		{ "Via", HTTP_F_VIA, false },
		{ "X-Forwarded-For", HTTP_F_X_FORWARDED_FOR, false },
		{ "Authorization", HTTP_F_AUTHORIZATION, false },
		{ "WWW-Authenticate", HTTP_F_WWW_AUTHENTICATE, false },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_name(names[i].name, names[i].id, names[i].hop);
	ok(known_as("Transfer-Encoding", HTTP_F_TRANSFER_ENCODING, true), "Transfer-Encoding is known");
	ok(known_as("X", HTTP_F_OTHER, false) && known_as("x-other", HTTP_F_OTHER, false),
	   "others are not");
}

int main(void)
{
	test_classes();
	test_searches();
	test_names();
	return tap_done();
}
