// SPDX-License-Identifier: GPL-2.0-only
/* Does the input route want a TOS octet, not a DSCP? */
#include <linux/compiler_types.h>
#include <net/route.h>

int ask(struct sk_buff *skb);
int ask(struct sk_buff *skb)
{
	u8 tos = 0;
	int (*plain)(struct sk_buff *, __be32, __be32, u8,
		     struct net_device *) = ip_route_input_noref;

	return plain(skb, 0, 0, tos, NULL);
}
