// SPDX-License-Identifier: GPL-2.0-only
/* Does the check of a SYN cookie want the cookie as an argument? */
#include <net/tcp.h>

int ask(const struct iphdr *iph, const struct tcphdr *th);
int ask(const struct iphdr *iph, const struct tcphdr *th)
{
	return __cookie_v4_check(iph, th, 0);
}
