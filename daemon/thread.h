/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A loop thread and everything that belongs to it alone. Nothing of this is
 * touched by another thread but the mailbox, the counters, deaf and loop.turns.
 */
#ifndef TIPHARES_THREAD_H
#define TIPHARES_THREAD_H

#include <pthread.h>

#include "access.h"
#include "accesslog.h"
#include "asymmetry.h"
#include "body.h"
#include "buf.h"
#include "conf.h"
#include "datapath.h"
#include "health.h"
#include "http_msg.h"
#include "loop.h"
#include "metrics.h"
#include "objpool.h"
#include "origin.h"
#include "recent.h"
#include "sockpool.h"
#include "speakers.h"
#include "upstream.h"

struct hosts;
struct resolver;
struct thread;

/* Counters of a port, found again by name after a reload; never freed earlier. */
struct port_stats {
	struct port_stats *next;
	char name[TIPH_NAME_MAX];
	uint64_t v[PORT_METRIC_MAX];
	struct histogram durations[DURATION_MAX];
};

/**
 * struct generation - a configuration in force, for all threads
 * @refs: atomic
 * @threads: that share the limits
 * @hosts: what the hosts file said when it came
 */
struct generation {
	unsigned int refs;
	unsigned int threads;
	struct conf *conf;
	struct routes *routes;
	struct access *access;
	struct hosts *hosts;
};

/**
 * struct setup - the same as one thread sees it; counted by its sessions
 * @log: lines of the access log are wanted
 * @resolver: made when a name is asked for first
 * @rules: how often each rule of access decided, by index
 * @ports: counters of each port, by index
 */
struct setup {
	unsigned int refs;
	struct generation *gen;
	const struct conf *conf;
	bool log;
	struct resolver *resolver;
	uint64_t *rules;
	struct port_stats *ports[];
};

/**
 * struct mail - something another thread wants run on this one
 * @fn: called on the loop thread; @m is the sender's until it returns
 */
struct mail {
	struct list link;
	void (*fn)(struct thread *t, struct mail *m);
	bool done;
};

/**
 * struct thread - see above
 * @head: for parsing one head; not kept over a return to the loop
 * @sessions, @listeners: all of them
 * @setup: for new sessions; NULL before the first commit
 * @next_setup: prepared, not in force yet
 * @draining: sessions end when they can
 * @stopping: leave the loop
 * @deaf: connections wait and it takes none; read by other threads
 * @lock: protects @mails and mail.done
 */
struct thread {
	unsigned int index;
	const struct datapath_ops *ops;
	struct loop loop;
	struct buf_pool bufs;
	struct pipe_pool pipes;
	struct carrier carrier;
	struct upstream_pool upstreams;
	struct sockpool sockets;
	struct speakers speakers;
	struct health health;
	struct asymmetry asymmetry;
	struct tally server_errors;
	struct accesslog log;
	struct setup *setup;
	struct setup *next_setup;
	struct list listeners;
	struct list sessions;
	unsigned int n_sessions;
	uint64_t next_id;
	unsigned int turn;
	bool draining;
	bool stopping;
	struct timer second;
	struct timer look;
	bool deaf;
	struct objpool session_objs;
	struct objpool exchange_objs;
	struct http_head head;
	struct metrics metrics;
	struct port_stats *port_stats;
	struct recent recent;
	pthread_t pthread;
	struct watch mailbox;
	pthread_mutex_t lock;
	pthread_cond_t mail_done;
	struct list mails;
};

/* Start a thread's loop; @channel: its socket channel. 0 or a negative errno. */
int thread_start(struct thread *t, unsigned int index, const struct datapath_ops *ops, int channel);
/* Run @m->fn on @t and wait for it. Not from a loop thread. */
void thread_call(struct thread *t, struct mail *m);
/* Close everything it has, end it, free what is its. */
void thread_stop(struct thread *t);

/* With one reference; NULL: out of memory. Consumes @conf and @hosts. */
struct generation *generation_create(struct conf *conf, struct hosts *hosts, unsigned int threads);
struct generation *generation_get(struct generation *gen);
void generation_put(struct generation *gen);

/*
 * On the thread itself. Prepare: allocate what the generation needs; may fail
 * with -ENOMEM and changes nothing. Commit: the prepared one is for new sessions
 * from here on. Cancel: forget it.
 */
int thread_prepare(struct thread *t, struct generation *gen);
void thread_commit(struct thread *t);
void thread_cancel(struct thread *t);
/*
 * End idle sessions, let the others finish; accept what is on its way, or with
 * @at_once nothing more: another daemon has the same listeners, or nobody waits.
 */
void thread_drain(struct thread *t, bool at_once);

static inline struct setup *setup_get(struct setup *setup)
{
	setup->refs++;
	return setup;
}
void setup_put(struct setup *setup);

#endif /* TIPHARES_THREAD_H */
