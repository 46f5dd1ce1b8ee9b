// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that may begin a connection: SYNs, and ACKs of SYN cookies.
 *
 * A SYN is first decided about, which changes nothing and is also what EXPLAIN
 * asks for, and then the decision is carried out. The steps of a decision, the
 * first that settles it wins:
 *
 *   1. No port matches; destination NAT has sent it here; or this is its last
 *      hop, which whoever traces the route wants to be told.
 *   2. A bypass entry covers it, the client is not in the port's sample, or the
 *      port only counts.
 *   3. It repeats a SYN that was forwarded.
 *   4. The owner misses its heartbeats, there is no listener, the owner or the
 *      listener has too much to do: the port's policies.
 *   5. What is not forwarded by then must be what this host would forward.
 *
 * Step 3 is what makes a flow keep its verdict for life although verdicts
 * change: if the origin's answer to a SYN and a repetition of that SYN cross
 * on their way, a listener that is given the repetition would fight with the
 * origin over the client. So hashes of forwarded SYNs are kept in a table,
 * each overwriting what was in its place, written and read without order.
 * Repetitions of a SYN that was taken find the socket that it made.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <net/dst_metadata.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "begin.h"
#include "bridge.h"
#include "lately.h"
#include "lookup.h"
#include "synid.h"
#include "tag.h"
#include "verdict.h"

static __always_inline unsigned int
leave(const struct tiph_packet *pkt, u8 family, const struct tiph_port *port,
      enum tiph_verdict_id verdict)
{
	return tiph_leave(pkt->tn, port, pkt->skb, family, pkt->th, verdict);
}

static __always_inline bool give(const struct tiph_packet *pkt, u8 family,
				 struct sock *sk)
{
	if (unlikely(pkt->state->pf == NFPROTO_BRIDGE))
		return tiph_dst_give_frame(&pkt->tn->dst, pkt->tn->net,
					   pkt->skb, family, sk);
	return tiph_dst_give(&pkt->tn->dst, pkt->tn->net, pkt->skb, family, sk);
}

static __always_inline void syn_of(struct tiph_syn *syn,
				   const struct tiph_packet *pkt, u8 family)
{
	syn->in = pkt->state->in;
	syn->port = tiph_is_bridged(pkt->state) ? pkt->state->out : NULL;
	syn->family = family;
	syn->dport = ntohs(pkt->th->dest);
	if (family == AF_INET) {
		syn->saddr4 = ip_hdr(pkt->skb)->saddr;
		syn->daddr4 = ip_hdr(pkt->skb)->daddr;
	} else {
		syn->saddr6 = &ipv6_hdr(pkt->skb)->saddr;
		syn->daddr6 = &ipv6_hdr(pkt->skb)->daddr;
	}
}

static __always_inline struct sock *
listener_at(const struct tiph_packet *pkt, u8 family,
	    const struct tiph_port *port, u16 listen)
{
	return family == AF_INET ?
	       tiph_listener4(pkt->tn->net, pkt->skb, pkt->th, pkt->thoff,
			      port, listen) :
	       tiph_listener6(pkt->tn->net, pkt->skb, pkt->th, pkt->thoff,
			      port, listen);
}

/* A port that was moved is served where it was until it is where it should be. */
static __always_inline struct sock *
listener_get(const struct tiph_packet *pkt, u8 family,
	     const struct tiph_port *port)
{
	struct sock *sk = listener_at(pkt, family, port, port->listen);

	if (unlikely(!sk && port->before))
		sk = listener_at(pkt, family, port, port->before);
	return sk;
}

static __always_inline enum tiph_verdict_id
route(const struct tiph_packet *pkt, u8 family)
{
	bool spoofing = tiph_stamped_within(&pkt->tn->spoof_stamp,
					    TIPH_LOOP_PERIOD);

	if (unlikely(tiph_is_bridged(pkt->state)))
		return family == AF_INET ?
		       tiph_cross4(pkt->tn->net, pkt->skb, pkt->th,
				   pkt->state->in) :
		       tiph_cross6(pkt->tn->net, pkt->skb, pkt->th,
				   pkt->state->in);
	return family == AF_INET ?
	       tiph_route4(pkt->tn->net, pkt->skb, pkt->th, pkt->state->in,
			   spoofing) :
	       tiph_route6(pkt->tn->net, pkt->skb, pkt->th, pkt->state->in);
}

/* Whoever forwards a port means it; its connections go where they are sent. */
static bool is_redirected(const struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	return ct && test_bit(IPS_DST_NAT_BIT, &ct->status);
}

static bool is_expiring(const struct sk_buff *skb, u8 family)
{
	return (family == AF_INET ? ip_hdr(skb)->ttl :
				    ipv6_hdr(skb)->hop_limit) <= 1;
}

static bool is_sampled(const struct tiph_port *port, const struct tiph_syn *syn)
{
	u32 hash = syn->family == AF_INET ?
		   jhash(&syn->saddr4, sizeof(syn->saddr4), TIPH_SAMPLE_SEED) :
		   jhash(syn->saddr6, sizeof(*syn->saddr6), TIPH_SAMPLE_SEED);

	return (u64)hash * TIPH_SHARE >> 32 < port->sample;
}

static u64 forwarded_hash(const struct tiph_packet *pkt, u8 family)
{
	struct tiph_syn_id id;

	tiph_syn_id(&id, family, pkt->skb, pkt->th);

	return tiph_hash(&id, sizeof(id));
}

static noinline void forwarded_remember(const struct tiph_packet *pkt,
					u8 family)
{
	u64 hash = forwarded_hash(pkt, family);

	WRITE_ONCE(pkt->tn->forwarded[hash % TIPH_FORWARDED], hash);
	tiph_stamp(&pkt->tn->forward_stamp);
}

static noinline bool forwarded_find(const struct tiph_packet *pkt, u8 family)
{
	u64 hash = forwarded_hash(pkt, family);

	return READ_ONCE(pkt->tn->forwarded[hash % TIPH_FORWARDED]) == hash;
}

/* Never takes place where no SYN was forwarded lately. */
static __always_inline bool is_repeated(const struct tiph_packet *pkt,
					u8 family)
{
	return unlikely(tiph_stamped_within(&pkt->tn->forward_stamp,
					    TIPH_SYN_PERIOD)) &&
	       forwarded_find(pkt, family);
}

static unsigned int shed_bit(const struct sock *listener)
{
	return hash_ptr(listener, ilog2(BITS_PER_LONG));
}

/* Is a listener above its marks, or not yet below them again? */
static bool shed_test(const struct tiph_port *port, const struct sock *listener)
{
	u64 queue = READ_ONCE(listener->sk_ack_backlog);
	u64 backlog = READ_ONCE(listener->sk_max_ack_backlog);

	if (!port->shed_high || !queue)
		return false;
	if (test_bit(shed_bit(listener), &port->ident->shed))
		return queue * TIPH_SHARE > backlog * port->shed_low;
	return queue * TIPH_SHARE >= backlog * port->shed_high;
}

/*
 * Without SYN cookies, TCP drops SYNs when so many handshakes are under way:
 * those of a flood would keep everybody else out.
 */
static bool is_flooded(const struct net *net, const struct sock *listener)
{
	int requests = inet_csk_reqsk_queue_len(listener);
	int limit;

	if (likely(!requests) || READ_ONCE(net->ipv4.sysctl_tcp_syncookies))
		return false;
	limit = READ_ONCE(net->ipv4.sysctl_max_syn_backlog);

	return (u32)requests >= READ_ONCE(listener->sk_max_ack_backlog) ||
	       limit - requests < limit >> 2;
}

static void shed_note(struct tiph_net *tn, const struct tiph_decision *d)
{
	unsigned int bit = shed_bit(d->listener);
	unsigned long *shed = &d->port->ident->shed;

	if (likely(test_bit(bit, shed) == d->shed))
		return;
	if (d->shed)
		set_bit(bit, shed);
	else
		clear_bit(bit, shed);
	tiph_net_news(tn);
}

/* What a port that wants a connection says about it. */
static __always_inline enum tiph_verdict_id
judge(const struct tiph_packet *pkt, u8 family, struct tiph_decision *d)
{
	const struct tiph_port *port = d->port;

	if (unlikely(tiph_net_is_hung(pkt->tn)))
		return TIPH_V_HUNG_OPEN + port->on_failure;
	d->listener = listener_get(pkt, family, port);
	if (!d->listener)
		return TIPH_V_FAILURE_OPEN + port->on_failure;
	d->shed = shed_test(port, d->listener);
	if (unlikely(READ_ONCE(pkt->tn->state) & TIPH_STATE_OVERLOADED))
		return TIPH_V_BUSY_OPEN + port->on_overload;
	if (unlikely(d->shed || sk_acceptq_is_full(d->listener) ||
		     is_flooded(pkt->tn->net, d->listener)))
		return TIPH_V_OVERLOAD_OPEN + port->on_overload;
	return TIPH_V_INTERCEPTED;
}

static bool is_forwarded(enum tiph_verdict_id verdict)
{
	return verdict != TIPH_V_INTERCEPTED &&
	       tiph_verdict_nf[verdict] == NF_ACCEPT;
}

/* Forwarded because we say so, for the first time. */
static bool is_let_go(const struct tiph_decision *d)
{
	return d->port && is_forwarded(d->verdict) &&
	       d->verdict != TIPH_V_REPEATED && d->verdict != TIPH_V_LOCAL &&
	       d->verdict != TIPH_V_UNROUTABLE &&
	       d->verdict != TIPH_V_REDIRECTED &&
	       d->verdict != TIPH_V_EXPIRING;
}

static bool is_reset(enum tiph_verdict_id verdict)
{
	return verdict == TIPH_V_HUNG_RESET || verdict == TIPH_V_FAILURE_RESET ||
	       verdict == TIPH_V_BUSY_RESET || verdict == TIPH_V_OVERLOAD_RESET;
}

/* Steps 1 to 4. */
static __always_inline enum tiph_verdict_id
choose(const struct tiph_packet *pkt, u8 family, struct tiph_decision *d)
{
	const struct tiph_bypass *bypass = READ_ONCE(pkt->tn->bypass);
	struct tiph_syn syn;

	syn_of(&syn, pkt, family);
	d->port = tiph_ports_match(rcu_dereference(pkt->tn->ports), &syn);
	if (!d->port)
		return TIPH_V_UNMATCHED;
	/*
	 * by the loopback, with a route that asking for one would lose; on a
	 * bridge it is br_netfilter's, and means nothing
	 */
	if (unlikely(skb_valid_dst(pkt->skb)) &&
	    pkt->state->pf != NFPROTO_BRIDGE)
		return TIPH_V_LOCAL;
	if (unlikely(is_redirected(pkt->skb)))
		return TIPH_V_REDIRECTED;
	if (unlikely(is_expiring(pkt->skb, family)))
		return TIPH_V_EXPIRING;
	if (bypass)
		d->hit = tiph_bypass_find(bypass, &syn);
	if (d->hit.key)
		return d->hit.entry ? TIPH_V_BYPASS_DYNAMIC :
				      TIPH_V_BYPASS_STATIC;
	if (unlikely(d->port->sample < TIPH_SHARE) && !is_sampled(d->port, &syn))
		return TIPH_V_SAMPLED_OUT;
	if (unlikely(d->port->dry_run))
		return TIPH_V_DRY_RUN;
	if (is_repeated(pkt, family))
		return TIPH_V_REPEATED;
	return judge(pkt, family, d);
}

/*
 * A connection that is forwarded needs no look at its route, which the stack
 * is about to take anyway. One that is taken, dropped or refused does: only
 * what this host would have forwarded is any of our business.
 */
static __always_inline void decide(const struct tiph_packet *pkt, u8 family,
				   struct tiph_decision *d)
{
	enum tiph_verdict_id blocked;

	*d = (struct tiph_decision){};
	d->verdict = choose(pkt, family, d);
	if (is_forwarded(d->verdict) && d->verdict != TIPH_V_DRY_RUN)
		return;
	blocked = route(pkt, family);
	if (blocked != TIPH_V_INTERCEPTED)
		d->verdict = blocked;
}

/**
 * tiph_decide4() - what is to become of a SYN
 * @pkt: the SYN, IPv4
 * @ret: the decision, with a reference to the listener if it has one
 */
void tiph_decide4(const struct tiph_packet *pkt, struct tiph_decision *ret)
{
	decide(pkt, AF_INET, ret);
}

/**
 * tiph_decide6() - what is to become of a SYN
 * @pkt: the SYN, IPv6
 * @ret: the decision, with a reference to the listener if it has one
 */
void tiph_decide6(const struct tiph_packet *pkt, struct tiph_decision *ret)
{
	decide(pkt, AF_INET6, ret);
}

static void reset(const struct tiph_packet *pkt, u8 family)
{
	if (family == AF_INET)
		nf_send_reset(pkt->tn->net, pkt->state->sk, pkt->skb,
			      pkt->state->hook);
	else
		nf_send_reset6(pkt->tn->net, pkt->state->sk, pkt->skb,
			       pkt->state->hook);
}

static void tuple_of(struct tiph_tuple *ret, const struct tiph_packet *pkt,
		     u8 family)
{
	memset(ret, 0, sizeof(*ret));
	ret->family = family;
	ret->sport = pkt->th->source;
	ret->dport = pkt->th->dest;
	ret->ifindex = pkt->state->in->ifindex;
	if (family == AF_INET) {
		ret->saddr.s6_addr32[0] = ip_hdr(pkt->skb)->saddr;
		ret->daddr.s6_addr32[0] = ip_hdr(pkt->skb)->daddr;
	} else {
		ret->saddr = ipv6_hdr(pkt->skb)->saddr;
		ret->daddr = ipv6_hdr(pkt->skb)->daddr;
	}
}

static noinline void past_note(const struct tiph_packet *pkt, u8 family,
			       const struct tiph_decision *d)
{
	struct tiph_tuple tuple;

	tuple_of(&tuple, pkt, family);
	tiph_lately_note(pkt->tn->lately, &tuple, d->port->ident, d->verdict);
}

static noinline void loop_note(const struct tiph_packet *pkt, u8 family)
{
	struct tiph_net *tn = pkt->tn;

	if (tiph_stamped_within(&tn->loop_stamp, TIPH_LOOP_NEWS_PERIOD) ||
	    test_and_set_bit(TIPH_NEWS_LOOP_CLAIMED, &tn->news))
		return;
	tuple_of(&tn->loop, pkt, family);
	smp_wmb(); /* all of it before the bit: tend_loop() */
	set_bit(TIPH_NEWS_LOOP, &tn->news);
	tiph_net_news(tn);
}

/* All that a SYN which is not taken leaves behind. */
static void pass_on(const struct tiph_packet *pkt, u8 family,
		    const struct tiph_decision *d)
{
	if (d->hit.entry)
		atomic64_inc(&d->hit.entry->hits);
	if (d->port)
		past_note(pkt, family, d);
	if (d->verdict == TIPH_V_LOOP)
		loop_note(pkt, family);
	else if (is_reset(d->verdict))
		reset(pkt, family);
	else if (is_let_go(d))
		forwarded_remember(pkt, family);
	if (d->listener)
		sock_put(d->listener);
}

static void cookie_remember(struct tiph_net *tn, const struct sock *listener)
{
	if (unlikely(tiph_cookie_likely(tn->net, listener)))
		tiph_stamp(&tn->cookie_stamp);
}

static __always_inline unsigned int syn(const struct tiph_packet *pkt,
					u8 family)
{
	struct tiph_decision d;

	if (family == AF_INET)
		tiph_decide4(pkt, &d);
	else
		tiph_decide6(pkt, &d);
	if (d.listener)
		shed_note(pkt->tn, &d);
	if (likely(d.verdict == TIPH_V_INTERCEPTED)) {
		if (likely(give(pkt, family, d.listener))) {
			cookie_remember(pkt->tn, d.listener);
			if (d.port->mark)
				pkt->skb->mark = d.port->mark;
			return leave(pkt, family, d.port, TIPH_V_INTERCEPTED);
		}
		d.verdict = TIPH_V_UNROUTABLE;
	}
	pass_on(pkt, family, &d);

	return leave(pkt, family, d.port, d.verdict);
}

noinline unsigned int tiph_syn4(struct tiph_net *tn, struct sk_buff *skb,
				const struct tcphdr *th, unsigned int thoff,
				const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct tiph_packet pkt = { tn, skb, &copy, thoff, state };

	return syn(&pkt, AF_INET);
}

noinline unsigned int tiph_syn6(struct tiph_net *tn, struct sk_buff *skb,
				const struct tcphdr *th, unsigned int thoff,
				const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct tiph_packet pkt = { tn, skb, &copy, thoff, state };

	return syn(&pkt, AF_INET6);
}

/* Give the packet to the listener there, if it acknowledges a cookie of it. */
static bool cookie_give(const struct tiph_packet *pkt, u8 family,
			const struct tiph_port *port, u16 listen)
{
	struct sock *sk = listen ? listener_at(pkt, family, port, listen) :
				   NULL;

	if (!sk)
		return false;
	if ((family == AF_INET ?
	     tiph_cookie_valid4(sk, ip_hdr(pkt->skb), pkt->th) :
	     tiph_cookie_valid6(sk, ipv6_hdr(pkt->skb), pkt->th)) &&
	    give(pkt, family, sk))
		return true;
	sock_put(sk);

	return false;
}

/*
 * The only ACKs without a socket that are ours acknowledge a cookie that the
 * listener sent moments ago. All others keep being forwarded.
 */
static unsigned int cookie(const struct tiph_packet *pkt, u8 family)
{
	const struct tiph_port *port;
	struct tiph_syn syn;

	syn_of(&syn, pkt, family);
	port = tiph_ports_match(rcu_dereference(pkt->tn->ports), &syn);
	if (!port || (!cookie_give(pkt, family, port, port->listen) &&
		      !cookie_give(pkt, family, port, port->before)))
		return leave(pkt, family, NULL, TIPH_V_FOREIGN);
	if (port->mark)
		pkt->skb->mark = port->mark;

	return leave(pkt, family, port, TIPH_V_COOKIE);
}

noinline unsigned int tiph_cookie4(struct tiph_net *tn, struct sk_buff *skb,
				   const struct tcphdr *th, unsigned int thoff,
				   const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct tiph_packet pkt = { tn, skb, &copy, thoff, state };

	return cookie(&pkt, AF_INET);
}

noinline unsigned int tiph_cookie6(struct tiph_net *tn, struct sk_buff *skb,
				   const struct tcphdr *th, unsigned int thoff,
				   const struct nf_hook_state *state)
{
	const struct tcphdr copy = *th;
	const struct tiph_packet pkt = { tn, skb, &copy, thoff, state };

	return cookie(&pkt, AF_INET6);
}
