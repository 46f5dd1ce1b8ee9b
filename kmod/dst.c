// SPDX-License-Identifier: GPL-2.0-only
/* The local route that an intercepted packet is given. */
#include <net/addrconf.h>

#include "dst.h"

/* NULL where the namespace has no IPv6. */
static struct rt6_info *rt6_create(struct net *net)
{
	struct net_device *lo = net->loopback_dev;
	struct inet6_dev *idev = in6_dev_get(lo);
	struct rt6_info *rt;

	if (!idev)
		return NULL;
	rt = ip6_dst_alloc(net, lo, 0);
	if (!rt) {
		in6_dev_put(idev);
		return ERR_PTR(-ENOMEM);
	}
	/* TCP asks for RTF_LOCAL to tell a unicast destination */
	rt->rt6i_flags = RTF_UP | RTF_LOCAL | RTF_NONEXTHOP;
	rt->rt6i_idev = idev;	/* dropped with the dst */
	rt->dst.input = ip6_input;
	/* not 0: the validity of the dst is that of its generation */
	rt->sernum = rt_genid_ipv6(net);

	return rt;
}

/**
 * tiph_dst_create() - make the local routes of a namespace
 * @dst: where to
 * @net: the namespace
 *
 * A namespace without IPv6 gets none for it.
 *
 * Return: 0 or -ENOMEM
 */
int tiph_dst_create(struct tiph_dst *dst, struct net *net)
{
	struct rt6_info *rt6 = NULL;
	struct rtable *rt;

	if (ipv6_mod_enabled())
		rt6 = rt6_create(net);
	if (IS_ERR(rt6))
		return PTR_ERR(rt6);
	rt = rt_dst_alloc(net->loopback_dev, RTCF_LOCAL, RTN_LOCAL, false);
	if (!rt) {
		if (rt6)
			dst_release(&rt6->dst);
		return -ENOMEM;
	}
	rt->rt_is_input = 1;
	WRITE_ONCE(dst->rt6, rt6);
	WRITE_ONCE(dst->rt4, rt);

	return 0;
}

/**
 * tiph_dst_kill() - take the local routes back
 * @dst: the routes
 *
 * Packets that run at this moment keep theirs until they leave their
 * read-side critical section.
 */
void tiph_dst_kill(struct tiph_dst *dst)
{
	struct rtable *rt = xchg(&dst->rt4, NULL);
	struct rt6_info *rt6 = xchg(&dst->rt6, NULL);

	if (rt)
		dst_release(&rt->dst);
	if (rt6)
		dst_release(&rt6->dst);
}
