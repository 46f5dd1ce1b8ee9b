// SPDX-License-Identifier: GPL-2.0-only
/* Going to the background: a pipe tells whoever started us that we serve. */
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) wait_until_ready(int fd, pid_t daemon)
{
	int status;
	char c;

	if (read(fd, &c, 1) == 1)
		_exit(0);
	if (waitpid(daemon, &status, 0) == daemon && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(1);
}

int background_enter(void)
{
	int pair[2], null;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (pid) {
		close(pair[1]);
		wait_until_ready(pair[0], pid);
	}
	close(pair[0]);
	setsid();
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	return pair[1];
}

void background_ready(int fd)
{
	if (fd < 0)
		return;
	if (write(fd, "", 1) < 0)
		return;	/* nobody waits any more */
	close(fd);
}
