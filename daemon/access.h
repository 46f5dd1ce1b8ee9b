/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access rules: which one is about this request or connection, and what it says.
 * Pure: asked by the hot path and by whoever wants an explanation.
 */
#ifndef TIPHARES_ACCESS_H
#define TIPHARES_ACCESS_H

#include "conf.h"

/* Index of a configuration's rules; immutable, for all threads. */
struct access;

/* NULL: out of memory. @conf must live as long. */
struct access *access_create(const struct conf *conf);
void access_free(struct access *a);

/* Octets of somebody else's; @s may be NULL when @n is 0. */
struct access_text {
	const char *s;
	size_t n;
};

/**
 * struct access_question - a request, or a connection that is none
 * @destination: next hop; NULL: not known yet, conditions about it hold
 * @host: of the request, or server name; in any case, its root's dot does not
 *	matter; empty: none
 * @method, @path: of the request; @path as it was sent, with its query
 * @alpn, @ech: as in struct tls_hello
 */
struct access_question {
	const struct conf_port *port;
	const struct addr *client;
	const struct endpoint *destination;
	enum conf_spoken spoken;
	bool ech;
	struct access_text host;
	struct access_text method;
	struct access_text path;
	struct access_text alpn;
};

/**
 * access_find() - the first rule whose conditions all hold
 * @from: not one with a smaller index
 *
 * Costs as much as there are rules without a host before it, and a look for each
 * label of the host's name. NULL: there is none.
 */
const struct conf_rule *access_find(const struct access *a, const struct access_question *q,
				    size_t from);

/* Does the rule say something about the next hop? Do those conditions hold? */
bool access_knows_destination(const struct conf_rule *rule);
bool access_is_destination(const struct conf_rule *rule, const struct endpoint *hop);

/**
 * access_action() - what a rule means for a next hop
 * @rule: that access_find() found; NULL: none
 * @chosen: the client named the next hop, and neither a route nor its packets
 *
 * Allowed when there is no rule. A loopback or unspecified address that was
 * chosen is denied, whatever the rule, unless one that has destinations lets it
 * pass: this host's own services are not for its clients.
 */
enum conf_action access_action(const struct conf_rule *rule, const struct endpoint *hop, bool chosen);

#endif /* TIPHARES_ACCESS_H */
