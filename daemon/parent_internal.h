/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the parent share; for parent*.c only. */
#ifndef TIPHARES_PARENT_INTERNAL_H
#define TIPHARES_PARENT_INTERNAL_H

#include <limits.h>

#include "channel.h"
#include "parent.h"
#include "takeover.h"
#include "worker_proc.h"

#define WHY_MAX 400

/*
 * STARTING --first READY--> SERVING --drain--> DRAINING
 *     |                        |                  |
 *     +--- failure, TERM ------+------ TERM ------+--worker ended--> ENDING
 */
enum parent_state { STARTING, SERVING, DRAINING, ENDING };

/*
 * To a successor (takeover.h):
 *
 * NOBODY --accepted--> MET --TAKEOVER--> GIVING --GAVE--> GIVEN --TOOK--> drain
 *   ^                   |                  |                |
 *   +-------------------+------------------+----- its end --+
 *
 * An end in GIVEN: it may have the interception already, which we take back.
 */
enum parent_heir { NOBODY, MET, GIVING, GIVEN };

/**
 * struct parent - the process
 * @conf: what the datapath has, and the worker has or was sent
 * @previous: what to go back to if the worker refuses @conf; may be NULL
 * @ids: numbers by which the datapath knows the ports of @conf, by index
 * @awaiting: the worker has not answered the last commit
 * @reloading: what it has not answered is a reload
 * @has_listeners: the worker was given those of @conf
 * @lost: somebody else owns the ports now: they are not ours to remove
 * @reload_wanted, @ports_wanted: to be done once it has
 * @born: when the worker was started
 * @beat: when it last said that all its threads turn
 * @overloaded: the worker says it has too much to do
 * @deaf: it says that it does not accept
 * @restart_at: when to start the next one, 0: there is one
 * @backoff: milliseconds before that one
 * @log_asked: when the worker last had its log opened again
 * @reload_asked, @upgrade_asked: when one that the worker had asked for was begun
 * @reload_due, @upgrade_due: the worker asks for one
 * @bypass_dirty: dynamic entries changed since the snapshot
 * @bypass_save_at: milliseconds, when the next one may be written
 * @inherited: of the daemon that we take over from
 * @meeting: where a successor comes to, or -1
 * @heir, @heir_state, @heir_until: the successor's channel, how far it is, and
 *	milliseconds of patience with it
 * @heir_pid: the process, for the service manager
 * @giving: the worker was asked for its listeners and has not sent all
 * @superseded: it serves
 * @program: its file
 * @upgrade: pid of the program that we started to take over, 0: none
 * @signals: signalfd
 * @ready_fd: whom to tell that we serve (see background.h), or -1
 */
struct parent {
	const struct parent_args *args;
	const struct datapath_ops *ops;
	struct datapath *dp;
	struct conf *conf;
	struct conf *previous;
	uint32_t ids[TIPH_PORTS_MAX];
	bool awaiting;
	bool reloading;
	bool has_listeners;
	bool lost;
	bool reload_wanted;
	bool ports_wanted;
	enum parent_state state;
	int status;
	struct worker_env env;
	struct worker_proc worker;
	uint64_t born;
	uint64_t beat;
	bool overloaded;
	bool deaf;
	uint64_t restart_at;
	unsigned int backoff;
	uint64_t log_asked;
	uint64_t reload_asked;
	uint64_t upgrade_asked;
	bool reload_due;
	bool upgrade_due;
	bool bypass_dirty;
	uint64_t bypass_save_at;
	char *admin_path;
	struct inheritance inherited;
	int meeting;
	int heir;
	enum parent_heir heir_state;
	uint64_t heir_until;
	pid_t heir_pid;
	bool giving;
	bool superseded;
	pid_t upgrade;
	char program[PATH_MAX];
	int signals;
	int ready_fd;
};

/* Milliseconds of the monotonic clock. */
uint64_t parent_now(void);
/* Begin to end with that exit status; the first one counts. */
void parent_end(struct parent *p, int status);

/* parent_conf.c: configurations */

/* At the start: @p->conf into force. Return: 0 or a negative errno, logged. */
int parent_conf_first(struct parent *p);
/* A new worker gets @p->conf. */
void parent_conf_again(struct parent *p);
/* Read the file again; a bad one changes nothing. */
void parent_reload(struct parent *p);
/* A successor that may have taken the interception is gone: take it back. */
void parent_conf_retake(struct parent *p);
/* Somebody else changed the datapath's ports: follow. */
void parent_follow_ports(struct parent *p);
/* Open the access log anew where it is a file, logrotate has moved it. */
void parent_reopen_log(struct parent *p);
/* The worker answered the last commit. */
void parent_answered(struct parent *p, int error);

/* parent_worker.c: supervision */

/* Return: 0 or a negative errno, logged. */
int parent_worker_start(struct parent *p);
/* Read what the worker says on its control channel. */
void parent_worker_read(struct parent *p);
/* A thread asks for sockets. */
void parent_worker_serve(struct parent *p, unsigned int thread);
/* Read what system call it was not to make, and end it. */
void parent_worker_violation(struct parent *p);
/* It broke the rules: end it. */
void parent_worker_condemn(struct parent *p, const char *what, int err);
/* SIGCHLD came. */
void parent_worker_reap(struct parent *p);
/* Start the next one when it is time; end one that hangs. */
void parent_worker_tick(struct parent *p);
/* Accept nothing new, end after the last session. */
void parent_drain(struct parent *p);

/* parent_bypass.c: what is forwarded on purpose */

/* The lists of @p->conf into the datapath, which has its ports. */
void parent_bypass_apply(struct parent *p);
/* At the start: what the snapshot has. */
void parent_bypass_restore(struct parent *p);
/* Save the snapshot if it is due; @now: in any case. */
void parent_bypass_save(struct parent *p, bool now);
/* The worker asks. Return: 0 or -EPROTO. */
int parent_bypass_serve(struct parent *p, const struct channel_msg *msg);
/* To the worker's admin thread, with @fd, which is closed, unless it is negative. */
void parent_answer(struct parent *p, const struct channel_msg *done, int fd);

/* parent_explain.c: CHANNEL_EXPLAIN; 0 or -EPROTO */
int parent_explain(struct parent *p, const struct channel_msg *msg);

/* parent_takeover.c: the daemon before and the one after us */

/* At the start: what a running daemon hands over, or the certainty that there is none. */
int parent_inherit(struct parent *p);
/* We serve: tell the predecessor, and be there for a successor. -EIO: it has gone back on it. */
int parent_succeed(struct parent *p);
/* A successor comes. */
void parent_heir_meet(struct parent *p);
/* It says something, or ended. */
void parent_heir_read(struct parent *p);
/* A listener for it, of our worker; consumes @fd. -EPROTO: nobody asked. */
int parent_heir_give(struct parent *p, const struct channel_msg *msg, int fd);
/* Those were all. -EPROTO: nobody asked. */
int parent_heir_gave(struct parent *p, int error);
/* The worker ended, or patience did: no successor any more. */
void parent_heir_forget(struct parent *p, const char *why);
void parent_heir_tick(struct parent *p);
/* Start the program anew, which then takes over. */
void parent_upgrade(struct parent *p);
/* SIGCHLD came. */
void parent_upgrade_reap(struct parent *p);

#endif /* TIPHARES_PARENT_INTERNAL_H */
