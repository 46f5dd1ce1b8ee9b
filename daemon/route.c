// SPDX-License-Identifier: GPL-2.0-only
/* One question to the kernel's routing: where would a packet to this address go? */
#include "route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/netlink.h>
#include <netlink/route/route.h>
#include <string.h>

static int read_route(struct rtnl_route *found, struct route *ret)
{
	int type = rtnl_route_get_type(found);
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(found, 0);

	memset(ret, 0, sizeof(*ret));
	ret->local = type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_ANYCAST || type == RTN_MULTICAST;
	if (hop)
		if_indextoname((unsigned int)rtnl_route_nh_get_ifindex(hop), ret->interface);
	return type == RTN_UNICAST || ret->local ? 0 : -ENETUNREACH;
}

int route_to(const struct addr *address, struct route *ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_addr *to = nl_addr_build(address->family, address->bytes, address->family == AF_INET ? 4 : 16);
	struct rtnl_route *found = NULL;
	int err = -ENOMEM;

	if (sock && to)
		err = nl_connect(sock, NETLINK_ROUTE) || rtnl_route_lookup(sock, to, &found) ? -ENETUNREACH :
											      read_route(found, ret);
	if (found)
		rtnl_route_put(found);
	nl_addr_put(to);
	nl_socket_free(sock);
	return err;
}
