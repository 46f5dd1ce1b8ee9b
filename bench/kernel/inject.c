// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet costs: a packet is made, received, and the time taken until it
 * comes to its end. In a machine that counts instructions (run.sh --icount) a
 * nanosecond of time stamp counter is an instruction.
 *
 * Its end is the first of:
 *
 *   local    the first hook of LOCAL_IN: the packet is for this host
 *   forward  the transmit function of "sink0", a device made for this
 *   gone     neither: it was dropped on the way
 *
 * so that TCP never sees it, and each packet finds what the one before found.
 * Packets go in one by one with bottom halves off. An interrupt that comes in
 * between makes one of them dearer; the least of many is what counts, and how
 * many of them were at it tells how much it is worth.
 *
 * For the bench only, and only for x86. Parameters, in /sys/module/inject:
 *
 *   run     "DEVICE FAMILY PROTOCOL SADDR SPORT DADDR DPORT FLAGS COUNT": do it,
 *           PROTOCOL is tcp or udp, FLAGS of "S" and "A", or "-"; with an "R"
 *           each repeats the one before, else SYNs have numbers of their own
 *   result  "INSTRUCTIONS END AT-LEAST OF", as of the last run
 */
#include <linux/etherdevice.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <asm/msr.h>

#define WARM_UP	16

enum end { GONE, LOCAL, FORWARD };
static const char * const end_names[] = { "gone", "local", "forward" };

struct spec {
	struct net_device *dev;
	unsigned int family;
	u8 proto;
	struct in6_addr saddr, daddr;	/* v4 in the first word */
	u16 sport, dport;
	bool syn, ack, repeat;
	unsigned int count;
};

static struct net_device *sink;
static char result[64] = "none\n";

/* the packet under way; one CPU, bottom halves off */
static const struct sk_buff *current_skb;
static enum end came_to;
static u64 ended_at;
static u32 serial;

static void end_here(enum end end)
{
	ended_at = rdtsc_ordered();
	came_to = end;
}

static netdev_tx_t sink_xmit(struct sk_buff *skb, struct net_device *dev)
{
	if (skb == current_skb)
		end_here(FORWARD);
	dev_kfree_skb(skb);

	return NETDEV_TX_OK;
}

static unsigned int local_in(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	if (skb != current_skb)
		return NF_ACCEPT;
	end_here(LOCAL);

	return NF_DROP;
}

static const struct net_device_ops sink_ops = { .ndo_start_xmit = sink_xmit };

static const struct nf_hook_ops hooks[] = {
	{
		.hook		= local_in,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MIN,
	},
	{
		.hook		= local_in,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MIN,
	},
};

static void put_transport(struct sk_buff *skb, const struct spec *spec)
{
	if (spec->proto == IPPROTO_TCP) {
		struct tcphdr *th = skb_put_zero(skb, sizeof(*th));

		th->source = htons(spec->sport);
		th->dest = htons(spec->dport);
		th->seq = htonl(spec->repeat ? 1 : ++serial);
		th->doff = sizeof(*th) / 4;
		th->syn = spec->syn;
		th->ack = spec->ack;
		th->window = htons(512);
	} else {
		struct udphdr *uh = skb_put_zero(skb, sizeof(*uh));

		uh->source = htons(spec->sport);
		uh->dest = htons(spec->dport);
		uh->len = htons(sizeof(*uh));
	}
}

static void put_network(struct sk_buff *skb, const struct spec *spec)
{
	unsigned int len = spec->proto == IPPROTO_TCP ?
			   sizeof(struct tcphdr) : sizeof(struct udphdr);

	if (spec->family == 4) {
		struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

		iph->version = 4;
		iph->ihl = 5;
		iph->tot_len = htons(sizeof(*iph) + len);
		iph->frag_off = htons(IP_DF);
		iph->ttl = 64;
		iph->protocol = spec->proto;
		iph->saddr = spec->saddr.s6_addr32[0];
		iph->daddr = spec->daddr.s6_addr32[0];
		ip_send_check(iph);
	} else {
		struct ipv6hdr *iph = skb_put_zero(skb, sizeof(*iph));

		iph->version = 6;
		iph->payload_len = htons(len);
		iph->hop_limit = 64;
		iph->nexthdr = spec->proto;
		iph->saddr = spec->saddr;
		iph->daddr = spec->daddr;
	}
}

static struct sk_buff *make(const struct spec *spec)
{
	struct sk_buff *skb = alloc_skb(256, GFP_ATOMIC);
	struct ethhdr *eth;

	if (!skb)
		return NULL;
	skb_reserve(skb, 64 + NET_IP_ALIGN);
	eth = skb_put_zero(skb, sizeof(*eth));
	ether_addr_copy(eth->h_dest, spec->dev->dev_addr);
	eth->h_proto = htons(spec->family == 4 ? ETH_P_IP : ETH_P_IPV6);
	put_network(skb, spec);
	put_transport(skb, spec);
	skb->protocol = eth_type_trans(skb, spec->dev);
	skb->ip_summed = CHECKSUM_UNNECESSARY;

	return skb;
}

/* Returns what it took, 0 if there was no memory. */
static noinline u64 inject_one(const struct spec *spec)
{
	struct sk_buff *skb = make(spec);
	u64 began;

	if (!skb)
		return 0;
	came_to = GONE;
	current_skb = skb;
	began = rdtsc_ordered();
	netif_receive_skb(skb);
	if (came_to == GONE)
		ended_at = rdtsc_ordered();
	current_skb = NULL;

	return ended_at - began;
}

static int measure(const struct spec *spec)
{
	unsigned int i, n_least = 0;
	enum end end = GONE;
	u64 least = U64_MAX;

	for (i = 0; i < WARM_UP + spec->count; i++) {
		u64 took;

		local_bh_disable();
		took = inject_one(spec);
		local_bh_enable();
		cond_resched();
		if (!took)
			return -ENOMEM;
		if (i < WARM_UP)
			continue;
		if (took < least) {
			least = took;
			n_least = 0;
			end = came_to;
		}
		n_least += took == least;
	}
	snprintf(result, sizeof(result), "%llu %s %u %u\n", least,
		 end_names[end], n_least, spec->count);

	return 0;
}

static bool parse_addr(const char *text, unsigned int family,
		       struct in6_addr *addr)
{
	return family == 4 ? in4_pton(text, -1, addr->s6_addr, -1, NULL) :
			     in6_pton(text, -1, addr->s6_addr, -1, NULL);
}

static int run_set(const char *text, const struct kernel_param *param)
{
	char device[IFNAMSIZ], proto[4], saddr[48], daddr[48], flags[4];
	struct spec spec = {};
	int err = -EINVAL;

	if (sscanf(text, "%15s %u %3s %47s %hu %47s %hu %3s %u", device,
		   &spec.family, proto, saddr, &spec.sport, daddr, &spec.dport,
		   flags, &spec.count) != 9 ||
	    (spec.family != 4 && spec.family != 6) || !spec.count ||
	    !parse_addr(saddr, spec.family, &spec.saddr) ||
	    !parse_addr(daddr, spec.family, &spec.daddr))
		return -EINVAL;
	spec.proto = strcmp(proto, "udp") ? IPPROTO_TCP : IPPROTO_UDP;
	spec.syn = strchr(flags, 'S');
	spec.ack = strchr(flags, 'A');
	spec.repeat = strchr(flags, 'R');

	spec.dev = dev_get_by_name(&init_net, device);
	if (spec.dev) {
		err = measure(&spec);
		dev_put(spec.dev);
	}

	return err;
}

static int result_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%s", result);
}

static const struct kernel_param_ops run_ops = { .set = run_set };
module_param_cb(run, &run_ops, NULL, 0200);
static const struct kernel_param_ops result_ops = { .get = result_get };
module_param_cb(result, &result_ops, NULL, 0400);

static void sink_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &sink_ops;
	dev->flags |= IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	eth_hw_addr_random(dev);
}

static int __init inject_init(void)
{
	int err;

	sink = alloc_netdev(0, "sink0", NET_NAME_UNKNOWN, sink_setup);
	if (!sink)
		return -ENOMEM;
	err = register_netdev(sink);
	if (err)
		goto err_free;
	err = nf_register_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
	if (err)
		goto err_unregister;

	return 0;

err_unregister:
	unregister_netdev(sink);
err_free:
	free_netdev(sink);
	return err;
}

static void __exit inject_exit(void)
{
	nf_unregister_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
	unregister_netdev(sink);
	free_netdev(sink);
}

module_init(inject_init);
module_exit(inject_exit);

MODULE_DESCRIPTION("What a packet costs, for the bench of Tiphares");
MODULE_LICENSE("GPL");
