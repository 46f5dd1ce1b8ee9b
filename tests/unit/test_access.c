// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access rules: what each condition means, that the first one decides, that the
 * index finds what a walk over all rules would find, and what is done with paths
 * that are written to be taken for others.
 */
#include <stdlib.h>
#include <strings.h>

#include "access.h"
#include "tap.h"

#define TEXT(s) ((struct access_text){ s, strlen(s) })

static struct conf *conf_of(const char *rules)
{
	static const char head[] = "ports: [{name: web, listen: 1, mode: none}, {name: other, listen: 2, mode: none}]\naccess: ";
	struct conf_errors errors;
	struct conf *conf = NULL;
	char *text = NULL;

	if (asprintf(&text, "%s%s\n", head, rules) < 0)
		exit(2);
	if (conf_load_buffer("test", text, strlen(text), &conf, &errors)) {
		for (size_t i = 0; i < errors.n; i++)
			printf("# %s\n", errors.v[i].text);
		exit(2);
	}
	free(text);
	return conf;
}

/* A usual request. */
static struct access_question usual(const struct conf *conf)
{
	static struct endpoint client, destination;

	endpoint_parse("10.1.2.3:40000", 14, &client);
	endpoint_parse("192.0.2.80:80", 13, &destination);
	return (struct access_question){
		.port = &conf->ports[0], .client = &client.addr, .destination = &destination,
		.spoken = SPOKEN_HTTP, .host = TEXT("www.example.com"), .method = TEXT("GET"), .path = TEXT("/a/b?c"),
	};
}

/* Number of the rule that decides, -1: none. */
static int decide(const struct conf *conf, const struct access_question *q)
{
	struct access *a = access_create(conf);
	const struct conf_rule *rule = access_find(a, q, 0);
	int index = rule ? (int)rule->index : -1;

	access_free(a);
	return index;
}

static bool matches_usual(const char *conditions)
{
	char rules[512];
	struct conf *conf;
	struct access_question q;
	int index;

	snprintf(rules, sizeof(rules), "[{deny: {%s}}]", conditions);
	conf = conf_of(rules);
	q = usual(conf);
	index = decide(conf, &q);
	conf_put(conf);
	return index == 0;
}

static void test_conditions(void)
{
	static const struct {
		const char *conditions;
		bool match;
	} cases[] = {
		{ "host: www.example.com", true }, { "host: WWW.EXAMPLE.COM.", true }, { "host: example.com", false },
		{ "host: ww.example.com", false }, { "host: \"*.example.com\"", true }, { "host: \"*.com\"", true },
		{ "host: \"*.www.example.com\"", false }, { "host: \"*.ww.example.com\"", false }, { "host: \"*.xample.com\"", false },
		{ "host: [a, \"*.example.com\"]", true }, { "host: [a, b]", false },
		{ "client: 10.0.0.0/8", true }, { "client: 10.1.2.4", false }, { "client: [\"::/0\", 10.1.2.3]", true }, { "client: \"::/0\"", false },
		{ "destination: 192.0.2.0/24", true }, { "destination: 192.0.3.0/24", false },
		{ "destination_port: 80", true }, { "destination_port: [443, 80]", true }, { "destination_port: 443", false },
		{ "destination: 192.0.2.80, destination_port: 81", false },
		{ "method: GET", true }, { "method: get", false }, { "method: [PUT, GET]", true }, { "method: GE", false }, { "method: GETS", false },
		{ "path: /", true }, { "path: /a", true }, { "path: /a/", true }, { "path: /a/b", true }, { "path: /a/bc", false },
		{ "path: [/x, /a]", true }, { "path: /b", false },
		{ "port: web", true }, { "port: other", false }, { "port: [other, web]", true },
		{ "protocol: http", true }, { "protocol: [tls, other]", false }, { "protocol: [http, other]", true },
		{ "alpn: h2", false }, { "ech: yes", false }, { "ech: no", false },
		{ "host: www.example.com, method: GET, path: /a, client: 10.0.0.0/8, port: web, protocol: http", true },
		{ "host: www.example.com, method: GET, path: /a, client: 10.0.0.0/8, port: other, protocol: http", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(matches_usual(cases[i].conditions) == cases[i].match, "%s%s", cases[i].match ? "" : "not ", cases[i].conditions);
}

static void test_tls(void)
{
	struct conf *conf = conf_of("[{deny: {alpn: [x, http/1.1]}}, {deny: {ech: yes}}, {deny: {ech: no, host: a.example}}, "
				    "{deny: {method: GET}}, {deny: {path: /}}, {tunnel: {protocol: tls}}]");
	struct access_question q = usual(conf);

	q.spoken = SPOKEN_TLS;
	q.host = q.method = q.path = (struct access_text){ 0 };
	ok(decide(conf, &q) == 5, "no name, no protocols: conditions of HTTP don't hold");
	q.alpn = TEXT("h2,http/1.1");
	ok(decide(conf, &q) == 0, "a protocol behind another");
	q.alpn = TEXT("h2,http/1.1x");
	ok(decide(conf, &q) == 5, "but not one that only begins like it");
	q.alpn = TEXT("h2,http/1");
	ok(decide(conf, &q) == 5, "or is its beginning");
	q.ech = true;
	ok(decide(conf, &q) == 1, "ECH");
	q.ech = false;
	q.host = TEXT("a.example");
	ok(decide(conf, &q) == 2, "no ECH, and a name");
	q.spoken = SPOKEN_OTHER;
	ok(decide(conf, &q) == -1, "something else has no ECH to be without");
	conf_put(conf);
}

static void test_order(void)
{
	struct conf *conf = conf_of("[{allow: {host: a.b.c, client: 192.0.2.1}}, {deny: {host: \"*.c\"}}, {allow: {host: \"*.b.c\"}}, "
				    "{allow: {host: a.b.c}}, {deny: all}, {allow: {host: d}}]");
	struct access_question q = usual(conf);
	struct access *a;
	struct endpoint e;

	q.host = TEXT("a.b.c");
	ok(decide(conf, &q) == 1, "the first that matches, not the longest name");
	endpoint_parse("192.0.2.1:1", 11, &e);
	q.client = &e.addr;
	ok(decide(conf, &q) == 0, "all of its conditions");
	q.host = TEXT("d");
	ok(decide(conf, &q) == 4, "nothing comes behind all");
	a = access_create(conf);
	ok(access_find(a, &q, 5) == &conf->rules[5] && !access_find(a, &q, 6), "asked for later ones");
	q.host = TEXT("a.b.c");
	ok(access_find(a, &q, 1) == &conf->rules[1] && access_find(a, &q, 2) == &conf->rules[2] &&
	   access_find(a, &q, 3) == &conf->rules[3] && access_find(a, &q, 4) == &conf->rules[4] && !access_find(a, &q, 5),
	   "each later one of several for one host");
	q.host = TEXT(".c");
	ok(access_find(a, &q, 0)->index == 4, "a name without a first label is below nothing");
	q.host = TEXT(".");
	ok(access_find(a, &q, 0)->index == 4, "the root is no name");
	access_free(a);
	conf_put(conf);
}

static bool denied(const struct conf_rule *rule, const char *hop, bool chosen)
{
	struct endpoint e;

	if (endpoint_parse(hop, strlen(hop), &e))
		exit(2);
	return access_action(rule, &e, chosen) == ACTION_DENY;
}

static void test_hops(void)
{
	struct conf *conf = conf_of("[{allow: {destination: 127.0.0.0/8}}, {allow: {destination_port: 80}}, {allow: all}, "
				    "{deny: {destination: 192.0.2.1}}, {tunnel: {destination: \"::1\"}}]");
	const struct conf_rule *r = conf->rules;
	struct access_question q = usual(conf);
	struct access *a = access_create(conf);
	struct endpoint e;

	ok(!denied(NULL, "192.0.2.1:80", true) && denied(&r[3], "192.0.2.1:80", true), "no rule allows");
	ok(denied(NULL, "127.0.0.1:80", true) && denied(NULL, "127.9.9.9:80", true) && denied(NULL, "[::1]:80", true) &&
	   denied(NULL, "0.0.0.0:80", true) && denied(NULL, "[::]:80", true) && denied(NULL, "[::ffff:127.0.0.1]:80", true),
	   "but not this host's own services");
	ok(denied(&r[2], "127.0.0.1:80", true) && denied(&r[1], "127.0.0.1:80", true), "nor does a rule that does not name them");
	ok(!denied(&r[0], "127.0.0.1:80", true) && !denied(&r[4], "[::1]:80", true), "one that does, does");
	ok(!denied(NULL, "127.0.0.1:80", false) && !denied(&r[2], "[::1]:80", false), "a route may lead there");
	ok(access_knows_destination(&r[0]) && access_knows_destination(&r[1]) && !access_knows_destination(&r[2]), "who must know");
	endpoint_parse("127.0.0.1:80", 12, &e);
	ok(access_is_destination(&r[0], &e) && access_is_destination(&r[1], &e) && !access_is_destination(&r[3], &e), "who is meant");
	q.destination = NULL;
	ok(access_find(a, &q, 0) == &r[0] && access_find(a, &q, 1) == &r[1], "not known yet: may hold");
	access_free(a);
	conf_put(conf);
}

/* --- the index against a walk --- */

static unsigned int next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 16);
}

static const char *random_host(bool pattern)
{
	static char host[64];
	unsigned int labels = 1 + next_random() % 4;
	size_t n = 0;

	if (pattern && next_random() % 3 == 0)
		n = (size_t)sprintf(host, "*.");
	while (labels--)
		n += (size_t)sprintf(host + n, "%c%s", 'a' + next_random() % 3, labels ? "." : "");
	return host;
}

static bool host_is(const char *pattern, const char *host)
{
	size_t n = strlen(host), m = strlen(pattern);

	if (pattern[0] != '*')
		return !strcasecmp(pattern, host);
	return n > m - 1 && !strcasecmp(host + n - (m - 1), pattern + 1);
}

static int walk(const struct conf *conf, const char *host)
{
	for (size_t i = 0; i < conf->n_rules; i++) {
		const struct word_list *hosts = &conf->rules[i].hosts;

		if (!hosts->n)
			return (int)i;
		for (size_t k = 0; k < hosts->n; k++)
			if (host_is(hosts->v[k], host))
				return (int)i;
	}
	return -1;
}

static void test_index(void)
{
	unsigned int wrong = 0, asked = 0, found = 0;

	for (int round = 0; round < 200; round++) {
		char *rules = NULL;
		size_t size;
		FILE *out = open_memstream(&rules, &size);
		struct access_question q;
		struct conf *conf;

		fputc('[', out);
		for (unsigned int i = 0; i < 1 + next_random() % 20; i++)
			fprintf(out, "%s{deny: {host: [\"%s\"", i ? "," : "", random_host(true)),
			fprintf(out, ", \"%s\"]}}", random_host(true));
		fputs(next_random() % 4 ? "]" : ", {allow: all}]", out);
		fclose(out);
		conf = conf_of(rules);
		q = usual(conf);
		for (int i = 0; i < 50; i++, asked++) {
			const char *host = random_host(false);
			int want = walk(conf, host);

			q.host = TEXT(host);
			found += want >= 0;
			wrong += decide(conf, &q) != want;
		}
		conf_put(conf);
		free(rules);
	}
	ok(!wrong && found > 100 && asked - found > 100, "%u questions, %u rules found, %u wrong", asked, found, wrong);
}

#define MANY 10000

static void test_many(void)
{
	char *rules = NULL;
	size_t size;
	FILE *out = open_memstream(&rules, &size);
	struct access_question q;
	unsigned int wrong = 0;
	struct access *a;
	struct conf *conf;

	fputc('[', out);
	for (int i = 0; i < MANY; i++)
		fprintf(out, "{deny: {host: [\"%shost-%d.example\"]}},\n", i & 1 ? "*." : "", i);
	fputc(']', out);
	fclose(out);
	conf = conf_of(rules);
	a = access_create(conf);
	q = usual(conf);
	for (int i = 0; i < MANY; i++) {
		const struct conf_rule *rule;
		char host[64];

		snprintf(host, sizeof(host), "%sHOST-%d.example.", i & 1 ? "a.b." : "", i);
		q.host = TEXT(host);
		rule = access_find(a, &q, 0);
		wrong += !rule || rule->index != (unsigned int)i;
	}
	ok(!wrong, "%d rules of a host each: %u wrong", MANY, wrong);
	access_free(a);
	conf_put(conf);
	free(rules);
}

/* --- paths --- */

/* What a path comes to, the long way: a list of segments. */
static void reference(const char *path, char *ret)
{
	static char segments[2000][64];
	size_t n = 0, len = 0;
	bool slash = true;
	unsigned int c;

	segments[0][0] = '\0';
	for (; *path; path += c == 0 ? 0 : 1) {
		c = (unsigned char)*path;
		if (c == '%' && sscanf(path, "%%%2x", &c) == 1)
			path += 2;
		slash = c == '/';
		if (!slash) {
			segments[n][len++] = (char)c;
			segments[n][len] = '\0';
			continue;
		}
		if (!strcmp(segments[n], ".."))
			n -= n ? 1 : 0;
		else if (segments[n][0] && strcmp(segments[n], "."))
			n++;
		segments[n][len = 0] = '\0';
	}
	if (!strcmp(segments[n], ".."))
		n -= n ? 1 : 0, segments[n][0] = '\0';
	else if (!strcmp(segments[n], "."))
		segments[n][0] = '\0';
	*ret++ = '/';
	for (size_t i = 0; i <= n; i++)
		ret += sprintf(ret, "%s%s", segments[i], i < n ? "/" : "");
}

/* Does a rule for the path @prefix match @path? */
static bool path_begins(const char *path, const char *prefix)
{
	static char *words[1];
	static struct conf_rule rule;
	static struct conf_port port = { .name = "web" };
	struct conf conf = { .rules = &rule, .n_rules = 1 };
	struct access_question q = { .port = &port, .client = &(struct addr){ .family = AF_INET }, .spoken = SPOKEN_HTTP };

	words[0] = (char *)prefix;
	rule.paths = (struct word_list){ words, 1 };
	q.path = TEXT(path);
	return decide(&conf, &q) == 0;
}

static void test_paths(void)
{
	static const struct {
		const char *path;
		const char *prefix;
		bool match;
	} cases[] = {
		{ "/admin/x", "/admin/", true }, { "/%61dmin/x", "/admin/", true }, { "//admin/x", "/admin/", true },
		{ "/./admin/x", "/admin/", true }, { "/x/../admin/x", "/admin/", true }, { "/x/%2e%2E/admin/x", "/admin/", true },
		{ "/x%2f..%2fadmin%2fx", "/admin/", true }, { "/../admin/", "/admin/", true }, { "/admin/..", "/admin", false },
		{ "/admin/../", "/admin", false }, { "/admin/.", "/admin/", true }, { "/admin", "/admin/", false },
		{ "/admin?/", "/admin/", false }, { "/x?/../admin/", "/admin/", false }, { "", "/", true }, { "?x", "/", true },
		{ "*", "/", false }, { "/%", "/%", true }, { "/%4", "/%4", true }, { "/%zz", "/%zz", true }, { "/a%20b", "/a b", true },
		{ "/%c3%bc", "/\xc3\xbc", true }, { "/Admin/", "/admin/", false }, { "/...", "/...", true }, { "/.a", "/.a", true },
		{ "/a/b/../../c", "/c", true }, { "/%2561", "/%61", true }, { "/a/%00", "/a/", true },
	};
	unsigned int wrong = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(path_begins(cases[i].path, cases[i].prefix) == cases[i].match, "%s %s with %s", cases[i].path,
		   cases[i].match ? "begins" : "does not begin", cases[i].prefix);
	/* paths of all kinds and lengths: as the reference has them, for as much as is compared */
	for (int round = 0; round < 20000; round++) {
		static const char *const parts[] = { "a", "b", "cc", ".", "..", "", "%2e", "%2E.", "%2f", "x%2f..", "0123456789012345678901234567890123" };
		char path[4000] = "", want[8000];
		unsigned int n = next_random() % (round & 1 ? 30 : 8);
		size_t len = 0;

		for (unsigned int i = 0; i < n; i++)
			len += (size_t)sprintf(path + len, "/%s", parts[next_random() % (sizeof(parts) / sizeof(parts[0]))]);
		if (!n || next_random() & 1)
			len += (size_t)sprintf(path + len, "/");
		reference(path, want);
		if (strlen(want) > 255)
			want[255] = '\0';
		if (path_begins(path, want) && !path_begins(path, strcat(want, "!")))
			continue;
		if (!wrong++)
			printf("# %s is not %s\n", path, want);
	}
	ok(!wrong, "20000 paths, %u wrong", wrong);
}

int main(void)
{
	test_conditions();
	test_tls();
	test_order();
	test_hops();
	test_index();
	test_many();
	test_paths();
	return tap_done();
}
