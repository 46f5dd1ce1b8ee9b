// SPDX-License-Identifier: GPL-2.0-only
/* Tags: what a TCP socket is to us, kept in its sk_user_data. */
#include <linux/random.h>
#include <linux/siphash.h>

#include "tag.h"

unsigned long tiph_tag_secret[TIPH_TAG_KINDS] __ro_after_init;
static siphash_key_t key __ro_after_init;

/*
 * The two lowest bits of a secret tell the kinds apart for certain; the two
 * highest are 10, which on 64-bit machines no pointer has.
 */
void __init tiph_tag_init(void)
{
	const unsigned int shift = TIPH_TAG_SHIFT + TIPH_TAG_BITS;
	unsigned long random = get_random_long();
	int kind;

	__assign_bit(BITS_PER_LONG - 1, &random, true);
	__assign_bit(BITS_PER_LONG - 2, &random, false);

	BUILD_BUG_ON(TIPH_TAG_KINDS > 4);
	for (kind = 0; kind < TIPH_TAG_KINDS; kind++)
		tiph_tag_secret[kind] =
			((random >> shift & ~3UL) | kind) << shift;
	get_random_bytes(&key, sizeof(key));
}

/**
 * tiph_tag_hash() - keyed hash for the payload of a tag
 * @data: what to hash
 * @len: its length
 *
 * Return: the hash, in the range of a payload
 */
u32 tiph_tag_hash(const void *data, size_t len)
{
	return siphash(data, len, &key) & TIPH_TAG_MAX;
}

/**
 * tiph_tag_set() - tag a socket
 * @sk: the socket, locked by the caller
 * @kind: kind of the tag
 * @payload: its payload
 *
 * Replaces a tag of ours, nothing else.
 *
 * Return: false if somebody else uses @sk's sk_user_data
 */
bool tiph_tag_set(struct sock *sk, enum tiph_tag_kind kind, u32 payload)
{
	unsigned long old;
	bool free;

	write_lock_bh(&sk->sk_callback_lock);
	old = tiph_tag_get(sk);
	free = !old || tiph_tag_is_ours(old);
	if (free)
		WRITE_ONCE(sk->sk_user_data,
			   (void *)tiph_tag_make(kind, payload));
	write_unlock_bh(&sk->sk_callback_lock);

	return free;
}

/**
 * tiph_tag_clear() - take our tag off a socket
 * @sk: the socket, locked by the caller
 */
void tiph_tag_clear(struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	if (tiph_tag_is_ours(tiph_tag_get(sk)))
		WRITE_ONCE(sk->sk_user_data, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}
