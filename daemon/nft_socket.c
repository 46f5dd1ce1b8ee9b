// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: what the parent does to them with privilege, and what the worker does
 * with those it was given, without any.
 *
 * The parent binds: a worker gets sockets that have one client's address already,
 * and can't bind them to another (confine.c).
 *
 * A client's port that may be replaced by another ("preserve") is asked for by
 * limiting the kernel's own choice to it: that choice looks at the whole 4-tuple,
 * leaves the socket free to try another when it fails, and claims the port from
 * nobody else. Only ports of ip_local_port_range can be had that way; the others,
 * and those that may not be replaced ("strict"), are bound. That can't be taken
 * back: when such a connection fails, the worker asks for another socket.
 */
#include "nft.h"

#include <errno.h>
#include <linux/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ports that the kernel's choice can be limited to; set before the worker is forked. */
static unsigned int range_low, range_high;

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* Of the ports that the kernel may choose only @port, or with 0 all again. */
static int limit_choice(int fd, uint16_t port)
{
	return set_option(fd, SOL_IP, IP_LOCAL_PORT_RANGE, (int)((uint32_t)port << 16 | port));
}

/* Linux 6.3 was the first to have that option. */
static bool can_limit_choice(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err = -1;

	if (fd >= 0) {
		err = limit_choice(fd, 0);
		close(fd);
	}
	return !err;
}

void nft_socket_init(void)
{
	FILE *f = can_limit_choice() ? fopen("/proc/sys/net/ipv4/ip_local_port_range", "re") : NULL;

	range_low = 1;
	range_high = 0;
	if (!f)
		return;
	if (fscanf(f, "%u %u", &range_low, &range_high) != 2)
		range_high = 0;
	fclose(f);
}

/* Is the client's port to be bound? */
static bool binds_port(const struct endpoint *client, uint8_t source_port)
{
	bool choosable = client->port >= range_low && client->port <= range_high;

	return source_port == TIPH_SOURCE_PORT_STRICT || (source_port == TIPH_SOURCE_PORT_PRESERVE && !choosable);
}

/* ---- parent -------------------------------------------------------------- */

static int set_transparent(int fd, int family)
{
	return family == AF_INET ? set_option(fd, SOL_IP, IP_TRANSPARENT, 1) :
				   set_option(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
}

int nft_socket_listener(const struct conf_port *port, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (!(port->mode & TIPH_INBOUND))
		return 0;
	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	return set_transparent(fd, ss.ss_family);
}

static int bind_to(int fd, const struct endpoint *client, uint16_t port)
{
	struct endpoint from = { .addr = client->addr, .port = port };
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(&from, &ss);

	return bind(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

/* On failure the socket is as it was. */
static int bind_whole(int fd, const struct endpoint *client)
{
	int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	return err ? err : bind_to(fd, client, client->port);
}

static int bind_socket(int fd, const struct endpoint *client, uint8_t source_port)
{
	int err = set_transparent(fd, client->addr.family);

	/* the same option for both families */
	if (!err)
		err = set_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (err || !binds_port(client, source_port))
		return err ? err : bind_to(fd, client, 0);
	err = bind_whole(fd, client);
	return err && source_port == TIPH_SOURCE_PORT_PRESERVE ? bind_to(fd, client, 0) : err;
}

int nft_socket_give(const struct endpoint *client, uint8_t source_port)
{
	int fd = socket(client->addr.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	err = bind_socket(fd, client, source_port);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* ---- worker -------------------------------------------------------------- */

static int connect_to(int fd, const struct endpoint *dst)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(dst, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS ? -errno : 0;
}

/* The client's port if it is free, else any. */
static int connect_choosing(int fd, uint16_t port, const struct endpoint *dst)
{
	int err = limit_choice(fd, port);

	if (!err)
		err = connect_to(fd, dst);
	if (err != -EADDRNOTAVAIL)
		return err;
	err = limit_choice(fd, 0);
	return err ? err : connect_to(fd, dst);
}

int nft_socket_connect(uint8_t source_port, int accepted, int given, const struct endpoint *client,
		       const struct endpoint *dst)
{
	int err;

	if (source_port == TIPH_SOURCE_PORT_PRESERVE && !binds_port(client, source_port))
		err = connect_choosing(given, client->port, dst);
	else
		err = connect_to(given, dst);
	if (!err)
		return given;
	close(given);
	return err == -EADDRNOTAVAIL && source_port != TIPH_SOURCE_PORT_ANY ? -EADDRINUSE : err;
}
