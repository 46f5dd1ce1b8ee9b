// SPDX-License-Identifier: GPL-2.0-only
/* What a process can't do any more that became the worker. */
#include <errno.h>
#include <pwd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privs.h"
#include "tap.h"

/* Runs in a child, for it can't be undone. Return: 0, or the number of what was possible. */
static int try_all(pid_t parent, const struct privs_user *user)
{
	struct sockaddr_in any = { .sin_family = AF_INET }, self = { .sin_family = AF_INET, .sin_port = htons(1) };
	int before, fd, one = 1;

	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	before = socket(AF_INET, SOCK_STREAM, 0);
	if (before < 0 || bind(before, (struct sockaddr *)&any, sizeof(any)))
		return 1;
	if (privs_drop_worker(user, parent))
		return 2;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return 3;
	if (!bind(fd, (struct sockaddr *)&any, sizeof(any)) || errno != EPERM)
		return 4;
	if (!listen(before, 1) || errno != EPERM)
		return 5;
	if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM)
		return 6;
	if (!setsockopt(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one)) || errno != EPERM)
		return 7;
	if (!setuid(0) || !seteuid(0))
		return 8;
	if (!connect(fd, (struct sockaddr *)&self, sizeof(self)) || errno == EPERM)
		return 9;
	return 0;
}

int main(void)
{
	const struct passwd *pw = getpwnam("nobody");
	struct privs_user user = { 0 };
	pid_t parent = getpid(), child;
	int status = -1;

	if (geteuid() || !pw) {
		ok(true, "the worker can give no socket an address # SKIP needs root and a user nobody");
		return tap_done();
	}
	user = (struct privs_user){ .uid = pw->pw_uid, .gid = pw->pw_gid };
	child = fork();
	if (!child)
		_exit(try_all(parent, &user));
	waitpid(child, &status, 0);
	ok(!status, "the worker can give no socket an address, and gain nothing: %d", WEXITSTATUS(status));
	return tap_done();
}
