// SPDX-License-Identifier: GPL-2.0-only
/*
 * c-ares in an event loop.
 *
 * c-ares opens and closes its own descriptors and must be told what became ready,
 * level-triggered. So they stand in an epoll set of their own, and the loop
 * watches that set: no event of the loop can point to a descriptor that c-ares
 * has closed since.
 */
#include "dns.h"

#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define DNS_TRIES 2
#define DNS_EVENTS 16

struct dns {
	struct loop *loop;
	ares_channel channel;
	struct watch watch;	/* of the set */
	struct timer timer;	/* c-ares' next timeout */
	bool dying;
};

/* A question on its way; c-ares always answers, at the latest when it is destroyed. */
struct question {
	struct dns *dns;
	dns_fn *fn;
	void *arg;
};

/*
 * The ids of c-ares' queries come from /dev/urandom, or from the C library's
 * rand() where that can't be opened, as in a worker. This one takes its place for
 * the whole program: who can tell the next id can forge an answer.
 */
int rand(void)
{
	unsigned int value;

	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		abort();
	return (int)(value & RAND_MAX);
}

static int library_status;

static void library_init(void)
{
	library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *dns = arg;
	struct epoll_event e = {
		.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u),
		.data.fd = fd,
	};

	if (!e.events)
		epoll_ctl(dns->watch.fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(dns->watch.fd, EPOLL_CTL_MOD, fd, &e) && errno == ENOENT)
		epoll_ctl(dns->watch.fd, EPOLL_CTL_ADD, fd, &e);
}

static void set_timer(struct dns *dns)
{
	struct timeval tv, *next = ares_timeout(dns->channel, NULL, &tv);

	if (!next)
		timer_cancel(&dns->timer);
	else
		loop_timer(dns->loop, &dns->timer,
			   (uint64_t)next->tv_sec * 1000 + (uint64_t)next->tv_usec / 1000 + 1);
}

static void on_ready(struct watch *w)
{
	struct dns *dns = container_of(w, struct dns, watch);
	struct epoll_event events[DNS_EVENTS];
	int i, n = epoll_wait(w->fd, events, DNS_EVENTS, 0);

	for (i = 0; i < n; i++) {
		ares_socket_t fd = events[i].data.fd;
		bool out = events[i].events & EPOLLOUT;
		bool in = events[i].events & ~(uint32_t)EPOLLOUT;

		ares_process_fd(dns->channel, in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
	}
	set_timer(dns);
}

static void on_timeout(struct timer *t)
{
	struct dns *dns = container_of(t, struct dns, timer);

	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(dns);
}

static int set_servers(struct dns *dns, const struct endpoint *servers, size_t n)
{
	struct ares_addr_port_node *nodes = calloc(n, sizeof(*nodes));
	size_t i;
	int status;

	if (!nodes)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		nodes[i].family = servers[i].addr.family;
		memcpy(&nodes[i].addr, servers[i].addr.bytes, sizeof(servers[i].addr.bytes));
		nodes[i].udp_port = nodes[i].tcp_port = servers[i].port;
		nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
	}
	status = ares_set_servers_ports(dns->channel, nodes);
	free(nodes);
	return status == ARES_SUCCESS ? 0 : -EINVAL;
}

/* Names are absolute here: no search list of the host is applied to them. */
static int open_channel(struct dns *dns, unsigned int timeout)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ares_options options = {
		.timeout = (int)timeout,
		.tries = DNS_TRIES,
		.ndots = 0,
		.lookups = (char *)"b",	/* sysnames.h has the files */
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = dns,
	};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_DOMAINS |
		   ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;

	pthread_once(&once, library_init);
	if (library_status != ARES_SUCCESS)
		return -EIO;
	return ares_init_options(&dns->channel, &options, mask) == ARES_SUCCESS ? 0 : -EIO;
}

static int dns_start(struct dns *dns, const struct endpoint *servers, size_t n,
		     unsigned int timeout)
{
	int err;

	dns->watch.fd = epoll_create1(EPOLL_CLOEXEC);
	if (dns->watch.fd < 0)
		return -errno;
	err = loop_watch_level(dns->loop, &dns->watch);
	if (!err)
		err = open_channel(dns, timeout);
	if (!err)
		err = set_servers(dns, servers, n);
	return err;
}

int dns_create(struct loop *loop, const struct endpoint *servers, size_t n, unsigned int timeout,
	       struct dns **ret)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	int err;

	if (!dns)
		return -ENOMEM;
	dns->loop = loop;
	dns->watch = (struct watch){ .fd = -1, .fn = on_ready };
	dns->timer.fn = on_timeout;
	list_init(&dns->timer.link);
	err = dns_start(dns, servers, n, timeout);
	if (err) {
		dns_destroy(dns);
		return err;
	}
	*ret = dns;
	return 0;
}

void dns_destroy(struct dns *dns)
{
	if (!dns)
		return;
	dns->dying = true;
	if (dns->channel)
		ares_destroy(dns->channel);
	timer_cancel(&dns->timer);
	watch_close(&dns->watch);
	free(dns);
}

static int to_errno(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_ENONAME:
	case ARES_EBADNAME:
		return -ENOENT;
	case ARES_ETIMEOUT:
		return -ETIMEDOUT;
	case ARES_ENOMEM:
		return -ENOMEM;
	}
	return -EAGAIN;
}

static void least_ttl(struct dns_answer *answer, int ttl)
{
	if (ttl >= 0 && (unsigned int)ttl < answer->ttl)
		answer->ttl = (unsigned int)ttl;
}

static void take_nodes(struct dns_answer *answer, const struct ares_addrinfo *info)
{
	const struct ares_addrinfo_cname *cname;
	const struct ares_addrinfo_node *node;

	answer->ttl = INT32_MAX;
	for (cname = info->cnames; cname; cname = cname->next)
		least_ttl(answer, cname->ttl);
	for (node = info->nodes; node && answer->n < DNS_ADDRS_MAX; node = node->ai_next) {
		struct sockaddr_storage ss = { 0 };
		struct endpoint e;

		memcpy(&ss, node->ai_addr, (size_t)node->ai_addrlen);
		if (endpoint_from_sockaddr(&e, &ss))
			continue;
		answer->v[answer->n++] = e.addr;
		least_ttl(answer, node->ai_ttl);
	}
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct dns_answer answer = { .err = to_errno(status) };
	struct question *q = arg;

	(void)timeouts;
	if (!answer.err && info)
		take_nodes(&answer, info);
	if (!answer.err && !answer.n)
		answer.err = -ENOENT;
	if (info)
		ares_freeaddrinfo(info);
	if (!q->dns->dying)
		q->fn(q->arg, &answer);
	free(q);
}

void dns_ask(struct dns *dns, const char *name, int family, dns_fn *fn, void *arg)
{
	const struct ares_addrinfo_hints hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
	};
	struct question *q = malloc(sizeof(*q));

	if (!q) {
		fn(arg, &(struct dns_answer){ .err = -ENOMEM });
		return;
	}
	*q = (struct question){ .dns = dns, .fn = fn, .arg = arg };
	ares_getaddrinfo(dns->channel, name, NULL, &hints, on_answer, q);
	set_timer(dns);
}
