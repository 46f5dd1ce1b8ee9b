/* SPDX-License-Identifier: GPL-2.0-only */
/* Between accesslog.c, which formats, and accesslog_writer.c, which writes. */
#ifndef TIPHARES_ACCESSLOG_WRITER_H
#define TIPHARES_ACCESSLOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#define CHUNK_FULL 32768		/* handed over above this */
#define CHUNK_ROOM (CHUNK_FULL + 98304)	/* so the longest line fits behind */

/**
 * struct accesslog_chunk - lines
 * @journal: each is an entry of the journal's native protocol instead: a field
 *	in a line, the first of them MESSAGE, and an empty line at the end
 */
struct accesslog_chunk {
	struct accesslog_chunk *next;
	size_t n;
	unsigned int lines;
	bool journal;
	char text[CHUNK_ROOM];
};

/* An empty chunk, or NULL when too many are under way. */
struct accesslog_chunk *accesslog_chunk_get(void);
/* Queue for writing. Consumes @chunk. */
void accesslog_chunk_submit(struct accesslog_chunk *chunk);

#endif /* TIPHARES_ACCESSLOG_WRITER_H */
