// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy rules of somebody else that would route intercepted packets elsewhere, or
 * that use our mark or table.
 *
 * libnl's rules don't tell whether a rule is inverted, so they are read here.
 */
#include "nft.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

/* What of a rule matters. */
struct rule {
	uint32_t priority;
	uint32_t table;
	uint32_t mark;
	uint32_t mask;
	uint8_t action;
	uint8_t protocol;
	uint8_t ipproto;
	bool inverted;
	bool elsewhere;		/* it asks for a way that no packet of ours takes */
};

struct search {
	const struct conf *conf;
	const char *family;
	char *why;
	size_t size;
	bool found;
};

static uint32_t number(struct nlattr **attrs, int type, uint32_t absent)
{
	return attrs[type] ? nla_get_u32(attrs[type]) : absent;
}

static void read_rule(struct rule *ret, const struct fib_rule_hdr *head, struct nlattr **attrs)
{
	const char *iif = attrs[FRA_IIFNAME] ? nla_get_string(attrs[FRA_IIFNAME]) : "";

	*ret = (struct rule){
		.priority = number(attrs, FRA_PRIORITY, 0),
		.table = number(attrs, FRA_TABLE, head->table),
		.mark = number(attrs, FRA_FWMARK, 0),
		.action = head->action,
		.protocol = attrs[FRA_PROTOCOL] ? nla_get_u8(attrs[FRA_PROTOCOL]) : 0,
		.ipproto = attrs[FRA_IP_PROTO] ? nla_get_u8(attrs[FRA_IP_PROTO]) : 0,
		.inverted = head->flags & FIB_RULE_INVERT,
		.elsewhere = !strcmp(iif, "lo") || attrs[FRA_OIFNAME] ||
			     (attrs[FRA_L3MDEV] && nla_get_u8(attrs[FRA_L3MDEV])),
	};
	ret->mask = number(attrs, FRA_FWMASK, ret->mark ? UINT32_MAX : 0);
}

/* Could a packet that carries our mark, and perhaps a port's, match? */
static bool marks_match(const struct conf *conf, const struct rule *rule)
{
	if (!rule->mask || (rule->mask & conf->nft.mark) == (rule->mark & rule->mask))
		return true;
	for (size_t i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].mark &&
		    ((conf->ports[i].mark | conf->nft.mark) & rule->mask) == (rule->mark & rule->mask))
			return true;
	return false;
}

/* Would it route an intercepted packet that arrives on an interface? */
static bool catches(const struct rule *rule, const struct conf *conf)
{
	if (rule->table == RT_TABLE_LOCAL || rule->action == FR_ACT_NOP || rule->action == FR_ACT_GOTO)
		return false;
	if (rule->inverted)
		return true;
	if (rule->elsewhere || (rule->ipproto && rule->ipproto != IPPROTO_TCP))
		return false;
	return marks_match(conf, rule);
}

static bool collides(const struct rule *rule, const struct search *s)
{
	const struct conf_nft *nft = &s->conf->nft;

	if (rule->protocol == NFT_ROUTE_PROTOCOL)
		return false;
	if (rule->action == FR_ACT_TO_TBL && rule->table == nft->table) {
		snprintf(s->why, s->size, "%s rule %u uses routing table %u: set nft.table to another one", s->family,
			 rule->priority, nft->table);
		return true;
	}
	if (!rule->inverted && rule->mark & rule->mask & nft->mark) {
		snprintf(s->why, s->size, "%s rule %u matches mark 0x%x/0x%x: set nft.mark to a bit not in it", s->family,
			 rule->priority, rule->mark, rule->mask);
		return true;
	}
	if (rule->priority >= nft->priority + NFT_RULES || !catches(rule, s->conf))
		return false;
	snprintf(s->why, s->size, "%s rule %u (table %u) would route intercepted packets: set nft.priority below %u",
		 s->family, rule->priority, rule->table, rule->priority);
	return true;
}

static int on_rule(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[FRA_MAX + 1];
	struct search *s = arg;
	struct rule rule;

	if (s->found || nlmsg_parse(nlmsg_hdr(msg), sizeof(struct fib_rule_hdr), attrs, FRA_MAX, NULL) < 0)
		return NL_OK;
	read_rule(&rule, nlmsg_data(nlmsg_hdr(msg)), attrs);
	s->found = collides(&rule, s);
	return NL_OK;
}

static int search_rules(struct nl_sock *sock, int family, struct search *s)
{
	struct fib_rule_hdr head = { .family = family };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP);
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = -ENOMEM;

	if (msg && cb && nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) >= 0) {
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_rule, s);
		err = nl_send_auto(sock, msg) < 0 || nl_recvmsgs(sock, cb) < 0 ? -EIO : 0;
	}
	nlmsg_free(msg);
	nl_cb_put(cb);
	return err;
}

int nft_rules_collide(struct nl_sock *sock, const struct conf *conf, bool ipv6, char *why, size_t size)
{
	struct search s = { .conf = conf, .why = why, .size = size };

	for (int i = 0; i < 1 + ipv6; i++) {
		int family = i ? AF_INET6 : AF_INET;

		s.family = i ? "IPv6" : "IPv4";
		if (nft_routes_table_used(sock, &conf->nft, family)) {
			snprintf(why, size, "%s routing table %u holds routes of somebody else: set nft.table to another one",
				 s.family, conf->nft.table);
			return -EBUSY;
		}
		search_rules(sock, family, &s);
		if (s.found)
			return -EBUSY;
	}
	return 0;
}
