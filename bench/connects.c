// SPDX-License-Identifier: GPL-2.0-only
/*
 * connects [N]: what a connection costs beside N (30,000) pairs in TIME_WAIT of the same address to the same origin.
 *
 * As the nft datapath makes a spoofed socket: transparent, the address bound without a port, the port chosen by
 * connect(2) for the 4-tuple. In a namespace of its own, on loopback, without tcp_tw_reuse. Prints microseconds of bind
 * and connect: median of the first thousand and of the thousand after N, and whether any failed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE 1000

#ifndef IP_TRANSPARENT
#define IP_TRANSPARENT 19
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static const struct sockaddr_in origin = { .sin_family = AF_INET, .sin_port = 0x5000, .sin_addr.s_addr = 0x0200007f };
static const struct sockaddr_in client = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0900007f };

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY), r;

	r = fd < 0 || write(fd, value, strlen(value)) < 0;
	close(fd);
	return r;
}

/* One connection, which we close first. Nanoseconds of its making, or -1. */
static int64_t one(int listener)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0), got;
	int64_t began, took;
	char c;

	setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on));
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	began = now_ns();
	if (bind(fd, (const struct sockaddr *)&client, sizeof(client)) ||
	    connect(fd, (const struct sockaddr *)&origin, sizeof(origin))) {
		close(fd);
		return -1;
	}
	took = now_ns() - began;
	got = accept(listener, NULL, NULL);
	shutdown(fd, SHUT_WR);
	if (read(got, &c, 1))
		took = -1;
	close(got);
	if (read(fd, &c, 1))
		took = -1;
	close(fd);
	return took;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Microseconds, the median. */
static double sample(int listener, int *failed)
{
	static int64_t took[SAMPLE];

	for (int i = 0; i < SAMPLE; i++) {
		took[i] = one(listener);
		*failed += took[i] < 0;
	}
	qsort(took, SAMPLE, sizeof(took[0]), by_time);
	return took[SAMPLE / 2] / 1000.0;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 30000, listener, failed = 0;
	double first, last;

	if (unshare(CLONE_NEWNET) || system("ip link set lo up") ||
	    setting("/proc/sys/net/ipv4/tcp_tw_reuse", "0") ||
	    setting("/proc/sys/net/ipv4/tcp_max_tw_buckets", "262144") ||
	    setting("/proc/sys/net/ipv4/ip_local_port_range", "10000 65535")) {
		fprintf(stderr, "connects: needs root\n");
		return 1;
	}
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (const struct sockaddr *)&origin, sizeof(origin)) || listen(listener, 128))
		return 1;
	first = sample(listener, &failed);
	for (int i = SAMPLE; i < n; i++)
		failed += one(listener) < 0;
	last = sample(listener, &failed);
	printf("time_wait=%d first_us=%.1f last_us=%.1f failed=%d\n", n, first, last, failed);
	return failed != 0;
}
