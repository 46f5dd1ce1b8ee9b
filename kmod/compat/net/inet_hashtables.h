/* SPDX-License-Identifier: GPL-2.0-only */
/* Socket lookups without the argument of the hash tables. */
#ifndef TIPHARES_COMPAT_NET_INET_HASHTABLES_H
#define TIPHARES_COMPAT_NET_INET_HASHTABLES_H

#include_next <net/inet_hashtables.h>
#include_next <net/inet6_hashtables.h>

#ifdef TIPH_LOOKUP_HASHINFO
#define tiph_hashinfo(net) ((net)->ipv4.tcp_death_row.hashinfo)
#define __inet_lookup_established(net, ...) \
	__inet_lookup_established(net, tiph_hashinfo(net), __VA_ARGS__)
#define __inet_lookup_listener(net, ...) \
	__inet_lookup_listener(net, tiph_hashinfo(net), __VA_ARGS__)
#define __inet6_lookup_established(net, ...) \
	__inet6_lookup_established(net, tiph_hashinfo(net), __VA_ARGS__)
#define inet6_lookup_listener(net, ...) \
	inet6_lookup_listener(net, tiph_hashinfo(net), __VA_ARGS__)
#endif

#endif
