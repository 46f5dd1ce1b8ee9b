/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One shared page written by the parent, read by the worker: what the datapath
 * and the confinement say about themselves, for tipharesctl. A sequence count makes a copy consistent:
 * odd while it is written.
 */
#ifndef TIPHARES_SHM_H
#define TIPHARES_SHM_H

#include <stdint.h>

#include "datapath.h"

#define SHM_COUNTERS_MAX 8192

struct shm_page {
	uint32_t seq;
	int32_t fd;		/* of the parent: the page itself */
	uint32_t generation;	/* configurations applied since the start */
	char datapath[16];
	char datapath_why[160];	/* why this one was taken */
	char confinement[64];	/* of the worker, in words */
	uint64_t started;	/* CLOCK_REALTIME, seconds */
	uint64_t reloads;
	uint64_t reload_failures;
	uint64_t worker_restarts;
	uint64_t worker_violations;	/* workers ended for a system call */
	uint64_t repairs;	/* datapath repaired after somebody's change */
	uint32_t n_counters;
	struct datapath_counter counters[SHM_COUNTERS_MAX];
};

/* Map a new page shared over fork(); NULL when out of memory. Never unmapped. */
struct shm_page *shm_create(void);
/*
 * In the child: make the page one that this process can only read, whatever it
 * does. Return: 0 or a negative errno.
 */
int shm_protect(struct shm_page *page);
/* Writer: bracket changes. */
void shm_write_begin(struct shm_page *page);
void shm_write_end(struct shm_page *page);
/* Reader: a consistent copy into @ret. */
void shm_read(const struct shm_page *page, struct shm_page *ret);

#endif /* TIPHARES_SHM_H */
