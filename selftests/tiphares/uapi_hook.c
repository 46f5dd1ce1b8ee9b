// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that are not what they seem to be: what looks like one of ours and is not is left to the stack, which does
 * with it what it would do without the module.
 */
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sys/ioctl.h>

#include "uapi_lab.h"

static unsigned short checksum(unsigned long sum, const void *data, size_t len)
{
	const unsigned char *octet = data;
	unsigned short word;

	for (; len > 1; len -= 2, octet += 2) {
		memcpy(&word, octet, 2);
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* A packet from the client's side to the gateway's MAC address, whatever its own addresses say. */
static int inject(int wire, int index, const unsigned char *mac, int family, const void *packet, size_t len)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6),
		.sll_ifindex = index,
		.sll_halen = ETH_ALEN,
	};

	memcpy(to.sll_addr, mac, ETH_ALEN);
	return sendto(wire, packet, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len;
}

/* Of the gateway, where the test runs. */
static int mac_of(const char *ifname, unsigned char *ret)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;

	strncpy(ifr.ifr_name, ifname, sizeof(ifr.ifr_name) - 1);
	err = ioctl(fd, SIOCGIFHWADDR, &ifr);
	close(fd);
	memcpy(ret, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	return err;
}

/* What TCP answers to a segment that it does not expect. */
static int is_bare_ack(int family, const unsigned char *ip)
{
	const struct tcphdr *th = (const struct tcphdr *)(ip + 20);

	return family == AF_INET && ip[9] == IPPROTO_TCP && is_from(family, ip, CLIENT) && th->ack && !th->syn;
}

/* A segment that pretends to be the origin's, for the spoofed connection at @own. */
static size_t segment_make(unsigned char *packet, const struct addr *own, const struct addr *origin)
{
	struct iphdr *iph = (struct iphdr *)packet;
	struct tcphdr *th = (struct tcphdr *)(iph + 1);
	struct {
		__be32 saddr, daddr;
		__be16 protocol, len;
	} pseudo;

	memset(packet, 0, 40);
	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->protocol = IPPROTO_TCP;
	iph->tot_len = htons(40);
	iph->saddr = origin->in.sin_addr.s_addr;
	iph->daddr = own->in.sin_addr.s_addr;
	iph->check = checksum(0, iph, sizeof(*iph));
	th->source = origin->in.sin_port;
	th->dest = own->in.sin_port;
	th->doff = 5;
	th->syn = 1;	/* in a connection: to be challenged */
	pseudo.saddr = iph->saddr;
	pseudo.daddr = iph->daddr;
	pseudo.protocol = htons(IPPROTO_TCP);
	pseudo.len = htons(sizeof(*th));
	th->check = checksum((unsigned short)~checksum(0, &pseudo, sizeof(pseudo)), th, sizeof(*th));
	return 40;
}

static int established(int server, int fd)
{
	return is_ready(fd, POLLOUT, PATIENCE) && is_ready(server, POLLIN, PATIENCE) ? accept(server, NULL, NULL) : -1;
}

LAB_TEST(a_segment_by_the_wrong_interface)
{
	const struct addr origin = addr_of(AF_INET, ORIGIN, 80);
	struct addr own = { .len = sizeof(own.in6) };
	unsigned char packet[40], mac[ETH_ALEN];
	int family = variant->family, fd = tcp(family);
	size_t len;

	if (family != AF_INET)
		SKIP(return, "IPv6 has no reverse path filter in routing");
	ASSERT_EQ(0, mac_of("lan0", mac));
	ASSERT_EQ(0, listen(self->server, 8));
	ASSERT_EQ(EINPROGRESS, spoof(fd, family, self->accepted, TIPH_SPOOF_CONNECT));
	ASSERT_LE(0, established(self->server, fd));
	ASSERT_EQ(0, getsockname(fd, &own.sa, &own.len));
	len = segment_make(packet, &own, &origin);

	ASSERT_EQ(0, privilege_take());
	ASSERT_EQ(0, setting("ipv4/conf/all/rp_filter", "1"));
	ASSERT_EQ(0, setting("ipv4/tcp_invalid_ratelimit", "0"));
	ASSERT_LE(0, WATCH(is_bare_ack));
	ASSERT_EQ(1, inject(self->wire, self->wire_index, mac, family, packet, len));
	EXPECT_EQ(0, WATCH(is_bare_ack));
	/* what comes where it should does not notice */
	EXPECT_EQ(5, send(fd, "hello", 5, 0));
	EXPECT_LE(1, WATCH(is_bare_ack));

	/* without a filter it is the connection's, whose answer it gets */
	ASSERT_EQ(0, setting("ipv4/conf/all/rp_filter", "0"));
	ASSERT_EQ(1, inject(self->wire, self->wire_index, mac, family, packet, len));
	EXPECT_LE(1, WATCH(is_bare_ack));
}

static int has_routing_header(int family, const unsigned char *ip)
{
	return family == AF_INET6 && ip[6] == IPPROTO_ROUTING && is_from(family, ip, CLIENT);
}

/* The address that it is to now is not its destination's: a SYN for somebody behind it. */
LAB_TEST(a_routing_header_with_a_way_to_go)
{
	const struct addr client = addr_of(AF_INET6, CLIENT, 0), origin = addr_of(AF_INET6, ORIGIN, 80);
	unsigned char packet[40 + 24 + 20] = { 0 }, mac[ETH_ALEN];
	struct ip6_hdr *iph = (struct ip6_hdr *)packet;
	unsigned char *route = (unsigned char *)(iph + 1);
	struct tcphdr *th = (struct tcphdr *)(route + 24);

	if (variant->family != AF_INET6)
		SKIP(return, "IPv4 has none");
	ASSERT_EQ(0, mac_of("lan0", mac));
	iph->ip6_vfc = 0x60;
	iph->ip6_plen = htons(24 + 20);
	iph->ip6_nxt = IPPROTO_ROUTING;
	iph->ip6_hlim = 64;
	iph->ip6_src = client.in6.sin6_addr;
	iph->ip6_dst = origin.in6.sin6_addr;
	route[0] = IPPROTO_TCP;
	route[1] = 2;	/* one address */
	route[2] = 4;	/* segment routing */
	route[3] = 1;	/* and that is where it goes next */
	th->source = htons(5000);
	th->dest = htons(80);
	th->doff = 5;
	th->syn = 1;
	ASSERT_EQ(1, inject(self->wire, self->wire_index, mac, AF_INET6, packet, sizeof(packet)));
	EXPECT_EQ(1, WATCH(has_routing_header));

	route[3] = 0;	/* it is there: an ordinary SYN */
	ASSERT_EQ(1, inject(self->wire, self->wire_index, mac, AF_INET6, packet, sizeof(packet)));
	EXPECT_EQ(0, WATCH(has_routing_header));
}

/* This host's own packets to itself have their route already, which a look at another one must not cost them. */
LAB_TEST(a_server_of_the_gateways_own)
{
	int family = variant->family, server, fd = tcp(family);

	ASSERT_EQ(0, privilege_take());
	server = tcp_at(family, LOOPBACK, 80);
	ASSERT_EQ(0, privilege_drop());
	ASSERT_LE(0, server);
	ASSERT_EQ(0, listen(server, 8));
	ASSERT_EQ(0, connect_to(fd, family, LOOPBACK, 80));
	EXPECT_LE(0, established(server, fd));
}

TEST_HARNESS_MAIN
