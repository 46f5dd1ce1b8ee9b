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

#define SEGMENT 64	/* a TCP header and as many octets as make it that */

/* A segment from a client that no kernel knows of: from the victim's address, on port 5000. */
static void segment_fill(unsigned char *segment, int family, __u32 seq, __u32 ack)
{
	const struct addr from = addr_of(family, VICTIM, 5000), to = addr_of(family, ORIGIN, 80);
	struct tcphdr *th = (struct tcphdr *)segment;
	unsigned char pseudo[40] = { 0 };
	size_t len = ack ? SEGMENT : sizeof(*th), at = family == AF_INET ? 8 : 32;

	memset(segment, 0, SEGMENT);
	th->source = htons(5000);
	th->dest = htons(80);
	th->seq = htonl(seq);
	th->ack_seq = htonl(ack);
	th->doff = 5;
	th->syn = !ack;
	th->ack = !!ack;
	th->window = htons(1000);
	if (ack)
		memset(segment + sizeof(*th), 'x', SEGMENT - sizeof(*th));
	if (family == AF_INET) {
		memcpy(pseudo, &from.in.sin_addr, 4);
		memcpy(pseudo + 4, &to.in.sin_addr, 4);
	} else {
		memcpy(pseudo, &from.in6.sin6_addr, 16);
		memcpy(pseudo + 16, &to.in6.sin6_addr, 16);
	}
	pseudo[at + 1] = IPPROTO_TCP;
	pseudo[at + 3] = len;
	th->check = checksum((unsigned short)~checksum(0, pseudo, at + 4), segment, len);
}

/* Octets @from to @to of a segment, as a packet of their own; whole where that is all of it. */
static size_t part_make(unsigned char *packet, int family, const unsigned char *segment, size_t from, size_t to, int more)
{
	const struct addr src = addr_of(family, VICTIM, 0), dst = addr_of(family, ORIGIN, 0);
	size_t head;

	memset(packet, 0, 48);
	if (family == AF_INET) {
		struct iphdr *iph = (struct iphdr *)packet;

		head = sizeof(*iph);
		iph->version = 4;
		iph->ihl = 5;
		iph->ttl = 64;
		iph->id = htons(77);
		iph->protocol = IPPROTO_TCP;
		iph->frag_off = htons((more ? IP_MF : 0) | from / 8);
		iph->tot_len = htons(head + to - from);
		iph->saddr = src.in.sin_addr.s_addr;
		iph->daddr = dst.in.sin_addr.s_addr;
		iph->check = checksum(0, iph, sizeof(*iph));
	} else {
		struct ip6_hdr *iph = (struct ip6_hdr *)packet;
		struct ip6_frag *frag = (struct ip6_frag *)(iph + 1);
		int whole = !from && !more;

		head = sizeof(*iph) + (whole ? 0 : sizeof(*frag));
		iph->ip6_vfc = 0x60;
		iph->ip6_hlim = 64;
		iph->ip6_nxt = whole ? IPPROTO_TCP : IPPROTO_FRAGMENT;
		iph->ip6_plen = htons(head - sizeof(*iph) + to - from);
		iph->ip6_src = src.in6.sin6_addr;
		iph->ip6_dst = dst.in6.sin6_addr;
		frag->ip6f_nxt = IPPROTO_TCP;
		frag->ip6f_offlg = htons(from | more);
		frag->ip6f_ident = htonl(77);
	}
	memcpy(packet + head, segment + from, to - from);
	return head + to - from;
}

/* The sequence number of the SYN+ACK for that client, on its wire; 0 if none came. */
static __u32 answer_wait(int wire, int family)
{
	const size_t head = family == AF_INET ? 20 : 40;
	unsigned char ip[256];

	while (is_ready(wire, POLLIN, PATIENCE)) {
		const struct tcphdr *th = (const struct tcphdr *)(ip + head);

		memset(ip, 0, sizeof(ip));
		if (recv(wire, ip, sizeof(ip), 0) > 0 && is_from(family, ip, ORIGIN) && th->dest == htons(5000) && th->syn)
			return ntohl(th->seq);
	}
	return 0;
}

/* A handshake's last packet, with the first octets of a request, in two fragments. */
LAB_TEST(a_connection_in_fragments)
{
	unsigned char segment[SEGMENT], packet[128], mac[ETH_ALEN], got[SEGMENT];
	int family = variant->family, fd;
	char line[128];
	__u32 seq;

	snprintf(line, sizeof(line), "neigh replace %s lladdr 02:00:00:00:00:63 dev lan0\n",
		 family == AF_INET ? "10.71.1.99" : "fd71:1::99");
	ASSERT_EQ(0, privilege_take());
	ASSERT_EQ(0, ip_batch(line));
	ASSERT_EQ(0, privilege_drop());
	ASSERT_EQ(0, mac_of("lan0", mac));

#define PART(from, to, more) do {								\
	size_t len = part_make(packet, family, segment, from, to, more);			\
	ASSERT_EQ(1, inject(self->wire, self->wire_index, mac, family, packet, len));		\
} while (0)
	segment_fill(segment, family, 1000, 0);
	PART(0, sizeof(struct tcphdr), 0);
	seq = answer_wait(self->wire, family);
	ASSERT_NE(0U, seq);
	segment_fill(segment, family, 1001, seq + 1);
	PART(0, 40, 1);
	PART(40, SEGMENT, 0);
	ASSERT_EQ(1, is_ready(self->listener, POLLIN, PATIENCE));
	fd = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, is_ready(fd, POLLIN, PATIENCE));
	EXPECT_EQ((ssize_t)(SEGMENT - sizeof(struct tcphdr)), recv(fd, got, sizeof(got), 0));
}

static int trace_write(const char *file, const char *value)
{
	char path[128];
	int fd, err;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	err = fd < 0 || write(fd, value, strlen(value)) < 0;
	close(fd);
	return err;
}

/* Does the trace have a line with both of these? */
static int trace_has(const char *one, const char *two)
{
	FILE *trace = fopen("/sys/kernel/tracing/trace", "r");
	char line[512];
	int found = 0;

	while (trace && fgets(line, sizeof(line), trace))
		found |= strstr(line, one) && strstr(line, two);
	if (trace)
		fclose(trace);
	return found;
}

/* What was decided can be watched, packet by packet. */
LAB_TEST(the_trace_of_a_connection)
{
	int family = variant->family, fd;

	ASSERT_EQ(0, privilege_take());
	ASSERT_EQ(0, trace_write("trace", ""));
	ASSERT_EQ(0, trace_write("events/tiphares/verdict/enable", "1"));
	ASSERT_EQ(0, enter(self->client_ns, NULL));
	fd = tcp(family);
	ASSERT_EQ(0, connect_to(fd, family, ORIGIN, 80));
	ASSERT_EQ(1, is_ready(fd, POLLOUT, PATIENCE));
	ASSERT_EQ(0, enter(self->gw_ns, NULL));
	ASSERT_EQ(0, trace_write("events/tiphares/verdict/enable", "0"));
	EXPECT_EQ(1, trace_has(family == AF_INET ? "dst=10.71.2.10:80" : "dst=[fd71:2::10]:80", "verdict=intercepted"));
	EXPECT_EQ(1, trace_has(family == AF_INET ? "src=10.71.1.10:" : "src=[fd71:1::10]:", "verdict=established"));
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
