/* SPDX-License-Identifier: GPL-2.0-only */
/* The unprivileged worker process: what main.c starts after fork(). */
#ifndef TIPHARES_WORKER_H
#define TIPHARES_WORKER_H

#include <stddef.h>

#include "conf.h"
#include "datapath.h"
#include "shm.h"

/**
 * struct worker_args - everything the worker gets besides messages
 * @ops: the datapath in use; only its worker operations may be called
 * @control: control channel
 * @sockets: socket channel of each loop thread, @threads of them
 * @threads: number of loop threads, fixed for the life of the process
 * @shm: page the parent writes datapath state and counters to, mapped read-only
 * @admin_fd: listening unix socket, or -1
 * @metrics_fd: listening TCP socket, or -1
 */
struct worker_args {
	const struct datapath_ops *ops;
	int control;
	const int *sockets;
	unsigned int threads;
	const struct shm_page *shm;
	int admin_fd;
	int metrics_fd;
};

/**
 * worker_run() - serve until drained or the parent is gone
 *
 * Capabilities were dropped already. Creates the threads, waits for the first
 * configuration on the control channel. Return: exit status of the process.
 */
int worker_run(const struct worker_args *args);

#endif /* TIPHARES_WORKER_H */
