// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person reads in an error response of the proxy's own: plain text, or HTML
 * for clients that ask for it by name, which browsers do.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_msg.h"

/* An element of a list, which is cut off from what is left of it. */
static struct http_span next_element(const char *base, struct http_span *list)
{
	const char *s = base + list->off;
	const char *comma = memchr(s, ',', list->len);
	struct http_span e = { list->off, comma ? (uint32_t)(comma - s) : list->len };

	list->off += e.len + (comma != NULL);
	list->len -= e.len + (comma != NULL);
	while (e.len && (base[e.off] == ' ' || base[e.off] == '\t'))
		e.off++, e.len--;
	return e;
}

/* In thousandths; 1000 when there is no weight, or none that can be read (RFC 9110 12.4.2). */
static unsigned int weight(const char *s, size_t n)
{
	unsigned int v = 0, unit = 1000;
	const char *semicolon;

	while ((semicolon = memchr(s, ';', n))) {
		n -= (size_t)(semicolon + 1 - s);
		s = semicolon + 1;
		while (n && (*s == ' ' || *s == '\t'))
			s++, n--;
		if (n > 2 && (*s == 'q' || *s == 'Q') && s[1] == '=')
			break;
	}
	if (!semicolon)
		return 1000;
	for (size_t i = 2; i < n && i < 7 && (s[i] == '.' || (s[i] >= '0' && s[i] <= '9')); i++) {
		if (s[i] == '.')
			continue;
		v += (unsigned int)(s[i] - '0') * unit;
		unit /= 10;
	}
	return v < 1000 ? v : 1000;
}

/* The weight that @type is named with, 0: it is not. */
static unsigned int weight_of(const struct http_head *head, const char *base, const char *type)
{
	size_t n = strlen(type);
	unsigned int best = 0;

	for (uint32_t i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];
		struct http_span list = f->value;

		if (f->name.len != 6 || strncasecmp(base + f->name.off, "Accept", 6))
			continue;
		while (list.len) {
			struct http_span e = next_element(base, &list);
			const char *s = base + e.off;

			if (e.len >= n && !strncasecmp(s, type, n) && (e.len == n || strchr("; \t", s[n])) &&
			    weight(s, e.len) > best)
				best = weight(s, e.len);
		}
	}
	return best;
}

bool http_wants_html(const struct http_head *head, const char *base)
{
	unsigned int html = weight_of(head, base, "text/html");

	return html && html >= weight_of(head, base, "text/plain");
}

int http_page(unsigned int status, const char *detail, bool html, char *out, size_t size)
{
	static const char text[] = "%u %s: %s\n";
	static const char page[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%u %s</title></head>\n"
				   "<body><h1>%u %s</h1><p>The proxy of this network says: %s.</p></body>\n</html>\n";
	const char *reason = http_reason(status);
	int n = html ? snprintf(out, size, page, status, reason, status, reason, detail) :
		       snprintf(out, size, text, status, reason, detail);

	return n >= 0 && (size_t)n < size ? n : -1;
}
