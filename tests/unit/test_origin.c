// SPDX-License-Identifier: GPL-2.0-only
/* Routes by host, the loop guard, sessions counted by client. */
#include <stdio.h>
#include <stdlib.h>

#include "clients.h"
#include "origin.h"
#include "tap.h"

#define MANY 10000

static const struct conf_route *find(const struct routes *routes, const char *host)
{
	return routes_find(routes, host, strlen(host));
}

static void test_routes(void)
{
	struct conf_route list[] = {
		{ .host = "www.example.com" }, { .host = "*" }, { .host = "a.example." },
		{ .host = "2001:db8::1" },
	};
	struct conf conf = { .routes = list, .n_routes = 4 };
	struct routes *routes = routes_create(&conf);

	ok(find(routes, "www.example.com") == &list[0], "a host");
	ok(find(routes, "WWW.Example.COM") == &list[0], "in any case");
	ok(find(routes, "www.example.com.") == &list[0], "with its root");
	ok(find(routes, "a.example") == &list[2], "and without, where the route has it");
	ok(find(routes, "2001:db8::1") == &list[3], "an address");
	ok(find(routes, "ww.example.com") == &list[1], "another: the one for any");
	ok(find(routes, "www.example.comx") == &list[1], "a longer one too");
	ok(find(routes, "") == &list[1], "and none");
	routes_free(routes);
	conf.n_routes = 1;
	routes = routes_create(&conf);
	ok(!find(routes, "x") && !find(routes, ""), "without one for any: nothing");
	ok(!find(routes, "*"), "a star in a request is no wildcard");
	routes_free(routes);
}

static void test_many_routes(void)
{
	static char names[MANY][32];
	static struct conf_route list[MANY];
	struct conf conf = { .routes = list, .n_routes = MANY };
	struct routes *routes;
	unsigned int wrong = 0;

	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "host-%d.example", i);
		list[i].host = names[i];
	}
	routes = routes_create(&conf);
	for (int i = 0; i < MANY; i++)
		wrong += find(routes, names[i]) != &list[i];
	ok(!wrong, "%d routes: %u wrong", MANY, wrong);
	routes_free(routes);
}

static bool self(const struct conf *conf, const char *dst)
{
	struct endpoint e;

	return !endpoint_parse(dst, strlen(dst), &e) && origin_is_self(conf, &e);
}

static void test_loops(void)
{
	struct conf_port port = { .n_listen = 1 };
	struct conf conf = { .ports = &port, .n_ports = 1 };

	endpoint_parse("192.0.2.9:8080", 14, &port.listen[0]);
	endpoint_parse("127.0.0.1:9180", 14, &conf.admin.metrics);
	ok(self(&conf, "127.0.0.1:8080") && self(&conf, "127.9.9.9:8080"), "loopback");
	ok(self(&conf, "[::1]:8080"), "of both families");
	ok(self(&conf, "[::ffff:127.0.0.1]:8080"), "mapped");
	ok(self(&conf, "0.0.0.0:8080") && self(&conf, "[::]:8080"), "unspecified");
	ok(self(&conf, "127.0.0.1:9180"), "the metrics listener");
	ok(!self(&conf, "127.0.0.1:80"), "another port is somebody else");
	ok(!self(&conf, "192.0.2.1:8080"), "another host is somebody else");
}

static struct addr addr_of(unsigned int i)
{
	struct addr a = { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8 } };

	memcpy(a.bytes + 12, &i, sizeof(i));
	return a;
}

static void test_clients(void)
{
	struct addr a = addr_of(0), b = addr_of(1);
	unsigned int refused = 0;

	ok(clients_enter(&a, 3, 2) == CLIENTS_OK && clients_enter(&a, 3, 2) == CLIENTS_OK,
	   "two of one client");
	ok(clients_enter(&a, 3, 2) == CLIENTS_CLIENT_FULL, "but no third");
	ok(clients_enter(&b, 3, 2) == CLIENTS_OK, "one of another");
	ok(clients_enter(&b, 3, 2) == CLIENTS_FULL, "but no fourth in all");
	clients_leave(&a);
	ok(clients_enter(&a, 3, 2) == CLIENTS_OK, "one left, one comes");
	clients_leave(&a);
	clients_leave(&a);
	clients_leave(&b);
	for (unsigned int i = 0; i < MANY; i++) {
		a = addr_of(i);
		refused += clients_enter(&a, MANY, 1) != CLIENTS_OK;
	}
	ok(!refused, "many clients: %u refused", refused);
	for (unsigned int i = 0; i < MANY; i++) {
		a = addr_of(i);
		refused += clients_enter(&a, MANY + 1, 1) != CLIENTS_CLIENT_FULL;
		clients_leave(&a);
	}
	ok(!refused, "each is counted: %u wrong", refused);
	for (unsigned int i = 0; i < MANY; i++) {
		a = addr_of(i);
		refused += clients_enter(&a, MANY, 1) != CLIENTS_OK;
		clients_leave(&a);
	}
	ok(!refused, "and forgotten: %u wrong", refused);
	clients_destroy();
}

int main(void)
{
	test_routes();
	test_many_routes();
	test_loops();
	test_clients();
	return tap_done();
}
