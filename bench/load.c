// SPDX-License-Identifier: GPL-2.0-only
/*
 * load: what clients do, counted and timed.
 *
 *	load close  [options] ADDRESS PORT PATH	a connection for each request; the server closes it
 *	load keep   [options] ADDRESS PORT PATH	requests on connections that stay
 *	load idle   [options] ADDRESS PORT PATH	connections that do one request each and then stay silent till stdin ends
 *
 *	-c N	connections at once (32); for idle: how many to hold
 *	-t S	seconds at most (5); for idle: at most that long
 *	-n N	requests at most (1,000,000)
 *	-r N	open loop: so many requests a second are due, whether or not the last ones are answered, and a request's
 *		time runs from when it was due. Else the loop is closed: each connection asks as soon as it may.
 *	-s A	source address; may be given several times, connections take turns
 *
 * One line of key=value at the end: ok (answers of status 200 with their whole body), secs, rate, p50_ms, p99_ms,
 * p999_ms, max_ms, failed, and why: refused, reset, timeout, short, status, other. For idle: "held=N failed=N" once they
 * are up, "closed=N" at the end.
 *
 * A slot is a connection and what it is doing. Nothing here waits but epoll.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_US	5000000
#define LINGER_US	1000000
#define SOURCES_MAX	64
#define AT_ONCE		128	/* connections of idle that are on their way up */

enum state { FREE, CONNECTING, WAITING, SILENT, CLOSING };
enum why { REFUSED, RESET, TIMEOUT, SHORT, STATUS, OTHER, N_WHY };
static const char *const why_names[N_WHY] = { "refused", "reset", "timeout", "short", "status", "other" };

struct slot {
	int fd;
	enum state state;
	int64_t due;		/* when the request was due, microseconds */
	int64_t since;		/* of this state */
	int64_t need;		/* octets of the body, -1: the head is not complete */
	int64_t got;
	int head_len;
	char head[2048];
};

struct source {
	struct sockaddr_storage ss;
};

static struct {
	bool keep, idle;
	int connections;
	double seconds;
	int64_t requests;
	double rate;
	struct source sources[SOURCES_MAX];
	int n_sources;
} want = { .connections = 32, .seconds = 5, .requests = 1000000 };

static struct sockaddr_storage to;
static char request[1024];
static int request_len, epoll, next_source, held;
static int64_t begun, ok, failed[N_WHY];
static uint32_t *times;

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static socklen_t length_of(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void set_state(struct slot *s, enum state state)
{
	s->state = state;
	s->since = now_us();
}

static void drop(struct slot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	set_state(s, FREE);
}

static void fail(struct slot *s, enum why why)
{
	failed[why]++;
	drop(s);
}

static enum why why_of(int err)
{
	switch (err) {
	case ECONNREFUSED: return REFUSED;
	case ECONNRESET:
	case EPIPE: return RESET;
	case ETIMEDOUT: return TIMEOUT;
	default: return OTHER;
	}
}

static void ask(struct slot *s)
{
	ssize_t n = send(s->fd, request, request_len, MSG_NOSIGNAL);

	if (n != request_len) {
		fail(s, n < 0 ? why_of(errno) : OTHER);
		return;
	}
	s->head_len = 0;
	s->need = -1;
	s->got = 0;
	set_state(s, WAITING);
}

static void open_connection(struct slot *s)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = s };
	int one = 1;

	s->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		fail(s, OTHER);
		return;
	}
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (want.n_sources) {
		const struct sockaddr_storage *from = &want.sources[next_source++ % want.n_sources].ss;

		setsockopt(s->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		if (bind(s->fd, (const struct sockaddr *)from, length_of(from))) {
			fail(s, OTHER);
			return;
		}
	}
	set_state(s, CONNECTING);
	if (connect(s->fd, (struct sockaddr *)&to, length_of(&to)) && errno != EINPROGRESS)
		fail(s, why_of(errno));
	else
		epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &ev);
}

static void begin(struct slot *s, int64_t due)
{
	begun++;
	s->due = due;
	if (s->fd >= 0)
		ask(s);
	else
		open_connection(s);
}

static void answered(struct slot *s)
{
	int64_t took = now_us() - s->due;

	if (ok < want.requests)
		times[ok] = took > UINT32_MAX ? UINT32_MAX : took;
	ok++;
	if (want.idle) {
		held++;
		set_state(s, SILENT);
	} else {
		set_state(s, want.keep ? FREE : CLOSING);
	}
}

/* The head is complete: its status and the body's length. */
static void read_head(struct slot *s, const char *end)
{
	const char *line;

	s->head[s->head_len] = '\0';
	if (strncmp(s->head, "HTTP/1.1 200 ", 13) && strncmp(s->head, "HTTP/1.0 200 ", 13)) {
		fail(s, STATUS);
		return;
	}
	s->need = INT64_MAX;
	for (line = strstr(s->head, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n"))
		if (!strncasecmp(line + 2, "content-length:", 15))
			s->need = atoll(line + 17);
	s->got = s->head_len - (end + 4 - s->head);
}

static void took_head(struct slot *s, ssize_t n)
{
	const char *end;

	s->head_len += n;
	end = memmem(s->head, s->head_len, "\r\n\r\n", 4);
	if (end)
		read_head(s, end);
	else if (s->head_len == (int)sizeof(s->head) - 1)
		fail(s, STATUS);
}

/* The other side closed. */
static void ended(struct slot *s)
{
	if (s->state == WAITING && s->need == INT64_MAX)
		answered(s);
	if (s->state == WAITING)
		fail(s, SHORT);
	else
		drop(s);
}

static void receive(struct slot *s)
{
	static char body[1 << 16];
	bool in_head;
	ssize_t n;

	while (s->fd >= 0) {
		in_head = s->state == WAITING && s->need < 0;
		n = in_head ? recv(s->fd, s->head + s->head_len, sizeof(s->head) - 1 - s->head_len, 0) :
			      recv(s->fd, body, sizeof(body), 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 && s->state == WAITING)
			fail(s, why_of(errno));
		else if (n < 0)
			drop(s);
		else if (!n)
			ended(s);
		else if (in_head)
			took_head(s, n);
		else
			s->got += n;
		if (s->fd >= 0 && s->state == WAITING && s->need >= 0 && s->got >= s->need)
			answered(s);
	}
}

static void on_event(struct slot *s, uint32_t events)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (s->fd < 0)
		return;
	if (s->state == CONNECTING) {
		getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		if (err)
			fail(s, why_of(err));
		else if (events & EPOLLOUT)
			ask(s);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && s->fd >= 0 && s->state != CONNECTING)
		receive(s);
}

static void expire(struct slot *slots, int64_t now)
{
	int i;

	for (i = 0; i < want.connections; i++) {
		struct slot *s = &slots[i];

		if ((s->state == CONNECTING || s->state == WAITING) && now - s->since > DEADLINE_US)
			fail(s, TIMEOUT);
		else if (s->state == CLOSING && now - s->since > LINGER_US)
			drop(s);
	}
}

static int64_t done(void)
{
	int64_t n = ok;
	int i;

	for (i = 0; i < N_WHY; i++)
		n += failed[i];
	return n;
}

/* Gives free slots something to do, as far as it is due. */
static void hand_out(struct slot *slots, int64_t start, int64_t now)
{
	int64_t due = want.rate ? (int64_t)((now - start) * want.rate / 1e6) : INT64_MAX;
	int i;

	if (due > want.requests)
		due = want.requests;
	if (want.idle && due > done() + AT_ONCE)
		due = done() + AT_ONCE;
	for (i = 0; i < want.connections && begun < due; i++)
		if (slots[i].state == FREE)
			begin(&slots[i], want.rate ? start + (int64_t)(begun * 1e6 / want.rate) : now);
}

static void run(struct slot *slots)
{
	int64_t start = now_us(), end = start + (int64_t)(want.seconds * 1e6), now = start, swept = start;
	struct epoll_event events[256];
	int i, n;

	do {
		hand_out(slots, start, now);
		n = epoll_wait(epoll, events, 256, want.rate ? 1 : 10);
		for (i = 0; i < n; i++)
			on_event(events[i].data.ptr, events[i].events);
		now = now_us();
		if (now - swept > 20000) {
			expire(slots, now);
			swept = now;
		}
	} while (now < end && done() < want.requests);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double at(int64_t n, double share)
{
	int64_t i = (int64_t)(share * n);

	return n ? times[i >= n ? n - 1 : i] / 1e3 : 0;
}

static void report(double seconds)
{
	int64_t n = ok < want.requests ? ok : want.requests;
	int i;

	qsort(times, n, sizeof(*times), by_size);
	printf("ok=%lld secs=%.3f rate=%.1f p50_ms=%.3f p99_ms=%.3f p999_ms=%.3f max_ms=%.3f failed=%lld", (long long)ok,
	       seconds, ok / seconds, at(n, .5), at(n, .99), at(n, .999), at(n, 1), (long long)(done() - ok));
	for (i = 0; i < N_WHY; i++)
		printf(" %s=%lld", why_names[i], (long long)failed[i]);
	putchar('\n');
}

static int hold(struct slot *slots)
{
	int64_t end = now_us() + (int64_t)(want.seconds * 1e6);
	int i, closed = 0;
	char c;

	printf("held=%d failed=%d\n", held, want.connections - held);
	fflush(stdout);
	fcntl(0, F_SETFL, O_NONBLOCK);
	while (now_us() < end && read(0, &c, 1) != 0)
		usleep(20000);
	for (i = 0; i < want.connections; i++)
		if (slots[i].state == SILENT && recv(slots[i].fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			closed++;
	printf("closed=%d\n", closed);
	return held == want.connections && !closed ? 0 : 1;
}

static bool read_address(const char *text, int port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (void *)ret;
	struct sockaddr_in6 *v6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

static int usage(void)
{
	fputs("usage: load close|keep|idle [-c N] [-t SECONDS] [-n N] [-r RATE] [-s SOURCE]... ADDRESS PORT PATH\n", stderr);
	return 2;
}

static int read_options(int argc, char **argv)
{
	int o;

	want.keep = !strcmp(argv[1], "keep");
	want.idle = !strcmp(argv[1], "idle");
	if (!want.keep && !want.idle && strcmp(argv[1], "close"))
		return -EINVAL;
	while ((o = getopt(argc - 1, argv + 1, "c:t:n:r:s:")) != -1) {
		switch (o) {
		case 'c': want.connections = atoi(optarg); break;
		case 't': want.seconds = atof(optarg); break;
		case 'n': want.requests = atoll(optarg); break;
		case 'r': want.rate = atof(optarg); break;
		case 's':
			if (want.n_sources == SOURCES_MAX ||
			    !read_address(optarg, 0, &want.sources[want.n_sources++].ss))
				return -EINVAL;
			break;
		default: return -EINVAL;
		}
	}
	if (want.idle)
		want.requests = want.connections;
	return want.connections > 0 && want.requests > 0 && want.requests <= 50000000 && optind + 4 == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct slot *slots;
	int64_t start;
	char **rest;
	int i;

	if (argc < 2 || read_options(argc, argv))
		return usage();
	rest = argv + 1 + optind;
	if (!read_address(rest[0], atoi(rest[1]), &to))
		return usage();
	request_len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s%s%s\r\n%s\r\n", rest[2],
			       to.ss_family == AF_INET6 ? "[" : "", rest[0], to.ss_family == AF_INET6 ? "]" : "",
			       want.keep || want.idle ? "" : "Connection: close\r\n");
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	times = malloc(want.requests * sizeof(*times));
	slots = calloc(want.connections, sizeof(*slots));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!times || !slots || epoll < 0 || request_len >= (int)sizeof(request))
		return 1;
	for (i = 0; i < want.connections; i++)
		slots[i].fd = -1;
	start = now_us();
	run(slots);
	if (want.idle)
		return hold(slots);
	report((now_us() - start) / 1e6);
	return 0;
}
