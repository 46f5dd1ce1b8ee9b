// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every head of the tables with one octet changed, added or taken away: what the
 * parser still accepts, llhttp must take for the same message.
 */
#include "cases.h"
#include "guard.h"
#include "oracle.h"
#include "tap.h"

static const struct http1_limits limits = { .head = 65536, .fields = HTTP_FIELDS_MAX };
static const char octets[] = "\0\t\n\x0b\r !\"#%(),-./01:;=?@AFGT[]_acehkx\x7f\x80\xa0";
static unsigned long accepted, refused;

struct subject {
	const struct head_case *c;
	bool request;
	bool failed;
};

static void try_one(struct subject *s, const char *text, size_t len)
{
	static struct http_head head;
	const char *buf = guard_end(text, len), *why, *differs;
	size_t from = 0, end = http1_scan(buf, len, &from);
	int status;

	if (!end)
		return;
	status = s->request ? http1_parse_request(buf, end, &limits, &head, &why) :
		 http1_parse_response(buf, end, s->c->request, &limits, &head, &why);
	if (status) {
		refused++;
		return;
	}
	accepted++;
	differs = oracle_compare(&head, buf);
	if (!differs || s->failed)
		return;
	s->failed = true;
	printf("# %s\n", differs);
	tap_escape("input", text, len);
}

static void change(struct subject *s, size_t at, size_t from)
{
	const struct head_case *c = s->c;
	char text[2048];
	size_t i;

	memcpy(text, c->input, at);
	memcpy(text + at + 1, c->input + from, c->len - from);
	for (i = 0; i < sizeof(octets) - 1; i++) {
		text[at] = octets[i];
		try_one(s, text, at + 1 + c->len - from);
	}
}

static void drop(struct subject *s, size_t at)
{
	char text[2048];

	memcpy(text, s->c->input, at);
	memcpy(text + at, s->c->input + at + 1, s->c->len - at - 1);
	try_one(s, text, s->c->len - 1);
}

static void check(const struct head_case *c, bool request)
{
	struct subject s = { .c = c, .request = request };
	size_t at;

	for (at = 0; at < c->len; at++) {
		change(&s, at, at);
		change(&s, at, at + 1);
		drop(&s, at);
	}
	ok(!s.failed, "%s: no neighbour is accepted that llhttp reads otherwise", c->name);
}

int main(void)
{
	size_t i;

	for (i = 0; i < n_request_cases; i++)
		check(&request_cases[i], true);
	for (i = 0; i < n_response_cases; i++)
		check(&response_cases[i], false);
	printf("# %lu accepted, %lu refused\n", accepted, refused);
	ok(accepted > 1000 && refused > 1000, "both verdicts were seen often");
	return tap_done();
}
