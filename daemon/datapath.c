// SPDX-License-Identifier: GPL-2.0-only
/* Operations of a datapath that can't do them: each says so. */
#include "datapath.h"

#include <errno.h>
#include <stdio.h>

static int unable(char *why, size_t size)
{
	snprintf(why, size, "this datapath can't do that");
	return -EOPNOTSUPP;
}

int datapath_no_heartbeat(struct datapath *dp, bool overloaded)
{
	return -EOPNOTSUPP;
}

int datapath_no_bypass_replace(struct datapath *dp, enum tiph_bypass_kind kind,
			       const struct datapath_bypass *entries, size_t n, char *why, size_t size)
{
	return unable(why, size);
}

int datapath_no_bypass_change(struct datapath *dp, const struct datapath_bypass *entries, size_t n, char *why,
			      size_t size)
{
	return unable(why, size);
}

int datapath_no_bypass_flush(struct datapath *dp, enum tiph_bypass_kind kind, char *why, size_t size)
{
	return unable(why, size);
}

int datapath_no_bypass_limit(struct datapath *dp, uint32_t limit, char *why, size_t size)
{
	return unable(why, size);
}

int datapath_no_bypass_list(struct datapath *dp, enum tiph_bypass_kind kind, datapath_bypass_fn each, void *arg)
{
	return -EOPNOTSUPP;
}

int datapath_no_explain(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst,
			const char *ifname, struct datapath_explanation *ret, char *why, size_t size)
{
	return unable(why, size);
}
