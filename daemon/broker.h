/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that the parent makes for the worker's threads. */
#ifndef TIPHARES_BROKER_H
#define TIPHARES_BROKER_H

#include "datapath.h"

/**
 * broker_serve() - answer what waits on one thread's socket channel
 *
 * Return: 0, or a negative errno when the worker broke the rules or closed the
 * channel: it must be ended.
 */
int broker_serve(int channel, const struct datapath_ops *ops, struct datapath *dp);

#endif /* TIPHARES_BROKER_H */
