/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A DNS server on loopback, run by the loop under test. What it answers is in the
 * question's name: see dns_server.c.
 */
#ifndef TIPHARES_DNS_SERVER_H
#define TIPHARES_DNS_SERVER_H

#include "addr.h"
#include "loop.h"

/**
 * struct dns_server - counts what it is asked
 * @asked: questions in all
 * @over_tcp: of them over TCP
 * @pending: questions for names that begin with "hold", not answered until
 *	dns_server_release()
 */
struct dns_server {
	struct loop *loop;
	struct watch udp;
	struct watch listener;
	struct watch tcp;
	struct endpoint address;
	unsigned int asked;
	unsigned int over_tcp;
	unsigned int pending;
};

int dns_server_start(struct dns_server *s, struct loop *loop);
void dns_server_stop(struct dns_server *s);
/* Answer what is held back. */
void dns_server_release(struct dns_server *s);

#endif /* TIPHARES_DNS_SERVER_H */
