/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages for the operator, one line each, to the journal or the standard error. */
#ifndef TIPHARES_LOG_H
#define TIPHARES_LOG_H

#include <stdint.h>

/* Before the first message: is the standard error the journal's? */
void log_open(void);
/* The socket of the journal, or -1: who closes what it inherited keeps it. */
int log_descriptor(void);
/* "parent" or "worker", static storage: a field of the journal. */
void log_set_process(const char *name);
/* Messages that were not taken at once. */
uint64_t log_dropped(void);

/* Levels are those of enum conf_log_level: 0 error, 1 warning, 2 info, 3 debug. */
void log_set_level(int level);
int log_level(void);

/**
 * log_write() - write one line
 * @level: dropped when it is above the one set
 *
 * Any thread, never waits. To the journal go PRIORITY and TIPHARES_PROCESS as
 * well, to the standard error a line with time and level.
 */
void log_write(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(0, __VA_ARGS__)
#define log_warning(...) log_write(1, __VA_ARGS__)
#define log_info(...) log_write(2, __VA_ARGS__)
#define log_debug(...)                               \
	do {                                         \
		if (log_level() >= 3)                \
			log_write(3, __VA_ARGS__);   \
	} while (0)

#endif /* TIPHARES_LOG_H */
