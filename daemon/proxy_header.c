// SPDX-License-Identifier: GPL-2.0-only
/*
 * Headers of the PROXY protocol. Nothing is guessed: whoever asks knows that a
 * header must be there, and what is none ends the connection.
 *
 * Version 1 is a line: PROXY TCP4|TCP6 CLIENT SERVER CLIENTPORT SERVERPORT, or
 * PROXY UNKNOWN and whatever. Version 2 is binary: a signature, a command, a
 * family, a length, and of that length addresses and then TLVs.
 */
#include "proxy_header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define V1_MAX 107		/* with the line's end */
#define V2_FIXED 16
#define TLV_FIXED 3
#define TLV_CRC32C 3

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";
static const char word[6] = "PROXY ";

/* As far as either goes. */
static bool begins_like(const char *s, size_t n, const char *with, size_t len)
{
	return !memcmp(s, with, n < len ? n : len);
}

/* --- version 1 --- */

struct text {
	const char *s;
	size_t n;
};

/* The next word of @line, which it is cut off from with its blank; @last: all that is left. */
static struct text cut(struct text *line, bool last)
{
	const char *blank = memchr(line->s, ' ', line->n);
	struct text ret = { line->s, blank && !last ? (size_t)(blank - line->s) : line->n };

	line->s += ret.n + (ret.n < line->n);
	line->n -= ret.n + (ret.n < line->n);
	return ret;
}

static bool is_word(struct text t, const char *with)
{
	return t.n == strlen(with) && !memcmp(t.s, with, t.n);
}

/* Decimal, without sign and leading zeros. */
static int parse_port(struct text t, uint16_t *ret)
{
	unsigned int v = 0;

	if (!t.n || t.n > 5 || (t.n > 1 && *t.s == '0'))
		return -EBADMSG;
	for (size_t i = 0; i < t.n; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return -EBADMSG;
		v = 10 * v + (unsigned int)(t.s[i] - '0');
	}
	if (v > UINT16_MAX)
		return -EBADMSG;
	*ret = (uint16_t)v;
	return 0;
}

static int parse_address(struct text t, bool v6, struct addr *ret)
{
	if (!t.n || !memchr(t.s, ':', t.n) == v6 || addr_parse(t.s, t.n, ret))
		return -EBADMSG;
	return 0;
}

/* What is behind "PROXY ", without the line's end. */
static int parse_line(struct text line, struct proxy_header *ret)
{
	struct proxy_header h = { 0 };
	struct text family = cut(&line, false);
	bool v6 = is_word(family, "TCP6");

	if (is_word(family, "UNKNOWN")) {
		*ret = h;
		return 0;
	}
	if ((!v6 && !is_word(family, "TCP4")) || parse_address(cut(&line, false), v6, &h.client.addr) ||
	    parse_address(cut(&line, false), v6, &h.server.addr) ||
	    parse_port(cut(&line, false), &h.client.port) || parse_port(cut(&line, true), &h.server.port))
		return -EBADMSG;
	*ret = h;
	return 0;
}

static int parse_v1(const char *s, size_t n, struct proxy_header *ret)
{
	size_t searched = n < V1_MAX ? n : V1_MAX;
	const char *end = memchr(s, '\n', searched);
	struct text line = { s + sizeof(word), 0 };

	if (!end)
		return n < V1_MAX ? 0 : -EBADMSG;
	if (end == s || end[-1] != '\r' || end - 1 < line.s)
		return -EBADMSG;
	line.n = (size_t)(end - 1 - line.s);
	if (memchr(line.s, '\r', line.n) || memchr(line.s, '\0', line.n) || parse_line(line, ret))
		return -EBADMSG;
	return (int)(end + 1 - s);
}

/* --- version 2 --- */

static unsigned int get16(const uint8_t *v)
{
	return (unsigned int)v[0] << 8 | v[1];
}

static uint32_t get32(const uint8_t *v)
{
	return (uint32_t)get16(v) << 16 | get16(v + 2);
}

/* Castagnoli, reflected. */
static uint32_t crc32c(uint32_t crc, uint8_t octet)
{
	crc ^= octet;
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	return crc;
}

/* Of the header at @v, @n octets, with zeros in the place of the sum itself, at @at. */
static bool sum_is_right(const uint8_t *v, size_t n, size_t at)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		crc = crc32c(crc, i >= at && i < at + 4 ? 0 : v[i]);
	return ~crc == get32(v + at);
}

/* They fill the header from @i on. */
static int check_tlvs(const uint8_t *v, size_t n, size_t i)
{
	size_t sum = 0, len;

	for (; i < n; i += TLV_FIXED + len) {
		if (n - i < TLV_FIXED)
			return -EBADMSG;
		len = get16(v + i + 1);
		if (len > n - i - TLV_FIXED)
			return -EBADMSG;
		if (v[i] != TLV_CRC32C)
			continue;
		if (len != 4 || sum)
			return -EBADMSG;
		sum = i + TLV_FIXED;
	}
	return sum && !sum_is_right(v, n, sum) ? -EBADMSG : 0;
}

static struct endpoint endpoint_at(sa_family_t family, const uint8_t *addr, const uint8_t *port)
{
	struct sockaddr_storage ss = { .ss_family = family };
	struct endpoint e = { 0 };

	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)&ss)->sin_addr, addr, 4);
	else
		memcpy(&((struct sockaddr_in6 *)&ss)->sin6_addr, addr, 16);
	endpoint_from_sockaddr(&e, &ss);
	e.port = (uint16_t)get16(port);
	return e;
}

/* Octets of addresses, or -EBADMSG. Those of unix sockets say nothing that we could use. */
static int parse_addresses(const uint8_t *v, size_t n, struct proxy_header *ret)
{
	const uint8_t *a = v + V2_FIXED;
	int len;

	switch (v[13]) {
	case 0x00:
		return 0;
	case 0x11:
		len = 12;
		break;
	case 0x21:
		len = 36;
		break;
	case 0x31:
		len = 216;
		break;
	default:
		return -EBADMSG;
	}
	if (n < V2_FIXED + (size_t)len)
		return -EBADMSG;
	if (len == 12)
		*ret = (struct proxy_header){ endpoint_at(AF_INET, a, a + 8), endpoint_at(AF_INET, a + 4, a + 10) };
	else if (len == 36)
		*ret = (struct proxy_header){ endpoint_at(AF_INET6, a, a + 32), endpoint_at(AF_INET6, a + 16, a + 34) };
	return len;
}

static int parse_v2(const char *s, size_t n, struct proxy_header *ret)
{
	const uint8_t *v = (const uint8_t *)s;
	struct proxy_header h = { 0 };
	size_t len;
	int r;

	if (n > 12 && v[12] != 0x20 && v[12] != 0x21)
		return -EBADMSG;
	if (n < V2_FIXED)
		return 0;
	len = V2_FIXED + get16(v + 14);
	if (n < len)
		return 0;
	r = parse_addresses(v, len, &h);
	/* LOCAL: the sender's own connection, whatever addresses stand there */
	if (v[12] == 0x20)
		h = (struct proxy_header){ 0 };
	else if (r < 0)
		return r;
	if (r >= 0 && v[13] && check_tlvs(v, len, V2_FIXED + (size_t)r))
		return -EBADMSG;
	*ret = h;
	return (int)len;
}

int proxy_header_parse(const void *s, size_t n, struct proxy_header *ret)
{
	if (begins_like(s, n, signature, sizeof(signature)))
		return n < sizeof(signature) ? 0 : parse_v2(s, n, ret);
	if (begins_like(s, n, word, sizeof(word)))
		return n < sizeof(word) ? 0 : parse_v1(s, n, ret);
	return -EBADMSG;
}

/* --- writing --- */

static void put16(uint8_t *v, unsigned int n)
{
	v[0] = (uint8_t)(n >> 8);
	v[1] = (uint8_t)n;
}

static size_t write_v1(const struct endpoint *client, const struct endpoint *server, char *out)
{
	char a[ENDPOINT_STRLEN], b[ENDPOINT_STRLEN];

	addr_format(&client->addr, a, sizeof(a));
	addr_format(&server->addr, b, sizeof(b));
	return (size_t)sprintf(out, "PROXY TCP%d %s %s %u %u\r\n", client->addr.family == AF_INET ? 4 : 6,
			       a, b, client->port, server->port);
}

static size_t write_v2(const struct endpoint *client, const struct endpoint *server, char *out)
{
	size_t width = client->addr.family == AF_INET ? 4 : 16;
	uint8_t *v = (uint8_t *)out;

	memcpy(v, signature, sizeof(signature));
	v[12] = 0x21;
	v[13] = width == 4 ? 0x11 : 0x21;
	put16(v + 14, (unsigned int)(2 * width + 4));
	memcpy(v + V2_FIXED, client->addr.bytes, width);
	memcpy(v + V2_FIXED + width, server->addr.bytes, width);
	put16(v + V2_FIXED + 2 * width, client->port);
	put16(v + V2_FIXED + 2 * width + 2, server->port);
	return V2_FIXED + 2 * width + 4;
}

size_t proxy_header_write(enum proxy_version version, const struct endpoint *client,
			  const struct endpoint *server, char *out)
{
	static const char unknown1[] = "PROXY UNKNOWN\r\n";
	static const char unknown2[] = "\x21\0\0";
	bool known = client->addr.family == server->addr.family && client->addr.family != AF_UNSPEC;

	if (version == PROXY_OFF)
		return 0;
	if (known)
		return version == PROXY_V1 ? write_v1(client, server, out) : write_v2(client, server, out);
	if (version == PROXY_V1) {
		memcpy(out, unknown1, sizeof(unknown1) - 1);
		return sizeof(unknown1) - 1;
	}
	memcpy(out, signature, sizeof(signature));
	memcpy(out + sizeof(signature), unknown2, 4);
	return V2_FIXED;
}
