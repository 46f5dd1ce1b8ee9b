// SPDX-License-Identifier: GPL-2.0-only
/* The texts of /etc/hosts and /etc/resolv.conf, as people write them. */
#include "sysnames.h"
#include "tap.h"

static bool server_is(const struct endpoint *e, const char *text)
{
	struct endpoint wanted = { .port = 53 };

	return !addr_parse(text, strlen(text), &wanted.addr) && endpoint_equal(e, &wanted);
}

static size_t servers(const char *text, struct endpoint *v)
{
	return sysnames_servers(text, strlen(text), v);
}

static void test_servers(void)
{
	struct endpoint v[SYSNAMES_SERVERS_MAX];
	char many[1000] = "";

	ok(servers("", v) == 1 && server_is(&v[0], "127.0.0.1"), "without a server: this host");
	ok(servers("# nameserver 192.0.2.9\nsearch example.com\n\nnameserver 192.0.2.1\n\tnameserver\t2001:db8::1 ; x\n"
		   "nameserver 192.0.2.2", v) == 3 && server_is(&v[0], "192.0.2.1") && server_is(&v[1], "2001:db8::1") &&
	   server_is(&v[2], "192.0.2.2"), "in their order, without comments and other keywords");
	ok(servers("nameserver fe80::1%eth0\nnameserver\nnameserver x\nnameservers 192.0.2.3\nnameserver 192.0.2.4 x\n",
		   v) == 1 && server_is(&v[0], "192.0.2.4"), "what is not understood is left out");
	for (int i = 0; i < 20; i++)
		strcat(many, "nameserver 192.0.2.1\r\n");
	ok(servers(many, v) == SYSNAMES_SERVERS_MAX, "not more than there is room for");
}

static bool found(const struct hosts *h, const char *name, const char *first, size_t n)
{
	struct addr v[4], wanted;

	return hosts_find(h, name, v, 4) == n && !addr_parse(first, strlen(first), &wanted) &&
	       addr_equal(&v[0], &wanted);
}

static void test_hosts(void)
{
	static const char text[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost # again\n"
				   "192.0.2.1\tWWW.Example.COM. www\n#192.0.2.2 hidden\nnonsense www\n192.0.2.3 many\n"
				   "192.0.2.4 many\n192.0.2.5 many\n192.0.2.6 many\n192.0.2.7 many\n192.0.2.8 last";
	struct hosts *h = hosts_create(text, sizeof(text) - 1);
	struct addr v;

	ok(found(h, "localhost", "127.0.0.1", 2), "a name of two addresses, in the order of the file");
	ok(found(h, "ip6-localhost", "::1", 1), "a second name");
	ok(found(h, "www.example.com", "192.0.2.1", 1) && found(h, "www", "192.0.2.1", 1),
	   "in lower case, without a final dot");
	ok(found(h, "many", "192.0.2.3", 4), "not more than there is room for");
	ok(found(h, "last", "192.0.2.8", 1), "the last line needs no end");
	ok(!hosts_find(h, "hidden", &v, 1) && !hosts_find(h, "nobody", &v, 1) && !hosts_find(h, "zz", &v, 1) &&
	   !hosts_find(NULL, "last", &v, 1), "nothing else");
	hosts_free(h);
	h = hosts_create("", 0);
	ok(h && !hosts_find(h, "localhost", &v, 1), "an empty file");
	hosts_free(h);
	hosts_free(NULL);
}

int main(void)
{
	test_servers();
	test_hosts();
	return tap_done();
}
