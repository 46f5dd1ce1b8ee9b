/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail when they are told to: those of this thread while it is in the kernel, one by one. Needs a kernel
 * with failslab, which the debug kernel is.
 */
#ifndef TIPHARES_FAULTS_LIB_H
#define TIPHARES_FAULTS_LIB_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULTS_NTH "/proc/thread-self/fail-nth"

static inline bool faults_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

/* Whether it is possible: also those that could wait for memory, and pages as well as objects. */
static inline bool faults_begin(void)
{
	static const char * const dirs[] = { "failslab", "fail_page_alloc" };
	char path[128];

	if (access(FAULTS_NTH, W_OK) || access("/sys/kernel/debug/failslab", F_OK))
		return false;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/ignore-gfp-wait", dirs[i]);
		faults_write(path, "N");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", dirs[i]);
		faults_write(path, "0");
	}
	faults_write("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	return true;
}

static bool fault_armed;

/* The @nth allocation from now on fails; 0: none does any more. Only root can have that. */
static inline void fault_at(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	fault_armed = faults_write(FAULTS_NTH, text) && nth;
}

/* Whether it has come to that; nothing fails any more. */
static inline bool fault_happened(void)
{
	char text[16] = "";
	int fd;

	if (!fault_armed)
		return false;
	fault_armed = false;
	fd = open(FAULTS_NTH, O_RDONLY);
	/* looking may be what failed: again, for only one thing does */
	if (fd < 0)
		return true;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	fault_at(0);
	return !atoi(text);
}

#endif /* TIPHARES_FAULTS_LIB_H */
