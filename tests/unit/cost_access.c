// SPDX-License-Identifier: GPL-2.0-only
/*
 * cost_access RULES: ask RULES rules of access, each about a host, a thousand
 * times: about hosts of the first, the last and no rule. cost_access.sh counts the
 * instructions of access_find().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"

#define QUESTIONS 1000

static char *rules_text(unsigned int n)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	fputs("ports: [{listen: 8080, mode: none}]\naccess:\n", out);
	for (unsigned int i = 0; i < n; i++)
		fprintf(out, "  - {deny: {host: [\"*.host-%u.example\", host-%u.example]}}\n", i, i);
	if (fclose(out))
		abort();
	return text;
}

static unsigned int ask(const struct access *a, const struct conf *conf, const char *host)
{
	static const struct addr client = { .family = AF_INET, .bytes = { 10, 0, 0, 1 } };
	const struct access_question q = {
		.port = &conf->ports[0], .client = &client, .spoken = SPOKEN_HTTP,
		.host = { host, strlen(host) }, .method = { "GET", 3 }, .path = { "/a/b", 4 },
	};

	return access_find(a, &q, 0) != NULL;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0;
	char last[64], below[64];
	struct conf_errors errors;
	struct access *a;
	struct conf *conf;
	unsigned int found = 0;
	char *text = rules_text(n);

	if (!n || conf_load_buffer("rules", text, strlen(text), &conf, &errors))
		return 2;
	a = access_create(conf);
	if (!a)
		return 2;
	/* names of one length, whatever the number */
	snprintf(last, sizeof(last), "host-%u.example", n - 1);
	snprintf(below, sizeof(below), "%.*s.host-0.example", (int)(strlen(last) - strlen("host-0.example")), "wwwwwwwwwwwwwwwww");
	for (unsigned int i = 0; i < QUESTIONS; i++)
		found += ask(a, conf, "host-0.example") + ask(a, conf, "a.b.host-0.example") +
			 ask(a, conf, "www.nowhere.example");
	found += ask(a, conf, last);
	printf("%u\n", found);
	access_free(a);
	conf_put(conf);
	free(text);
	return found == 2 * QUESTIONS + 1 ? 0 : 1;
}
