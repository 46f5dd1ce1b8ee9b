/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving a socket the address of a client whose connection is held. */
#ifndef TIPHARES_SPOOF_H
#define TIPHARES_SPOOF_H

#include <net/sock.h>

#include "tiph.h"

/* MPTCP sockets and their like are not: their TCP is not under our lock. */
static inline bool tiph_is_tcp(const struct sock *sk)
{
	return sk->sk_type == SOCK_STREAM && sk->sk_protocol == IPPROTO_TCP &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

int tiph_spoof(struct sock *sk, const struct tiph_spoof *opt);

#endif /* TIPHARES_SPOOF_H */
