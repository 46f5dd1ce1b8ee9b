// SPDX-License-Identifier: GPL-2.0-only
/* The few things behind tests/unit/kernel.h that are no macros. */

int memory_left = -1;
int random_octet = 0x5a;
unsigned long jiffies = -5 * HZ;	/* soon to wrap, as in the kernel */

/* Any function of all the octets and the key does. */
u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	const u8 *octet = data;
	u64 hash = key->key[0] ^ len;

	while (len--)
		hash = (hash ^ *octet++) * 0x100000001b3ULL;
	return hash ^ hash >> 29;
}
