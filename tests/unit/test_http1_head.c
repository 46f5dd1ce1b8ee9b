// SPDX-License-Identifier: GPL-2.0-only
/*
 * The head parser against its tables: each input whole, octet by octet and cut
 * at every place, between guard pages; what it accepts, llhttp accepts too.
 */
#include "cases.h"
#include "guard.h"
#include "oracle.h"
#include "tap.h"

static const struct http1_limits limits = { .head = 65536, .fields = HTTP_FIELDS_MAX };
static struct http_head head;

/* Where the head ends, told @step octets at a time. */
static size_t scan_in_steps(const char *buf, size_t len, size_t step)
{
	size_t from = 0, n, end;

	for (n = step; ; n += step) {
		if (n > len)
			n = len;
		end = http1_scan(buf, n, &from);
		if (end || n == len)
			return end;
	}
}

static size_t scan_cut(const char *buf, size_t len, size_t cut)
{
	size_t from = 0;
	size_t end = http1_scan(buf, cut, &from);

	return end ? end : http1_scan(buf, len, &from);
}

static bool scan_agrees(const char *buf, size_t len, size_t expected)
{
	size_t step, cut;

	for (step = 1; step < 5; step++)
		if (scan_in_steps(buf, len, step) != expected)
			return false;
	for (cut = 0; cut <= len; cut++)
		if (scan_cut(buf, len, cut) != expected)
			return false;
	return true;
}

static int parse(const struct head_case *c, bool request, const char *buf, const char **why)
{
	if (request)
		return http1_parse_request(buf, c->len, &limits, &head, why);
	return http1_parse_response(buf, c->len, c->request, &limits, &head, why);
}

/* Same verdict with the input at the other guard page? */
static bool parse_agrees(const struct head_case *c, bool request, int expected)
{
	const char *why;

	return parse(c, request, guard_start(c->input, c->len), &why) == expected;
}

static void check_accepted(const struct head_case *c, const char *buf, int status, const char *why)
{
	const char *differs;

	if (!ok(!status, "%s: accepted", c->name)) {
		printf("# refused with %d: %s\n", -status, why);
		tap_escape("input", c->input, c->len);
		return;
	}
	is(head_describe(&head, buf), c->expected, c->name);
	differs = oracle_compare(&head, buf);
	if (!ok(!differs, "%s: llhttp agrees", c->name))
		printf("# %s\n", differs);
}

static void check_refused(const struct head_case *c, int status)
{
	if (!ok(status == c->status, "%s: refused with %d", c->name, -c->status)) {
		printf("# got %d\n", status);
		tap_escape("input", c->input, c->len);
	}
}

/* Every proper prefix is either no head or a refused one. */
static bool prefixes_are_refused(const struct head_case *c, bool request)
{
	struct head_case part = *c;
	const char *why;

	for (part.len = 0; part.len < c->len; part.len++)
		if (!parse(&part, request, guard_end(c->input, part.len), &why))
			return false;
	return true;
}

static void check(const struct head_case *c, bool request)
{
	const char *buf = guard_end(c->input, c->len), *why = NULL;
	size_t from = 0, end = http1_scan(buf, c->len, &from);
	int status;

	/* a case may hold more than a head: octets behind one that is refused */
	ok(end && end <= c->len && scan_agrees(buf, c->len, end),
	   "%s: its end is found at every cut", c->name);
	status = parse(c, request, buf, &why);
	if (c->expected)
		check_accepted(c, buf, status, why);
	else
		check_refused(c, status);
	ok((!status || why) && parse_agrees(c, request, status), "%s: in another place", c->name);
	ok(prefixes_are_refused(c, request), "%s: no part of it is a head", c->name);
}

int main(void)
{
	size_t i;

	for (i = 0; i < n_request_cases; i++)
		check(&request_cases[i], true);
	for (i = 0; i < n_response_cases; i++)
		check(&response_cases[i], false);
	return tap_done();
}
