// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration: what is right and what it means, each mistake with its
 * place and its words, and that what is written loads as the same again.
 */
#include <errno.h>
#include <stdlib.h>

#include "conf.h"
#include "conf_keys.h"
#include "conf_write.h"
#include "guard.h"
#include "tap.h"

#define EXAMPLE "examples/tiphares.yaml"
#define WEB "ports: [{name: web, listen: 8080, mode: full, match: {ports: [80]}}]\n"

static int load(const char *text, struct conf **ret, struct conf_errors *errors)
{
	return conf_load_buffer("test", guard_end(text, strlen(text)), strlen(text), ret, errors);
}

/* Load what must be right; NULL when it is not. */
static struct conf *right(const char *text, const char *name)
{
	struct conf_errors errors;
	struct conf *conf = NULL;
	int err = load(text, &conf, &errors);

	ok(!err, "%s loads", name);
	for (size_t i = 0; i < errors.n; i++)
		printf("# %u:%u: %s\n", errors.v[i].line, errors.v[i].column, errors.v[i].text);
	conf_errors_free(&errors);
	return conf;
}

/* One mistake: "@" stands before it, @say is a part of what is said about it. */
struct mistake {
	const char *text;
	const char *say;
};

#define PORT(fields) "ports:\n  - {name: a, listen: 8080, " fields "}\n"
#define FULL(fields) PORT("mode: full, match: {ports: [80]}, " fields)
#define MATCH(fields) PORT("mode: full, match: {ports: [80], " fields "}")
#define KEY(text) "ports: [8080]\n" text "\n"

static const struct mistake mistakes[] = {
	/* the file as a whole */
	{ "@", "empty" },
	{ "@# nothing\n", "empty" },
	{ "@~", "empty" },
	{ "@- a\n", "must be a mapping, not a list" },
	{ "@ports\n", "must be a mapping, not a single value" },
	{ "@user: x\n", "ports is missing" },
	{ "ports: [8080\n@", "not YAML" },
	{ "ports: [8080]\n@\tuser: x\n", "not YAML" },
	{ "ports: [8080]\nuser: \"@\x01\"\n", "not YAML" },
	{ "ports: [8080]\nuser: @\xff\n", "not YAML" },
	{ "ports: [8080]\n---\n@ports: [8081]\n", "second YAML document" },
	{ "ports: [8080]\n? @[a]\n: b\n", "a key must be a word, not a list" },
	/* keys */
	{ KEY("@colour: blue"), "unknown key \"colour\"" },
	{ KEY("@prots: []"), "did you mean \"ports\"?" },
	{ KEY("@usre: x"), "did you mean \"user\"?" },
	{ KEY("http: {@idle_timout: 1s}"), "unknown key \"http.idle_timout\"; did you mean \"idle_timeout\"?" },
	{ KEY("@idle_timeout: 1s"), "there is http.idle_timeout" },
	{ KEY("@http.idle_timeout: 1s"), "unknown key \"http.idle_timeout\"" },
	{ KEY("http:\n  via: a\n  @via: b"), "http.via is given twice, first in line 3" },
	{ KEY("@ports: [8081]"), "ports is given twice, first in line 1" },
	{ FULL("@sources: [10.0.0.0/8]"), "there is ports.match.sources" },
	{ MATCH("@source: [10.0.0.0/8]"), "did you mean \"sources\"?" },
	/* types */
	{ "ports: @8080\n", "ports must be a list, not a single value" },
	{ "ports: @{a: b}\n", "ports must be a list, not a mapping" },
	{ "ports:@\n", "ports has no value" },
	{ "ports: [@[8080]]\n", "ports must be a mapping, not a list" },
	{ "ports: [@~]\n", "ports has no value" },
	{ KEY("http: @5"), "http must be a mapping, not a single value" },
	{ KEY("http:@"), "http has no value" },
	{ KEY("user: @[a]"), "user must be a single value, not a list" },
	{ KEY("user: @~"), "user has no value" },
	{ KEY("workers: @{a: 1}"), "workers must be a single value, not a mapping" },
	{ MATCH("sources: @{a: b}"), "ports.match.sources must be a list, not a mapping" },
	{ MATCH("sources: [@[10.0.0.0/8]]"), "an entry of ports.match.sources must be a single value" },
	/* words */
	{ KEY("datapath: @iptables"), "\"iptables\" is not one of auto, kmod or nft" },
	{ KEY("datapath: @kmdo"), "did you mean \"kmod\"?" },
	{ KEY("log: {level: @warn}"), "is not one of error, warning, info or debug" },
	{ KEY("log: {access: {format: @apache}}"), "combined, squid or json" },
	{ KEY("log: {access: {to: @access.log}}"), "neither an absolute path nor stdout" },
	{ KEY("http: {forwarded: @yes}"), "off, rfc7239 or x-forwarded-for" },
	{ KEY("user: @\"a b\""), "visible ASCII" },
	{ KEY("user: @\"\""), "visible ASCII" },
	{ KEY("user: @\"a\\0b\""), "visible ASCII" },
	{ KEY("http: {via: @\"a\\r\\nX: y\"}"), "visible ASCII" },
	/* numbers */
	{ KEY("workers: @many"), "\"many\" is not a number" },
	{ KEY("workers: @0"), "out of range, from 1 to 256" },
	{ KEY("workers: @257"), "out of range" },
	{ KEY("workers: @-1"), "not a number" },
	{ KEY("workers: @1.5"), "not a number" },
	{ KEY("workers: @18446744073709551617"), "not a number" },
	{ KEY("limits: {sessions: @0}"), "out of range" },
	{ KEY("http: {header_limit: @64}"), "has no unit: write B, KiB, MiB or GiB" },
	{ KEY("http: {header_limit: @64KB}"), "unknown unit" },
	{ KEY("http: {header_limit: @KiB}"), "is not a size" },
	{ KEY("http: {header_limit: @1B}"), "out of range, from 4096 to 1048576 B" },
	{ KEY("limits: {memory: @99999999999GiB}"), "out of range" },
	{ KEY("http: {idle_timeout: @60}"), "has no unit: write ms, s, m, h or d" },
	{ KEY("http: {idle_timeout: @60sec}"), "unknown unit" },
	{ KEY("http: {idle_timeout: @soon}"), "is not a duration" },
	{ KEY("http: {idle_timeout: @2d}"), "out of range, from 100 to 86400000 ms" },
	{ FULL("sample: @120%"), "more than 100%" },
	{ KEY("limits: {shed_high: 40%, shed_low: @40%}"), "limits.shed_low is not less than limits.shed_high" },
	{ KEY("limits: {lag: @50ms}"), "limits.lag" },
	{ KEY("bypass: {static: [@{}]}"), "an entry needs a source, a destination or a port" },
	{ KEY("bypass: {static: [@{source: 10.0.0.1, destination: \"fd00::1\"}]}"), "of different families" },
	{ KEY("bypass: {static: [{source: @10.0.0.1/8}]}"), "bits set behind its length" },
	{ KEY("bypass: {static: [{source: [10.0.0.1, @10.0.0.2]}]}"), "more than 1 entries" },
	{ KEY("bypass: {static: [{port: @0}]}"), "bypass.static.port" },
	{ KEY("bypass: {static: [{@sorce: 10.0.0.1}]}"), "did you mean \"source\"?" },
	{ KEY("bypass: {static: [@10.0.0.1]}"), "bypass.static must be a mapping" },
	{ KEY("bypass: {dynamic: {triggers: [@full_moon]}}"), "bypass.dynamic.triggers" },
	{ KEY("bypass: {dynamic: {ttl: @10ms}}"), "bypass.dynamic.ttl" },
	{ KEY("bypass: {dynamic: {snapshot: @here}}"), "bypass.dynamic.snapshot" },
	{ KEY("bypass: {never: [@nowhere]}"), "bypass.never" },
	{ FULL("shed_low: @75%"), "not less than ports.shed_high" },
	{ FULL("shed_high: 20%, shed_low: @30%"), "not less than ports.shed_high" },
	{ FULL("dry_run: @yes"), "not one of false or true" },
	{ KEY("heartbeat: @99ms"), "out of range, from 100 to 600000 ms" },
	{ KEY("heartbeat: @never"), "is not a duration" },
	{ FULL("sample: @0.5"), "not a percentage" },
	{ FULL("sample: @0.555%"), "at most two decimals" },
	{ FULL("mark: @red"), "not a number" },
	{ FULL("mark: @0x100000000"), "out of range" },
	{ KEY("nft: {mark: @0}"), "out of range" },
	{ KEY("nft: {table: @254}"), "one of the kernel's own tables" },
	{ KEY("nft: {priority: @32766}"), "out of range" },
	/* addresses */
	{ MATCH("sources: [@10.1.2.3/8]"), "bits set behind its length; write 10.0.0.0/8" },
	{ MATCH("sources: [@\"fd00::1/64\"]"), "write fd00::/64" },
	{ MATCH("destinations: [@10.0.0.0/33]"), "is not an address or ADDR/LEN" },
	{ MATCH("destinations: [@example.com]"), "is not an address or ADDR/LEN" },
	{ MATCH("except: {sources: [@x]}"), "ports.match.except.sources: \"x\"" },
	{ MATCH("interfaces: [@averylonginterface]"), "not an interface's name" },
	{ MATCH("interfaces: [@a/b]"), "not an interface's name" },
	{ MATCH("interfaces: [a, @a]"), "in the list already" },
	{ MATCH("bridges: [a, @a]"), "in the list already" },
	{ KEY("admin: {metrics: @9180}"), "is not ADDR:PORT" },
	{ KEY("admin: {metrics: @\"127.0.0.1:8080\"}"), "port 8080 is the listen of \"port-8080\"" },
	{ KEY("admin: {socket: @admin.sock}"), "neither an absolute path nor off" },
	{ KEY("resolver: {servers: @dns.example}"), "is not an address" },
	{ KEY("resolver: {servers: [@system]}"), "is not an address" },
	{ KEY("routes: [{host: a, to: [@b]}]"), "is not ADDR:PORT" },
	{ KEY("routes: [@{host: a, to: []}]"), "routes.to is empty" },
	{ KEY("routes: [@{host: a}]"), "routes.to is missing" },
	{ KEY("routes: [@{to: [\"192.0.2.1:80\"]}]"), "routes.host is missing" },
	{ KEY("routes: [{host: @\"a b\", to: [\"192.0.2.1:80\"]}]"), "is not a host name" },
	{ KEY("routes:\n  - {host: a, to: [\"192.0.2.1:80\"]}\n  - {host: @A, to: [\"192.0.2.2:80\"]}"),
	  "\"a\" has a route in line 3 already" },
	/* rules */
	{ KEY("access: @all"), "access must be a list, not a single value" },
	{ KEY("access: [@deny]"), "access must be a mapping, not a single value" },
	{ KEY("access: [@{}]"), "a rule needs an action: allow, deny or tunnel" },
	{ KEY("access: [@{name: a}]"), "a rule needs an action" },
	{ KEY("access: [{deny: @any}]"), "access.deny must be all, or a mapping with a condition at least" },
	{ KEY("access: [{deny: @{}}]"), "access.deny must be all, or a mapping" },
	{ KEY("access: [{deny: @[a]}]"), "access.deny must be all, or a mapping" },
	{ KEY("access: [{deny: @}]"), "access.deny has no value" },
	{ KEY("access: [{allow: all, deny: @all}]"), "access.deny: a rule has one action, this one has access.allow" },
	{ KEY("access: [{@denny: all}]"), "did you mean \"deny\"?" },
	{ KEY("access: [{@bypass: all}]"), "a connection that was taken can't be given back" },
	{ KEY("access: [{@host: a}]"), "unknown key \"access.host\"" },
	{ KEY("access: [{deny: {@hosts: a}}]"), "did you mean \"host\"?" },
	{ KEY("access: [{deny: {host: @[]}}]"), "access.*.host is empty" },
	{ KEY("access: [{deny: {host: @\"*\"}}]"), "for any host leave the key out" },
	{ KEY("access: [{deny: {host: @\"*.\"}}]"), "is not a host name" },
	{ KEY("access: [{deny: {host: @\"a.*\"}}]"), "is not a host name" },
	{ KEY("access: [{deny: {host: @a..b}}]"), "is not a host name" },
	{ KEY("access: [{deny: {host: @.a}}]"), "is not a host name" },
	{ KEY("access: [{deny: {host: @\"*..a\"}}]"), "is not a host name" },
	{ KEY("access: [{deny: {host: [@\"a:80 \"]}}]"), "is not a host name" },
	{ KEY("access: [{deny: {client: @10.1.2.3/8}}]"), "write 10.0.0.0/8" },
	{ KEY("access: [{deny: {destination: @a.example}}]"), "is not an address or ADDR/LEN" },
	{ KEY("access: [{deny: {destination_port: @0}}]"), "is not a TCP port" },
	{ KEY("access: [{deny: {destination_port: [80, @80]}}]"), "80 is in the list already" },
	{ KEY("access: [{deny: {method: @\"GE T\"}}]"), "is not a method" },
	{ KEY("access: [{deny: {path: @admin}}]"), "is not a path" },
	{ KEY("access: [{deny: {path: @/a?b}}]"), "is not a path" },
	{ KEY("access: [{deny: {path: @/a%20b}}]"), "is not a path" },
	{ KEY("access: [{deny: {path: @/a//b}}]"), "empty or dot segments" },
	{ KEY("access: [{deny: {path: @/a/./b}}]"), "empty or dot segments" },
	{ KEY("access: [{deny: {path: @/a/..}}]"), "empty or dot segments" },
	{ KEY("access: [{deny: {port: @web}}]"), "no port is called \"web\"" },
	{ KEY("access: [{deny: {port: @\"a b\"}}]"), "is not the name of a port" },
	{ KEY("access: [{deny: {protocol: @ftp}}]"), "is not one of http, tls or other" },
	{ KEY("access: [{deny: {protocol: [tls, @tls]}}]"), "in the list already" },
	{ KEY("access: [{deny: {alpn: @\"a,b\"}}]"), "is not a protocol" },
	{ KEY("access: [{deny: {ech: @maybe}}]"), "is not one of any, yes or no" },
	{ KEY("access: [{name: @\"a b\", deny: all}]"), "is not a name" },
	{ PORT("mode: none, protocol: @http2"), "did you mean \"http\"?" },
	{ KEY("http: {sniff_timeout: @1ms}"), "out of range, from 10 to 60000 ms" },
	/* ports */
	{ "ports:\n  - @{name: a, listen: 8080, match: {ports: [80]}}\n", "ports.mode is missing" },
	{ "ports: [@{mode: none}]\n", "ports.listen is missing" },
	{ PORT("mode: @half"), "full, =, inbound, >, outbound, <, none or X" },
	{ PORT("mode: none, protocol: @gopher"), "is not one of http, tls, tcp or auto" },
	{ "ports:\n  - @{name: a, listen: 8080, mode: full}\n", "ports.match.ports is missing" },
	{ PORT("mode: inbound, match: @{ports: []}"), "ports.match.ports is missing" },
	{ PORT("mode: full, match: {ports: [@0]}"), "is not a TCP port" },
	{ PORT("mode: full, match: {ports: [@http]}"), "is not a TCP port" },
	{ PORT("mode: full, match: {ports: [80, @80]}"), "80 is in the list already" },
	{ PORT("mode: none, match: @{ports: [80]}"), "ports.match has no meaning where the mode is none" },
	{ PORT("mode: outbound, match: @{}"), "ports.match has no meaning" },
	{ PORT("mode: inbound, match: {ports: [80]}, source_port: @strict"),
	  "ports.source_port has no meaning where the mode is inbound: its server side" },
	{ PORT("mode: none, on_failure: @closed"), "ports.on_failure has no meaning" },
	{ PORT("mode: outbound, on_overload: @reset"), "ports.on_overload has no meaning" },
	{ PORT("mode: none, sample: @50%"), "ports.sample has no meaning" },
	{ PORT("mode: none, mark: @1"), "ports.mark has no meaning" },
	{ PORT("mode: outbound, proxy_protocol: @[10.0.0.1]"), "ports.proxy_protocol can't be used where the mode is outbound" },
	{ PORT("mode: none, proxy_protocol: [10.0.0.1, @10.0.0.1/8]"), "has bits set behind its length" },
	{ "ports: [{listen: 1, mode: none}]\nroutes: [{host: a, to: [\"10.0.0.1:1\"], proxy_protocol: @v3}]\n", "is not one of off, v1 or v2" },
	{ "ports: [{listen: @70000, mode: none}]\n", "is not PORT, ADDR:PORT or [ADDR6]:PORT" },
	{ "ports: [{listen: @0, mode: none}]\n", "is not PORT" },
	{ "ports: [{listen: @\"::1:80\", mode: none}]\n", "is not PORT" },
	{ "ports: [{listen: @\"127.0.0.1:8080\", mode: full, match: {ports: [80]}}]\n",
	  "write only 8080: a port in mode full always listens on 127.0.0.1 and ::1" },
	{ "ports: [{name: @\"a b\", listen: 80, mode: none}]\n", "is not a name" },
	{ "ports: [{name: @abcdefghijklmnopqrstuvwxyz012345, listen: 80, mode: none}]\n",
	  "is not a name: 1 to 31" },
	{ "ports: [{name: a, listen: 80, mode: none}, {name: @a, listen: 81, mode: none}]\n",
	  "\"a\" is the name of the port in line 1 already" },
	{ "ports:\n- {name: a, listen: 80, mode: none}\n- {name: b, listen: @80, mode: none}\n",
	  "port 80 is taken by \"a\" in line 2" },
	{ "ports:\n- {listen: 80, mode: none}\n- {name: @port-80, listen: 81, mode: none}\n",
	  "\"port-80\" is the name of the port in line 2 already" },
	{ "ports: [8080, @\"8080:>\"]\n", "port 8080 is taken by \"port-8080\"" },
	{ "ports: [@\"8080:?\"]\n", "is not LISTEN[:ATTRIBUTE]" },
	{ "ports: [@\"x:>\"]\n", "is not PORT, ADDR:PORT or [ADDR6]:PORT" },
	{ "ports: [@\":>\"]\n", "is not PORT" },
	{ "ports: [@\"127.0.0.1:8080:>\"]\n", "write only 8080" },
};

/* Take the "@" out of @text. */
static void find_mark(const char *text, char *ret, unsigned int *line, unsigned int *column)
{
	*line = *column = 1;
	while (*text && *text != '@') {
		*column = *text == '\n' ? 1 : *column + 1;
		*line += *text == '\n';
		*ret++ = *text++;
	}
	strcpy(ret, *text ? text + 1 : text);
}

static void test_mistakes(void)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		struct conf_errors errors;
		struct conf *conf = NULL;
		unsigned int line, column;
		char text[512];
		bool good;

		find_mark(m->text, text, &line, &column);
		good = load(text, &conf, &errors) == -EINVAL && !conf && errors.n == 1 &&
		       errors.v[0].line == line && errors.v[0].column == column &&
		       strstr(errors.v[0].text, m->say);
		ok(good, "%u:%u: %s", line, column, m->say);
		if (!good)
			tap_escape("text", m->text, strlen(m->text));
		for (size_t k = 0; !good && k < errors.n; k++)
			printf("# got %u:%u: %s\n", errors.v[k].line, errors.v[k].column, errors.v[k].text);
		conf_errors_free(&errors);
		conf_put(conf);
	}
}

/* Twenty lines, each with a mistake of its own kind: each is told, in their order. */
static void test_all_at_once(void)
{
	static const char text[] =
		"datapath: foo\nworkers: 0\nuser: [a]\ncolour: x\nuser: b\nports:\n- 0\n- {listen: 81, mode: x}\n"
		"- 82:?\n- [a]\n- {name: a, listen: 83, mode: none, mark: 3}\nresolver: 1\n"
		"http:\n  via:\n  header_fields: 1\n  idle_timeout: 1\n  header_limit: 1\n"
		"limits: {x: y}\nlog: {level: z}\nadmin: {socket: a}\nnft: {table: 255}\nroutes: {}\n";
	static const unsigned int lines[] = { 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22 };
	struct conf_errors errors;
	struct conf *conf = NULL;
	bool good;

	ok(load(text, &conf, &errors) == -EINVAL && !conf, "a file with twenty mistakes is refused");
	good = errors.n == 20;
	for (size_t i = 0; i < errors.n; i++)
		good = good && errors.v[i].line == lines[i];
	ok(good, "all twenty are told, in the order of the file");
	for (size_t i = 0; !good && i < errors.n; i++)
		printf("# got %u:%u: %s\n", errors.v[i].line, errors.v[i].column, errors.v[i].text);
	conf_errors_free(&errors);
}

static void test_defaults(void)
{
	struct conf *conf = right(WEB, "a file with one port");
	const struct conf_port *port;

	if (!conf)
		return;
	port = conf_port_by_name(conf, "web");
	ok(port && !port->index && port->mode == TIPH_MODE_FULL && port->protocol == PROTOCOL_HTTP, "the port");
	ok(port->n_listen == 2 && addr_is_loopback(&port->listen[0].addr) &&
	   port->listen[0].addr.family == AF_INET && addr_is_loopback(&port->listen[1].addr) &&
	   port->listen[1].addr.family == AF_INET6 && port->listen[1].port == 8080,
	   "an intercepting port listens on both loopback addresses");
	ok(port->n_dports == 1 && port->dports[0] == 80 && !port->interfaces.n && !port->sources.n, "its match");
	ok(port->on_failure == TIPH_POLICY_OPEN && port->source_port == TIPH_SOURCE_PORT_ANY &&
	   port->sample == 10000 && !port->mark, "its policies");
	ok(conf->datapath == DATAPATH_AUTO && conf->workers >= 1 && !strcmp(conf->user, "tiphares"), "the daemon");
	ok(conf->http.header_limit == 65536 && conf->http.header_fields == 200 &&
	   conf->http.idle_timeout == 60000 && !strcmp(conf->http.via, "tiphares"), "http");
	ok(conf->limits.sessions == 100000 && conf->limits.memory == 512 << 20, "limits");
	ok(conf->resolver_timeout == 5000 && !conf->n_resolver_servers, "resolver");
	ok(!strcmp(conf->log.to, "stdout") && conf->log.level == LOG_LEVEL_INFO, "log");
	ok(!strcmp(conf->admin.socket, "/run/tiphares/admin.sock") &&
	   conf->admin.metrics.addr.family == AF_UNSPEC, "admin");
	ok(!conf_port_by_name(conf, "wed"), "a name that no port has");
	conf_put(conf);
}

static void test_short_form(void)
{
	struct conf *conf = right("ports: [\"8088:>\", \"8089:=\", \"8090:<\", \"8091:X\", 8092, \"[::1]:8093:<\", \"127.0.0.1:8094\"]",
				  "the short form");
	static const uint8_t modes[] = { TIPH_MODE_INBOUND, TIPH_MODE_FULL, TIPH_MODE_OUTBOUND, TIPH_MODE_NONE,
					 TIPH_MODE_NONE, TIPH_MODE_OUTBOUND, TIPH_MODE_NONE };
	char name[TIPH_NAME_MAX];

	if (!conf)
		return;
	for (size_t i = 0; i < conf->n_ports; i++) {
		const struct conf_port *p = &conf->ports[i];

		snprintf(name, sizeof(name), "port-%u", 8088 + (unsigned int)i);
		ok(!strcmp(p->name, name) && p->mode == modes[i] && p->index == i, "%s is %s", p->name,
		   conf_mode_name(p->mode));
		ok(p->n_dports == (p->mode & TIPH_INBOUND ? 1 : 0) && (!p->n_dports || p->dports[0] == 80),
		   "and matches port 80 where it intercepts");
	}
	ok(conf->ports[2].n_listen == 2 && addr_is_unspecified(&conf->ports[2].listen[0].addr),
	   "an explicit port listens on all addresses");
	ok(conf->ports[5].n_listen == 1 && conf->ports[5].listen[0].addr.family == AF_INET6, "or on the one given");
	conf_put(conf);
}

static void test_values(void)
{
	struct conf *conf = right(
		"workers: 3\nuser: nobody\nheartbeat: off\n"
		"ports:\n"
		"- name: a\n  listen: \"8080\"\n  mode: \"=\"\n  sample: 12.5%\n  mark: 0xff\n  source_port: strict\n"
		"  on_failure: closed\n  on_overload: reset\n  shed_high: 30.5%\n  shed_low: 0%\n  dry_run: true\n"
		"  match: {ports: 80, interfaces: lan0, sources: [10.0.0.0/8, \"fd00::/8\", 192.0.2.1], "
		"except: {destinations: [198.51.100.0/24]}}\n"
		"routes:\n- {host: WWW.Example.COM, to: \"192.0.2.10:80\"}\n- {host: \"*\", to: [\"[2001:db8::1]:8080\"]}\n"
		"resolver: {servers: [192.0.2.53, \"[::1]:5353\"], timeout: 250ms}\n"
		"http: {via: off, forwarded: rfc7239, header_limit: 1MiB, connect_timeout: 2m}\n"
		"log: {access: {to: off}}\nadmin: {socket: off, metrics: \"[::1]:9180\"}\n", "a file with all kinds of values");
	const struct conf_port *p;

	if (!conf)
		return;
	p = conf->ports;
	ok(conf->workers == 3 && !strcmp(conf->user, "nobody"), "number and text");
	ok(!conf->heartbeat && p->shed_high == 3050 && !p->shed_low && p->dry_run, "no heartbeat, marks, a dry run");
	ok(p->sample == 1250 && p->mark == 255 && p->source_port == TIPH_SOURCE_PORT_STRICT &&
	   p->on_failure == TIPH_POLICY_CLOSED && p->on_overload == TIPH_POLICY_RESET, "percentage, hexadecimal, words");
	ok(p->n_dports == 1 && p->interfaces.n == 1 && !strcmp(p->interfaces.v[0], "lan0"), "one value is a list of one");
	ok(p->sources.n == 3 && p->sources.v[0].len == 8 && p->sources.v[1].addr.family == AF_INET6 &&
	   p->sources.v[2].len == 32 && p->except_destinations.n == 1 && !p->destinations.n, "prefixes");
	ok(conf->n_routes == 2 && !strcmp(conf->routes[0].host, "www.example.com") &&
	   conf->routes[0].to[0].port == 80 && conf->routes[1].to[0].addr.family == AF_INET6, "routes");
	ok(conf->n_resolver_servers == 2 && conf->resolver_servers[0].port == 53 &&
	   conf->resolver_servers[1].port == 5353 && conf->resolver_timeout == 250, "servers");
	ok(!conf->http.via && conf->http.forwarded == FORWARDED_RFC7239 && conf->http.header_limit == 1 << 20 &&
	   conf->http.connect_timeout == 120000, "sizes, durations and \"off\"");
	ok(!strcmp(conf->log.to, "off") && !conf->admin.socket && conf->admin.metrics.port == 9180, "places");
	conf_put(conf);
}

static void test_rules(void)
{
	struct conf *conf = right("ports: [8080]\naccess:\n"
				  "- {deny: {host: [\"*.Bad.example.\", worse.example], client: 10.0.0.0/8}}\n"
				  "- {name: rest, tunnel: {destination_port: [22, 25], protocol: [other, tls]}}\n"
				  "- {allow: {ech: no, method: get, path: [/a/, /b], port: port-8080, alpn: h2}}\n"
				  "- {deny: all}\n", "rules of access"), *same = NULL;
	struct conf_errors errors;
	const struct conf_rule *r;

	if (!conf)
		return;
	r = conf->rules;
	ok(conf->n_rules == 4 && r[3].index == 3, "as many as there are");
	ok(r[0].action == ACTION_DENY && r[0].hosts.n == 2 && !strcmp(r[0].hosts.v[0], "*.bad.example") &&
	   !strcmp(r[0].hosts.v[1], "worse.example") && r[0].clients.n == 1 && !r[0].name[0], "hosts and a client");
	ok(r[1].action == ACTION_TUNNEL && !strcmp(r[1].name, "rest") && r[1].destination_ports.n == 2 &&
	   r[1].destination_ports.v[1] == 25 && r[1].spoken == (SPOKEN_OTHER | SPOKEN_TLS), "ports and protocols");
	ok(r[2].action == ACTION_ALLOW && r[2].ech == ECH_NO && !strcmp(r[2].methods.v[0], "get") &&
	   r[2].paths.n == 2 && r[2].ports.n == 1 && r[2].alpn.n == 1, "words, with their case");
	ok(r[3].action == ACTION_DENY && !r[3].hosts.n && !r[3].spoken && r[3].ech == ECH_ANY, "all");
	ok(!conf_derive(conf, NULL, 0, &same, &errors) && same->n_rules == 4 && same->rules[2].ports.n == 1,
	   "a port that a rule names may go later");
	conf_put(same);
	conf_put(conf);
}

static char *written(const struct conf *conf, const struct conf_port *ports, size_t n)
{
	char *text = NULL;
	size_t len;

	return conf_write(conf, ports, n, &text, &len) ? NULL : text;
}

/* Written, loaded, written again: the same text. */
static void round_trip(const char *text, const char *name)
{
	struct conf *conf = right(text, name), *again = NULL;
	char *first = conf ? written(conf, conf->ports, conf->n_ports) : NULL, *second = NULL;

	if (first)
		again = right(first, "what was written");
	if (again)
		second = written(again, again->ports, again->n_ports);
	ok(first && second && !strcmp(first, second), "and is the same: %s", name);
	free(first);
	free(second);
	conf_put(conf);
	conf_put(again);
}

static void test_writing(void)
{
	round_trip(WEB, "one port");
	round_trip("ports: []", "no port");
	round_trip("heartbeat: off\nports: [{listen: 1, mode: full, match: {ports: 80}, dry_run: true, shed_high: 0%}]", "a dry run");
	round_trip("ports: [\"8088:>\", \"[::1]:8090:<\", 8091]\nhttp: {via: off}\nlog: {access: {to: \"/a \\\"b\\\\c\\td\"}}\n"
		   "admin: {socket: off, metrics: \"127.0.0.1:1\"}\nresolver: {servers: \"::1\"}\n"
		   "routes: [{host: \"*\", to: \"[::1]:80\"}, {host: a, to: [\"192.0.2.1:1\", \"192.0.2.1:2\"]}]\n", "many values");
	round_trip("ports: [8080]\naccess:\n- {name: x, deny: {client: [10.0.0.0/8, \"::1\"], destination: 192.0.2.1, "
		   "destination_port: [80, 81], host: [A.Example., \"*.b\", \"2001:db8::1\"], method: [GET, x!], path: [/, /a b/, \"/\xc3\xbc\"], "
		   "port: port-8080, protocol: [tls, http], alpn: [h2, http/1.1], ech: yes}}\n- tunnel: {protocol: other}\n"
		   "- deny: {ech: no}\n- allow: all\n", "rules of access");
	round_trip("ports: [{name: a.b_c-d, listen: 1, mode: full, sample: 0.01%, mark: 0xffffffff, match: "
		   "{ports: [1, 65535], interfaces: [eth0.1, \"br-lan\"], bridges: [br0, \"br-1\"], sources: [\"::/0\"], destinations: [0.0.0.0/0], "
		   "except: {sources: [10.0.0.1], destinations: [\"2001:db8::/32\"]}}}]\n", "a port with everything");
}

static void test_derived(void)
{
	struct conf *conf = right(WEB "http: {via: other}\n", "a file"), *derived = NULL;
	struct conf_errors errors;
	struct conf_port ports[2];

	if (!conf)
		return;
	ports[0] = ports[1] = conf->ports[0];
	snprintf(ports[1].name, sizeof(ports[1].name), "second");
	ports[1].listen[0].port = ports[1].listen[1].port = 8081;
	ok(!conf_derive(conf, ports, 2, &derived, &errors) && derived->n_ports == 2 &&
	   !strcmp(derived->ports[1].name, "second") && derived->ports[1].listen[1].port == 8081 &&
	   !strcmp(derived->http.via, "other"), "other ports, the rest as it was");
	conf_put(derived);
	derived = NULL;
	ok(!conf_derive(conf, NULL, 0, &derived, &errors) && !derived->n_ports, "or none at all");
	conf_put(derived);
	derived = NULL;
	ports[1].mode = TIPH_MODE_NONE;
	ports[1].on_failure = ports[1].on_overload = TIPH_POLICY_CLOSED;
	ports[1].source_port = TIPH_SOURCE_PORT_STRICT;
	ports[1].mark = 1;
	ok(!conf_derive(conf, ports, 2, &derived, &errors) && derived->ports[1].mode == TIPH_MODE_NONE &&
	   !derived->ports[1].mark, "what has no meaning in a mode is left out");
	conf_put(derived);
	derived = NULL;
	ports[1] = ports[0];
	snprintf(ports[1].name, sizeof(ports[1].name), "second");
	ok(conf_derive(conf, ports, 2, &derived, &errors) == -EINVAL && !derived && errors.n == 1,
	   "but they are checked as those of a file");
	conf_errors_free(&errors);
	conf_put(conf);
}

/* Lists at their limits: the last one that may be, the first one that may not. */
static void test_limits(void)
{
	for (int extra = 0; extra < 2; extra++) {
		struct conf_errors errors;
		struct conf *conf = NULL;
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		fprintf(out, "ports:\n- {name: a, listen: 1, mode: full, match: {ports: [");
		for (int i = 0; i < TIPH_MATCH_PORTS_MAX + extra; i++)
			fprintf(out, "%s%d", i ? ", " : "", i + 1);
		fprintf(out, "], interfaces: [");
		for (int i = 0; i < TIPH_MATCH_IFS_MAX + extra; i++)
			fprintf(out, "%seth%d", i ? ", " : "", i);
		fprintf(out, "], sources: [");
		for (int i = 0; i < TIPH_MATCH_PREFIXES_MAX - 1; i++)
			fprintf(out, "%s10.0.%d.%d", i ? ", " : "", i / 256, i % 256);
		fprintf(out, "], destinations: [192.0.2.1%s]}}\n", extra ? ", 192.0.2.2" : "");
		fclose(out);
		ok(load(text, &conf, &errors) == (extra ? -EINVAL : 0) && errors.n == (extra ? 3 : 0),
		   extra ? "one more of each is refused" : "full lists are taken");
		conf_errors_free(&errors);
		conf_put(conf);
		free(text);
	}
}

static void test_many_ports(void)
{
	for (int n = TIPH_PORTS_MAX; n <= TIPH_PORTS_MAX + 1; n++) {
		struct conf_errors errors;
		struct conf *conf = NULL;
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		fprintf(out, "ports:\n");
		for (int i = 0; i < n; i++)
			fprintf(out, "- %d\n", 1000 + i);
		fclose(out);
		ok(load(text, &conf, &errors) == (n > TIPH_PORTS_MAX ? -EINVAL : 0), "%d ports", n);
		conf_errors_free(&errors);
		conf_put(conf);
		free(text);
	}
}

/* What a hostile file could do to the walk. */
static void test_hostile(void)
{
	struct conf_errors errors;
	struct conf *conf = NULL;

	ok(load("ports: &a [*a]\n", &conf, &errors) == -EINVAL, "a list that contains itself");
	conf_errors_free(&errors);
	ok(load("ports:\n- {listen: 1, mode: full, match: &m {ports: [1], except: *m}}\n", &conf, &errors) == -EINVAL,
	   "a mapping that contains itself");
	conf_errors_free(&errors);
	ok(load(KEY("\"a\\nb\\x1b[2J\": 1"), &conf, &errors) == -EINVAL && errors.n == 1 &&
	   !strpbrk(errors.v[0].text, "\n\x1b"), "control characters do not reach the message");
	conf_errors_free(&errors);
	conf = right("ports: [&p {listen: 1, mode: none}]\nuser: &u x\nhttp: {via: *u}\n", "an alias");
	ok(conf && !strcmp(conf->http.via, "x"), "it is its anchor's value");
	conf_put(conf);
}

/* Does the key's last part stand at the start of a line, as a key does? */
static bool mentions(const char *text, const char *name)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), " %s:", name);
	return strstr(text, pattern) || strstr(text, pattern + 1);
}

/* The example has every key, and with the defaults that the table has. */
static void test_example(void)
{
	struct conf_errors errors;
	struct conf *conf = NULL, *bare = NULL;
	char *a = NULL, *b = NULL, text[16384] = "";
	FILE *f = fopen(EXAMPLE, "r");

	ok(f && fread(text, 1, sizeof(text) - 1, f) > 0, EXAMPLE " is there");
	if (f)
		fclose(f);
	for (size_t i = 0; i < conf_keys_count(); i++)
		ok(mentions(text, conf_key_name(&conf_keys[i])), "it has %s", conf_keys[i].path);
	ok(!conf_load_file(EXAMPLE, &conf, &errors), "it loads");
	conf_errors_free(&errors);
	bare = right("ports: [\"8088:>\", {name: web, listen: 8080, mode: full, match: {ports: [80]}}]", "the same without defaults");
	if (conf && bare) {
		a = written(conf, conf->ports, conf->n_ports);
		b = written(bare, bare->ports, bare->n_ports);
	}
	is(a ? a : "?", b ? b : "", "means the same");
	free(a);
	free(b);
	conf_put(conf);
	conf_put(bare);
	ok(!conf_load_file("examples/minimal.yaml", &conf, &errors), "the minimal example loads");
	conf_errors_free(&errors);
	conf_put(conf);
	ok(conf_load_file("/nonexistent/tiphares.yaml", &conf, &errors) == -EINVAL && errors.n == 1 &&
	   !errors.v[0].line, "a file that is not there is an error without a line");
	conf_errors_free(&errors);
}

int main(void)
{
	test_defaults();
	test_short_form();
	test_values();
	test_rules();
	test_mistakes();
	test_all_at_once();
	test_writing();
	test_derived();
	test_limits();
	test_many_ports();
	test_hostile();
	test_example();
	return tap_done();
}
