// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log for the operator: to the journal by its native protocol, where the
 * standard error is the journal's, else to the standard error.
 *
 * Nobody waits for whom reads it: a message that is not taken at once is dropped.
 */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL "/run/systemd/journal/socket"

#define LINE_MAX_LEN 1024

static int current_level = 2;

void log_set_level(int level)
{
	__atomic_store_n(&current_level, level, __ATOMIC_RELAXED);
}

int log_level(void)
{
	return __atomic_load_n(&current_level, __ATOMIC_RELAXED);
}

static int journal = -1;
static const char *process = "parent";
static uint64_t dropped;	/* atomic */

/* The service manager says which file its journal's stream is. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return !strcmp(stream, own);
}

void log_open(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = JOURNAL };
	int fd;

	if (journal >= 0 || !is_journal())
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		journal = fd;
	else if (fd >= 0)
		close(fd);
}

int log_descriptor(void)
{
	return journal;
}

void log_set_process(const char *name)
{
	process = name;
}

uint64_t log_dropped(void)
{
	return __atomic_load_n(&dropped, __ATOMIC_RELAXED);
}

static size_t plain_prefix(char *buf, size_t size, int level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	n = strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm);
	return n + (size_t)snprintf(buf + n, size - n, ".%03ld tipharesd[%d] %s: ",
				    ts.tv_nsec / 1000000, (int)getpid(), names[level]);
}

/* @text is one line, without its end. */
static bool to_journal(int level, const char *text, size_t n)
{
	static const char priority[] = { '3', '4', '6', '7' };
	char head[160];
	struct iovec iov[] = { { head, 0 }, { (char *)text, n }, { (char *)"\n", 1 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	iov[0].iov_len = (size_t)snprintf(head, sizeof(head),
					  "PRIORITY=%c\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=tipharesd\nTIPHARES_PROCESS=%s\nMESSAGE=",
					  priority[level], process);
	return sendmsg(journal, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* A pipe or a socket that has room takes a line without blocking; a file always does. */
static bool to_stderr(int level, const char *text, size_t n)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	char head[80];
	struct iovec iov[] = { { head, 0 }, { (char *)text, n }, { (char *)"\n", 1 } };

	iov[0].iov_len = plain_prefix(head, sizeof(head), level);
	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT && writev(STDERR_FILENO, iov, 3) >= 0;
}

void log_write(int level, const char *fmt, ...)
{
	char text[LINE_MAX_LEN];
	va_list ap;
	size_t n;
	int r;

	if (level < 0 || level > 3 || level > log_level())
		return;
	va_start(ap, fmt);
	r = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r < 0)
		return;
	n = (size_t)r < sizeof(text) ? (size_t)r : sizeof(text) - 1;
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	if (!(journal >= 0 ? to_journal : to_stderr)(level, text, n))
		__atomic_add_fetch(&dropped, 1, __ATOMIC_RELAXED);
}
