// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving a socket the address of a client whose connection is held.
 *
 * The only authority is possession of that connection, by a file descriptor
 * that is looked up in the caller's table and checked: accepted from a listener
 * of a port that exists and is or was outbound transparent, alive, and at the
 * local port where such a connection must be. Its tag says whose it is; a socket that
 * was disconnected and bound again has its port locked or is at another one.
 *
 * Address and port are set as bind(2) would set them, but in one critical
 * section with the transparent flag and the tag: at no moment can another
 * thread bind a transparent socket. Neither bind(2)'s privilege for low ports
 * nor the LSM hooks of bind(2) and connect(2) apply: the former is what the
 * possession stands for, and who wants the latter connects by connect(2).
 */
#include <linux/file.h>
#include <linux/inetdevice.h>
#include <linux/net.h>
#include <net/addrconf.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/transp_v6.h>

#include "guard.h"
#include "net.h"
#include "spoof.h"
#include "tag.h"

/**
 * struct client - the peer of an accepted connection
 * @family: AF_INET or AF_INET6
 * @source_port: source port policy of the port
 * @sport: the client's port
 * @port_id: the port
 * @addr4: the client's address, for AF_INET
 * @addr6: the client's address, for AF_INET6
 */
struct client {
	u8 family;
	u8 source_port;
	__be16 sport;
	u32 port_id;
	union {
		__be32 addr4;
		struct in6_addr addr6;
	};
};

/**
 * struct before - what a socket was before it was spoofed
 * @transparent: its flag
 * @no_port: its flag bind_address_no_port
 * @ipv6only: its flag
 * @reuse: its sk_reuse
 */
struct before {
	bool transparent;
	bool no_port;
	bool ipv6only;
	u8 reuse;
};

static void count(struct tiph_net *tn, u32 port_id, enum tiph_verdict_id verdict)
{
	const struct tiph_port *port;

	rcu_read_lock();
	port = tiph_ports_by_id(rcu_dereference(tn->ports), port_id);
	if (port)
		tiph_stats_inc(port->ident->stats, verdict);
	if (tn->stats)
		tiph_stats_inc(tn->stats, verdict);
	rcu_read_unlock();
}

static bool is_alive(const struct sock *sk)
{
	return (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) & 1 << sk->sk_state;
}

/* Where a connection accepted for @port has its local end. */
static bool is_at_port(const struct sock *sk, const struct tiph_port *port)
{
	u16 num = inet_sk(sk)->inet_num;

	if (!(port->mode & TIPH_INBOUND))
		return num == port->listen || num == port->before;
	return inet_sk_transparent(sk) && tiph_port_has_dport(port, num);
}

/* What was accepted while the port was outbound transparent stays so. */
static bool is_outbound(const struct tiph_port *port)
{
	return (port->mode | READ_ONCE(port->ident->modes)) & TIPH_OUTBOUND;
}

/* @sk is locked. */
static int client_read(const struct sock *sk, struct client *ret)
{
	const struct tiph_net *tn = tiph_net_get(sock_net(sk));
	const struct tiph_port *port;
	int err = -EPERM;

	if (!is_alive(sk) || sk->sk_userlocks & SOCK_BINDPORT_LOCK)
		return -EPERM;

	rcu_read_lock();
	port = tiph_ports_by_id(rcu_dereference(tn->ports),
				tiph_tag_port_id(sk));
	if (port && is_outbound(port) && is_at_port(sk, port)) {
		ret->family = sk->sk_family;
		ret->source_port = port->source_port;
		ret->sport = inet_sk(sk)->inet_dport;
		ret->port_id = port->ident->id;
		if (sk->sk_family == AF_INET)
			ret->addr4 = inet_sk(sk)->inet_daddr;
		else
			ret->addr6 = sk->sk_v6_daddr;
		err = 0;
	}
	rcu_read_unlock();

	return err;
}

static int client_of_fd(const struct sock *sk, int fd, struct client *ret)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err == -ENOTSOCK ? -EPERM : err;

	if (!net_eq(sock_net(sock->sk), sock_net(sk)) ||
	    !tiph_is_tcp(sock->sk)) {
		err = -EPERM;
	} else {
		lock_sock(sock->sk);
		err = client_read(sock->sk, ret);
		release_sock(sock->sk);
	}
	sockfd_put(sock);
	if (!err && ret->family != sk->sk_family)
		err = -EAFNOSUPPORT;

	return err;
}

/* Addresses of this host, in whatever routing table, are not to be spoofed. */
static bool may_spoof4(struct net *net, __be32 addr)
{
	bool local;

	rcu_read_lock();
	local = __ip_dev_find(net, addr, false);
	rcu_read_unlock();

	return !local && !ipv4_is_loopback(addr) && !ipv4_is_zeronet(addr) &&
	       inet_addr_type(net, addr) == RTN_UNICAST;
}

/* By a route as well: no interface need have the address. */
static bool is_local6(struct net *net, const struct in6_addr *addr)
{
	struct rt6_info *rt;
	bool local;

	if (ipv6_chk_addr(net, addr, NULL, 0))
		return true;
	rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	local = rt && rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST);
	ip6_rt_put(rt);

	return local;
}

static bool may_spoof6(struct net *net, const struct in6_addr *addr)
{
	int type = ipv6_addr_type(addr);

	return type & IPV6_ADDR_UNICAST &&
	       !(type & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_LINKLOCAL |
			 IPV6_ADDR_MAPPED)) &&
	       !is_local6(net, addr);
}

static bool may_spoof(struct net *net, const struct client *client)
{
	return client->family == AF_INET ? may_spoof4(net, client->addr4) :
					   may_spoof6(net, &client->addr6);
}

static bool is_fresh(const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	return sk->sk_state == TCP_CLOSE && !inet->inet_num &&
	       !tiph_tag_get(sk) &&
	       !(sk->sk_userlocks & SOCK_BINDADDR_LOCK) &&
	       (sk->sk_family == AF_INET ?
		!inet->inet_saddr : ipv6_addr_any(&sk->sk_v6_rcv_saddr));
}

static void addr_set(struct sock *sk, const struct client *client)
{
	struct inet_sock *inet = inet_sk(sk);

	if (client->family == AF_INET) {
		inet->inet_saddr = client->addr4;
		inet->inet_rcv_saddr = client->addr4;
	} else {
		/* as inet6_bind(): the IPv4 address of the socket is invalid */
		inet->inet_saddr = LOOPBACK4_IPV6;
		inet->inet_rcv_saddr = LOOPBACK4_IPV6;
		sk->sk_v6_rcv_saddr = client->addr6;
		inet6_sk(sk)->saddr = client->addr6;
		sk->sk_ipv6only = 1;
	}
	sk->sk_userlocks |= SOCK_BINDADDR_LOCK;
	inet->inet_sport = 0;
	inet->inet_daddr = 0;
	inet->inet_dport = 0;
	sk_dst_reset(sk);
}

/*
 * Take the client's port, or leave the choice to connect(). The port is not
 * locked to the socket, so that a connect() that fails gives it back.
 */
static int port_set(struct sock *sk, const struct client *client, u8 policy)
{
	int err;

	if (policy == TIPH_SOURCE_PORT_ANY) {
		inet_set_bit(BIND_ADDRESS_NO_PORT, sk);
		return 0;
	}
	sk->sk_reuse = SK_CAN_REUSE;
	err = sk->sk_prot->get_port(sk, ntohs(client->sport));
	if (!err)
		inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);

	return err;
}

static void before_save(const struct sock *sk, struct before *before)
{
	before->transparent = inet_test_bit(TRANSPARENT, sk);
	before->no_port = inet_test_bit(BIND_ADDRESS_NO_PORT, sk);
	before->ipv6only = sk->sk_ipv6only;
	before->reuse = sk->sk_reuse;
}

/* As bind(2) does when it fails late. @sk is locked. */
static void port_put(struct sock *sk)
{
	if (inet_csk(sk)->icsk_bind_hash)
		sk->sk_prot->put_port(sk);
}

/* @sk is locked and is now what it was before tiph_spoof(). */
static void unbind(struct sock *sk, const struct before *before)
{
	port_put(sk);
	inet_reset_saddr(sk);
	inet_sk(sk)->inet_sport = 0;
	sk->sk_userlocks &= ~SOCK_BINDADDR_LOCK;
	inet_assign_bit(TRANSPARENT, sk, before->transparent);
	inet_assign_bit(BIND_ADDRESS_NO_PORT, sk, before->no_port);
	sk->sk_ipv6only = before->ipv6only;
	sk->sk_reuse = before->reuse;
	tiph_tag_clear(sk);
}

/*
 * Bind @sk to the client. @policy is what it came to: PRESERVE ends as STRICT
 * or ANY. On failure @sk is as it was.
 */
static int bind_client(struct sock *sk, const struct client *client,
		       u8 *policy, struct before *before)
{
	int err;

	if (!is_fresh(sk))
		return -EISCONN;

	before_save(sk, before);
	addr_set(sk, client);
	if (!tiph_guard_arm(sk)) {
		err = -EISCONN;
		goto err_unbind;
	}
	err = port_set(sk, client, *policy);
	if (err && *policy == TIPH_SOURCE_PORT_PRESERVE) {
		*policy = TIPH_SOURCE_PORT_ANY;
		sk->sk_reuse = before->reuse;
		err = port_set(sk, client, *policy);
	}
	if (err)
		goto err_unbind;
	inet_set_bit(TRANSPARENT, sk);

	return 0;

err_unbind:
	unbind(sk, before);
	return err;
}

/* Between two tries of connect(): the client's port was taken after all. */
static bool release_port(struct sock *sk, const struct before *before)
{
	bool closed;

	lock_sock(sk);
	closed = sk->sk_state == TCP_CLOSE;
	if (closed) {
		port_put(sk);
		inet_sk(sk)->inet_sport = 0;
		sk->sk_reuse = before->reuse;
		inet_set_bit(BIND_ADDRESS_NO_PORT, sk);
	}
	release_sock(sk);

	return closed;
}

static void give_up(struct sock *sk, const struct before *before)
{
	lock_sock(sk);
	/* else another thread has connected it, which it might */
	if (sk->sk_state == TCP_CLOSE)
		unbind(sk, before);
	release_sock(sk);
}

static int connect_once(struct sock *sk, const struct tiph_spoof *opt)
{
	struct sockaddr_storage to = {};
	struct sockaddr_in6 *to6 = (struct sockaddr_in6 *)&to;
	struct sockaddr_in *to4 = (struct sockaddr_in *)&to;
	int len;

	if (sk->sk_family == AF_INET) {
		to4->sin_family = AF_INET;
		to4->sin_addr.s_addr = opt->addr[0];
		to4->sin_port = opt->dport;
		len = sizeof(*to4);
	} else {
		to6->sin6_family = AF_INET6;
		memcpy(&to6->sin6_addr, opt->addr, sizeof(to6->sin6_addr));
		to6->sin6_port = opt->dport;
		len = sizeof(*to6);
	}

	return kernel_connect(sk->sk_socket, (struct sockaddr_unsized *)&to,
			      len, O_NONBLOCK);
}

static int connect_client(struct sock *sk, const struct tiph_spoof *opt,
			  u8 *policy, const struct before *before)
{
	int err = connect_once(sk, opt);

	if ((err == -EADDRNOTAVAIL || err == -EADDRINUSE) &&
	    *policy == TIPH_SOURCE_PORT_PRESERVE && release_port(sk, before)) {
		*policy = TIPH_SOURCE_PORT_ANY;
		err = connect_once(sk, opt);
	}
	if (err && err != -EINPROGRESS)
		give_up(sk, before);

	return err;
}

static bool has_destination(const struct sock *sk,
			    const struct tiph_spoof *opt)
{
	const struct in6_addr *addr = (const struct in6_addr *)opt->addr;

	if (sk->sk_family == AF_INET)
		return opt->addr[0] && !opt->addr[1] && !opt->addr[2] &&
		       !opt->addr[3];
	return !ipv6_addr_any(addr) && !ipv6_addr_v4mapped(addr);
}

/**
 * tiph_spoof() - give a socket the address of a client
 * @sk: a fresh TCP socket
 * @opt: what userspace asks for, checked but for addresses
 *
 * Return: 0, -EINPROGRESS, or another negative errno and @sk is as it was
 */
int tiph_spoof(struct sock *sk, const struct tiph_spoof *opt)
{
	struct tiph_net *tn = tiph_net_get(sock_net(sk));
	struct client client = {};
	struct before before;
	u8 wanted, policy;
	int err;

	if (!has_destination(sk, opt))
		return -EINVAL;
	err = client_of_fd(sk, opt->accepted_fd, &client);
	if (!err && !may_spoof(sock_net(sk), &client))
		err = -EPERM;
	if (err) {
		count(tn, client.port_id, TIPH_V_SPOOF_REFUSED);
		return err;
	}

	wanted = opt->source_port ? opt->source_port - 1 : client.source_port;
	policy = wanted;
	lock_sock(sk);
	err = bind_client(sk, &client, &policy, &before);
	release_sock(sk);
	if (err)
		return err;

	tiph_gate_open(tn->gate->sport, opt->dport);
	if (opt->flags & TIPH_SPOOF_CONNECT)
		err = connect_client(sk, opt, &policy, &before);
	if (!err || err == -EINPROGRESS)
		count(tn, client.port_id, policy == wanted ?
		      TIPH_V_SPOOFED : TIPH_V_SPOOFED_ANY);

	return err;
}
