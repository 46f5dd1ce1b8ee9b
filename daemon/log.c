// SPDX-License-Identifier: GPL-2.0-only
/* The log for the operator. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static size_t journal_prefix(char *buf, size_t size, int level)
{
	static const char priority[] = { '3', '4', '6', '7' };

	return (size_t)snprintf(buf, size, "<%c>", priority[level]);
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

void log_write(int level, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	size_t n;
	va_list ap;
	int r;

	if (level < 0 || level > 3 || level > log_level())
		return;
	n = getenv("JOURNAL_STREAM") ? journal_prefix(line, sizeof(line), level) :
				       plain_prefix(line, sizeof(line), level);
	va_start(ap, fmt);
	r = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	if (r < 0)
		return;
	n += (size_t)r < sizeof(line) - n - 1 ? (size_t)r : sizeof(line) - n - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere to tell */
}
