// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request heads: found at the same place whole and in two pieces; parsed within
 * their octets; what is accepted, llhttp accepts as the same message.
 *
 * First octet of the input: where it is cut, and how tight the limits are.
 */
#include "../../daemon/http1.c"
#include "../../daemon/http1_fields.c"
#include "../../daemon/http1_target.c"

#include "../unit/oracle.h"
#include "fuzz.h"

static size_t scan(const char *buf, size_t len, size_t cut)
{
	size_t from = 0, end, whole;

	end = http1_scan(buf, cut < len ? cut : len, &from);
	if (!end)
		end = http1_scan(buf, len, &from);
	from = 0;
	whole = http1_scan(buf, len, &from);
	must(end == whole, "end at %zu, cut at %zu: %zu", whole, cut, end);
	return whole;
}

static void check_span(const struct http_head *head, struct http_span s, const char *what)
{
	must((uint64_t)s.off + s.len <= head->head_len, "%s is outside", what);
}

static void check_head(const struct http_head *head)
{
	uint32_t i;

	check_span(head, head->method, "method");
	check_span(head, head->target, "target");
	check_span(head, head->host, "host");
	check_span(head, head->path, "path");
	for (i = 0; i < head->n_fields; i++) {
		check_span(head, head->fields[i].name, "name");
		check_span(head, head->fields[i].value, "value");
		must(head->fields[i].name.len, "a name is empty");
	}
	must(head->host.len || !head->minor, "no host");
	must(head->body != HTTP_BODY_CLOSE && !head->close_after, "framing of a request");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head;
	const char *why = NULL;
	struct http1_limits limits = { 65536, HTTP_FIELDS_MAX };
	size_t len;
	char *buf;
	int status;

	if (!size)
		return 0;
	if (data[0] & 0x80)
		limits = (struct http1_limits){ 64 + (data[0] & 0x7f), data[0] & 7 };
	buf = exactly(data + 1, size - 1);
	len = scan(buf, size - 1, data[0]);
	free(buf);
	/* the parser must not depend on the scanner having been right */
	buf = exactly(data + 1, len ? len : size - 1);
	len = len ? len : size - 1;
	status = http1_parse_request(buf, len, &limits, &head, &why);
	must(!status || (why && status <= -400 && status >= -505), "a refusal without a reason");
	if (!status) {
		check_head(&head);
		why = oracle_compare(&head, buf);
		must(!why, "llhttp: %s", why);
	}
	free(buf);
	return 0;
}
