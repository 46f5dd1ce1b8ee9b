/* SPDX-License-Identifier: GPL-2.0-only */
/* Generic netlink through libnl: requests with the kernel's own words when it refuses. */
#ifndef TIPHARES_NL_H
#define TIPHARES_NL_H

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>

/* Called for each message of an answer. Return: 0, or a negative errno that ends the request. */
typedef int (*nl_answer_fn)(struct nlmsghdr *hdr, void *arg);

/* A generic netlink socket with extended acknowledgements. Return: 0 or a negative errno. */
int nl_open(struct nl_sock **ret);

/* The same, non-blocking, that hears @group of @family. */
int nl_open_events(const char *family, const char *group, struct nl_sock **ret);

/* Number of the family, or -ENOENT. */
int nl_family(struct nl_sock *sock, const char *name);

/**
 * nl_message() - begin a request
 * @size: octets of attributes at most
 *
 * Return: the message, or NULL when out of memory.
 */
struct nl_msg *nl_message(int family, int cmd, int flags, size_t size);

/**
 * nl_request() - send @msg and read the whole answer
 * @answer: for each message of it, or NULL
 * @why: on refusal: the kernel's sentence, or the error's name; may be NULL
 *
 * Consumes @msg, NULL is legal. A dump that the table's change interrupted is
 * -EAGAIN. Return: 0 or a negative errno.
 */
int nl_request(struct nl_sock *sock, struct nl_msg *msg, nl_answer_fn answer, void *arg, char *why,
	       size_t size);

/**
 * nl_hear() - read the notifications that wait on a socket of nl_open_events()
 *
 * Return: 0 when all were read, -ENOBUFS when some were lost, or another
 * negative errno.
 */
int nl_hear(struct nl_sock *sock, nl_answer_fn heard, void *arg);

#endif /* TIPHARES_NL_H */
