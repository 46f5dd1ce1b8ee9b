/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where requests of ports without inbound transparency go: routes by host, the
 * authority of the target itself, and never the proxy.
 */
#ifndef TIPHARES_ORIGIN_H
#define TIPHARES_ORIGIN_H

#include "conf.h"
#include "http_msg.h"

/* Hash table of a configuration's routes; immutable, for all threads. */
struct routes;

/* NULL: out of memory. @conf must live as long. */
struct routes *routes_create(const struct conf *conf);
void routes_free(struct routes *routes);
/* The route of @host (any case, @len octets), else that of "*", else NULL. */
const struct conf_route *routes_find(const struct routes *routes, const char *host, size_t len);

/**
 * origin_is_self() - is @dst a listener of this daemon?
 *
 * True for its listening ports on loopback, on the addresses they listen on,
 * on any address of this host and on the unspecified address; the metrics
 * listener counts. Asks the kernel only when the port number matches.
 */
bool origin_is_self(const struct conf *conf, const struct endpoint *dst);

#endif /* TIPHARES_ORIGIN_H */
