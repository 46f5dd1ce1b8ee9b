/* SPDX-License-Identifier: GPL-2.0-only */
/* The type of an address of unknown length. */
#ifndef TIPHARES_COMPAT_LINUX_NET_H
#define TIPHARES_COMPAT_LINUX_NET_H

#include_next <linux/net.h>

#ifdef TIPH_SOCKADDR_PLAIN
#define sockaddr_unsized sockaddr
#endif

#endif
