// SPDX-License-Identifier: GPL-2.0-only
/* Bypass entries in the admin API: listed, added, removed. */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "admin_internal.h"
#include "bypass_text.h"

static json_t *prefix(const struct prefix *p)
{
	char text[ENDPOINT_STRLEN];

	return p->addr.family ? json_string(prefix_format(p, text, sizeof(text))) : json_null();
}

json_t *admin_bypass_entry(const struct datapath_bypass *e)
{
	json_t *ret = json_pack("{s:s, s:o, s:o, s:o}", "kind", bypass_kind_name(e->kind), "source", prefix(&e->source),
				"destination", prefix(&e->destination), "port",
				e->dport ? json_integer(e->dport) : json_null());

	if (e->kind == TIPH_BYPASS_DYNAMIC) {
		json_object_set_new(ret, "reason", json_string(bypass_reason_name(e->reason)));
		json_object_set_new(ret, "ttl_ms", json_integer(e->ttl));
		json_object_set_new(ret, "hits", json_integer((json_int_t)e->hits));
	}
	return ret;
}

/* NULL: the parent can't say. */
json_t *admin_bypass(struct admin *a)
{
	struct channel_msg msg = { .kind = CHANNEL_BYPASS_LIST };
	const struct datapath_bypass *v = MAP_FAILED;
	json_t *list;
	uint32_t n = 0;
	int fd = -1;

	if (a->ops->ask(a->arg, &msg, &fd, &n) || fd < 0)
		return NULL;
	if (n)
		v = mmap(NULL, n * sizeof(*v), PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (n && v == MAP_FAILED)
		return NULL;
	list = json_array();
	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list, admin_bypass_entry(&v[i]));
	if (n)
		munmap((void *)v, n * sizeof(*v));
	return json_pack("{s:o}", "entries", list);
}

/* 1: given and right, 0: not given, -EINVAL */
static int take_prefix(struct MHD_Connection *c, const char *key, struct addr *ret, uint32_t *len)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, key);
	struct prefix p;

	if (!text)
		return 0;
	if (prefix_parse(text, strlen(text), &p))
		return -EINVAL;
	*ret = p.addr;
	*len = p.len;
	return 1;
}

static int take_number(struct MHD_Connection *c, const char *key, unsigned long max, uint32_t *ret)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, key);
	unsigned long v;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !v || v > max)
		return -EINVAL;
	*ret = (uint32_t)v;
	return 1;
}

static const char *read_entry(struct MHD_Connection *c, struct channel_msg *msg)
{
	uint32_t source = 0, destination = 0, port = 0;
	int s = take_prefix(c, "source", &msg->local.addr, &source);
	int d = take_prefix(c, "destination", &msg->remote.addr, &destination);
	int p = take_number(c, "port", 65535, &port);

	if (s < 0 || d < 0)
		return "source and destination are ADDR or ADDR/LEN, without bits behind LEN";
	if (p < 0)
		return "port is a TCP port, 1 to 65535";
	if (take_number(c, "ttl_ms", TIPH_BYPASS_TTL_MAX, &msg->b) < 0)
		return "ttl_ms is a number of milliseconds, 30 days at most";
	if (!s && !d && !p)
		return "an entry needs a source, a destination or a port";
	if (s && d && msg->local.addr.family != msg->remote.addr.family)
		return "source and destination are of different families";
	msg->c = source | destination << 8;
	msg->remote.port = (uint16_t)port;
	return NULL;
}

/* NULL: done; else why not. */
const char *admin_bypass_change(struct admin *a, struct MHD_Connection *c, enum channel_kind kind)
{
	struct channel_msg msg = { .kind = kind };
	const char *why = kind == CHANNEL_BYPASS_FLUSH ? NULL : read_entry(c, &msg);
	uint32_t n;
	int fd = -1;

	if (why)
		return why;
	switch (-a->ops->ask(a->arg, &msg, &fd, &n)) {
	case 0:
		return NULL;
	case ENOENT:
		return "there is no such entry";
	case EACCES:
		return "bypass.never forbids it";
	case EOPNOTSUPP:
		return "this datapath has no bypass lists";
	case ETIMEDOUT:
	case EAGAIN:
		return "the parent process does not answer";
	default:
		return "the datapath refuses it";
	}
}
