/* SPDX-License-Identifier: GPL-2.0-only */
/* Flags of an inet_sock by inet_*_bit(); where they are bit fields, under the socket lock. */
#ifndef TIPHARES_COMPAT_NET_INET_SOCK_H
#define TIPHARES_COMPAT_NET_INET_SOCK_H

#include_next <net/inet_sock.h>

#ifndef inet_assign_bit
#define tiph_inet_TRANSPARENT(sk) inet_sk(sk)->transparent
#define tiph_inet_BIND_ADDRESS_NO_PORT(sk) inet_sk(sk)->bind_address_no_port
#define inet_test_bit(nr, sk) (tiph_inet_##nr(sk))
#define inet_set_bit(nr, sk) (tiph_inet_##nr(sk) = 1)
#define inet_clear_bit(nr, sk) (tiph_inet_##nr(sk) = 0)
#define inet_assign_bit(nr, sk, val) (tiph_inet_##nr(sk) = (val))
#endif

#endif
