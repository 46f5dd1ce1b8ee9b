// SPDX-License-Identifier: GPL-2.0-only
/* Bypass entries, connections and states as attributes of the module's netlink family. */
#include "kmod_bypass.h"

#include <errno.h>
#include <linux/tiphares.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

/* Every attribute of an entry, with room to spare. */
#define ENTRY_SIZE 96

static const char *const reasons[] = {
	[TIPH_BYPASS_MANUAL] = "manual",
	[TIPH_BYPASS_NOT_HTTP] = "not_http",
	[TIPH_BYPASS_TLS_ALERT] = "tls_alert",
	[TIPH_BYPASS_CONNECT_ERROR] = "connect_error",
	[TIPH_BYPASS_BAD_RESPONSE] = "bad_response",
	[TIPH_BYPASS_SERVER_ERROR] = "server_error",
	[TIPH_BYPASS_ASYMMETRIC] = "asymmetric",
};

static const char *const ends[] = {
	[TIPH_BYPASS_EXPIRED] = "has expired",
	[TIPH_BYPASS_EVICTED] = "was evicted",
	[TIPH_BYPASS_REMOVED] = "was removed",
};

size_t kmod_bypass_size(size_t n)
{
	return 64 + n * ENTRY_SIZE;
}

static int put_prefix(struct nl_msg *msg, int type, const struct prefix *prefix)
{
	struct tiph_prefix p = { .family = (__u8)prefix->addr.family, .len = prefix->len };

	if (prefix->addr.family == AF_UNSPEC)
		return 0;
	memcpy(p.addr, prefix->addr.bytes, sizeof(p.addr));
	return nla_put(msg, type, sizeof(p), &p) < 0 ? -EMSGSIZE : 0;
}

static int put_timed(struct nl_msg *msg, const struct datapath_bypass *entry)
{
	if (nla_put_u32(msg, TIPH_BYPASS_TTL, entry->ttl) < 0 ||
	    nla_put_u8(msg, TIPH_BYPASS_REASON, entry->reason) < 0)
		return -EMSGSIZE;
	return 0;
}

int kmod_put_bypass(struct nl_msg *msg, const struct datapath_bypass *entry, bool key_only)
{
	struct nlattr *nest = nla_nest_start(msg, TIPH_A_BYPASS);

	if (!nest || put_prefix(msg, TIPH_BYPASS_SOURCE, &entry->source) ||
	    put_prefix(msg, TIPH_BYPASS_DESTINATION, &entry->destination) ||
	    (entry->dport && nla_put_u16(msg, TIPH_BYPASS_DPORT, entry->dport) < 0))
		return -EMSGSIZE;
	if (entry->kind == TIPH_BYPASS_DYNAMIC && !key_only && put_timed(msg, entry))
		return -EMSGSIZE;
	/* an entry without attributes is for the module to refuse, not for libnl to drop */
	nla_nest_end_keep_empty(msg, nest);
	return 0;
}

static int get_prefix(const struct nlattr *a, struct prefix *ret)
{
	struct tiph_prefix p;

	if (!a)
		return 0;
	memcpy(&p, nla_data(a), sizeof(p));
	if (p.family != AF_INET && p.family != AF_INET6)
		return -EBADMSG;
	ret->addr.family = p.family;
	ret->len = p.len;
	memcpy(ret->addr.bytes, p.addr, p.family == AF_INET ? 4 : 16);
	return 0;
}

static struct nla_policy bypass_policy[TIPH_BYPASS_ATTR_MAX + 1] = {
	[TIPH_BYPASS_SOURCE] = { .minlen = sizeof(struct tiph_prefix) },
	[TIPH_BYPASS_DESTINATION] = { .minlen = sizeof(struct tiph_prefix) },
	[TIPH_BYPASS_DPORT] = { .type = NLA_U16 },
	[TIPH_BYPASS_TTL] = { .type = NLA_U32 },
	[TIPH_BYPASS_REASON] = { .type = NLA_U8 },
	[TIPH_BYPASS_HITS] = { .type = NLA_U64 },
	[TIPH_BYPASS_END] = { .type = NLA_U8 },
};

int kmod_get_bypass(struct nlattr *nest, uint8_t kind, struct datapath_bypass *ret)
{
	struct nlattr *a[TIPH_BYPASS_ATTR_MAX + 1];
	struct datapath_bypass entry = { .kind = kind };

	if (nla_parse_nested(a, TIPH_BYPASS_ATTR_MAX, nest, bypass_policy) < 0 ||
	    get_prefix(a[TIPH_BYPASS_SOURCE], &entry.source) ||
	    get_prefix(a[TIPH_BYPASS_DESTINATION], &entry.destination))
		return -EBADMSG;
	if (a[TIPH_BYPASS_DPORT])
		entry.dport = nla_get_u16(a[TIPH_BYPASS_DPORT]);
	if (a[TIPH_BYPASS_TTL])
		entry.ttl = nla_get_u32(a[TIPH_BYPASS_TTL]);
	if (a[TIPH_BYPASS_REASON])
		entry.reason = nla_get_u8(a[TIPH_BYPASS_REASON]);
	if (a[TIPH_BYPASS_HITS])
		entry.hits = nla_get_u64(a[TIPH_BYPASS_HITS]);
	*ret = entry;
	return 0;
}

static int put_addr(struct nl_msg *msg, int type, const struct addr *addr)
{
	struct prefix p = { .addr = *addr, .len = addr->family == AF_INET6 ? 128 : 32 };

	return put_prefix(msg, type, &p);
}

int kmod_put_tuple(struct nl_msg *msg, const struct endpoint *src, const struct endpoint *dst,
		   unsigned int ifindex)
{
	struct nlattr *nest = nla_nest_start(msg, TIPH_A_TUPLE);

	if (!nest || put_addr(msg, TIPH_TUPLE_SOURCE, &src->addr) ||
	    put_addr(msg, TIPH_TUPLE_DESTINATION, &dst->addr) ||
	    nla_put_u16(msg, TIPH_TUPLE_DPORT, dst->port) < 0 ||
	    (src->port && nla_put_u16(msg, TIPH_TUPLE_SPORT, src->port) < 0) ||
	    (ifindex && nla_put_u32(msg, TIPH_TUPLE_IFINDEX, ifindex) < 0))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static const char *prefix_or_any(const struct prefix *p, char *buf, size_t size)
{
	return p->addr.family == AF_UNSPEC ? "any" : prefix_format(p, buf, size);
}

/* "10.1.2.3/32 -> any:80" */
static void format_entry(const struct datapath_bypass *e, char *buf, size_t size)
{
	char src[ENDPOINT_STRLEN], dst[ENDPOINT_STRLEN], port[16] = "";

	if (e->dport)
		snprintf(port, sizeof(port), " port %u", e->dport);
	snprintf(buf, size, "%s -> %s%s", prefix_or_any(&e->source, src, sizeof(src)),
		 prefix_or_any(&e->destination, dst, sizeof(dst)), port);
}

static bool describe_bypass(bool ended, struct nlattr **a, struct datapath_event *ret)
{
	struct nlattr *entry[TIPH_BYPASS_ATTR_MAX + 1];
	struct datapath_bypass e;
	char text[110];
	uint8_t end;

	if (!a[TIPH_A_BYPASS] || kmod_get_bypass(a[TIPH_A_BYPASS], TIPH_BYPASS_DYNAMIC, &e))
		return false;
	format_entry(&e, text, sizeof(text));
	ret->kind = DP_EVENT_BYPASS;
	if (!ended) {
		snprintf(ret->text, sizeof(ret->text), "bypassed: %s (%s)", text,
			 e.reason <= TIPH_BYPASS_REASON_MAX ? reasons[e.reason] : "?");
		return true;
	}
	if (nla_parse_nested(entry, TIPH_BYPASS_ATTR_MAX, a[TIPH_A_BYPASS], bypass_policy) < 0 ||
	    !entry[TIPH_BYPASS_END])
		return false;
	end = nla_get_u8(entry[TIPH_BYPASS_END]);
	snprintf(ret->text, sizeof(ret->text), "the bypass of %s %s", text,
		 end <= TIPH_BYPASS_REMOVED ? ends[end] : "ended");
	return true;
}

static bool describe_port_state(struct nlattr *nest, struct datapath_event *ret)
{
	struct nlattr *port[TIPH_PORT_MAX + 1];
	bool shedding;

	if (nla_parse_nested(port, TIPH_PORT_MAX, nest, NULL) < 0 || !port[TIPH_PORT_NAME] ||
	    !port[TIPH_PORT_STATE])
		return false;
	shedding = nla_get_u32(port[TIPH_PORT_STATE]) & TIPH_STATE_SHEDDING;
	snprintf(ret->text, sizeof(ret->text), "port %.31s: %s", nla_get_string(port[TIPH_PORT_NAME]),
		 shedding ? "an accept queue is above shed_high: new connections go by on_overload" :
			    "the accept queues are down again: load is no longer shed");
	return true;
}

/* What the daemon has said of itself it knows. */
static bool describe_state(struct nlattr **a, uint32_t *state, struct datapath_event *ret)
{
	uint32_t before = *state;

	ret->kind = DP_EVENT_NOTICE;
	if (a[TIPH_A_PORT])
		return describe_port_state(a[TIPH_A_PORT], ret);
	if (!a[TIPH_A_STATE])
		return false;
	*state = nla_get_u32(a[TIPH_A_STATE]);
	if (!((before ^ *state) & TIPH_STATE_FAILED))
		return false;
	snprintf(ret->text, sizeof(ret->text), "%s",
		 *state & TIPH_STATE_FAILED ? "the worker shows no life: on_failure rules" :
					      "the worker shows life again: intercepted");
	return true;
}

int kmod_get_tuple(struct nlattr *nest, struct kmod_tuple *ret)
{
	static struct nla_policy policy[TIPH_TUPLE_MAX + 1] = {
		[TIPH_TUPLE_SOURCE] = { .minlen = sizeof(struct tiph_prefix) },
		[TIPH_TUPLE_DESTINATION] = { .minlen = sizeof(struct tiph_prefix) },
		[TIPH_TUPLE_SPORT] = { .type = NLA_U16 },
		[TIPH_TUPLE_DPORT] = { .type = NLA_U16 },
	};
	struct nlattr *t[TIPH_TUPLE_MAX + 1];
	struct prefix src = { 0 }, dst = { 0 };

	if (nla_parse_nested(t, TIPH_TUPLE_MAX, nest, policy) < 0 || get_prefix(t[TIPH_TUPLE_SOURCE], &src) ||
	    get_prefix(t[TIPH_TUPLE_DESTINATION], &dst))
		return -EBADMSG;
	ret->source = (struct endpoint){ src.addr, t[TIPH_TUPLE_SPORT] ? nla_get_u16(t[TIPH_TUPLE_SPORT]) : 0 };
	ret->destination = (struct endpoint){ dst.addr, t[TIPH_TUPLE_DPORT] ? nla_get_u16(t[TIPH_TUPLE_DPORT]) : 0 };
	return 0;
}

static bool describe_loop(struct nlattr **a, struct datapath_event *ret)
{
	char from[ENDPOINT_STRLEN], to[ENDPOINT_STRLEN];
	struct kmod_tuple t;

	if (!a[TIPH_A_TUPLE] || kmod_get_tuple(a[TIPH_A_TUPLE], &t))
		return false;
	ret->kind = DP_EVENT_NOTICE;
	snprintf(ret->text, sizeof(ret->text), "a SYN that this host sent to %s as %s came back: there is a routing loop",
		 addr_format(&t.destination.addr, to, sizeof(to)), addr_format(&t.source.addr, from, sizeof(from)));
	return true;
}

bool kmod_describe(uint8_t cmd, struct nlattr **a, uint32_t *state, struct datapath_event *ret)
{
	switch (cmd) {
	case TIPH_CMD_STATE_NTF:
		return describe_state(a, state, ret);
	case TIPH_CMD_LOOP_NTF:
		return describe_loop(a, ret);
	case TIPH_CMD_BYPASS_NTF:
	case TIPH_CMD_BYPASS_DEL_NTF:
		return describe_bypass(cmd == TIPH_CMD_BYPASS_DEL_NTF, a, ret);
	}
	return false;
}
