// SPDX-License-Identifier: GPL-2.0-only
/*
 * The texts of /etc/hosts and /etc/resolv.conf: lines of words, a comment goes
 * from # or ; to the line's end. What is not understood is left out, as libc does.
 *
 * The table of hosts is sorted by name, and by place where names are equal.
 */
#include "sysnames.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DNS_PORT 53
#define NAME_LEN_MAX 253

/* What is left of a line, or of a text. */
struct span {
	const char *at;
	const char *end;
};

static bool next_line(struct span *text, struct span *line)
{
	const char *nl;

	if (text->at >= text->end)
		return false;
	nl = memchr(text->at, '\n', (size_t)(text->end - text->at));
	line->at = text->at;
	line->end = nl ? nl : text->end;
	text->at = nl ? nl + 1 : text->end;
	for (const char *p = line->at; p < line->end; p++)
		if (*p == '#' || *p == ';')
			line->end = p;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool next_word(struct span *line, struct span *word)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	word->at = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	word->end = line->at;
	return word->at < word->end;
}

static size_t length(const struct span *s)
{
	return (size_t)(s->end - s->at);
}

/* --- resolv.conf --- */

static bool is_nameserver(const struct span *word)
{
	static const char keyword[] = "nameserver";

	return length(word) == sizeof(keyword) - 1 && !memcmp(word->at, keyword, length(word));
}

size_t sysnames_servers(const char *text, size_t len, struct endpoint *v)
{
	struct span rest = { text, text + len }, line, word;
	size_t n = 0;

	while (n < SYSNAMES_SERVERS_MAX && next_line(&rest, &line)) {
		struct endpoint *e = &v[n];

		if (!next_word(&line, &word) || !is_nameserver(&word) || !next_word(&line, &word))
			continue;
		memset(e, 0, sizeof(*e));
		if (addr_parse(word.at, length(&word), &e->addr))
			continue;
		e->port = DNS_PORT;
		n++;
	}
	if (!n) {
		memset(&v[0], 0, sizeof(v[0]));
		addr_parse("127.0.0.1", strlen("127.0.0.1"), &v[0].addr);
		v[0].port = DNS_PORT;
		n = 1;
	}
	return n;
}

/* --- hosts --- */

struct host {
	struct addr addr;
	size_t place;
	char name[NAME_LEN_MAX + 1];
};

struct hosts {
	size_t n;
	struct host v[];
};

static int compare(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->place < y->place ? -1 : 1;
}

static bool copy_name(const struct span *word, char *ret)
{
	size_t n = length(word);

	if (n && word->at[n - 1] == '.')
		n--;
	if (!n || n > NAME_LEN_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = (char)tolower((unsigned char)word->at[i]);
	ret[n] = '\0';
	return true;
}

/* As many names as there are; into @v unless it is NULL. */
static size_t read_hosts(const char *text, size_t len, struct host *v)
{
	struct span rest = { text, text + len }, line, word;
	char name[NAME_LEN_MAX + 1];
	struct addr addr;
	size_t n = 0;

	while (next_line(&rest, &line)) {
		if (!next_word(&line, &word) || addr_parse(word.at, length(&word), &addr))
			continue;
		while (next_word(&line, &word)) {
			if (!copy_name(&word, name))
				continue;
			if (v) {
				v[n] = (struct host){ .addr = addr, .place = n };
				strcpy(v[n].name, name);
			}
			n++;
		}
	}
	return n;
}

struct hosts *hosts_create(const char *text, size_t len)
{
	size_t n = read_hosts(text, len, NULL);
	struct hosts *hosts = malloc(sizeof(*hosts) + n * sizeof(hosts->v[0]));

	if (!hosts)
		return NULL;
	hosts->n = read_hosts(text, len, hosts->v);
	qsort(hosts->v, hosts->n, sizeof(hosts->v[0]), compare);
	return hosts;
}

void hosts_free(struct hosts *hosts)
{
	free(hosts);
}

size_t hosts_find(const struct hosts *hosts, const char *name, struct addr *v, size_t max)
{
	size_t low = 0, high = hosts ? hosts->n : 0, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(hosts->v[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; hosts && low < hosts->n && n < max && !strcmp(hosts->v[low].name, name); low++)
		v[n++] = hosts->v[low].addr;
	return n;
}
