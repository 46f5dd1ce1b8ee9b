// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy rules and the table of local default routes, both families.
 *
 *	PRIORITY	iif lo fwmark MARK/MARK goto PRIORITY+2
 *	PRIORITY + 1	fwmark MARK/MARK lookup TABLE
 *	PRIORITY + 2	iif lo fwmark MARK/MARK nop
 *
 * The second is what delivers a marked packet here. The first keeps everything
 * else that is routed with the mark away from it: packets this host sends (where
 * sockets or replies inherit marks), and the reverse path check of a marked
 * packet on hosts with src_valid_mark, which would call every source local.
 *
 * Ours are told from others' by their protocol number.
 */
#include "nft.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int families[] = { AF_INET, AF_INET6 };

static int to_errno(int nle)
{
	switch (nle < 0 ? -nle : nle) {
	case NLE_SUCCESS:
		return 0;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	default:
		return -EIO;
	}
}

struct nl_sock *nft_routes_socket(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (sock && nl_connect(sock, NETLINK_ROUTE)) {
		nl_socket_free(sock);
		return NULL;
	}
	return sock;
}

/* ---- what ours look like ------------------------------------------------- */

static struct rtnl_rule *our_rule(const struct conf_nft *nft, int family, unsigned int i)
{
	struct rtnl_rule *rule = rtnl_rule_alloc();

	if (!rule)
		return NULL;
	rtnl_rule_set_family(rule, family);
	rtnl_rule_set_prio(rule, nft->priority + i);
	rtnl_rule_set_protocol(rule, NFT_ROUTE_PROTOCOL);
	rtnl_rule_set_mark(rule, nft->mark);
	rtnl_rule_set_mask(rule, nft->mark);
	if (i != 1)
		rtnl_rule_set_iif(rule, "lo");
	switch (i) {
	case 0:
		rtnl_rule_set_action(rule, FR_ACT_GOTO);
		rtnl_rule_set_goto(rule, nft->priority + 2);
		break;
	case 1:
		rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
		rtnl_rule_set_table(rule, nft->table);
		break;
	default:
		rtnl_rule_set_action(rule, FR_ACT_NOP);
	}
	return rule;
}

static bool rule_is_protocol(struct rtnl_rule *rule)
{
	uint8_t protocol;

	return !rtnl_rule_get_protocol(rule, &protocol) && protocol == NFT_ROUTE_PROTOCOL;
}

/* Which of @nft's rules is it? -1: none */
static int rule_index(struct rtnl_rule *rule, const struct conf_nft *nft)
{
	const char *iif = rtnl_rule_get_iif(rule);
	unsigned int i = rtnl_rule_get_prio(rule) - nft->priority;
	bool lo = iif && !strcmp(iif, "lo");

	if (!rule_is_protocol(rule) || i >= NFT_RULES || rtnl_rule_get_mark(rule) != nft->mark ||
	    rtnl_rule_get_mask(rule) != nft->mark)
		return -1;
	switch (rtnl_rule_get_action(rule)) {
	case FR_ACT_GOTO:
		return i == 0 && lo && rtnl_rule_get_goto(rule) == nft->priority + 2 ? 0 : -1;
	case FR_ACT_TO_TBL:
		return i == 1 && !iif && rtnl_rule_get_table(rule) == nft->table ? 1 : -1;
	case FR_ACT_NOP:
		return i == 2 && lo ? 2 : -1;
	default:
		return -1;
	}
}

static struct rtnl_route *our_route(const struct conf_nft *nft, int family)
{
	static const uint8_t any[16];
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *dst = nl_addr_build(family, any, family == AF_INET ? 4 : 16);

	if (!route || !hop || !dst) {
		rtnl_route_put(route);
		if (hop)
			rtnl_route_nh_free(hop);
		nl_addr_put(dst);
		return NULL;
	}
	nl_addr_set_prefixlen(dst, 0);
	rtnl_route_set_family(route, family);
	rtnl_route_set_dst(route, dst);
	nl_addr_put(dst);
	rtnl_route_set_table(route, nft->table);
	rtnl_route_set_type(route, RTN_LOCAL);
	rtnl_route_set_protocol(route, NFT_ROUTE_PROTOCOL);
	rtnl_route_set_scope(route, family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE);
	rtnl_route_nh_set_ifindex(hop, if_nametoindex("lo"));
	rtnl_route_add_nexthop(route, hop);
	return route;
}

/* ---- reading ------------------------------------------------------------- */

/* Routes of one family, of one table (0: all) and protocol (0: all). */
struct route_list {
	struct rtnl_route **v;
	size_t n;
	int family;
	uint32_t table;
	uint8_t protocol;
	int err;
};

static int on_route(struct nl_msg *msg, void *arg)
{
	struct route_list *list = arg;
	struct rtnl_route *route, **v;

	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(nlmsg_hdr(msg), &route) < 0)
		return NL_OK;
	if (rtnl_route_get_family(route) != list->family ||
	    (list->table && rtnl_route_get_table(route) != list->table) ||
	    (list->protocol && rtnl_route_get_protocol(route) != list->protocol)) {
		rtnl_route_put(route);
		return NL_OK;
	}
	v = realloc(list->v, (list->n + 1) * sizeof(*v));
	if (!v) {
		rtnl_route_put(route);
		list->err = -ENOMEM;
		return NL_OK;
	}
	list->v = v;
	list->v[list->n++] = route;
	return NL_OK;
}

static void routes_free(struct route_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		rtnl_route_put(list->v[i]);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}

/*
 * Lets the kernel limit a dump to a table and a protocol; libnl's own dumps of
 * rules are not strict enough for it. The list is filtered here, too, for
 * kernels that don't.
 */
static void set_strict(struct nl_sock *sock, int on)
{
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
}

static int dump_routes(struct nl_sock *sock, struct route_list *list)
{
	struct rtmsg head = { .rtm_family = list->family, .rtm_protocol = list->protocol };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP);
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = -NLE_NOMEM;

	if (msg && cb && nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) >= 0 &&
	    (!list->table || nla_put_u32(msg, RTA_TABLE, list->table) >= 0)) {
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_route, list);
		set_strict(sock, 1);
		err = nl_send_auto(sock, msg);
		if (err >= 0)
			err = nl_recvmsgs(sock, cb);
		set_strict(sock, 0);
	}
	nlmsg_free(msg);
	nl_cb_put(cb);
	/* the kernel answers so for a table that was never made */
	if (err == -NLE_OBJ_NOTFOUND)
		err = 0;
	return err < 0 ? to_errno(err) : list->err;
}

static int read_rules(struct nl_sock *sock, struct nl_cache **ret)
{
	return to_errno(rtnl_rule_alloc_cache(sock, AF_UNSPEC, ret));
}

/* The cache has both families, whatever it was asked for. */
static struct rtnl_rule *next_rule(struct nl_cache *cache, struct rtnl_rule *rule, int family)
{
	do {
		rule = (struct rtnl_rule *)(rule ? nl_cache_get_next((struct nl_object *)rule) :
						   nl_cache_get_first(cache));
	} while (rule && rtnl_rule_get_family(rule) != family);
	return rule;
}

#define for_each_rule(rule, cache, family) \
	for (rule = next_rule(cache, NULL, family); rule; rule = next_rule(cache, rule, family))

/* Bit per rule of @nft that is there. */
static int rules_present(struct nl_sock *sock, const struct conf_nft *nft, int family, unsigned int *ret)
{
	struct nl_cache *cache;
	struct rtnl_rule *rule;
	int err = read_rules(sock, &cache);

	if (err)
		return err;
	*ret = 0;
	for_each_rule(rule, cache, family)
		if (rule_index(rule, nft) >= 0)
			*ret |= 1U << rule_index(rule, nft);
	nl_cache_free(cache);
	return 0;
}

static bool route_is_ours(struct rtnl_route *route, const struct conf_nft *nft)
{
	struct nl_addr *dst = rtnl_route_get_dst(route);

	return rtnl_route_get_protocol(route) == NFT_ROUTE_PROTOCOL && rtnl_route_get_table(route) == nft->table &&
	       rtnl_route_get_type(route) == RTN_LOCAL && (!dst || !nl_addr_get_prefixlen(dst));
}

static int route_present(struct nl_sock *sock, const struct conf_nft *nft, int family, bool *ret)
{
	struct route_list list = { .family = family, .table = nft->table };
	int err = dump_routes(sock, &list);

	*ret = false;
	for (size_t i = 0; i < list.n; i++)
		*ret |= route_is_ours(list.v[i], nft);
	routes_free(&list);
	return err;
}

int nft_routes_check(struct nl_sock *sock, const struct conf_nft *nft, bool ipv6)
{
	unsigned int present;
	bool route;
	int err;

	for (int i = 0; i < 1 + ipv6; i++) {
		err = rules_present(sock, nft, families[i], &present);
		if (!err)
			err = route_present(sock, nft, families[i], &route);
		if (err)
			return err;
		if (present != (1U << NFT_RULES) - 1 || !route)
			return 0;
	}
	return 1;
}

/* ---- changing ------------------------------------------------------------ */

static int add_route(struct nl_sock *sock, const struct conf_nft *nft, int family)
{
	struct rtnl_route *route = our_route(nft, family);
	int err;

	if (!route)
		return -NLE_NOMEM;
	err = rtnl_route_add(sock, route, NLM_F_REPLACE);
	rtnl_route_put(route);
	return err;
}

/* The lookup last: it acts only when the goto and its target are there. */
static int add_rules(struct nl_sock *sock, const struct conf_nft *nft, int family)
{
	static const unsigned int order[NFT_RULES] = { 2, 0, 1 };
	struct rtnl_rule *rule;
	unsigned int present;
	int err = rules_present(sock, nft, family, &present);

	for (unsigned int i = 0; !err && i < NFT_RULES; i++) {
		if (present & 1U << order[i])
			continue;
		rule = our_rule(nft, family, order[i]);
		err = rule ? rtnl_rule_add(sock, rule, NLM_F_EXCL) : -NLE_NOMEM;
		rtnl_rule_put(rule);
		if (err == -NLE_EXIST)
			err = 0;
	}
	return err;
}

int nft_routes_install(struct nl_sock *sock, const struct conf_nft *nft, bool ipv6, char *why, size_t size)
{
	int err;

	for (int i = 0; i < 1 + ipv6; i++) {
		err = add_route(sock, nft, families[i]);
		if (!err)
			err = add_rules(sock, nft, families[i]);
		if (err) {
			snprintf(why, size, "the IPv%d policy rules or routes could not be installed: %s%s", i ? 6 : 4,
				 nl_geterror(err), nft_lo_trouble());
			return to_errno(err);
		}
	}
	if (nft_routes_check(sock, nft, ipv6) == 1)
		return 0;
	snprintf(why, size, "the policy rules or routes are not there after they were installed");
	return -EIO;
}

static int prune_rules(struct nl_sock *sock, const struct conf_nft *nft, int family)
{
	struct nl_cache *cache;
	struct rtnl_rule *rule;
	int err = read_rules(sock, &cache), err2;

	if (err)
		return err;
	for_each_rule(rule, cache, family) {
		if (!rule_is_protocol(rule) || (nft && rule_index(rule, nft) >= 0))
			continue;
		err2 = to_errno(rtnl_rule_delete(sock, rule, 0));
		if (err2 && err2 != -ENOENT)
			err = err2;
	}
	nl_cache_free(cache);
	return err;
}

static int prune_routes(struct nl_sock *sock, const struct conf_nft *nft, int family)
{
	struct route_list list = { .family = family, .protocol = NFT_ROUTE_PROTOCOL };
	int err = dump_routes(sock, &list), err2;

	for (size_t i = 0; i < list.n; i++) {
		if (nft && route_is_ours(list.v[i], nft))
			continue;
		err2 = to_errno(rtnl_route_delete(sock, list.v[i], 0));
		if (err2 && err2 != -ENOENT)
			err = err2;
	}
	routes_free(&list);
	return err;
}

int nft_routes_prune(struct nl_sock *sock, const struct conf_nft *nft)
{
	int err = 0, err2;

	for (int i = 0; i < 2; i++) {
		err2 = prune_rules(sock, nft, families[i]);
		if (!err2)
			err2 = prune_routes(sock, nft, families[i]);
		if (err2 && (i == 0 || nft == NULL))
			err = err2;
	}
	return err;
}

bool nft_routes_table_used(struct nl_sock *sock, const struct conf_nft *nft, int family)
{
	struct route_list list = { .family = family, .table = nft->table };
	bool used = false;

	if (dump_routes(sock, &list))
		return false;
	for (size_t i = 0; i < list.n; i++)
		used |= rtnl_route_get_protocol(list.v[i]) != NFT_ROUTE_PROTOCOL;
	routes_free(&list);
	return used;
}
