// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tags and the guard: a tag is told apart from what others keep in
 * sk_user_data, and a socket with one sends the SYN it was given, its
 * repetitions, and nothing else.
 */
#include <guard.h>	/* the module's */

#include "net.h"
#include "tag.h"
#include "tap.h"

static struct tiph_stats stats;
static struct tiph_net tn = { .stats = &stats };

int ipv6_find_hdr(const struct sk_buff *skb, unsigned int *offset, int target, unsigned short *fragoff, int *flags)
{
	(void)skb, (void)offset, (void)target, (void)fragoff, (void)flags;
	return -ENOENT;
}

static void test_tags(void)
{
	static const u32 payloads[] = { 0, 1, 0x80000000, 0xffffffff };
	unsigned int kind, other, i, wrong = 0;
	struct sock sk = { 0 };
	int here;

	for (kind = 0; kind < TIPH_TAG_KINDS; kind++) {
		for (i = 0; i < 4; i++) {
			unsigned long tag = tiph_tag_make(kind, payloads[i]);

			for (other = 0; other < TIPH_TAG_KINDS; other++)
				wrong += tiph_tag_is(tag, other) != (kind == other);
			wrong += !tiph_tag_is_ours(tag) || tiph_tag_payload(tag) != payloads[i] || tag & 7;
			wrong += (long)tag >= 0 || (tag >> 62 & 1);
		}
	}
	ok(!wrong, "a tag is of its kind only, holds its payload, and is no pointer");

	ok(!tiph_tag_port_id(&sk), "no tag: no port");
	ok(tiph_tag_set(&sk, TIPH_TAG_LISTENER, 7) && tiph_tag_port_id(&sk) == 7, "a listener's tag tells its port");
	ok(tiph_tag_set(&sk, TIPH_TAG_ARMED, 7) && !tiph_tag_port_id(&sk), "a spoofed socket's tells none");
	tiph_tag_clear(&sk);
	ok(!sk.sk_user_data, "a tag is taken off");
	sk.sk_user_data = &here;
	ok(!tiph_tag_set(&sk, TIPH_TAG_LISTENER, 7) && sk.sk_user_data == &here, "what is not ours is not replaced");
	tiph_tag_clear(&sk);
	ok(sk.sk_user_data == &here, "nor taken off");
	ok(!sk.sk_callback_lock.held, "the lock is not held any more");
}

/* The module was unloaded and loaded while a socket was there. */
static void test_reload(void)
{
	struct sock sk = { .sk_family = AF_INET, .inet_saddr = htonl(0x0a000001) };
	unsigned long before, after;

	tiph_guard_arm(&sk);
	before = tiph_tag_get(&sk);
	random_octet++;
	tiph_tag_init();
	ok(tiph_tag_is_ours(before), "a tag is known in the module's next life");
	tiph_guard_arm(&sk);
	after = tiph_tag_get(&sk);
	ok(before != after, "but it allows nothing that is allowed then");
}

/* A SYN of a family as a socket sends it. */
struct syn {
	struct sk_buff skb;
	u8 data[60];
};

static struct tcphdr *syn_make(struct syn *syn, u8 family, struct sock *sk, u8 host)
{
	struct tcphdr *th;

	memset(syn, 0, sizeof(*syn));
	syn->skb.data = syn->data;
	syn->skb.sk = sk;
	if (family == AF_INET) {
		struct iphdr *iph = ip_hdr(&syn->skb);

		iph->version = 4;
		iph->ihl = 5;
		iph->protocol = IPPROTO_TCP;
		iph->saddr = htonl(0x0a000000U + host);
		iph->daddr = htonl(0xc0000201);
	} else {
		struct ipv6hdr *iph = ipv6_hdr(&syn->skb);

		iph->version = 6;
		iph->nexthdr = NEXTHDR_TCP;
		iph->saddr.s6_addr[15] = host;
		iph->daddr.s6_addr[0] = 0x20;
	}
	th = tcp_hdr(&syn->skb);
	th->source = htons(40000);
	th->dest = htons(80);
	th->seq = htonl(1000);
	th->syn = 1;
	return th;
}

static unsigned int sent(struct syn *syn, u8 family)
{
	return family == AF_INET ? tiph_guard4(&tn, &syn->skb, NULL) : tiph_guard6(&tn, &syn->skb, NULL);
}

/* The payload of a socket that may send this SYN. */
static u32 granted(const struct syn *syn, u8 family)
{
	struct in6_addr saddr;

	if (family == AF_INET)
		ipv6_addr_set_v4mapped(ip_hdr(&syn->skb)->saddr, &saddr);
	else
		saddr = ipv6_hdr(&syn->skb)->saddr;
	return tiph_tag_hash(&saddr, sizeof(saddr));
}

static void test_guard(u8 family)
{
	struct sock sk = {
		.sk_family = family, .sk_state = TCP_SYN_SENT, .transparent = true, .inet_saddr = htonl(0x0a000001),
	};
	u64 strays = stats.count[TIPH_V_STRAY];
	int v = family == AF_INET ? 4 : 6;
	struct tcphdr *th;
	struct syn syn;

	sk.sk_v6_rcv_saddr.s6_addr[15] = 1;
	th = syn_make(&syn, family, &sk, 1);
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: a socket without a tag is not our concern", v);
	ok(sk.transparent, "IPv%d: nor is its transparency", v);
	tiph_tag_set(&sk, TIPH_TAG_LISTENER, granted(&syn, family));
	ok(sent(&syn, family) == NF_DROP, "IPv%d: a listener's socket never connects", v);
	ok(!sk.transparent, "IPv%d: who tries is not transparent any more", v);
	sk.sk_state = TCP_SYN_RECV;
	th->ack = 1;
	ok(sent(&syn, family) == NF_DROP, "IPv%d: nor by a SYN+ACK, where the other's SYN crossed its own", v);
	th->syn = 0;
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: what an accepted connection says before its handshake ended passes", v);
	th->syn = 1;
	th->ack = 0;
	sk.sk_state = TCP_ESTABLISHED;
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: what is no SYN of a connecting socket passes", v);
	sk.sk_state = TCP_SYN_SENT;

	tiph_tag_clear(&sk);
	ok(tiph_guard_arm(&sk), "IPv%d: a socket is armed", v);
	syn_make(&syn, family, &sk, 2);
	ok(sent(&syn, family) == NF_DROP, "IPv%d: armed: not from another address", v);
	th = syn_make(&syn, family, &sk, 1);
	tn.spoof_stamp = jiffies - HZ;
	sk.transparent = true;
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: armed: from the address given", v);
	ok(tn.spoof_stamp == jiffies, "IPv%d: it is remembered that SYNs are spoofed", v);
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: fired: the same once more", v);
	sk.sk_state = TCP_SYN_RECV;
	th->ack = 1;
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: fired: the same as SYN+ACK", v);
	ok(sk.transparent, "IPv%d: all that was allowed", v);
	th->ack = 0;
	sk.sk_state = TCP_SYN_SENT;
	th->seq = htonl(1001);
	ok(sent(&syn, family) == NF_DROP, "IPv%d: fired: not another connection", v);
	th->seq = htonl(1000);
	th->dest = htons(81);
	ok(sent(&syn, family) == NF_DROP, "IPv%d: fired: not another port", v);
	th->dest = htons(80);
	syn_make(&syn, family, &sk, 2);
	ok(sent(&syn, family) == NF_DROP, "IPv%d: fired: not from another address", v);
	syn_make(&syn, family, &sk, 1);
	ok(sent(&syn, family) == NF_ACCEPT, "IPv%d: fired: still the same", v);
	ok(stats.count[TIPH_V_STRAY] - strays == 6, "IPv%d: each refusal is counted", v);
}

int main(void)
{
	tiph_tag_init();
	test_tags();
	test_guard(AF_INET);
	test_guard(AF_INET6);
	test_reload();
	return tap_done();
}
