// SPDX-License-Identifier: GPL-2.0-only
/* Do socket lookups want the hash tables as an argument? */
#include <net/inet_hashtables.h>

struct sock *ask(struct net *net, struct inet_hashinfo *info);
struct sock *ask(struct net *net, struct inet_hashinfo *info)
{
	return __inet_lookup_established(net, info, 0, 0, 0, 0, 0, 0);
}
