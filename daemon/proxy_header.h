/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headers of the PROXY protocol, versions 1 and 2: what a load balancer says in
 * front of a connection about whose it is. Pure: octets in, values out.
 */
#ifndef TIPHARES_PROXY_HEADER_H
#define TIPHARES_PROXY_HEADER_H

#include "addr.h"

#define PROXY_HEADER_MAX (16 + 65535)	/* as received */
#define PROXY_HEADER_WRITTEN_MAX 107	/* as we write it */

/* enum proxy_version - PROXY_OFF: no header */
enum proxy_version { PROXY_OFF, PROXY_V1, PROXY_V2 };

/**
 * struct proxy_header - what one says
 * @client, @server: both ends of the connection it is about; AF_UNSPEC: it does
 *	not say, those of the connection it came on are meant
 */
struct proxy_header {
	struct endpoint client;
	struct endpoint server;
};

/**
 * proxy_header_parse() - read the header that a connection begins with
 * @s: what came so far, @n octets
 * @ret: written when the header is whole
 *
 * Of version 2, TLVs are skipped; but they must fill the header, and a checksum
 * among them must be right. Return: length of the header, 0: more is needed, or
 * -EBADMSG: it is none, as soon as that can be told.
 */
int proxy_header_parse(const void *s, size_t n, struct proxy_header *ret);

/**
 * proxy_header_write() - the header of a connection from @client to @server
 * @out: room for PROXY_HEADER_WRITTEN_MAX octets
 *
 * Where the two are of different families it says that they are not known.
 * Return: octets written.
 */
size_t proxy_header_write(enum proxy_version version, const struct endpoint *client,
			  const struct endpoint *server, char *out);

#endif /* TIPHARES_PROXY_HEADER_H */
