// SPDX-License-Identifier: GPL-2.0-only
/* Tags: what a TCP socket is to us, kept in its sk_user_data. */
#include <linux/random.h>
#include <linux/siphash.h>

#include "tag.h"

static siphash_key_t key __ro_after_init;

void __init tiph_tag_init(void)
{
	BUILD_BUG_ON(TIPH_TAG_KINDS > 4);
	get_random_bytes(&key, sizeof(key));
}

/**
 * tiph_hash() - hash with a key of this load of the module
 * @data: what to hash
 * @len: its length
 *
 * Return: the hash
 */
u64 tiph_hash(const void *data, size_t len)
{
	return siphash(data, len, &key);
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
