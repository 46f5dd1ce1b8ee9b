// SPDX-License-Identifier: GPL-2.0-only
/*
 * Response heads: parsed within their octets; what is accepted, llhttp accepts as
 * the same message; a body only where there may be one.
 *
 * First octet of the input: the method that the response answers.
 */
#include "../../daemon/http1.c"
#include "../../daemon/http1_fields.c"
#include "../../daemon/http1_target.c"

#include "../unit/oracle.h"
#include "fuzz.h"

static void check_head(const struct http_head *head)
{
	uint32_t i;

	must((uint64_t)head->reason.off + head->reason.len <= head->head_len, "reason is outside");
	for (i = 0; i < head->n_fields; i++) {
		struct http_span name = head->fields[i].name, value = head->fields[i].value;

		must((uint64_t)name.off + name.len < value.off || !value.len, "name behind value");
		must((uint64_t)value.off + value.len <= head->head_len, "value is outside");
	}
	must(head->status >= 100 && head->status <= 999, "status %u", head->status);
	must(head->body == HTTP_BODY_NONE || (head->status >= 200 && head->status != 204),
	     "a body of %u", head->status);
	must(!head->keep_alive || (head->body != HTTP_BODY_CLOSE && !head->close_after),
	     "a connection that ends is kept");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http1_limits limits = { 65536, HTTP_FIELDS_MAX };
	static struct http_head head;
	const char *why = NULL;
	size_t from = 0, len;
	char *buf;
	int status;

	if (!size)
		return 0;
	len = http1_scan((const char *)data + 1, size - 1, &from);
	len = len ? len : size - 1;
	buf = exactly(data + 1, len);
	status = http1_parse_response(buf, len, data[0] % (HTTP_M_TRACE + 1), &limits, &head, &why);
	must(!status || (status == -502 && why), "a refusal with %d", status);
	if (!status) {
		check_head(&head);
		why = oracle_compare(&head, buf);
		must(!why, "llhttp: %s", why);
	}
	free(buf);
	return 0;
}
