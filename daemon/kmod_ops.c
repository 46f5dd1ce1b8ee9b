// SPDX-License-Identifier: GPL-2.0-only
/* The kmod datapath: bypass entries, and what would become of a connection. */
#include <errno.h>
#include <limits.h>
#include <linux/tiphares.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kmod_bypass.h"
#include "kmod_internal.h"

int kmod_parse(struct nlmsghdr *hdr, struct nlattr **a)
{
	return genlmsg_parse(hdr, 0, a, TIPH_A_MAX, NULL) < 0 ? -EBADMSG : 0;
}

/* A list in one message may be larger than what a socket usually sends. */
static void make_room(struct datapath *dp, size_t size)
{
	int room = size < INT_MAX / 2 ? (int)size * 2 : INT_MAX;

	setsockopt(nl_socket_get_fd(dp->commands), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
}

static int bypass_request(struct datapath *dp, int cmd, uint32_t flags, enum tiph_bypass_kind kind,
			  const struct datapath_bypass *entries, size_t n, char *why, size_t size)
{
	size_t room = kmod_bypass_size(n);
	struct nl_msg *msg = nl_message(dp->family, cmd, 0, room);
	bool full = !msg || nla_put_u8(msg, TIPH_A_BYPASS_KIND, kind) < 0 ||
		    (flags && nla_put_u32(msg, TIPH_A_FLAGS, flags) < 0);

	for (size_t i = 0; i < n && !full; i++)
		full = entries[i].kind != kind || kmod_put_bypass(msg, &entries[i], cmd == TIPH_CMD_BYPASS_DEL);
	if (full) {
		nlmsg_free(msg);
		snprintf(why, size, "the entries do not fit into a message");
		return -EMSGSIZE;
	}
	make_room(dp, room + 4096);
	return nl_request(dp->commands, msg, NULL, NULL, why, size);
}

int kmod_bypass_replace(struct datapath *dp, enum tiph_bypass_kind kind,
			const struct datapath_bypass *entries, size_t n, char *why, size_t size)
{
	return bypass_request(dp, TIPH_CMD_BYPASS_ADD, TIPH_FLAG_REPLACE, kind, entries, n, why, size);
}

int kmod_bypass_add(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why,
			   size_t size)
{
	return n ? bypass_request(dp, TIPH_CMD_BYPASS_ADD, 0, entries->kind, entries, n, why, size) : 0;
}

int kmod_bypass_del(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why,
			   size_t size)
{
	return n ? bypass_request(dp, TIPH_CMD_BYPASS_DEL, 0, entries->kind, entries, n, why, size) : 0;
}

int kmod_bypass_flush(struct datapath *dp, enum tiph_bypass_kind kind, char *why, size_t size)
{
	return bypass_request(dp, TIPH_CMD_BYPASS_FLUSH, 0, kind, NULL, 0, why, size);
}

int kmod_bypass_limit(struct datapath *dp, uint32_t limit, char *why, size_t size)
{
	struct nl_msg *msg = nl_message(dp->family, TIPH_CMD_BYPASS_ADD, 0, 64);

	if (msg && (nla_put_u8(msg, TIPH_A_BYPASS_KIND, TIPH_BYPASS_DYNAMIC) < 0 ||
		    nla_put_u32(msg, TIPH_A_BYPASS_LIMIT, limit) < 0)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nl_request(dp->commands, msg, NULL, NULL, why, size);
}

struct bypass_listing {
	datapath_bypass_fn each;
	void *arg;
};

static int take_bypass(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1];
	struct bypass_listing *l = arg;
	struct datapath_bypass entry;
	int err = kmod_parse(hdr, a);

	if (err || !a[TIPH_A_BYPASS] || !a[TIPH_A_BYPASS_KIND])
		return err;
	err = kmod_get_bypass(a[TIPH_A_BYPASS], nla_get_u8(a[TIPH_A_BYPASS_KIND]), &entry);
	return err ? err : l->each(&entry, l->arg);
}

/* -EAGAIN: the list changed meanwhile, and what @each was called for is no longer it. */
int kmod_bypass_list(struct datapath *dp, enum tiph_bypass_kind kind, datapath_bypass_fn each, void *arg)
{
	struct nl_msg *msg = nl_message(dp->family, TIPH_CMD_BYPASS_GET, NLM_F_DUMP, 64);
	struct bypass_listing l = { each, arg };

	if (msg && nla_put_u8(msg, TIPH_A_BYPASS_KIND, kind) < 0) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nl_request(dp->commands, msg, take_bypass, &l, NULL, 0);
}

static int take_explanation(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1], *port[TIPH_PORT_MAX + 1];
	struct datapath_explanation *x = arg;
	int err = kmod_parse(hdr, a);

	if (err || !a[TIPH_A_VERDICT])
		return err ? err : -EBADMSG;
	nla_strlcpy(x->verdict, a[TIPH_A_VERDICT], sizeof(x->verdict));
	if (a[TIPH_A_PORT] && !nla_parse_nested(port, TIPH_PORT_MAX, a[TIPH_A_PORT], NULL) && port[TIPH_PORT_NAME])
		nla_strlcpy(x->port, port[TIPH_PORT_NAME], sizeof(x->port));
	if (!a[TIPH_A_BYPASS] || !a[TIPH_A_BYPASS_KIND])
		return 0;
	x->bypassed = true;
	return kmod_get_bypass(a[TIPH_A_BYPASS], nla_get_u8(a[TIPH_A_BYPASS_KIND]), &x->bypass);
}

/* The question's connection, whatever its source port. */
static bool is_of(const struct endpoint *src, const struct endpoint *dst, const struct kmod_tuple *t)
{
	return addr_equal(&t->source.addr, &src->addr) && endpoint_equal(&t->destination, dst);
}

struct past_listing {
	const struct endpoint *src;
	const struct endpoint *dst;
	struct datapath_explanation *x;
};

/* They come from the oldest to the newest. */
static int take_past(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1], *port[TIPH_PORT_MAX + 1];
	struct past_listing *l = arg;
	struct datapath_past past = { 0 };
	struct kmod_tuple t;
	int err = kmod_parse(hdr, a);

	if (err || !a[TIPH_A_VERDICT] || !a[TIPH_A_AGE] || !a[TIPH_A_TUPLE] || kmod_get_tuple(a[TIPH_A_TUPLE], &t))
		return err ? err : -EBADMSG;
	if (!is_of(l->src, l->dst, &t))
		return 0;
	nla_strlcpy(past.verdict, a[TIPH_A_VERDICT], sizeof(past.verdict));
	if (a[TIPH_A_PORT] && !nla_parse_nested(port, TIPH_PORT_MAX, a[TIPH_A_PORT], NULL) && port[TIPH_PORT_NAME])
		nla_strlcpy(past.port, port[TIPH_PORT_NAME], sizeof(past.port));
	past.sport = t.source.port;
	past.age_ms = nla_get_u64(a[TIPH_A_AGE]);
	memmove(l->x->past + 1, l->x->past, (DATAPATH_PAST_MAX - 1) * sizeof(past));
	l->x->past[0] = past;
	l->x->n_past += l->x->n_past < DATAPATH_PAST_MAX;
	return 0;
}

/* A module that does not remember is an older one. */
static int read_past(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst,
		     struct datapath_explanation *ret)
{
	struct past_listing l = { src, dst, ret };
	int err = nl_request(dp->commands, nl_message(dp->family, TIPH_CMD_LATELY_GET, NLM_F_DUMP, 0), take_past, &l,
			     NULL, 0);

	return err == -EOPNOTSUPP ? 0 : err;
}

int kmod_explain(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst,
			const char *ifname, struct datapath_explanation *ret, char *why, size_t size)
{
	unsigned int ifindex = if_nametoindex(ifname);
	struct datapath_explanation x = *ret;
	struct nl_msg *msg;
	int err;

	if (!ifindex) {
		snprintf(why, size, "there is no interface %s", ifname);
		return -ENODEV;
	}
	msg = nl_message(dp->family, TIPH_CMD_EXPLAIN, 0, 256);
	if (msg && kmod_put_tuple(msg, src, dst, ifindex)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	err = nl_request(dp->commands, msg, take_explanation, &x, why, size);
	if (!err)
		err = read_past(dp, src, dst, &x);
	if (!err)
		*ret = x;
	return err;
}
