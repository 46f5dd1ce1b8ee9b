// SPDX-License-Identifier: GPL-2.0-only
/*
 * PROXY headers: the same verdict whole and in pieces; a header that is taken ends
 * within its bounds, and what it says, written again, says the same.
 *
 * First octet of the input: size of the pieces.
 */
#include "../../daemon/proxy_header.c"

#include "fuzz.h"

static int in_pieces(const uint8_t *data, size_t size, size_t step, struct proxy_header *ret)
{
	size_t have = 0;
	int r = 0;

	while (!r && have < size) {
		char *copy;

		have = size - have < step ? size : have + step;
		copy = exactly(data, have);
		r = proxy_header_parse(copy, have, ret);
		free(copy);
	}
	return r;
}

static void write_again(const struct proxy_header *h)
{
	char out[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_header got;

	for (int version = PROXY_V1; version <= PROXY_V2; version++) {
		size_t n = proxy_header_write((enum proxy_version)version, &h->client, &h->server, out);

		must(n <= sizeof(out) && proxy_header_parse(out, n, &got) == (int)n, "not what we read: %.*s", (int)n, out);
		must(h->client.addr.family != h->server.addr.family ? !got.client.addr.family :
		     !memcmp(h, &got, sizeof(got)), "says something else");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header a = { 0 }, b = { 0 };
	int r;

	if (size < 2)
		return 0;
	r = in_pieces(data + 1, size - 1, size, &a);
	must(in_pieces(data + 1, size - 1, 1u + data[0] % 32, &b) == r && !memcmp(&a, &b, sizeof(a)), "another verdict in pieces");
	must(r == 0 || r == -EBADMSG || (r > 0 && (size_t)r < size), "%d", r);
	if (r > 0)
		write_again(&a);
	return 0;
}
