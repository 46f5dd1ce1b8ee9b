/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the module's logic needs to run as a program.
 *
 * It is included before the module's own sources, and stands for all of the
 * kernel's headers that they name (tests.mk makes files of those names); the
 * headers that userspace has too are the real ones. Nothing in here decides:
 * what does is a function declared at the end, which each test has of its own.
 *
 * One CPU, no concurrency: locks and read-side sections are nothing, and what
 * is freed after a grace period is freed at once, under AddressSanitizer's eyes.
 */
#ifndef TIPHARES_TEST_KERNEL_H
#define TIPHARES_TEST_KERNEL_H

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/icmp.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- words of the compiler ---- */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define __force
#define __init
#define __net_init
#define __exit
#define __rcu
#define __percpu
#define __read_mostly
#define __ro_after_init
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define noinline __attribute__((noinline))
#define likely(x) (x)
#define unlikely(x) (x)
#define IS_ENABLED(option) 1
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))
#define data_race(x) (x)
#define rcu_dereference(p) (p)
#define rcu_dereference_protected(p, condition) (p)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define clamp(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))
#define rcu_access_pointer(p) (p)
#define smp_store_release(p, value) (*(p) = (value))
#define smp_load_acquire(p) (*(p))
#define smp_wmb() ((void)0)
#define cond_resched() ((void)0)
#define ilog2(n) (31 - __builtin_clz(n))
#define ntohs(x) be16toh(x)
#define htons(x) htobe16(x)
#define ntohl(x) be32toh(x)
#define htonl(x) htobe32(x)

/* ---- errors, memory, sorting ---- */

#define GFP_KERNEL_ACCOUNT 0
#define __GFP_ZERO 0
#define ERR_PTR(err) ((void *)(long)(err))
#define PTR_ERR(p) ((long)(p))
#define IS_ERR(p) ((unsigned long)(p) >= -4095UL)

/* Memory for so many more objects; counts down where it is not negative. */
extern int memory_left;

static inline void *zeroed(size_t n, size_t size)
{
	if (!memory_left)
		return NULL;
	if (memory_left > 0)
		memory_left--;
	return calloc(n, size);
}

#define kzalloc(size, gfp) zeroed(1, size)
#define kvzalloc(size, gfp) zeroed(1, size)
#define kvcalloc(n, size, gfp) zeroed(n, size)
#define kfree(p) free(p)
#define kvfree(p) free(p)
#define struct_size(p, member, n) (sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define sort(base, n, size, cmp, swap) qsort(base, n, size, cmp)
#define strscpy(to, from, size) snprintf(to, size, "%s", from)
int snprintf(char *to, size_t size, const char *form, ...);

#define alloc_percpu_gfp(type, gfp) ((type *)zeroed(1, sizeof(type)))
#define free_percpu(p) free(p)
#define per_cpu_ptr(p, cpu) (p)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < 1; (cpu)++)
#define this_cpu_inc(x) ((x)++)

typedef struct { int n; } refcount_t;
#define refcount_set(r, value) ((r)->n = (value))
#define refcount_inc(r) ((void)(r)->n++)
#define refcount_dec_and_test(r) (--(r)->n == 0)
typedef struct { s64 n; } atomic64_t;
#define atomic64_inc(a) ((void)(a)->n++)

static inline u32 roundup_pow_of_two(u32 n)
{
	return n < 2 ? 1 : 1U << (32 - __builtin_clz(n - 1));
}

/* What the module embeds, and only files that no program has look into. */
struct list_head { struct list_head *next, *prev; };
struct rb_node { struct rb_node *next; };
struct rb_root_cached { struct rb_node *first; };
struct rhash_head { struct rhash_head *next; };
struct rhashtable { struct rhash_head *first; };
struct rcu_head { struct rcu_head *next; };
struct work_struct { int queued; };
struct delayed_work { struct work_struct work; };
typedef void (*work_func_t)(struct work_struct *work);

/* ---- bits, time, locks ---- */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BITS_PER_LONG 64
#define DECLARE_BITMAP(name, bits) unsigned long name[(bits) / BITS_PER_LONG]
#define set_bit(nr, map) ((map)[(nr) / BITS_PER_LONG] |= 1UL << (nr) % BITS_PER_LONG)
#define clear_bit(nr, map) ((map)[(nr) / BITS_PER_LONG] &= ~(1UL << (nr) % BITS_PER_LONG))
#define test_bit(nr, map) ((bool)((map)[(nr) / BITS_PER_LONG] >> (nr) % BITS_PER_LONG & 1))
extern unsigned long jiffies;
#define HZ 250
#define time_before_eq(a, b) ((long)((a) - (b)) <= 0)
#define time_after(a, b) ((long)((b) - (a)) < 0)
#define TCP_SYNCOOKIE_VALID (2 * 60 * HZ)
struct mutex { int held; };
typedef struct { int held; } rwlock_t;
#define write_lock_bh(lock) ((lock)->held++)
#define write_unlock_bh(lock) ((lock)->held--)
#define lockdep_is_held(lock) true
typedef struct { int held; } spinlock_t;
#define spin_lock_init(lock) ((lock)->held = 0)
#define spin_trylock(lock) (!(lock)->held && ((lock)->held = 1))
#define spin_unlock(lock) ((lock)->held = 0)
#define spin_lock_bh(lock) ((lock)->held = 1)
#define spin_unlock_bh(lock) ((lock)->held = 0)
typedef struct { u64 key[2]; } siphash_key_t;
u64 siphash(const void *data, size_t len, const siphash_key_t *key);
#define jhash2(words, n, seed) jhash(words, (n) * sizeof(u32), seed)
#define jhash_3words(a, b, c, seed) jhash((const u32[3]){ a, b, c }, 3 * sizeof(u32), seed)
#define hash_ptr(p, bits) ((u32)((uintptr_t)(p) * 0x61c8864680b583ebULL >> (64 - (bits))))
extern int random_octet;
#define get_random_bytes(to, len) memset(to, random_octet, len)

/* ---- netlink's complaints ---- */

struct netlink_ext_ack { const char *_msg; const struct nlattr *bad_attr; };
#define NL_SET_ERR_MSG(extack, text) ((extack)->_msg = (text))
#define NL_SET_ERR_MSG_ATTR(extack, attr, text) ((extack)->_msg = (text), (extack)->bad_attr = (attr))
#define nla_data(attr) ((void *)((char *)(attr) + NLA_HDRLEN))

/* ---- namespaces, devices, sockets, packets ---- */

struct net { struct { int sysctl_tcp_syncookies, sysctl_max_syn_backlog; } ipv4; int genid; };
struct net_device { char name[IFNAMSIZ]; int ifindex; };
#define LOOPBACK_IFINDEX 1
#define rt_genid_ipv4(net) ((net)->genid)
#define rt_genid_ipv6(net) ((net)->genid)

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_TIME_WAIT = 6, TCP_LISTEN = 10 };
enum { TCPF_SYN_SENT = 1 << TCP_SYN_SENT, TCPF_SYN_RECV = 1 << TCP_SYN_RECV };

struct sock {
	void *sk_user_data;
	rwlock_t sk_callback_lock;
	int sk_state;
	int sk_family;
	int sk_refcnt;		/* what the module holds */
	bool transparent;
	bool queue_full;
	int requests;		/* handshakes under way */
	int sk_rx_dst_ifindex;
	u32 sk_ack_backlog, sk_max_ack_backlog;
	__be32 inet_saddr;
	struct in6_addr sk_v6_rcv_saddr;
};

#define inet_sk(sk) (sk)
#define inet_twsk(sk) (sk)
#define inet_sk_transparent(sk) ((sk)->transparent)
#define inet_clear_bit(TRANSPARENT, sk) ((sk)->transparent = false)
#define sk_acceptq_is_full(sk) ((sk)->queue_full)
#define inet_csk_reqsk_queue_len(sk) ((sk)->requests)
#define sk_fullsock(sk) ((sk)->sk_state != TCP_TIME_WAIT && (sk)->sk_state != TCP_SYN_RECV)
#define sock_put(sk) ((sk)->sk_refcnt--)
#define sock_gen_put(sk) ((sk)->sk_refcnt--)

struct dst_entry { int refs; };
struct rtable { struct dst_entry dst; int rt_genid; };
struct rt6_info { struct dst_entry dst; u32 sernum; };

struct sk_buff {
	u8 *data;			/* begins with the IP header */
	const u8 *rest;			/* the same, for what is not in the linear part */
	unsigned int len, headlen;
	struct sock *sk;
	void (*destructor)(struct sk_buff *skb);
	const struct dst_entry *dst;
	unsigned int cb_flags;
	u32 mark;
	int skb_iif;
	u8 pkt_type;
	u8 ignore_df;
	bool on_bridge;
	const struct nf_conn *ct;
};

enum ip_conntrack_info { IP_CT_ESTABLISHED };
struct nf_conn { unsigned long status; };
#define IPS_DST_NAT_BIT 5
#define nf_ct_get(skb, info) ((void)(info), (skb)->ct)
#define PACKET_HOST 0
#define ip_hdr(skb) ((struct iphdr *)(skb)->data)
#define ipv6_hdr(skb) ((struct ipv6hdr *)(skb)->data)
#define ip_hdrlen(skb) (ip_hdr(skb)->ihl * 4U)
#define tcp_hdr(skb) ((struct tcphdr *)((skb)->data + ((skb)->data[0] >> 4 == 4 ? ip_hdrlen(skb) : 40)))
#define skb_headlen(skb) ((skb)->headlen)
#define skb_dst(skb) ((struct dst_entry *)(skb)->dst)
#define skb_orphan(skb) ((void)(skb))
#define skb_sk_is_prefetched(skb) false
#define sk_is_refcounted(sk) true
#define skb_dst_drop(skb) ((skb)->dst = NULL)
#define skb_valid_dst(skb) ((skb)->dst != NULL)
#define nf_bridge_in_prerouting(skb) ((skb)->on_bridge)
#define skb_dst_set_noref(skb, d) ((skb)->dst = (d))
struct cb { unsigned int flags; };
#define IPCB(skb) ((struct cb *)&(skb)->cb_flags)
#define IP6CB(skb) ((struct cb *)&(skb)->cb_flags)
#define IPSKB_MULTIPATH 1
#define IP6SKB_MULTIPATH 2
#define IP_OFFSET 0x1fff
#define IP_MF 0x2000
#define IP6_OFFSET 0xfff8
#define ip_is_fragment(iph) (((iph)->frag_off & htons(IP_MF | IP_OFFSET)) != 0)
#define IP6_FH_F_FRAG 1
#define IP6_FH_F_SKIP_RH 4
#define IP_DEFRAG_CONNTRACK_IN 0
#define IP6_DEFRAG_CONNTRACK_IN 0
#define NEXTHDR_TCP 6
#define NEXTHDR_ROUTING 43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_ICMP 58
#define ipv6_ext_hdr(next) ((next) == 0 || (next) == 43 || (next) == 44 || (next) == 51 || (next) == 60)
#define icmp_is_err(type) ((type) == 3 || (type) == 4 || (type) == 5 || (type) == 11 || (type) == 12)
struct icmp6hdr { u8 icmp6_type, icmp6_code; __be16 icmp6_cksum; __be32 icmp6_mtu; };
#define icmpv6_is_err(type) ((type) < 128)
struct frag_hdr { u8 nexthdr; u8 reserved; __be16 frag_off; __be32 identification; };

static inline void *skb_header_pointer(const struct sk_buff *skb, unsigned int off, unsigned int len, void *copy)
{
	u8 *octet = copy;

	if (off + len > skb->len)
		return NULL;
	if (off + len <= skb->headlen)
		return skb->data + off;
	for (; len; len--, off++)
		*octet++ = off < skb->headlen ? skb->data[off] : skb->rest[off];
	return copy;
}

static inline int ipv6_addr_cmp(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

static inline bool ipv6_addr_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return !ipv6_addr_cmp(a, b);
}

static inline void ipv6_addr_set_v4mapped(__be32 addr, struct in6_addr *to)
{
	*to = (struct in6_addr){ .s6_addr32 = { 0, 0, htonl(0xffff), addr } };
}

static inline bool test_and_set_bit(unsigned int nr, unsigned long *map)
{
	bool was = test_bit(nr, map);

	set_bit(nr, map);
	return was;
}

#define NF_BR_PRE_ROUTING 0
#define NF_BR_FORWARD 2
#define NF_BR_PRI_FIRST INT_MIN
#define NF_BR_PRI_BRNF 0

struct nf_hook_state {
	u8 hook, pf;
	const struct net_device *in;
	const struct net_device *out;
	struct sock *sk;
};

struct nf_hook_ops {
	unsigned int (*hook)(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);
	void *priv;
	u8 pf;
	unsigned int hooknum;
	int priority;
};

/* kmod/trace.h is left out */
#define TIPHARES_TRACE_H
#define trace_verdict(skb, family, th, id, verdict) ((void)(skb), (void)(family), (void)(th))

/* ---- what a test decides ---- */

struct sock *__inet_lookup_established(struct net *net, __be32 saddr, __be16 sport, __be32 daddr, u16 dport,
				       int dif, int sdif);
struct sock *__inet6_lookup_established(struct net *net, const struct in6_addr *saddr, __be16 sport,
					const struct in6_addr *daddr, u16 dport, int dif, int sdif);
void sock_edemux(struct sk_buff *skb);
void sock_pfree(struct sk_buff *skb);
u32 jhash(const void *data, u32 len, u32 seed);
void inet_twsk_deschedule_put(struct sock *sk);
int ip_defrag(struct net *net, struct sk_buff *skb, u32 user);
int nf_ct_frag6_gather(struct net *net, struct sk_buff *skb, u32 user);
int ipv6_find_hdr(const struct sk_buff *skb, unsigned int *offset, int target, unsigned short *fragoff, int *flags);
void nf_send_reset(struct net *net, struct sock *sk, struct sk_buff *skb, int hook);
void nf_send_reset6(struct net *net, struct sock *sk, struct sk_buff *skb, int hook);

#endif /* TIPHARES_TEST_KERNEL_H */
