/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The access log: one line per exchange, tunnel or relay.
 *
 * Each loop thread formats into a buffer of its own and hands full ones (or all,
 * once a second) to one writer thread. When that can't keep up, buffers are
 * dropped and their lines counted: a slow disk or reader never holds a session.
 */
#ifndef TIPHARES_ACCESSLOG_H
#define TIPHARES_ACCESSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "addr.h"
#include "conf.h"
#include "tls_hello.h"

struct accesslog_chunk;

/* Of one thread; zero it to start. @left_out, @share: by the sample, and how much of a line is due */
struct accesslog {
	struct accesslog_chunk *chunk;
	uint64_t dropped;
	uint64_t left_out;
	unsigned int share;
	time_t stamp_of;
	char stamp[32];
};

/**
 * struct access_entry - what one line tells
 * @line: request line, @referer and @agent: as received, not terminated
 * @upstream: AF_UNSPEC when no origin was asked
 * @received: octets from the client, @sent: to it
 * @total_us, @connect_us, @first_us: durations since the start of the exchange
 *	until its end, until the upstream connection stood, until the first octet
 *	of the response; 0 where it did not come so far
 * @result: one word
 * @rule: of access, that decided; NULL: none
 * @hello: of TLS that was relayed; NULL: it was none
 * @reused: the upstream connection had served before
 */
struct access_entry {
	const struct conf_port *port;
	const struct endpoint *client;
	const struct endpoint *original;
	const struct endpoint *source;
	const struct endpoint *upstream;
	const char *line;
	const char *referer;
	const char *agent;
	size_t line_len;
	size_t referer_len;
	size_t agent_len;
	unsigned int status;
	uint64_t received;
	uint64_t sent;
	uint64_t total_us;
	uint64_t connect_us;
	uint64_t first_us;
	const char *result;
	const struct conf_rule *rule;
	const struct tls_hello *hello;
	bool reused;
};

/* Will a line of this configuration go anywhere? */
bool accesslog_wanted(const struct conf_log *conf);

/* One exchange, unless the sample leaves it out. */
void accesslog_line(struct accesslog *log, const struct conf_log *conf, time_t now, const struct access_entry *e);
/* Hand over what there is. */
void accesslog_flush(struct accesslog *log);
void accesslog_destroy(struct accesslog *log);

/**
 * accesslog_open() - set where lines go
 * @fd: what @conf names, opened; -1 where there is nothing to open or it could
 *	not be; belongs to the access log
 *
 * Starts the writer thread when called first. Return: 0 or a negative errno
 * (lines go where they went before).
 */
int accesslog_open(const struct conf_log *conf, int fd);
/* Write what is queued, for at most two seconds, and end the writer. */
void accesslog_close(void);
/* Lines the writer could not write. */
uint64_t accesslog_lost(void);
/* Were there such lines since this was asked last? */
bool accesslog_broken(void);

#endif /* TIPHARES_ACCESSLOG_H */
