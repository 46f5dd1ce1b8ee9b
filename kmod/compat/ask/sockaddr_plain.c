// SPDX-License-Identifier: GPL-2.0-only
/* Does connecting in the kernel want a plain struct sockaddr? */
#include <linux/net.h>

int ask(struct socket *sock, struct sockaddr *addr);
int ask(struct socket *sock, struct sockaddr *addr)
{
	return kernel_connect(sock, addr, 0, 0);
}
