// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client's likeness on the way to the origin.
 *
 * The kernel keeps the headers of the SYN of each connection that a listener with
 * TCP_SAVE_SYN accepts, until they are read. It keeps nothing of an origin's
 * SYN-ACK, and by then the client has long had its own: the other direction
 * can't be had by sockets.
 */
#include "likeness.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define DSCP_BITS 0xfc
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
/* What the kernel takes for TCP_MAXSEG. */
#define MSS_MIN 88
#define MSS_MAX 32767

/* The option of MSS, 0: there is none. */
static uint16_t find_mss(const uint8_t *tcp, size_t n)
{
	size_t end = n < 20 ? 0 : (size_t)(tcp[12] >> 4) * 4;

	if (end > n)
		end = n;
	for (size_t i = 20; i < end;) {
		if (tcp[i] == OPTION_END)
			break;
		if (tcp[i] == OPTION_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= end || tcp[i + 1] < 2 || i + tcp[i + 1] > end)
			break;
		if (tcp[i] == OPTION_MSS && tcp[i + 1] == 4)
			return (uint16_t)(tcp[i + 2] << 8 | tcp[i + 3]);
		i += tcp[i + 1];
	}
	return 0;
}

int likeness_parse(const uint8_t *syn, size_t n, struct likeness *ret)
{
	size_t head;

	if (n >= 20 && syn[0] >> 4 == 4) {
		head = (size_t)(syn[0] & 0xf) * 4;
		if (head < 20 || head > n)
			return -EBADMSG;
		*ret = (struct likeness){ syn[8], syn[1] & DSCP_BITS, find_mss(syn + head, n - head) };
		return 0;
	}
	if (n >= 40 && syn[0] >> 4 == 6) {
		/* behind an extension header nobody looks for it */
		*ret = (struct likeness){ syn[7], (syn[0] << 4 | syn[1] >> 4) & DSCP_BITS,
					  syn[6] == IPPROTO_TCP ? find_mss(syn + 40, n - 40) : 0 };
		return 0;
	}
	return -EBADMSG;
}

void likeness_read(int accepted, struct likeness *ret)
{
	uint8_t syn[256];
	socklen_t n = sizeof(syn);

	*ret = (struct likeness){ 0 };
	if (!getsockopt(accepted, IPPROTO_TCP, TCP_SAVED_SYN, syn, &n))
		likeness_parse(syn, n, ret);
}

static void set(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

void likeness_apply(const struct likeness *l, int fd, int family)
{
	if (!l->hops)
		return;
	if (family == AF_INET) {
		set(fd, IPPROTO_IP, IP_TOS, l->dscp);
		set(fd, IPPROTO_IP, IP_TTL, l->hops > 1 ? l->hops - 1 : 1);
	} else {
		set(fd, IPPROTO_IPV6, IPV6_TCLASS, l->dscp);
		set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, l->hops > 1 ? l->hops - 1 : 1);
	}
	if (l->mss >= MSS_MIN && l->mss <= MSS_MAX)
		set(fd, IPPROTO_TCP, TCP_MAXSEG, l->mss);
}
