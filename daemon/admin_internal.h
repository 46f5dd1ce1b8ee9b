/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the parts of the admin API; for admin*.c only. */
#ifndef TIPHARES_ADMIN_INTERNAL_H
#define TIPHARES_ADMIN_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "admin.h"

struct MHD_Connection;

/**
 * struct admin - see admin.h
 * @unix_server, @tcp_server: libmicrohttpd's daemons, NULL where not wanted
 * @lock: one request at a time: both servers share what follows
 * @page: copy of the shared page
 * @flows, @counters, @histograms, @recent, @cursor: room for the worker's answers
 * @bypass, @bypass_at: what the page shows of bypass entries, and when they were read
 */
struct admin {
	struct MHD_Daemon *unix_server;
	struct MHD_Daemon *tcp_server;
	unsigned int threads;
	const struct shm_page *shm;
	const struct admin_ops *ops;
	void *arg;
	pthread_mutex_t lock;
	struct shm_page page;
	struct admin_flow flows[ADMIN_FLOWS_MAX];
	struct admin_counter counters[ADMIN_COUNTERS_MAX];
	struct admin_histogram histograms[ADMIN_HISTOGRAMS_MAX];
	struct recent_entry recent[ADMIN_RECENT_MAX];
	uint64_t cursor[ADMIN_THREADS_MAX];
	json_t *bypass;
	uint64_t bypass_at;
};

/* All: with @a->lock. Return: a new value, NULL when out of memory. */
json_t *admin_status(struct admin *a);
json_t *admin_ports(struct admin *a);
json_t *admin_stats(struct admin *a);
json_t *admin_flows(struct admin *a);
json_t *admin_rules(struct admin *a);
/* With arguments in the URL; NULL with @why: they are no good. */
json_t *admin_recent(struct admin *a, struct MHD_Connection *c, const char **why);
json_t *admin_explain(struct admin *a, struct MHD_Connection *c, const char **why);

/* admin_bypass.c; the second says why not */
struct MHD_Connection;
json_t *admin_bypass(struct admin *a);
json_t *admin_bypass_entry(const struct datapath_bypass *e);
const char *admin_bypass_change(struct admin *a, struct MHD_Connection *c, enum channel_kind kind);

/* The newest entries of what /v1/recent answers, @max at most. */
json_t *admin_recent_last(struct admin *a, size_t max);

/* admin_page.c; texts are to be freed, NULL when out of memory */
bool admin_page_allowed(struct MHD_Connection *c);
char *admin_page(size_t *len, char *policy, size_t size);
char *admin_event(struct admin *a, size_t *len);

/* admin_log.c; the second says why not */
json_t *admin_log_level(struct admin *a);
const char *admin_log_change(struct admin *a, struct MHD_Connection *c);

/* Prometheus text, to be freed; NULL when out of memory. */
char *admin_metrics(struct admin *a, size_t *len);

#endif /* TIPHARES_ADMIN_INTERNAL_H */
