// SPDX-License-Identifier: GPL-2.0-only
/* seeds DIR: write the unit tests' cases as seeds for the fuzz targets, one directory for each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../unit/cases.h"
#include "../unit/hello.h"

static const char *top;

static void write_seed(const char *target, size_t number, int control, const char *s, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%03zu", top, target, number);
	file = fopen(path, "wb");
	if (!file || fputc(control, file) == EOF || fwrite(s, 1, len, file) != len || fclose(file)) {
		perror(path);
		exit(1);
	}
}

/* Hellos of several kinds, each in records of several sizes. */
static void write_hellos(void)
{
	static const char *const alpn[] = { "h2", "http/1.1", NULL };
	static const uint16_t versions[] = { 0x0304, 0x0303 };
	static const size_t sizes[] = { 16384, 100, 7, 1 };
	static struct octets extensions, message, wire;

	for (unsigned int i = 0; i < 32; i++) {
		extensions.n = message.n = wire.n = 0;
		if (i & 1)
			put_sni(&extensions, i & 8 ? "192.0.2.1" : "www.example.com");
		if (i & 2)
			put_alpn(&extensions, alpn);
		if (i & 4)
			put_versions(&extensions, versions, 2);
		if (i & 16)
			put_filling(&extensions, 0xfe0d, 40);
		put_hello(&message, 0x0303, &extensions);
		put_records(&wire, &message, sizes[i % 4]);
		write_seed("hello", i, 3, (const char *)wire.v, wire.n);
	}
}

static void write_proxies(void)
{
	static const struct {
		const char *s;
		size_t n;
	} v[] = {
#define SEED(s) { s, sizeof(s) - 1 }
		SEED("PROXY TCP4 192.0.2.7 198.51.100.9 4711 80\r\nGET"),
		SEED("PROXY TCP6 2001:db8::7 2001:db8::9 4711 80\r\n"),
		SEED("PROXY UNKNOWN rest\r\n"),
		SEED("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\xc0\0\2\7\xc6\x33\x64\x09\x12\x67\0\x50\xee\0\2ab"),
		SEED("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\2\7\xc6\x33\x64\x09\x12\x67\0\x50\3\0\4abcd"),
		SEED("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"),
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		write_seed("proxy", i, 3, v[i].s, v[i].n);
}

static void write_events(void)
{
	static const char v[] = "\0\1\2\0\2\2\4\0\1\2\0\3\2\0\0\3\1\0\0\3\xfe\0\4\xfd\0\5\xff\0\6\1\4\0\xff\4\0\xff\4\0\xff";

	write_seed("resolver", 0, 0, v, sizeof(v) - 1);
	write_seed("resolver", 1, 4, v, sizeof(v) - 1);
}

static void write_admin(void)
{
	static const char *const v[] = {
		"ET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n", "ET /v1/ports HTTP/1.0\r\n\r\n",
		"ET /v1/flows HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/stats HTTP/1.1\r\nHost: a\r\n\r\n",
		"ET /v1/explain?source=10.0.0.1&destination=10.0.0.2:80&interface=lo HTTP/1.1\r\nHost: a\r\n\r\n",
		"ET /v1/recent?client=10.0.0.1 HTTP/1.1\r\nHost: a\r\n\r\n", "ET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
		"ET /v1/rules HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "ET /v1/reload HTTP/1.1\r\nHost: a\r\n\r\n",
	};

	static const char drain[] = "OST /v1/drain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		write_seed("admin", i, 'G', v[i], strlen(v[i]));
	write_seed("admin", i, 'P', drain, strlen(drain));
}

int main(int argc, char **argv)
{
	size_t i, k = 0;

	if (argc != 2)
		return 2;
	top = argv[1];
	mkdir(top, 0777);
	for (i = 0; i < n_request_cases; i++) {
		const struct head_case *c = &request_cases[i];

		write_seed("request", i, 16, c->input, c->len);
		write_seed("forward", k++, 1, c->input, c->len);
	}
	for (i = 0; i < n_response_cases; i++) {
		const struct head_case *c = &response_cases[i];

		write_seed("response", i, (int)c->request, c->input, c->len);
		write_seed("forward", k++, (int)c->request << 1, c->input, c->len);
	}
	for (i = 0; i < n_chunked_cases; i++)
		write_seed("chunked", i, 3, chunked_cases[i].input, chunked_cases[i].len);
	write_hellos();
	write_proxies();
	write_events();
	write_admin();
	return 0;
}
