/* SPDX-License-Identifier: GPL-2.0-only */
/* One request with its responses; and the parts of a session that handle it. */
#ifndef TIPHARES_EXCHANGE_H
#define TIPHARES_EXCHANGE_H

#include "session.h"

#define EXCHANGE_HOPS_MAX 8	/* addresses tried for one request */
#define EXCHANGE_RIVALS_MAX 3	/* at once, besides the last one */
#define EXCHANGE_TEXT 384	/* of request line, Referer and User-Agent */
#define UPGRADE_TEXT 64		/* of the Upgrade field */

/* Who moved too few octets for too long. */
enum exchange_slow { EXCHANGE_SLOW_NOBODY, EXCHANGE_SLOW_CLIENT, EXCHANGE_SLOW_ORIGIN };

/**
 * struct exchange - from a request's head to the last octet of its response
 * @request: client to origin; @request.out is its head as forwarded
 * @response: origin to client
 * @up: upstream connection; NULL: none (yet, or any more)
 * @rivals: in SESSION_CONNECT: attempts before @up that go on, @n_rivals of them
 * @query: while in SESSION_RESOLVE; the port of what it finds is @hop_port
 * @hops: addresses of the next hop in the order to try them: that of @up is @hop,
 *	those from @next on were not tried yet
 * @client_keep: the client connection goes on afterwards
 * @up_keep: the upstream connection does
 * @request_done: the last octet of the request was written
 * @request_dead: the origin takes no more of it; its response may still come
 * @head_done: the final response's head was read
 * @announce: enum proxy_version: what a new upstream connection begins with
 * @idempotent, @fresh: may be repeated; only on a new connection
 * @tunnel: CONNECT: a tunnel begins when the upstream is connected
 * @relay: not HTTP, or not to be read: no request, no response
 * @silent: a relay on which nobody has said anything yet
 * @chosen: the client named the next hop, and neither a route nor its packets
 * @rule: of access, that decided; NULL: none
 * @pending: rules that depend on the next hop, @n_pending of them, the last one
 *	(perhaps NULL) holds when the others don't
 * @other_port: for the current hop, the source port is another than was asked for
 * @hello: what the ClientHello of a relay says; NULL: there was none
 * @greeted: it was seen what the client says after its ClientHello
 * @html: the client reads HTML
 * @te_trailers: the client takes trailers
 * @upgrade: protocols the request asked for, empty: none
 * @n_interim: 1xx responses so far
 * @slow: enum exchange_slow
 * @pace_since, @pace_from: milliseconds, and octets moved, when that was looked at
 * @scanned: of the response's head
 * @origin_octets: octets received from the origin
 * @result: one word for the access log
 * @text: for the access log, @heap_text of @heap_len octets when it is longer
 */
struct exchange {
	struct body request;
	struct body response;
	struct upstream *up;
	struct upstream *rivals[EXCHANGE_RIVALS_MAX];
	struct resolver_query *query;
	struct endpoint hops[EXCHANGE_HOPS_MAX];
	uint16_t hop_port;
	uint8_t n_hops;
	uint8_t hop;
	uint8_t next;
	uint8_t n_rivals;
	uint8_t method;
	uint8_t minor;
	uint8_t announce;
	bool client_keep;
	bool up_keep;
	bool request_done;
	bool request_dead;
	bool head_done;
	bool idempotent;
	bool fresh;
	bool tunnel;
	bool relay;
	bool silent;
	bool greeted;
	bool chosen;
	bool html;
	bool te_trailers;
	bool reused;
	bool other_port;
	bool up_eof_sent;
	bool client_eof_sent;
	uint8_t upgrade_len;
	char upgrade[UPGRADE_TEXT];
	uint16_t status;
	uint16_t n_interim;
	uint8_t slow;
	uint32_t scanned;
	uint64_t pace_since;
	uint64_t pace_from;
	uint64_t head_octets;
	uint64_t origin_octets;
	uint64_t began_us;
	uint64_t connected_us;
	uint64_t first_us;
	struct endpoint source;
	const struct conf_rule *rule;
	const struct conf_rule **pending;
	uint32_t n_pending;
	struct tls_hello *hello;
	const char *result;
	char *heap_text;
	size_t heap_len;
	uint32_t line_len;
	uint32_t referer_len;
	uint32_t agent_len;
	char text[EXCHANGE_TEXT];
};

/* NULL: out of memory. */
struct exchange *exchange_create(struct session *s);

/* Steps of a session; true: the state changed, take the next step at once. */
bool proxied_step(struct session *s);
bool sniff_step(struct session *s);
bool silent_step(struct session *s);
bool request_step(struct session *s);
bool connect_step(struct session *s);
bool exchange_step(struct session *s);
bool answer_step(struct session *s);
bool tunnel_step(struct session *s);

/* Parts of exchange_step(): read the final response's head; move its body. */
bool response_head(struct session *s);
bool response_body(struct session *s);

/**
 * exchange_answer() - end the exchange with a response of the proxy's own
 * @status: 4xx or 5xx
 * @result: one word for the access log
 * @detail: one sentence for the client
 *
 * If a response has begun already, the client connection ends without it.
 */
void exchange_answer(struct session *s, unsigned int status, const char *result,
		     const char *detail);

/*
 * Ask for the addresses of a name. 1: they will come, 0: they are in x->hops
 * already, or a negative errno: there are none.
 */
int exchange_resolve(struct session *s, const char *name, size_t len, uint16_t port);

/* Do these credentials, or this challenge, hold for a whole connection? */
bool exchange_binds(const char *credentials, size_t len);

/* These are hops from @first on; those that failed lately come last. */
void exchange_add_hops(struct session *s, const struct endpoint *v, size_t n, size_t first);
/* The addresses of a route are hops, another one first each time. */
void exchange_add_route(struct session *s, const struct conf_route *route);

/**
 * exchange_ask() - what do the access rules say?
 * @q: port, client and destination are filled in
 *
 * Keeps the rule; where rules depend on a next hop that is not known yet, it is
 * ACTION_ALLOW until exchange_ask_hop(). Return: enum conf_action, or -ENOMEM.
 */
int exchange_ask(struct session *s, struct access_question *q);
enum conf_action exchange_ask_hop(struct session *s, const struct endpoint *hop);
/* The answer was no. */
void exchange_deny(struct session *s);

/* Find an upstream connection for the current hop, or begin to make one. */
void exchange_connect(struct session *s);
/* Is the next address tried while this one is waited for? */
bool exchange_may_race(const struct exchange *x);
void exchange_drop_rivals(struct exchange *x);
void connect_timeout(struct session *s);
/* The current hop failed with @err: the next, or an answer. */
void exchange_hop_failed(struct session *s, int err);
/* The upstream is there: go on to the exchange or the tunnel. */
void exchange_connected(struct session *s);

/* Do connections from there begin with a header of the PROXY protocol? */
bool proxied_is_sender(const struct conf_port *port, const struct addr *peer);
/* The time for it is over. */
void proxied_timeout(struct session *s);
/* Say on a new upstream connection whose it is. False: it can't be. */
bool proxied_announce(struct session *s);

/* A connection on a port where its first octets tell what it is. */
void sniff_begin(struct session *s);
/* The time for them is over. */
void sniff_timeout(struct session *s);

/*
 * Relay a connection that is not HTTP, with what came of it already. @hello: of
 * TLS, NULL: it is neither.
 */
void relay_begin(struct session *s, const struct tls_hello *hello);
/*
 * The same of one on which the client says nothing. False: it may not be, or
 * there is nowhere to go; nothing was done.
 */
bool relay_silence(struct session *s);
/* After 101 or CONNECT: nothing is HTTP any more. */
void tunnel_begin(struct session *s);

/* True: it is, and so is everything else. */
bool exchange_client_gone(struct session *s);

/* The time of a state is over. */
void exchange_timeout(struct session *s);

/* Keep what the access log tells of a request. */
void exchange_note(struct session *s, const struct http_head *head, const char *base);
/* The same of one that could not be parsed. */
void exchange_note_raw(struct session *s, const char *base, size_t len);
void exchange_log(struct session *s);
/* Count how long it took, and keep it among what was decided lately. */
void exchange_count(struct session *s);
void exchange_remember(struct session *s);

/* Is somebody waiting for the client (true) or for the origin? */
bool exchange_waits_for_client(const struct exchange *x);

/* Room for a head of @size octets behind what waits in @b->out. False: not now. */
bool exchange_head_room(struct session *s, struct body *b, size_t size);

#endif /* TIPHARES_EXCHANGE_H */
