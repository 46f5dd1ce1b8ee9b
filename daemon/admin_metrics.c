// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metrics endpoint: Prometheus text.
 *
 * Samples of one metric must stand together: counters are sorted by name, then
 * by port. What the datapath counts is one metric with the verdict as a label.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "version.h"

/* Label values: quotes, backslashes and line ends are escaped. */
static void write_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static void write_head(FILE *out, const char *name, const char *suffix, const char *type, const char *help)
{
	fprintf(out, "# HELP tiphares_%s%s %s\n# TYPE tiphares_%s%s %s\n", name, suffix, help, name, suffix,
		type);
}

static void write_one(FILE *out, const char *name, const char *suffix, const char *type, const char *help,
		      uint64_t value)
{
	write_head(out, name, suffix, type, help);
	fprintf(out, "tiphares_%s%s %" PRIu64 "\n", name, suffix, value);
}

static void write_parent(FILE *out, const struct shm_page *page)
{
	write_head(out, "build_info", "", "gauge", "Version and datapath, always 1.");
	fputs("tiphares_build_info{version=\"" TIPHARES_VERSION "\",", out);
	write_label(out, "datapath", page->datapath);
	fputs("} 1\n", out);
	write_one(out, "start_time_seconds", "", "gauge", "When the daemon started, since the epoch.",
		  page->started);
	write_one(out, "config_generation", "", "gauge", "Configurations put into force since the start.",
		  page->generation);
	write_one(out, "config_reloads", "_total", "counter", "Reloads that took effect.", page->reloads);
	write_one(out, "config_reload_failures", "_total", "counter", "Reloads that were refused.",
		  page->reload_failures);
	write_one(out, "worker_restarts", "_total", "counter", "Workers started in place of one that ended.",
		  page->worker_restarts);
	write_one(out, "worker_violations", "_total", "counter",
		  "Workers ended because of a system call that they may not make.", page->worker_violations);
	write_one(out, "datapath_repairs", "_total", "counter",
		  "Times that the interception was put back after somebody removed it.", page->repairs);
}

static void write_datapath(FILE *out, const struct shm_page *page)
{
	if (!page->n_counters)
		return;
	write_head(out, "datapath_verdicts", "_total", "counter", "Packets by port and verdict.");
	for (uint32_t i = 0; i < page->n_counters; i++) {
		fputs("tiphares_datapath_verdicts_total{", out);
		write_label(out, "port", page->counters[i].port);
		fputc(',', out);
		write_label(out, "verdict", page->counters[i].name);
		fprintf(out, "} %" PRIu64 "\n", page->counters[i].value);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct admin_counter *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->port, y->port);
}

static void write_daemon(FILE *out, struct admin_counter *c, size_t n)
{
	qsort(c, n, sizeof(*c), by_name);
	for (size_t i = 0; i < n; i++) {
		const char *suffix = c[i].gauge ? "" : "_total";

		if (!i || strcmp(c[i].name, c[i - 1].name))
			write_head(out, c[i].name, suffix, c[i].gauge ? "gauge" : "counter", c[i].help);
		fprintf(out, "tiphares_%s%s", c[i].name, suffix);
		if (c[i].port[0]) {
			fputc('{', out);
			write_label(out, "port", c[i].port);
			fputc('}', out);
		}
		fprintf(out, " %" PRIu64 "\n", c[i].value);
	}
}

/* Bounds are written in seconds, as the convention is. */
static void write_buckets(FILE *out, const struct admin_histogram *v)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i <= DURATION_BOUNDS; i++) {
		n += v->h.bucket[i];
		fprintf(out, "tiphares_%s_bucket{", v->desc->name);
		write_label(out, "port", v->port);
		if (i < DURATION_BOUNDS)
			fprintf(out, ",le=\"%g\"} %" PRIu64 "\n", (double)duration_bounds[i] / 1e6, n);
		else
			fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", n);
	}
	fprintf(out, "tiphares_%s_sum{", v->desc->name);
	write_label(out, "port", v->port);
	fprintf(out, "} %" PRIu64 ".%06" PRIu64 "\n", v->h.sum_us / 1000000, v->h.sum_us % 1000000);
	fprintf(out, "tiphares_%s_count{", v->desc->name);
	write_label(out, "port", v->port);
	fprintf(out, "} %" PRIu64 "\n", n);
}

static void write_histograms(FILE *out, const struct admin_histogram *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!i || v[i].desc != v[i - 1].desc)
			write_head(out, v[i].desc->name, "", "histogram", v[i].desc->help);
		write_buckets(out, &v[i]);
	}
}

char *admin_metrics(struct admin *a, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	size_t n;

	if (!out)
		return NULL;
	shm_read(a->shm, &a->page);
	n = a->ops->counters(a->arg, a->counters, ADMIN_COUNTERS_MAX);
	write_parent(out, &a->page);
	write_datapath(out, &a->page);
	write_daemon(out, a->counters, n);
	n = a->ops->histograms(a->arg, a->histograms, ADMIN_HISTOGRAMS_MAX);
	write_histograms(out, a->histograms, n);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
