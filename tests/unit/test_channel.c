// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between parent and worker: messages and their descriptors, what a hostile
 * worker may send, the broker's answers, and the shared page.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker.h"
#include "channel.h"
#include "shm.h"
#include "tap.h"

static unsigned int count_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void close_all(int *fds, size_t n)
{
	while (n)
		close(fds[--n]);
}

static void test_messages(void)
{
	struct channel_msg msg = { .kind = CHANNEL_LISTENER, .a = 1, .b = 2, .c = 3 }, got;
	int pair[2], fds[CHANNEL_FDS_MAX], many[CHANNEL_FDS_MAX + 1];
	unsigned int before;
	size_t n = 99;

	ok(!channel_pair(pair), "a pair");
	before = count_fds();
	ok(channel_recv(pair[1], &got, fds, &n) == -EAGAIN, "nothing to read yet");
	ok(!channel_send(pair[0], &msg, NULL, 0) && channel_recv(pair[1], &got, fds, &n) == 1 && !n &&
	   !memcmp(&msg, &got, sizeof(msg)), "a message without descriptors");
	for (size_t i = 0; i <= CHANNEL_FDS_MAX; i++)
		many[i] = pair[0];
	ok(!channel_send(pair[0], &msg, many, CHANNEL_FDS_MAX) &&
	   channel_recv(pair[1], &got, fds, &n) == 1 && n == CHANNEL_FDS_MAX, "one with as many as can be");
	ok(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, "which are closed on exec");
	close_all(fds, n);
	ok(channel_send(pair[0], &msg, many, CHANNEL_FDS_MAX + 1) == -E2BIG, "not one more");
	ok(count_fds() == before, "no descriptor is left over");
	close(pair[0]);
	ok(!channel_recv(pair[1], &got, fds, &n), "the end, when the peer is gone");
	ok(channel_send(pair[1], &msg, NULL, 0) == -EPIPE, "which a sender is told too, without a signal");
	close(pair[1]);
}

/* Send @len octets with @n descriptors, as a peer that keeps no rule would. */
static void send_raw(int fd, const void *data, size_t len, size_t n)
{
	char control[CMSG_SPACE(200 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[200];

	for (size_t i = 0; i < n; i++)
		fds[i] = fd;
	if (n) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
		hdr.msg_control = control;
		hdr.msg_controllen = CMSG_SPACE(n * sizeof(int));
	}
	if (sendmsg(fd, &hdr, 0) < 0)
		perror("sendmsg");
}

static void test_hostile(void)
{
	static const struct {
		size_t len;
		uint32_t kind;
		size_t n;
		const char *name;
	} bad[] = {
		{ 0, 0, 1, "no octets, a descriptor" },
		{ 1, CHANNEL_READY, 0, "one octet" },
		{ sizeof(struct channel_msg) - 1, CHANNEL_READY, 2, "one octet too few" },
		{ sizeof(struct channel_msg) + 1, CHANNEL_READY, 2, "one octet too many" },
		{ 4096, CHANNEL_READY, 0, "a page" },
		{ sizeof(struct channel_msg), 0, 3, "kind 0" },
		{ sizeof(struct channel_msg), CHANNEL_KIND_MAX + 1, 3, "a kind that there is not" },
		{ sizeof(struct channel_msg), UINT32_MAX, 0, "the last kind there could be" },
		{ sizeof(struct channel_msg), CHANNEL_READY, CHANNEL_FDS_MAX + 1, "a descriptor too many" },
		{ sizeof(struct channel_msg), CHANNEL_READY, 200, "200 descriptors" },
	};
	int pair[2], fds[CHANNEL_FDS_MAX];
	struct channel_msg got;
	unsigned int before;
	size_t n;

	if (channel_pair(pair))
		return;
	before = count_fds();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t data[1024] = { bad[i].kind };

		send_raw(pair[0], data, bad[i].len, bad[i].n);
		ok(channel_recv(pair[1], &got, fds, &n) == -EPROTO, "refused: %s", bad[i].name);
		ok(count_fds() == before, "and its descriptors are closed");
	}
	close_all(pair, 2);
}

static unsigned int given;

static int give(struct datapath *dp, const struct endpoint *local, const struct endpoint *client, uint8_t source_port)
{
	given++;
	return client->port == 1 ? -EACCES : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

#define ENDS(a, b) .local.addr.family = a, .remote.addr.family = b

static void test_broker(void)
{
	static const struct datapath_ops ops = { .give_socket = give }, without = { 0 };
	static const struct channel_msg bad[] = {
		{ .kind = CHANNEL_WANT_SOCKET, .b = TIPH_SOURCE_PORT_STRICT + 1, ENDS(AF_INET, AF_INET) },
		{ .kind = CHANNEL_WANT_SOCKET, ENDS(AF_UNIX, AF_UNIX) },
		{ .kind = CHANNEL_WANT_SOCKET, ENDS(AF_INET, AF_INET6) },
		{ .kind = CHANNEL_WANT_SOCKET, .c = 1, ENDS(AF_INET, AF_INET) },
		{ .kind = CHANNEL_WANT_SOCKET },
		{ .kind = CHANNEL_READY, ENDS(AF_INET, AF_INET) },
	};
	struct channel_msg want = { .kind = CHANNEL_WANT_SOCKET, .a = 77, ENDS(AF_INET6, AF_INET6) }, got;
	int pair[2], fds[CHANNEL_FDS_MAX];
	unsigned int before;
	size_t n = 0;

	if (channel_pair(pair))
		return;
	before = count_fds();
	ok(!broker_serve(pair[1], &ops, NULL), "nothing was asked for");
	channel_send(pair[0], &want, NULL, 0);
	ok(!broker_serve(pair[1], &ops, NULL) && channel_recv(pair[0], &got, fds, &n) == 1 &&
	   got.kind == CHANNEL_SOCKET && got.a == 77 && !got.b && n == 1 && given == 1, "a socket");
	close_all(fds, n);
	want.remote.port = 1;
	channel_send(pair[0], &want, NULL, 0);
	ok(!broker_serve(pair[1], &ops, NULL) && channel_recv(pair[0], &got, fds, &n) == 1 && got.a == 77 &&
	   got.b == EACCES && !n, "none is given: why");
	given = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		channel_send(pair[0], &bad[i], NULL, 0);
		ok(broker_serve(pair[1], &ops, NULL) == -EPROTO, "refused: question %zu", i);
	}
	channel_send(pair[0], &want, pair, 1);
	ok(broker_serve(pair[1], &ops, NULL) == -EPROTO, "refused: a question with a descriptor");
	channel_send(pair[0], &want, NULL, 0);
	ok(broker_serve(pair[1], &without, NULL) == -EPROTO, "refused: a socket of a datapath that gives none");
	ok(!given && count_fds() == before, "nothing was given, no descriptor is left over");
	close(pair[0]);
	ok(broker_serve(pair[1], &ops, NULL) == -EPIPE, "the worker is gone");
	close(pair[1]);
}

/* Asks without end and reads nothing: the broker neither blocks nor leaks. */
static void test_greedy(void)
{
	static const struct datapath_ops ops = { .give_socket = give };
	struct channel_msg want = { .kind = CHANNEL_WANT_SOCKET, ENDS(AF_INET, AF_INET) };
	int pair[2], asked = 0, failed = 0;
	unsigned int before;

	if (channel_pair(pair))
		return;
	before = count_fds();
	while (asked < 2000) {
		asked += !channel_send(pair[0], &want, NULL, 0);
		failed |= broker_serve(pair[1], &ops, NULL);
	}
	ok(!failed, "a worker that reads no answer is served on");
	ok(count_fds() == before, "and costs the parent no descriptor");
	close_all(pair, 2);
}

static void *write_page(void *arg)
{
	struct shm_page *page = arg;

	for (uint64_t i = 1; i <= 2000; i++) {
		shm_write_begin(page);
		page->reloads = i;
		for (int k = 0; k < SHM_COUNTERS_MAX; k += 512)
			page->counters[k].value = i;
		page->repairs = i;
		shm_write_end(page);
	}
	return NULL;
}

static void test_page(void)
{
	struct shm_page *page = shm_create(), *copy = calloc(1, sizeof(*copy));
	uint64_t last = 0;
	bool whole = true;
	pthread_t writer;

	ok(page && copy && !page->n_counters, "a page");
	if (!page || !copy || pthread_create(&writer, NULL, write_page, page))
		return;
	while (last < 2000 && whole) {
		shm_read(page, copy);
		/* all zero: the writer was always faster */
		for (int k = 0; k < SHM_COUNTERS_MAX; k += 512)
			whole = whole && copy->counters[k].value == copy->reloads;
		whole = whole && copy->repairs == copy->reloads;
		last = copy->reloads ? copy->reloads : last;
	}
	ok(whole, "what is read was written together");
	pthread_join(writer, NULL);
	shm_write_begin(page);
	page->n_counters = 1;
	shm_read(page, copy);
	ok(!copy->n_counters && !copy->reloads, "a page that is never finished reads as empty");
	page->n_counters = SHM_COUNTERS_MAX + 1;
	shm_write_end(page);
	shm_read(page, copy);
	ok(!copy->n_counters, "a count beyond the page is none");
	munmap(page, sizeof(*page));
	free(copy);
}

int main(void)
{
	test_messages();
	test_hostile();
	test_broker();
	test_greedy();
	test_page();
	return tap_done();
}
