/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the access log goes: opened by the parent, for the worker has no files. */
#ifndef TIPHARES_LOG_SINK_H
#define TIPHARES_LOG_SINK_H

#include "conf.h"

/**
 * log_sink_open() - open what @conf names
 *
 * A file is appended to; syslog and the journal are datagram sockets, connected.
 * Return: a descriptor, -ENOENT where there is nothing to open (stdout, off), or
 * another negative errno, which is logged.
 */
int log_sink_open(const struct conf_log *conf);

#endif /* TIPHARES_LOG_SINK_H */
