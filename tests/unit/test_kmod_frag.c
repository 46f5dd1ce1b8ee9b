// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which fragments are put together: those of a connection whose socket is
 * here, by the ports of the first and by what is remembered of it.
 */
#include "frag.h"
#include "lookup.h"
#include "tag.h"
#include "tap.h"

static struct tiph_gate gate;
static struct tiph_net tn = { .gate = &gate };
static struct net_device lan = { "lan0", 2 };
static const struct nf_hook_state state = { .in = &lan };

/* The only connection there is, of either family. */
static struct sock here = { .sk_state = TCP_ESTABLISHED, .transparent = true };
static const u16 client_port = 40000, origin_port = 80;

static struct sock *lookup(__be16 sport, u16 dport, int dif)
{
	if (ntohs(sport) != client_port || dport != origin_port || dif != 2)
		return NULL;
	here.sk_refcnt++;
	return &here;
}

struct sock *__inet_lookup_established(struct net *net, __be32 saddr, __be16 sport, __be32 daddr, u16 dport, int dif, int sdif)
{
	(void)net, (void)saddr, (void)daddr, (void)sdif;
	return lookup(sport, dport, dif);
}

struct sock *__inet6_lookup_established(struct net *net, const struct in6_addr *saddr, __be16 sport,
					const struct in6_addr *daddr, u16 dport, int dif, int sdif)
{
	(void)net, (void)saddr, (void)daddr, (void)sdif;
	return lookup(sport, dport, dif);
}

/* Packets here have a fragment header right behind the IPv6 header, then TCP. */
int ipv6_find_hdr(const struct sk_buff *skb, unsigned int *offset, int target, unsigned short *fragoff, int *flags)
{
	(void)fragoff, (void)flags;
	if (ipv6_hdr(skb)->nexthdr != NEXTHDR_FRAGMENT)
		return -ENOENT;
	*offset = target == NEXTHDR_FRAGMENT ? 40 : 48;
	return target;
}

struct fragment {
	struct sk_buff skb;
	u8 data[80];
};

static void make(struct fragment *f, u8 family, u8 client, u32 id, unsigned int offset, u16 sport)
{
	unsigned int thoff = family == AF_INET ? 20 : 48;
	struct tcphdr *th = (struct tcphdr *)(f->data + thoff);

	memset(f, 0, sizeof(*f));
	f->skb.data = f->data;
	f->skb.len = f->skb.headlen = thoff + sizeof(*th);
	if (family == AF_INET) {
		struct iphdr *iph = ip_hdr(&f->skb);

		iph->version = 4;
		iph->ihl = 5;
		iph->protocol = IPPROTO_TCP;
		iph->id = htons((u16)id);
		iph->frag_off = htons((u16)(IP_MF | offset / 8));
		iph->saddr = htonl(0x0a000000U + client);
	} else {
		struct ipv6hdr *iph = ipv6_hdr(&f->skb);
		struct frag_hdr *fh = (struct frag_hdr *)(iph + 1);

		iph->version = 6;
		iph->nexthdr = NEXTHDR_FRAGMENT;
		iph->saddr.s6_addr[15] = client;
		fh->identification = htonl(id);
		fh->frag_off = htons((u16)(offset | 1));
	}
	th->source = htons(sport);
	th->dest = htons(origin_port);
}

static bool is_ours(u8 family, u8 client, u32 id, unsigned int offset, u16 sport)
{
	struct fragment f;

	make(&f, family, client, id, offset, sport);
	return family == AF_INET ? tiph_frag_is_ours4(&tn, &f.skb, &state) : tiph_frag_is_ours6(&tn, &f.skb, &state);
}

static unsigned int remembered(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < TIPH_FRAGS; i++)
		n += gate.frags[i] != 0;
	return n;
}

static void test_family(u8 family)
{
	int v = family == AF_INET ? 4 : 6;
	struct fragment f;
	unsigned int i, wrong = 0;

	memset(&gate, 0, sizeof(gate));
	ok(!is_ours(family, 1, 7, 0, client_port), "IPv%d: not ours as long as the port is of no interest", v);
	tiph_gate_open(gate.dport, htons(origin_port));
	ok(!is_ours(family, 1, 7, 1400, 0), "IPv%d: one that comes before the first is left alone", v);
	ok(is_ours(family, 1, 7, 0, client_port), "IPv%d: the first, of a connection here", v);
	ok(is_ours(family, 1, 7, 1400, 0), "IPv%d: the one behind it", v);
	ok(!is_ours(family, 1, 8, 1400, 0), "IPv%d: not one of another packet", v);
	ok(!is_ours(family, 2, 7, 1400, 0), "IPv%d: not one of another client", v);
	ok(!is_ours(family, 1, 9, 0, client_port + 1), "IPv%d: not the first of another connection", v);
	ok(remembered() == 1, "IPv%d: one packet is remembered", v);
	ok(!is_ours(family, 1, 7, 0, client_port + 1) && !is_ours(family, 1, 7, 1400, 0),
	   "IPv%d: another packet of the same identification is not ours, nor what follows it", v);
	ok(!remembered(), "IPv%d: the entry is gone", v);
	here.transparent = false;
	ok(!is_ours(family, 1, 7, 0, client_port), "IPv%d: the connection of a local client is not ours", v);
	here.transparent = true;
	ok(!here.sk_refcnt, "IPv%d: no reference is kept", v);

	make(&f, family, 1, 7, 0, client_port);
	f.skb.len = f.skb.headlen -= 8;
	ok(!(family == AF_INET ? tiph_frag_is_ours4(&tn, &f.skb, &state) : tiph_frag_is_ours6(&tn, &f.skb, &state)),
	   "IPv%d: not the first if half of its TCP header is missing", v);
	for (i = 0; i < 5000; i++)
		wrong += !is_ours(family, 1, i, 0, client_port) || !is_ours(family, 1, i, 1400, 0);
	ok(!wrong && remembered() > TIPH_FRAGS / 2, "IPv%d: 5000 packets: each is followed, old ones are overwritten", v);
}

int main(void)
{
	tiph_tag_init();
	test_family(AF_INET);
	test_family(AF_INET6);
	return tap_done();
}
