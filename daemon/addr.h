/* SPDX-License-Identifier: GPL-2.0-only */
/* IP addresses, endpoints and prefixes of both families, and their text forms. */
#ifndef TIPHARES_ADDR_H
#define TIPHARES_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct addr - an IP address
 * @family: AF_INET, AF_INET6, or AF_UNSPEC for "none"
 * @bytes: network byte order; an IPv4 address fills the first four, the rest
 *	is 0, so that two addresses are equal when the structs are
 */
struct addr {
	uint16_t family;
	uint8_t bytes[16];
};

/* An address and a TCP port in host byte order. */
struct endpoint {
	struct addr addr;
	uint16_t port;
};

/* The bits behind @len are 0. */
struct prefix {
	struct addr addr;
	uint8_t len;
};

/* "[2001:db8::1%4294967295]:65535" and its NUL */
#define ENDPOINT_STRLEN 64

bool addr_equal(const struct addr *a, const struct addr *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
uint64_t addr_hash(const struct addr *a, uint64_t seed);

/* Unspecified, loopback, multicast, broadcast: never a place to spoof. */
bool addr_is_loopback(const struct addr *a);
bool addr_is_unspecified(const struct addr *a);

/* IPv4-mapped IPv6 addresses become IPv4. */
int endpoint_from_sockaddr(struct endpoint *ret, const struct sockaddr_storage *ss);
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret);

/* Text: @n octets at @s, not NUL terminated. -EINVAL when it is not one. */
int addr_parse(const char *s, size_t n, struct addr *ret);
/* "ADDR:PORT", "[ADDR6]:PORT" */
int endpoint_parse(const char *s, size_t n, struct endpoint *ret);
/* "ADDR/LEN" or "ADDR"; -ERANGE when bits are set behind the length */
int prefix_parse(const char *s, size_t n, struct prefix *ret);
/* The prefix of @len bits that @a is in; all of @a if it has fewer. */
struct prefix addr_prefix(const struct addr *a, unsigned int len);
bool prefix_contains(const struct prefix *p, const struct addr *a);

/* Always terminated; return @buf, so that they can stand in an argument list. */
char *addr_format(const struct addr *a, char *buf, size_t size);
char *endpoint_format(const struct endpoint *e, char *buf, size_t size);
char *prefix_format(const struct prefix *p, char *buf, size_t size);

#endif /* TIPHARES_ADDR_H */
