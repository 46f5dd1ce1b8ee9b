// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the worker hold the connection whose client's address it asks for?
 *
 * The kernel is asked for the socket with these two ends. It is one that the
 * worker accepted when it is connected, belongs to the worker's user (those that
 * wait in a queue, and those that the parent made, don't) and
 *
 *  - is transparent, which no process without privilege can make a socket be: it
 *    comes from a listener of a port that intercepts; or
 *  - its local port is one that a port is asked on. The worker can bind nothing,
 *    and the kernel gives a port that was bound to no socket that connects.
 */
#include "nft.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTED (1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT | 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2)

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 req;
};

/* What the kernel answers: a socket and its attributes, or an error. */
union answer {
	struct nlmsghdr head;
	char space[1024];
};

int nft_held_open(struct nft_held *held)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	held->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (held->fd < 0)
		return -errno;
	return connect(held->fd, (struct sockaddr *)&kernel, sizeof(kernel)) ? -errno : 0;
}

void nft_held_close(struct nft_held *held)
{
	if (held->fd >= 0)
		close(held->fd);
	held->fd = -1;
}

static void fill(struct question *q, const struct endpoint *local, const struct endpoint *client, uint32_t seq)
{
	size_t len = client->addr.family == AF_INET ? 4 : 16;

	memset(q, 0, sizeof(*q));
	q->head = (struct nlmsghdr){ .nlmsg_len = sizeof(*q), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
				     .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = seq };
	q->req.sdiag_family = (uint8_t)client->addr.family;
	q->req.sdiag_protocol = IPPROTO_TCP;
	q->req.idiag_states = CONNECTED;
	q->req.id.idiag_sport = htons(local->port);
	q->req.id.idiag_dport = htons(client->port);
	memcpy(q->req.id.idiag_src, local->addr.bytes, len);
	memcpy(q->req.id.idiag_dst, client->addr.bytes, len);
	q->req.id.idiag_cookie[0] = q->req.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

/* Octets of the answer to question @seq, or a negative errno. */
static ssize_t ask(const struct nft_held *held, const struct question *q, union answer *ret)
{
	ssize_t n;

	if (send(held->fd, q, sizeof(*q), 0) < 0)
		return -errno;
	do {
		n = recv(held->fd, ret, sizeof(*ret), 0);
	} while (n >= (ssize_t)sizeof(ret->head) && ret->head.nlmsg_seq != q->head.nlmsg_seq);
	return n < 0 ? -errno : n;
}

static bool is_transparent(const union answer *answer, ssize_t len)
{
	const struct inet_diag_msg *diag = NLMSG_DATA(&answer->head);
	const struct rtattr *attr = (const struct rtattr *)(diag + 1);
	long left = (long)len - (long)NLMSG_LENGTH(sizeof(*diag));

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == INET_DIAG_SOCKOPT && RTA_PAYLOAD(attr) >= sizeof(struct inet_diag_sockopt))
			return ((const struct inet_diag_sockopt *)RTA_DATA(attr))->transparent;
	return false;
}

/* The kernel looks for a listener, too, where there is no such connection. */
static bool is_connection(const struct inet_diag_msg *diag, const struct question *q)
{
	return 1 << diag->idiag_state & CONNECTED && diag->id.idiag_dport == q->req.id.idiag_dport &&
	       !memcmp(diag->id.idiag_dst, q->req.id.idiag_dst, sizeof(diag->id.idiag_dst));
}

int nft_held_check(struct nft_held *held, const struct endpoint *local, const struct endpoint *client)
{
	const struct inet_diag_msg *diag;
	struct question q;
	union answer a;
	ssize_t n;

	fill(&q, local, client, ++held->seq);
	n = ask(held, &q, &a);
	if (n < 0)
		return (int)n;
	diag = NLMSG_DATA(&a.head);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*diag)) || a.head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return -EACCES;
	if (!is_connection(diag, &q) || diag->idiag_uid != held->uid)
		return -EACCES;
	return is_transparent(&a, n) || nft_port_test(held->asked, local->port) ? 0 : -EACCES;
}
