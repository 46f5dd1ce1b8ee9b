// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would become of a connection? The datapath knows, whom the worker may not
 * ask itself; what it says is handed over in a memory file.
 *
 * Where nobody said by which interface the connection comes in, it is the one
 * that answers to its source would leave by.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parent_internal.h"
#include "route.h"

static int find_interface(const struct channel_msg *msg, struct datapath_explanation *ret)
{
	struct route from = { 0 };
	int err;

	if (*msg->interface) {
		snprintf(ret->interface, sizeof(ret->interface), "%.*s", IF_NAMESIZE - 1, msg->interface);
		return if_nametoindex(ret->interface) ? 0 : -ENODEV;
	}
	err = route_to(&msg->local.addr, &from);
	if (err)
		return -EHOSTUNREACH;
	memcpy(ret->interface, from.interface, sizeof(ret->interface));
	if (from.local)
		snprintf(ret->verdict, sizeof(ret->verdict), "own");
	return 0;
}

static int explain(struct parent *p, const struct channel_msg *msg, struct datapath_explanation *ret)
{
	char why[WHY_MAX] = "";
	int err = find_interface(msg, ret);

	if (err || *ret->verdict)
		return err;
	return p->ops->explain(p->dp, &msg->local, &msg->remote, ret->interface, ret, why, sizeof(why));
}

static int to_file(const struct datapath_explanation *x)
{
	int fd = memfd_create("tiphares-explain", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, x, sizeof(*x)) == (ssize_t)sizeof(*x))
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOMEM;
}

int parent_explain(struct parent *p, const struct channel_msg *msg)
{
	struct channel_msg done = { .kind = CHANNEL_BYPASS_DONE, .a = msg->a, .c = 1 };
	struct datapath_explanation x = { 0 };
	uint16_t family = msg->local.addr.family;
	int fd;

	if ((family != AF_INET && family != AF_INET6) || family != msg->remote.addr.family || !msg->remote.port)
		return -EPROTO;
	fd = p->lost ? -EBUSY : explain(p, msg, &x);
	if (!fd)
		fd = to_file(&x);
	done.b = fd < 0 ? (uint32_t)-fd : 0;
	parent_answer(p, &done, fd);
	return 0;
}
