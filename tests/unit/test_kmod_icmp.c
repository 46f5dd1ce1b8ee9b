// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors: one about a packet that a socket of ours sent is delivered,
 * whatever its shape; all others, and what is cut off, pass as they are.
 */
#include "icmp.h"
#include "lookup.h"
#include "tap.h"

static struct tiph_gate gate;
static struct tiph_stats stats;
static struct net net;
static struct rtable rt4;
static struct rt6_info rt6;
static struct tiph_net tn = { .gate = &gate, .stats = &stats, .net = &net, .dst = { .rt4 = &rt4, .rt6 = &rt6 } };
static struct net_device wan = { "wan0", 3 };
static const struct nf_hook_state state = { .in = &wan };

/* A spoofed socket, from the client's 40000 to the origin's 80. */
static struct sock here = { .sk_state = TCP_ESTABLISHED, .transparent = true };
static const u32 client = 0x0a000001, origin = 0xc0000201;

static struct sock *lookup(u32 saddr, u16 sport, u32 daddr, u16 dport, int dif)
{
	if (saddr != origin || sport != 80 || daddr != client || dport != 40000 || dif != 3)
		return NULL;
	here.sk_refcnt++;
	return &here;
}

/* What the filter says is tested with the hook. */
bool tiph_reverse4(struct sk_buff *skb, const struct net_device *in)
{
	(void)skb, (void)in;
	return true;
}

struct sock *__inet_lookup_established(struct net *n, __be32 saddr, __be16 sport, __be32 daddr, u16 dport, int dif, int sdif)
{
	(void)n, (void)sdif;
	return lookup(ntohl(saddr), ntohs(sport), ntohl(daddr), dport, dif);
}

struct sock *__inet6_lookup_established(struct net *n, const struct in6_addr *saddr, __be16 sport,
					const struct in6_addr *daddr, u16 dport, int dif, int sdif)
{
	(void)n, (void)sdif;
	return lookup(ntohl(saddr->s6_addr32[3]), ntohs(sport), ntohl(daddr->s6_addr32[3]), dport, dif);
}

/* ---- an error: outer header, ICMP header, the quoted packet ---- */

static struct sk_buff skb;
static u8 data[128], rest[128];

struct error {
	const char *name;
	u8 type4, type6;
	u32 to, from, about;	/* outer destination, quoted source, quoted destination */
	u16 sport, dport;	/* quoted */
	u8 proto;
	bool ours;
};

static struct tcphdr *make(u8 family, const struct error *e)
{
	unsigned int ip = family == AF_INET ? 20 : 40;
	struct tcphdr *th = (struct tcphdr *)(data + 2 * ip + 8);

	memset(&skb, 0, sizeof(skb));
	memset(data, 0, sizeof(data));
	skb.data = data;
	skb.rest = rest;
	skb.len = skb.headlen = 2 * ip + 8 + 8;
	data[ip] = family == AF_INET ? e->type4 : e->type6;
	if (family == AF_INET) {
		struct iphdr *outer = ip_hdr(&skb), *quoted = (struct iphdr *)(data + ip + 8);

		outer->version = quoted->version = 4;
		outer->ihl = quoted->ihl = 5;
		outer->protocol = IPPROTO_ICMP;
		outer->daddr = htonl(e->to);
		quoted->protocol = e->proto;
		quoted->saddr = htonl(e->from);
		quoted->daddr = htonl(e->about);
	} else {
		struct ipv6hdr *outer = ipv6_hdr(&skb), *quoted = (struct ipv6hdr *)(data + ip + 8);

		outer->version = quoted->version = 6;
		outer->nexthdr = NEXTHDR_ICMP;
		outer->daddr.s6_addr32[3] = htonl(e->to);
		quoted->nexthdr = e->proto;
		quoted->saddr.s6_addr32[3] = htonl(e->from);
		quoted->daddr.s6_addr32[3] = htonl(e->about);
	}
	th->source = htons(e->sport);
	th->dest = htons(e->dport);
	return th;
}

static bool is_delivered(u8 family)
{
	u64 before = stats.count[TIPH_V_ICMP];
	unsigned int answer = family == AF_INET ? tiph_icmp4(&tn, &skb, &state) : tiph_icmp6(&tn, &skb, &state);
	const struct dst_entry *dst = family == AF_INET ? &rt4.dst : &rt6.dst;
	bool counted = stats.count[TIPH_V_ICMP] == before + 1;

	if (answer != NF_ACCEPT || skb.sk || here.sk_refcnt || counted != (skb.dst == dst) || (skb.dst && skb.dst != dst))
		abort();
	return counted;
}

static const struct error errors[] = {
	{ "port unreachable", 3, 1, client, client, origin, 40000, 80, IPPROTO_TCP, true },
	{ "time exceeded", 11, 3, client, client, origin, 40000, 80, IPPROTO_TCP, true },
	{ "an echo", 8, 128, client, client, origin, 40000, 80, IPPROTO_TCP, false },
	{ "quotes what the client itself sent from another port", 3, 1, client, client, origin, 40001, 80, IPPROTO_TCP, false },
	{ "quotes another origin", 3, 1, client, client, origin + 1, 40000, 80, IPPROTO_TCP, false },
	{ "quotes a port of no interest", 3, 1, client, client, origin, 40000, 443, IPPROTO_TCP, false },
	{ "quotes UDP", 3, 1, client, client, origin, 40000, 80, IPPROTO_UDP, false },
	{ "is for somebody else than who sent the quoted packet", 3, 1, client + 1, client, origin, 40000, 80, IPPROTO_TCP, false },
};

static void test_family(u8 family)
{
	int v = family == AF_INET ? 4 : 6;
	unsigned int i, whole, wrong = 0;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		make(family, &errors[i]);
		ok(is_delivered(family) == errors[i].ours, "IPv%d: %s: %s", v, errors[i].name,
		   errors[i].ours ? "delivered" : "passes");
	}
	make(family, &errors[0]);
	here.transparent = false;
	ok(!is_delivered(family), "IPv%d: about a local socket: passes", v);
	here.transparent = true;
	skb.pkt_type = 3;
	ok(!is_delivered(family), "IPv%d: for another host's MAC: passes", v);

	/* cut off at each octet: never read behind the end, ours only when the ports are there */
	make(family, &errors[0]);
	whole = skb.len - 4;
	for (i = family == AF_INET ? 20 : 40; i <= whole; i++) {
		make(family, &errors[0]);
		memset(data + i, 0xff, sizeof(data) - i);
		skb.len = skb.headlen = i;
		wrong += is_delivered(family) != (i == whole);
	}
	ok(!wrong, "IPv%d: cut off anywhere before the quoted ports: passes", v);
	for (i = family == AF_INET ? 20 : 40, wrong = 0; i <= whole; i++) {
		make(family, &errors[0]);
		memcpy(rest, data, sizeof(rest));
		memset(data + i, 0xff, sizeof(data) - i);
		skb.headlen = i;
		wrong += !is_delivered(family);
	}
	ok(!wrong, "IPv%d: scattered at any octet: delivered", v);
}

static void test_quoted_headers(void)
{
	struct iphdr *quoted = (struct iphdr *)(data + 28);
	struct tcphdr *th;

	th = make(AF_INET, &errors[0]);
	memcpy((u8 *)th + 8, th, 8);
	memset(th, 0, 8);
	quoted->ihl = 7;
	skb.len = skb.headlen += 8;
	ok(is_delivered(AF_INET), "IPv4: the quoted packet has options: delivered");
	make(AF_INET, &errors[0]);
	quoted->ihl = 4;
	ok(!is_delivered(AF_INET), "IPv4: a quoted header that is too short: passes");
	make(AF_INET, &errors[0]);
	quoted->frag_off = htons(1);
	ok(!is_delivered(AF_INET), "IPv4: quotes a fragment that has no ports: passes");
	make(AF_INET, &errors[0]);
	ip_hdr(&skb)->frag_off = htons(IP_MF);
	ok(!is_delivered(AF_INET), "IPv4: itself a fragment: passes");
}

int main(void)
{
	/* the flow's packets come from 80 */
	tiph_gate_open(gate.sport, htons(80));
	test_family(AF_INET);
	test_family(AF_INET6);
	test_quoted_headers();
	return tap_done();
}
