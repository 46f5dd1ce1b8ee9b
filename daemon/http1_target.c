// SPDX-License-Identifier: GPL-2.0-only
/*
 * HTTP/1.x request targets and authorities (RFC 9112 3.2, RFC 9110 4.2, 7.2).
 *
 * A target is cut into what routing needs and never rewritten: no decoding, no
 * removal of dots, no case. Only http is served here, so that an absolute target
 * has an authority and nothing but the octets of a host name in it.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "http1_internal.h"

static const char scheme[] = "http://";
#define SCHEME_LEN (sizeof(scheme) - 1)

/* ":" and up to five digits, 1 to 65535, or nothing behind the colon. */
static int parse_port(const char *p, const char *end, uint16_t *ret)
{
	unsigned int value = 0;
	const char *digits = p;

	for (; p < end; p++) {
		if (!http1_is(*p, OCTET_DIGIT) || p - digits == 5)
			return -EINVAL;
		value = value * 10 + (unsigned int)(*p - '0');
	}
	if (value > 65535 || (!value && digits < end))
		return -EINVAL;
	*ret = (uint16_t)value;
	return 0;
}

/* "[...]": sets @host to what is inside; behind the bracket, or NULL. */
static const char *parse_literal(const char *p, const char *end, const char **host, size_t *len)
{
	const char *close = memchr(p, ']', (size_t)(end - p));
	struct addr addr;

	if (!close)
		return NULL;
	*host = p + 1;
	*len = (size_t)(close - p - 1);
	if (!memchr(*host, ':', *len) || addr_parse(*host, *len, &addr))
		return NULL;
	return close + 1;
}

int http1_authority_parse(const char *base, struct http_span text, struct http1_authority *ret)
{
	const char *p = base + text.off, *end = p + text.len, *host = p;
	struct http1_authority a = { 0 };
	size_t len;

	if (p < end && *p == '[') {
		p = parse_literal(p, end, &host, &len);
		if (!p)
			return -EINVAL;
	} else {
		while (p < end && http1_is(*p, OCTET_HOST))
			p++;
		len = (size_t)(p - host);
	}
	if (!len || (p < end && (*p != ':' || parse_port(p + 1, end, &a.port))))
		return -EINVAL;
	a.host = (struct http_span){ (uint32_t)(host - base), (uint32_t)len };
	*ret = a;
	return 0;
}

static void set_authority(struct http_head *head, const struct http1_authority *a)
{
	head->host = a->host;
	head->host_port = a->port;
}

/* RFC 9112 3.2.3 */
static int authority_form(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	struct http1_authority a;

	head->target_form = HTTP_TARGET_AUTHORITY;
	if (http1_authority_parse(ps->base, head->target, &a) || !a.port)
		return http1_refuse(ps, 400, "the target of CONNECT is not host:port");
	set_authority(head, &a);
	return 0;
}

/* RFC 9112 3.2.2 */
static int absolute_form(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	const char *p = ps->base + head->target.off, *end = p + head->target.len, *start;
	struct http1_authority a;

	head->target_form = HTTP_TARGET_ABSOLUTE;
	if (head->target.len < SCHEME_LEN || strncasecmp(p, scheme, SCHEME_LEN))
		return http1_refuse(ps, 400, "the target is neither a path nor an http URI");
	p += SCHEME_LEN;
	start = p;
	while (p < end && *p != '/' && *p != '?')
		p++;
	if (http1_authority_parse(ps->base, http1_span(ps, start, p), &a))
		return http1_refuse(ps, 400, "the target has no valid host");
	set_authority(head, &a);
	head->path = http1_span(ps, p, end);
	return 0;
}

static int decide_form(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	const char *p = ps->base + head->target.off;

	if (head->method_id == HTTP_M_CONNECT)
		return authority_form(ps);
	if (*p != '/' && (*p != '*' || head->target.len != 1))
		return absolute_form(ps);
	head->path = head->target;
	head->target_form = *p == '/' ? HTTP_TARGET_ORIGIN : HTTP_TARGET_ASTERISK;
	if (*p == '*' && head->method_id != HTTP_M_OPTIONS)
		return http1_refuse(ps, 400, "the target * is for OPTIONS only");
	return 0;
}

/* RFC 9112 3.2: Host exactly once and valid, even where the target overrules it. */
static int check_host(struct http1_parse *ps)
{
	struct http_head *head = ps->head;
	struct http1_authority a;

	if (ps->n_host > 1)
		return http1_refuse(ps, 400, "there is more than one Host");
	if (!ps->n_host)
		return head->minor ? http1_refuse(ps, 400, "there is no Host") : 0;
	if (http1_authority_parse(ps->base, ps->host, &a))
		return http1_refuse(ps, 400, "Host is not a valid host and port");
	if (!head->host.len)
		set_authority(head, &a);
	return 0;
}

int http1_target(struct http1_parse *ps)
{
	int err = decide_form(ps);

	return err ? err : check_host(ps);
}
