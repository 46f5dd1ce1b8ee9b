// SPDX-License-Identifier: GPL-2.0-only
/* The page that the parent writes and the worker reads. */
#include "shm.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The parent's mapping is the last one that can be written. */
static struct shm_page *map(int fd)
{
	void *page;

	if (ftruncate(fd, sizeof(struct shm_page)))
		return NULL;
	page = mmap(NULL, sizeof(struct shm_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (!fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
		return page;
	munmap(page, sizeof(struct shm_page));
	return NULL;
}

struct shm_page *shm_create(void)
{
	int fd = memfd_create("tiphares-shm", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct shm_page *page = fd < 0 ? NULL : map(fd);

	if (page)
		page->fd = fd;
	else if (fd >= 0)
		close(fd);
	return page;
}

int shm_protect(struct shm_page *page)
{
	void *again = mmap(page, sizeof(*page), PROT_READ, MAP_SHARED | MAP_FIXED, page->fd, 0);

	return again == MAP_FAILED ? -errno : 0;
}

/* The fence keeps the changes behind the odd number. */
void shm_write_begin(struct shm_page *page)
{
	__atomic_store_n(&page->seq, page->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void shm_write_end(struct shm_page *page)
{
	__atomic_store_n(&page->seq, page->seq + 1, __ATOMIC_RELEASE);
}

/*
 * A writer that died half-way leaves the number odd for good; the worker dies
 * with it, so a reader gives up after a while instead of spinning.
 */
#define READ_TRIES 1000

static bool try_read(const struct shm_page *page, struct shm_page *ret)
{
	uint32_t before = __atomic_load_n(&page->seq, __ATOMIC_ACQUIRE);

	if (before & 1)
		return false;
	memcpy(ret, page, sizeof(*ret));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&page->seq, __ATOMIC_RELAXED) == before;
}

void shm_read(const struct shm_page *page, struct shm_page *ret)
{
	int tries = 0;

	while (!try_read(page, ret) && tries++ < READ_TRIES)
		sched_yield();
	if (tries > READ_TRIES)
		memset(ret, 0, sizeof(*ret));
	if (ret->n_counters > SHM_COUNTERS_MAX)
		ret->n_counters = 0;
}
