// SPDX-License-Identifier: GPL-2.0-only
/* Counters of named verdicts; the tracepoints are instantiated here too. */
#include <linux/cpumask.h>
#include <linux/gfp.h>

#include "stats.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

const u8 tiph_verdict_nf[__TIPH_V_MAX] = {
#define V(sym, name, nf) [TIPH_V_##sym] = (nf),
	TIPH_VERDICTS(V)
#undef V
};

static const char * const names[__TIPH_V_MAX] = {
#define V(sym, name, nf) [TIPH_V_##sym] = (name),
	TIPH_VERDICTS(V)
#undef V
};

/**
 * tiph_verdict_name() - the name of a verdict
 * @verdict: the verdict
 *
 * Return: the name that userspace knows it by
 */
const char *tiph_verdict_name(enum tiph_verdict_id verdict)
{
	return names[verdict];
}

/**
 * tiph_stats_create() - a set of counters, all 0
 *
 * Return: the counters, to be freed by free_percpu(), or NULL
 */
struct tiph_stats __percpu *tiph_stats_create(void)
{
	return alloc_percpu_gfp(struct tiph_stats,
				GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

/**
 * tiph_stats_sum() - add a counter up over all CPUs
 * @stats: the counters
 * @verdict: which one
 *
 * Return: the sum
 */
u64 tiph_stats_sum(struct tiph_stats __percpu *stats,
		   enum tiph_verdict_id verdict)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->count[verdict]);

	return sum;
}
