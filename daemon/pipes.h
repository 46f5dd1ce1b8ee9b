/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pipes for splice(2), kept by a thread for its long bodies and tunnels. Whoever
 * has one has octets in it: an empty one goes back.
 */
#ifndef TIPHARES_PIPES_H
#define TIPHARES_PIPES_H

#define PIPES_FREE_MAX 64
#define PIPE_OCTETS (256 * 1024)	/* asked for; the kernel may give less */

/* One pipe; @in is its write end. Both -1: none. */
struct pipe_ends {
	int out;
	int in;
};

struct pipe_pool {
	struct pipe_ends free[PIPES_FREE_MAX];
	unsigned int n_free;
};

/* An empty pipe, non-blocking. 0 or a negative errno. */
int pipe_get(struct pipe_pool *pool, struct pipe_ends *ret);
/* @empty: it may be used again. None is legal; @p is none afterwards. */
void pipe_put(struct pipe_pool *pool, struct pipe_ends *p, int empty);
void pipe_pool_destroy(struct pipe_pool *pool);

#endif /* TIPHARES_PIPES_H */
