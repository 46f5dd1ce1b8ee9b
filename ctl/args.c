// SPDX-License-Identifier: GPL-2.0-only
/* Arguments of subcommands in the form KEY=VALUE. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static const struct ctl_arg *find(const struct ctl_arg *known, const char *s, size_t n)
{
	for (; known->key; known++)
		if (strlen(known->key) == n && !strncmp(known->key, s, n))
			return known;
	return NULL;
}

static void refuse(const char *command, const struct ctl_arg *known, const char *arg)
{
	fprintf(stderr, "tipharesctl: '%s' does not know '%s'; it takes", command, arg);
	for (; known->key; known++)
		fprintf(stderr, " %s=", known->key);
	fputc('\n', stderr);
}

int ctl_args(int argc, char **argv, int from, const struct ctl_arg *known)
{
	for (int i = from; i < argc; i++) {
		const char *eq = strchr(argv[i], '=');
		const struct ctl_arg *a = eq ? find(known, argv[i], (size_t)(eq - argv[i])) : NULL;

		if (!a) {
			refuse(argv[0], known, argv[i]);
			return CTL_USAGE;
		}
		*a->value = eq + 1;
	}
	return CTL_OK;
}

int ctl_arg_number(const char *key, const char *s, unsigned long min, unsigned long max, unsigned long *ret)
{
	char *end;
	unsigned long v;

	if (!s)
		return CTL_OK;
	v = strtoul(s, &end, 10);
	if (end == s || *end || *s == '-' || v < min || v > max) {
		fprintf(stderr, "tipharesctl: %s must be a number from %lu to %lu, not '%s'\n", key, min, max, s);
		return CTL_USAGE;
	}
	*ret = v;
	return CTL_OK;
}

/* "10.0.0.0/8" or an address: family, octets and bits; 0 or -1. */
static int parse_prefix(const char *s, unsigned char *octets, unsigned int *bits)
{
	char text[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	int family = memchr(s, ':', n) ? AF_INET6 : AF_INET;
	unsigned int max = family == AF_INET6 ? 128 : 32;
	char *end = NULL;

	if (n >= sizeof(text))
		return -1;
	memcpy(text, s, n);
	text[n] = '\0';
	if (inet_pton(family, text, octets) != 1)
		return -1;
	*bits = slash ? (unsigned int)strtoul(slash + 1, &end, 10) : max;
	return *bits > max || (slash && (end == slash + 1 || *end)) ? -1 : family;
}

int ctl_check_prefix(const char *key, const char *s)
{
	unsigned char octets[16];
	unsigned int bits;

	if (!s || parse_prefix(s, octets, &bits) > 0)
		return CTL_OK;
	fprintf(stderr, "tipharesctl: %s must be ADDR or ADDR/LEN, not '%s'\n", key, s);
	return CTL_USAGE;
}

/* The address of "ADDR:PORT" or "[ADDR6]:PORT". */
static void address_of(const char *endpoint, char *ret, size_t size)
{
	const char *end = strrchr(endpoint, ':');
	size_t n = end ? (size_t)(end - endpoint) : strlen(endpoint);

	if (*endpoint == '[' && n >= 2) {
		endpoint++;
		n -= 2;
	}
	snprintf(ret, size, "%.*s", (int)n, endpoint);
}

bool ctl_in_prefix(const char *prefix, const char *endpoint)
{
	unsigned char want[16] = { 0 }, have[16] = { 0 };
	char text[INET6_ADDRSTRLEN + 8];
	unsigned int bits, all;
	int family = parse_prefix(prefix, want, &bits);

	address_of(endpoint, text, sizeof(text));
	if (family <= 0 || parse_prefix(text, have, &all) != family)
		return false;
	for (unsigned int i = 0; i < bits; i++)
		if (((want[i / 8] ^ have[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}
