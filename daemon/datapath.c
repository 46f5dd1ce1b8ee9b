// SPDX-License-Identifier: GPL-2.0-only
/* What a datapath has in the place of an operation that it can't do: it says so. */
#include "datapath.h"

#include <errno.h>
#include <stdio.h>

int datapath_no_explain(struct datapath *dp, const struct endpoint *src, const struct endpoint *dst,
			const char *ifname, struct datapath_explanation *ret, char *why, size_t size)
{
	snprintf(why, size, "this datapath can't do that");
	return -EOPNOTSUPP;
}
