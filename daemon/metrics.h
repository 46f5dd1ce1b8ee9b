/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a loop thread: written by it alone, read by any thread.
 *
 * Gauges are counters that go down as well; summed over the threads they are
 * right, each may be read a moment old.
 */
#ifndef TIPHARES_METRICS_H
#define TIPHARES_METRICS_H

#include <stdbool.h>
#include <stdint.h>

/* identifier, name, is it a gauge, one sentence for the metrics endpoint */
#define METRICS(X)                                                                            \
	X(SESSIONS, "sessions", true, "Client connections now.")                              \
	X(ACCEPTED, "sessions_accepted", false, "Client connections accepted.")               \
	X(REFUSED_SESSIONS, "sessions_refused_limit", false,                                  \
	  "Client connections closed because limits.sessions was reached.")                   \
	X(REFUSED_CLIENT, "sessions_refused_per_client", false,                               \
	  "Client connections closed because limits.per_client was reached.")                 \
	X(REFUSED_MEMORY, "sessions_refused_memory", false,                                   \
	  "Sessions refused or ended because limits.memory was reached.")                                \
	X(OVERLOADED, "overloaded", true, "New connections are left to on_overload now.")     \
	X(OVERLOADS, "overloads", false, "Times that this began.")                            \
	X(BYPASS_TRIGGERS, "bypass_triggers", false,                                          \
	  "Connections whose like are to be forwarded for a time.")                           \
	X(ASYMMETRIC, "asymmetric_paths", false,                                              \
	  "Origins that answer this host, but not clients' addresses through it.")            \
	X(ACCEPT_ERRORS, "accept_errors", false, "Failures of accept.")                       \
	X(PROXY_HEADERS, "proxy_headers", false, "PROXY headers accepted from senders.")      \
	X(PROXY_REFUSED, "proxy_headers_refused", false,                                      \
	  "Connections of PROXY senders closed because no valid header came.")                \
	X(REQUESTS, "requests", false, "Requests read.")                                      \
	X(RECEIVED, "client_received_bytes", false, "Octets received from clients.")         \
	X(SENT, "client_sent_bytes", false, "Octets sent to clients.")                       \
	X(UP_RECEIVED, "upstream_received_bytes", false, "Octets received from origins.")    \
	X(UP_SENT, "upstream_sent_bytes", false, "Octets sent to origins.")                  \
	X(STATUS_1XX, "responses_1xx", false, "Interim responses forwarded.")                 \
	X(STATUS_2XX, "responses_2xx", false, "Responses of class 2xx.")                      \
	X(STATUS_3XX, "responses_3xx", false, "Responses of class 3xx.")                      \
	X(STATUS_4XX, "responses_4xx", false, "Responses of class 4xx.")                      \
	X(STATUS_5XX, "responses_5xx", false, "Responses of class 5xx.")                      \
	X(ANSWERS, "answers", false, "Error responses of the proxy's own.")                   \
	X(BAD_REQUESTS, "requests_refused", false, "Requests refused for their form.")        \
	X(BAD_RESPONSES, "responses_refused", false, "Responses refused for their form.")     \
	X(CONNECTS, "upstream_connects", false, "Connections to origins begun.")              \
	X(CONNECT_ERRORS, "upstream_connect_errors", false, "Connections to origins failed.") \
	X(PORTS_EXHAUSTED, "source_ports_exhausted", false,                                   \
	  "Connections from a client's own port because no other was left.")                  \
	X(AVOIDED, "upstream_addresses_avoided", false,                                       \
	  "Addresses of origins put last because they failed lately.")                        \
	X(UP_REUSED, "upstream_reused", false, "Requests sent on an idle connection.")        \
	X(UP_IDLE, "upstream_idle", true, "Idle connections to origins now.")                 \
	X(UP_EVICTED, "upstream_evicted", false, "Idle connections closed to make room.")     \
	X(RETRIES, "retries", false, "Requests repeated on a new connection.")                \
	X(LOOPS, "loops_refused", false, "Requests whose next hop was the proxy itself.")     \
	X(SOCKETS_ASKED, "sockets_asked", false, "Sockets asked of the privileged process.") \
	X(TIMEOUT_HEADER, "timeouts_header", false, "Request heads that took too long.")      \
	X(TIMEOUT_IDLE, "timeouts_idle", false, "Idle client connections closed.")            \
	X(TIMEOUT_RESOLVE, "timeouts_resolve", false, "Names that were not resolved in time.") \
	X(TIMEOUT_CONNECT, "timeouts_connect", false, "Connects that took too long.")         \
	X(TIMEOUT_RESPONSE, "timeouts_response", false, "Origins that did not answer.")       \
	X(TIMEOUT_CLIENT, "timeouts_client", false, "Clients that stopped moving octets.")    \
	X(SLOW_CLIENTS, "slow_clients", false, "Clients slower than http.client_rate.")       \
	X(SLOW_ORIGINS, "slow_origins", false, "Origins slower than http.origin_rate.")       \
	X(TIMEOUT_TUNNEL, "timeouts_tunnel", false, "Tunnels closed for being idle.")         \
	X(CLIENT_ABORTS, "client_aborts", false, "Exchanges ended by the client.")            \
	X(TRUNCATED, "responses_truncated", false, "Responses cut off by the origin.")        \
	X(TUNNELS, "tunnels", false, "Tunnels opened, relays of tcp ports among them.")       \
	X(DENIED, "access_denied", false, "Requests and connections denied by a rule.")       \
	X(TLS_HELLOS, "tls_hellos", false, "ClientHellos read on tls and auto ports.")        \
	X(TLS_REFUSED, "tls_refused", false,                                                  \
	  "Connections refused because no whole and valid ClientHello came.")                 \
	X(SNIFFED_HTTP, "sniffed_http", false, "Connections on auto ports that are HTTP.")    \
	X(SNIFFED_OTHER, "sniffed_other", false,                                              \
	  "Connections on auto ports that are neither HTTP nor TLS.")                         \
	X(SNIFFED_SILENT, "sniffed_silent", false,                                            \
	  "Connections on auto ports on which the client was silent at first.")               \
	X(LOG_DROPPED, "access_log_dropped", false, "Access log lines dropped.")              \
	X(LOG_LEFT_OUT, "access_log_left_out", false, "Exchanges that log.access.sample left out.") \
	X(MESSAGES_DROPPED, "messages_dropped", false, "Messages of the worker that nobody took.")

enum metric {
#define METRIC_ID(id, name, gauge, help) METRIC_##id,
	METRICS(METRIC_ID)
#undef METRIC_ID
	METRIC_MAX,
};

struct metric_desc {
	const char *name;
	bool gauge;
	const char *help;
};
extern const struct metric_desc metric_descs[METRIC_MAX];

struct metrics {
	uint64_t v[METRIC_MAX];
};

/* The same for each port, in this order. */
enum port_metric {
	PORT_METRIC_ACCEPTED,
	PORT_METRIC_REQUESTS,
	PORT_METRIC_RECEIVED,
	PORT_METRIC_SENT,
	PORT_METRIC_MAX,
};
extern const struct metric_desc port_metric_descs[PORT_METRIC_MAX];

/* How long exchanges of a port took, counted by their length. */
enum duration {
	DURATION_CONNECT,
	DURATION_FIRST,
	DURATION_TOTAL,
	DURATION_MAX,
};
extern const struct metric_desc duration_descs[DURATION_MAX];

#define DURATION_BOUNDS 14
/* Upper bounds of the buckets in microseconds, rising; the last bucket has none. */
extern const uint64_t duration_bounds[DURATION_BOUNDS];

struct histogram {
	uint64_t bucket[DURATION_BOUNDS + 1];
	uint64_t sum_us;
};

/* @us lies in one bucket. */
void histogram_add(struct histogram *h, uint64_t us);

static inline void metric_store(uint64_t *v, uint64_t value)
{
	__atomic_store_n(v, value, __ATOMIC_RELAXED);
}

static inline uint64_t metric_load(const uint64_t *v)
{
	return __atomic_load_n(v, __ATOMIC_RELAXED);
}

static inline void metric_add(struct metrics *m, enum metric id, uint64_t n)
{
	metric_store(&m->v[id], m->v[id] + n);
}

static inline void metric_sub(struct metrics *m, enum metric id, uint64_t n)
{
	metric_store(&m->v[id], m->v[id] - n);
}

static inline void metric_inc(struct metrics *m, enum metric id)
{
	metric_add(m, id, 1);
}

#endif /* TIPHARES_METRICS_H */
