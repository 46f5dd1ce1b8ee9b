/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the kmod datapath share. */
#ifndef TIPHARES_KMOD_INTERNAL_H
#define TIPHARES_KMOD_INTERNAL_H

#include <linux/tiphares.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datapath.h"
#include "kmod_routes.h"
#include "nl.h"

#define KMOD_NEWS_MAX 32

/**
 * struct datapath - the module, in our network namespace
 * @commands: owner of the ports
 * @events: hears the family's notifications
 * @family: its number
 * @port_id: of @commands
 * @fingerprint: of the table as we know it
 * @dirty: the table may have changed
 * @owner_lost, @lost_told: somebody else owns the ports; it was reported
 * @listed: what ports() returned, to be freed
 * @heartbeat: what the configuration says, in milliseconds
 * @promised: what the module was told of that
 * @state: TIPH_STATE_ of the namespace, as last heard
 * @news: what was heard and is yet to be reported
 * @routes: for bridges without an address
 * @unsaid: news for which there was no room
 */
struct datapath {
	struct nl_sock *commands;
	struct nl_sock *events;
	int family;
	uint32_t port_id;
	uint64_t fingerprint;
	bool dirty;
	bool owner_lost;
	bool lost_told;
	struct conf_port listed[TIPH_PORTS_MAX];
	size_t n_listed;
	uint32_t heartbeat;
	uint32_t promised;
	uint32_t state;
	struct datapath_event news[KMOD_NEWS_MAX];
	size_t n_news;
	size_t told;
	unsigned int unsaid;
	struct kmod_routes routes;
};

/* The attributes of a message of the family. Return: 0 or -EBADMSG. */
int kmod_parse(struct nlmsghdr *hdr, struct nlattr **a);

int kmod_bypass_replace(struct datapath *dp, enum tiph_bypass_kind kind,
			const struct datapath_bypass *entries, size_t n, char *why, size_t size);
int kmod_bypass_add(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why, size_t size);
int kmod_bypass_del(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why, size_t size);
int kmod_bypass_flush(struct datapath *dp, enum tiph_bypass_kind kind, char *why, size_t size);
int kmod_bypass_limit(struct datapath *dp, uint32_t limit, char *why, size_t size);
int kmod_bypass_list(struct datapath *dp, enum tiph_bypass_kind kind, datapath_bypass_fn each, void *arg);
int kmod_explain(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst,
		 const char *ifname, struct datapath_explanation *ret, char *why, size_t size);

#endif /* TIPHARES_KMOD_INTERNAL_H */
