// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interfaces that matter: lo; bridges, and whether br_netfilter takes their frames through the hooks of IP.
 *
 * It does so before a frame goes up to the bridge's own address, and then not a
 * second time; on the way up the socket that tproxy found is taken off again. A
 * SYN would so be delivered without its listener and be refused. So SYNs from such
 * a bridge are not intercepted, which leaves containers on it alone as well.
 */
#include "nft.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *nft_lo_trouble(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return "";
	err = ioctl(fd, SIOCGIFFLAGS, &req);
	close(fd);
	if (err)
		return " (there is no interface lo)";
	return req.ifr_flags & IFF_UP ? "" : " (interface lo is down: ip link set lo up)";
}

#define INFO_MAX IFLA_INFO_SLAVE_DATA

static bool flag(struct nlattr *data, int type)
{
	struct nlattr *attr = nla_find(nla_data(data), nla_len(data), type);

	return attr && nla_get_u8(attr);
}

static int on_link(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[IFLA_MAX + 1], *info[INFO_MAX + 1];
	struct nft_bridges *bridges = arg;
	struct nft_bridge *bridge = &bridges->v[bridges->n];

	if (bridges->n == NFT_BRIDGES_MAX ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(struct ifinfomsg), attrs, IFLA_MAX, NULL) < 0 || !attrs[IFLA_IFNAME] ||
	    !attrs[IFLA_LINKINFO] || nla_parse_nested(info, INFO_MAX, attrs[IFLA_LINKINFO], NULL) < 0 ||
	    !info[IFLA_INFO_KIND] || strcmp(nla_get_string(info[IFLA_INFO_KIND]), "bridge"))
		return NL_OK;
	memset(bridge, 0, sizeof(*bridge));
	snprintf(bridge->name, sizeof(bridge->name), "%s", nla_get_string(attrs[IFLA_IFNAME]));
	if (info[IFLA_INFO_DATA]) {
		bridge->ip = flag(info[IFLA_INFO_DATA], IFLA_BR_NF_CALL_IPTABLES);
		bridge->ip6 = flag(info[IFLA_INFO_DATA], IFLA_BR_NF_CALL_IP6TABLES);
	}
	bridges->n++;
	return NL_OK;
}

/* The kernel leaves the others out, of which there may be thousands. */
static int ask_for_bridges(struct nl_msg *msg)
{
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, "bridge"))
		return -ENOMEM;
	nla_nest_end(msg, info);
	return 0;
}

int nft_bridges_read(struct nl_sock *sock, struct nft_bridges *ret)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP);
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = -ENOMEM;

	ret->n = 0;
	if (msg && cb && nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) >= 0 && !ask_for_bridges(msg)) {
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_link, ret);
		err = nl_send_auto(sock, msg) < 0 || nl_recvmsgs(sock, cb) < 0 ? -EIO : 0;
	}
	nlmsg_free(msg);
	nl_cb_put(cb);
	return err;
}
