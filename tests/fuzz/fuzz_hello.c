// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHellos: the same verdict whole and in pieces; one that is taken says the
 * same when its message comes in records of another size; a name is a host name.
 *
 * First octet of the input: size of the pieces and of the records.
 */
#include "../../daemon/tls_hello.c"

#include "fuzz.h"

static int whole(const uint8_t *buf, size_t len, struct tls_hello *ret)
{
	struct tls_hello_scan scan = { 0 };
	char *copy = exactly(buf, len);
	int r = tls_hello_parse(&scan, copy, len, ret);

	free(copy);
	return r;
}

/* @used: when the verdict came. */
static int in_pieces(const uint8_t *buf, size_t len, size_t step, struct tls_hello *ret, size_t *used)
{
	struct tls_hello_scan scan = { 0 };
	size_t have = 0;
	int r = 0;

	while (!r && have < len) {
		char *copy;

		have = len - have < step ? len : have + step;
		copy = exactly(buf, have);
		r = tls_hello_parse(&scan, copy, have, ret);
		free(copy);
	}
	*used = have;
	return r;
}

/* The message of @buf, where it is complete, in records of @size octets. */
static size_t repack(const uint8_t *buf, size_t size, uint8_t *out)
{
	struct tls_hello_scan scan = { 0 };
	struct reader r;
	size_t n = 0;

	must(scan_records(&scan, buf, TLS_HELLO_MAX) == 1, "the scan differs");
	reader_init(&r, buf, scan.want);
	for (uint32_t i = 0; i < scan.want; i++) {
		if (i % size == 0) {
			size_t here = scan.want - i < size ? scan.want - i : size;

			memcpy(out + n, "\x16\x03\x03", 3);
			out[n + 3] = (uint8_t)(here >> 8);
			out[n + 4] = (uint8_t)here;
			n += RECORD_HEADER;
		}
		out[n++] = get8(&r);
	}
	return n;
}

static void check(const struct tls_hello *h)
{
	must(h->name_len <= TLS_NAME_MAX && h->alpn_len < TLS_ALPN_MAX, "lengths");
	must((h->name_state == TLS_NAME_VALID) == (h->name_len > 0), "a name's state");
	must(!h->name_len || is_host_name(h->name, h->name_len), "no host name");
	for (size_t i = 0; i < h->alpn_len; i++)
		must(h->alpn[i] > ' ' && h->alpn[i] < 0x7f, "an octet of a protocol");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[6 * TLS_HELLO_MAX];
	static uint8_t padded[TLS_HELLO_MAX];
	struct tls_hello a = { 0 }, b = { 0 };
	size_t step, used, n;
	int r;

	if (size < 2 || size > TLS_HELLO_MAX)
		return 0;
	step = 1u + data[0] % 64;
	data++, size--;
	r = whole(data, size, &a);
	must(in_pieces(data, size, step, &b, &used) == r && !memcmp(&a, &b, sizeof(a)), "another verdict in pieces");
	if (r != 1)
		return 0;
	check(&a);
	must(whole(data, used, &b) == 1, "not complete where it was");
	memcpy(padded, data, size);
	n = repack(padded, step, packed);
	memset(&b, 0, sizeof(b));
	r = whole(packed, n, &b);
	must(n >= TLS_HELLO_MAX || (r == 1 && !memcmp(&a, &b, sizeof(a))), "another hello in other records");
	return 0;
}
