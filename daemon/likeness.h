/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a client's SYN its connections to origins are to have as well: the hops
 * it has left, DSCP, and MSS (ports.likeness).
 */
#ifndef TIPHARES_LIKENESS_H
#define TIPHARES_LIKENESS_H

#include <stddef.h>
#include <stdint.h>

/* @hops: TTL or hop limit as it came in, 0: nothing is known; @dscp: in its place in the octet; @mss: 0: none was said */
struct likeness {
	uint8_t hops;
	uint8_t dscp;
	uint16_t mss;
};

/**
 * likeness_parse() - out of the headers of a SYN, the IP header first
 *
 * Pure. Return: 0, or -EBADMSG and @ret as it was.
 */
int likeness_parse(const uint8_t *syn, size_t n, struct likeness *ret);

/* Of the SYN that made an accepted connection; nothing where the kernel did not keep it (SYN cookies). Once. */
void likeness_read(int accepted, struct likeness *ret);

/* To a socket of @family that is not connected yet; as if the packet had made one hop more. */
void likeness_apply(const struct likeness *likeness, int fd, int family);

#endif /* TIPHARES_LIKENESS_H */
