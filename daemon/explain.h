/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would become of a connection, as far as the configuration tells: does a
 * port match, is the client in its sample, what does the name of a verdict mean?
 * Pure. The verdict itself is the datapath's, which knows the host and the state
 * of the daemon.
 */
#ifndef TIPHARES_EXPLAIN_H
#define TIPHARES_EXPLAIN_H

#include "conf.h"

/* Why a port does not take a connection; EXPLAIN_MATCH: it does. */
enum explain_why {
	EXPLAIN_MATCH,
	EXPLAIN_ASKED,		/* clients come to this port by themselves */
	EXPLAIN_PORT,
	EXPLAIN_INTERFACE,
	EXPLAIN_SOURCE,
	EXPLAIN_DESTINATION,
	EXPLAIN_EXCEPT_SOURCE,
	EXPLAIN_EXCEPT_DESTINATION,
	EXPLAIN_WHY_MAX,
};

/* A sentence for each, in the words of the configuration. */
extern const char *const explain_sentences[EXPLAIN_WHY_MAX];

/**
 * struct explain_tuple - a connection that nobody made
 * @ifname: ingress interface; "": not asked
 */
struct explain_tuple {
	struct addr source;
	struct endpoint destination;
	const char *ifname;
};

/* Is this client in the share that @port intercepts? As both datapaths count. */
bool explain_sampled(const struct conf_port *port, const struct addr *client);

/* A sentence for the name of a verdict, "" for one that is not known. */
const char *explain_verdict(const char *name);

/* Does @port take it? The first thing that speaks against it. */
enum explain_why explain_port(const struct conf_port *port, const struct explain_tuple *t);

#endif /* TIPHARES_EXPLAIN_H */
