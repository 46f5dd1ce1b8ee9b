/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takeover: a new daemon gets the listeners of the one that runs.
 *
 *	successor                       predecessor
 *	TAKEOVER    ------------------>
 *	            <------------------  LISTENER, one for each of its worker's
 *	            <------------------  OFFER, each socket that names the daemon
 *	            <------------------  GAVE
 *	applies its ports, its worker serves
 *	TOOK        ------------------>  drains
 *
 * Until TOOK both accept from the same sockets, so no connection waits for
 * nobody at any step. An end of the channel before TOOK leaves the predecessor
 * in force, an end after GAVE lets the successor go on.
 *
 * They meet at an abstract unix socket: its names belong to the network
 * namespace, as the interception does. Each asks the kernel who the other is.
 */
#ifndef TIPHARES_TAKEOVER_H
#define TIPHARES_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What CHANNEL_OFFER offers, and the bits of CHANNEL_TOOK. */
enum takeover_offer { OFFER_MEETING, OFFER_ADMIN, OFFER_METRICS, OFFER_MAX };

/**
 * struct inheritance - what a predecessor handed over
 * @channel: to it, -1: there is none (any more)
 * @offers: sockets by enum takeover_offer, -1: not offered or used already
 * @v: listening sockets with the thread they belonged to
 */
struct inheritance {
	int channel;
	int offers[OFFER_MAX];
	struct inherited {
		int fd;		/* -1: used */
		unsigned int thread;
	} *v;
	size_t n;
};

/* Nothing inherited. */
void inheritance_init(struct inheritance *in);
/* Close and free what was not used; the channel stays. */
void inheritance_forget(struct inheritance *in);

/* The meeting point as a listening socket. -EADDRINUSE: somebody else has it. */
int takeover_listen(void);
/* Does a daemon serve this network namespace? */
bool takeover_lives(void);

/**
 * takeover_ask() - ask the daemon of this network namespace for what it has
 *
 * Waits some seconds at most. Return: 1, 0 when there is no daemon, or a
 * negative errno with nothing changed.
 */
int takeover_ask(struct inheritance *ret);

/* Peer of a channel that was accepted at the meeting point: its pid, or -EPERM. */
pid_t takeover_peer(int channel);

#endif /* TIPHARES_TAKEOVER_H */
