// SPDX-License-Identifier: GPL-2.0-only
/*
 * The admin API: whatever octets come on its socket, what it answers is HTTP, and
 * what it answers on /v1 is JSON; and it goes on answering others. The worker behind
 * it has a bit of everything.
 *
 * The input is what a client sends before it half-closes. One that is no whole
 * request may be waited for, which nobody waits for here.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../daemon/admin.h"
#include "../../daemon/shm.h"
#include "fuzz.h"

static const char text[] =
	"ports: [{name: a, listen: 8080, mode: full, match: {ports: [80], sources: [10.0.0.0/8]}}, {name: b, listen: 8081, mode: none}]\n"
	"access: [{name: x, deny: {host: ['*.bad.example']}}, {allow: all}]\nroutes: [{host: c, to: ['10.0.0.1:80']}]\n";

static struct conf *conf;
static struct shm_page *page;
static struct admin *admin;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len = sizeof(sa_family_t);

static struct conf *get_conf(void *arg)
{
	return conf_get(conf);
}

static size_t flows(void *arg, struct admin_flow *ret, size_t max)
{
	ret[0] = (struct admin_flow){ .id = 7, .port = "a", .state = "idle", .mode = TIPH_MODE_FULL };
	return 1;
}

static size_t counters(void *arg, struct admin_counter *ret, size_t max)
{
	ret[0] = (struct admin_counter){ .name = "sessions", .help = "Client connections now.", .gauge = true, .value = 1 };
	return 1;
}

static size_t histograms(void *arg, struct admin_histogram *ret, size_t max)
{
	return 0;
}

static size_t recent(void *arg, uint64_t *cursor, struct recent_entry *ret, size_t max, uint64_t *lost)
{
	*lost = 0;
	return 0;
}

static void rules(void *arg, const struct conf *c, uint64_t *ret)
{
	ret[0] = 3;
}

static int request(void *arg, enum channel_kind kind)
{
	return 0;
}

static int bypass(void *arg, struct channel_msg *msg, int *fd, uint32_t *n)
{
	return -ENOSPC;
}

static const char *state(void *arg)
{
	return "serving";
}

static const struct admin_ops ops = {
	.conf = get_conf, .flows = flows, .counters = counters, .histograms = histograms, .recent = recent,
	.rules = rules, .request = request, .ask = bypass, .state = state,
};

static void start(void)
{
	struct conf_errors errors;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(!conf_load_buffer("fuzz", text, strlen(text), &conf, &errors), "%s", errors.v[0].text);
	page = shm_create();
	/* the kernel chooses a name */
	must(page && fd >= 0 && !bind(fd, (struct sockaddr *)&address, address_len) && !listen(fd, 16), "no socket");
	address_len = sizeof(address);
	must(!getsockname(fd, (struct sockaddr *)&address, &address_len), "no name");
	must(!admin_start(fd, -1, 2, page, &ops, NULL, &admin), "no admin");
}

/* All that comes until the end, or until nothing came for @ms. */
static size_t answer_of(int fd, char *buf, size_t size, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	for (;;) {
		ssize_t got;

		if (poll(&p, 1, n ? 8000 : ms) != 1)
			return n;
		got = recv(fd, buf + n, size - n, 0);
		if (got <= 0)
			return n;
		n += (size_t)got;
		must(n < size, "too much");
	}
}

static void check_json(const char *body, size_t n)
{
	json_error_t error;
	json_t *v = json_loadb(body, n, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &error);

	must(v, "%s: %.*s", error.text, (int)n, body);
	json_decref(v);
}

static void check(char *buf, size_t n)
{
	char *end;

	if (!n)
		return;
	must(n > 12 && !memcmp(buf, "HTTP/1.", 7), "not HTTP: %.*s", (int)n, buf);
	buf[n] = '\0';
	end = strstr(buf, "\r\n\r\n");
	must(end, "no head: %s", buf);
	if (strstr(buf, "Content-Type: application/json") && strstr(buf, "Content-Type: application/json") < end &&
	    end + 4 < buf + n && end[4] == '{')
		check_json(end + 4, (size_t)(buf + n - end - 4));
}

static size_t exchange(const void *data, size_t size, char *buf, size_t room, int ms)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n;

	must(fd >= 0 && !connect(fd, (struct sockaddr *)&address, address_len), "no connection");
	/* it may close before it has everything */
	if (send(fd, data, size, MSG_NOSIGNAL) >= 0)
		shutdown(fd, SHUT_WR);
	n = answer_of(fd, buf, room, ms);
	close(fd);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char good[] = "GET /v1/rules HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	static char buf[1 << 22];
	static unsigned int inputs;

	if (!admin)
		start();
	check(buf, exchange(data, size, buf, sizeof(buf) - 1, 5));
	if (++inputs % 32)
		return 0;
	must(exchange(good, sizeof(good) - 1, buf, sizeof(buf) - 1, 8000) > 100, "it does not answer any more");
	return 0;
}
