/* SPDX-License-Identifier: GPL-2.0-only */
/* The listening sockets of the admin interface, made by the parent. */
#ifndef TIPHARES_ADMIN_SOCKET_H
#define TIPHARES_ADMIN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "privs.h"

/**
 * admin_socket_open() - listen on a unix socket, mode 0660, root and @user's group
 *
 * Makes the last directory of @path where it is missing, and takes the place of
 * a socket on which nobody answers. Return: descriptor, or a negative errno
 * with @why.
 */
int admin_socket_open(const char *path, const struct privs_user *user, char *why, size_t size);

/* Is @fd listening there already? -1 is not. */
bool admin_socket_is(int fd, const char *path);
bool admin_metrics_is(int fd, const struct endpoint *e);

/* Listen for the metrics endpoint. As above. */
int admin_metrics_open(const struct endpoint *e, char *why, size_t size);

#endif /* TIPHARES_ADMIN_SOCKET_H */
