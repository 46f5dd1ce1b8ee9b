// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHellos: what they say, in records of every size and pieces of every
 * length; what is none; lengths that lie; and those of real clients.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "hello.h"
#include "tap.h"
#include "tls_hello.h"

static struct octets message, wire, extensions;

/* Feed what is at @v in pieces of @step octets, each with a guard page behind what came so far. */
static int feed(const void *v, size_t n, size_t step, struct tls_hello *ret, size_t *used)
{
	struct tls_hello_scan scan = { 0 };
	size_t have = 0;
	int r;

	do {
		have = n - have < step ? n : have + step;
		r = tls_hello_parse(&scan, guard_end(v, have), have, ret);
	} while (!r && have < n);
	*used = have;
	return r;
}

static int parse(const void *v, size_t n, struct tls_hello *ret)
{
	size_t used;

	return feed(v, n, n ? n : 1, ret, &used);
}

/* As one line, to be compared. */
static const char *describe(int r, const struct tls_hello *h)
{
	static char text[512];

	if (r != 1)
		return r == 0 ? "more" : r == -EPROTO ? "not TLS" : r == -EBADMSG ? "bad" :
		       r == -EMSGSIZE ? "too large" : "?";
	snprintf(text, sizeof(text), "%s name=%s%.*s alpn=%.*s%s%s", tls_version_name(h->version),
		 h->name_state == TLS_NAME_UNUSABLE ? "?" : h->name_state == TLS_NAME_NONE ? "-" : "",
		 h->name_len, h->name, h->alpn_len, h->alpn, h->alpn_more ? "..." : "",
		 h->ech ? " ech" : "");
	return text;
}

static void begin(void)
{
	extensions.n = message.n = wire.n = 0;
}

/* A hello with @extensions, in one record. */
static const char *result(void)
{
	struct tls_hello h;

	message.n = wire.n = 0;
	put_hello(&message, 0x0303, &extensions);
	put_records(&wire, &message, 16384);
	return describe(parse(wire.v, wire.n, &h), &h);
}

static void test_fields(void)
{
	static const char *const alpn[] = { "h2", "http/1.1", NULL }, *const odd[] = { "a,b", "\x01%\xff", NULL };
	static const uint16_t versions[] = { 0x0a0a, 0x0304, 0x0303, 0x7f1c };

	begin();
	put_sni(&extensions, "WWW.Example.COM");
	put_alpn(&extensions, alpn);
	put_versions(&extensions, versions, 4);
	is(result(), "TLSv1.3 name=www.example.com alpn=h2,http/1.1", "name, protocols, version");
	put_filling(&extensions, 0xfe0d, 200);
	put_filling(&extensions, 0x0a0a, 0);
	is(result(), "TLSv1.3 name=www.example.com alpn=h2,http/1.1 ech", "with ECH");
	begin();
	is(result(), "TLSv1.2 name=- alpn=", "no extension");
	begin();
	put_alpn(&extensions, odd);
	is(result(), "TLSv1.2 name=- alpn=a%2Cb,%01%25%FF", "protocols that are no tokens");
	begin();
	put_hello(&message, 0x0301, NULL);
	put_records(&wire, &message, 16384);
	{
		struct tls_hello h;

		is(describe(parse(wire.v, wire.n, &h), &h), "TLSv1.0 name=- alpn=", "no extensions' length");
		put_octets(&wire, "what follows", 12);
		is(describe(parse(wire.v, wire.n, &h), &h), "TLSv1.0 name=- alpn=", "what follows is not looked at");
	}
}

static void test_many_protocols(void)
{
	const char *names[100];
	struct tls_hello h;
	bool good;

	for (size_t i = 0; i < 99; i++)
		names[i] = "proto";
	names[99] = NULL;
	begin();
	put_alpn(&extensions, names);
	put_hello(&message, 0x0303, &extensions);
	put_records(&wire, &message, 16384);
	good = parse(wire.v, wire.n, &h) == 1 && h.alpn_more && h.alpn_len == 125;
	for (unsigned int i = 5; good && i < h.alpn_len; i += 6)
		good = h.alpn[i] == ',';
	ok(good, "more protocols than are kept: whole ones only (%u octets)", h.alpn_len);
	for (size_t n = 1; n < 140; n++) {
		char name[140];

		memset(name, n & 1 ? 'x' : '\x80', n);
		name[n] = '\0';
		names[0] = name;
		names[1] = NULL;
		begin();
		put_alpn(&extensions, names);
		put_hello(&message, 0x0303, &extensions);
		put_records(&wire, &message, 16384);
		if (parse(wire.v, wire.n, &h) != 1 || h.alpn_more != (n * (n & 1 ? 1 : 3) >= TLS_ALPN_MAX) ||
		    h.alpn_len != (h.alpn_more ? 0 : n * (n & 1 ? 1 : 3)))
			ok(false, "a protocol of %zu octets: %u, more %d", n, h.alpn_len, h.alpn_more);
	}
}

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X61 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void test_names(void)
{
	static const struct {
		const char *name;
		const char *as;		/* NULL: unusable */
	} names[] = {
		{ "a", "a" }, { "localhost", "localhost" }, { "A.B", "a.b" }, { "a.b.", "a.b" },
		{ "_dmarc.a-b.example", "_dmarc.a-b.example" }, { "xn--bcher-kva.example", "xn--bcher-kva.example" },
		{ "1.2.3.example", "1.2.3.example" }, { "1a.2b", "1a.2b" }, { "a.0xg", "a.0xg" },
		{ X63 "." X63 "." X63 "." X61, X63 "." X63 "." X63 "." X61 },
		{ X63 "." X63 "." X63 "." X61 ".", X63 "." X63 "." X63 "." X61 },
		{ X63 "." X63 "." X63 "." X61 "x", NULL }, { X63 "x.example", NULL },
		{ "", NULL }, { ".", NULL }, { "..", NULL }, { "a..", NULL }, { ".a", NULL }, { "a..b", NULL },
		{ "192.0.2.1", NULL }, { "192.0.2.1.", NULL }, { "1", NULL }, { "0x7f000001", NULL }, { "0X7F.1", NULL },
		{ "0x", NULL }, { "::1", NULL }, { "[::1]", NULL }, { "2001:db8::1", NULL }, { "a b", NULL },
		{ "a/b", NULL }, { "*.example", NULL }, { "a:443", NULL }, { "user@a", NULL }, { "a%2e", NULL },
		{ "b\xc3\xbc" "cher.example", NULL }, { "a\x7f", NULL }, { "a\nb", NULL }, { "a,b", NULL },
	};
	char want[400], label[80];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin();
		put_sni(&extensions, names[i].name);
		snprintf(want, sizeof(want), "TLSv1.2 name=%s alpn=", names[i].as ? names[i].as : "?");
		snprintf(label, sizeof(label), "name %zu is %s", i, names[i].as ? "taken" : "unusable");
		is(result(), want, label);
	}
}

/* A server_name extension of these octets. */
static void odd_name(const char *v, size_t n, const char *label)
{
	begin();
	put_u16(&extensions, 0);
	put_u16(&extensions, (unsigned int)n);
	put_octets(&extensions, v, n);
	put_filling(&extensions, 0xfe0d, 1);
	is(result(), "TLSv1.2 name=? alpn= ech", label);
}
#define ODD_NAME(v, label) odd_name(v, sizeof(v) - 1, label)

static void test_odd_names(void)
{
	ODD_NAME("", "an empty extension is no name");
	ODD_NAME("\0", "half a list length");
	ODD_NAME("\0\0", "an empty list");
	ODD_NAME("\0\7\0\0\3a.b", "a list longer than the extension");
	ODD_NAME("\0\5\0\0\3a.b", "a list shorter than the extension");
	ODD_NAME("\0\6\0\0\4a.b", "a name longer than the list");
	ODD_NAME("\0\6\0\0\2a.b", "a name shorter than the list");
	ODD_NAME("\0\6\0\xff\xff" "a.b", "a name of 65535 octets");
	ODD_NAME("\0\6\1\0\3a.b", "a type that is unknown");
	ODD_NAME("\0\6\0\0\3a\0b", "a NUL in a name");
	ODD_NAME("\0\6\0\0\3a.\0", "a NUL at the end of a name");
	ODD_NAME("\0\14\0\0\3a.b\0\0\3a.b", "a name twice");
	ODD_NAME("\0\14\0\0\3a.b\0\0\3c.d", "two names");
	ODD_NAME("\0\14\0\0\3a.b\1\0\3c.d", "a name and something unknown");
	ODD_NAME("\0\14\1\0\3c.d\0\0\3a.b", "something unknown and a name");
	ODD_NAME("\0\3\0\0\0", "a name of no octets");
}

/* A right hello of usual size, and one with a post-quantum key share. */
static void build_usual(size_t filling)
{
	static const char *const alpn[] = { "h2", "http/1.1", NULL };
	static const uint16_t versions[] = { 0x0304, 0x0303 };

	begin();
	put_filling(&extensions, 51, filling);
	put_sni(&extensions, "www.example.com");
	put_alpn(&extensions, alpn);
	put_versions(&extensions, versions, 2);
	put_hello(&message, 0x0303, &extensions);
}
#define USUAL "TLSv1.3 name=www.example.com alpn=h2,http/1.1"

/* Every number of octets less than all is "more"; all of them are the hello. */
static bool splits_well(void)
{
	struct tls_hello h;

	for (size_t n = 0; n <= wire.n; n++) {
		const char *got = describe(parse(wire.v, n, &h), &h);

		if (!strcmp(got, n < wire.n ? "more" : USUAL))
			continue;
		printf("# %zu of %zu octets: %s\n", n, wire.n, got);
		return false;
	}
	return true;
}

static void test_pieces(void)
{
	static const size_t fillings[] = { 40, 1250, 16000, 40000 };
	struct tls_hello h;
	size_t used;

	build_usual(40);
	for (size_t size = 1; size < 300; size += size < 20 ? 1 : 93) {
		wire.n = 0;
		put_records(&wire, &message, size);
		ok(splits_well(), "every split, in records of %zu octets", size);
		ok(feed(wire.v, wire.n, 1, &h, &used) == 1 && used == wire.n && !strcmp(describe(1, &h), USUAL),
		   "octet by octet, in records of %zu octets", size);
	}
	for (size_t i = 0; i < 4; i++) {
		build_usual(fillings[i]);
		put_records(&wire, &message, 16384);
		ok(feed(wire.v, wire.n, 1, &h, &used) == 1 && used == wire.n && !strcmp(describe(1, &h), USUAL),
		   "a hello of %zu octets, octet by octet", message.n);
		ok(feed(wire.v, wire.n, 1448, &h, &used) == 1 && used == wire.n && !strcmp(describe(1, &h), USUAL),
		   "and in segments");
	}
	build_usual(1250);
	put_records(&wire, &message, 1400);
	ok(splits_well(), "every split of a post-quantum hello in two records");
}

static void test_bounds(void)
{
	struct tls_hello h;
	size_t used;

	/* the largest that fits is 65536 octets with its record headers */
	build_usual(0);
	build_usual(TLS_HELLO_MAX - 4 * 5 - message.n);
	put_records(&wire, &message, 16384);
	ok(wire.n == TLS_HELLO_MAX && parse(wire.v, wire.n, &h) == 1, "a hello of %zu octets is taken", wire.n);
	ok(!feed(wire.v, wire.n - 1, 1 << 20, &h, &used), "without its last octet more is needed");
	build_usual(0);
	build_usual(TLS_HELLO_MAX - 4 * 5 - message.n + 1);
	put_records(&wire, &message, 16384);
	ok(wire.n == TLS_HELLO_MAX + 1 && feed(wire.v, wire.n, 1, &h, &used) == -EMSGSIZE && used == TLS_HELLO_MAX,
	   "one octet more is too large, said at the limit");
	build_usual(12000);
	put_records(&wire, &message, 1);
	ok(feed(wire.v, wire.n, 1000, &h, &used) == -EMSGSIZE && used <= TLS_HELLO_MAX + 1000,
	   "so is one that records of one octet make too large");
	ok(parse("\x16\x03\x01\x40\x00\x01\xff\xff\xff", 9, &h) == -EMSGSIZE, "a length of 16 MiB is too large at once");
	ok(parse("\x16\x03\x01\x40\x00\x01\x00\x00\x28", 9, &h) == -EBADMSG, "a message too short for a hello is bad at once");
}

static void test_not_tls(void)
{
	static const struct {
		const char *v;
		size_t n;
		const char *want;
		size_t said_after;
	} cases[] = {
#define CASE(v, want, after) { v, sizeof(v) - 1, want, after }
		CASE("GET / HTTP/1.1\r\n\r\n", "not TLS", 1),
		CASE("\x80\x2e\x01\x03\x01\x00\x15", "not TLS", 1),		/* SSLv2 */
		CASE("\x15\x03\x01\x00\x02\x02\x28", "not TLS", 1),		/* an alert */
		CASE("\x17\x03\x03\x00\x10", "not TLS", 1),			/* application data */
		CASE("\x16\x02\x00\x00\x40\x01", "not TLS", 2),
		CASE("\x16\x03\x01\x00\x00\x01", "not TLS", 5),			/* a record of no octets */
		CASE("\x16\x03\x01\x40\x01\x01", "not TLS", 5),			/* of too many */
		CASE("\x16\x03\x01\x00\x40\x02", "not TLS", 6),			/* a ServerHello */
		CASE("\x16\x03\x01\x00\x01\x01\x15\x03\x03", "bad", 7),		/* an alert in between */
		CASE("\x16\x03\x01\x00\x01\x01\x16\x02\x03", "bad", 8),
		CASE("\x16\x03\x01\x00\x01\x01\x16\x03\x03\x00\x00", "bad", 11),
		CASE("\x16\x03\x01\x00\x01\x01\x16\x03\x03\x7f\xff", "bad", 11),
	};
	struct tls_hello h;
	size_t used;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = feed(cases[i].v, cases[i].n, 1, &h, &used);

		ok(!strcmp(describe(r, &h), cases[i].want) && used == cases[i].said_after,
		   "no hello %zu: %s, after %zu octets", i, describe(r, &h), used);
	}
	ok(!parse("", 0, &h), "nothing is no verdict");
}

/* A hello whose parts after the fixed ones are given. */
static const char *odd_message(const char *v, size_t n)
{
	struct tls_hello h;
	size_t at;

	begin();
	put_u8(&message, 1);
	at = put_begin(&message, 3);
	put_u16(&message, 0x0303);
	put_octets(&message, "0123456789abcdef0123456789abcdef", 32);
	put_octets(&message, v, n);
	while (message.n - at < 41)
		put_u8(&message, 0);
	put_end(&message, at, 3);
	put_records(&wire, &message, 16384);
	return describe(parse(wire.v, wire.n, &h), &h);
}
#define ODD(v, want, label) is(odd_message(v, sizeof(v) - 1), want, label)

static void test_odd_messages(void)
{
	ODD("\0\0\2\x13\1\1\0", "TLSv1.2 name=- alpn=", "the shortest");
	ODD("\0\0\2\x13\1\1\0\0\0", "TLSv1.2 name=- alpn=", "no extension in a list");
	ODD("\x21" "0123456789abcdef0123456789abcdefg\0\2\x13\1\1\0", "bad", "a session of 33 octets");
	ODD("\xff\0\2\x13\1\1\0", "bad", "a session longer than the message");
	ODD("\0\0\0\1\0\0\0", "bad", "no cipher suite");
	ODD("\0\0\3\x13\1\1\1\0", "bad", "one and a half");
	ODD("\0\xff\xfe\x13\1\1\0", "bad", "more than the message has");
	ODD("\0\0\2\x13\1\0\0\0", "bad", "no compression method");
	ODD("\0\0\2\x13\1\xff\0\0", "bad", "more than the message has");
	ODD("\0\0\2\x13\1\1\0\0", "bad", "half a length of extensions");
	ODD("\0\0\2\x13\1\1\0\0\1\0", "bad", "one octet of extensions");
	ODD("\0\0\2\x13\1\1\0\0\4\0\0\0\1", "bad", "an extension longer than the list");
	ODD("\0\0\2\x13\1\1\0\0\4\0\5\0\0\0", "bad", "a list shorter than the message");
	ODD("\0\0\2\x13\1\1\0\0\6\0\5\0\0\0", "bad", "a list longer than the message");
	ODD("\0\0\2\x13\1\1\0\0\4\0\5\xff\xff", "bad", "an extension of 65535 octets");
	ODD("\0\0\2\x13\1\1\0\0\x10\0\0\0\0\0\x10\0\0\0\x2b\0\0\xfe\x0d\0\0", "TLSv1.2 name=? alpn= ech", "empty ones");
	ODD("\0\0\2\x13\1\1\0\0\x08\0\0\0\0\0\0\0\0", "bad", "a name twice");
	ODD("\0\0\2\x13\1\1\0\0\x08\xfe\x0d\0\0\xfe\x0d\0\0", "bad", "ECH twice");
	ODD("\0\0\2\x13\1\1\0\0\x08\0\x10\0\0\0\x10\0\0", "bad", "protocols twice");
	ODD("\0\0\2\x13\1\1\0\0\x08\x2a\x2a\0\0\x2a\x2a\0\0", "TLSv1.2 name=- alpn=", "what means nothing may be there twice");
	ODD("\0\0\2\x13\1\1\0\0\x09\0\x10\0\5\0\3\2h2", "TLSv1.2 name=- alpn=h2", "a protocol");
	ODD("\0\0\2\x13\1\1\0\0\x09\0\x10\0\5\0\4\2h2", "TLSv1.2 name=- alpn=", "a list of protocols that is too long");
	ODD("\0\0\2\x13\1\1\0\0\x09\0\x10\0\5\0\3\3h2", "TLSv1.2 name=- alpn=", "a protocol that is too long");
	ODD("\0\0\2\x13\1\1\0\0\x0c\0\x10\0\x08\0\6\2h2\0\1h", "TLSv1.2 name=- alpn=", "a protocol of no octets");
	ODD("\0\0\2\x13\1\1\0\0\x07\0\x2b\0\3\2\3\4", "TLSv1.3 name=- alpn=", "a version");
	ODD("\0\0\2\x13\1\1\0\0\x07\0\x2b\0\3\3\3\4", "TLSv1.2 name=- alpn=", "a list of versions that is too long");
	ODD("\0\0\2\x13\1\1\0\0\x08\0\x2b\0\4\3\3\4\3", "TLSv1.3 name=- alpn=", "half a version more");
}

/* Any octet changed to a few others: a verdict, and no octet outside is touched. */
static void test_changes(void)
{
	static const uint8_t others[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	unsigned int taken = 0, other = 0;
	struct tls_hello h;

	build_usual(40);
	put_filling(&extensions, 0xfe0d, 30);
	message.n = 0;
	put_hello(&message, 0x0303, &extensions);
	put_records(&wire, &message, 100);
	for (size_t i = 0; i < wire.n; i++) {
		uint8_t was = wire.v[i];

		for (size_t k = 0; k < sizeof(others); k++) {
			wire.v[i] = others[k];
			if (parse(wire.v, wire.n, &h) == 1)
				taken++;
			else
				other++;
			wire.v[i] = (uint8_t)(was ^ 1u << k);
			parse(wire.v, wire.n, &h);
		}
		wire.v[i] = was;
	}
	ok(taken && other, "hellos with an octet changed: %u are still hellos, %u not", taken, other);
}

/* --- real clients --- */

static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		exit(2);
	*port = ntohs(sin.sin_port);
	return fd;
}

/* What the client that @command starts sends first; "%u" in it is the port. */
static const char *real_hello(const char *command, struct tls_hello *h)
{
	struct tls_hello_scan scan = { 0 };
	struct pollfd p = { .events = POLLIN };
	char text[400], buf[TLS_HELLO_MAX];
	int listener, fd, r = 0;
	size_t n = 0;
	uint16_t port;
	ssize_t got;
	pid_t pid;

	listener = listen_somewhere(&port);
	snprintf(text, sizeof(text), command, port);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", text, NULL);
		_exit(127);
	}
	p.fd = listener;
	fd = poll(&p, 1, 60000) == 1 ? accept(listener, NULL, NULL) : -1;
	p.fd = fd;
	while (fd >= 0 && !r && poll(&p, 1, 60000) == 1) {
		got = read(fd, buf + n, sizeof(buf) - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		r = tls_hello_parse(&scan, buf, n, h);
	}
	close(fd);
	close(listener);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return describe(r, h);
}

static void test_real(void)
{
#define S_CLIENT "exec openssl s_client -connect 127.0.0.1:%u "
#define QUIET " </dev/null >/dev/null 2>&1"
	static const struct {
		const char *command;
		const char *want;
	} clients[] = {
		{ S_CLIENT "-servername WWW.Example.com -alpn h2,http/1.1" QUIET,
		  "TLSv1.3 name=www.example.com alpn=h2,http/1.1" },
		{ S_CLIENT "-noservername -tls1_2" QUIET, "TLSv1.2 name=- alpn=" },
		{ S_CLIENT "-servername a.example -groups X25519:P-256:P-384:P-521:X448" QUIET,
		  "TLSv1.3 name=a.example alpn=" },
		{ "exec curl -sk --noproxy '*' -m 60 --resolve www.example.org:%1$u:127.0.0.1 https://www.example.org:%1$u/" QUIET,
		  "TLSv1.3 name=www.example.org alpn=h2,http/1.1" },
		{ "exec curl -sk --noproxy '*' -m 60 --tls-max 1.2 --no-alpn https://127.0.0.1:%u/" QUIET,
		  "TLSv1.2 name=- alpn=" },
	};
	struct tls_hello h;

	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		is(real_hello(clients[i].command, &h), clients[i].want, clients[i].command);
}

static void test_alerts(void)
{
	static const struct { const char *name; const char *octets; size_t len; bool alert; } cases[] = {
		{ "an alert in the clear", "\x15\x03\x03\x00\x02\x02\x30", 7, true },
		{ "the same, cut", "\x15\x03\x03\x00", 4, false },
		{ "an encrypted one", "\x17\x03\x03\x00\x13zzzzzz", 11, true },
		{ "an encrypted one behind a ChangeCipherSpec", "\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x13", 11, true },
		{ "one in the clear behind a ChangeCipherSpec", "\x14\x03\x03\x00\x01\x01\x15\x03\x03\x00\x02", 11, true },
		{ "an encrypted Finished", "\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x35", 11, false },
		{ "a longer one", "\x17\x03\x03\x01\x13zzzzzz", 11, false },
		{ "a handshake message", "\x16\x03\x03\x00\x46zzzzzz", 11, false },
		{ "no TLS", "\x15\x01\x03\x00\x02\x02\x30", 7, false },
		{ "nothing", "", 0, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(tls_is_alert(cases[i].octets, cases[i].len) == cases[i].alert, "alerts: %s", cases[i].name);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_fields();
	test_many_protocols();
	test_names();
	test_odd_names();
	test_pieces();
	test_bounds();
	test_not_tls();
	test_odd_messages();
	test_changes();
	test_alerts();
	test_real();
	return tap_done();
}
