// SPDX-License-Identifier: GPL-2.0-only
/*
 * A DNS server that says what the first label of a name asks for:
 *
 *	both	192.0.2.1, 192.0.2.2 and 2001:db8::1, TTL 300
 *	four	192.0.2.4 only
 *	alias	CNAME to other.test (TTL 1), 192.0.2.5
 *	short	192.0.2.6, TTL 0
 *	none	no such name
 *	fail	server failure
 *	silent	nothing
 *	deaf	192.0.2.7 for A, nothing for AAAA
 *	lame	192.0.2.8 for A, server failure for AAAA
 *	forged	192.0.2.66 under another id, then 192.0.2.9
 *	junk	octets that are no DNS message, then 192.0.2.10
 *	large	truncated over UDP; 40 addresses over TCP
 *	hold...	192.0.2.11, but only when told to
 */
#include "dns_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define HELD_MAX 512

#define RCODE_FAIL 2
#define RCODE_NONE 3

struct message {
	uint8_t v[4096];
	size_t len;
};

struct held {
	struct message question;
	struct sockaddr_in from;
};

static struct held held[HELD_MAX];
static unsigned int n_held;

static void put16(struct message *m, unsigned int value)
{
	m->v[m->len++] = (uint8_t)(value >> 8);
	m->v[m->len++] = (uint8_t)value;
}

static void set16(struct message *m, size_t at, unsigned int value)
{
	m->v[at] = (uint8_t)(value >> 8);
	m->v[at + 1] = (uint8_t)value;
}

static unsigned int get16(const struct message *m, size_t at)
{
	return (unsigned int)m->v[at] << 8 | m->v[at + 1];
}

/* The name that is asked for begins at 12 and ends with a 0. */
static size_t name_len(const struct message *q)
{
	return strlen((const char *)q->v + 12) + 1;
}

static unsigned int question_type(const struct message *q)
{
	return get16(q, 12 + name_len(q));
}

static bool asks_for(const struct message *q, const char *label)
{
	return !memcmp(q->v + 13, label, strlen(label));
}

/* Header and question, the answer bit set. */
static struct message reply_to(const struct message *q, unsigned int rcode)
{
	struct message m = { .len = 12 + name_len(q) + 4 };

	memcpy(m.v, q->v, m.len);
	set16(&m, 2, 0x8180 | rcode);
	set16(&m, 4, 1);
	set16(&m, 6, 0);
	set16(&m, 8, 0);
	set16(&m, 10, 0);
	return m;
}

/* A record of the name that is at @name in the message. */
static void add_record(struct message *m, unsigned int name, unsigned int type, unsigned int ttl,
		       const void *data, size_t len)
{
	put16(m, 0xc000 | name);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, ttl);
	put16(m, (unsigned int)len);
	memcpy(m->v + m->len, data, len);
	m->len += len;
	set16(m, 6, get16(m, 6) + 1);
}

static void add_v4(struct message *m, unsigned int name, unsigned int ttl, unsigned int last)
{
	const uint8_t address[] = { 192, 0, 2, (uint8_t)last };

	add_record(m, name, TYPE_A, ttl, address, sizeof(address));
}

static void add_v6(struct message *m, unsigned int ttl)
{
	const uint8_t address[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };

	add_record(m, 12, TYPE_AAAA, ttl, address, sizeof(address));
}

static void add_alias(struct message *m)
{
	static const char other[] = "\5other\4test";
	unsigned int at = (unsigned int)m->len + 12;

	add_record(m, 12, TYPE_CNAME, 1, other, sizeof(other));
	add_v4(m, at, 300, 5);
}

/* Only IPv4 is asked for or there is only that: the last octet and TTL. */
static bool one_address(const struct message *q, unsigned int *last, unsigned int *ttl)
{
	static const struct {
		const char *label;
		unsigned int last, ttl;
	} names[] = {
		{ "four", 4, 300 }, { "short", 6, 0 }, { "deaf", 7, 300 }, { "lame", 8, 300 },
		{ "forged", 9, 300 }, { "junk", 10, 300 }, { "hold", 11, 300 },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!asks_for(q, names[i].label))
			continue;
		*last = names[i].last;
		*ttl = names[i].ttl;
		return true;
	}
	return false;
}

static void add_many(struct message *m)
{
	unsigned int i;

	for (i = 0; i < 40; i++)
		add_v4(m, 12, 300, 100 + i);
}

static struct message make_answer(const struct message *q, bool tcp)
{
	bool v4 = question_type(q) == TYPE_A;
	bool fails = asks_for(q, "fail") || (asks_for(q, "lame") && !v4);
	struct message m = reply_to(q, fails ? RCODE_FAIL : asks_for(q, "none") ? RCODE_NONE : 0);
	unsigned int last, ttl;

	if (v4 && one_address(q, &last, &ttl))
		add_v4(&m, 12, ttl, last);
	if (v4 && asks_for(q, "alias"))
		add_alias(&m);
	if (v4 && asks_for(q, "both")) {
		add_v4(&m, 12, 300, 1);
		add_v4(&m, 12, 300, 2);
	}
	if (!v4 && asks_for(q, "both"))
		add_v6(&m, 300);
	if (v4 && asks_for(q, "large") && tcp)
		add_many(&m);
	if (v4 && asks_for(q, "large") && !tcp)
		m.v[2] |= 0x02;
	return m;
}

static void send_to(struct dns_server *s, const struct message *m, const struct sockaddr_in *to)
{
	if (sendto(s->udp.fd, m->v, m->len, 0, (const struct sockaddr *)to, sizeof(*to)) < 0)
		return;		/* as lost as any datagram may be */
}

static void mislead(struct dns_server *s, const struct message *q, const struct sockaddr_in *to)
{
	struct message m = reply_to(q, 0);

	if (asks_for(q, "forged") && question_type(q) == TYPE_A) {
		add_v4(&m, 12, 300, 66);
		m.v[0] ^= 0x55;
		send_to(s, &m, to);
	}
	if (asks_for(q, "junk")) {
		m.len = 5;
		send_to(s, &m, to);
		m.len = 0;
		send_to(s, &m, to);
	}
}

static bool is_silent(const struct message *q)
{
	return asks_for(q, "silent") || (asks_for(q, "deaf") && question_type(q) == TYPE_AAAA);
}

static void on_datagram(struct dns_server *s, const struct message *q, const struct sockaddr_in *from)
{
	struct message m;

	s->asked++;
	if (is_silent(q))
		return;
	if (asks_for(q, "hold") && n_held < HELD_MAX) {
		held[n_held++] = (struct held){ *q, *from };
		s->pending = n_held;
		return;
	}
	mislead(s, q, from);
	m = make_answer(q, false);
	send_to(s, &m, from);
}

static void on_udp(struct watch *w)
{
	struct dns_server *s = container_of(w, struct dns_server, udp);
	struct message q = { 0 };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(w->fd, q.v, sizeof(q.v) - 1, 0, (struct sockaddr *)&from, &len)) > 17) {
		q.len = (size_t)n;
		on_datagram(s, &q, &from);
	}
}

/* One question, then the connection may stay idle. */
static void on_tcp(struct watch *w)
{
	struct dns_server *s = container_of(w, struct dns_server, tcp);
	struct message q = { 0 }, m;
	uint8_t frame[2 + 4096];
	ssize_t n = recv(w->fd, frame, sizeof(frame), 0);

	if (n <= 19) {
		if (n >= 0 || errno != EAGAIN)
			watch_close(w);
		return;
	}
	q.len = (size_t)n - 2;
	memcpy(q.v, frame + 2, q.len);
	s->asked++;
	s->over_tcp++;
	m = make_answer(&q, true);
	frame[0] = (uint8_t)(m.len >> 8);
	frame[1] = (uint8_t)m.len;
	memcpy(frame + 2, m.v, m.len);
	if (send(w->fd, frame, m.len + 2, MSG_NOSIGNAL) < 0)
		watch_close(w);
}

static void on_connection(struct watch *w)
{
	struct dns_server *s = container_of(w, struct dns_server, listener);
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	watch_close(&s->tcp);
	s->tcp = (struct watch){ .fd = fd, .fn = on_tcp };
	if (loop_watch_level(s->loop, &s->tcp))
		watch_close(&s->tcp);
}

/* UDP first, on a port of the kernel's choice; TCP on the same one. */
static int bound(int type, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)address, len) ||
	    getsockname(fd, (struct sockaddr *)address, &len)) {
		close(fd);
		return -errno;
	}
	return fd;
}

int dns_server_start(struct dns_server *s, struct loop *loop)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct sockaddr_storage ss = { 0 };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*s = (struct dns_server){ .loop = loop, .tcp = { .fd = -1 } };
	s->udp = (struct watch){ .fd = bound(SOCK_DGRAM, &address), .fn = on_udp };
	s->listener = (struct watch){ .fd = bound(SOCK_STREAM, &address), .fn = on_connection };
	if (s->udp.fd < 0 || s->listener.fd < 0 || listen(s->listener.fd, 8))
		return -EADDRINUSE;
	memcpy(&ss, &address, sizeof(address));
	endpoint_from_sockaddr(&s->address, &ss);
	n_held = 0;
	return loop_watch_level(loop, &s->udp) || loop_watch_level(loop, &s->listener) ? -EIO : 0;
}

void dns_server_release(struct dns_server *s)
{
	unsigned int i;

	for (i = 0; i < n_held; i++) {
		struct message m = make_answer(&held[i].question, false);

		send_to(s, &m, &held[i].from);
	}
	n_held = s->pending = 0;
}

void dns_server_stop(struct dns_server *s)
{
	watch_close(&s->udp);
	watch_close(&s->listener);
	watch_close(&s->tcp);
}
