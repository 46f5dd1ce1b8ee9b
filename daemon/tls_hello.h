/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a TLS ClientHello says in the clear (RFC 8446 4.1.2, 5.1). Pure: octets
 * in, values out; the octets are not changed, and no length in them is trusted.
 */
#ifndef TIPHARES_TLS_HELLO_H
#define TIPHARES_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_HELLO_MAX 65536	/* octets of records that are looked at */
#define TLS_NAME_MAX 253
#define TLS_ALPN_MAX 128

/**
 * enum tls_name - what became of the server name (RFC 6066 3)
 * @TLS_NAME_NONE: none was sent
 * @TLS_NAME_VALID: one host name
 * @TLS_NAME_UNUSABLE: something else: several, an unknown type, an address, no
 *	host name, or lengths that don't fit
 */
enum tls_name {
	TLS_NAME_NONE,
	TLS_NAME_VALID,
	TLS_NAME_UNUSABLE,
};

/**
 * struct tls_hello - a ClientHello
 * @version: the highest offered, 0x0304 for TLS 1.3
 * @name_state: enum tls_name
 * @ech: Encrypted ClientHello was offered, or feigned: @name is the outer name
 * @alpn_more: not all protocols fitted into @alpn
 * @name: lower case, without root dot; empty unless TLS_NAME_VALID
 * @alpn: protocols offered, commas between, not terminated; what is not visible
 *	ASCII, and commas, percent signs, quotes and backslashes, as %XX
 */
struct tls_hello {
	uint16_t version;
	uint8_t name_state;
	bool ech;
	bool alpn_more;
	uint8_t name_len;
	uint8_t alpn_len;
	char name[TLS_NAME_MAX + 1];
	char alpn[TLS_ALPN_MAX];
};

/**
 * struct tls_hello_scan - how far the records were looked at; zero it to start
 * @next: offset of the first record header that was not
 * @seen: octets of the handshake message before it
 * @want: octets that the message has with its header; 0: not known yet
 */
struct tls_hello_scan {
	uint32_t next;
	uint32_t seen;
	uint32_t want;
};

/**
 * tls_hello_parse() - look for a ClientHello at the start of a connection
 * @scan: kept between calls for the same connection, so that a hello that comes
 *	octet by octet is not scanned anew each time
 * @buf: all that was received, @len octets
 * @ret: written when the hello is complete
 *
 * Return: 1: it is complete, 0: more is needed; -EPROTO: this is not how TLS
 * begins, said after six octets at the latest; -EBADMSG: it began like TLS, but
 * is no ClientHello; -EMSGSIZE: it does not fit into TLS_HELLO_MAX.
 */
int tls_hello_parse(struct tls_hello_scan *scan, const void *buf, size_t len,
		    struct tls_hello *ret);

#define TLS_ALERT_LOOK 11

/**
 * tls_is_alert() - is this, from a client after its ClientHello, an alert?
 * @buf: the first octets, @len of them; TLS_ALERT_LOOK tell what can be told
 *
 * An encrypted one is known by its length, which no other first message has.
 */
bool tls_is_alert(const void *buf, size_t len);

/* "TLSv1.3"; "?" for a version that is not known. */
const char *tls_version_name(uint16_t version);

#endif /* TIPHARES_TLS_HELLO_H */
