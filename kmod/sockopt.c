// SPDX-License-Identifier: GPL-2.0-only
/*
 * The socket options: listen, spoof, verdict.
 *
 * They come from setsockopt(2) and getsockopt(2) by way of netfilter, in
 * process context and without the socket lock. Two sockets are never locked at
 * once: what is needed of the accepted connection is copied out first.
 */
#include <linux/net.h>
#include <linux/netfilter.h>
#include <linux/sockptr.h>
#include <net/inet_sock.h>
#include <net/tcp.h>

#include "net.h"
#include "sockopt.h"
#include "spoof.h"
#include "tag.h"

static int listen_addr_check(const struct sock *sk,
			     const struct tiph_port *port)
{
	const struct inet_sock *inet = inet_sk(sk);

	/* a port that was given, not found: the socket keeps it for life */
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK) ||
	    inet->inet_num != port->listen)
		return -EINVAL;
	if (sk->sk_family == AF_INET)
		return port->mode & TIPH_INBOUND &&
		       inet->inet_rcv_saddr != htonl(INADDR_LOOPBACK) ?
		       -EINVAL : 0;
	if (port->mode & TIPH_INBOUND)
		return ipv6_addr_loopback(&sk->sk_v6_rcv_saddr) ? 0 : -EINVAL;
	/* IPv4 clients have a listener of their own */
	return sk->sk_ipv6only ? 0 : -EINVAL;
}

/* @sk is locked; @port may not be slept with, it is under RCU. */
static int listen_apply(struct sock *sk, const struct tiph_port *port)
{
	unsigned long before = tiph_tag_get(sk);
	int err;

	if (sk->sk_state != TCP_LISTEN && sk->sk_state != TCP_CLOSE)
		return -EISCONN;
	if (tiph_tag_is(before, TIPH_TAG_ARMED) ||
	    tiph_tag_is(before, TIPH_TAG_FIRED))
		return -EBUSY;
	err = listen_addr_check(sk, port);
	if (err)
		return err;
	if (!tiph_tag_set(sk, TIPH_TAG_LISTENER, port->ident->id))
		return -EBUSY;
	/* a new listener is above no mark, and those before may be gone */
	WRITE_ONCE(port->ident->shed, 0);
	WRITE_ONCE(port->ident->served, port->listen);
	if (port->mode & TIPH_INBOUND)
		inet_set_bit(TRANSPARENT, sk);
	else if (before)
		inet_clear_bit(TRANSPARENT, sk);

	return 0;
}

static int so_listen(struct sock *sk, sockptr_t arg, unsigned int len)
{
	struct tiph_net *tn = tiph_net_get(sock_net(sk));
	const struct tiph_port *port;
	struct tiph_listen opt;
	int err = -ENOENT;

	if (!ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (len != sizeof(opt))
		return -EINVAL;
	if (copy_from_sockptr(&opt, arg, sizeof(opt)))
		return -EFAULT;
	if (strnlen(opt.port, sizeof(opt.port)) == sizeof(opt.port))
		return -EINVAL;

	lock_sock(sk);
	rcu_read_lock();
	port = tiph_ports_by_name(rcu_dereference(tn->ports), opt.port);
	if (port)
		err = listen_apply(sk, port);
	rcu_read_unlock();
	release_sock(sk);

	return err;
}

static int so_spoof(struct sock *sk, sockptr_t arg, unsigned int len)
{
	struct tiph_spoof opt;

	if (len != sizeof(opt))
		return -EINVAL;
	if (copy_from_sockptr(&opt, arg, sizeof(opt)))
		return -EFAULT;
	if (opt.flags & ~TIPH_SPOOF_ALL ||
	    memchr_inv(opt.reserved, 0, sizeof(opt.reserved)) ||
	    opt.source_port > TIPH_SOURCE_PORT_STRICT + 1 || !opt.dport)
		return -EINVAL;

	return tiph_spoof(sk, &opt);
}

static bool has_peer(const struct sock *sk)
{
	return !((TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT) &
		 1 << sk->sk_state);
}

/* @sk is locked. The ingress interface is that of the handshake's ACK. */
static void verdict_fill(const struct sock *sk, const struct tiph_port *port,
			 struct tiph_verdict *ret)
{
	strscpy(ret->port, port->name, sizeof(ret->port));
	ret->port_id = port->ident->id;
	ret->mode = port->mode;
	ret->family = sk->sk_family;
	ret->orig_port = inet_sk(sk)->inet_sport;
	if (sk->sk_family == AF_INET) {
		ret->orig_addr[0] = inet_sk(sk)->inet_rcv_saddr;
		ret->ifindex = inet_sk(sk)->mc_index;
	} else {
		memcpy(ret->orig_addr, &sk->sk_v6_rcv_saddr,
		       sizeof(ret->orig_addr));
		ret->ifindex = inet6_sk(sk)->mcast_oif;
	}
}

static int so_verdict(struct sock *sk, void __user *user, int *len)
{
	struct tiph_net *tn = tiph_net_get(sock_net(sk));
	const struct tiph_port *port;
	struct tiph_verdict verdict = {};
	int err = -ENOENT;

	if (*len < (int)sizeof(verdict))
		return -EINVAL;

	lock_sock(sk);
	rcu_read_lock();
	port = tiph_ports_by_id(rcu_dereference(tn->ports),
				tiph_tag_port_id(sk));
	if (port && has_peer(sk)) {
		verdict_fill(sk, port, &verdict);
		err = 0;
	} else if (port) {
		err = -ENOTCONN;
	}
	rcu_read_unlock();
	release_sock(sk);
	if (err)
		return err;

	if (copy_to_user(user, &verdict, sizeof(verdict)))
		return -EFAULT;
	*len = sizeof(verdict);

	return 0;
}

static int so_set(struct sock *sk, int opt, sockptr_t arg, unsigned int len)
{
	if (!tiph_is_tcp(sk))
		return -EOPNOTSUPP;
	return opt == TIPH_SO_LISTEN ? so_listen(sk, arg, len) :
				       so_spoof(sk, arg, len);
}

static int so_get(struct sock *sk, int opt, void __user *user, int *len)
{
	return tiph_is_tcp(sk) ? so_verdict(sk, user, len) : -EOPNOTSUPP;
}

#define SOCKOPT_OPS(family) {				\
	.pf		= (family),			\
	.set_optmin	= TIPH_SO_LISTEN,		\
	.set_optmax	= TIPH_SO_SPOOF + 1,		\
	.set		= so_set,			\
	.get_optmin	= TIPH_SO_VERDICT,		\
	.get_optmax	= TIPH_SO_VERDICT + 1,		\
	.get		= so_get,			\
	.owner		= THIS_MODULE,			\
}

static struct nf_sockopt_ops ops4 = SOCKOPT_OPS(PF_INET);
static struct nf_sockopt_ops ops6 = SOCKOPT_OPS(PF_INET6);

/**
 * tiph_sockopt_init() - offer the socket options
 *
 * Return: 0 or a negative errno
 */
int __init tiph_sockopt_init(void)
{
	int err;

	err = nf_register_sockopt(&ops4);
	if (err)
		return err;
	err = nf_register_sockopt(&ops6);
	if (err)
		nf_unregister_sockopt(&ops4);

	return err;
}

/**
 * tiph_sockopt_exit() - take the socket options back, wait for those running
 */
void tiph_sockopt_exit(void)
{
	nf_unregister_sockopt(&ops6);
	nf_unregister_sockopt(&ops4);
}
