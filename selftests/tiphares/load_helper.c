// SPDX-License-Identifier: GPL-2.0-only
/*
 * load_helper RATE UNTIL FAILURES PORT ADDRESS,... SOURCE,...: new connections, so many a second, till file UNTIL exists.
 *
 * Each asks for /204 once, from the next source to the next address of its family. The answer's Via tells whether the
 * proxy gave it. One line for each connection that failed goes to FAILURES: when it began and ended (seconds of the
 * epoch), how, and who. One line on stdout sums up; "slow" is a connection that took more than 900 ms to be made,
 * which is what a lost SYN costs, while this program itself never stood still: a busy machine loses nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX	8192
#define NAMES_MAX	64
#define CONNECT_S	15.0
#define ANSWER_S	30.0
#define SLOW_S		0.9
#define STALL_S		0.1	/* a turn that takes as long is the machine's doing */

struct name {
	struct sockaddr_storage ss;
	socklen_t len;
	int family;
};

struct connection {
	int fd;
	bool made;
	double began;
	double made_at;
	const struct name *source, *address;
	char answer[512];
	size_t n;
};

static struct connection connections[CONNECTIONS_MAX];
static struct name addresses[NAMES_MAX], sources[NAMES_MAX];
static int n_addresses, n_sources, epoll, open_now;
static long begun, proxied, forwarded, failed, slow;
static double longest, stalled_at;
static FILE *failures;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int read_names(char *list, int port, struct name *ret)
{
	int n = 0;

	for (char *word = strtok(list, ","); word && n < NAMES_MAX; word = strtok(NULL, ","), n++) {
		struct sockaddr_in *in = (void *)&ret[n].ss;
		struct sockaddr_in6 *in6 = (void *)&ret[n].ss;

		ret[n].family = strchr(word, ':') ? AF_INET6 : AF_INET;
		ret[n].len = ret[n].family == AF_INET ? sizeof(*in) : sizeof(*in6);
		ret[n].ss.ss_family = ret[n].family;
		in->sin_port = htons(port);	/* at the same place in both */
		if (inet_pton(ret[n].family, word, ret[n].family == AF_INET ? (void *)&in->sin_addr :
									   (void *)&in6->sin6_addr) != 1) {
			fprintf(stderr, "not an address: %s\n", word);
			exit(2);
		}
	}
	return n;
}

static const char *text(const struct name *name, char *buf, size_t size)
{
	const void *at = name->family == AF_INET ? (void *)&((struct sockaddr_in *)&name->ss)->sin_addr :
						   (void *)&((struct sockaddr_in6 *)&name->ss)->sin6_addr;

	return inet_ntop(name->family, at, buf, size);
}

static void end(struct connection *c, const char *how)
{
	char from[64], to[64];

	close(c->fd);
	c->fd = -1;
	open_now--;
	if (!how)
		return;
	failed++;
	fprintf(failures, "%.6f %.6f %s %s %s\n", c->began, now(), how, text(c->source, from, sizeof(from)),
		text(c->address, to, sizeof(to)));
}

static void start(void)
{
	struct epoll_event event = { .events = EPOLLOUT };
	struct connection *c = connections;
	static int next_address, next_source[2];
	int *next;

	while (c < connections + CONNECTIONS_MAX && c->fd >= 0)
		c++;
	if (c == connections + CONNECTIONS_MAX)
		return;
	*c = (struct connection){ .began = now(), .address = &addresses[next_address++ % n_addresses] };
	next = &next_source[c->address->family == AF_INET6];
	do
		c->source = &sources[(*next)++ % n_sources];
	while (c->source->family != c->address->family);
	c->fd = socket(c->address->family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	event.data.ptr = c;
	begun++;
	open_now++;
	if (c->fd < 0 || bind(c->fd, (const void *)&c->source->ss, c->source->len) ||
	    (connect(c->fd, (const void *)&c->address->ss, c->address->len) && errno != EINPROGRESS) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event))
		end(c, strerror(errno));
}

static void on_made(struct connection *c)
{
	static const char request[] = "GET /204 HTTP/1.1\r\nHost: load\r\nUser-Agent: load\r\nConnection: close\r\n\r\n";
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int err = 0;
	socklen_t len = sizeof(err);

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err) {
		end(c, err == ECONNREFUSED ? "refused" : err == ECONNRESET ? "reset-early" : "unreachable");
		return;
	}
	c->made = true;
	c->made_at = now();
	if (c->made_at - c->began > longest)
		longest = c->made_at - c->began;
	if (c->made_at - c->began > SLOW_S && c->began > stalled_at) {
		slow++;
		fprintf(failures, "%.6f %.6f slow - -\n", c->began, c->made_at);
	}
	if (send(c->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1)
		end(c, "cut");
	else
		epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void on_answer(struct connection *c)
{
	ssize_t n = recv(c->fd, c->answer + c->n, sizeof(c->answer) - 1 - c->n, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		end(c, "cut");
		return;
	}
	c->n += (size_t)n;
	c->answer[c->n] = 0;
	if (!strstr(c->answer, "\r\n\r\n"))
		return;
	if (strncmp(c->answer, "HTTP/1.1 204", 12)) {
		end(c, "other-status");
		return;
	}
	if (strcasestr(c->answer, "\r\nvia:"))
		proxied++;
	else
		forwarded++;
	end(c, NULL);
}

static void expire(void)
{
	double t = now();

	for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++)
		if (c->fd >= 0 && t - (c->made ? c->made_at : c->began) > (c->made ? ANSWER_S : CONNECT_S))
			end(c, c->made ? "unanswered" : "not-made");
}

static void turn(int ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(epoll, events, 256, ms);

	for (int i = 0; i < n; i++) {
		struct connection *c = events[i].data.ptr;

		if (c->fd >= 0)
			c->made ? on_answer(c) : on_made(c);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { CONNECTIONS_MAX + 64, CONNECTIONS_MAX + 64 };
	double rate, begin, seen, last;
	bool stop = false;

	if (argc != 7)
		return 2;
	rate = atof(argv[1]);
	n_addresses = read_names(argv[5], atoi(argv[4]), addresses);
	n_sources = read_names(argv[6], 0, sources);
	failures = fopen(argv[3], "w");
	epoll = epoll_create1(0);
	if (rate <= 0 || !n_addresses || !n_sources || !failures || epoll < 0)
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		connections[i].fd = -1;
	begin = seen = last = now();
	while (!stop || open_now) {
		double t = now();

		if (t - last > STALL_S)
			stalled_at = t;
		last = t;
		while (!stop && begun < (t - begin) * rate)
			start();
		turn(1);
		if (t - seen < 0.05)
			continue;
		seen = t;
		expire();
		stop = stop || !access(argv[2], F_OK);
	}
	printf("begun=%ld proxied=%ld direct=%ld failed=%ld slow=%ld longest_ms=%.0f rate=%.0f\n", begun, proxied,
	       forwarded, failed, slow, longest * 1000, begun / (now() - begin));
	return fclose(failures) ? 1 : 0;
}
