// SPDX-License-Identifier: GPL-2.0-only
/* Where the access log goes, opened by the parent. */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

/* The directory is the administrator's: the last component may not be a link. */
static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);

	if (fd < 0)
		return -errno;
	return fd;
}

static int open_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	if (!connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int log_sink_open(const struct conf_log *conf)
{
	int fd = -ENOENT;

	if (!strcmp(conf->to, "stdout") || !strcmp(conf->to, "off"))
		return fd;
	if (!strcmp(conf->to, "syslog"))
		fd = open_socket("/dev/log");
	else if (!strcmp(conf->to, "journal"))
		fd = open_socket("/run/systemd/journal/socket");
	else
		fd = open_file(conf->to);
	if (fd < 0)
		log_error("access log %s: %s", conf->to, strerror(-fd));
	return fd;
}
