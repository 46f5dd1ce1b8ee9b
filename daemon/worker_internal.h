/* SPDX-License-Identifier: GPL-2.0-only */
/* The worker process: between worker.c and worker_admin.c. */
#ifndef TIPHARES_WORKER_INTERNAL_H
#define TIPHARES_WORKER_INTERNAL_H

#include "admin.h"
#include "overload.h"
#include "thread.h"
#include "worker.h"

/* A listener, or (fd -1) those that a thread keeps, for the next commit. */
struct pending_listener {
	int fd;
	size_t port;
	unsigned int thread;
};

/**
 * struct worker - the process
 * @lock: protects @gen, which the admin thread reads
 * @gen: in force; NULL before the first commit
 * @next_conf, @next_hosts, @next, @n_next: came since the last CHANNEL_CONF
 * @log_fd: for the access log; it came with CHANNEL_REOPEN and waits for
 *	its configuration, or -1
 * @admin: NULL when another daemon answers on its sockets
 * @drain_until: milliseconds of the monotonic clock
 * @poke: readable when a thread asks for a look at the load
 * @looks: of each thread, what was seen at the last look
 * @beats: turns of each thread when the last heartbeat was sent
 */
struct worker {
	const struct worker_args *args;
	struct thread *threads;
	unsigned int n_threads;
	pthread_mutex_t lock;
	struct generation *gen;
	struct conf *next_conf;
	struct hosts *next_hosts;
	struct pending_listener *next;
	size_t n_next;
	int log_fd;
	struct admin *admin;
	bool draining;
	uint64_t drain_until;
	uint64_t next_beat;
	uint64_t *beats;
	struct overload overload;
	int poke;
	uint64_t next_look;
	struct look *looks;
};

/* worker_overload.c: called often; looks when it is time, or at once */
int worker_overload_init(struct worker *w);
void worker_overload_look(struct worker *w, bool now);
uint64_t worker_now(void);

/* worker_bypass.c: the admin thread asks the parent, and its answer */
int worker_bypass_ask(void *arg, struct channel_msg *msg, int *fd, uint32_t *n);
void worker_bypass_done(const struct channel_msg *msg, int fd);

extern const struct admin_ops worker_admin_ops;

#endif /* TIPHARES_WORKER_INTERNAL_H */
