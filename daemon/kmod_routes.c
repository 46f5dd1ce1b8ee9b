// SPDX-License-Identifier: GPL-2.0-only
/*
 * A route of last resort for gateways that are bridges without an address.
 *
 * What crosses a bridge leaves by the way that the module has learned, not by a
 * route. Yet the kernel's TCP makes no connection without one. Where this host
 * has no default route in a family, it gets one in a table of its own, that is
 * looked up behind all others and for sockets of the worker's user only:
 *
 *	32856: from all uidrange UID-UID lookup TABLE
 *	default dev BRIDGE table TABLE
 *
 * So no other program of the host gets a route by it. A listener answers SYNs
 * on behalf of who owns it, which is why listeners are given to that user.
 */
#include "kmod_routes.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "privs.h"

#define PRIORITY 32856
#define PROTOCOL 84

static const int families[2] = { AF_INET, AF_INET6 };
/* anywhere outside: for examples and for documentation only */
static const uint8_t outside[2][16] = { { 192, 0, 2, 1 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	*(int *)arg = e->error;
	return NL_STOP;
}

/* Return: 0, or the kernel's negative errno. Consumes @msg. */
static int ask(struct nl_sock *sock, struct nl_msg *msg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = 0;

	if (!cb || nl_send_auto(sock, msg) < 0) {
		err = -ENOMEM;
	} else {
		nl_cb_err(cb, NL_CB_CUSTOM, on_error, &err);
		if (nl_recvmsgs(sock, cb) < 0 && !err)
			err = -EIO;
	}
	nl_cb_put(cb);
	nlmsg_free(msg);
	return err;
}

static int change_rule(struct kmod_routes *r, int family, int type, int flags)
{
	struct fib_rule_hdr head = { .family = (__u8)family, .action = FR_ACT_TO_TBL };
	struct fib_rule_uid_range range = { r->uid, r->uid };
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_ACK | flags);

	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, FRA_PRIORITY, PRIORITY) < 0 || nla_put_u32(msg, FRA_TABLE, r->table) < 0 ||
	    nla_put_u8(msg, FRA_PROTOCOL, PROTOCOL) < 0 || nla_put(msg, FRA_UID_RANGE, sizeof(range), &range) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return ask(r->sock, msg);
}

static int change_route(struct kmod_routes *r, int family, int type, int flags, unsigned int ifindex)
{
	struct rtmsg head = {
		.rtm_family = (unsigned char)family,
		.rtm_protocol = PROTOCOL,
		.rtm_type = RTN_UNICAST,
		.rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_ACK | flags);

	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) < 0 || nla_put_u32(msg, RTA_TABLE, r->table) < 0 ||
	    nla_put_u32(msg, RTA_OIF, ifindex) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return ask(r->sock, msg);
}

/* Does this host know a way to the world? */
static bool has_default(struct kmod_routes *r, int i)
{
	int len = families[i] == AF_INET ? 4 : 16;
	struct rtmsg head = { .rtm_family = (unsigned char)families[i], .rtm_dst_len = (unsigned char)(len * 8) };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);

	if (!msg)
		return true;
	if (nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) < 0 || nla_put(msg, RTA_DST, len, outside[i]) < 0) {
		nlmsg_free(msg);
		return true;
	}
	return !ask(r->sock, msg);
}

static unsigned int first_bridge(const struct kmod_routes *r)
{
	unsigned int ifindex = 0;

	for (size_t i = 0; i < r->n && !ifindex; i++)
		ifindex = if_nametoindex(r->bridges[i]);
	return ifindex;
}

void kmod_routes_keep(struct kmod_routes *r)
{
	unsigned int ifindex = r->n ? first_bridge(r) : 0;

	if (!ifindex)
		return;
	for (int i = 0; i < 2; i++) {
		if (!r->there[i]) {
			int err = has_default(r, i) ? -ENOENT :
				  change_rule(r, families[i], RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);

			r->there[i] = !err || err == -EEXIST;
		}
		if (r->there[i])
			change_route(r, families[i], RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, ifindex);
	}
}

static void take_away(struct kmod_routes *r)
{
	for (int i = 0; i < 2; i++) {
		if (!r->there[i])
			continue;
		change_rule(r, families[i], RTM_DELRULE, 0);
		change_route(r, families[i], RTM_DELROUTE, 0, first_bridge(r));
		r->there[i] = false;
	}
}

static int collect(struct kmod_routes *r, const struct conf *conf)
{
	char (*names)[IFNAMSIZ];
	size_t n = 0;

	for (size_t i = 0; i < conf->n_ports; i++)
		n += conf->ports[i].bridges.n;
	names = calloc(n + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < conf->n_ports; i++)
		for (size_t j = 0; j < conf->ports[i].bridges.n; j++)
			memcpy(names[n++], conf->ports[i].bridges.v[j], IFNAMSIZ);
	free(r->bridges);
	r->bridges = names;
	r->n = n;
	return 0;
}

int kmod_routes_apply(struct kmod_routes *r, const struct conf *conf)
{
	struct privs_user user;
	char ignored[8];
	int err = 0;

	if (!r->sock) {
		r->sock = nl_socket_alloc();
		if (!r->sock || nl_connect(r->sock, NETLINK_ROUTE))
			return -EIO;
	}
	take_away(r);
	err = collect(r, conf);
	if (err || !r->n)
		return err;
	err = privs_find_user(conf->user, &user, ignored, sizeof(ignored));
	if (err)
		return err;
	r->uid = user.uid;
	r->table = conf->nft.table;
	kmod_routes_keep(r);
	return 0;
}

int kmod_routes_listener(const struct kmod_routes *r, int fd)
{
	return r->n && fchown(fd, r->uid, (gid_t)-1) ? -errno : 0;
}

void kmod_routes_close(struct kmod_routes *r, bool remove)
{
	if (remove)
		take_away(r);
	if (r->sock)
		nl_socket_free(r->sock);
	free(r->bridges);
	*r = (struct kmod_routes){ 0 };
}
