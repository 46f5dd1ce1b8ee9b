// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the admin thread asks of the parent, bypass by hand and explanations: its
 * answer comes to the worker's first thread, which wakes the one that waits. One
 * at a time.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "worker_internal.h"

#define ANSWER_S 10

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static uint32_t ticket;
static struct channel_msg answer;
static int answer_fd = -1;

/* Takes @fd over. An answer that nobody waits for any more is dropped. */
void worker_bypass_done(const struct channel_msg *msg, int fd)
{
	pthread_mutex_lock(&lock);
	if (msg->a == ticket && answer.a != ticket) {
		answer = *msg;
		answer_fd = fd;
		fd = -1;
		pthread_cond_broadcast(&answered);
	}
	pthread_mutex_unlock(&lock);
	if (fd >= 0)
		close(fd);
}

int worker_bypass_ask(void *arg, struct channel_msg *msg, int *fd, uint32_t *n)
{
	struct worker *w = arg;
	struct timespec until;
	int err;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ANSWER_S;
	pthread_mutex_lock(&lock);
	msg->a = ++ticket;
	err = channel_send(w->args->control, msg, NULL, 0);
	while (!err && answer.a != ticket)
		err = -pthread_cond_timedwait(&answered, &lock, &until);
	if (!err) {
		err = -(int)answer.b;
		*fd = answer_fd;
		*n = answer.c;
		answer_fd = -1;
	}
	answer.a = ticket;	/* one that comes later is too late */
	pthread_mutex_unlock(&lock);
	return err;
}
