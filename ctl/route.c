// SPDX-License-Identifier: GPL-2.0-only
/* One question to the kernel's routing: where would a packet to this address go? */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "route.h"

struct question {
	struct nlmsghdr n;
	struct rtmsg r;
	struct rtattr a;
	unsigned char addr[16];
};

static int read_answer(const char *buf, ssize_t len, struct route *ret)
{
	const struct nlmsghdr *n = (const struct nlmsghdr *)buf;
	const struct rtmsg *r = NLMSG_DATA(n);
	const struct rtattr *a;
	int left;

	if (len < (ssize_t)sizeof(*n) || !NLMSG_OK(n, len))
		return -EBADMSG;
	if (n->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(n))->error ?: -EBADMSG;
	ret->local = r->rtm_type == RTN_LOCAL || r->rtm_type == RTN_BROADCAST ||
		     r->rtm_type == RTN_ANYCAST || r->rtm_type == RTN_MULTICAST;
	left = (int)RTM_PAYLOAD(n);
	for (a = RTM_RTA(r); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_OIF)
			if_indextoname(*(const unsigned int *)RTA_DATA(a), ret->interface);
	return r->rtm_type == RTN_UNICAST || ret->local ? 0 : -ENETUNREACH;
}

int route_to(const char *address, struct route *ret)
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	unsigned int len = family == AF_INET6 ? 16 : 4;
	struct question q = {
		.n = { .nlmsg_len = NLMSG_LENGTH(sizeof(q.r)) + RTA_LENGTH(len), .nlmsg_type = RTM_GETROUTE,
		       .nlmsg_flags = NLM_F_REQUEST },
		.r = { .rtm_family = (unsigned char)family, .rtm_dst_len = (unsigned char)(len * 8) },
		.a = { .rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = RTA_DST },
	};
	char buf[4096] __attribute__((aligned(4)));
	struct route found = { 0 };
	ssize_t n;
	int fd, r;

	if (inet_pton(family, address, q.addr) != 1)
		return -EINVAL;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	n = send(fd, &q, q.n.nlmsg_len, 0) < 0 ? -1 : recv(fd, buf, sizeof(buf), 0);
	r = n < 0 ? -errno : read_answer(buf, n, &found);
	close(fd);
	if (!r)
		*ret = found;
	return r;
}
