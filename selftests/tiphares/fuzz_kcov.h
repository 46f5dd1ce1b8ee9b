/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which code of the module a system call of this thread has come to, where the kernel tells: what comes to code that
 * none before has come to is worth being kept and varied. Elsewhere nothing is new, ever.
 */
#ifndef TIPHARES_FUZZ_KCOV_H
#define TIPHARES_FUZZ_KCOV_H

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KCOV_WORDS (1 << 16)
#define KCOV_PLACES (1 << 16)

struct kcov {
	unsigned long *area;	/* [0]: how many places follow; NULL: the kernel does not tell */
	unsigned char seen[KCOV_PLACES];
	unsigned int found;
};

static inline void kcov_open(struct kcov *kcov)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, KCOV_WORDS))
		return;
	kcov->area = mmap(NULL, KCOV_WORDS * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (kcov->area == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		kcov->area = NULL;
}

static inline void kcov_begin(struct kcov *kcov)
{
	if (kcov->area)
		__atomic_store_n(&kcov->area[0], 0, __ATOMIC_RELAXED);
}

/* How many places of those since kcov_begin() are new. */
static inline unsigned int kcov_end(struct kcov *kcov)
{
	unsigned long n = kcov->area ? __atomic_load_n(&kcov->area[0], __ATOMIC_RELAXED) : 0;
	unsigned int new = 0;

	for (unsigned long i = 1; i <= n; i++) {
		unsigned char *seen = &kcov->seen[(kcov->area[i] * 0x9e3779b97f4a7c15UL) >> 48];

		new += !*seen;
		*seen = 1;
	}
	kcov->found += new;
	return new;
}

#endif /* TIPHARES_FUZZ_KCOV_H */
