// SPDX-License-Identifier: GPL-2.0-only
/* Names of the counters, and histograms. */
#include "metrics.h"

const struct metric_desc metric_descs[METRIC_MAX] = {
#define METRIC_DESC(id, name, gauge, help) { name, gauge, help },
	METRICS(METRIC_DESC)
#undef METRIC_DESC
};

const struct metric_desc port_metric_descs[PORT_METRIC_MAX] = {
	[PORT_METRIC_ACCEPTED] = { "port_sessions_accepted", false,
				   "Client connections accepted on the port." },
	[PORT_METRIC_REQUESTS] = { "port_requests", false, "Requests read on the port." },
	[PORT_METRIC_RECEIVED] = { "port_client_received_bytes", false,
				   "Octets received from clients of the port." },
	[PORT_METRIC_SENT] = { "port_client_sent_bytes", false,
			       "Octets sent to clients of the port." },
};

const struct metric_desc duration_descs[DURATION_MAX] = {
	[DURATION_CONNECT] = { "connect_duration_seconds", false,
			       "Time until the connection to the origin stood." },
	[DURATION_FIRST] = { "first_octet_duration_seconds", false,
			     "Time until the first octet of the response." },
	[DURATION_TOTAL] = { "exchange_duration_seconds", false, "Time of a whole exchange." },
};

#define MS 1000ULL

const uint64_t duration_bounds[DURATION_BOUNDS] = {
	1 * MS,	  5 * MS,    10 * MS,	25 * MS,   50 * MS,    100 * MS,   250 * MS,
	500 * MS, 1000 * MS, 2500 * MS, 5000 * MS, 10000 * MS, 30000 * MS, 60000 * MS,
};

void histogram_add(struct histogram *h, uint64_t us)
{
	unsigned int i = 0;

	while (i < DURATION_BOUNDS && us > duration_bounds[i])
		i++;
	metric_store(&h->bucket[i], h->bucket[i] + 1);
	metric_store(&h->sum_us, h->sum_us + us);
}
