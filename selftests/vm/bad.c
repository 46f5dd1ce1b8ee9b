// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module with a defect of one's choice (what=...), done while it is loaded. Only for selftest.sh,
 * which proves that the runner sees each of them. Never loaded outside a virtual machine.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "warn, oops, loop, hang, stale");

static void spin_dead(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* a write into a freed object: reported where slub_debug is on */
static void write_stale(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	if (p)
		p[40] = 'x';
}

static int __init bad_init(void)
{
	if (!strcmp(what, "warn"))
		WARN(1, "bad: wanted by the test\n");
	else if (!strcmp(what, "oops"))
		*(volatile int *)8 = 1;
	else if (!strcmp(what, "loop"))
		for (;;)
			cpu_relax();
	else if (!strcmp(what, "hang"))
		on_each_cpu(spin_dead, NULL, 0);
	else if (!strcmp(what, "stale"))
		write_stale();
	return 0;
}

static void __exit bad_exit(void)
{
}

module_init(bad_init);
module_exit(bad_exit);
MODULE_DESCRIPTION("Defects for the test of the test runner");
MODULE_LICENSE("GPL");
