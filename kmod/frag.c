// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which fragments are put together.
 *
 * Whoever puts fragments together drops those whose packet stays incomplete,
 * and one that takes several routes may never be complete here. So only the
 * packets of connections that have their socket here are: they go no further.
 *
 * The first fragment tells, by its ports. Those behind it have none; they
 * belong to it by addresses and identification, of which a keyed hash is kept
 * in a small table of the namespace. A fragment that comes before the first is
 * left alone, and so is one whose entry was overwritten: TCP sends again. A
 * first fragment that is not ours takes its own entry away, if the hosts have
 * come round to the same identification.
 *
 * Entries are single words, written and read without order. Where conntrack
 * is in use, it has put everything together before.
 */
#include <net/ipv6.h>

#include "frag.h"
#include "lookup.h"
#include "tag.h"

/* Hashed whole: no holes, all of it set. */
struct frag_id {
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be32 id;
};

/* Never 0, the empty entry. */
static u32 frag_hash(const struct frag_id *id)
{
	return tiph_tag_hash(id, sizeof(*id)) | 1U << 31;
}

static bool follows_ours(const struct tiph_net *tn, u32 hash)
{
	return READ_ONCE(tn->gate->frags[hash % TIPH_FRAGS]) == hash;
}

static void remember(struct tiph_net *tn, u32 hash, bool ours)
{
	u32 *entry = &tn->gate->frags[hash % TIPH_FRAGS];

	if (ours)
		WRITE_ONCE(*entry, hash);
	else if (READ_ONCE(*entry) == hash)
		WRITE_ONCE(*entry, 0);
}

static const struct tcphdr *tcp_header(const struct tiph_net *tn,
				       const struct sk_buff *skb,
				       unsigned int thoff, struct tcphdr *copy)
{
	const struct tcphdr *th;

	th = skb_header_pointer(skb, thoff, sizeof(*copy), copy);
	if (!th || !tiph_gate_passes(tn->gate, th->source, th->dest))
		return NULL;
	return th;
}

/**
 * tiph_frag_is_ours4() - whether a fragment is to be put together
 * @tn: namespace
 * @skb: a fragment of a TCP packet
 * @state: of the hook
 *
 * Return: true if its packet is of a connection that has its socket here
 */
bool tiph_frag_is_ours4(struct tiph_net *tn, const struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct frag_id id = { .id = (__force __be32)iph->id };
	const struct tcphdr *th;
	struct sock *sk = NULL;
	struct tcphdr copy;
	bool ours;
	u32 hash;

	ipv6_addr_set_v4mapped(iph->saddr, &id.saddr);
	ipv6_addr_set_v4mapped(iph->daddr, &id.daddr);
	hash = frag_hash(&id);
	if (iph->frag_off & htons(IP_OFFSET))
		return follows_ours(tn, hash);

	th = tcp_header(tn, skb, ip_hdrlen(skb), &copy);
	if (th)
		sk = __inet_lookup_established(tn->net, iph->saddr, th->source,
					       iph->daddr, ntohs(th->dest),
					       state->in->ifindex, 0);
	ours = tiph_sock_is_ours(sk);
	remember(tn, hash, ours);

	return ours;
}

/**
 * tiph_frag_is_ours6() - whether a fragment is to be put together
 * @tn: namespace
 * @skb: a fragment of a TCP packet
 * @state: of the hook
 *
 * Return: true if its packet is of a connection that has its socket here
 */
bool tiph_frag_is_ours6(struct tiph_net *tn, const struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	struct frag_id id = { .saddr = iph->saddr, .daddr = iph->daddr };
	unsigned int fhoff = 0, thoff = 0;
	const struct tcphdr *th = NULL;
	struct frag_hdr _fh, *fh;
	struct sock *sk = NULL;
	struct tcphdr copy;
	bool ours;
	u32 hash;

	if (ipv6_find_hdr(skb, &fhoff, NEXTHDR_FRAGMENT, NULL, NULL) < 0)
		return false;
	fh = skb_header_pointer(skb, fhoff, sizeof(_fh), &_fh);
	if (!fh)
		return false;
	id.id = fh->identification;
	hash = frag_hash(&id);
	if (fh->frag_off & htons(IP6_OFFSET))
		return follows_ours(tn, hash);

	if (ipv6_find_hdr(skb, &thoff, IPPROTO_TCP, NULL, NULL) >= 0)
		th = tcp_header(tn, skb, thoff, &copy);
	if (th)
		sk = __inet6_lookup_established(tn->net, &iph->saddr,
						th->source, &iph->daddr,
						ntohs(th->dest),
						state->in->ifindex, 0);
	ours = tiph_sock_is_ours(sk);
	remember(tn, hash, ours);

	return ours;
}
