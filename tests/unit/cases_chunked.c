// SPDX-License-Identifier: GPL-2.0-only
/* Chunked bodies: what they decode to, and which must be refused. */
#include "cases.h"

#define GOOD(name, input, content) { name, TEXT(input), content, 0, NULL }
#define REST(name, input, content, rest) { name, TEXT(input), content, rest, NULL }
#define TRAILERS(name, content, lines) \
	{ name, TEXT("5\r\nhello\r\n0\r\n" lines "\r\nGET /"), content, 5, lines }
#define BAD(name, input) { name, TEXT(input), NULL, 0, NULL }

const struct chunked_case chunked_cases[] = {
	GOOD("9112 7.1: nothing", "0\r\n\r\n", ""),
	GOOD("9112 7.1: one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
	GOOD("9112 7.1: two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
	GOOD("9112 7.1: capital and small hexadecimal",
	     "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
	GOOD("9112 7.1: leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello"),
	GOOD("9112 7.1: content that looks like chunks", "7\r\n0\r\n\r\nGE\r\n0\r\n\r\n", "0\r\n\r\nGE"),
	REST("9112 7.1: octets of the next message stay", "1\r\na\r\n0\r\n\r\nGET /", "a", 5),
	GOOD("9112 7.1.1: an extension", "5;a\r\nhello\r\n0;b\r\n\r\n", "hello"),
	GOOD("9112 7.1.1: with a value", "5;a=b;c=d\r\nhello\r\n0\r\n\r\n", "hello"),
	GOOD("9112 7.1.1: blanks around", "5 ;\ta = b ; c\r\nhello\r\n0\r\n\r\n", "hello"),
	GOOD("9112 7.1.1: a quoted value", "5;a=\"b;\\\"=\"\r\nhello\r\n0\r\n\r\n", "hello"),
	GOOD("9112 7.1.1: an empty quoted value", "5;a=\"\";b\r\nhello\r\n0\r\n\r\n", "hello"),
	TRAILERS("9112 7.1.2: a trailer", "hello", "A: b\r\n"),
	TRAILERS("9112 7.1.2: trailers", "hello", "A: b\r\nC:\r\nTransfer-Encoding: x\r\n"),
	TRAILERS("9112 7.1.2: blanks and octets above 127", "hello", "A:\t b c \t\r\nC: \x80\xff\r\n"),
	TRAILERS("9112 7.1.2: a trailer that looks like a chunk", "hello", "0: 5;a\r\n0:\r\n"),
	BAD("9112 7.1: no size", "\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: a sign", "+5\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: a minus", "-1\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: SP before the size", " 5\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: SP behind the size", "5 \r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: HTAB behind the size", "5\t\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: an underscore", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
	BAD("9112 7.1: not hexadecimal", "g\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: NUL behind the size", "5\0\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: 2^63", "8000000000000000\r\nhello\r\n"),
	BAD("9112 7.1: 2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: 2^32 + 5 in words of 2^36", "fffffffffffffffff5\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: LF ends the size", "5\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: CR alone ends the size", "5\rhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: CR CR LF", "5\r\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: LF ends the content", "5\r\nhello\n0\r\n\r\n"),
	BAD("9112 7.1: CR alone ends the content", "5\r\nhello\r0\r\n\r\n"),
	BAD("9112 7.1: content longer than its size", "4\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: content shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1: LF ends the body", "0\r\n\n"),
	BAD("9112 7.1: LF ends the last chunk", "0\n\r\n"),
	BAD("9112 7.1: CR x ends the body", "0\r\n\rx"),
	BAD("9112 7.1.1: LF ends an extension (TERM.EXT)", "5;\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: LF within an extension (EXT.TERM)", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: LF within quotes", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: CR LF within quotes", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: CR within an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: NUL in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: an empty extension", "5;\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: an empty value", "5;a=\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: no semicolon", "5 a\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: blanks behind an extension", "5;a \r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: text behind quotes", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"),
	BAD("9112 7.1.2: a trailer without a colon", "0\r\nA\r\n\r\n"),
	BAD("9112 7.1.2: SP before the colon", "0\r\nA : b\r\n\r\n"),
	BAD("9112 7.1.2: a trailer without a name", "0\r\n: b\r\n\r\n"),
	BAD("9112 7.1.2: a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"),
	BAD("9112 7.1.2: LF ends a trailer", "0\r\nA: b\n\r\n"),
	BAD("9112 7.1.2: CR in a trailer", "0\r\nA: b\rc\r\n\r\n"),
	BAD("9112 7.1.2: NUL in a trailer", "0\r\nA: b\0\r\n\r\n"),
	BAD("9112 7.1.2: a request for a trailer", "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
};

const size_t n_chunked_cases = sizeof(chunked_cases) / sizeof(chunked_cases[0]);
