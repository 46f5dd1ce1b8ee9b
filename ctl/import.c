// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl import-ats: Traffic Server's or Squid's configuration as one of
 * ours, on stdout. What has no equal stands there as a comment: nothing is left
 * out in silence.
 */
#include "import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

void import_say(char *to, size_t size, const char *format, ...)
{
	size_t used = strlen(to);
	va_list ap;

	if (used + 1 >= size)
		return;
	va_start(ap, format);
	vsnprintf(to + used, size - used, format, ap);
	va_end(ap);
}

struct import_port *import_port(struct import *im, const char *number)
{
	char *end;
	unsigned long n = strtoul(number, &end, 10);
	struct import_port *p;

	if (end == number || *end || !n || n > 65535)
		return NULL;
	for (size_t i = 0; i < im->n_ports; i++)
		if (im->ports[i].number == n)
			return &im->ports[i];
	if (im->n_ports == IMPORT_PORTS_MAX)
		return NULL;
	p = &im->ports[im->n_ports++];
	*p = (struct import_port){ .number = (unsigned int)n, .mode = "none", .protocol = "http", .match = 80 };
	return p;
}

static bool is_inbound(const struct import_port *p)
{
	return !strcmp(p->mode, "full") || !strcmp(p->mode, "inbound");
}

/* Each line of @text behind @lead. */
static void print_lines(const char *lead, const char *text)
{
	while (*text) {
		int n = (int)strcspn(text, "\n");

		printf("%s%.*s\n", lead, n, text);
		text += n + (text[n] == '\n');
	}
}

static void print_port(const struct import_port *p)
{
	printf("  - name: port-%u\n", p->number);
	print_lines("    # ", p->remarks);
	if (!is_inbound(p) && *p->address)
		printf(strchr(p->address, ':') ? "    listen: \"[%s]:%u\"\n" : "    listen: \"%s:%u\"\n",
		       p->address, p->number);
	else
		printf("    listen: %u\n", p->number);
	printf("    mode: %s\n    protocol: %s\n", p->mode, p->protocol);
	if (is_inbound(p))
		printf("    # what came here was said by iptables, nft or a router; adapt it\n"
		       "    match: {ports: [%u]}\n", p->match);
}

static void print(const struct import *im, const char *path)
{
	printf("# Made by tipharesctl import-ats from %s. Check it: tipharesd --check -c FILE\n", path);
	puts("# Remove the rules, routes and marks that sent traffic to the other proxy; none is needed.\nports:");
	for (size_t i = 0; i < im->n_ports; i++)
		print_port(&im->ports[i]);
	if (*im->http) {
		puts("http:");
		print_lines("  ", im->http);
	}
	if (*im->limits) {
		puts("limits:");
		print_lines("  ", im->limits);
	}
	if (im->left && *im->left) {
		puts("# without an equal, or not of this proxy's business:");
		print_lines("#   ", im->left);
	}
}

static void read_lines(struct import *im, FILE *in)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) > 0) {
		char *at = line + strspn(line, " \t");

		line[strcspn(line, "\r\n")] = '\0';
		if (!*at || *at == '#')
			continue;
		if (!import_ats_line(im, at) && !import_squid_line(im, at))
			fprintf(im->left_out, "%s\n", at);
	}
	free(line);
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	struct import *im = calloc(1, sizeof(*im));
	int ret = CTL_FAILED;
	FILE *in;

	(void)ctl;
	if (argc != 2 || !im) {
		fprintf(stderr, "tipharesctl: usage: import-ats FILE (records.config, records.yaml or squid.conf)\n");
		free(im);
		return CTL_USAGE;
	}
	in = fopen(argv[1], "re");
	im->left_out = open_memstream(&im->left, &im->left_len);
	if (!in || !im->left_out) {
		fprintf(stderr, "tipharesctl: %s: %s\n", argv[1], strerror(errno));
	} else {
		read_lines(im, in);
		fflush(im->left_out);
		if (im->n_ports)
			print(im, argv[1]);
		else
			fprintf(stderr, "tipharesctl: %s says nothing about ports: neither server_ports, server_port, "
				"server_other_ports nor http_port\n", argv[1]);
		ret = im->n_ports ? CTL_OK : CTL_FAILED;
	}
	if (in)
		fclose(in);
	if (im->left_out)
		fclose(im->left_out);
	free(im->left);
	free(im);
	return ret;
}

const struct ctl_command ctl_import = {
	.name = "import-ats", .args = "FILE", .run = run,
	.help = "Traffic Server's or Squid's ports as our configuration",
};
