/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages for the operator, one line each, to the standard error. */
#ifndef TIPHARES_LOG_H
#define TIPHARES_LOG_H

/* Levels are those of enum conf_log_level: 0 error, 1 warning, 2 info, 3 debug. */
void log_set_level(int level);
int log_level(void);

/**
 * log_write() - write one line
 * @level: dropped when it is above the one set
 *
 * Any thread; a line is one write(2). Lines carry the syslog priority prefix
 * ("<4>") when the standard error is the journal, else time and level.
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
