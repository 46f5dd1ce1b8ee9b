// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of the hooks: packets that come in by a tun device, by one end of a
 * veth pair and by a VLAN on that, with headers, tags, options, fragments and
 * extension headers nearly as they should be, damaged, or cut. Ports stand, listeners of theirs answer, connections are spoofed by
 * nobody. What is not ours has to be forwarded, which the second tun device takes.
 */
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "fuzz_lib.h"

#define PACKET_MAX 1600
#define VLAN 5

/* second octet of a client's address: by which link it comes */
enum { BY_TUN = 1, BY_VETH = 3, BY_VLAN = 4 };

static struct fuzz fuzz;
static struct genl genl;
static __u8 by;
static __u8 mac[ETH_ALEN];

/* The far end of the veth pair: what is sent there comes in at ve0. */
static int veth_open(void)
{
	struct ifreq ifr = { .ifr_name = "ve0" };
	struct sockaddr_ll far = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr))
		return -1;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, sizeof(mac));
	strcpy(ifr.ifr_name, "ve1");
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		return -1;
	far.sll_ifindex = ifr.ifr_ifindex;
	return bind(fd, (struct sockaddr *)&far, sizeof(far)) ? -1 : fd;
}

/* The header of a frame, with the tag of the VLAN, of another, or with two. */
static size_t make_link(__u8 *at, __u16 type)
{
	size_t len = 2 * ETH_ALEN;
	__u16 word;

	memcpy(at, mac, sizeof(mac));
	memcpy(at + ETH_ALEN, "\2\0\0\0\0\1", ETH_ALEN);
	if (fuzz_chance(&fuzz, 40))
		fuzz_damage(&fuzz, at, ETH_ALEN);
	for (__u32 tags = (by == BY_VLAN) + fuzz_chance(&fuzz, 20); tags; tags--) {
		word = htons(fuzz_chance(&fuzz, 10) ? ETH_P_8021AD : ETH_P_8021Q);
		memcpy(at + len, &word, 2);
		word = htons(fuzz_chance(&fuzz, 10) ? (__u16)fuzz_below(&fuzz, 65536) : VLAN);
		memcpy(at + len + 2, &word, 2);
		len += 4;
	}
	word = htons(type);
	memcpy(at + len, &word, 2);
	return len + 2;
}

static int tun_open(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strcpy(ifr.ifr_name, name);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static __u16 sum(const void *data, size_t len, __u32 start)
{
	const __u8 *at = data;
	__u32 total = start;

	for (size_t i = 0; i + 1 < len; i += 2)
		total += (__u32)at[i] << 8 | at[i + 1];
	if (len & 1)
		total += (__u32)at[len - 1] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((__u16)~total);
}

static __u16 port(void)
{
	static const __u16 ports[] = { 80, 80, 80, 443, 8080, 3128, 40000, 40001, 0 };

	return htons(ports[fuzz_below(&fuzz, ARRAY_SIZE(ports))]);
}

/* Header, options nearly as they should be, a few octets. */
static size_t make_tcp(__u8 *at)
{
	struct tcphdr *th = (struct tcphdr *)at;
	size_t options = fuzz_below(&fuzz, 11) * 4, data = fuzz_chance(&fuzz, 3) ? fuzz_below(&fuzz, 200) : 0;

	memset(th, 0, sizeof(*th));
	th->source = port();
	th->dest = port();
	th->seq = htonl(fuzz_below(&fuzz, ~0U));
	th->ack_seq = htonl(fuzz_below(&fuzz, ~0U));
	th->doff = (5 + options / 4) & 15;
	if (fuzz_chance(&fuzz, 3))
		((__u8 *)th)[13] = (__u8)fuzz_below(&fuzz, 256);
	else if (fuzz_chance(&fuzz, 3))
		th->ack = 1;
	else
		th->syn = 1;
	th->window = htons(1000);
	fuzz_fill(&fuzz, th + 1, options + data);
	if (options >= 4 && fuzz_chance(&fuzz, 2))
		memcpy(th + 1, "\2\4\5\264", 4);
	if (fuzz_chance(&fuzz, 20))
		th->doff = fuzz_below(&fuzz, 16);
	return sizeof(*th) + options + data;
}

/* An ICMP error about a packet. */
static size_t make_icmp(__u8 *at, size_t (*inner)(__u8 *), __u8 type)
{
	memset(at, 0, 8);
	at[0] = type;
	at[1] = (__u8)fuzz_below(&fuzz, 16);
	at[6] = 5;
	return 8 + inner(at + 8);
}

static size_t make_ip4_of(__u8 *at, bool outer);
static size_t make_ip6_of(__u8 *at, bool outer);

static size_t inner4(__u8 *at)
{
	return make_ip4_of(at, false);
}

static size_t inner6(__u8 *at)
{
	return make_ip6_of(at, false);
}

static size_t make_ip4_of(__u8 *at, bool outer)
{
	struct iphdr *ip = (struct iphdr *)at;
	size_t options = fuzz_chance(&fuzz, 6) ? fuzz_below(&fuzz, 11) * 4 : 0, head = sizeof(*ip) + options, len;
	bool icmp = outer && fuzz_chance(&fuzz, 6);

	memset(ip, 0, sizeof(*ip));
	fuzz_fill(&fuzz, ip + 1, options);
	ip->version = 4;
	ip->ihl = (head / 4) & 15;
	ip->ttl = 64;
	ip->protocol = icmp ? IPPROTO_ICMP : IPPROTO_TCP;
	ip->saddr = htonl(0x0a000002 + ((__u32)by << 16) + fuzz_below(&fuzz, 4));
	ip->daddr = htonl(0x0a020002 + fuzz_below(&fuzz, 4));
	if (fuzz_chance(&fuzz, 10))
		ip->frag_off = htons((__u16)fuzz_below(&fuzz, 65536));
	if (fuzz_chance(&fuzz, 20))
		fuzz_fill(&fuzz, &ip->saddr, 8);
	len = head + (icmp ? make_icmp(at + head, inner4, fuzz_chance(&fuzz, 4) ? 11 : 3) : make_tcp(at + head));
	ip->tot_len = htons((__u16)len);
	if (icmp)
		*(__u16 *)(at + head + 2) = sum(at + head, len - head, 0);
	else
		((struct tcphdr *)(at + head))->check =
			sum(at + head, len - head, ntohs(~sum(&ip->saddr, 8, 0)) + IPPROTO_TCP + (__u32)(len - head));
	ip->check = sum(ip, head, 0);
	return len;
}

/* A chain of extension headers in front of TCP. */
static size_t make_chain(__u8 *at, __u8 *next)
{
	static const __u8 kinds[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT };
	size_t len = 0;

	for (__u32 n = fuzz_chance(&fuzz, 3) ? fuzz_below(&fuzz, 5) : 0; n; n--) {
		*next = kinds[fuzz_below(&fuzz, ARRAY_SIZE(kinds))];
		memset(at + len, 0, 8);
		at[len + 2] = 1;	/* PadN */
		at[len + 3] = 4;
		if (*next == IPPROTO_FRAGMENT || fuzz_chance(&fuzz, 10))
			fuzz_fill(&fuzz, at + len + 1, 7);
		next = at + len;
		len += 8;
	}
	*next = IPPROTO_TCP;
	return len;
}

static size_t make_ip6_of(__u8 *at, bool outer)
{
	struct ip6_hdr *ip = (struct ip6_hdr *)at;
	size_t head = sizeof(*ip), len;
	bool icmp = outer && fuzz_chance(&fuzz, 6);

	memset(ip, 0, sizeof(*ip));
	ip->ip6_flow = htonl(0x60000000);
	ip->ip6_hlim = 64;
	memcpy(&ip->ip6_src, (__u8[]){ 0xfd, by }, 2);
	memcpy(&ip->ip6_dst, "\375\2", 2);
	ip->ip6_src.s6_addr[15] = (__u8)(2 + fuzz_below(&fuzz, 4));
	ip->ip6_dst.s6_addr[15] = (__u8)(2 + fuzz_below(&fuzz, 4));
	if (fuzz_chance(&fuzz, 20))
		fuzz_fill(&fuzz, &ip->ip6_src, 32);
	if (icmp) {
		ip->ip6_nxt = IPPROTO_ICMPV6;
		len = head + make_icmp(at + head, inner6, (__u8)(1 + fuzz_below(&fuzz, 4)));
		*(__u16 *)(at + head + 2) = sum(at + head, len - head, ntohs(~sum(&ip->ip6_src, 32, 0)) +
						IPPROTO_ICMPV6 + (__u32)(len - head));
	} else {
		head += make_chain(at + head, &ip->ip6_nxt);
		len = head + make_tcp(at + head);
		((struct tcphdr *)(at + head))->check =
			sum(at + head, len - head, ntohs(~sum(&ip->ip6_src, 32, 0)) + IPPROTO_TCP + (__u32)(len - head));
	}
	ip->ip6_plen = htons((__u16)(len - sizeof(*ip)));
	return len;
}

static void send_packet(int fd, __u8 link)
{
	static __u8 packet[PACKET_MAX];
	bool v4 = fuzz_chance(&fuzz, 2);
	size_t head, len;

	by = link;
	head = by == BY_TUN ? 0 : make_link(packet, v4 ? ETH_P_IP : ETH_P_IPV6);
	len = v4 ? make_ip4_of(packet + head, true) : make_ip6_of(packet + head, true);
	if (fuzz_chance(&fuzz, 8))
		fuzz_damage(&fuzz, packet + head, len);
	len += head;
	if (fuzz_chance(&fuzz, 10))
		len = fuzz_below(&fuzz, (__u32)len + 1);
	/* what is no packet at all is refused */
	if (write(fd, packet, len) < 0)
		return;
}

/* What came out there; what it was is of no interest. */
static __u64 drain(int fd)
{
	char packet[PACKET_MAX];
	__u64 n = 0;

	while (read(fd, packet, sizeof(packet)) > 0)
		n++;
	return n;
}

static int listener(int family)
{
	struct sockaddr_in6 addr6 = { .sin6_family = AF_INET6, .sin6_port = htons(8080), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in addr4 = { .sin_family = AF_INET, .sin_port = htons(8080),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool v4 = family == AF_INET;
	struct tiph_listen opt = { .port = "full" };
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (bind(fd, v4 ? (struct sockaddr *)&addr4 : (struct sockaddr *)&addr6, v4 ? sizeof(addr4) : sizeof(addr6)) ||
	    setsockopt(fd, v4 ? SOL_IP : SOL_IPV6, TIPH_SO_LISTEN, &opt, sizeof(opt)) || listen(fd, 256))
		return -1;
	return fd;
}

static bool set_ports(void)
{
	struct answer answer;
	struct message msg;

	msg_init(&msg, genl.family, TIPH_CMD_PORT_SET, 0);
	msg_end(&msg, msg_port(&msg, "full", TIPH_MODE_FULL, 8080, 80));
	msg_end(&msg, msg_port(&msg, "outbound", TIPH_MODE_OUTBOUND, 3128, 0));
	return genl_ask(&genl, &msg, &answer) >= 0 && !answer.err;
}

static __u32 came_in_by(const char *name)
{
	struct ifaddrs *all, *one;
	__u32 n = 0;

	if (getifaddrs(&all))
		return 0;
	for (one = all; one; one = one->ifa_next)
		if (!strcmp(one->ifa_name, name) && one->ifa_addr && one->ifa_addr->sa_family == AF_PACKET)
			n = ((const struct rtnl_link_stats *)one->ifa_data)->rx_packets;
	freeifaddrs(all);
	return n;
}

/* The counters of the namespace can be read, and what was sent was seen. */
static bool serves(__u64 forwarded)
{
	__u32 veth = came_in_by("ve0"), vlan = came_in_by("ve0.5");
	struct answer answer;
	struct message msg;

	printf("# %llu packets came out, %u in by veth, %u by the VLAN\n", (unsigned long long)forwarded, veth, vlan);
	if (!veth || !vlan)
		return false;
	msg_init(&msg, genl.family, TIPH_CMD_STATS_GET, NLM_F_DUMP);
	return forwarded && genl_ask(&genl, &msg, &answer) == 3 && !answer.err;
}

int main(void)
{
	int in, out, far, four, six;
	__u64 forwarded = 0;
	bool good;

	fuzz_begin(&fuzz);
	if (system("modprobe -q tun") < 0 || module_load() || namespace_own() || genl_open(&genl) || !set_ports()) {
		printf("Bail out! no module\n");
		return 1;
	}
	if (system("modprobe -q veth; modprobe -q 8021q; ip link add ve0 type veth peer name ve1 && "
		   "ip link add link ve0 name ve0.5 type vlan id 5 && ip addr add 10.3.0.1/16 dev ve0 && "
		   "ip addr add 10.4.0.1/16 dev ve0.5 && ip addr add fd03::1/32 dev ve0 nodad && "
		   "ip addr add fd04::1/32 dev ve0.5 nodad && ip link set ve0 arp off && ip link set ve1 arp off && "
		   "ip link set ve1 up && ip link set ve0 up && ip link set ve0.5 up")) {
		printf("Bail out! no veth or VLAN\n");
		return 1;
	}
	far = veth_open();
	in = tun_open("in0");
	out = tun_open("out0");
	if (in < 0 || out < 0 || far < 0 ||
	    system("ip addr add 10.1.0.1/16 dev in0 && ip addr add 10.2.0.1/16 dev out0 && ip link set in0 up && "
		   "ip link set out0 up && ip addr add fd01::1/32 dev in0 nodad && ip addr add fd02::1/32 dev out0 nodad && "
		   "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.tcp_syncookies=2")) {
		printf("Bail out! no tun devices\n");
		return 1;
	}
	four = listener(AF_INET);
	six = listener(AF_INET6);
	if (four < 0 || six < 0) {
		printf("Bail out! no listeners: %s\n", strerror(errno));
		return 1;
	}
	while (fuzz_goes_on(&fuzz)) {
		if (fuzz_chance(&fuzz, 2))
			send_packet(far, fuzz_chance(&fuzz, 2) ? BY_VLAN : BY_VETH);
		else
			send_packet(fuzz_chance(&fuzz, 4) ? out : in, BY_TUN);
		if (fuzz_chance(&fuzz, 16))
			forwarded += drain(out) + drain(in);
		if (fuzz_chance(&fuzz, 64))
			close(accept(fuzz_chance(&fuzz, 2) ? four : six, NULL, NULL));
	}
	good = serves(forwarded + drain(out));
	close(four);
	close(six);
	close(in);
	close(out);
	close(far);
	close(genl.fd);
	return fuzz_end(&fuzz, good);
}
