/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions counted, in all and by client address, for limits.sessions and
 * limits.per_client. The one thing threads share: touched twice in the life of
 * a connection, never by a request.
 */
#ifndef TIPHARES_CLIENTS_H
#define TIPHARES_CLIENTS_H

#include "addr.h"

enum clients_verdict {
	CLIENTS_OK,
	CLIENTS_FULL,		/* limits.sessions reached, or out of memory */
	CLIENTS_CLIENT_FULL,	/* limits.per_client reached */
};

/* Count a connection of @client in, unless a limit (at least 1) is reached. */
enum clients_verdict clients_enter(const struct addr *client, unsigned int sessions,
				   unsigned int per_client);
/* How many there are. */
unsigned int clients_count(void);
/* And out again. */
void clients_leave(const struct addr *client);
/* Free everything; nobody may be counted in. */
void clients_destroy(void);

#endif /* TIPHARES_CLIENTS_H */
