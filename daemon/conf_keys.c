// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of configuration keys: name, type, unit, default, bounds, meaning.
 *
 * A mapping stands before its keys, and keys stand in the order in which they
 * are written and documented.
 */
#include "conf_keys.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "conf.h"
#include "http_msg.h"
#include "proxy_header.h"

static const struct conf_choice datapaths[] = {
	{ "auto", DATAPATH_AUTO }, { "kmod", DATAPATH_KMOD }, { "nft", DATAPATH_NFT }, { NULL, 0 },
};
static const struct conf_choice modes[] = {
	{ "full", TIPH_MODE_FULL },	    { "=", TIPH_MODE_FULL },
	{ "inbound", TIPH_MODE_INBOUND },   { ">", TIPH_MODE_INBOUND },
	{ "outbound", TIPH_MODE_OUTBOUND }, { "<", TIPH_MODE_OUTBOUND },
	{ "none", TIPH_MODE_NONE },	    { "X", TIPH_MODE_NONE },
	{ NULL, 0 },
};
static const struct conf_choice protocols[] = {
	{ "http", PROTOCOL_HTTP }, { "tls", PROTOCOL_TLS }, { "tcp", PROTOCOL_TCP },
	{ "auto", PROTOCOL_AUTO }, { NULL, 0 },
};
static const struct conf_choice source_ports[] = {
	{ "any", TIPH_SOURCE_PORT_ANY }, { "preserve", TIPH_SOURCE_PORT_PRESERVE },
	{ "strict", TIPH_SOURCE_PORT_STRICT }, { NULL, 0 },
};
static const struct conf_choice policies[] = {
	{ "open", TIPH_POLICY_OPEN }, { "closed", TIPH_POLICY_CLOSED },
	{ "reset", TIPH_POLICY_RESET }, { NULL, 0 },
};
static const struct conf_choice truths[] = {
	{ "false", 0 }, { "true", 1 }, { NULL, 0 },
};
static const struct conf_choice triggers[] = {
	{ "not_http", 1 << TIPH_BYPASS_NOT_HTTP }, { "connect_error", 1 << TIPH_BYPASS_CONNECT_ERROR },
	{ "bad_response", 1 << TIPH_BYPASS_BAD_RESPONSE }, { "asymmetric", 1 << TIPH_BYPASS_ASYMMETRIC },
	{ "server_error", 1 << TIPH_BYPASS_SERVER_ERROR }, { "tls_alert", 1 << TIPH_BYPASS_TLS_ALERT }, { NULL, 0 },
};
static const struct conf_choice scopes[] = {
	{ "pair", SCOPE_PAIR }, { "source", SCOPE_SOURCE }, { "destination", SCOPE_DESTINATION }, { NULL, 0 },
};
static const struct conf_choice spokens[] = {
	{ "http", SPOKEN_HTTP }, { "tls", SPOKEN_TLS }, { "other", SPOKEN_OTHER }, { NULL, 0 },
};
static const struct conf_choice echs[] = {
	{ "any", ECH_ANY }, { "yes", ECH_YES }, { "no", ECH_NO }, { NULL, 0 },
};
static const struct conf_choice forwardeds[] = {
	{ "off", FORWARDED_OFF }, { "rfc7239", FORWARDED_RFC7239 },
	{ "x-forwarded-for", FORWARDED_XFF }, { NULL, 0 },
};
static const struct conf_choice proxy_versions[] = {
	{ "off", PROXY_OFF }, { "v1", PROXY_V1 }, { "v2", PROXY_V2 }, { NULL, 0 },
};
static const struct conf_choice formats[] = {
	{ "combined", LOG_FORMAT_COMBINED }, { "squid", LOG_FORMAT_SQUID },
	{ "json", LOG_FORMAT_JSON }, { NULL, 0 },
};
static const struct conf_choice levels[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO }, { "debug", LOG_LEVEL_DEBUG }, { NULL, 0 },
};
static const struct conf_choice log_targets[] = {
	{ "stdout", 0 }, { "syslog", 0 }, { "journal", 0 }, { "off", 0 }, { NULL, 0 },
};

#define IN(type, member) .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define SECOND 1000ULL
#define HOUR (3600 * SECOND)
#define KIB 1024ULL
#define LIST_MAX 1000		/* entries that are compared one by one */
#define HOSTS_MAX 1000000	/* those that are looked up */

const struct conf_key conf_keys[] = {
	{ "datapath", CONF_CHOICE, IN(conf, datapath), .fallback = "auto", .choices = datapaths,
	  .doc = "what intercepts: the kernel module, nft TPROXY, or the module where it can be used" },
	{ "workers", CONF_COUNT, IN(conf, workers), .fallback = "auto", .none = "auto", .min = 1, .max = 256,
	  .doc = "threads; auto: one per CPU; changes need a restart" },
	{ "user", CONF_STRING, IN(conf, user), .fallback = "tiphares",
	  .doc = "the worker process runs as this user; changes need a restart" },
	{ "drain_timeout", CONF_DURATION, IN(conf, drain_timeout), .fallback = "60s", .max = 24 * HOUR,
	  .doc = "for sessions to finish in a drain or after a takeover" },
	{ "hang_timeout", CONF_DURATION, IN(conf, hang_timeout), .fallback = "30s", .min = SECOND, .max = HOUR,
	  .doc = "a worker whose threads do not turn for so long is replaced" },

	{ "heartbeat", CONF_DURATION, IN(conf, heartbeat), .fallback = "2s", .none = "off",
	  .min = TIPH_HEARTBEAT_MIN, .max = TIPH_HEARTBEAT_MAX,
	  .doc = "a daemon that shows no life for so long has failed: on_failure rules until it does" },

	{ "ports", CONF_PORTS, .flags = CONF_F_REQUIRED,
	  .doc = "interception points, or \"LISTEN[:ATTRIBUTE]\" with = full, > inbound, < outbound, X none" },
	{ "ports.name", CONF_NAME, IN(conf_port, name),
	  .doc = "unique name; without one it is port-LISTEN" },
	{ "ports.listen", CONF_LISTEN, IN(conf_port, listen), .flags = CONF_F_REQUIRED,
	  .doc = "the daemon's local port; outbound and none: ADDR:PORT also" },
	{ "ports.mode", CONF_CHOICE, IN(conf_port, mode), .flags = CONF_F_REQUIRED, .choices = modes,
	  .doc = "which sides are transparent: both, the client's, the server's, none" },
	{ "ports.protocol", CONF_CHOICE, IN(conf_port, protocol), .fallback = "http", .choices = protocols,
	  .doc = "what clients speak on it; tcp: relayed unread; tls: relayed, the name is read; auto: told by the first octets" },
	{ "ports.match", CONF_MAP, .flags = CONF_F_INBOUND,
	  .doc = "which streams are intercepted; full and inbound only" },
	{ "ports.match.ports", CONF_TCP_PORTS, IN(conf_port, dports), .min = 1, .max = 65535,
	  .doc = "destination ports; required for full and inbound" },
	{ "ports.match.interfaces", CONF_INTERFACES, IN(conf_port, interfaces),
	  .doc = "ingress interfaces; empty: all" },
	{ "ports.match.bridges", CONF_INTERFACES, IN(conf_port, bridges),
	  .doc = "bridges of this host: what only crosses them is intercepted, too; kmod only" },
	{ "ports.match.sources", CONF_PREFIXES, IN(conf_port, sources),
	  .doc = "clients; empty: all" },
	{ "ports.match.destinations", CONF_PREFIXES, IN(conf_port, destinations),
	  .doc = "origin servers; empty: all" },
	{ "ports.match.except", CONF_MAP,
	  .doc = "never intercepted" },
	{ "ports.match.except.sources", CONF_PREFIXES, IN(conf_port, except_sources),
	  .doc = "clients that are never intercepted" },
	{ "ports.match.except.destinations", CONF_PREFIXES, IN(conf_port, except_destinations),
	  .doc = "origin servers that are never intercepted" },
	{ "ports.source_port", CONF_CHOICE, IN(conf_port, source_port), .flags = CONF_F_OUTBOUND,
	  .fallback = "any", .choices = source_ports,
	  .doc = "source port towards the origin: any, the client's if it is free, or only the client's" },
	{ "ports.likeness", CONF_CHOICE, IN(conf_port, likeness), .flags = CONF_F_OUTBOUND,
	  .fallback = "false", .choices = truths,
	  .doc = "true: connections to origins have the DSCP, the MSS and, less one, the TTL or hop limit of the client's SYN" },
	{ "ports.on_failure", CONF_CHOICE, IN(conf_port, on_failure), .flags = CONF_F_INBOUND,
	  .fallback = "open", .choices = policies,
	  .doc = "new connections when the daemon can't take them: forward, drop, reset" },
	{ "ports.on_overload", CONF_CHOICE, IN(conf_port, on_overload), .flags = CONF_F_INBOUND,
	  .fallback = "open", .choices = policies,
	  .doc = "new connections when the daemon has too much to do" },
	{ "ports.shed_high", CONF_PERCENT, IN(conf_port, shed_high), .flags = CONF_F_INBOUND,
	  .fallback = "75%", .max = 10000,
	  .doc = "share of the accept queue from which on on_overload rules; 0%: only when it is full" },
	{ "ports.shed_low", CONF_PERCENT, IN(conf_port, shed_low), .flags = CONF_F_INBOUND,
	  .fallback = "50%", .max = 10000,
	  .doc = "share down to which it rules" },
	{ "ports.sample", CONF_PERCENT, IN(conf_port, sample), .flags = CONF_F_INBOUND,
	  .fallback = "100%", .max = 10000,
	  .doc = "share of client addresses that is intercepted" },
	{ "ports.dry_run", CONF_CHOICE, IN(conf_port, dry_run), .flags = CONF_F_INBOUND,
	  .fallback = "false", .choices = truths,
	  .doc = "true: count what would be intercepted, and forward it" },
	{ "ports.mark", CONF_NUMBER, IN(conf_port, mark), .flags = CONF_F_INBOUND,
	  .fallback = "0", .max = UINT32_MAX,
	  .doc = "mark of intercepted packets, for an INPUT policy; 0: none" },

	{ "ports.proxy_protocol", CONF_PREFIXES, IN(conf_port, proxy_senders), .max = LIST_MAX,
	  .doc = "senders whose connections must begin with a PROXY header, version 1 or 2; inbound and none only" },

	{ "bypass", CONF_MAP, .doc = "connections that are forwarded though a port matches them" },
	{ "bypass.static", CONF_ENTRIES,
	  .doc = "always; what an entry has of source, destination and port must all fit" },
	{ "bypass.static.source", CONF_PREFIXES, IN(conf_entry, source), .max = 1,
	  .doc = "clients" },
	{ "bypass.static.destination", CONF_PREFIXES, IN(conf_entry, destination), .max = 1,
	  .doc = "origin servers" },
	{ "bypass.static.port", CONF_COUNT, IN(conf_entry, dport), .fallback = "any", .none = "any",
	  .min = 1, .max = 65535, .doc = "destination port" },
	{ "bypass.dynamic", CONF_MAP, .doc = "for a time, what the proxy does not get on with" },
	{ "bypass.dynamic.enabled", CONF_CHOICE, IN(conf, bypass.enabled), .fallback = "false", .choices = truths,
	  .doc = "true: triggers make entries; clients may so pass by the proxy and its rules" },
	{ "bypass.dynamic.triggers", CONF_CHOICES, IN(conf, bypass.triggers), .choices = triggers, .flags = CONF_F_FILLED,
	  .doc = "what makes one; without the key, the first four" },
	{ "bypass.dynamic.scope", CONF_CHOICE, IN(conf, bypass.scope), .fallback = "pair", .choices = scopes,
	  .doc = "what it is about, besides the destination port" },
	{ "bypass.dynamic.ttl", CONF_DURATION, IN(conf, bypass.ttl), .fallback = "10m",
	  .min = SECOND, .max = TIPH_BYPASS_TTL_MAX, .doc = "for how long" },
	{ "bypass.dynamic.limit", CONF_COUNT, IN(conf, bypass.limit), .fallback = "100000",
	  .min = 1, .max = TIPH_BYPASS_LIMIT_MAX, .doc = "entries at once; beyond, the oldest go" },
	{ "bypass.dynamic.server_errors", CONF_COUNT, IN(conf, bypass.server_errors), .fallback = "5",
	  .min = 1, .max = 1000000, .doc = "5xx of an origin in a row, to one thread, that are a server_error" },
	{ "bypass.dynamic.unanswered", CONF_COUNT, IN(conf, bypass.unanswered), .fallback = "3",
	  .min = 1, .max = 1000000, .doc = "connects to a prefix from clients' addresses, in a row and of one thread, that time out before it is asked whether the path is asymmetric" },
	{ "bypass.dynamic.prefix_ipv4", CONF_COUNT, IN(conf, bypass.prefix4), .fallback = "24",
	  .min = 1, .max = 32, .doc = "length of that prefix, all of which is bypassed then" },
	{ "bypass.dynamic.prefix_ipv6", CONF_COUNT, IN(conf, bypass.prefix6), .fallback = "64",
	  .min = 1, .max = 128, .doc = "the same of IPv6" },
	{ "bypass.dynamic.snapshot", CONF_PATH, IN(conf, bypass.snapshot), .fallback = "off", .none = "off",
	  .doc = "file in which they survive a restart; its directory must be root's" },
	{ "bypass.never", CONF_PREFIXES, IN(conf, bypass.never), .max = TIPH_BYPASS_MAX,
	  .doc = "origin servers that no dynamic entry bypasses" },

	{ "routes", CONF_ROUTES, .doc = "origin servers by host name, before the resolver" },
	{ "routes.host", CONF_HOST, IN(conf_route, host), .flags = CONF_F_REQUIRED,
	  .doc = "host name or address that the client asked for, or * for any" },
	{ "routes.to", CONF_ENDPOINTS, IN(conf_route, to), .flags = CONF_F_REQUIRED,
	  .doc = "where it goes, in turn" },
	{ "routes.proxy_protocol", CONF_CHOICE, IN(conf_route, proxy_protocol), .fallback = "off", .choices = proxy_versions,
	  .doc = "PROXY header that connections to it begin with; each then serves one client connection" },

	{ "access", CONF_RULES,
	  .doc = "rules for requests and connections, the first that matches decides; none matches: allowed" },
	{ "access.name", CONF_NAME, IN(conf_rule, name),
	  .doc = "shown in the access log instead of the rule's number" },
	{ "access.allow", CONF_CONDITIONS,
	  .doc = "let pass what meets all conditions, or all" },
	{ "access.deny", CONF_CONDITIONS,
	  .doc = "refuse it: HTTP by 403, TLS by an alert, anything else by a reset" },
	{ "access.tunnel", CONF_CONDITIONS,
	  .doc = "relay the connection unread from its first request on" },
	{ "access.*.client", CONF_PREFIXES, IN(conf_rule, clients), .flags = CONF_F_FILLED, .max = LIST_MAX,
	  .doc = "condition: the client's address" },
	{ "access.*.destination", CONF_PREFIXES, IN(conf_rule, destinations), .flags = CONF_F_FILLED, .max = LIST_MAX,
	  .doc = "condition: the next hop's address; needed to allow loopback ones that a client chose" },
	{ "access.*.destination_port", CONF_NUMBERS, IN(conf_rule, destination_ports), .flags = CONF_F_FILLED,
	  .min = 1, .max = 65535,
	  .doc = "condition: the next hop's TCP port" },
	{ "access.*.host", CONF_HOSTS, IN(conf_rule, hosts), .flags = CONF_F_FILLED, .max = HOSTS_MAX,
	  .doc = "condition: host of the request or server name of TLS; *.NAME: every name below NAME" },
	{ "access.*.method", CONF_METHODS, IN(conf_rule, methods), .flags = CONF_F_FILLED, .max = LIST_MAX,
	  .doc = "condition: the request's method" },
	{ "access.*.path", CONF_PATHS, IN(conf_rule, paths), .flags = CONF_F_FILLED, .max = LIST_MAX,
	  .doc = "condition: how the request's path begins, decoded and without dot segments" },
	{ "access.*.port", CONF_NAMES, IN(conf_rule, ports), .flags = CONF_F_FILLED, .max = LIST_MAX,
	  .doc = "condition: name of the port" },
	{ "access.*.protocol", CONF_CHOICES, IN(conf_rule, spoken), .flags = CONF_F_FILLED, .choices = spokens,
	  .doc = "condition: what is spoken" },
	{ "access.*.alpn", CONF_TOKENS, IN(conf_rule, alpn), .flags = CONF_F_FILLED, .max = LIST_MAX,
	  .doc = "condition: a protocol that TLS offers" },
	{ "access.*.ech", CONF_CHOICE, IN(conf_rule, ech), .fallback = "any", .choices = echs,
	  .doc = "condition: TLS with Encrypted ClientHello, or feigning it" },

	{ "resolver", CONF_MAP, .doc = "name resolution where the original destination does not decide" },
	{ "resolver.servers", CONF_SERVERS, IN(conf, resolver_servers), .fallback = "system", .none = "system",
	  .doc = "DNS servers; system: those of resolv.conf at start and reload" },
	{ "resolver.timeout", CONF_DURATION, IN(conf, resolver_timeout), .fallback = "5s",
	  .min = 100, .max = 60 * SECOND,
	  .doc = "for one name, all retries together" },

	{ "http", CONF_MAP, .doc = "limits and timeouts of HTTP" },
	{ "http.header_limit", CONF_SIZE, IN(conf, http.header_limit), .fallback = "64KiB",
	  .min = 4 * KIB, .max = KIB * KIB,
	  .doc = "octets of a request's or response's head" },
	{ "http.header_fields", CONF_COUNT, IN(conf, http.header_fields), .fallback = "200",
	  .min = 8, .max = HTTP_FIELDS_MAX,
	  .doc = "fields of a head" },
	{ "http.header_timeout", CONF_DURATION, IN(conf, http.header_timeout), .fallback = "10s",
	  .min = 100, .max = HOUR,
	  .doc = "for a whole head to arrive" },
	{ "http.sniff_timeout", CONF_DURATION, IN(conf, http.sniff_timeout), .fallback = "300ms",
	  .min = 10, .max = 60 * SECOND,
	  .doc = "protocol auto: silence after which the origin is asked to speak first" },
	{ "http.idle_timeout", CONF_DURATION, IN(conf, http.idle_timeout), .fallback = "60s",
	  .min = 100, .max = 24 * HOUR,
	  .doc = "for a connection on which nothing moves" },
	{ "http.connect_timeout", CONF_DURATION, IN(conf, http.connect_timeout), .fallback = "10s",
	  .min = 100, .max = HOUR,
	  .doc = "for the connection to the origin" },
	{ "http.response_timeout", CONF_DURATION, IN(conf, http.response_timeout), .fallback = "60s",
	  .min = 100, .max = 24 * HOUR,
	  .doc = "for the head of the origin's response" },
	{ "http.tunnel_timeout", CONF_DURATION, IN(conf, http.tunnel_timeout), .fallback = "1h",
	  .min = 100, .max = 365 * 24 * HOUR,
	  .doc = "for a tunnel or relay in which nothing moves" },
	{ "http.client_rate", CONF_SIZE, IN(conf, http.client_rate), .fallback = "64B", .max = KIB * KIB * KIB,
	  .doc = "a second, averaged over idle_timeout, that a client must at least send or take of a body; 0B: any" },
	{ "http.origin_rate", CONF_SIZE, IN(conf, http.origin_rate), .fallback = "0B", .max = KIB * KIB * KIB,
	  .doc = "the same of an origin; 0B, which streams of events need: any" },
	{ "http.via", CONF_STRING, IN(conf, http.via), .fallback = "tiphares", .none = "off",
	  .doc = "pseudonym in the Via field; off: no Via" },
	{ "http.forwarded", CONF_CHOICE, IN(conf, http.forwarded), .fallback = "off", .choices = forwardeds,
	  .doc = "field that tells the origin the client's address" },

	{ "limits", CONF_MAP, .doc = "what the daemon uses at most" },
	{ "limits.sessions", CONF_COUNT, IN(conf, limits.sessions), .fallback = "100000",
	  .min = 1, .max = 10000000,
	  .doc = "client connections at once" },
	{ "limits.per_client", CONF_COUNT, IN(conf, limits.per_client), .fallback = "1000",
	  .min = 1, .max = 10000000,
	  .doc = "client connections of one address at once" },
	{ "limits.memory", CONF_SIZE, IN(conf, limits.memory), .fallback = "512MiB",
	  .min = 16 * KIB * KIB, .max = 1ULL << 44,
	  .doc = "octets of buffers, sessions and connections to origins; the kernel's are not counted" },
	{ "limits.shed_high", CONF_PERCENT, IN(conf, limits.shed_high), .fallback = "90%", .max = 10000,
	  .doc = "share of sessions or memory from which on new connections go by on_overload; 0%: never" },
	{ "limits.shed_low", CONF_PERCENT, IN(conf, limits.shed_low), .fallback = "75%", .max = 10000,
	  .doc = "share down to which they do" },
	{ "limits.lag", CONF_DURATION, IN(conf, limits.lag), .fallback = "500ms", .none = "off",
	  .min = 100, .max = HOUR,
	  .doc = "a thread that is busy with one turn for so long is overload, too" },

	{ "log", CONF_MAP, .doc = "the access log and the daemon's own log" },
	{ "log.access", CONF_MAP, .doc = "one line for each exchange" },
	{ "log.access.format", CONF_CHOICE, IN(conf, log.format), .fallback = "combined", .choices = formats,
	  .doc = "of a line" },
	{ "log.access.to", CONF_PATH, IN(conf, log.to), .fallback = "stdout", .choices = log_targets,
	  .doc = "where lines go; a path is opened by the privileged parent" },
	{ "log.access.sample", CONF_PERCENT, IN(conf, log.sample), .fallback = "100%", .max = 10000,
	  .doc = "share of exchanges with result ok that get a line; all others do" },
	{ "log.level", CONF_CHOICE, IN(conf, log.level), .fallback = "info", .choices = levels,
	  .doc = "the least important messages that are logged; tipharesctl log-level changes it until the next reload" },

	{ "admin", CONF_MAP, .doc = "how the daemon is asked; changes need a restart" },
	{ "admin.socket", CONF_PATH, IN(conf, admin.socket), .fallback = "/run/tiphares/admin.sock",
	  .none = "off", .doc = "unix socket of the admin interface" },
	{ "admin.metrics", CONF_ENDPOINT, IN(conf, admin.metrics), .fallback = "off", .none = "off",
	  .doc = "ADDR:PORT of the Prometheus endpoint" },
	{ "admin.page", CONF_CHOICE, IN(conf, admin.page), .fallback = "false", .choices = truths,
	  .doc = "true: a status page for browsers at admin.metrics; it shows clients and requests" },

	{ "nft", CONF_MAP, .doc = "what the nft datapath may use of the host's" },
	{ "nft.mark", CONF_NUMBER, IN(conf, nft.mark), .fallback = "0x10000000", .min = 1, .max = UINT32_MAX,
	  .doc = "mark bits of packets that are delivered locally" },
	{ "nft.priority", CONF_COUNT, IN(conf, nft.priority), .fallback = "100", .min = 1, .max = 32765,
	  .doc = "of the policy routing rule" },
	{ "nft.table", CONF_COUNT, IN(conf, nft.table), .fallback = "8088", .min = 1, .max = UINT32_MAX,
	  .doc = "routing table" },
};

#define N_KEYS (sizeof(conf_keys) / sizeof(conf_keys[0]))
_Static_assert(N_KEYS <= CONF_KEYS_MAX, "raise CONF_KEYS_MAX");

size_t conf_keys_count(void)
{
	return N_KEYS;
}

int conf_kind_is_list(enum conf_kind kind)
{
	switch (kind) {
	case CONF_PORTS:
	case CONF_ROUTES:
	case CONF_RULES:
	case CONF_ENTRIES:
	case CONF_ENDPOINTS:
	case CONF_SERVERS:
	case CONF_TCP_PORTS:
	case CONF_INTERFACES:
	case CONF_PREFIXES:
	case CONF_CHOICES:
	case CONF_NUMBERS:
	case CONF_HOSTS:
	case CONF_METHODS:
	case CONF_PATHS:
	case CONF_NAMES:
	case CONF_TOKENS:
		return 1;
	default:
		return 0;
	}
}

int conf_key_find(const char *path)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (!strcmp(conf_keys[i].path, path))
			return (int)i;
	return -1;
}

const char *conf_key_name(const struct conf_key *key)
{
	const char *dot = strrchr(key->path, '.');

	return dot ? dot + 1 : key->path;
}

static bool stands_in(const struct conf_key *key, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(key->path, prefix, n) && !strchr(key->path + n, '.');
}

#define WORD_MAX 40

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours between two words. */
static unsigned int edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[n][m];
}

/* How far a word may be from what was meant: a third of it, at least one step. */
static unsigned int tolerance(size_t n)
{
	return n < 3 ? 0 : n < 6 ? 1 : n / 3;
}

const struct conf_key *conf_key_suggest(const char *prefix, const char *name, size_t n, unsigned int max)
{
	unsigned int best = (tolerance(n) < max ? tolerance(n) : max) + 1;
	const struct conf_key *ret = NULL;

	for (size_t i = 0; i < N_KEYS; i++) {
		const char *word = conf_key_name(&conf_keys[i]);
		unsigned int d;

		if (!stands_in(&conf_keys[i], prefix))
			continue;
		d = edit_distance(name, n, word, strlen(word));
		if (d < best) {
			best = d;
			ret = &conf_keys[i];
		}
	}
	return ret;
}

const struct conf_key *conf_key_elsewhere(const char *name, size_t n)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const char *word = conf_key_name(&conf_keys[i]);

		if (strlen(word) == n && !strncmp(word, name, n))
			return &conf_keys[i];
	}
	return NULL;
}

const char *conf_choice_suggest(const struct conf_choice *choices, const char *s, size_t n)
{
	unsigned int best = tolerance(n) + 1;
	const char *ret = NULL;

	for (; choices->word; choices++) {
		unsigned int d = edit_distance(s, n, choices->word, strlen(choices->word));

		if (d < best) {
			best = d;
			ret = choices->word;
		}
	}
	return ret;
}

static const char *const kind_names[] = {
	[CONF_MAP] = "mapping", [CONF_PORTS] = "list of mappings", [CONF_ROUTES] = "list of mappings",
	[CONF_RULES] = "list of mappings", [CONF_ENTRIES] = "list of mappings",
	[CONF_CONDITIONS] = "all or mapping",
	[CONF_CHOICE] = "choice", [CONF_COUNT] = "number", [CONF_NUMBER] = "number", [CONF_SIZE] = "size",
	[CONF_DURATION] = "duration", [CONF_PERCENT] = "percentage", [CONF_STRING] = "text",
	[CONF_PATH] = "path", [CONF_NAME] = "name", [CONF_HOST] = "host name",
	[CONF_LISTEN] = "[ADDR:]PORT", [CONF_ENDPOINT] = "ADDR:PORT", [CONF_ENDPOINTS] = "list of ADDR:PORT",
	[CONF_SERVERS] = "list of ADDR[:PORT]", [CONF_TCP_PORTS] = "list of TCP ports",
	[CONF_INTERFACES] = "list of interface names", [CONF_PREFIXES] = "list of ADDR[/LEN]",
	[CONF_CHOICES] = "list of choices", [CONF_NUMBERS] = "list of TCP ports", [CONF_HOSTS] = "list of host names",
	[CONF_METHODS] = "list of methods", [CONF_PATHS] = "list of paths", [CONF_NAMES] = "list of names",
	[CONF_TOKENS] = "list of protocols",
};

static const char *unit(enum conf_kind kind)
{
	return kind == CONF_SIZE ? "B" : kind == CONF_DURATION ? "ms" : "";
}

static void dump_bounds(FILE *out, const struct conf_key *key)
{
	if (key->choices) {
		for (const struct conf_choice *c = key->choices; c->word; c++)
			fprintf(out, "%s%s", c == key->choices ? "" : "|", c->word);
		return;
	}
	if (key->kind == CONF_PERCENT)
		fprintf(out, "0%%-100%%");
	else if (key->max && (!conf_kind_is_list(key->kind) || key->min))
		fprintf(out, "%llu-%llu%s", (unsigned long long)key->min, (unsigned long long)key->max,
			unit(key->kind));
}

void conf_keys_dump(FILE *out)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const struct conf_key *key = &conf_keys[i];

		fprintf(out, "%s\t%s\t%s\t", key->path, kind_names[key->kind],
			key->flags & CONF_F_REQUIRED ? "required" : key->fallback ? key->fallback : "");
		dump_bounds(out, key);
		fprintf(out, "\t%s\n", key->doc);
	}
}
