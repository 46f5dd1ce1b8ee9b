/* SPDX-License-Identifier: GPL-2.0-only */
/* What the worker may still ask the kernel for. */
#ifndef TIPHARES_CONFINE_H
#define TIPHARES_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct confinement - what confine() achieved
 * @filtered: system calls are filtered; false only in builds for debugging
 * @landlock: ABI of Landlock that is in force, 0: this kernel has none
 * @notify: descriptor on which the parent hears of violations, or -1 where
 *	another listener has the place: the kernel kills then by itself
 */
struct confinement {
	bool filtered;
	unsigned int landlock;
	int notify;
};

/**
 * confine() - give up, for good, every system call that a worker does not need
 *
 * After privs_drop_worker() and before there are threads. A path is answered as
 * if no file had it, since libraries ask for some and can do without. Any other
 * call that is not on the list never returns: whoever has @ret->notify ends the
 * process. Return: 0 or a negative errno, and then the process must not go on.
 */
int confine(struct confinement *ret);

/**
 * confine_violation() - read one violation, in the parent
 * @name: of the system call
 *
 * The call never takes place. Return: true, or false when there was none to
 * read.
 */
bool confine_violation(int notify, char *name, size_t size);

#endif /* TIPHARES_CONFINE_H */
