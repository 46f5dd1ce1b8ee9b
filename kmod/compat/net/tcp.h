/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of SYN cookies that find the cookie themselves. */
#ifndef TIPHARES_COMPAT_NET_TCP_H
#define TIPHARES_COMPAT_NET_TCP_H

#include_next <net/tcp.h>

#ifdef TIPH_COOKIE_ARGUMENT
#define tiph_cookie(th) (ntohl((th)->ack_seq) - 1)
/* headers that pass the cookie may follow */
#define __cookie_v4_check(iph, th, ...) __cookie_v4_check(iph, th, tiph_cookie(th))
#define __cookie_v6_check(iph, th, ...) __cookie_v6_check(iph, th, tiph_cookie(th))
#endif

#endif
