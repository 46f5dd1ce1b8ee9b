/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of messages and what the parser must say about each. The fuzzers' seed
 * corpus is written from the same tables.
 */
#ifndef TIPHARES_CASES_H
#define TIPHARES_CASES_H

#include "http1.h"

/* Input with its length, so that it may hold NUL. */
#define TEXT(s) s, sizeof(s) - 1

/**
 * struct head_case - a head
 * @name: RFC section and what it is about
 * @input: @len octets
 * @expected: head_describe()'s words when it must be accepted, NULL otherwise
 * @status: what it must be refused with otherwise
 * @request: responses: the method it answers
 */
struct head_case {
	const char *name;
	const char *input;
	size_t len;
	const char *expected;
	int status;
	enum http_method request;
};

/**
 * struct chunked_case - a chunked body
 * @content: what it decodes to; NULL: it must be refused
 * @rest: octets of @input behind its end
 * @trailers: lines of its trailer section; NULL: none
 */
struct chunked_case {
	const char *name;
	const char *input;
	size_t len;
	const char *content;
	size_t rest;
	const char *trailers;
};

extern const struct head_case request_cases[];
extern const size_t n_request_cases;
extern const struct head_case response_cases[];
extern const size_t n_response_cases;
extern const struct chunked_case chunked_cases[];
extern const size_t n_chunked_cases;

/* What the parser understood, in words; valid until the next call. */
const char *head_describe(const struct http_head *head, const char *buf);

#endif /* TIPHARES_CASES_H */
