/* SPDX-License-Identifier: GPL-2.0-only */
/* Bypass entries, connections and states as attributes of the module's netlink family. */
#ifndef TIPHARES_KMOD_BYPASS_H
#define TIPHARES_KMOD_BYPASS_H

#include <netlink/msg.h>

#include "datapath.h"

/* Octets of attributes that @n entries take at most. */
size_t kmod_bypass_size(size_t n);

/* Append @entry as TIPH_A_BYPASS; @key_only: without what is not its key. Return: 0 or -EMSGSIZE. */
int kmod_put_bypass(struct nl_msg *msg, const struct datapath_bypass *entry, bool key_only);

/* Read a TIPH_A_BYPASS nest of @kind. Return: 0 or -EBADMSG. */
int kmod_get_bypass(struct nlattr *nest, uint8_t kind, struct datapath_bypass *ret);

/* Append TIPH_A_TUPLE; @ifindex 0: not known. Return: 0 or -EMSGSIZE. */
int kmod_put_tuple(struct nl_msg *msg, const struct endpoint *src, const struct endpoint *dst,
		   unsigned int ifindex);

/* A connection, as its SYN shows it. */
struct kmod_tuple {
	struct endpoint source;
	struct endpoint destination;
};

/* Read a TIPH_A_TUPLE nest. Return: 0 or -EBADMSG. */
int kmod_get_tuple(struct nlattr *nest, struct kmod_tuple *ret);

/*
 * What a notification says, as a line for people. @state: the namespace's TIPH_STATE_ as last heard. Return: whether
 * there is anything to say.
 */
bool kmod_describe(uint8_t cmd, struct nlattr **a, uint32_t *state, struct datapath_event *ret);

#endif /* TIPHARES_KMOD_BYPASS_H */
