// SPDX-License-Identifier: GPL-2.0-only
/*
 * crowd_helper slow NUMBER PORT ADDRESS,... SOURCE,...	that many connections, each of which sends a first letter and is then held
 * crowd_helper take NUMBER PORT ADDRESS,... SOURCE		that many from an address that is not this host's, as far as there
 *							are ports: established on this side, nobody else hears of it
 *
 * Turns through addresses and sources. Prints "opened N", then, of those that send, what is left of them as often as it
 * changes by much: "left N". Ends when nothing is left, or by a signal; what takes ports stays until then.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMES_MAX 64
#define AT_ONCE 200	/* handshakes under way */

struct name {
	struct sockaddr_storage ss;
	socklen_t len;
};

static struct name addresses[NAMES_MAX], sources[NAMES_MAX];
static int n_addresses, n_sources, epoll;

static int read_names(char *list, int port, struct name *ret)
{
	int n = 0;

	for (char *word = strtok(list, ","); word && n < NAMES_MAX; word = strtok(NULL, ","), n++) {
		struct sockaddr_in *in = (void *)&ret[n].ss;
		struct sockaddr_in6 *in6 = (void *)&ret[n].ss;
		bool v6 = strchr(word, ':');

		ret[n].ss.ss_family = v6 ? AF_INET6 : AF_INET;
		ret[n].len = v6 ? sizeof(*in6) : sizeof(*in);
		in->sin_port = htons((in_port_t)port);	/* at the same place in both */
		if (inet_pton(ret[n].ss.ss_family, word, v6 ? (void *)&in6->sin6_addr : (void *)&in->sin_addr) != 1)
			exit(2);
	}
	return n;
}

static int begin(int i, bool take)
{
	const struct name *from = &sources[i % n_sources], *to = &addresses[i % n_addresses];
	const int on = 1;
	int fd = socket(to->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if ((take && (setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on)) ||
		      setsockopt(fd, SOL_TCP, TCP_REPAIR, &on, sizeof(on)))) ||
	    bind(fd, (const void *)&from->ss, from->len) ||
	    (connect(fd, (const void *)&to->ss, to->len) && errno != EINPROGRESS)) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

/* Returns how many came about until no address had a port left. */
static int take(int number)
{
	int opened = 0, refused = 0;

	for (int i = 0; i < number && refused < n_addresses; i++) {
		bool done = begin(i, true) >= 0;

		opened += done;
		refused = done ? 0 : refused + 1;
	}
	return opened;
}

/* One event: a handshake is over, or it was ended. Returns what that makes of those under way and those there are. */
static void on_event(const struct epoll_event *event, int *under_way, int *open)
{
	struct epoll_event next = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = event->data.fd };
	int fd = event->data.fd;
	char octets[512];

	if (event->events & EPOLLOUT && !(event->events & (EPOLLERR | EPOLLHUP))) {
		--*under_way;
		++*open;
		if (send(fd, "G", 1, MSG_NOSIGNAL) == 1)
			epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &next);
		return;
	}
	if (event->events & EPOLLOUT)
		--*under_way;
	else if (recv(fd, octets, sizeof(octets), 0) > 0)
		return;
	else
		--*open;
	close(fd);
}

static void slow(int number)
{
	int begun = 0, under_way = 0, open = 0, told = -1;
	struct epoll_event events[256];

	for (;;) {
		int n;

		while (begun < number && under_way < AT_ONCE) {
			struct epoll_event event = { .events = EPOLLOUT, .data.fd = begin(begun++, false) };

			if (event.data.fd < 0)
				continue;
			epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
			under_way++;
		}
		if (begun == number && !under_way && told < 0) {
			printf("opened %d\n", open);
			told = open;
		}
		if (told >= 0 && !open)
			break;
		if (told - open > number / 10) {
			printf("left %d\n", open);
			told = open;
		}
		fflush(stdout);
		n = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < n; i++)
			on_event(&events[i], &under_way, &open);
	}
	printf("left 0\n");
}

int main(int argc, char **argv)
{
	struct rlimit files = { 200000, 200000 };

	if (argc != 6)
		return 2;
	n_addresses = read_names(argv[4], atoi(argv[3]), addresses);
	n_sources = read_names(argv[5], 0, sources);
	epoll = epoll_create1(0);
	if (!n_addresses || !n_sources || setrlimit(RLIMIT_NOFILE, &files))
		return 2;
	if (!strcmp(argv[1], "slow")) {
		slow(atoi(argv[2]));
		return 0;
	}
	printf("opened %d\n", take(atoi(argv[2])));
	fflush(stdout);
	pause();
	return 0;
}
