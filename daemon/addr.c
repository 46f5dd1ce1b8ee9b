// SPDX-License-Identifier: GPL-2.0-only
/*
 * IP addresses, endpoints and prefixes, and their text forms.
 *
 * One family per address: what arrives as IPv4-mapped IPv6, in a sockaddr or as
 * text, is IPv4 from here on, so that one address has one representation and
 * no check can be passed by its other spelling.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

uint64_t addr_hash(const struct addr *a, uint64_t seed)
{
	uint64_t half[2];

	memcpy(half, a->bytes, sizeof(half));
	return mix(mix(mix(seed ^ a->family) ^ half[0]) ^ half[1]);
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 && !memcmp(a->bytes, one, sizeof(one));
}

bool addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];

	return a->family == AF_UNSPEC || !memcmp(a->bytes, zero, sizeof(zero));
}

static struct addr from_v4(const void *bytes)
{
	struct addr a = { .family = AF_INET };

	memcpy(a.bytes, bytes, 4);
	return a;
}

static struct addr from_v6(const struct in6_addr *in6)
{
	struct addr a = { .family = AF_INET6 };

	if (!memcmp(in6->s6_addr, mapped_prefix, sizeof(mapped_prefix)))
		return from_v4(in6->s6_addr + 12);
	memcpy(a.bytes, in6->s6_addr, 16);
	return a;
}

int endpoint_from_sockaddr(struct endpoint *ret, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;
	struct endpoint e = { 0 };

	switch (ss->ss_family) {
	case AF_INET:
		e.addr = from_v4(&sin->sin_addr);
		e.port = ntohs(sin->sin_port);
		break;
	case AF_INET6:
		e.addr = from_v6(&sin6->sin6_addr);
		e.port = ntohs(sin6->sin6_port);
		break;
	default:
		return -EAFNOSUPPORT;
	}
	*ret = e;
	return 0;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = e->addr.family;
	if (e->addr.family == AF_INET) {
		memcpy(&sin->sin_addr, e->addr.bytes, 4);
		sin->sin_port = htons(e->port);
		return sizeof(*sin);
	}
	if (e->addr.family != AF_INET6)
		return 0;
	memcpy(&sin6->sin6_addr, e->addr.bytes, 16);
	sin6->sin6_port = htons(e->port);
	return sizeof(*sin6);
}

/* Reads either family without mapping; 0 or -EINVAL. */
static int parse_raw(const char *s, size_t n, int *family, struct in6_addr *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (!n || n >= sizeof(text) || memchr(s, '\0', n))
		return -EINVAL;
	memcpy(text, s, n);
	text[n] = '\0';
	*family = memchr(s, ':', n) ? AF_INET6 : AF_INET;
	return inet_pton(*family, text, ret) == 1 ? 0 : -EINVAL;
}

int addr_parse(const char *s, size_t n, struct addr *ret)
{
	struct in6_addr raw;
	int family;
	int err = parse_raw(s, n, &family, &raw);

	if (err)
		return err;
	*ret = family == AF_INET ? from_v4(&raw) : from_v6(&raw);
	return 0;
}

/* 1*5DIGIT up to @max, or -EINVAL. */
static int parse_decimal(const char *s, size_t n, unsigned int max)
{
	unsigned int value = 0;
	size_t i;

	if (!n || n > 5)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(s[i] - '0');
	}
	return value <= max ? (int)value : -EINVAL;
}

/* The address part of "ADDR:PORT" or "[ADDR6]:PORT"; brackets are for IPv6 only. */
static int parse_host(const char *s, size_t n, struct addr *ret)
{
	bool colon = n && memchr(s, ':', n);

	if (n < 2 || s[0] != '[')
		return colon ? -EINVAL : addr_parse(s, n, ret);
	if (s[n - 1] != ']' || !colon)
		return -EINVAL;
	return addr_parse(s + 1, n - 2, ret);
}

int endpoint_parse(const char *s, size_t n, struct endpoint *ret)
{
	const char *colon = n ? memrchr(s, ':', n) : NULL;
	struct endpoint e = { 0 };
	int port, err;

	if (!colon)
		return -EINVAL;
	port = parse_decimal(colon + 1, n - (size_t)(colon + 1 - s), 65535);
	if (port <= 0)
		return -EINVAL;
	err = parse_host(s, (size_t)(colon - s), &e.addr);
	if (err)
		return err;
	e.port = (uint16_t)port;
	*ret = e;
	return 0;
}

/* Nothing set behind the first @len bits? */
static bool host_bits_clear(const struct addr *a, unsigned int len)
{
	unsigned int i = len / 8;

	if (i < 16 && a->bytes[i] & (0xff >> len % 8))
		return false;
	for (i++; i < 16; i++)
		if (a->bytes[i])
			return false;
	return true;
}

/* A length written for a mapped address counts from the 96 bits we dropped. */
static int prefix_len(const char *s, size_t n, int family, const struct addr *a)
{
	int max = family == AF_INET ? 32 : 128;
	int len = parse_decimal(s, n, (unsigned int)max);

	if (len >= 0 && family == AF_INET6 && a->family == AF_INET)
		len = len < 96 ? -EINVAL : len - 96;
	return len;
}

int prefix_parse(const char *s, size_t n, struct prefix *ret)
{
	const char *slash = n ? memchr(s, '/', n) : NULL;
	size_t host = slash ? (size_t)(slash - s) : n;
	struct prefix p = { 0 };
	struct in6_addr raw;
	int family, len;

	if (parse_raw(s, host, &family, &raw))
		return -EINVAL;
	p.addr = family == AF_INET ? from_v4(&raw) : from_v6(&raw);
	len = p.addr.family == AF_INET ? 32 : 128;
	if (slash)
		len = prefix_len(slash + 1, n - host - 1, family, &p.addr);
	if (len < 0)
		return len;
	if (!host_bits_clear(&p.addr, (unsigned int)len))
		return -ERANGE;
	p.len = (uint8_t)len;
	*ret = p;
	return 0;
}

struct prefix addr_prefix(const struct addr *a, unsigned int len)
{
	unsigned int max = a->family == AF_INET ? 32 : 128;
	struct prefix p = { .addr = *a, .len = (uint8_t)(len < max ? len : max) };

	for (unsigned int i = 0; i < max / 8; i++) {
		unsigned int bits = p.len > i * 8 ? p.len - i * 8 : 0;

		if (bits < 8)
			p.addr.bytes[i] &= (uint8_t)(0xff00 >> bits);
	}
	return p;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	unsigned int whole = p->len / 8;
	unsigned int rest = p->len % 8;

	if (p->addr.family != a->family || memcmp(p->addr.bytes, a->bytes, whole))
		return false;
	return !rest || !((p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest));
}

char *addr_format(const struct addr *a, char *buf, size_t size)
{
	if (!size)
		return buf;
	if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->bytes, buf, (socklen_t)size))
		snprintf(buf, size, "none");
	return buf;
}

char *endpoint_format(const struct endpoint *e, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	const char *form = e->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u";

	snprintf(buf, size, form, addr_format(&e->addr, text, sizeof(text)), e->port);
	return buf;
}

char *prefix_format(const struct prefix *p, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	snprintf(buf, size, "%s/%u", addr_format(&p->addr, text, sizeof(text)), p->len);
	return buf;
}
