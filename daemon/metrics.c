// SPDX-License-Identifier: GPL-2.0-only
/* Names of the counters. */
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
	[PORT_METRIC_RECEIVED] = { "port_client_received_octets", false,
				   "Octets received from clients of the port." },
	[PORT_METRIC_SENT] = { "port_client_sent_octets", false,
			       "Octets sent to clients of the port." },
};
