// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event loop. Order of a turn: sleep, clock, descriptors, timers, what asked
 * to run again, and last the dead: nothing refers to them any more then.
 */
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOOP_EVENTS 256	/* in one turn */

static void loop_clock(struct loop *loop)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	loop->now_us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
	loop->now = loop->now_us / 1000;
	if (loop->now < loop->wall_due)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	loop->wall = ts.tv_sec;
	loop->wall_due = loop->now + 1000 - (uint64_t)ts.tv_nsec / 1000000;
}

int loop_init(struct loop *loop)
{
	memset(loop, 0, sizeof(*loop));
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	loop_clock(loop);
	list_init(&loop->again);
	list_init(&loop->dead);
	timer_wheel_init(&loop->timers, loop->now);
	return 0;
}

static void loop_run_works(struct list *works)
{
	struct list now;

	list_take(works, &now);
	while (!list_empty(&now)) {
		struct work *w = container_of(now.next, struct work, link);

		list_del(&w->link);
		w->fn(w);
	}
}

void loop_destroy(struct loop *loop)
{
	loop_run_works(&loop->dead);
	close(loop->epoll);
}

static void loop_dispatch(const struct epoll_event *e)
{
	struct watch *w = e->data.ptr;

	if (w->fd < 0)
		return; /* closed earlier in this turn */
	if (e->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		w->ready |= READY_IN;
	if (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		w->ready |= READY_OUT;
	if (e->events & EPOLLRDHUP)
		w->ready |= READY_EOF;
	if (e->events & (EPOLLHUP | EPOLLERR))
		w->ready |= READY_GONE;
	w->fn(w);
}

void loop_turn(struct loop *loop, unsigned int max_ms)
{
	struct epoll_event events[LOOP_EVENTS];
	unsigned int wait = 0;
	int n;

	if (list_empty(&loop->again))
		wait = timer_wheel_wait(&loop->timers, loop->now, max_ms);
	__atomic_store_n(&loop->waiting, true, __ATOMIC_RELAXED);
	n = epoll_wait(loop->epoll, events, LOOP_EVENTS, (int)wait);
	__atomic_store_n(&loop->waiting, false, __ATOMIC_RELAXED);
	loop_clock(loop);
	__atomic_store_n(&loop->turns, loop->turns + 1, __ATOMIC_RELAXED);
	for (int i = 0; i < n; i++)
		loop_dispatch(&events[i]);
	timer_wheel_run(&loop->timers, loop->now);
	if (!list_empty(&loop->again))
		loop_run_works(&loop->again);
	if (!list_empty(&loop->dead))
		loop_run_works(&loop->dead);
}

static int loop_add(struct loop *loop, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, w->fd, &e) ? -errno : 0;
}

int loop_watch(struct loop *loop, struct watch *w, bool out)
{
	w->ready = out ? 0 : READY_OUT;
	w->wants_out = out;
	return loop_add(loop, w, EPOLLIN | EPOLLRDHUP | EPOLLET | (out ? EPOLLOUT : 0));
}

int loop_watch_level(struct loop *loop, struct watch *w)
{
	w->ready = 0;
	w->wants_out = false;
	return loop_add(loop, w, EPOLLIN);
}

void loop_want_out(struct loop *loop, struct watch *w)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = w,
	};

	w->ready &= (uint8_t)~READY_OUT;
	if (w->wants_out)
		return;
	/* says so at once if there is room already */
	if (!epoll_ctl(loop->epoll, EPOLL_CTL_MOD, w->fd, &e))
		w->wants_out = true;
}

void loop_unwatch(struct loop *loop, struct watch *w)
{
	w->ready = 0;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
}

void watch_close(struct watch *w)
{
	if (w->fd < 0)
		return;
	close(w->fd);
	w->fd = -1;
	w->ready = 0;
}

void loop_again(struct loop *loop, struct work *w)
{
	if (list_empty(&w->link))
		list_add_tail(&loop->again, &w->link);
}

void loop_bury(struct loop *loop, struct work *w)
{
	list_del(&w->link);
	list_add_tail(&loop->dead, &w->link);
}
