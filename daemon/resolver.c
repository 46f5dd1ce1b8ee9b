// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache and queue in front of DNS.
 *
 * A name has one entry, and an entry is in one of three states:
 *
 *	QUEUED  -> on resolver.queue: too many are running
 *	RUNNING -> on no list: both families are being asked for
 *	KNOWN   -> on resolver.known, least recently used first
 *
 *	(new) -> QUEUED -> RUNNING -> KNOWN -> (evicted, or expired and asked for: RUNNING)
 *
 * Queries wait on their entry. One that is asked for what is known waits on
 * resolver.ready until the next turn, so that callbacks never come from within
 * resolver_query(). When one family has answered, the other one is waited for
 * only a moment (RFC 8305 3): a server that ignores AAAA must not delay anybody.
 */
#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dns.h"

#define BUCKETS 1024
#define NAME_LEN_MAX 253	/* RFC 1035 2.3.4, in text */
#define LABEL_MAX 63

#define OTHER_FAMILY_MS 50	/* Resolution Delay of RFC 8305 8 */
#define TTL_MIN 1		/* seconds */
#define TTL_MAX 3600
#define TTL_NEGATIVE 5
#define TTL_FAILURE 2		/* of one family or of both */

enum entry_state { QUEUED, RUNNING, KNOWN };
enum { V6, V4, FAMILIES };

struct entry;

struct half {
	struct entry *entry;
	bool done;
	struct dns_answer answer;
};

struct entry {
	struct resolver *r;
	struct entry *next;	/* in its bucket */
	struct list link;
	struct list waiters;
	struct timer soon;	/* armed while the other family is waited for */
	enum entry_state state;
	uint64_t expires;
	struct half half[FAMILIES];
	char name[NAME_LEN_MAX + 1];
};

struct resolver_query {
	struct resolver *r;
	struct list link;	/* on its entry, or on resolver.ready */
	struct entry *entry;	/* NULL: on resolver.ready */
	struct timer deadline;
	resolver_fn *fn;
	void *arg;
	int err;		/* on resolver.ready: the answer */
	size_t n;
	struct addr v[];
};

struct resolver {
	struct loop *loop;
	struct dns *dns;
	const struct hosts *hosts;
	unsigned int timeout;
	unsigned int n_entries;
	unsigned int n_running;
	uint64_t seed;
	struct list queue;
	struct list known;
	struct list ready;
	struct work work;	/* answers resolver.ready */
	struct entry *buckets[BUCKETS];
};

/* --- names --- */

/*
 * Lower case, without a final dot. Only what a host name may be made of; and no
 * name that some other resolver would read as a number.
 */
static int copy_name(const char *name, size_t len, char *ret)
{
	size_t i, label = 0;
	bool digits = true;

	if (len && name[len - 1] == '.')
		len--;
	if (!len || len > NAME_LEN_MAX)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		char c = name[i];
		bool digit = c >= '0' && c <= '9';

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c == '.' ? !label : !digit && c != '-' && c != '_' && (c < 'a' || c > 'z'))
			return -EINVAL;
		label = c == '.' ? 0 : label + 1;
		digits = c == '.' || (digits && digit);
		if (label > LABEL_MAX)
			return -EINVAL;
		ret[i] = c;
	}
	ret[len] = '\0';
	return label && !digits ? 0 : -EINVAL;
}

static uint64_t hash_name(const struct resolver *r, const char *name)
{
	uint64_t h = r->seed;

	while (*name) {
		h = (h ^ (uint8_t)*name++) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	return h ^ h >> 32;
}

static struct entry **find_slot(struct resolver *r, const char *name)
{
	struct entry **slot = &r->buckets[hash_name(r, name) % BUCKETS];

	while (*slot && strcmp((*slot)->name, name))
		slot = &(*slot)->next;
	return slot;
}

/* --- answers --- */

/* IPv6 and IPv4 in turn, as long as there are both. */
static size_t merge(const struct entry *e, struct addr *v)
{
	size_t i, n = 0;

	for (i = 0; i < DNS_ADDRS_MAX; i++) {
		if (i < e->half[V6].answer.n)
			v[n++] = e->half[V6].answer.v[i];
		if (i < e->half[V4].answer.n)
			v[n++] = e->half[V4].answer.v[i];
	}
	return n;
}

static bool is_failure(const struct half *h)
{
	return h->answer.err && h->answer.err != -ENOENT;
}

/* Why there is no address: a failure says more than an absence. */
static int entry_error(const struct entry *e)
{
	return is_failure(&e->half[V4]) ? e->half[V4].answer.err :
	       is_failure(&e->half[V6]) ? e->half[V6].answer.err : -ENOENT;
}

static uint64_t entry_ttl(const struct entry *e)
{
	unsigned int ttl = TTL_MAX, i;
	size_t n = 0;

	for (i = 0; i < FAMILIES; i++) {
		const struct dns_answer *a = &e->half[i].answer;

		n += a->n;
		if (a->n && a->ttl < ttl)
			ttl = a->ttl;
		if (is_failure(&e->half[i]) && ttl > TTL_FAILURE)
			ttl = TTL_FAILURE;
	}
	if (!n && ttl > TTL_NEGATIVE)
		ttl = TTL_NEGATIVE;
	return ttl < TTL_MIN ? TTL_MIN : ttl;
}

static void query_free(struct resolver_query *q)
{
	list_del(&q->link);
	timer_cancel(&q->deadline);
	free(q);
}

static void query_answer(struct resolver_query *q, int err, const struct addr *v, size_t n)
{
	resolver_fn *fn = q->fn;
	void *arg = q->arg;

	query_free(q);
	fn(arg, err, v, n);
}

/*
 * Callbacks may look up or cancel anything, and @e may be evicted by them: it
 * is not touched once they begin.
 */
static void tell_waiters(struct entry *e)
{
	struct addr v[RESOLVER_ADDRS_MAX];
	size_t n = merge(e, v);
	int err = n ? 0 : entry_error(e);
	struct list waiters;

	timer_cancel(&e->soon);
	list_take(&e->waiters, &waiters);
	while (!list_empty(&waiters)) {
		struct resolver_query *q = container_of(waiters.next, struct resolver_query, link);

		query_answer(q, err, v, n);
	}
}

/* --- entries --- */

static void entry_free(struct entry *e)
{
	struct entry **slot = find_slot(e->r, e->name);

	*slot = e->next;
	e->r->n_entries--;
	list_del(&e->link);
	timer_cancel(&e->soon);
	free(e);
}

static void entry_known(struct entry *e)
{
	struct resolver *r = e->r;

	e->state = KNOWN;
	e->expires = r->loop->now + entry_ttl(e) * 1000;
	list_add_tail(&r->known, &e->link);
	r->n_running--;
	if (!list_empty(&r->queue))
		loop_again(r->loop, &r->work);
	tell_waiters(e);
}

static void on_soon(struct timer *t)
{
	tell_waiters(container_of(t, struct entry, soon));
}

static void wait_a_moment(struct entry *e)
{
	if (!e->soon.armed && (e->half[V6].answer.n || e->half[V4].answer.n))
		loop_timer(e->r->loop, &e->soon, OTHER_FAMILY_MS);
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
	struct half *h = arg;
	struct entry *e = h->entry;

	h->answer = *answer;
	h->done = true;
	if (e->half[V6].done && e->half[V4].done)
		entry_known(e);
	else
		wait_a_moment(e);
}

/* Answers may come at once: @e may be anything when this returns. */
static void entry_run(struct entry *e)
{
	struct resolver *r = e->r;
	struct dns *dns = r->dns;
	unsigned int i;

	list_del(&e->link);
	e->state = RUNNING;
	r->n_running++;
	for (i = 0; i < FAMILIES; i++)
		e->half[i] = (struct half){ .entry = e };
	dns_ask(dns, e->name, AF_INET6, on_answer, &e->half[V6]);
	dns_ask(dns, e->name, AF_INET, on_answer, &e->half[V4]);
}

static void entry_queue(struct entry *e)
{
	list_del(&e->link);
	e->state = QUEUED;
	list_add_tail(&e->r->queue, &e->link);
}

/* Room for one more name; what is known goes first, what is at work never. */
static bool make_room(struct resolver *r)
{
	if (r->n_entries < RESOLVER_NAMES_MAX)
		return true;
	if (list_empty(&r->known))
		return false;
	entry_free(container_of(r->known.next, struct entry, link));
	return true;
}

static struct entry *entry_create(struct resolver *r, const char *name)
{
	struct entry *e = make_room(r) ? calloc(1, sizeof(*e)) : NULL;
	struct entry **slot;

	if (!e)
		return NULL;
	e->r = r;
	strcpy(e->name, name);
	list_init(&e->link);
	list_init(&e->waiters);
	list_init(&e->soon.link);
	e->soon.fn = on_soon;
	slot = find_slot(r, name);
	e->next = *slot;
	*slot = e;
	r->n_entries++;
	entry_queue(e);
	return e;
}

/* The entry of @name if its answer still counts. */
static struct entry *find_known(struct resolver *r, const char *name)
{
	struct entry *e = *find_slot(r, name);

	if (!e || e->state != KNOWN || e->expires <= r->loop->now)
		return NULL;
	list_del(&e->link);
	list_add_tail(&r->known, &e->link);
	return e;
}

/* --- queries --- */

static struct resolver_query *query_create(struct resolver *r, size_t n, resolver_fn *fn, void *arg)
{
	struct resolver_query *q = calloc(1, sizeof(*q) + n * sizeof(q->v[0]));

	if (!q)
		return NULL;
	q->r = r;
	q->fn = fn;
	q->arg = arg;
	q->n = n;
	list_init(&q->link);
	list_init(&q->deadline.link);
	return q;
}

void resolver_cancel(struct resolver_query *q)
{
	struct entry *e = q ? q->entry : NULL;

	if (!q)
		return;
	query_free(q);
	/* nobody is left who wants to know, and nobody was asked yet */
	if (e && e->state == QUEUED && list_empty(&e->waiters))
		entry_free(e);
}

static void on_deadline(struct timer *t)
{
	struct resolver_query *q = container_of(t, struct resolver_query, deadline);
	resolver_fn *fn = q->fn;
	void *arg = q->arg;

	resolver_cancel(q);
	fn(arg, -ETIMEDOUT, NULL, 0);
}

static void answer_ready(struct resolver *r)
{
	struct list ready;

	list_take(&r->ready, &ready);
	while (!list_empty(&ready)) {
		struct resolver_query *q = container_of(ready.next, struct resolver_query, link);
		struct addr v[RESOLVER_ADDRS_MAX];
		size_t n = q->n;

		memcpy(v, q->v, n * sizeof(v[0]));
		query_answer(q, q->err, v, n);
	}
}

/* The answer is here already: @n addresses, or a negative errno. */
static int query_ready(struct resolver *r, const struct addr *v, int n, resolver_fn *fn, void *arg,
		       struct resolver_query **ret)
{
	struct resolver_query *q = query_create(r, n > 0 ? (size_t)n : 0, fn, arg);

	if (!q)
		return -ENOMEM;
	memcpy(q->v, v, q->n * sizeof(v[0]));
	q->err = n < 0 ? n : 0;
	list_add_tail(&r->ready, &q->link);
	loop_again(r->loop, &r->work);
	*ret = q;
	return 0;
}

static int query_wait(struct resolver *r, const char *name, resolver_fn *fn, void *arg,
		      struct resolver_query **ret)
{
	struct entry *e = *find_slot(r, name);
	struct resolver_query *q;

	if (!e)
		e = entry_create(r, name);
	if (!e)
		return -ENOBUFS;
	q = query_create(r, 0, fn, arg);
	if (!q)
		return -ENOMEM;
	q->entry = e;
	list_add_tail(&e->waiters, &q->link);
	q->deadline.fn = on_deadline;
	loop_timer(r->loop, &q->deadline, r->timeout);
	*ret = q;
	if (e->state == KNOWN)
		entry_queue(e);		/* expired */
	if (e->state == RUNNING)
		wait_a_moment(e);
	loop_again(r->loop, &r->work);
	return 0;
}

int resolver_cached(struct resolver *r, const char *name, size_t len, struct addr *v)
{
	char lower[NAME_LEN_MAX + 1];
	struct entry *e;
	size_t n;

	if (!addr_parse(name, len, v))
		return 1;
	if (copy_name(name, len, lower))
		return -EINVAL;
	n = hosts_find(r->hosts, lower, v, RESOLVER_ADDRS_MAX);
	if (n)
		return (int)n;
	e = find_known(r, lower);
	if (!e)
		return 0;
	n = merge(e, v);
	return n ? (int)n : entry_error(e);
}

int resolver_query(struct resolver *r, const char *name, size_t len, resolver_fn *fn, void *arg,
		   struct resolver_query **ret)
{
	struct addr v[RESOLVER_ADDRS_MAX];
	char lower[NAME_LEN_MAX + 1];
	int n = resolver_cached(r, name, len, v);

	if (n == -EINVAL)
		return n;
	if (n)
		return query_ready(r, v, n, fn, arg, ret);
	copy_name(name, len, lower);
	return query_wait(r, lower, fn, arg, ret);
}

/* --- the resolver --- */

/*
 * Questions are asked from here only, a bounded number in a turn: some are
 * answered, or fail, at once, and what waits for them may ask again.
 */
static void on_work(struct work *w)
{
	struct resolver *r = container_of(w, struct resolver, work);
	unsigned int i;

	for (i = 0; i < RESOLVER_RUNNING_MAX; i++) {
		if (r->n_running >= RESOLVER_RUNNING_MAX || list_empty(&r->queue))
			break;
		entry_run(container_of(r->queue.next, struct entry, link));
	}
	if (r->n_running < RESOLVER_RUNNING_MAX && !list_empty(&r->queue))
		loop_again(r->loop, w);
	answer_ready(r);
}

int resolver_create(struct loop *loop, const struct endpoint *servers, size_t n,
		    unsigned int timeout, const struct hosts *hosts, struct resolver **ret)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->timeout = timeout;
	r->hosts = hosts;
	list_init(&r->queue);
	list_init(&r->known);
	list_init(&r->ready);
	list_init(&r->work.link);
	r->work.fn = on_work;
	/* half of it for each of two tries */
	err = dns_create(loop, servers, n, timeout / 2 ? timeout / 2 : 1, &r->dns);
	if (!err && getrandom(&r->seed, sizeof(r->seed), 0) != sizeof(r->seed))
		err = -EIO;
	if (err) {
		dns_destroy(r->dns);
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

/* Nobody looks at the list any more. */
static void free_queries(struct list *queries)
{
	struct list *link, *next;

	for (link = queries->next; link != queries; link = next) {
		struct resolver_query *q = container_of(link, struct resolver_query, link);

		next = link->next;
		timer_cancel(&q->deadline);
		free(q);
	}
}

static void free_entries(struct entry *e)
{
	struct entry *next;

	for (; e; e = next) {
		next = e->next;
		free_queries(&e->waiters);
		timer_cancel(&e->soon);
		free(e);
	}
}

void resolver_destroy(struct resolver *r)
{
	unsigned int i;

	if (!r)
		return;
	dns_destroy(r->dns);
	for (i = 0; i < BUCKETS; i++)
		free_entries(r->buckets[i]);
	free_queries(&r->ready);
	list_del(&r->work.link);
	free(r);
}
