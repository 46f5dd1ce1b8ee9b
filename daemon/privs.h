/* SPDX-License-Identifier: GPL-2.0-only */
/* Privileges of the two processes. */
#ifndef TIPHARES_PRIVS_H
#define TIPHARES_PRIVS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whom the worker runs as. */
struct privs_user {
	uid_t uid;
	gid_t gid;
};

#define PRIVS_DEFAULT_USER "tiphares"

/**
 * privs_find_user() - look up the worker's user
 * @name: key user of the configuration
 * @why: on failure, and when another user than @name is taken: one sentence;
 *	else empty
 *
 * Where the default user was not created (no installation), nobody serves.
 * Return: 0, -ENOENT, or -EPERM for root, whose files a worker could write even
 * without capabilities, and for our own user, whose processes it could trace.
 */
int privs_find_user(const char *name, struct privs_user *ret, char *why, size_t size);

/* Can we do what the parent must? */
bool privs_suffice(void);

/* As many descriptors as the hard limit allows. */
void privs_raise_nofile(void);

/**
 * privs_reduce_parent() - keep only what the parent's work needs
 *
 * Return: 0 or a negative errno.
 */
int privs_reduce_parent(void);

/**
 * privs_drop_worker() - become @user, for good
 * @parent: pid of the parent: the worker is killed when it ends
 *
 * No capability is left in any set, and none can be gained. Return: 0 or a
 * negative errno.
 */
int privs_drop_worker(const struct privs_user *user, pid_t parent);

#endif /* TIPHARES_PRIVS_H */
