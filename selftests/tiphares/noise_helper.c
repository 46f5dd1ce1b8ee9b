// SPDX-License-Identifier: GPL-2.0-only
/*
 * noise_helper COUNT SEED SOURCE DESTINATION [SOURCE DESTINATION]...: packets that a well-behaved host would not send,
 * on their way to somebody else, for churn.sh: TCP with headers cut short, out of fragments that overlap or are
 * missing, behind options and extension headers, with any flags; ICMP errors about any of it.
 *
 * Addresses are of one family a pair. What becomes of the packets is of no interest; that the kernel of the gateway
 * stays sound is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 2048

static unsigned int seed;

static unsigned int below(unsigned int n)
{
	return rand_r(&seed) % n;
}

struct packet {
	unsigned char data[ROOM];
	size_t len;
};

static void *put(struct packet *p, const void *data, size_t len)
{
	void *at = p->data + p->len;

	memcpy(at, data, len);
	p->len += len;
	return at;
}

static unsigned short any_port(void)
{
	static const unsigned short known[] = { 80, 80, 8000, 81, 443, 8080 };

	return htons(below(3) ? known[below(6)] : below(65536));
}

/* Cut short at times; the checksum is wrong, which nobody on the way looks at. */
static void put_tcp(struct packet *p)
{
	struct tcphdr th = { .source = any_port(), .dest = any_port(), .seq = below(1U << 31), .ack_seq = below(1U << 31),
			     .doff = below(4) ? 5 : below(16), .window = htons(1000) };
	unsigned char rest[1200];
	size_t n = below(4) ? 0 : below(sizeof(rest));

	th.syn = below(2);
	th.ack = !th.syn || !below(4);
	th.rst = !below(8);
	th.fin = !below(8);
	put(p, &th, below(8) ? sizeof(th) : below(sizeof(th)));
	memset(rest, below(256), n);
	put(p, rest, n);
}

static void build4(struct packet *p, struct in_addr src, struct in_addr dst, int inner)
{
	struct iphdr ih = { .version = 4, .ihl = 5, .ttl = 8, .protocol = IPPROTO_TCP, .saddr = src.s_addr, .daddr = dst.s_addr };
	unsigned char options[40] = { 0 };
	size_t start = p->len;
	struct iphdr *at;

	if (!below(6))
		ih.ihl += below(11);
	if (!below(3))
		ih.frag_off = htons((below(2) ? IP_MF : 0) | (below(2) ? below(64) : 0));
	ih.id = htons(1 + below(16));
	at = put(p, &ih, sizeof(ih));
	memset(options, 1, (ih.ihl - 5) * 4);
	put(p, options, (ih.ihl - 5) * 4);
	if (!inner && !below(5)) {
		struct icmphdr icmp = { .type = ICMP_DEST_UNREACH, .code = below(16), .un.frag.mtu = htons(below(1500)) };

		at->protocol = IPPROTO_ICMP;
		put(p, &icmp, below(8) ? sizeof(icmp) : below(sizeof(icmp)));
		build4(p, dst, src, 1);
	} else {
		put_tcp(p);
	}
	at->tot_len = htons(p->len - start);
}

/* Extension headers, each of eight octets, in any number and order. */
static void put_extensions(struct packet *p, unsigned char *next)
{
	static const unsigned char kinds[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT };
	int n = below(3) ? 0 : below(4);

	while (n-- > 0) {
		unsigned char ext[8] = { IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0 };
		unsigned char kind = kinds[below(4)];

		if (kind == IPPROTO_FRAGMENT) {
			ext[1] = 0;
			ext[2] = 0;
			ext[3] = (below(8) << 3) | below(2);
			ext[7] = below(16);
		} else if (kind == IPPROTO_ROUTING) {
			ext[2] = 4;
			ext[3] = 0;
		} else if (!below(8)) {
			ext[1] = below(256);
		}
		*next = kind;
		next = put(p, ext, sizeof(ext));
	}
	*next = IPPROTO_TCP;
}

static void build6(struct packet *p, struct in6_addr src, struct in6_addr dst, int inner)
{
	struct ip6_hdr ih = { .ip6_vfc = 0x60, .ip6_hlim = 8, .ip6_src = src, .ip6_dst = dst };
	struct ip6_hdr *at = put(p, &ih, sizeof(ih));
	size_t start = p->len;

	if (!inner && !below(5)) {
		struct icmp6_hdr icmp = { .icmp6_type = 1 + below(4), .icmp6_code = below(8), .icmp6_mtu = htonl(below(2000)) };

		at->ip6_nxt = IPPROTO_ICMPV6;
		put(p, &icmp, below(8) ? sizeof(icmp) : below(sizeof(icmp)));
		build6(p, dst, src, 1);
	} else {
		put_extensions(p, &at->ip6_nxt);
		put_tcp(p);
	}
	at->ip6_plen = htons(p->len - start);
}

int main(int argc, char **argv)
{
	int fd4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), fd6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	long sent = 0, n = argc > 1 ? atol(argv[1]) : 0;
	int pairs = (argc - 3) / 2;

	if (fd4 < 0 || fd6 < 0 || pairs < 1)
		return 2;
	seed = atoi(argv[2]);
	while (n-- > 0) {
		char **pair = argv + 3 + 2 * below(pairs);
		struct sockaddr_in to4 = { .sin_family = AF_INET };
		struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
		struct in6_addr src6;
		struct in_addr src4;
		struct packet p = { .len = 0 };

		if (inet_pton(AF_INET, pair[0], &src4) == 1 && inet_pton(AF_INET, pair[1], &to4.sin_addr) == 1) {
			build4(&p, src4, to4.sin_addr, 0);
			sent += sendto(fd4, p.data, p.len, 0, (struct sockaddr *)&to4, sizeof(to4)) > 0;
		} else if (inet_pton(AF_INET6, pair[0], &src6) == 1 && inet_pton(AF_INET6, pair[1], &to6.sin6_addr) == 1) {
			build6(&p, src6, to6.sin6_addr, 0);
			sent += sendto(fd6, p.data, p.len, 0, (struct sockaddr *)&to6, sizeof(to6)) > 0;
		} else {
			return 2;
		}
	}
	printf("# noise: %ld packets sent\n", sent);
	return !sent;
}
