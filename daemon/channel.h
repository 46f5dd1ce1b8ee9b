/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between the privileged parent and the worker process, and between the
 * parents of two daemons: fixed size, over SOCK_SEQPACKET, descriptors by
 * SCM_RIGHTS.
 *
 * There is one control channel, and one socket channel for each loop thread.
 * The parent trusts nothing it reads: a message of another size, kind or range
 * ends the worker.
 */
#ifndef TIPHARES_CHANNEL_H
#define TIPHARES_CHANNEL_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* descriptors in one message */
#define CHANNEL_FDS_MAX 1

/**
 * enum channel_kind - what a message says
 *
 * Parent to worker, control channel:
 * @CHANNEL_CONF: one fd: a sealed memfd with the YAML text (a: its length).
 *	Parsed by the worker again; it was validated by the parent.
 * @CHANNEL_HOSTS: one fd: the hosts file, for the last CHANNEL_CONF
 * @CHANNEL_LISTENER: one fd, listening. a: port index in the last CHANNEL_CONF,
 *	b: thread.
 * @CHANNEL_KEEP: in place of the CHANNEL_LISTENERs of port a, thread b: the
 *	listeners that this thread has at that port's addresses stay, so that
 *	nothing in their queues is lost.
 * @CHANNEL_COMMIT: the listeners that came, and those kept, since the last
 *	CHANNEL_CONF are the whole set: use them and that configuration for new
 *	connections, close the other listeners of the previous set.
 * @CHANNEL_DRAIN: accept nothing new, exit when the last session ended.
 *	a: milliseconds after which those left are closed; b: 1: another daemon
 *	answers on the admin sockets from now on
 * @CHANNEL_REOPEN: one fd: where the access log goes from now on
 * @CHANNEL_BYPASS_DONE: a: ticket, b: 0 or errno. Of a list: one fd with structs
 *	datapath_bypass, c: how many; of an explanation: with one struct
 *	datapath_explanation
 * @CHANNEL_GIVE: answer with the listeners in use, for another daemon
 *
 * Worker to parent, control channel:
 * @CHANNEL_CONFINED: the first message of a worker, once. a: ABI of Landlock or
 *	0, b: 1 when its system calls are filtered; one fd on which the parent
 *	hears of violations, or none
 * @CHANNEL_REOPEN: the access log can't be written any more: open it again
 * @CHANNEL_READY: the last CHANNEL_COMMIT is in force (a: 0) or could not be
 *	applied (a: errno)
 * @CHANNEL_HEARTBEAT: every loop thread has turned since the last one; a: as
 *	CHANNEL_OVERLOAD; b: 1: but one of them does not take the connections that
 *	wait for it
 * @CHANNEL_OVERLOAD: a: 1: there is too much to do, 0: no more
 * @CHANNEL_RELOAD: somebody with the right to asked for a reload
 * @CHANNEL_DRAIN_REQUEST: the same for a drain
 * @CHANNEL_UPGRADE: the same for a start of the program anew, which takes over
 * @CHANNEL_LISTENER: one fd, answer to CHANNEL_GIVE; a, b: as above
 * @CHANNEL_BYPASS: a trigger: make an entry for the connection from local to
 *	remote; a: enum tiph_bypass_reason
 * @CHANNEL_BYPASS_ADD, @CHANNEL_BYPASS_DEL: by hand: a: ticket; b: milliseconds;
 *	c: length of the source's prefix, and that of the destination's << 8; the
 *	prefixes and the port are in local and remote. @CHANNEL_BYPASS_FLUSH: all of
 *	them. @CHANNEL_BYPASS_LIST: answer with them. a: ticket
 * @CHANNEL_EXPLAIN: what would become of a connection from local to remote that
 *	comes in by interface? a: ticket
 * @CHANNEL_LOG_LEVEL: what is logged from now on; a: ticket, b: enum
 *	conf_log_level
 * @CHANNEL_GAVE: those were all (a: 0), or why there are none (a: errno)
 *
 * Worker to parent, socket channel of a thread:
 * @CHANNEL_WANT_SOCKET: with the address of a client. a: the question's number,
 *	b: enum tiph_source_port, local and remote: ends of the connection with
 *	this client, which the worker holds
 *
 * Parent to worker, socket channel:
 * @CHANNEL_SOCKET: a: the question's number; one fd, or b: errno
 *
 * Between two daemons, see takeover.h:
 * @CHANNEL_TAKEOVER: successor: hand over what you have
 * @CHANNEL_LISTENER, @CHANNEL_GAVE: predecessor: as those of its worker
 * @CHANNEL_OFFER: predecessor: one fd, a: enum takeover_offer
 * @CHANNEL_TOOK: successor: I serve; a: bit of each offer that was of use
 */
enum channel_kind {
	CHANNEL_CONF = 1,
	CHANNEL_LISTENER,
	CHANNEL_COMMIT,
	CHANNEL_DRAIN,
	CHANNEL_REOPEN,
	CHANNEL_READY,
	CHANNEL_HEARTBEAT,
	CHANNEL_RELOAD,
	CHANNEL_DRAIN_REQUEST,
	CHANNEL_WANT_SOCKET,
	CHANNEL_SOCKET,
	CHANNEL_KEEP,
	CHANNEL_GIVE,
	CHANNEL_GAVE,
	CHANNEL_UPGRADE,
	CHANNEL_TAKEOVER,
	CHANNEL_OFFER,
	CHANNEL_TOOK,
	CHANNEL_OVERLOAD,
	CHANNEL_HOSTS,
	CHANNEL_CONFINED,
	CHANNEL_BYPASS,
	CHANNEL_BYPASS_ADD,
	CHANNEL_BYPASS_DEL,
	CHANNEL_BYPASS_FLUSH,
	CHANNEL_BYPASS_LIST,
	CHANNEL_BYPASS_DONE,
	CHANNEL_EXPLAIN,
	CHANNEL_LOG_LEVEL,
	CHANNEL_KIND_MAX = CHANNEL_LOG_LEVEL,
};

struct channel_msg {
	uint32_t kind;
	uint32_t a;
	uint32_t b;
	uint32_t c;
	struct endpoint local;
	struct endpoint remote;
	char interface[IF_NAMESIZE];
};

/* A pair of connected channels, close-on-exec, non-blocking. */
int channel_pair(int ret[2]);

/**
 * channel_send() - send one message with @n_fds descriptors
 *
 * The descriptors stay the caller's. Never blocks.
 * Return: 0, -EAGAIN when the channel is full, or another negative errno.
 */
int channel_send(int channel, const struct channel_msg *msg, const int *fds, size_t n_fds);

/* The same, but waits some seconds for room. */
int channel_patient(int channel, const struct channel_msg *msg, const int *fds, size_t n_fds);

/**
 * channel_recv() - read one message
 * @fds: room for CHANNEL_FDS_MAX; those received are the caller's to close
 * @n_fds: how many came
 *
 * Return: 1, 0 at end of file, -EAGAIN when there is none, -EPROTO when it is
 * not a valid message (descriptors that came with it were closed).
 */
int channel_recv(int channel, struct channel_msg *msg, int *fds, size_t *n_fds);

#endif /* TIPHARES_CHANNEL_H */
