// SPDX-License-Identifier: GPL-2.0-only
/* A builder of ClientHellos. */
#include "hello.h"

#include <stdlib.h>
#include <string.h>

void put_octets(struct octets *o, const void *v, size_t n)
{
	if (o->n + n > sizeof(o->v))
		abort();
	memcpy(o->v + o->n, v, n);
	o->n += n;
}

void put_u8(struct octets *o, unsigned int v)
{
	uint8_t octet = (uint8_t)v;

	put_octets(o, &octet, 1);
}

void put_u16(struct octets *o, unsigned int v)
{
	put_u8(o, v >> 8);
	put_u8(o, v & 0xff);
}

size_t put_begin(struct octets *o, unsigned int width)
{
	while (width--)
		put_u8(o, 0);
	return o->n;
}

void put_end(struct octets *o, size_t at, unsigned int width)
{
	size_t n = o->n - at;

	while (width--) {
		o->v[--at] = (uint8_t)n;
		n >>= 8;
	}
}

void put_sni(struct octets *o, const char *name)
{
	size_t ext, list, entry;

	put_u16(o, 0);
	ext = put_begin(o, 2);
	list = put_begin(o, 2);
	put_u8(o, 0);
	entry = put_begin(o, 2);
	put_octets(o, name, strlen(name));
	put_end(o, entry, 2);
	put_end(o, list, 2);
	put_end(o, ext, 2);
}

void put_alpn(struct octets *o, const char *const *names)
{
	size_t ext, list;

	put_u16(o, 16);
	ext = put_begin(o, 2);
	list = put_begin(o, 2);
	for (; *names; names++) {
		put_u8(o, (unsigned int)strlen(*names));
		put_octets(o, *names, strlen(*names));
	}
	put_end(o, list, 2);
	put_end(o, ext, 2);
}

void put_versions(struct octets *o, const uint16_t *v, size_t n)
{
	size_t ext, list;

	put_u16(o, 43);
	ext = put_begin(o, 2);
	list = put_begin(o, 1);
	while (n--)
		put_u16(o, *v++);
	put_end(o, list, 1);
	put_end(o, ext, 2);
}

void put_filling(struct octets *o, unsigned int type, size_t n)
{
	size_t ext;

	put_u16(o, type);
	ext = put_begin(o, 2);
	while (n--)
		put_u8(o, (unsigned int)n);
	put_end(o, ext, 2);
}

void put_hello(struct octets *o, unsigned int version, const struct octets *extensions)
{
	size_t message, part;

	put_u8(o, 1);
	message = put_begin(o, 3);
	put_u16(o, version);
	for (unsigned int i = 0; i < 32; i++)
		put_u8(o, i);
	part = put_begin(o, 1);
	put_octets(o, "session", 7);
	put_end(o, part, 1);
	part = put_begin(o, 2);
	put_u16(o, 0x1301);
	put_u16(o, 0xc02f);
	put_end(o, part, 2);
	part = put_begin(o, 1);
	put_u8(o, 0);
	put_end(o, part, 1);
	if (extensions) {
		part = put_begin(o, 2);
		put_octets(o, extensions->v, extensions->n);
		put_end(o, part, 2);
	}
	put_end(o, message, 3);
}

void put_records(struct octets *o, const struct octets *message, size_t size)
{
	for (size_t i = 0; i < message->n; i += size) {
		size_t n = message->n - i < size ? message->n - i : size;

		put_u8(o, 22);
		put_u16(o, 0x0301);
		put_u16(o, (unsigned int)n);
		put_octets(o, message->v + i, n);
	}
}
