// SPDX-License-Identifier: GPL-2.0-only
/*
 * Triggers: one message to the parent for each client and destination in a while,
 * however often it happens. What is lost happens again.
 */
#include "trigger.h"

#include <string.h>

#include "channel.h"
#include "metrics.h"
#include "session.h"

#define FIRED 256
#define FIRED_MS 1000

struct fired {
	struct addr client;
	struct endpoint destination;
	uint64_t until;
};

static int control_fd = -1;
static __thread struct fired fired[FIRED];

void trigger_init(int control)
{
	control_fd = control;
}

static bool was_fired(const struct session *s)
{
	uint64_t hash = addr_hash(&s->address.addr, s->original.port) ^ addr_hash(&s->original.addr, 0);
	struct fired *r = &fired[hash % FIRED];
	uint64_t now = s->thread->loop.now;

	if (now < r->until && addr_equal(&r->client, &s->address.addr) && endpoint_equal(&r->destination, &s->original))
		return true;
	*r = (struct fired){ .client = s->address.addr, .destination = s->original, .until = now + FIRED_MS };
	return false;
}

bool trigger_wanted(const struct conf_bypass *bypass, enum tiph_bypass_reason reason)
{
	return bypass->enabled && bypass->triggers & 1U << reason;
}

void trigger_send(const struct conf_bypass *bypass, struct metrics *metrics, enum tiph_bypass_reason reason,
		  const struct endpoint *client, const struct endpoint *destination)
{
	struct channel_msg msg = { .kind = CHANNEL_BYPASS, .a = reason, .local = *client, .remote = *destination };

	if (!trigger_wanted(bypass, reason))
		return;
	metric_inc(metrics, METRIC_BYPASS_TRIGGERS);
	channel_send(control_fd, &msg, NULL, 0);
}

void trigger_fire(const struct session *s, enum tiph_bypass_reason reason)
{
	const struct conf_bypass *bypass = &s->setup->conf->bypass;

	if (trigger_wanted(bypass, reason) && s->port->mode & TIPH_INBOUND && !was_fired(s))
		trigger_send(bypass, &s->thread->metrics, reason, &s->address, &s->original);
}
