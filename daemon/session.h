/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session: one client connection and what happens on it. Its port, mode and
 * original destination are here and nowhere else.
 *
 *	          +------------------------------ keep-alive ---------------------+
 *	          v                                                               |
 *	accept -> HEAD -> [RESOLVE] -> [SOCKET] -> [CONNECT] -> EXCHANGE ---------+-> IDLE -> HEAD
 *	   |      ^ |                                 ^  |         |              |
 *	 [PROXY]  | |                                 +--+- retry -+              |
 *	 [SNIFF] -+ +- refused, failed ---------------+--> ANSWER ----------------+
 *	   |                                                 |
 *	   +--> [RESOLVE] -> [SOCKET] -> [CONNECT] -> TUNNEL <- CONNECT, EXCHANGE
 *	                                        |     ^
 *	                                        +-> SILENT -> HEAD
 *	ANSWER, EXCHANGE -> LINGER     any -> DEAD
 *
 * PROXY: the header of the PROXY protocol is not whole yet; what follows it goes
 * on as if just accepted. SNIFF: ports of protocol tls and auto: too little came to know what is spoken.
 * IDLE: no octet of the next request came. HEAD: a head is being read, in one
 * absolute time. RESOLVE: waiting for the addresses of a name. SOCKET: the
 * privileged process was asked for a socket. CONNECT: the upstream is
 * connecting. EXCHANGE: request and response are moving. ANSWER: a response of
 * the proxy's own is being written. TUNNEL: octets are relayed both ways.
 * SILENT: connected to the origin, as the client says nothing: who speaks first
 * decides what this is.
 * LINGER: our side is closed, what the client still sends is thrown away so
 * that it gets our last response. DEAD: buried, freed at the end of the turn.
 *
 * session_set() is the only place where the state changes; it sets the timer
 * that bounds the new state. All sessions but dead ones are on thread.sessions.
 */
#ifndef TIPHARES_SESSION_H
#define TIPHARES_SESSION_H

#include "body.h"
#include "likeness.h"
#include "thread.h"
#include "tls_hello.h"

enum session_state {
	SESSION_PROXY,
	SESSION_SNIFF,
	SESSION_IDLE,
	SESSION_HEAD,
	SESSION_RESOLVE,
	SESSION_SOCKET,
	SESSION_CONNECT,
	SESSION_EXCHANGE,
	SESSION_ANSWER,
	SESSION_TUNNEL,
	SESSION_SILENT,
	SESSION_LINGER,
	SESSION_DEAD,
	SESSION_STATE_MAX,
};
extern const char *const session_state_names[SESSION_STATE_MAX];

struct exchange;

/**
 * struct session - a client connection
 * @again: to go on in the next turn, and to be buried
 * @waiter: while in SESSION_SOCKET
 * @in: octets received and not used; NULL while there are none
 * @address: the client's: of its connection, or what a PROXY header said
 * @original: original destination; AF_UNSPEC on ports without inbound transparency
 * @named: where a PROXY header says that the client went; AF_UNSPEC: none did
 * @scanned: octets of @in that were searched for the end of a head
 * @hello: how far a ClientHello was looked at
 * @received, @sent: octets from and to the client, of exchanges that ended
 * @patient: the client's first octets are waited for, silence can't be relayed
 * @bound: authentication binds its upstream connections to it (NTLM, Negotiate)
 * @progress: octets moved in the exchange when the timer was set last
 */
struct session {
	struct watch client;
	struct work again;
	struct timer timer;
	struct list link;
	struct sock_waiter waiter;
	struct thread *thread;
	struct setup *setup;
	const struct conf_port *port;
	struct exchange *x;
	struct buf *in;
	struct endpoint address;
	struct endpoint original;
	struct likeness likeness;
	struct endpoint named;
	uint64_t id;
	uint64_t began;
	uint64_t received;
	uint64_t sent;
	uint64_t progress;
	uint32_t requests;
	uint32_t scanned;
	struct tls_hello_scan hello;
	uint8_t state;
	bool patient;
	bool bound;
};

/* A connection accepted on @port, counted in. Consumes @fd. */
void session_create(struct thread *t, struct setup *setup, const struct conf_port *port, int fd,
		    const struct endpoint *client);

/* Our end of the client's connection. 0 or a negative errno. */
int session_local(const struct session *s, struct endpoint *ret);

/* The only way to another state. */
void session_set(struct session *s, enum session_state state);

/* What the port's protocol says comes first: of a connection that was accepted just now. */
void session_begin(struct session *s);

/* Go on as far as possible. */
void session_run(struct session *s);

/* The exchange, if any, is over: log it, forget it. @result: NULL: as it is. */
void session_end_exchange(struct session *s, const char *result);

/* There was none: forget it without a word. Its upstream connection is the caller's. */
struct upstream *session_drop_exchange(struct session *s);

/* How to end a client connection. */
enum session_end {
	SESSION_CLOSE,		/* everything was said */
	SESSION_CLOSE_LINGER,	/* the client may still be sending */
	SESSION_RESET,		/* it must see that something is missing */
};
void session_end(struct session *s, enum session_end how);

/* Ready for the next request. */
void session_next(struct session *s);

/* Drain: end @s if it is idle; one that never asked gets a moment for its first request. */
void session_drain(struct session *s);

#endif /* TIPHARES_SESSION_H */
