// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHello, in two steps. The scan goes over record headers only and says
 * when the whole handshake message is there, in however many records. Then a
 * reader goes over the message once and steps over record headers as it meets
 * them: nothing is copied together, nothing is allocated. Lengths inside the
 * message narrow the reader to a part of it; one that doesn't fit makes the
 * reader bad, and a bad reader reads zeros.
 */
#include "tls_hello.h"

#include <errno.h>
#include <string.h>

#define RECORD_HEADER 5
#define RECORD_MAX 16384
#define MESSAGE_HEADER 4
#define MESSAGE_MIN 41		/* of a hello with everything empty that may be */

#define TYPE_HANDSHAKE 22
#define TYPE_CLIENT_HELLO 1
#define EXT_SERVER_NAME 0
#define EXT_ALPN 16
#define EXT_SUPPORTED_VERSIONS 43
#define EXT_ECH 0xfe0d

/* --- records --- */

static uint32_t record_length(const uint8_t *header)
{
	return (uint32_t)header[3] << 8 | header[4];
}

/* A header of which @n octets are there. @first: of the connection. */
static int check_record(const uint8_t *header, size_t n, bool first)
{
	int refusal = first ? -EPROTO : -EBADMSG;

	if (n > 0 && header[0] != TYPE_HANDSHAKE)
		return refusal;
	if (n > 1 && header[1] != 3)
		return refusal;
	if (n >= RECORD_HEADER && (!record_length(header) || record_length(header) > RECORD_MAX))
		return refusal;
	if (first && n > RECORD_HEADER && header[RECORD_HEADER] != TYPE_CLIENT_HELLO)
		return refusal;
	return 0;
}

/**
 * struct reader - a part of the message
 * @p: next octet
 * @record_end: of the record that @p is in
 * @left: octets of the part that were not read
 * @bad: more was read than there is
 */
struct reader {
	const uint8_t *p;
	const uint8_t *record_end;
	uint32_t left;
	bool bad;
};

static void reader_init(struct reader *r, const uint8_t *buf, uint32_t n)
{
	r->p = r->record_end = buf;
	r->left = n;
	r->bad = false;
}

/* To the next record if this one is used up. */
static void step_over(struct reader *r)
{
	if (r->p < r->record_end)
		return;
	r->record_end = r->p + RECORD_HEADER + record_length(r->p);
	r->p += RECORD_HEADER;
}

static uint8_t get8(struct reader *r)
{
	if (!r->left) {
		r->bad = true;
		return 0;
	}
	step_over(r);
	r->left--;
	return *r->p++;
}

static uint32_t get16(struct reader *r)
{
	uint32_t high = get8(r);

	return high << 8 | get8(r);
}

static uint32_t get24(struct reader *r)
{
	uint32_t high = get16(r);

	return high << 8 | get8(r);
}

static void skip(struct reader *r, uint32_t n)
{
	if (n > r->left) {
		r->bad = true;
		n = r->left;
	}
	r->left -= n;
	while (n) {
		uint32_t here;

		step_over(r);
		here = (uint32_t)(r->record_end - r->p);
		if (here > n)
			here = n;
		r->p += here;
		n -= here;
	}
}

/* Narrow to the next @n octets. Return: what to widen by afterwards. */
static uint32_t narrow(struct reader *r, uint32_t n)
{
	uint32_t behind;

	if (n > r->left) {
		r->bad = true;
		n = r->left;
	}
	behind = r->left - n;
	r->left = n;
	return behind;
}

static void widen(struct reader *r, uint32_t behind)
{
	skip(r, r->left);
	r->left = behind;
}

/* A length of @octets octets stands in front of all that is left. */
static bool fills_rest(struct reader *r, unsigned int octets)
{
	uint32_t n = octets == 1 ? get8(r) : get16(r);

	return !r->bad && n == r->left;
}

/* The message's length, once its header is there. */
static int find_length(struct tls_hello_scan *scan, const uint8_t *buf)
{
	struct reader r;
	uint32_t n;

	reader_init(&r, buf, MESSAGE_HEADER);
	skip(&r, 1);
	n = get24(&r);
	if (n < MESSAGE_MIN)
		return -EBADMSG;
	if (n > TLS_HELLO_MAX)
		return -EMSGSIZE;
	scan->want = MESSAGE_HEADER + n;
	return 0;
}

/* 1: all octets of the message are there, 0: not yet. */
static int scan_records(struct tls_hello_scan *scan, const uint8_t *buf, size_t len)
{
	for (;;) {
		size_t n = len - scan->next;
		uint32_t payload, have;
		int err = check_record(buf + scan->next, n, !scan->next);

		if (err)
			return err;
		if (n < RECORD_HEADER)
			return 0;
		payload = record_length(buf + scan->next);
		have = n - RECORD_HEADER < payload ? (uint32_t)n - RECORD_HEADER : payload;
		if (!scan->want && scan->seen + have >= MESSAGE_HEADER) {
			err = find_length(scan, buf);
			if (err)
				return err;
		}
		if (scan->want && scan->seen + have >= scan->want)
			return 1;
		if (have < payload)
			return 0;
		scan->next += RECORD_HEADER + payload;
		scan->seen += payload;
	}
}

/* --- server name --- */

static bool is_name_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The last label of an address in any notation is a number; no top-level domain is. */
static bool is_number(const char *label, size_t n)
{
	bool hex = n > 1 && label[0] == '0' && label[1] == 'x';

	for (size_t i = hex ? 2 : 0; i < n; i++)
		if (!(label[i] >= '0' && label[i] <= '9') &&
		    !(hex && label[i] >= 'a' && label[i] <= 'f'))
			return false;
	return true;
}

static bool is_host_name(const char *name, size_t n)
{
	size_t label = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && name[i] != '.') {
			if (!is_name_octet(name[i]))
				return false;
			continue;
		}
		if (i == label || i - label > 63)
			return false;
		if (i == n)
			return !is_number(name + label, n - label);
		label = i + 1;
	}
	return false;
}

/* One entry of type host_name, as long as the list. */
static bool read_name(struct reader *r, struct tls_hello *hello)
{
	char name[TLS_NAME_MAX + 1];	/* with the root's dot */
	uint32_t n;

	if (!fills_rest(r, 2) || get8(r))
		return false;
	n = get16(r);
	if (r->bad || n != r->left || n > sizeof(name))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		char c = (char)get8(r);

		name[i] = c;
		if (c >= 'A' && c <= 'Z')
			name[i] |= 0x20;
	}
	if (n && name[n - 1] == '.')
		n--;
	if (n > TLS_NAME_MAX || !is_host_name(name, n))
		return false;
	memcpy(hello->name, name, n);
	hello->name_len = (uint8_t)n;
	return true;
}

/* --- other extensions --- */

/* Nothing that separates, quotes or escapes, here or in a log. */
static bool is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr(",%\"\\", c);
}

/* One protocol of @n octets. Return: what is written so far, 0 when it doesn't fit. */
static size_t put_protocol(struct reader *r, uint32_t n, char *out, size_t at)
{
	static const char hex[] = "0123456789ABCDEF";

	if (at)
		out[at++] = ',';
	while (n--) {
		uint8_t c = get8(r);
		bool plain = is_plain(c);

		if (at + (plain ? 1 : 3) >= TLS_ALPN_MAX)	/* leaves room for a comma */
			return 0;
		if (!plain) {
			out[at++] = '%';
			out[at++] = hex[c >> 4];
		}
		out[at] = hex[c & 15];
		if (plain)
			out[at] = (char)c;
		at++;
	}
	return at;
}

static void read_alpn(struct reader *r, struct tls_hello *hello)
{
	size_t at = 0;

	if (!fills_rest(r, 2))
		return;
	while (r->left) {
		uint32_t behind, n = get8(r);

		if (!n || n > r->left) {
			at = 0;
			break;
		}
		behind = narrow(r, n);
		n = (uint32_t)put_protocol(r, n, hello->alpn, at);
		widen(r, behind);
		if (!n) {
			hello->alpn_more = true;
			break;
		}
		at = n;
	}
	hello->alpn_len = (uint8_t)at;
}

static void read_versions(struct reader *r, struct tls_hello *hello)
{
	uint16_t best = 0;

	if (!fills_rest(r, 1))
		return;
	while (r->left) {
		uint32_t v = get16(r);

		/* others are drafts, or there to be ignored (RFC 8701) */
		if (v >= 0x0301 && v <= 0x0304 && v > best)
			best = (uint16_t)v;
	}
	if (best)
		hello->version = best;
}

/* --- the message --- */

static void read_extension(struct reader *r, uint32_t type, struct tls_hello *hello)
{
	switch (type) {
	case EXT_SERVER_NAME:
		hello->name_state = read_name(r, hello) ? TLS_NAME_VALID : TLS_NAME_UNUSABLE;
		break;
	case EXT_ALPN:
		read_alpn(r, hello);
		break;
	case EXT_SUPPORTED_VERSIONS:
		read_versions(r, hello);
		break;
	case EXT_ECH:
		hello->ech = true;
		break;
	}
}

/* Those that mean something here may stand once (RFC 8446 4.2). */
static unsigned int extension_bit(uint32_t type)
{
	switch (type) {
	case EXT_SERVER_NAME:
		return 1;
	case EXT_ALPN:
		return 2;
	case EXT_SUPPORTED_VERSIONS:
		return 4;
	case EXT_ECH:
		return 8;
	}
	return 0;
}

static int read_extensions(struct reader *r, struct tls_hello *hello)
{
	unsigned int seen = 0;

	if (!r->left)
		return 0;	/* as before TLS 1.2 */
	if (!fills_rest(r, 2))
		return -EBADMSG;
	while (r->left) {
		uint32_t type = get16(r), behind = narrow(r, get16(r));
		unsigned int bit = extension_bit(type);

		if (r->bad || seen & bit)
			return -EBADMSG;
		seen |= bit;
		read_extension(r, type, hello);
		r->bad = false;		/* that of one extension is its own */
		widen(r, behind);
	}
	return 0;
}

static int read_message(const uint8_t *buf, uint32_t size, struct tls_hello *hello)
{
	struct reader r;
	uint32_t n;

	reader_init(&r, buf, size);
	skip(&r, MESSAGE_HEADER);
	hello->version = (uint16_t)get16(&r);
	skip(&r, 32);
	n = get8(&r);
	if (n > 32)
		return -EBADMSG;
	skip(&r, n);
	n = get16(&r);
	if (!n || n & 1)
		return -EBADMSG;
	skip(&r, n);
	n = get8(&r);
	if (!n)
		return -EBADMSG;
	skip(&r, n);
	return r.bad ? -EBADMSG : read_extensions(&r, hello);
}

int tls_hello_parse(struct tls_hello_scan *scan, const void *buf, size_t len,
		    struct tls_hello *ret)
{
	struct tls_hello hello = { 0 };
	int r = scan_records(scan, buf, len < TLS_HELLO_MAX ? len : TLS_HELLO_MAX);

	if (r < 0)
		return r;
	if (!r)
		return len >= TLS_HELLO_MAX ? -EMSGSIZE : 0;
	r = read_message(buf, scan->want, &hello);
	if (r)
		return r;
	*ret = hello;
	return 1;
}

#define RECORD_HEAD 5
#define CHANGE_CIPHER_LEN 6	/* with its head; says nothing */
#define ENCRYPTED_ALERT_LEN 19	/* two octets, their type, and the cipher's sixteen */

bool tls_is_alert(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	if (len >= CHANGE_CIPHER_LEN && p[0] == 20 && p[1] == 3) {
		p += CHANGE_CIPHER_LEN;
		len -= CHANGE_CIPHER_LEN;
	}
	if (len < RECORD_HEAD || p[1] != 3)
		return false;
	return p[0] == 21 || (p[0] == 23 && p[3] == 0 && p[4] == ENCRYPTED_ALERT_LEN);
}

const char *tls_version_name(uint16_t version)
{
	static const char *const names[] = { "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3" };

	return version >= 0x0300 && version <= 0x0304 ? names[version & 0xff] : "?";
}
