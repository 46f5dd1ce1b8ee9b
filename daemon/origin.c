// SPDX-License-Identifier: GPL-2.0-only
/* Routes and the loop guard. */
#include "origin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Open addressing, at most half full. */
struct routes {
	size_t mask;
	const struct conf_route *any;
	const struct conf_route *slots[];
};

static size_t host_hash(const char *host, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		h = (h ^ c) * 0x100000001b3ULL;
	}
	return (size_t)(h ^ h >> 32);
}

/* A name and the same name with its root are one (RFC 3986 3.2.2). */
static size_t without_root(const char *host, size_t len)
{
	return len > 1 && host[len - 1] == '.' ? len - 1 : len;
}

static void routes_insert(struct routes *routes, const struct conf_route *route)
{
	size_t i = host_hash(route->host, without_root(route->host, strlen(route->host)));

	while (routes->slots[i & routes->mask])
		i++;
	routes->slots[i & routes->mask] = route;
}

struct routes *routes_create(const struct conf *conf)
{
	struct routes *routes;
	size_t n = 8;

	while (n < 2 * conf->n_routes)
		n *= 2;
	routes = calloc(1, sizeof(*routes) + n * sizeof(routes->slots[0]));
	if (!routes)
		return NULL;
	routes->mask = n - 1;
	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct conf_route *route = &conf->routes[i];

		if (!strcmp(route->host, "*"))
			routes->any = route;
		else
			routes_insert(routes, route);
	}
	return routes;
}

void routes_free(struct routes *routes)
{
	free(routes);
}

const struct conf_route *routes_find(const struct routes *routes, const char *host, size_t len)
{
	const struct conf_route *route;
	size_t i;

	len = without_root(host, len);
	i = host_hash(host, len);
	while (len && (route = routes->slots[i & routes->mask])) {
		if (without_root(route->host, strlen(route->host)) == len &&
		    !strncasecmp(route->host, host, len))
			return route;
		i++;
	}
	return routes->any;
}

/* The kernel's answer: a packet to a local address has that address as its source. */
static bool is_own_address(const struct endpoint *dst)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(dst, &ss);
	struct endpoint source = { 0 };
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (!connect(fd, (struct sockaddr *)&ss, len)) {
		len = sizeof(ss);
		if (!getsockname(fd, (struct sockaddr *)&ss, &len))
			endpoint_from_sockaddr(&source, &ss);
	}
	close(fd);
	return addr_equal(&source.addr, &dst->addr);
}

static bool port_is_ours(const struct conf *conf, uint16_t port)
{
	if (conf->admin.metrics.addr.family && conf->admin.metrics.port == port)
		return true;
	for (size_t i = 0; i < conf->n_ports; i++)
		for (size_t j = 0; j < conf->ports[i].n_listen; j++)
			if (conf->ports[i].listen[j].port == port)
				return true;
	return false;
}

bool origin_is_self(const struct conf *conf, const struct endpoint *dst)
{
	if (!port_is_ours(conf, dst->port))
		return false;
	if (addr_is_loopback(&dst->addr) || addr_is_unspecified(&dst->addr))
		return true;
	return is_own_address(dst);
}
