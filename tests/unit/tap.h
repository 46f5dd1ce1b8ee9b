/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP version 13 for C: ok() for each result, tap_done() at the end of main(). */
#ifndef TIPHARES_TAP_H
#define TIPHARES_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_results;
static unsigned int tap_failures;

/* Octets that a terminal or a TAP reader must not see as they are. */
static inline void tap_escape(const char *label, const char *s, size_t n)
{
	size_t i;

	printf("# %s \"", label);
	for (i = 0; i < n && i < 300; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\r')
			fputs("\\r", stdout);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '#')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	printf("\"%s\n", i < n ? " ..." : "");
}

__attribute__((format(printf, 4, 5)))
static inline bool tap_ok(bool good, const char *file, int line, const char *form, ...)
{
	va_list args;

	if (!tap_results)
		puts("TAP version 13");
	printf("%s %u - ", good ? "ok" : "not ok", ++tap_results);
	va_start(args, form);
	vprintf(form, args);
	va_end(args);
	putchar('\n');
	if (!good) {
		tap_failures++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

/* One result; the rest is a printf() of its name. */
#define ok(condition, ...) tap_ok(condition, __FILE__, __LINE__, __VA_ARGS__)

/* One result: two strings are the same; both are shown when not. */
__attribute__((unused))
static inline bool tap_is(const char *got, const char *expected, const char *file, int line,
			  const char *name)
{
	bool good = tap_ok(!strcmp(got, expected), file, line, "%s", name);

	if (!good) {
		tap_escape("got     ", got, strlen(got));
		tap_escape("expected", expected, strlen(expected));
	}
	return good;
}

#define is(got, expected, name) tap_is(got, expected, __FILE__, __LINE__, name)

/* The plan; the exit status of main(). */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_results);
	return tap_failures || !tap_results ? 1 : 0;
}

#endif /* TIPHARES_TAP_H */
