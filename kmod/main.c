// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading. */
#include <linux/module.h>
#include <net/genetlink.h>

#include "../version.h"
#include "genl.h"
#include "hook.h"
#include "net.h"
#include "sockopt.h"
#include "tag.h"
#include "tend.h"

static int __init tiph_init(void)
{
	int err;

	tiph_tag_init();
	err = tiph_net_init(tiph_hooks, tiph_tend);
	if (err)
		return err;
	err = tiph_sockopt_init();
	if (err)
		goto err_net;
	err = tiph_genl_init();
	if (err)
		goto err_sockopt;
	pr_info("tiphares " TIPHARES_VERSION "\n");

	return 0;

err_sockopt:
	tiph_sockopt_exit();
err_net:
	tiph_net_exit();
	return err;
}

/* Who could still ask goes first, then what they would ask about. */
static void __exit tiph_exit(void)
{
	tiph_genl_exit();
	tiph_sockopt_exit();
	tiph_net_exit();
}

module_init(tiph_init);
module_exit(tiph_exit);

MODULE_DESCRIPTION("Transparent interception of TCP streams");
MODULE_AUTHOR("The Tiphares authors");
MODULE_VERSION(TIPHARES_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("tiphares");
