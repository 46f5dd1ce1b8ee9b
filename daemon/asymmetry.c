// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths that are not the same both ways: found out by a connection from this
 * host's own address, which is reset as soon as it is there.
 */
#include "asymmetry.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "exchange.h"
#include "trigger.h"

/* What a row is counted by. */
static struct endpoint key_of(const struct conf_bypass *bypass, const struct addr *addr)
{
	unsigned int len = addr->family == AF_INET ? bypass->prefix4 : bypass->prefix6;

	return (struct endpoint){ .addr = addr_prefix(addr, len).addr };
}

static bool is_spoofed(const struct session *s)
{
	return s->port->mode == TIPH_MODE_FULL;
}

/* A reset leaves nothing behind, here or there. */
static void probe_end(struct thread *t)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct asymmetry *a = &t->asymmetry;

	timer_cancel(&a->timer);
	if (a->watch.fd < 0)
		return;
	setsockopt(a->watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	loop_unwatch(&t->loop, &a->watch);
	watch_close(&a->watch);
}

static void on_late(struct timer *timer)
{
	probe_end(container_of(timer, struct thread, asymmetry.timer));
}

/*
 * To its first SYN, that is: an origin that answers a later one may have come back
 * meanwhile, and would answer anybody.
 */
static bool is_answered(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(int), info_len = sizeof(info);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) ||
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len))
		return false;
	return (!err || err == ECONNREFUSED || err == ECONNRESET) && !info.tcpi_total_retrans;
}

static void on_probe(struct watch *w)
{
	struct thread *t = container_of(w, struct thread, asymmetry.watch);
	struct asymmetry *a = &t->asymmetry;
	struct endpoint key = key_of(&t->setup->conf->bypass, &a->origin.addr);
	bool answered;

	if (!(w->ready & READY_OUT))
		return;
	answered = is_answered(w->fd);
	probe_end(t);
	/* the row may be over by now */
	if (!answered || tally_count(&a->unanswered, &key) < t->setup->conf->bypass.unanswered)
		return;
	tally_clear(&a->unanswered, &key);
	metric_inc(&t->metrics, METRIC_ASYMMETRIC);
	trigger_send(&t->setup->conf->bypass, &t->metrics, TIPH_BYPASS_ASYMMETRIC, &a->client, &a->origin);
}

static void probe_begin(struct thread *t)
{
	struct asymmetry *a = &t->asymmetry;

	a->watch.fd = upstream_connect_plain(&a->origin);
	if (a->watch.fd < 0) {
		a->watch.fd = -1;
		return;
	}
	loop_timer(&t->loop, &a->timer, t->setup->conf->http.connect_timeout);
	if (loop_watch(&t->loop, &a->watch, true))
		probe_end(t);
}

void asymmetry_init(struct asymmetry *a)
{
	a->watch = (struct watch){ .fd = -1, .fn = on_probe };
	a->timer.fn = on_late;
	list_init(&a->timer.link);
}

void asymmetry_unanswered(const struct session *s)
{
	const struct endpoint *hop = &s->x->hops[s->x->hop];
	const struct conf_bypass *bypass = &s->setup->conf->bypass;
	struct asymmetry *a = &s->thread->asymmetry;
	struct endpoint key = key_of(bypass, &hop->addr);

	if (!is_spoofed(s) || !trigger_wanted(bypass, TIPH_BYPASS_ASYMMETRIC) ||
	    tally_add(&a->unanswered, &key) < bypass->unanswered || a->watch.fd >= 0)
		return;
	a->client = s->address;
	a->origin = *hop;
	probe_begin(s->thread);
}

void asymmetry_answered(const struct session *s)
{
	struct asymmetry *a = &s->thread->asymmetry;
	struct endpoint key;

	if (!a->unanswered.used || !is_spoofed(s))
		return;
	key = key_of(&s->setup->conf->bypass, &s->x->hops[s->x->hop].addr);
	tally_clear(&a->unanswered, &key);
}

void asymmetry_stop(struct thread *t)
{
	probe_end(t);
}
