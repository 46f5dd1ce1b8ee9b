// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer of the access log: a thread that takes chunks from a queue and may
 * block as long as the sink likes. At most CHUNKS_MAX chunks exist.
 */
#include "accesslog_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
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
static uint64_t lost;

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

static bool journal_line(int fd, const char *line, size_t n)
{
	static const char fields[] = "PRIORITY=6\nSYSLOG_IDENTIFIER=tipharesd\nMESSAGE=";
	struct iovec iov[] = {
		{ (char *)fields, sizeof(fields) - 1 },
		{ (char *)line, n },
		{ (char *)"\n", 1 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

static unsigned int write_lines(const struct sink *sink, const struct accesslog_chunk *c)
{
	const char *at = c->text;
	const char *end = c->text + c->n;
	unsigned int failed = 0;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		if (sink->kind == SINK_SYSLOG)
			syslog(LOG_DAEMON | LOG_INFO, "%.*s", (int)(nl - at), at);
		else if (!journal_line(sink->fd, at, (size_t)(nl - at)))
			failed++;
		at = nl + 1;
	}
	return failed;
}

static void write_chunk(const struct sink *sink, const struct accesslog_chunk *c)
{
	unsigned int failed = 0;

	if (sink->kind == SINK_FD)
		failed = write_all(sink->fd, c->text, c->n) ? 0 : c->lines;
	else if (sink->kind != SINK_OFF)
		failed = write_lines(sink, c);
	if (failed)
		__atomic_add_fetch(&lost, failed, __ATOMIC_RELAXED);
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

static int journal_connect(void)
{
	static const struct sockaddr_un sun = {
		.sun_family = AF_UNIX,
		.sun_path = "/run/systemd/journal/socket",
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int sink_open(const struct conf_log *conf, int fd, struct sink *ret)
{
	*ret = (struct sink){ .kind = SINK_FD, .fd = fd };
	if (!accesslog_wanted(conf)) {
		ret->kind = SINK_OFF;
	} else if (!strcmp(conf->to, "stdout")) {
		ret->fd = STDOUT_FILENO;
	} else if (!strcmp(conf->to, "syslog")) {
		ret->kind = SINK_SYSLOG;
		openlog("tipharesd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	} else if (!strcmp(conf->to, "journal")) {
		ret->kind = SINK_JOURNAL;
		ret->fd = journal_connect();
		return ret->fd < 0 ? ret->fd : 0;
	} else if (fd < 0) {
		ret->fd = open(conf->to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
		return ret->fd < 0 ? -errno : 0;
	}
	return 0;
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
	struct sink sink;
	int r = writer_start();

	if (!r)
		r = sink_open(conf, fd, &sink);
	if (r) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	if (fd >= 0 && sink.fd != fd)
		close(fd);
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
