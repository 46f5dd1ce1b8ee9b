// SPDX-License-Identifier: GPL-2.0-only
/*
 * Noticing that somebody changed what we installed.
 *
 * Notifications only say "look again"; what is there is found out by looking.
 * After each look the notification sockets are taken out of the poll set for
 * CHECK_QUIET_MS and a timer brings them back, so a storm of changes costs ten
 * looks a second and no more. Whatever gets lost meanwhile (the sockets overflow
 * into ENOBUFS) is found by the look at the end of the silence, and by the one
 * that takes place every CHECK_PERIOD_MS without any notification.
 */
#include "nft.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CHECK_QUIET_MS 100
#define CHECK_PERIOD_MS 900
#define READS_MAX 64

uint64_t nft_watch_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Of routes, only ours are told of: a routing daemon that moves a full table
 * must not wake anybody here. The protocol is the sixth octet of struct rtmsg;
 * types are in host order, which the filter sees as octets.
 */
static int filter_routes(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_ROUTE_PROTOCOL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(*code), .filter = code };

	/* a message that is no route is passed by the second last line */
	code[2].jf = 2;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

static int subscribe(int protocol, const int *groups, size_t n)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		goto err_close;
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(*groups)))
			goto err_close;
	return fd;
err_close:
	n = errno;
	close(fd);
	return -(int)n;
}

static int subscribe_routes(void)
{
	static const int groups[] = { RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
				      RTNLGRP_LINK };
	int fd = subscribe(NETLINK_ROUTE, groups, sizeof(groups) / sizeof(*groups));
	int err;

	if (fd < 0)
		return fd;
	err = filter_routes(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* Read what is there; did anything come? */
static bool drain(int fd)
{
	char buf[4096];
	bool came = false;

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno != ENOBUFS)
			break;
		came = true;
	}
	return came;
}

static void mute(struct nft_watch *watch, bool muted)
{
	struct itimerspec when = { .it_value = { .tv_nsec = muted ? CHECK_QUIET_MS * 1000000L : 0 } };
	struct epoll_event event = { .events = muted ? 0 : EPOLLIN };

	watch->muted = muted;
	epoll_ctl(watch->epoll, EPOLL_CTL_MOD, watch->nft, &event);
	epoll_ctl(watch->epoll, EPOLL_CTL_MOD, watch->route, &event);
	timerfd_settime(watch->timer, 0, &when, NULL);
}

/* Set again, it is not readable any more. */
void nft_watch_alarm(struct nft_watch *watch, unsigned int ms)
{
	struct itimerspec when = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L + (ms > 0) } };

	timerfd_settime(watch->alarm, 0, &when, NULL);
}

bool nft_watch_due(struct nft_watch *watch, bool soon)
{
	uint64_t now = nft_watch_now(), passed = now - watch->checked, rung;
	bool came = drain(watch->nft);

	if (read(watch->alarm, &rung, sizeof(rung)) < 0 && errno != EAGAIN)
		return false;
	came |= drain(watch->route);
	watch->dirty |= came;
	if (watch->muted && passed >= CHECK_QUIET_MS)
		mute(watch, false);
	if (passed < CHECK_PERIOD_MS && (watch->muted || !(watch->dirty || soon)))
		return false;
	watch->dirty = false;
	watch->checked = now;
	mute(watch, true);
	return true;
}

int nft_watch_open(struct nft_watch *watch)
{
	static const int nft_group = NFNLGRP_NFTABLES;
	struct epoll_event event = { .events = EPOLLIN };
	int err;

	memset(watch, 0, sizeof(*watch));
	watch->nft = subscribe(NETLINK_NETFILTER, &nft_group, 1);
	watch->route = subscribe_routes();
	watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	watch->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	err = watch->nft < 0 ? watch->nft : watch->route < 0 ? watch->route : 0;
	if (!err && (watch->timer < 0 || watch->alarm < 0 || watch->epoll < 0 ||
		     epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->nft, &event) ||
		     epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->route, &event) ||
		     epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->timer, &event) ||
		     epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->alarm, &event)))
		err = -errno;
	if (err)
		nft_watch_close(watch);
	return err;
}

void nft_watch_close(struct nft_watch *watch)
{
	const int fds[] = { watch->epoll, watch->nft, watch->route, watch->timer, watch->alarm };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	watch->epoll = watch->nft = watch->route = watch->timer = watch->alarm = -1;
}
