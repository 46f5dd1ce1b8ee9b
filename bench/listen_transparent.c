// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen_transparent PORT VARIABLE COMMAND...: for a server that can't ask for IP_TRANSPARENT on its own listeners.
 *
 * Opens transparent, non-blocking listeners on PORT, IPv4 as descriptor 3 and IPv6 as 4, names them in VARIABLE as "3;4;",
 * which is how nginx inherits listeners of an older binary, and executes the command.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_listener(int family, int port, int fd)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int one = 1, made = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (made < 0 || setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		return -1;
	if (family == AF_INET) {
		if (setsockopt(made, SOL_IP, IP_TRANSPARENT, &one, sizeof(one)) ||
		    bind(made, (struct sockaddr *)&v4, sizeof(v4)))
			return -1;
	} else if (setsockopt(made, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one)) ||
		   setsockopt(made, SOL_IPV6, IPV6_TRANSPARENT, &one, sizeof(one)) ||
		   bind(made, (struct sockaddr *)&v6, sizeof(v6))) {
		return -1;
	}
	if (listen(made, 16384))
		return -1;
	return made == fd ? fd : dup2(made, fd);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: listen_transparent PORT VARIABLE COMMAND...\n", stderr);
		return 2;
	}
	close(3);
	close(4);
	if (open_listener(AF_INET, atoi(argv[1]), 3) < 0 || open_listener(AF_INET6, atoi(argv[1]), 4) < 0) {
		perror("listen_transparent");
		return 1;
	}
	setenv(argv[2], "3;4;", 1);
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
