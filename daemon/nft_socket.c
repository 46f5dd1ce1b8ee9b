// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: what the parent does to them with privilege, and what the worker does
 * with those it was given, without any.
 *
 * A client's port that may be replaced by another ("preserve") is asked for by
 * limiting the kernel's own choice to it: that choice looks at the whole 4-tuple,
 * leaves the socket free to try another when it fails, and claims the port from
 * nobody else. Only ports of ip_local_port_range can be had that way; the others,
 * and those that may not be replaced ("strict"), are bound.
 */
#include "nft.h"

#include <errno.h>
#include <linux/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* ip_local_port_range; set by nft_socket_init() before the worker is forked */
static unsigned int range_low, range_high;

void nft_socket_init(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (!f)
		return;
	if (fscanf(f, "%u %u", &range_low, &range_high) != 2)
		range_low = range_high = 0;
	fclose(f);
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

static int set_transparent(int fd, int family)
{
	return family == AF_INET ? set_option(fd, SOL_IP, IP_TRANSPARENT, 1) :
				   set_option(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
}

int nft_socket_listener(struct datapath *dp, const struct conf_port *port, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (!(port->mode & TIPH_INBOUND))
		return 0;
	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	return set_transparent(fd, ss.ss_family);
}

int nft_socket_prepare(struct datapath *dp, int family, int fd)
{
	int err = set_transparent(fd, family);

	/* the same option for both families */
	return err ? err : set_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
}

/* ---- worker -------------------------------------------------------------- */

static int bind_to(int fd, const struct endpoint *client, uint16_t port)
{
	struct endpoint from = { .addr = client->addr, .port = port };
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(&from, &ss);

	return bind(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

static int connect_to(int fd, const struct endpoint *dst)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(dst, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS ? -errno : 0;
}

/* Of the ports that the kernel may choose only @port, or with 0 all again. */
static int limit_choice(int fd, uint16_t port)
{
	return set_option(fd, SOL_IP, IP_LOCAL_PORT_RANGE, (int)((uint32_t)port << 16 | port));
}

/* Bind to the client's port too; on failure the socket is as it was. */
static int bind_whole(int fd, const struct endpoint *client)
{
	int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	return err ? err : bind_to(fd, client, client->port);
}

static int connect_any(int fd, const struct endpoint *client, const struct endpoint *dst)
{
	int err = bind_to(fd, client, 0);

	return err ? err : connect_to(fd, dst);
}

static int connect_strict(int fd, const struct endpoint *client, const struct endpoint *dst)
{
	int err = bind_whole(fd, client);

	if (!err)
		err = connect_to(fd, dst);
	return err == -EADDRNOTAVAIL ? -EADDRINUSE : err;
}

static int connect_preserve(int fd, const struct endpoint *client, const struct endpoint *dst)
{
	bool choosable = client->port >= range_low && client->port <= range_high;
	int err;

	if (!choosable || limit_choice(fd, client->port)) {
		err = bind_whole(fd, client);
		return err ? connect_any(fd, client, dst) : connect_to(fd, dst);
	}
	err = connect_any(fd, client, dst);
	if (err != -EADDRNOTAVAIL)
		return err;
	err = limit_choice(fd, 0);
	return err ? err : connect_to(fd, dst);
}

int nft_socket_connect(const struct conf_port *port, int accepted, int prepared, const struct endpoint *client,
		       const struct endpoint *dst)
{
	int err;

	switch (port->source_port) {
	case TIPH_SOURCE_PORT_STRICT:
		err = connect_strict(prepared, client, dst);
		break;
	case TIPH_SOURCE_PORT_PRESERVE:
		err = connect_preserve(prepared, client, dst);
		break;
	default:
		err = connect_any(prepared, client, dst);
	}
	if (!err)
		return prepared;
	close(prepared);
	return err;
}
