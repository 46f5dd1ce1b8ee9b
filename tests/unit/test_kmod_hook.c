// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict on a packet, for both families: by whose socket has its 4-tuple,
 * which port matches, what became of its listener and what routing thinks of
 * it. What the kernel would find is set before each question; what is looked
 * at afterwards is all that a verdict consists of: netfilter's answer, one
 * counter, the packet's socket, route and mark, and that no reference is left.
 */
#include "bridge.h"
#include "frag.h"
#include <guard.h>	/* the module's */
#include "hook.h"
#include "icmp.h"
#include "lately.h"
#include "lookup.h"
#include "net.h"
#include "tag.h"
#include "tap.h"

static struct tiph_gate gate;
static struct tiph_stats stats;
static struct net net;
static struct rtable rt4;
static struct rt6_info rt6;
static u64 forwarded[TIPH_FORWARDED];
static struct tiph_lately lately;
static struct tiph_net tn = { .gate = &gate, .stats = &stats, .forwarded = forwarded, .lately = &lately, .net = &net };
static struct tiph_bypass bypass;
static struct tiph_bypass_entry entry;
static struct net_device lan = { "lan0", 2 };
static struct sock owner, listener;

/* What is found. */
static struct world {
	bool socket;		/* this 4-tuple has one: owner */
	bool listening;
	u16 listening_at;	/* only there; 0: wherever */
	bool likely_cookie, valid_cookie;
	bool no_dst;
	bool fragment_ours, whole;
	bool refused_reverse, routing_header, header_moves, cut_chain;
	enum tiph_verdict_id route;
	struct tiph_bypass_hit hit;
	u32 hash;		/* of the client's address */
} world;
static unsigned int resets, routed, reversed, looked_up, descheduled, told;
static u16 asked_dport;

static struct sock *find(bool found, struct sock *sk)
{
	looked_up++;
	sk->sk_refcnt += found;
	return found ? sk : NULL;
}

struct sock *__inet_lookup_established(struct net *n, __be32 saddr, __be16 sport, __be32 daddr, u16 dport, int dif, int sdif)
{
	(void)n, (void)saddr, (void)sport, (void)daddr, (void)dport, (void)dif, (void)sdif;
	return find(world.socket, &owner);
}

struct sock *__inet6_lookup_established(struct net *n, const struct in6_addr *saddr, __be16 sport,
					const struct in6_addr *daddr, u16 dport, int dif, int sdif)
{
	(void)n, (void)saddr, (void)sport, (void)daddr, (void)dport, (void)dif, (void)sdif;
	return find(world.socket, &owner);
}

/* To choose a member of a group, the packet may get another head: the one it had is gone. */
struct sock *tiph_listener4(struct net *n, struct sk_buff *skb, const struct tcphdr *th, int thoff, const struct tiph_port *port,
			    u16 listen)
{
	(void)n, (void)th, (void)port;
	if (world.header_moves)
		memset(skb->data + thoff, 0xff, sizeof(*th));
	return find(world.listening && (!world.listening_at || world.listening_at == listen), &listener);
}

struct sock *tiph_listener6(struct net *n, struct sk_buff *skb, const struct tcphdr *th, int thoff, const struct tiph_port *port,
			    u16 listen)
{
	return tiph_listener4(n, skb, th, thoff, port, listen);
}

enum tiph_verdict_id tiph_route4(struct net *n, struct sk_buff *skb, const struct tcphdr *th, const struct net_device *in,
				 bool spoofing)
{
	(void)n, (void)skb, (void)in, (void)spoofing;
	routed++;
	asked_dport = ntohs(th->dest);
	return world.route;
}

enum tiph_verdict_id tiph_route6(struct net *n, struct sk_buff *skb, const struct tcphdr *th, const struct net_device *in)
{
	(void)n, (void)skb, (void)in;
	routed++;
	asked_dport = ntohs(th->dest);
	return world.route;
}

bool tiph_reverse4(struct sk_buff *skb, const struct net_device *in)
{
	(void)skb, (void)in;
	reversed++;
	return !world.refused_reverse;
}

struct tiph_bypass_hit tiph_bypass_find(const struct tiph_bypass *b, const struct tiph_syn *syn)
{
	(void)b, (void)syn;
	return world.hit;
}

void tiph_net_tend(struct tiph_net *t, unsigned long delay)
{
	(void)t, (void)delay;
	told++;
}

u32 jhash(const void *of, u32 len, u32 seed)
{
	(void)of;
	return len == 4 || len == 16 ? world.hash ^ seed ^ TIPH_SAMPLE_SEED : 0;
}

bool tiph_cookie_likely(struct net *n, const struct sock *sk)
{
	(void)n, (void)sk;
	return world.likely_cookie;
}

bool tiph_cookie_valid4(const struct sock *sk, const struct iphdr *iph, const struct tcphdr *th)
{
	(void)sk, (void)iph, (void)th;
	return world.valid_cookie;
}

bool tiph_cookie_valid6(const struct sock *sk, const struct ipv6hdr *iph, const struct tcphdr *th)
{
	(void)sk, (void)iph, (void)th;
	return world.valid_cookie;
}

bool tiph_frag_is_ours4(struct tiph_net *t, const struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)t, (void)skb, (void)state;
	return world.fragment_ours;
}

bool tiph_frag_is_ours6(struct tiph_net *t, const struct sk_buff *skb, const struct nf_hook_state *state)
{
	return tiph_frag_is_ours4(t, skb, state);
}

/* The whole packet is what came; or nothing has, yet. */
int ip_defrag(struct net *n, struct sk_buff *skb, u32 user)
{
	(void)n, (void)user;
	ip_hdr(skb)->frag_off = 0;
	return world.whole ? 0 : -EINPROGRESS;
}

int nf_ct_frag6_gather(struct net *n, struct sk_buff *skb, u32 user)
{
	(void)n, (void)user;
	if (world.whole)
		ipv6_hdr(skb)->nexthdr = 60;	/* ipv6_find_hdr() below */
	return world.whole ? 0 : -EINPROGRESS;
}

/* Behind the IPv6 header comes one of eight octets, then TCP; or what can't be told, in a fragment. */
int ipv6_find_hdr(const struct sk_buff *skb, unsigned int *offset, int target, unsigned short *fragoff, int *flags)
{
	(void)fragoff;
	if (target == NEXTHDR_ROUTING)
		return world.routing_header && *flags == IP6_FH_F_SKIP_RH ? NEXTHDR_ROUTING : -ENOENT;
	*offset = 48;
	*flags = ipv6_hdr(skb)->nexthdr == NEXTHDR_FRAGMENT ? IP6_FH_F_FRAG : 0;
	return world.cut_chain ? -ENOENT : IPPROTO_TCP;
}

void nf_send_reset(struct net *n, struct sock *sk, struct sk_buff *skb, int hook)
{
	(void)n, (void)sk, (void)skb, (void)hook;
	resets++;
}

void nf_send_reset6(struct net *n, struct sock *sk, struct sk_buff *skb, int hook)
{
	nf_send_reset(n, sk, skb, hook);
}

void sock_edemux(struct sk_buff *skb)
{
	skb->sk->sk_refcnt--;
	skb->sk = NULL;
}

/* Frames on bridges don't get here. */
#define NEVER(name) \
	unsigned int name(void *p, struct sk_buff *skb, const struct nf_hook_state *state) \
	{ \
		(void)p, (void)skb, (void)state; \
		abort(); \
	}
NEVER(tiph_bridge_in)
NEVER(tiph_bridge_forward)
NEVER(tiph_bridge_out4)
NEVER(tiph_bridge_out6)

void sock_pfree(struct sk_buff *skb)
{
	(void)skb;
	abort();
}

enum tiph_verdict_id tiph_cross4(struct net *n, const struct sk_buff *skb, const struct tcphdr *th,
				 const struct net_device *br)
{
	(void)n, (void)skb, (void)th, (void)br;
	abort();
}

enum tiph_verdict_id tiph_cross6(struct net *n, const struct sk_buff *skb, const struct tcphdr *th,
				 const struct net_device *br)
{
	return tiph_cross4(n, skb, th, br);
}

void inet_twsk_deschedule_put(struct sock *sk)
{
	descheduled++;
	sk->sk_refcnt--;
}

unsigned int tiph_icmp4(struct tiph_net *t, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)skb, (void)state;
	tiph_stats_inc(t->stats, TIPH_V_ICMP);
	return NF_ACCEPT;
}

unsigned int tiph_icmp6(struct tiph_net *t, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return tiph_icmp4(t, skb, state);
}

unsigned int tiph_guard4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)priv, (void)skb, (void)state;
	return NF_ACCEPT;
}

unsigned int tiph_guard6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return tiph_guard4(priv, skb, state);
}

/* ---- one port on :80, in a table ---- */

static struct tiph_ports *table;
static u32 last_id;

static void table_set(u8 on_failure, u8 on_overload, u32 mark)
{
	struct tiph_port *port = tiph_port_create();
	struct netlink_ext_ack extack = { 0 };
	struct tiph_ports *old = table;

	strscpy(port->name, "web", sizeof(port->name));
	port->listen = 8080;
	port->mode = TIPH_MODE_FULL;
	port->on_failure = on_failure;
	port->on_overload = on_overload;
	port->mark = mark;
	port->dports = calloc(1, sizeof(*port->dports));
	port->dports[0] = 80;
	port->n_dports = 1;
	/* a client that is left alone */
	port->except_sources.given = calloc(1, sizeof(struct tiph_prefix));
	port->except_sources.given[0] = (struct tiph_prefix){ AF_INET, 32, 0, { htonl(0x0a000009) } };
	port->except_sources.n = 1;
	if (tiph_port_check(port, &extack) || tiph_ports_merge(old, &port, 1, true, &last_id, &table, &extack))
		abort();
	tiph_port_put(port);
	tiph_ports_free(old);
	tn.ports = table;
}

/* ---- a packet, and what is said about it ---- */

enum flags { SYN = 1, ACK = 2, RST = 4, FIN = 8 };

struct question {
	const char *name;
	enum flags flags;
	u16 sport, dport;
	enum tiph_verdict_id verdict;	/* __TIPH_V_MAX: not even counted */
	unsigned int answer;
	struct sock *given;
	struct world world;
};

static struct sk_buff skb;
static u8 data[128];
static u8 client = 1;

static void packet_make(u8 family, const struct question *q)
{
	unsigned int thoff = family == AF_INET ? 20 : 40;
	static u32 seq;
	struct tcphdr *th;

	memset(&skb, 0, sizeof(skb));
	memset(data, 0, sizeof(data));
	skb.data = data;
	if (family == AF_INET) {
		struct iphdr *iph = ip_hdr(&skb);

		iph->version = 4;
		iph->ihl = 5;
		iph->ttl = 64;
		iph->protocol = IPPROTO_TCP;
		iph->saddr = htonl(0x0a000000U + client);
	} else {
		struct ipv6hdr *iph = ipv6_hdr(&skb);

		iph->version = 6;
		iph->hop_limit = 64;
		iph->nexthdr = NEXTHDR_TCP;
	}
	th = (struct tcphdr *)(data + thoff);
	th->source = htons(q->sport);
	th->dest = htons(q->dport);
	th->seq = htonl(++seq);	/* no SYN repeats another */
	th->doff = 5;
	th->syn = q->flags & SYN ? 1 : 0;
	th->ack = q->flags & ACK ? 1 : 0;
	th->rst = q->flags & RST ? 1 : 0;
	th->fin = q->flags & FIN ? 1 : 0;
	skb.len = skb.headlen = thoff + sizeof(*th);
}

static unsigned int hook_run(u8 family)
{
	const struct nf_hook_state state = {
		.in = &lan, .pf = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6, .hook = NF_INET_PRE_ROUTING,
	};
	unsigned int i;

	tn.dst.rt4 = world.no_dst ? NULL : &rt4;
	tn.dst.rt6 = world.no_dst ? NULL : &rt6;
	net.genid++;
	memset(&stats, 0, sizeof(stats));
	memset(table->port[0]->ident->stats, 0, sizeof(stats));
	resets = routed = reversed = looked_up = descheduled = told = 0;
	owner.sk_refcnt = listener.sk_refcnt = 0;
	for (i = 0; i < tiph_hooks[TIPH_HOOKS_IN].n; i++)
		if (tiph_hooks[TIPH_HOOKS_IN].ops[i].pf == state.pf)
			return tiph_hooks[TIPH_HOOKS_IN].ops[i].hook(&tn, &skb, &state);
	abort();
}

/* Exactly this verdict was counted, once. */
static bool is_counted(enum tiph_verdict_id verdict)
{
	unsigned int i;

	for (i = 0; i < __TIPH_V_MAX; i++)
		if (stats.count[i] != (i == verdict))
			return false;
	return true;
}

static bool has_local_dst(u8 family)
{
	return family == AF_INET ? skb.dst == &rt4.dst && skb.cb_flags == IPSKB_MULTIPATH && rt4.rt_genid == net.genid :
				   skb.dst == &rt6.dst && skb.cb_flags == IP6SKB_MULTIPATH && (int)rt6.sernum == net.genid;
}

static bool answered(u8 family, const struct question *q)
{
	unsigned int answer = hook_run(family);
	bool good = answer == q->answer && is_counted(q->verdict) && skb.sk == q->given;
	unsigned int i;

	good = good && (q->given ? has_local_dst(family) : !skb.dst && !skb.cb_flags);
	if (skb.sk)
		skb.destructor(&skb);
	good = good && !owner.sk_refcnt && !listener.sk_refcnt;
	if (!good) {
		printf("# answer %u, references %d %d\n", answer, owner.sk_refcnt, listener.sk_refcnt);
		for (i = 0; i < __TIPH_V_MAX; i++)
			if (stats.count[i])
				printf("# counted: %s %u\n", tiph_verdict_name(i), (unsigned int)stats.count[i]);
	}
	return good;
}

static void ask(u8 family, const struct question *q)
{
	world = q->world;
	packet_make(family, q);
	ok(answered(family, q), "IPv%d: %s", family == AF_INET ? 4 : 6, q->name);
}

#define FREE { .route = TIPH_V_INTERCEPTED }
#define NOTHING NF_ACCEPT, NULL, FREE

static void test_gate(u8 family)
{
	static const struct question questions[] = {
		{ "another port: not even counted", SYN, 40000, 443, __TIPH_V_MAX, NOTHING },
		{ "a packet of a server on 80, whose source port is of interest", ACK, 80, 40000, TIPH_V_FOREIGN, NOTHING },
		{ "an ACK on 80 without a socket belongs to an older flow", ACK, 40000, 80, TIPH_V_FOREIGN, NOTHING },
		{ "so does a RST", RST, 40000, 80, TIPH_V_FOREIGN, NOTHING },
		{ "and a FIN", FIN | ACK, 40000, 80, TIPH_V_FOREIGN, NOTHING },
		{ "a SYN with a FIN begins nothing", SYN | FIN, 40000, 80, TIPH_V_FOREIGN, NOTHING },
		{ "a SYN with a RST begins nothing", SYN | RST, 40000, 80, TIPH_V_FOREIGN, NOTHING },
		{ "a SYN+ACK without a socket begins nothing", SYN | ACK, 80, 40000, TIPH_V_FOREIGN, NOTHING },
		{ "a SYN from 80 to a port of no interest", SYN, 80, 40000, TIPH_V_UNMATCHED, NOTHING },
	};
	unsigned int i;

	for (i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		ask(family, &questions[i]);
	packet_make(family, &questions[0]);
	hook_run(family);
	ok(!looked_up && !routed, "IPv%d: another port: nothing is looked up", family == AF_INET ? 4 : 6);
}

/* By which interface a connection's packets come in, and which the reverse path filter lets them. */
static void test_ways(u8 family)
{
	static const struct question refused = { "the reverse path filter refuses it", ACK, 40000, 80, TIPH_V_UNROUTABLE,
		NF_ACCEPT, NULL, { .socket = true, .refused_reverse = true } };
	static const struct question given = { "", ACK, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner,
		{ .socket = true, .refused_reverse = true } };
	int v = family == AF_INET ? 4 : 6;

	owner.sk_rx_dst_ifindex = 3;
	world = given.world;
	packet_make(family, &given);
	skb.skb_iif = 3;
	ok(answered(family, &given) && !reversed, "IPv%d: by the interface of those before: nobody is asked", v);
	if (family == AF_INET6)
		return;	/* routing has no such filter there */
	ask(family, &refused);
	owner.sk_rx_dst_ifindex = 0;
	owner.sk_state = TCP_TIME_WAIT;
	ask(family, &refused);
	owner.sk_state = TCP_ESTABLISHED;
}

static void test_sockets(u8 family)
{
	static const struct question questions[] = {
		{ "an ACK of a connection here", ACK, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner, { .socket = true } },
		{ "a SYN+ACK for a spoofed socket", SYN | ACK, 80, 40000, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner,
		  { .socket = true } },
		{ "a SYN that is repeated, or a challenge", SYN, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner,
		  { .socket = true } },
		{ "no local route: the packet is left as it is", ACK, 40000, 80, TIPH_V_UNROUTABLE, NF_ACCEPT, NULL,
		  { .socket = true, .no_dst = true } },
	};
	static const struct question local = {
		"a connection of a local server", ACK, 40000, 80, TIPH_V_LOCAL, NF_ACCEPT, NULL, { .socket = true }
	};
	static const struct question waiting[] = {
		{ "TIME_WAIT: what is left of a connection", ACK, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner,
		  { .socket = true } },
		{ "TIME_WAIT: a SYN begins the next, for the listener", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT,
		  &listener, { .socket = true, .listening = true, .route = TIPH_V_INTERCEPTED } },
		{ "TIME_WAIT: a SYN begins the next, for the server", SYN, 40000, 80, TIPH_V_FAILURE_OPEN, NF_ACCEPT, NULL,
		  { .socket = true } },
	};
	int v = family == AF_INET ? 4 : 6;
	unsigned int i;

	owner = (struct sock){ .sk_state = TCP_ESTABLISHED, .transparent = true };
	for (i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		ask(family, &questions[i]);
	owner.transparent = false;
	ask(family, &local);
	owner = (struct sock){ .sk_state = TCP_TIME_WAIT, .transparent = true };
	for (i = 0; i < sizeof(waiting) / sizeof(*waiting); i++) {
		ask(family, &waiting[i]);
		ok(descheduled == (i > 0), "IPv%d: TIME_WAIT is %s", v, i ? "over" : "not over");
	}
	owner.sk_state = TCP_ESTABLISHED;
	test_ways(family);

	packet_make(family, &questions[0]);
	skb.sk = &listener;
	ok(hook_run(family) == NF_ACCEPT && skb.sk == &listener && is_counted(TIPH_V_FOREIGN) && !looked_up,
	   "IPv%d: what somebody else gave away is not taken back", v);
	packet_make(family, &questions[0]);
	skb.pkt_type = 3;
	ok(hook_run(family) == NF_ACCEPT && !skb.sk && is_counted(TIPH_V_FOREIGN),
	   "IPv%d: a frame for another host is not ours", v);
	packet_make(family, &questions[0]);
	skb.on_bridge = true;
	ok(hook_run(family) == NF_ACCEPT && !skb.sk && is_counted(TIPH_V_FOREIGN),
	   "IPv%d: nor is one that br_netfilter shows on its way over a bridge", v);
}

static struct tiph_port *web(void)
{
	return table->port[0];
}

/* Each policy of a port, as verdicts from @open on; with a listener or not. */
static void ask_policies(u8 family, const char *name, enum tiph_verdict_id open, bool listening, bool overload)
{
	int policy;

	for (policy = TIPH_POLICY_OPEN; policy <= TIPH_POLICY_RESET; policy++) {
		const struct question q = { name, SYN, 40000, 80, open + policy, policy ? NF_DROP : NF_ACCEPT, NULL,
			{ .listening = listening, .route = TIPH_V_INTERCEPTED } };

		web()->on_failure = overload ? TIPH_POLICY_OPEN : policy;
		web()->on_overload = overload ? policy : TIPH_POLICY_OPEN;
		ask(family, &q);
		ok(resets == (policy == TIPH_POLICY_RESET), "IPv%d: %s: a RST only by policy reset", family == AF_INET ? 4 : 6, name);
	}
	web()->on_failure = web()->on_overload = TIPH_POLICY_OPEN;
}

static void test_liveness(u8 family)
{
	static const struct question syn = { "no heartbeat is promised: intercepted", SYN, 40000, 80, TIPH_V_INTERCEPTED,
		NF_ACCEPT, &listener, { .listening = true, .route = TIPH_V_INTERCEPTED } };

	ask(family, &syn);
	tn.heartbeat = 2 * HZ;
	tn.beat = jiffies - 2 * HZ;
	ask(family, &(struct question){ "the last moment of a promise", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, &listener,
					syn.world });
	tn.beat--;
	ask_policies(family, "a heartbeat is missing", TIPH_V_HUNG_OPEN, true, false);
	ok(looked_up == 1, "IPv%d: nothing but the socket is looked up then", family == AF_INET ? 4 : 6);
	tn.beat = jiffies;
	tn.state = TIPH_STATE_FAILED;
	ask_policies(family, "it has failed for certain", TIPH_V_HUNG_OPEN, true, false);
	tn.heartbeat = 0;
	ask(family, &(struct question){ "nothing is promised any more", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, &listener,
					syn.world });
	tn.state = TIPH_STATE_OVERLOADED;
	ask_policies(family, "the daemon says that it is overloaded", TIPH_V_BUSY_OPEN, true, true);
	ask_policies(family, "overloaded, but there is no listener", TIPH_V_FAILURE_OPEN, false, false);
	tn.state = 0;
}

/* The queue's length, and whether it is spared then. */
static void test_shed(u8 family)
{
	static const struct { u32 queue; bool spared; } steps[] = {
		{ 74, false }, { 75, true }, { 100, true }, { 75, true }, { 51, true }, { 50, false }, { 74, false }, { 0, false },
		{ 76, true }, { 0, false },
	};
	unsigned int i;
	bool was = false;

	listener.sk_max_ack_backlog = 100;
	web()->shed_high = 7500;
	web()->shed_low = 5000;
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct question q = { "a listener and its marks", SYN, 40000, 80,
			steps[i].spared ? TIPH_V_OVERLOAD_OPEN : TIPH_V_INTERCEPTED, NF_ACCEPT,
			steps[i].spared ? NULL : &listener, { .listening = true, .route = TIPH_V_INTERCEPTED } };

		listener.sk_ack_backlog = steps[i].queue;
		tn.news = 0;
		ask(family, &q);
		ok(told == (was != steps[i].spared), "IPv%d: %u in the queue: told if it is new", family == AF_INET ? 4 : 6,
		   steps[i].queue);
		was = steps[i].spared;
	}
	ok(!web()->ident->shed, "IPv%d: nothing is left of it", family == AF_INET ? 4 : 6);
	listener.sk_max_ack_backlog = 0;
	ask(family, &(struct question){ "no backlog at all, and nobody in it", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT,
					&listener, { .listening = true, .route = TIPH_V_INTERCEPTED } });
	web()->shed_high = web()->shed_low = 0;
}

/* The listeners that a moved port had serve until it has new ones. */
static void test_moved(u8 family)
{
	static const struct { const char *name; u16 at; bool taken; } steps[] = {
		{ "moved, and nobody is there yet", 8079, true },
		{ "moved, and somebody is there", 8080, true },
		{ "moved, but only somebody of no concern is left", 8078, false },
	};
	unsigned int i;

	net.ipv4.sysctl_tcp_syncookies = 1;
	web()->before = 8079;
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct world now = { .listening = true, .listening_at = steps[i].at, .valid_cookie = true,
					   .route = TIPH_V_INTERCEPTED };

		ask(family, &(struct question){ steps[i].name, SYN, 40000, 80,
			steps[i].taken ? TIPH_V_INTERCEPTED : TIPH_V_FAILURE_OPEN, NF_ACCEPT, steps[i].taken ? &listener : NULL, now });
		tn.cookie_stamp = jiffies;
		ask(family, &(struct question){ steps[i].name, ACK, 40000, 80,
			steps[i].taken ? TIPH_V_COOKIE : TIPH_V_FOREIGN, NF_ACCEPT, steps[i].taken ? &listener : NULL, now });
		tn.cookie_stamp = jiffies - TCP_SYNCOOKIE_VALID - 1;
	}
	web()->before = 0;
	ask(family, &(struct question){ "never moved", SYN, 40000, 80, TIPH_V_FAILURE_OPEN, NF_ACCEPT, NULL,
		{ .listening = true, .listening_at = 8079, .route = TIPH_V_INTERCEPTED } });
}

/* What was not intercepted is remembered, once, as it was. */
static void test_lately(u8 family)
{
	static const struct question open = { "no listener: forwarded", SYN, 40000, 80, TIPH_V_FAILURE_OPEN, NF_ACCEPT, NULL, FREE };
	static const struct question taken = { "a listener: intercepted", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT,
		&listener, { .listening = true, .route = TIPH_V_INTERCEPTED } };
	static const struct question other = { "a SYN to another port", SYN, 80, 40000, TIPH_V_UNMATCHED, NOTHING };
	int v = family == AF_INET ? 4 : 6;
	struct tiph_past past = {};
	u32 at;

	lately.n = at = 0;
	ask(family, &open);
	ok(tiph_lately_read(&lately, &at, &past) && at == 1 && past.verdict == TIPH_V_FAILURE_OPEN && past.at == jiffies &&
	   past.tuple.family == family && past.tuple.sport == htons(40000) && past.tuple.dport == htons(80) &&
	   past.tuple.ifindex == lan.ifindex && past.port_id == web()->ident->id && !strcmp(past.port, web()->ident->name),
	   "IPv%d: what was forwarded is remembered", v);
	ok(!tiph_lately_read(&lately, &at, &past), "IPv%d: once", v);
	ask(family, &taken);
	ask(family, &other);
	ok(lately.n == 1, "IPv%d: what is intercepted, or no port matches, is not", v);
	lately.lock.held = 1;
	ask(family, &open);
	ok(lately.n == 1, "IPv%d: nobody waits for the lock", v);
	lately.lock.held = 0;
	lately.n = TIPH_LATELY + 7;
	at = 3;
	ok(tiph_lately_read(&lately, &at, &past) && at == 8, "IPv%d: what was overwritten is skipped", v);
	lately.n = 0;
}

static void test_sample(u8 family)
{
	static const struct { u16 share; u32 hash; bool in; } clients[] = {
		{ 10000, 0xffffffff, true }, { 0, 0, false }, { 1, 0, true }, { 1, 429497, false }, { 1, 429496, true },
		{ 5000, 0x7fffffff, true }, { 5000, 0x80000000, false }, { 9999, 0xffffffff, false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(clients) / sizeof(*clients); i++) {
		const struct question q = { "a client and the port's share", SYN, 40000, 80,
			clients[i].in ? TIPH_V_INTERCEPTED : TIPH_V_SAMPLED_OUT, NF_ACCEPT, clients[i].in ? &listener : NULL,
			{ .listening = true, .route = TIPH_V_INTERCEPTED, .hash = clients[i].hash } };

		web()->sample = clients[i].share;
		ask(family, &q);
	}
	web()->sample = TIPH_SHARE;
}

static void test_dry_run(u8 family)
{
	static const struct question questions[] = {
		{ "a dry run counts", SYN, 40000, 80, TIPH_V_DRY_RUN, NF_ACCEPT, NULL, { .listening = true, .route = TIPH_V_INTERCEPTED } },
		{ "a dry run needs no listener", SYN, 40000, 80, TIPH_V_DRY_RUN, NF_ACCEPT, NULL, { .route = TIPH_V_INTERCEPTED } },
		{ "a dry run does not count what would not be", SYN, 40000, 80, TIPH_V_LOCAL, NF_ACCEPT, NULL, { .route = TIPH_V_LOCAL } },
	};
	unsigned int i;

	web()->dry_run = true;
	web()->on_failure = TIPH_POLICY_CLOSED;
	for (i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		ask(family, &questions[i]);
	web()->on_failure = TIPH_POLICY_OPEN;
	web()->dry_run = false;
}

static void test_bypass(u8 family)
{
	static const struct question dynamic = { "a dynamic entry", SYN, 40000, 80, TIPH_V_BYPASS_DYNAMIC, NF_ACCEPT, NULL,
		{ .listening = true, .route = TIPH_V_INTERCEPTED, .hit = { &entry.key, &entry } } };
	int v = family == AF_INET ? 4 : 6;

	ask(family, &(struct question){ "no entries: they are not asked", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, &listener,
					dynamic.world });
	tn.bypass = &bypass;
	entry.hits.n = 0;
	ask(family, &dynamic);
	ok(entry.hits.n == 1, "IPv%d: it counts", v);
	ask(family, &(struct question){ "a static one", SYN, 40000, 80, TIPH_V_BYPASS_STATIC, NF_ACCEPT, NULL,
		{ .listening = true, .route = TIPH_V_INTERCEPTED, .hit = { &entry.key, NULL } } });
	ok(entry.hits.n == 1 && looked_up == 1, "IPv%d: it does not, and no listener is looked up", v);
	ask(family, &(struct question){ "where no port matches, none is needed", SYN, 40000, 81, __TIPH_V_MAX, NF_ACCEPT, NULL,
					dynamic.world });
	tn.bypass = NULL;
}

/* A flow keeps its verdict: what answers the first SYN answers the repetitions. */
static void test_repeated(u8 family)
{
	static const struct question first = { "no listener: forwarded", SYN, 40000, 80, TIPH_V_FAILURE_OPEN, NF_ACCEPT, NULL,
		{ .route = TIPH_V_INTERCEPTED } };
	static const struct question again = { "", SYN, 40000, 80, TIPH_V_REPEATED, NF_ACCEPT, NULL,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };
	struct question other = again;
	int v = family == AF_INET ? 4 : 6;

	ask(family, &first);
	world = again.world;
	ok(answered(family, &again), "IPv%d: repeated when there is a listener: forwarded", v);
	ok(answered(family, &again), "IPv%d: and again", v);
	other.verdict = TIPH_V_INTERCEPTED;
	other.given = &listener;
	packet_make(family, &other);
	ok(answered(family, &other), "IPv%d: the next connection from that port is intercepted", v);

	ask(family, &first);
	world = again.world;
	jiffies += TIPH_SYN_PERIOD + 1;
	ok(answered(family, &other), "IPv%d: after a long time nobody repeats it", v);
	web()->on_failure = TIPH_POLICY_CLOSED;
	ask(family, &(struct question){ "dropped", SYN, 40000, 80, TIPH_V_FAILURE_CLOSED, NF_DROP, NULL, first.world });
	world = again.world;
	ok(answered(family, &other), "IPv%d: repeated when there is a listener: intercepted", v);
	web()->on_failure = TIPH_POLICY_OPEN;
}

/* What is forwarded whatever the port says: nobody is asked about it, and nothing remembered. */
static void test_let_pass(u8 family)
{
	static const struct question expiring = { "a SYN on its last hop", SYN, 40000, 80, TIPH_V_EXPIRING, NF_ACCEPT, NULL,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };
	static const struct question again = { "", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, &listener,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };
	const struct nf_conn snat = { .status = ~(1UL << IPS_DST_NAT_BIT) }, dnat = { .status = 1UL << IPS_DST_NAT_BIT };
	struct question redirected = expiring;
	int v = family == AF_INET ? 4 : 6;
	unsigned int hops;

	redirected.verdict = TIPH_V_REDIRECTED;
	world = expiring.world;
	for (hops = 0; hops < 3; hops++) {
		packet_make(family, &expiring);
		if (family == AF_INET)
			ip_hdr(&skb)->ttl = hops;
		else
			ipv6_hdr(&skb)->hop_limit = hops;
		ok(answered(family, hops > 1 ? &again : &expiring), "IPv%d: a SYN with %u hops left", v, hops);
	}
	packet_make(family, &redirected);
	skb.ct = &dnat;
	ok(answered(family, &redirected), "IPv%d: what destination NAT sends elsewhere", v);
	skb.ct = &snat;
	ok(answered(family, &again), "IPv%d: what other NAT does is no reason, nor is what was forwarded before", v);
}

static void test_loop(u8 family)
{
	static const struct question q = { "a SYN of ours that came back", SYN, 40000, 80, TIPH_V_LOOP, NF_DROP, NULL,
		{ .listening = true, .route = TIPH_V_LOOP } };
	int v = family == AF_INET ? 4 : 6;

	tn.news = 0;
	tn.loop_stamp = jiffies - TIPH_LOOP_NEWS_PERIOD - 1;
	ask(family, &q);
	ok(told == 1 && test_bit(TIPH_NEWS_LOOP, &tn.news) && tn.loop.family == family && tn.loop.dport == htons(80) &&
	   tn.loop.ifindex == lan.ifindex && (family == AF_INET6 || tn.loop.saddr.s6_addr32[0] == htonl(0x0a000000U + client)),
	   "IPv%d: it is told", v);
	tn.loop.dport = 0;
	ask(family, &q);
	ok(!told && !tn.loop.dport, "IPv%d: the next one is not, until that was", v);
	tn.news = 0;
	tn.loop_stamp = jiffies;
	ask(family, &q);
	ok(!told && !tn.news, "IPv%d: nor within its time", v);
}

static void test_marks(u8 family)
{
	static const struct question syn = { "", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, &listener,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };
	static const struct question ack = { "", ACK, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner, { .socket = true } };
	int v = family == AF_INET ? 4 : 6;

	owner = (struct sock){ .sk_state = TCP_ESTABLISHED, .transparent = true };
	ask(family, &syn);
	ok(!skb.mark, "IPv%d: no mark", v);
	table_set(TIPH_POLICY_OPEN, TIPH_POLICY_OPEN, 7);
	ask(family, &syn);
	ok(skb.mark == 7, "IPv%d: a SYN has its port's mark", v);
	tiph_tag_set(&owner, TIPH_TAG_LISTENER, table->port[0]->ident->id);
	ask(family, &ack);
	ok(skb.mark == 7, "IPv%d: so has a packet of a connection of the port", v);
	table->mark = 0;	/* as where marks differ */
	owner.sk_user_data = NULL;
	ask(family, &ack);
	ok(!skb.mark, "IPv%d: a socket that tells no port has none where marks differ", v);
	table_set(TIPH_POLICY_OPEN, TIPH_POLICY_OPEN, 0);
}

static void test_policies(u8 family)
{
	static const enum tiph_verdict_id blocks[] = { TIPH_V_LOCAL, TIPH_V_UNROUTABLE, TIPH_V_LOOP };
	static const char * const names[] = { "open", "closed", "reset" };
	int v = family == AF_INET ? 4 : 6;
	u8 full, policy;
	unsigned int i;

	for (full = 0; full < 2; full++) {
		for (policy = TIPH_POLICY_OPEN; policy <= TIPH_POLICY_RESET; policy++) {
			struct question q = { "", SYN, 40000, 80,
				(full ? TIPH_V_OVERLOAD_OPEN : TIPH_V_FAILURE_OPEN) + policy,
				policy == TIPH_POLICY_OPEN ? NF_ACCEPT : NF_DROP, NULL,
				{ .listening = full, .route = TIPH_V_INTERCEPTED } };

			/* the other policy is another one */
			table_set(full ? (policy + 1) % 3 : policy, full ? policy : (policy + 1) % 3, 0);
			listener.queue_full = full;
			world = q.world;
			packet_make(family, &q);
			ok(answered(family, &q), "IPv%d: %s: %s", v, full ? "queue full" : "no listener", names[policy]);
			ok(resets == (policy == TIPH_POLICY_RESET) && table->port[0]->ident->stats->count[q.verdict] == 1,
			   "IPv%d: %s: RSTs as the policy says, counted at the port", v, names[policy]);
			ok(routed == (policy != TIPH_POLICY_OPEN),
			   "IPv%d: %s: its route is %s", v, names[policy], routed ? "looked at" : "the stack's affair");
			for (i = 0; i < 3; i++) {
				world.route = blocks[i];
				packet_make(family, &q);
				hook_run(family);
				ok(is_counted(policy == TIPH_POLICY_OPEN ? q.verdict : blocks[i]) && !resets && !skb.sk,
				   "IPv%d: %s: %s comes before a policy that would end it", v, names[policy],
				   tiph_verdict_name(blocks[i]));
			}
			listener.queue_full = false;
		}
	}
	table_set(TIPH_POLICY_OPEN, TIPH_POLICY_OPEN, 0);
	for (i = 0; i < 3; i++) {
		struct question q = { "", SYN, 40000, 80, blocks[i], blocks[i] == TIPH_V_LOOP ? NF_DROP : NF_ACCEPT, NULL,
			{ .listening = true, .route = blocks[i] } };

		world = q.world;
		packet_make(family, &q);
		ok(answered(family, &q), "IPv%d: a listener, but the SYN is %s", v, tiph_verdict_name(blocks[i]));
	}
}

/* TCP drops SYNs from three quarters of the machine's limit on, or at the listener's own. */
static void test_flood(u8 family)
{
	static const struct { int requests, cookies; bool taken; } cases[] = {
		{ 0, 0, true }, { 96, 0, true }, { 97, 0, false }, { 97, 1, true }, { 97, 2, true }, { 200, 0, false },
	};
	struct question q = { "", SYN, 40000, 80, 0, NF_ACCEPT, NULL, { .listening = true, .route = TIPH_V_INTERCEPTED } };
	u32 backlog = listener.sk_max_ack_backlog;
	int cookies = net.ipv4.sysctl_tcp_syncookies;
	unsigned int i;

	net.ipv4.sysctl_max_syn_backlog = 128;
	listener.sk_max_ack_backlog = 200;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		listener.requests = cases[i].requests;
		net.ipv4.sysctl_tcp_syncookies = cases[i].cookies;
		q.verdict = cases[i].taken ? TIPH_V_INTERCEPTED : TIPH_V_OVERLOAD_OPEN;
		q.given = cases[i].taken ? &listener : NULL;
		world = q.world;
		packet_make(family, &q);
		ok(answered(family, &q), "IPv%d: %d handshakes under way, syncookies %d", family == AF_INET ? 4 : 6,
		   cases[i].requests, cases[i].cookies);
	}
	/* a listener's own limit, which is lower */
	net.ipv4.sysctl_tcp_syncookies = 0;
	listener.sk_max_ack_backlog = 10;
	listener.requests = 10;
	q.verdict = TIPH_V_OVERLOAD_OPEN;
	q.given = NULL;
	packet_make(family, &q);
	ok(answered(family, &q), "IPv%d: as many handshakes as the backlog", family == AF_INET ? 4 : 6);
	listener.sk_max_ack_backlog = backlog;
	listener.requests = 0;
	net.ipv4.sysctl_tcp_syncookies = cookies;
}

static void test_own(u8 family)
{
	static const struct dst_entry route;
	static const struct question syn = { "", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, NULL,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };
	int v = family == AF_INET ? 4 : 6;

	world = syn.world;
	packet_make(family, &syn);
	skb.dst = &route;
	ok(hook_run(family) == NF_ACCEPT && is_counted(TIPH_V_LOCAL) && skb.dst == &route && !skb.sk && !routed,
	   "IPv%d: what this host sends to itself keeps its route", v);
	world.header_moves = true;
	packet_make(family, &syn);
	hook_run(family);
	skb.destructor(&skb);
	ok(is_counted(TIPH_V_INTERCEPTED) && asked_dport == 80, "IPv%d: a SYN whose head moves while a listener is chosen", v);
}

static void test_cookies(u8 family)
{
	static const struct question ack = { "the ACK of a cookie", ACK, 40000, 80, TIPH_V_COOKIE, NF_ACCEPT, &listener,
		{ .listening = true, .valid_cookie = true } };
	static const struct question left[] = {
		{ "an ACK without a cookie", ACK, 40000, 80, TIPH_V_FOREIGN, NF_ACCEPT, NULL, { .listening = true } },
		{ "a cookie, but no listener", ACK, 40000, 80, TIPH_V_FOREIGN, NF_ACCEPT, NULL, { .valid_cookie = true } },
		{ "a cookie, but a RST", ACK | RST, 40000, 80, TIPH_V_FOREIGN, NF_ACCEPT, NULL,
		  { .listening = true, .valid_cookie = true } },
		{ "a cookie, but no local route", ACK, 40000, 80, TIPH_V_FOREIGN, NF_ACCEPT, NULL,
		  { .listening = true, .valid_cookie = true, .no_dst = true } },
	};
	static const struct question syn = { "a SYN that may be answered by a cookie", SYN, 40000, 80, TIPH_V_INTERCEPTED,
		NF_ACCEPT, &listener, { .listening = true, .likely_cookie = true, .route = TIPH_V_INTERCEPTED } };
	struct question early = ack;
	unsigned int i;
	int v = family == AF_INET ? 4 : 6;

	early.verdict = TIPH_V_FOREIGN;
	early.given = NULL;
	early.name = "no cookie was sent lately: nothing is looked up";
	net.ipv4.sysctl_tcp_syncookies = 1;
	tn.cookie_stamp = jiffies - TCP_SYNCOOKIE_VALID - 1;
	ask(family, &early);
	ok(looked_up == 1, "IPv%d: but the 4-tuple", v);
	ask(family, &syn);
	ok(tn.cookie_stamp == jiffies, "IPv%d: that is remembered", v);
	ask(family, &ack);
	for (i = 0; i < sizeof(left) / sizeof(*left); i++)
		ask(family, &left[i]);
	net.ipv4.sysctl_tcp_syncookies = 0;
	early.name = "cookies are off";
	ask(family, &early);
}

/* Only so many octets of the packet stay where they are looked for first. */
static void scatter(unsigned int headlen)
{
	static u8 rest[sizeof(data)];

	memcpy(rest, data, sizeof(rest));
	memset(data + headlen, 0xff, sizeof(data) - headlen);
	skb.rest = rest;
	skb.headlen = headlen;
}

static void test_unusual(u8 family)
{
	static const struct question ack = { "", ACK, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner, { .socket = true } };
	static const struct question other = { "", ACK, 40000, 443, __TIPH_V_MAX, NF_ACCEPT, NULL, { .socket = true } };
	unsigned int thoff = family == AF_INET ? 20 : 40;
	int v = family == AF_INET ? 4 : 6;
	unsigned int cut;

	world = ack.world;
	for (cut = 0; cut < sizeof(struct tcphdr); cut += 4) {
		packet_make(family, &ack);
		scatter(thoff + cut);
		ok(answered(family, &ack), "IPv%d: %u octets of its TCP header where they are looked for", v, cut);
	}
	packet_make(family, &other);
	scatter(thoff);
	ok(answered(family, &other), "IPv%d: the same, on another port", v);
	packet_make(family, &other);
	skb.len = skb.headlen = thoff + 12;
	ok(answered(family, &other), "IPv%d: half a TCP header", v);

	packet_make(family, &other);
	if (family == AF_INET)
		ip_hdr(&skb)->protocol = IPPROTO_UDP;
	else
		ipv6_hdr(&skb)->nexthdr = IPPROTO_UDP;
	ok(answered(family, &other), "IPv%d: UDP", v);
	packet_make(family, &other);
	if (family == AF_INET)
		ip_hdr(&skb)->protocol = IPPROTO_ICMP;
	else
		ipv6_hdr(&skb)->nexthdr = IPPROTO_ICMPV6;
	ok(hook_run(family) == NF_ACCEPT && is_counted(TIPH_V_ICMP), "IPv%d: ICMP is looked at elsewhere", v);
}

/* A packet behind a header of eight octets, for IPv6; with options, for IPv4. */
static void shift(u8 family, const struct question *q)
{
	unsigned int thoff = family == AF_INET ? 20 : 40;

	packet_make(family, q);
	memmove(data + thoff + 8, data + thoff, sizeof(struct tcphdr));
	memset(data + thoff, 0, 8);
	skb.len = skb.headlen += 8;
	if (family == AF_INET)
		ip_hdr(&skb)->ihl = 7;
	else
		ipv6_hdr(&skb)->nexthdr = 0;
}

static void fragment(u8 family, const struct question *q)
{
	shift(family, q);
	if (family == AF_INET)
		ip_hdr(&skb)->frag_off = htons(IP_MF);
	else
		ipv6_hdr(&skb)->nexthdr = NEXTHDR_FRAGMENT;
}

static void test_fragments(u8 family)
{
	static const struct question ack = { "", ACK, 40000, 80, TIPH_V_ESTABLISHED, NF_ACCEPT, &owner, { .socket = true } };
	static const struct question waits = { "", ACK, 40000, 80, TIPH_V_FRAGMENT, NF_STOLEN, NULL, { .socket = true } };
	static const struct question passes = { "", ACK, 40000, 80, __TIPH_V_MAX, NF_ACCEPT, NULL, { .socket = true } };
	int v = family == AF_INET ? 4 : 6;

	world = ack.world;
	shift(family, &ack);
	ok(answered(family, &ack), "IPv%d: options or extension headers", v);
	fragment(family, &passes);
	ok(answered(family, &passes), "IPv%d: a fragment that is not ours passes as it is", v);
	world.fragment_ours = true;
	fragment(family, &waits);
	ok(answered(family, &waits), "IPv%d: one that is ours waits for the others", v);
	world.whole = true;
	fragment(family, &ack);
	ok(answered(family, &ack), "IPv%d: the last makes it a packet", v);
	if (family == AF_INET)
		return;
	world = (struct world){ .socket = true, .fragment_ours = true, .cut_chain = true };
	fragment(family, &waits);
	ok(answered(family, &waits), "IPv%d: so does one that does not say that it is TCP", v);
	shift(family, &passes);
	ok(answered(family, &passes), "IPv%d: what says nothing and is no fragment passes", v);
	world = (struct world){ .socket = true, .routing_header = true };
	shift(family, &passes);
	ok(answered(family, &passes), "IPv%d: what has still to go somewhere by its routing header passes", v);
}

static void test_exception(void)
{
	static const struct question left = { "a client that is left alone", SYN, 40000, 80, TIPH_V_UNMATCHED, NF_ACCEPT, NULL,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };
	static const struct question taken = { "its neighbour is not", SYN, 40000, 80, TIPH_V_INTERCEPTED, NF_ACCEPT, &listener,
		{ .listening = true, .route = TIPH_V_INTERCEPTED } };

	client = 9;
	ask(AF_INET, &left);
	client = 8;
	ask(AF_INET, &taken);
	client = 1;
}

int main(void)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	unsigned int i;

	tiph_tag_init();
	tiph_gate_open(gate.dport, htons(80));
	tiph_gate_open(gate.sport, htons(80));
	tn.cookie_stamp = jiffies - TCP_SYNCOOKIE_VALID - HZ;
	tn.forward_stamp = jiffies - TIPH_SYN_PERIOD - HZ;
	table_set(TIPH_POLICY_OPEN, TIPH_POLICY_OPEN, 0);
	for (i = 0; i < 2; i++) {
		test_gate(families[i]);
		test_sockets(families[i]);
		test_marks(families[i]);
		test_policies(families[i]);
		test_flood(families[i]);
		test_own(families[i]);
		test_liveness(families[i]);
		test_shed(families[i]);
		test_moved(families[i]);
		test_lately(families[i]);
		test_sample(families[i]);
		test_dry_run(families[i]);
		test_bypass(families[i]);
		test_repeated(families[i]);
		test_let_pass(families[i]);
		test_loop(families[i]);
		test_cookies(families[i]);
		owner = (struct sock){ .sk_state = TCP_ESTABLISHED, .transparent = true };
		test_unusual(families[i]);
		test_fragments(families[i]);
	}
	test_exception();
	tiph_ports_free(table);
	return tap_done();
}
