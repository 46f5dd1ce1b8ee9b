/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of input between two pages that nobody may touch: reading one octet
 * too far, or before the first one, ends the test with SIGSEGV.
 */
#ifndef TIPHARES_GUARD_H
#define TIPHARES_GUARD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GUARD_PAGE 4096u
#define GUARD_ROOM (64u * GUARD_PAGE)

static inline char *guard_room(void)
{
	static char *room;
	char *map;

	if (room)
		return room;
	map = mmap(NULL, GUARD_ROOM + 2 * GUARD_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + GUARD_PAGE, GUARD_ROOM, PROT_READ | PROT_WRITE)) {
		perror("guard pages");
		exit(2);
	}
	room = map + GUARD_PAGE;
	return room;
}

/* The last octet is right before a guard page. Valid until the next call. */
static inline char *guard_end(const char *s, size_t n)
{
	char *copy = guard_room() + GUARD_ROOM - n;

	return memcpy(copy, s, n);
}

/* The first octet is right behind a guard page. */
__attribute__((unused))
static inline char *guard_start(const char *s, size_t n)
{
	return memcpy(guard_room(), s, n);
}

#endif /* TIPHARES_GUARD_H */
