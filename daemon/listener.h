/* SPDX-License-Identifier: GPL-2.0-only */
/* Listening sockets of a thread. */
#ifndef TIPHARES_LISTENER_H
#define TIPHARES_LISTENER_H

#include "thread.h"

struct listener_copy {
	int fd;
	unsigned int port;
};

/**
 * listener_add() - accept on @fd for the port at @port_index of @t's setup
 *
 * Level-triggered: a connection that comes alone costs one accept. Consumes
 * @fd. 0 or a negative errno.
 */
int listener_add(struct thread *t, int fd, size_t port_index);
/* Those at the addresses of the port stay, now for @t's setup. */
void listener_keep(struct thread *t, size_t port_index);
/* To be asked from time to time: do connections wait, and have done so the last time, and none was taken? */
bool listener_is_deaf(struct thread *t);
/* Copies of the descriptors in use, at most @max; returns how many. */
size_t listener_copies(struct thread *t, struct listener_copy *ret, size_t max);
/* Retire those that are not of the setup in force: they accept what is on its way, then close. */
void listener_retire_old(struct thread *t);
void listener_retire_all(struct thread *t);
void listener_close_all(struct thread *t);

#endif /* TIPHARES_LISTENER_H */
