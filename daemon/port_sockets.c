// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listening sockets of the ports.
 *
 * The parent binds and marks them, since that needs privilege, and closes its
 * copies as soon as the worker was sent them: a dead worker leaves no listener
 * behind, so the next packet already meets the port's failure policy.
 */
#include "port_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

#define BACKLOG 4096

int port_socket_bound(const struct endpoint *e, int reuseport)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(e, &ss);
	int fd = socket(e->addr.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    (!reuseport || !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one))) &&
	    (e->addr.family != AF_INET6 || !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) &&
	    !bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The second address of a port that was given as a number only. */
static bool may_lack_ipv6(const struct conf_port *port, const struct endpoint *e, int err)
{
	static bool told;

	if (e->addr.family != AF_INET6 || port->n_listen < 2 ||
	    (err != -EAFNOSUPPORT && err != -EADDRNOTAVAIL))
		return false;
	if (!told)
		log_warning("this host has no IPv6: ports listen on IPv4 only");
	told = true;
	return true;
}

static int bind_one(const struct conf_port *port, const struct endpoint *e, unsigned int thread,
		    struct port_sockets *l, char *why, size_t size)
{
	char text[ENDPOINT_STRLEN];
	int fd = port_socket_bound(e, 1);

	if (fd < 0 && may_lack_ipv6(port, e, fd))
		return 0;
	if (fd < 0) {
		snprintf(why, size, "port %s: can't listen on %s: %s%s", port->name,
			 endpoint_format(e, text, sizeof(text)), strerror(-fd),
			 fd == -EADDRNOTAVAIL && addr_is_loopback(&e->addr) ? " (is interface lo up?)" : "");
		return fd;
	}
	l->v[l->n++] = (struct port_socket){
		.fd = fd, .port = port->index, .thread = thread, .family = e->addr.family,
	};
	return 0;
}

/* --- those of another daemon --- */

/* Is it a TCP listener, and where? It comes from somebody's worker. */
static bool listens_at(int fd, struct endpoint *ret)
{
	int protocol = 0, listens = 0;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(protocol), sslen = sizeof(ss);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) || protocol != IPPROTO_TCP)
		return false;
	len = sizeof(listens);
	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) && listens &&
	       !getsockname(fd, (struct sockaddr *)&ss, &sslen) && !endpoint_from_sockaddr(ret, &ss);
}

static void use_given(const struct conf *conf, unsigned int threads, struct port_sockets *l)
{
	for (size_t i = 0; l->given && i < l->given->n; i++) {
		struct inherited *g = &l->given->v[i];
		const struct conf_port *port;
		struct endpoint e;

		port = g->fd >= 0 && listens_at(g->fd, &e) ? conf_port_at(conf, &e) : NULL;
		if (!port)
			continue;
		l->v[l->n++] = (struct port_socket){
			.fd = g->fd, .port = port->index, .thread = g->thread % threads,
			.family = e.addr.family,
		};
		g->fd = -1;
	}
}

static bool has_one(const struct port_sockets *l, unsigned int port, unsigned int thread, int family)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].port == port && l->v[i].thread == thread && l->v[i].family == family)
			return true;
	return false;
}

static int bind_port(const struct conf_port *port, unsigned int threads, struct port_sockets *l, char *why,
		     size_t size)
{
	int err = 0;

	for (size_t k = 0; k < port->n_listen; k++)
		for (unsigned int t = 0; t < threads && !err; t++)
			if (!l->given || !has_one(l, port->index, t, port->listen[k].addr.family))
				err = bind_one(port, &port->listen[k], t, l, why, size);
	return err;
}

int port_sockets_bind(const struct conf *conf, unsigned int threads, struct port_sockets *ret, char *why,
		      size_t size)
{
	int err = 0;

	ret->n = 0;
	ret->v = calloc(conf->n_ports * threads * 2 + (ret->given ? ret->given->n : 0) + 1, sizeof(*ret->v));
	if (!ret->v) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	use_given(conf, threads, ret);
	for (size_t i = 0; i < conf->n_ports && !err; i++)
		if (!ret->kept[i])
			err = bind_port(&conf->ports[i], threads, ret, why, size);
	if (err)
		port_sockets_close(ret);
	return err;
}

/*
 * Connections have it from their listener: where the process dies, what it held
 * is reset, for its peers are to try again and not to take a part for the whole.
 */
static int start_one(const struct port_socket *l, const struct conf *conf, const struct datapath_ops *ops,
		     struct datapath *dp)
{
	static const struct linger reset = { .l_onoff = 1 };
	int err = ops->mark_listener(dp, &conf->ports[l->port], l->fd);

	if (!err && (setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) || listen(l->fd, BACKLOG)))
		err = -errno;
	return err;
}

void port_sockets_start_early(const struct port_sockets *l, const struct conf *conf, const struct datapath_ops *ops,
			      struct datapath *dp)
{
	for (size_t i = 0; i < l->n; i++)
		start_one(&l->v[i], conf, ops, dp);
}

int port_sockets_start(const struct port_sockets *l, const struct conf *conf, const struct datapath_ops *ops,
		    struct datapath *dp, char *why, size_t size)
{
	for (size_t i = 0; i < l->n; i++) {
		int err = start_one(&l->v[i], conf, ops, dp);

		if (err) {
			snprintf(why, size, "port %s: its listener can't be used: %s",
				 conf->ports[l->v[i].port].name, strerror(-err));
			return err;
		}
	}
	return 0;
}

void port_sockets_close(struct port_sockets *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->v[i].fd);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}
