/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tags: what a TCP socket is to us, kept in its sk_user_data.
 *
 * A tag is a number, never dereferenced. From the top: a kind, which is a
 * constant, then a payload, then three zero bits where the kernel keeps its own
 * flags about sk_user_data. Since the flag SK_USER_DATA_NOCOPY is clear, a
 * connection accepted from a tagged listener inherits the tag.
 *
 * Tags outlive the module, as their sockets do. That kinds are the same in its
 * next life is what makes it refuse what was granted in this one: it has another
 * key to hash with, and ids of ports begin elsewhere. There are three kinds:
 *
 *   listener  set by TIPH_SO_LISTEN, inherited by accepted connections;
 *             payload: the id of the port
 *   armed     set by TIPH_SO_SPOOF; the socket may send one SYN;
 *             payload: keyed hash of the source address it may use
 *   fired     the SYN was sent; payload: keyed hash of its addresses, ports
 *             and sequence number, so that only its repetitions may follow
 *
 * Tags are written under the socket lock and sk_callback_lock, where the
 * kernel's other users of sk_user_data look before they write; they are read
 * without a lock.
 */
#ifndef TIPHARES_TAG_H
#define TIPHARES_TAG_H

#include <net/sock.h>

#include "tiph.h"

#define TIPH_TAG_SHIFT	3
/* On 32-bit machines a payload has 20 bits and a kind 9. */
#define TIPH_TAG_BITS	(BITS_PER_LONG == 64 ? 32 : 20)
#define TIPH_TAG_MAX	((u32)((1ULL << TIPH_TAG_BITS) - 1))

/*
 * The two highest bits are 10: where pointers have 64 bits none begins so, but
 * those of MIPS, which go on with zeros. The two lowest are the kind's.
 */
#define TIPH_TAG_KIND	(BITS_PER_LONG == 64 ? 0x15a2c3d8UL : 0x16cUL)

enum tiph_tag_kind {
	TIPH_TAG_LISTENER,
	TIPH_TAG_ARMED,
	TIPH_TAG_FIRED,
	TIPH_TAG_KINDS
};

void tiph_tag_init(void);
u64 tiph_hash(const void *data, size_t len);

/* A keyed hash in the range of a payload. */
static inline u32 tiph_tag_hash(const void *data, size_t len)
{
	return tiph_hash(data, len) & TIPH_TAG_MAX;
}

static inline unsigned long tiph_tag_make(enum tiph_tag_kind kind, u32 payload)
{
	return (TIPH_TAG_KIND | kind) << (TIPH_TAG_SHIFT + TIPH_TAG_BITS) |
	       (unsigned long)payload << TIPH_TAG_SHIFT;
}

static inline unsigned long tiph_tag_get(const struct sock *sk)
{
	return (unsigned long)READ_ONCE(sk->sk_user_data);
}

static inline bool tiph_tag_is(unsigned long tag, enum tiph_tag_kind kind)
{
	const unsigned long payload = (unsigned long)TIPH_TAG_MAX <<
				      TIPH_TAG_SHIFT;

	return (tag & ~payload) == tiph_tag_make(kind, 0);
}

static inline bool tiph_tag_is_ours(unsigned long tag)
{
	return tiph_tag_is(tag, TIPH_TAG_LISTENER) ||
	       tiph_tag_is(tag, TIPH_TAG_ARMED) ||
	       tiph_tag_is(tag, TIPH_TAG_FIRED);
}

static inline u32 tiph_tag_payload(unsigned long tag)
{
	return (tag >> TIPH_TAG_SHIFT) & TIPH_TAG_MAX;
}

/**
 * tiph_tag_port_id() - the port that a listener or accepted connection is of
 * @sk: a full socket
 *
 * Return: the id of the port, 0 if @sk carries no tag of a listener
 */
static inline u32 tiph_tag_port_id(const struct sock *sk)
{
	unsigned long tag = tiph_tag_get(sk);

	return tiph_tag_is(tag, TIPH_TAG_LISTENER) ? tiph_tag_payload(tag) : 0;
}

bool tiph_tag_set(struct sock *sk, enum tiph_tag_kind kind, u32 payload);
void tiph_tag_clear(struct sock *sk);

#endif /* TIPHARES_TAG_H */
