// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resolver between callers and DNS, in any order of events: questions, answers
 * of either family, callers that leave, time. Each caller is answered once, at most
 * in its time; bounds hold.
 *
 * The input is a list of events of three octets each.
 */
#include "../../daemon/resolver.c"

#include "fuzz.h"

#define CALLERS 64
#define ASKED 512
#define TIMEOUT 5000

static struct loop loop;
static unsigned int callers_answered, depth;

/* A caller; @query is NULL when it waits for nothing. */
static struct caller {
	struct resolver_query *query;
	struct resolver *r;
	uint64_t since;
} callers[CALLERS];

/* --- DNS, which is the fuzzer --- */

struct dns {
	struct {
		dns_fn *fn;
		void *arg;
		int family;
	} asked[ASKED];
	size_t n;
};

int dns_create(struct loop *l, const struct endpoint *servers, size_t n, unsigned int timeout, struct dns **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void dns_destroy(struct dns *dns)
{
	free(dns);
}

void dns_ask(struct dns *dns, const char *name, int family, dns_fn *fn, void *arg)
{
	struct dns_answer at_once = { .err = -ENOENT, .ttl = 1 };

	must(*name && strlen(name) <= NAME_LEN_MAX, "a name of %zu octets", strlen(name));
	/* some are known without asking */
	if (name[0] == 'h') {
		fn(arg, &at_once);
		return;
	}
	must(dns->n < ASKED && dns->n < 2 * RESOLVER_RUNNING_MAX, "%zu are asked for at once", dns->n);
	dns->asked[dns->n].fn = fn;
	dns->asked[dns->n].arg = arg;
	dns->asked[dns->n++].family = family;
}

static void dns_reply(struct dns *dns, uint8_t which, uint8_t what)
{
	struct dns_answer answer = { .ttl = what };
	size_t i = dns->n ? which % dns->n : 0;
	dns_fn *fn;
	void *arg;

	if (!dns->n)
		return;
	fn = dns->asked[i].fn;
	arg = dns->asked[i].arg;
	answer.n = what % (DNS_ADDRS_MAX + 1);
	for (size_t k = 0; k < answer.n; k++)
		answer.v[k] = (struct addr){ .family = (uint16_t)dns->asked[i].family, .bytes = { 10, what, (uint8_t)k } };
	if (!answer.n)
		answer.err = what & 1 ? -ENOENT : what & 2 ? -ETIMEDOUT : -EAGAIN;
	dns->asked[i] = dns->asked[--dns->n];
	fn(arg, &answer);
}

/* --- callers --- */

static void ask(struct resolver *r, uint8_t who, uint8_t which);

static void on_answer_for(void *arg, int err, const struct addr *v, size_t n)
{
	struct caller *c = arg;

	must(c->query, "answered twice");
	must(!err == (n > 0) && n <= RESOLVER_ADDRS_MAX, "%d with %zu addresses", err, n);
	must(loop.now - c->since <= TIMEOUT + 2 * TIMER_TICK_MS, "answered after %llu ms", (unsigned long long)(loop.now - c->since));
	for (size_t i = 0; i < n; i++)
		must(v[i].family == AF_INET || v[i].family == AF_INET6, "no address");
	c->query = NULL;
	callers_answered++;
	/* a caller may ask on, and send others away */
	if (depth++ < 2 && (callers_answered & 7) == 7)
		ask(c->r, (uint8_t)(callers_answered >> 3), (uint8_t)callers_answered);
	if ((callers_answered & 15) == 15) {
		struct caller *other = &callers[callers_answered % CALLERS];

		resolver_cancel(other->query);
		other->query = NULL;
	}
	depth--;
}

static void ask(struct resolver *r, uint8_t who, uint8_t which)
{
	struct caller *c = &callers[who % CALLERS];
	char name[300];
	int n;

	if (c->query)
		return;
	n = which == 255 ? snprintf(name, sizeof(name), "%0280d.example", 1) :
	    which == 254 ? snprintf(name, sizeof(name), "10.0.0.1") :
	    which == 253 ? snprintf(name, sizeof(name), "1.2.3") :
			   snprintf(name, sizeof(name), "%s%u.example", which & 1 ? "h" : "N", which);
	c->since = loop.now;
	c->r = r;
	if (resolver_query(r, name, (size_t)n, on_answer_for, c, &c->query))
		c->query = NULL;
}

static void turn(uint64_t ms)
{
	struct list again;

	loop.now += ms;
	timer_wheel_run(&loop.timers, loop.now);
	list_take(&loop.again, &again);
	while (!list_empty(&again)) {
		struct work *w = container_of(again.next, struct work, link);

		list_del(&w->link);
		w->fn(w);
	}
}

/* As often as the loop would wake up for a timer. */
static void pass(uint64_t ms)
{
	for (; ms > TIMER_TICK_MS; ms -= TIMER_TICK_MS)
		turn(TIMER_TICK_MS);
	turn(ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolver *r;

	memset(&loop, 0, sizeof(loop));
	memset(callers, 0, sizeof(callers));
	callers_answered = depth = 0;
	loop.now = 100000;
	list_init(&loop.again);
	list_init(&loop.dead);
	timer_wheel_init(&loop.timers, loop.now);
	must(!resolver_create(&loop, NULL, 0, TIMEOUT, NULL, &r), "no resolver");
	for (size_t i = 0; i + 2 < size; i += 3) {
		struct caller *c = &callers[data[i + 1] % CALLERS];

		switch (data[i] % 5) {
		case 0:
		case 1:
			ask(r, data[i + 1], data[i + 2]);
			break;
		case 2:
			dns_reply(r->dns, data[i + 1], data[i + 2]);
			break;
		case 3:
			resolver_cancel(c->query);
			c->query = NULL;
			break;
		case 4:
			pass(data[i + 2] * 10u);
			break;
		}
		must(r->n_entries <= RESOLVER_NAMES_MAX && r->n_running <= RESOLVER_RUNNING_MAX, "%u names, %u running",
		     r->n_entries, r->n_running);
	}
	/* in the end everybody knows, whatever DNS does */
	for (int i = 0; i < 4; i++)
		pass(TIMEOUT);
	for (int i = 0; i < CALLERS; i++)
		must(!callers[i].query || loop.now - callers[i].since < TIMEOUT, "caller %d was forgotten", i);
	resolver_destroy(r);
	return 0;
}
