/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this host says about names: the texts of /etc/hosts and /etc/resolv.conf.
 * The parent opens them, for the worker has no files.
 */
#ifndef TIPHARES_SYSNAMES_H
#define TIPHARES_SYSNAMES_H

#include <stddef.h>

#include "addr.h"

#define SYSNAMES_SERVERS_MAX 8

/**
 * sysnames_servers() - the name servers of a resolv.conf
 * @v: room for SYSNAMES_SERVERS_MAX; without one in @text, that of this host
 *
 * Servers with a zone (fe80::1%eth0) are left out. Return: their number.
 */
size_t sysnames_servers(const char *text, size_t len, struct endpoint *v);

struct hosts;

/* The table of a hosts file; NULL when out of memory. */
struct hosts *hosts_create(const char *text, size_t len);
/* NULL is legal. */
void hosts_free(struct hosts *hosts);

/**
 * hosts_find() - addresses of @name, lower case and terminated
 * @v: room for @max, in the order of the file
 *
 * Return: their number, 0 also where @hosts is NULL.
 */
size_t hosts_find(const struct hosts *hosts, const char *name, struct addr *v, size_t max);

#endif /* TIPHARES_SYSNAMES_H */
