// SPDX-License-Identifier: GPL-2.0-only
/* Dynamic bypass entries as text. */
#include "bypass_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const reasons[] = {
	[TIPH_BYPASS_MANUAL] = "manual",
	[TIPH_BYPASS_NOT_HTTP] = "not_http",
	[TIPH_BYPASS_TLS_ALERT] = "tls_alert",
	[TIPH_BYPASS_CONNECT_ERROR] = "connect_error",
	[TIPH_BYPASS_BAD_RESPONSE] = "bad_response",
	[TIPH_BYPASS_SERVER_ERROR] = "server_error",
	[TIPH_BYPASS_ASYMMETRIC] = "asymmetric",
};

const char *bypass_reason_name(uint8_t reason)
{
	return reason <= TIPH_BYPASS_REASON_MAX ? reasons[reason] : "?";
}

const char *bypass_kind_name(uint8_t kind)
{
	static const char *const names[] = { "static", "dynamic", "never" };

	return kind <= TIPH_BYPASS_NEVER ? names[kind] : "?";
}

static const char *text(const struct prefix *p, char *buf, size_t size)
{
	return p->addr.family ? prefix_format(p, buf, size) : "-";
}

void bypass_text_write(const struct datapath_bypass *e, uint64_t now, FILE *out)
{
	char source[ENDPOINT_STRLEN], destination[ENDPOINT_STRLEN];

	fprintf(out, "%s %s %u %s %" PRIu64 "\n", text(&e->source, source, sizeof(source)),
		text(&e->destination, destination, sizeof(destination)), e->dport, bypass_reason_name(e->reason),
		now + e->ttl / 1000);
}

static bool read_prefix(const char *word, struct prefix *ret)
{
	return !strcmp(word, "-") || !prefix_parse(word, strlen(word), ret);
}

static bool read_reason(const char *word, uint8_t *ret)
{
	for (unsigned int i = 0; i <= TIPH_BYPASS_REASON_MAX; i++) {
		if (strcmp(word, reasons[i]))
			continue;
		*ret = (uint8_t)i;
		return true;
	}
	return false;
}

int bypass_text_read(const char *line, uint64_t now, struct datapath_bypass *ret)
{
	struct datapath_bypass e = { .kind = TIPH_BYPASS_DYNAMIC };
	char source[64], destination[64], reason[32];
	unsigned int dport;
	uint64_t end;

	if (sscanf(line, "%63s %63s %u %31s %" SCNu64, source, destination, &dport, reason, &end) != 5 ||
	    dport > 65535 || !read_prefix(source, &e.source) || !read_prefix(destination, &e.destination) ||
	    !read_reason(reason, &e.reason) ||
	    (e.source.addr.family && e.destination.addr.family && e.source.addr.family != e.destination.addr.family) ||
	    (!e.source.addr.family && !e.destination.addr.family && !dport))
		return -EINVAL;
	if (end <= now)
		return -ESTALE;
	e.dport = (uint16_t)dport;
	e.ttl = end - now > TIPH_BYPASS_TTL_MAX / 1000 ? TIPH_BYPASS_TTL_MAX : (uint32_t)(end - now) * 1000;
	*ret = e;
	return 0;
}
