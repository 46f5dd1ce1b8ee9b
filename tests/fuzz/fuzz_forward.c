// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is forwarded, parsed again strictly, is the message that was meant to be
 * forwarded, whatever came in; and room for it never lacks.
 *
 * First octet of the input: request or response, and to which method.
 */
#include "../../daemon/http_msg.c"

#include "../../daemon/http1.h"
#include "../unit/forwarded.h"
#include "fuzz.h"

static struct http_head head;

static int parse(const char *buf, size_t len, uint8_t control)
{
	static const struct http1_limits limits = { 65536, HTTP_FIELDS_MAX };
	const char *why;

	if (control & 1)
		return http1_parse_request(buf, len, &limits, &head, &why);
	return http1_parse_response(buf, len, (control >> 1) % (HTTP_M_TRACE + 1), &limits, &head,
				    &why);
}

static void forward(const char *buf)
{
	size_t size = head.head_len + 1024;
	struct http_forward fwd;
	const char *why;
	unsigned int i;
	char *out;
	int n;

	/* our own lines must find room in the second parsing */
	if (head.n_fields > HTTP_FIELDS_MAX - 8)
		return;
	for (i = 0; forwarded_variant(&head, i, &fwd); i++) {
		out = malloc(size);
		n = head.is_request ? http_write_request(&head, buf, &fwd, out, size) :
				      http_write_response(&head, buf, &fwd, out, size);
		must(n > 0, "%d", n);
		why = forwarded_differs(&head, buf, &fwd, out, (size_t)n);
		must(!why, "variant %u: %s: %.*s", i, why, n, out);
		free(out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t from = 0, len;
	char *buf;

	if (!size)
		return 0;
	len = http1_scan((const char *)data + 1, size - 1, &from);
	buf = exactly(data + 1, len);
	if (len && !parse(buf, len, data[0]))
		forward(buf);
	free(buf);
	return 0;
}
