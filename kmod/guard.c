// SPDX-License-Identifier: GPL-2.0-only
/*
 * No socket spoofs an address but the one it was given.
 *
 * The module makes sockets transparent for processes that have no capability.
 * The kernel keeps that flag over connect(AF_UNSPEC), and a transparent socket
 * may bind any address: without a guard, whoever holds one accepted connection
 * could disconnect it and then spoof anybody. So each SYN that leaves a socket
 * with a tag of ours is looked at (LOCAL_OUT, sockets in SYN_SENT only, and in
 * SYN_RECV, which is where a socket comes whose peer's SYN crossed its own):
 *
 *   listener  never connects: listeners and accepted connections do not
 *   armed     one SYN, from the address that TIPH_SO_SPOOF gave: now fired
 *   fired     repetitions of that SYN, nothing else
 *
 * Who tries anything else is not transparent any more, so that it neither gets
 * what is answered nor has a second guess at a tag's hash.
 *
 * Sockets outlive the ports they are of, and so does the guard: its hooks stay
 * until the namespace or the module goes. Tags of an earlier load of the module
 * are known as such and allow nothing.
 *
 * Sockets without a tag are not our concern: their transparency is not from us.
 */
#include <net/tcp.h>

#include "guard.h"
#include "synid.h"
#include "tag.h"
#include "verdict.h"

static u32 hash_source(const struct in6_addr *saddr)
{
	return tiph_tag_hash(saddr, sizeof(*saddr));
}

/**
 * tiph_guard_arm() - let a socket send one SYN from the address it is bound to
 * @sk: the socket, locked
 *
 * Return: false if somebody else uses @sk's sk_user_data
 */
bool tiph_guard_arm(struct sock *sk)
{
	struct in6_addr saddr;

	if (sk->sk_family == AF_INET)
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &saddr);
	else
		saddr = sk->sk_v6_rcv_saddr;

	return tiph_tag_set(sk, TIPH_TAG_ARMED, hash_source(&saddr));
}

/* Under the lock of @sk: TCP sends. */
static bool may_send(struct tiph_net *tn, struct sock *sk,
		     const struct tiph_syn_id *id)
{
	unsigned long tag = tiph_tag_get(sk);
	u32 hash;

	if (!tiph_tag_is_ours(tag))
		return true;
	if (tiph_tag_is(tag, TIPH_TAG_LISTENER))
		return false;

	tiph_stamp(&tn->spoof_stamp);
	hash = tiph_tag_hash(id, sizeof(*id));
	if (tiph_tag_is(tag, TIPH_TAG_FIRED))
		return tiph_tag_payload(tag) == hash;
	return tiph_tag_payload(tag) == hash_source(&id->saddr) &&
	       tiph_tag_set(sk, TIPH_TAG_FIRED, hash);
}

static bool is_connecting(const struct sock *sk)
{
	return sk && (TCPF_SYN_SENT | TCPF_SYN_RECV) & 1 << sk->sk_state;
}

/* TCP sends, so the socket is locked. */
static unsigned int stray(struct tiph_net *tn, struct sk_buff *skb, u8 family)
{
	inet_clear_bit(TRANSPARENT, skb->sk);

	return tiph_leave(tn, NULL, skb, family, tcp_hdr(skb), TIPH_V_STRAY);
}

static noinline unsigned int check4(struct tiph_net *tn, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct tiph_syn_id id;

	tiph_syn_id(&id, AF_INET, skb, th);
	if (likely(!th->syn || may_send(tn, skb->sk, &id)))
		return NF_ACCEPT;
	return stray(tn, skb, AF_INET);
}

static noinline unsigned int check6(struct tiph_net *tn, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct tiph_syn_id id;

	tiph_syn_id(&id, AF_INET6, skb, th);
	if (likely(!th->syn || may_send(tn, skb->sk, &id)))
		return NF_ACCEPT;
	return stray(tn, skb, AF_INET6);
}

/* A tunnel's packet carries the socket of the packet inside, but is not TCP. */
static bool is_tcp6(const struct sk_buff *skb)
{
	unsigned int thoff = 0;

	return ipv6_hdr(skb)->nexthdr == NEXTHDR_TCP ||
	       ipv6_find_hdr(skb, &thoff, IPPROTO_TCP, NULL, NULL) >= 0;
}

unsigned int tiph_guard4(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	if (likely(!is_connecting(skb->sk)) ||
	    ip_hdr(skb)->protocol != IPPROTO_TCP)
		return NF_ACCEPT;
	return check4(priv, skb);
}

unsigned int tiph_guard6(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	if (likely(!is_connecting(skb->sk)) || !is_tcp6(skb))
		return NF_ACCEPT;
	return check6(priv, skb);
}
