// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends the virtual machine: `vmexit N` makes QEMU exit with 2 * N + 1, through its isa-debug-exit
 * device, once all that was written to the result channel has left the guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#define EXIT_PORT 0xf4

int main(int argc, char **argv)
{
	int code = argc > 1 ? atoi(argv[1]) : 0;
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);

	if (fd >= 0)
		tcdrain(fd);
	sync();
	if (ioperm(EXIT_PORT, 4, 1))
		perror("vmexit: ioperm");
	else
		outb(code, EXIT_PORT);
	reboot(RB_POWER_OFF);
	return 1;
}
