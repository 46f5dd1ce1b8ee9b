// SPDX-License-Identifier: GPL-2.0-only
/* A stack of empty pipes. */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void pipe_close(struct pipe_ends *p)
{
	close(p->out);
	close(p->in);
	p->out = p->in = -1;
}

int pipe_get(struct pipe_pool *pool, struct pipe_ends *ret)
{
	int fds[2];

	if (pool->n_free) {
		*ret = pool->free[--pool->n_free];
		return 0;
	}
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	/* refused when the user has many large ones: the usual size will do */
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_OCTETS);
	*ret = (struct pipe_ends){ .out = fds[0], .in = fds[1] };
	return 0;
}

void pipe_put(struct pipe_pool *pool, struct pipe_ends *p, int empty)
{
	if (p->out < 0)
		return;
	if (!empty || pool->n_free == PIPES_FREE_MAX) {
		pipe_close(p);
		return;
	}
	pool->free[pool->n_free++] = *p;
	p->out = p->in = -1;
}

void pipe_pool_destroy(struct pipe_pool *pool)
{
	while (pool->n_free)
		pipe_close(&pool->free[--pool->n_free]);
}
