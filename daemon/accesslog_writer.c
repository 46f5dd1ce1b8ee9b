// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer of the access log: a thread that takes chunks from a queue and may
 * block as long as the sink likes. At most CHUNKS_MAX chunks exist.
 */
#include "accesslog_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "accesslog.h"

#define CHUNKS_MAX 64
#define CLOSE_SECONDS 2

enum sink_kind { SINK_OFF, SINK_FD, SINK_SYSLOG, SINK_JOURNAL };

struct sink {
	enum sink_kind kind;
	int fd;
};

/* All protected by lock; the sink in use belongs to the writer. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct accesslog_chunk *queue_first, **queue_last = &queue_first;
static struct accesslog_chunk *spare;
static unsigned int n_chunks;
static struct sink next_sink = { .fd = -1 };
static bool sink_changed, stopping, running;
static pthread_t writer;
static uint64_t lost;	/* atomic */
static bool broken;	/* atomic: lines were lost since somebody asked */

struct accesslog_chunk *accesslog_chunk_get(void)
{
	struct accesslog_chunk *c;

	pthread_mutex_lock(&lock);
	c = spare;
	if (c) {
		spare = c->next;
	} else if (n_chunks < CHUNKS_MAX) {
		c = malloc(sizeof(*c));
		n_chunks += c != NULL;
	}
	pthread_mutex_unlock(&lock);
	if (c) {
		c->n = 0;
		c->lines = 0;
	}
	return c;
}

void accesslog_chunk_submit(struct accesslog_chunk *chunk)
{
	chunk->next = NULL;
	pthread_mutex_lock(&lock);
	*queue_last = chunk;
	queue_last = &chunk->next;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
}

static bool write_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t r = write(fd, text, n);

		if (r < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, 1000);
		} else if (r < 0 && errno != EINTR) {
			return false;
		} else if (r > 0) {
			text += r;
			n -= (size_t)r;
		}
	}
	return true;
}

/* As syslog(3) would: facility daemon, priority info. */
static bool syslog_line(int fd, const char *line, size_t n)
{
	char head[80];
	time_t now = time(NULL);
	struct tm tm;
	size_t len;
	struct iovec iov[] = { { head, 0 }, { (char *)line, n } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	localtime_r(&now, &tm);
	len = strftime(head, sizeof(head), "<30>%h %e %T ", &tm);
	len += (size_t)snprintf(head + len, sizeof(head) - len, "tipharesd[%d]: ", (int)getpid());
	iov[0].iov_len = len;
	return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

#define MESSAGE "MESSAGE="

/* @text: fields, or a message alone */
static bool journal_entry(int fd, bool fields, const char *text, size_t n)
{
	static const char own[] = "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=tipharesd\n" MESSAGE;
	struct iovec iov[] = {
		{ (char *)own, sizeof(own) - 1 - (fields ? strlen(MESSAGE) : 0) },
		{ (char *)text, n },
		{ (char *)"\n", !fields },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

/* One entry of a chunk; @n without what ends it. A line is a message alone, and the other way round. */
static bool write_entry(const struct sink *sink, bool journal, const char *text, size_t n)
{
	if (journal && sink->kind == SINK_JOURNAL)
		return journal_entry(sink->fd, true, text, n);
	if (journal) {
		text += strlen(MESSAGE);
		n = (size_t)(strchrnul(text, '\n') - text);
	}
	if (sink->kind == SINK_SYSLOG)
		return syslog_line(sink->fd, text, n);
	if (sink->kind == SINK_FD)
		return write_all(sink->fd, text, n) && write_all(sink->fd, "\n", 1);
	return journal_entry(sink->fd, false, text, n);
}

static unsigned int write_entries(const struct sink *sink, const struct accesslog_chunk *c)
{
	const char *at = c->text, *end = c->text + c->n;
	unsigned int failed = 0;

	while (at < end) {
		const char *last = c->journal ? memmem(at, (size_t)(end - at), "\n\n", 2) :
						memchr(at, '\n', (size_t)(end - at));

		/* of fields, the last one's end belongs to it */
		last += c->journal;
		failed += !write_entry(sink, c->journal, at, (size_t)(last - at));
		at = last + 1;
	}
	return failed;
}

static void write_chunk(const struct sink *sink, const struct accesslog_chunk *c)
{
	unsigned int failed = 0;

	if (sink->kind == SINK_FD && !c->journal)
		failed = write_all(sink->fd, c->text, c->n) ? 0 : c->lines;
	else if (sink->kind != SINK_OFF)
		failed = write_entries(sink, c);
	if (!failed)
		return;
	__atomic_add_fetch(&lost, failed, __ATOMIC_RELAXED);
	__atomic_store_n(&broken, true, __ATOMIC_RELAXED);
}

static void sink_close(struct sink *sink)
{
	if (sink->fd > STDERR_FILENO)
		close(sink->fd);
	sink->fd = -1;
}

/* With lock held. Returns a chunk, or NULL when it is time to end. */
static struct accesslog_chunk *next_chunk(void)
{
	struct accesslog_chunk *c;

	while (!queue_first && !sink_changed) {
		if (stopping)
			return NULL;
		pthread_cond_wait(&wake, &lock);
	}
	c = queue_first;
	if (c) {
		queue_first = c->next;
		if (!queue_first)
			queue_last = &queue_first;
	}
	return c;
}

static void *writer_main(void *arg)
{
	struct sink sink = { .fd = -1 };
	struct accesslog_chunk *c;

	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		c = next_chunk();
		if (sink_changed) {
			sink_close(&sink);
			sink = next_sink;
			next_sink.fd = -1;
			sink_changed = false;
		} else if (!c) {
			break;
		}
		if (!c)
			continue;
		pthread_mutex_unlock(&lock);
		write_chunk(&sink, c);
		pthread_mutex_lock(&lock);
		c->next = spare;
		spare = c;
	}
	sink_close(&sink);
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* What is to be opened and could not be loses its lines, which is counted. */
static struct sink sink_of(const struct conf_log *conf, int fd)
{
	if (!accesslog_wanted(conf))
		return (struct sink){ SINK_OFF, -1 };
	if (!strcmp(conf->to, "stdout"))
		return (struct sink){ SINK_FD, STDOUT_FILENO };
	return (struct sink){ !strcmp(conf->to, "syslog") ? SINK_SYSLOG :
			      !strcmp(conf->to, "journal") ? SINK_JOURNAL : SINK_FD, fd };
}

static int writer_start(void)
{
	sigset_t all, old;
	int r;

	if (running)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&writer, NULL, writer_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return -r;
	running = true;
	return 0;
}

int accesslog_open(const struct conf_log *conf, int fd)
{
	struct sink sink = sink_of(conf, fd);
	int r = writer_start();

	if (fd >= 0 && (r || sink.fd != fd))
		close(fd);
	if (r)
		return r;
	pthread_mutex_lock(&lock);
	sink_close(&next_sink);
	next_sink = sink;
	sink_changed = true;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	return 0;
}

void accesslog_close(void)
{
	struct timespec until;

	if (!running)
		return;
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CLOSE_SECONDS;
	if (pthread_timedjoin_np(writer, NULL, &until))
		return; /* its sink blocks; the process ends without it */
	running = false;
	while (spare) {
		struct accesslog_chunk *c = spare;

		spare = c->next;
		free(c);
	}
}

uint64_t accesslog_lost(void)
{
	return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}

bool accesslog_broken(void)
{
	return __atomic_exchange_n(&broken, false, __ATOMIC_RELAXED);
}
