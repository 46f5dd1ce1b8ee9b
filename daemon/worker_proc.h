/* SPDX-License-Identifier: GPL-2.0-only */
/* The worker process as its parent sees it. */
#ifndef TIPHARES_WORKER_PROC_H
#define TIPHARES_WORKER_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf.h"
#include "datapath.h"
#include "port_sockets.h"
#include "privs.h"
#include "shm.h"

#define WORKER_THREADS_MAX 256

/**
 * struct worker_proc - one worker process
 * @pid: 0: there is none
 * @control, @sockets: our ends of its channels, -1: closed
 * @leash: a pipe: an octet at its end 1 kills the process; kept until the next one
 * @confined: it has said how it is confined
 * @notify: where its violations are heard of, or -1
 */
struct worker_proc {
	pid_t pid;
	int control;
	int notify;
	int leash[2];
	bool confined;
	int sockets[WORKER_THREADS_MAX];
	unsigned int threads;
};

/* What every worker of this daemon gets; set once at the start. */
struct worker_env {
	const struct datapath_ops *ops;
	struct privs_user user;
	unsigned int threads;
	struct shm_page *shm;
	int admin_fd;
	int metrics_fd;
};

/* Fork a worker that waits for its first configuration. Return: 0 or a negative errno. */
int worker_proc_start(struct worker_proc *w, const struct worker_env *env);

/**
 * worker_proc_configure() - hand over a configuration, its log and its listeners
 *
 * The descriptors stay the caller's. Waits a few seconds at most for room in
 * the channel. Return: 0 or a negative errno: the worker can't be trusted to
 * know anything and must be ended.
 */
int worker_proc_configure(struct worker_proc *w, const struct conf *conf, const struct port_sockets *l);

/*
 * Hand over the access log where there is something to open; what can't be
 * opened is logged. Return: 0 or a negative errno, as above.
 */
int worker_proc_log(struct worker_proc *w, const struct conf *conf);

/*
 * Accept nothing new, end with the last session or after @ms. @superseded:
 * another daemon has its listeners and its admin sockets.
 */
int worker_proc_drain(struct worker_proc *w, unsigned int ms, bool superseded);

/* Close the channels: a sound worker ends by itself. */
void worker_proc_disconnect(struct worker_proc *w);
/* End it at once. Both: the caller waits for the process. */
void worker_proc_kill(struct worker_proc *w);

#endif /* TIPHARES_WORKER_PROC_H */
