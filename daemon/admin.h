/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The admin API (HTTP and JSON on a unix socket) and the metrics endpoint
 * (Prometheus text on TCP), served by a thread of the worker process.
 *
 * docs/admin-api.md says what is asked and answered. GET /metrics answers on
 * both; the TCP listener has nothing else. What changes something is for uid 0
 * and the daemon's own user, told by SO_PEERCRED.
 */
#ifndef TIPHARES_ADMIN_H
#define TIPHARES_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "channel.h"
#include "conf.h"
#include "metrics.h"
#include "recent.h"
#include "shm.h"

#define ADMIN_FLOWS_MAX 10000	/* in one answer */
#define ADMIN_COUNTERS_MAX 8192
#define ADMIN_RECENT_MAX 8192
#define ADMIN_THREADS_MAX 256
#define ADMIN_HISTOGRAMS_MAX (TIPH_PORTS_MAX * DURATION_MAX)

/**
 * struct admin_flow - one session, copied
 * @id: of the session, unique in the process
 * @state: name of the session's state
 * @client: of the client side
 * @original: original destination, AF_UNSPEC where there is none
 * @source: our address of the server side, AF_UNSPEC when there is none now
 * @upstream: its peer
 * @received, @sent: octets from and to the client
 */
struct admin_flow {
	uint64_t id;
	char port[TIPH_NAME_MAX];
	char state[24];
	unsigned int thread;
	uint8_t mode;
	struct endpoint client;
	struct endpoint original;
	struct endpoint source;
	struct endpoint upstream;
	uint64_t requests;
	uint64_t received;
	uint64_t sent;
	uint64_t age_ms;
};

/**
 * struct admin_counter - a counter or gauge of the worker, summed over threads
 * @port: "" for those of the whole daemon
 * @name: lower case with underscores, without prefix and without "_total"
 * @help: one sentence for the metrics endpoint, static storage
 */
struct admin_counter {
	char port[TIPH_NAME_MAX];
	const char *name;
	const char *help;
	bool gauge;
	uint64_t value;
};

/* Durations of a port, summed over threads; @desc in static storage. */
struct admin_histogram {
	char port[TIPH_NAME_MAX];
	const struct metric_desc *desc;
	struct histogram h;
};

/**
 * struct admin_ops - what the admin thread asks of the worker
 *
 * All are called on the admin thread, one at a time, @arg is the caller's.
 *
 * @conf: a new reference to the configuration in force, NULL before the first
 * @flows: fill at most @max, return how many
 * @counters: fill at most @max, return how many
 * @histograms: the same for durations, those of one kind together
 * @recent: what was decided from number @cursor[thread] on; each becomes what to
 *	ask for next. @lost: entries that are gone. Return: how many there are
 * @rules: add how often each rule of access of @conf decided, by index
 * @request: CHANNEL_RELOAD, _DRAIN_REQUEST or _UPGRADE: hand it to the parent.
 *	0 or a negative errno
 * @ask: have the parent do @msg, CHANNEL_BYPASS_ADD and the like, and wait.
 *	A list comes as @n structs datapath_bypass in @fd, the answer to
 *	CHANNEL_EXPLAIN as a struct datapath_explanation. 0 or a negative errno
 * @state: "starting", "serving" or "draining"
 */
struct admin_ops {
	struct conf *(*conf)(void *arg);
	size_t (*flows)(void *arg, struct admin_flow *ret, size_t max);
	size_t (*counters)(void *arg, struct admin_counter *ret, size_t max);
	size_t (*histograms)(void *arg, struct admin_histogram *ret, size_t max);
	size_t (*recent)(void *arg, uint64_t *cursor, struct recent_entry *ret, size_t max, uint64_t *lost);
	void (*rules)(void *arg, const struct conf *conf, uint64_t *ret);
	int (*request)(void *arg, enum channel_kind kind);
	int (*ask)(void *arg, struct channel_msg *msg, int *fd, uint32_t *n);
	const char *(*state)(void *arg);
};

struct admin;

/**
 * admin_start() - serve on @admin_fd and @metrics_fd, either may be -1
 * @shm: what the parent publishes
 *
 * Creates its threads with all signals blocked. The descriptors belong to the
 * admin from here on, also on failure. Return: 0 or a negative errno.
 */
int admin_start(int admin_fd, int metrics_fd, unsigned int threads, const struct shm_page *shm,
		const struct admin_ops *ops, void *arg, struct admin **ret);

/* Finishes the requests that run. NULL is legal. */
void admin_stop(struct admin *admin);

#endif /* TIPHARES_ADMIN_H */
