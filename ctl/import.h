/* SPDX-License-Identifier: GPL-2.0-only */
/* Another proxy's configuration as one of ours: what its readers share. */
#ifndef TIPHARES_CTL_IMPORT_H
#define TIPHARES_CTL_IMPORT_H

#include <stdbool.h>
#include <stdio.h>

#define IMPORT_PORTS_MAX 64
#define IMPORT_TEXT 256

/**
 * struct import_port - one port as it will be written
 * @number: 1 to 65535
 * @mode: "full", "inbound", "outbound" or "none"
 * @protocol: "http", "tls" or "tcp"
 * @address: that it listens on, in none and outbound; "": all
 * @match: destination port, in full and inbound
 * @remarks: lines about what has no equal, each ended
 */
struct import_port {
	unsigned int number;
	const char *mode;
	const char *protocol;
	char address[64];
	unsigned int match;
	char remarks[1024];
};

/**
 * struct import - what was read
 * @http, @limits: lines of these sections, each ended
 * @left: lines about what was left out
 */
struct import {
	struct import_port ports[IMPORT_PORTS_MAX];
	size_t n_ports;
	char http[512];
	char limits[256];
	char *left;
	size_t left_len;
	FILE *left_out;
};

/* Both read one line, without its end. False: it is none of theirs. */
bool import_ats_line(struct import *im, char *line);
bool import_squid_line(struct import *im, char *line);

/* A port of that number, the one that is there or a new one; NULL: no number, or too many. */
struct import_port *import_port(struct import *im, const char *number);
/* Append a formatted line to @to. */
void import_say(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif /* TIPHARES_CTL_IMPORT_H */
