// SPDX-License-Identifier: GPL-2.0-only
/*
 * The confinement, in children: what is missing in it must not be missed. What it
 * refuses is the matter of selftests/tiphares/hostile.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "confine.h"
#include "dns.h"
#include "tap.h"

static void nobody_hears(void *arg, const struct dns_answer *answer)
{
}

/* Asks the server for one name: two datagrams, of both families. */
static int ask(const struct endpoint *server)
{
	struct confinement c;
	struct loop loop;
	struct dns *dns;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (confine(&c) || loop_init(&loop) || dns_create(&loop, server, 1, 1000, &dns))
		return 1;
	dns_ask(dns, "www.example.com", AF_INET, nobody_hears, NULL);
	dns_ask(dns, "www.example.com", AF_INET6, nobody_hears, NULL);
	_exit(0);
}

static bool end_of(pid_t pid, int *status)
{
	return waitpid(pid, status, 0) == pid;
}

/* Both ids of a child's first two queries, or 0. */
static uint32_t ids_of_child(int fd, const struct endpoint *server)
{
	unsigned char id[2][2];
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(ask(server));
	if (!end_of(pid, &status) || status || recv(fd, id[0], 2, MSG_TRUNC | MSG_DONTWAIT) < 12 ||
	    recv(fd, id[1], 2, MSG_TRUNC | MSG_DONTWAIT) < 12)
		return 0;
	return (uint32_t)id[0][0] << 24 | (uint32_t)id[0][1] << 16 | (uint32_t)id[1][0] << 8 | id[1][1];
}

static void test_ids(void)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	socklen_t len = sizeof(struct sockaddr_in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct endpoint server;
	uint32_t one, other;

	((struct sockaddr_in *)&ss)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&ss, len) || getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    endpoint_from_sockaddr(&server, &ss)) {
		ok(false, "a server");
		return;
	}
	one = ids_of_child(fd, &server);
	other = ids_of_child(fd, &server);
	ok(one && other, "a confined process asks DNS");
	ok(one != other, "with ids that nobody can tell from another process's");
	close(fd);
}

#if !defined(__SANITIZE_ADDRESS__)
static int local_hour(void)
{
	time_t noon = 43200;
	struct tm tm;
	char text[8];

	localtime_r(&noon, &tm);
	strftime(text, sizeof(text), "%H", &tm);
	return atoi(text);
}

/* 0 when all is as it should be. */
static int live_confined(int channel)
{
	const struct channel_msg msg = { .kind = CHANNEL_CONFINED };
	struct confinement c;
	int before, zone;

	setenv("TZ", ":/usr/share/zoneinfo/Asia/Tokyo", 1);
	tzset();
	before = local_hour();
	zone = access("/usr/share/zoneinfo/Asia/Tokyo", R_OK) ? 12 : 21;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (confine(&c) || !c.filtered || c.notify < 0)
		return 1;
	channel_send(channel, &msg, &c.notify, 1);
	close(c.notify);
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != ENOENT)
		return 2;
	if (before != zone || local_hour() != zone)
		return 3;
	kill(getppid(), 0);
	return 4;
}

static void test_violation(void)
{
	struct channel_msg msg;
	int pair[2], fds[CHANNEL_FDS_MAX], status = -1;
	char name[64] = "";
	size_t n = 0;
	pid_t pid;

	if (channel_pair(pair))
		return;
	pid = fork();
	if (!pid)
		_exit(live_confined(pair[1]));
	while (channel_recv(pair[0], &msg, fds, &n) != 1 && waitpid(pid, &status, WNOHANG) != pid)
		usleep(1000);
	while (n == 1 && !confine_violation(fds[0], name, sizeof(name)) && waitpid(pid, &status, WNOHANG) != pid)
		usleep(1000);
	ok(n == 1 && status == -1, "files are not there, the time zone is known: %d", status);
	ok(!strcmp(name, "kill"), "a violation is told by its name, %s", name);
	kill(pid, SIGKILL);
	ok(status != -1 || (end_of(pid, &status) && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
	   "and never returns");
	ok(!confine_violation(fds[0], name, sizeof(name)), "nothing more is heard");
}
#else
static void test_violation(void)
{
}
#endif

int main(void)
{
	test_ids();
	test_violation();
	return tap_done();
}
