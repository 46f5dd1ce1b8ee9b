// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect HOW FAMILY ACCEPTED SOURCE DESTINATION PORT EXISTING COUNT: what a connection from somebody else's address costs,
 * from no socket to its SYN at the device, in a machine that counts instructions. HOW: "module", by the accepted
 * connection ACCEPTED, or "transparent", as who has CAP_NET_ADMIN does it without the module. EXISTING connections
 * from that address to that destination are made first. Nobody answers; each is closed again.
 *
 * Prints "LEAST MEDIAN SYSCALLS": the median has more in it than the least where ports are taken, for the kernel tries
 * one after another from a random one on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tiphares.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#define COUNT_MAX 4096

#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT 75
#endif

static bool v6, by_module;
static int accepted;
static union {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} source, destination;
static socklen_t addr_len;

static void address(const char *text, const char *port, bool is_source)
{
	struct sockaddr_in6 *in6 = is_source ? &source.in6 : &destination.in6;
	struct sockaddr_in *in = is_source ? &source.in : &destination.in;

	if (v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((in_port_t)atoi(port));
		if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
			return;
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons((in_port_t)atoi(port));
		if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
			return;
	}
	fprintf(stderr, "connect: %s?\n", text);
	exit(2);
}

static int module_connect(int fd)
{
	struct tiph_spoof spoof = { .accepted_fd = accepted, .flags = TIPH_SPOOF_CONNECT };

	if (v6) {
		memcpy(spoof.addr, &destination.in6.sin6_addr, 16);
		spoof.dport = destination.in6.sin6_port;
	} else {
		memcpy(spoof.addr, &destination.in.sin_addr, 4);
		spoof.dport = destination.in.sin_port;
	}
	return setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, TIPH_SO_SPOOF, &spoof, sizeof(spoof));
}

static int transparent_connect(int fd)
{
	const int on = 1;

	if (setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ||
	    bind(fd, &source.sa, addr_len))
		return -1;
	return connect(fd, &destination.sa, addr_len);
}

static int spoofed(void)
{
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (by_module ? module_connect(fd) : transparent_connect(fd)) && errno != EINPROGRESS) {
		perror("connect");
		exit(1);
	}
	if (fd < 0) {
		perror("connect: socket");
		exit(1);
	}
	return fd;
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a, y = *(const unsigned long long *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static unsigned long long took[COUNT_MAX];
	struct rlimit files = { 70000, 70000 };
	int existing, count, i;

	if (argc != 9 || setrlimit(RLIMIT_NOFILE, &files))
		return 2;
	by_module = !strcmp(argv[1], "module");
	v6 = atoi(argv[2]) == 6;
	accepted = atoi(argv[3]);
	addr_len = v6 ? sizeof(source.in6) : sizeof(source.in);
	address(argv[4], "0", true);
	address(argv[5], argv[6], false);
	existing = atoi(argv[7]);
	count = atoi(argv[8]);
	if (count < 1 || count > COUNT_MAX)
		return 2;
	for (i = 0; i < existing; i++)
		spoofed();
	for (i = -16; i < count; i++) {
		unsigned long long began = __rdtsc();
		int fd = spoofed();

		if (i >= 0)
			took[i] = __rdtsc() - began;
		close(fd);
	}
	qsort(took, (size_t)count, sizeof(*took), compare);
	printf("%llu %llu %d\n", took[0], took[count / 2], by_module ? 2 : 5);
	return 0;
}
