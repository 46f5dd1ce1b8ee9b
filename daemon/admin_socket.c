// SPDX-License-Identifier: GPL-2.0-only
/* The listening sockets of the admin interface. */
#include "admin_socket.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "port_sockets.h"

#define BACKLOG 64

static void make_directory(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];

	snprintf(copy, sizeof(copy), "%s", path);
	mkdir(dirname(copy), 0755);	/* what is wrong with it, bind() tells */
}

/* A socket that its daemon left behind may go; one that is answered may not. */
static int take_place(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) || errno == EAGAIN)
		err = -EADDRINUSE;
	else if (errno == ECONNREFUSED && !lstat(sun->sun_path, &st) && S_ISSOCK(st.st_mode))
		unlink(sun->sun_path);
	close(fd);
	return err;
}

static int bind_private(int fd, const struct sockaddr_un *sun, const struct privs_user *user)
{
	mode_t old = umask(0117);
	int err = bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? -errno : 0;

	umask(old);
	if (!err && (chown(sun->sun_path, (uid_t)-1, user->gid) || listen(fd, BACKLOG))) {
		err = -errno;
		unlink(sun->sun_path);
	}
	return err;
}

int admin_socket_open(const char *path, const struct privs_user *user, char *why, size_t size)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		snprintf(why, size, "admin socket %s: the path is longer than %zu octets", path,
			 sizeof(sun.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(sun.sun_path, path);
	make_directory(path);
	err = take_place(&sun);
	fd = err ? err : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		err = bind_private(fd, &sun, user);
	else if (!err)
		err = -errno;
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	snprintf(why, size, "admin socket %s: %s", path,
		 err == -EADDRINUSE ? "another daemon answers on it" : strerror(-err));
	return err;
}

bool admin_socket_is(int fd, const char *path)
{
	struct sockaddr_un sun = { 0 };
	socklen_t len = sizeof(sun) - 1;

	return fd >= 0 && !getsockname(fd, (struct sockaddr *)&sun, &len) && !strcmp(sun.sun_path, path);
}

bool admin_metrics_is(int fd, const struct endpoint *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct endpoint at;

	return fd >= 0 && !getsockname(fd, (struct sockaddr *)&ss, &len) && !endpoint_from_sockaddr(&at, &ss) &&
	       endpoint_equal(&at, e);
}

int admin_metrics_open(const struct endpoint *e, char *why, size_t size)
{
	char text[ENDPOINT_STRLEN];
	int fd = port_socket_bound(e, 0), err = fd < 0 ? fd : listen(fd, BACKLOG) ? -errno : 0;

	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	snprintf(why, size, "metrics endpoint %s: %s", endpoint_format(e, text, sizeof(text)),
		 strerror(-err));
	return err;
}
