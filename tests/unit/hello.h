/* SPDX-License-Identifier: GPL-2.0-only */
/* A builder of ClientHellos, right and wrong ones, for tests and fuzz seeds. */
#ifndef TIPHARES_TEST_HELLO_H
#define TIPHARES_TEST_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELLO_ROOM 200000

/* Octets that grow; a test never needs more than there is room for. */
struct octets {
	uint8_t v[HELLO_ROOM];
	size_t n;
};

void put_octets(struct octets *o, const void *v, size_t n);
void put_u8(struct octets *o, unsigned int v);
void put_u16(struct octets *o, unsigned int v);

/* Begin a part with a length of @width octets in front; end it by the value returned. */
size_t put_begin(struct octets *o, unsigned int width);
void put_end(struct octets *o, size_t at, unsigned int width);

/* Extensions */
void put_sni(struct octets *o, const char *name);
void put_alpn(struct octets *o, const char *const *names);
void put_versions(struct octets *o, const uint16_t *v, size_t n);
/* Of any type, @n octets of filling. */
void put_filling(struct octets *o, unsigned int type, size_t n);

/* A message around @extensions (NULL: none at all), with legacy version @version. */
void put_hello(struct octets *o, unsigned int version, const struct octets *extensions);

/* @message in handshake records of at most @size octets. */
void put_records(struct octets *o, const struct octets *message, size_t size);

#endif /* TIPHARES_TEST_HELLO_H */
