// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile worker. Linked with the daemon in place of daemon/worker.c, it is
 * forked, deprived and confined by the same code, and then does what somebody
 * would who had taken the worker over.
 *
 * What is refused by an errno, or means nothing to the parent, is tried in the
 * first life. What ends the process is tried once a life: the number of earlier
 * lives, which the shared page tells, chooses it. Each attempt says a line:
 *
 *	hostile NAME: refused REASON
 *	hostile NAME: tries CALL	and the parent is to end it for that call
 *	hostile NAME: breaks the rules	and the parent is to end it for that
 *	hostile NAME: GOT THROUGH	which fails the scenario
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/tiphares.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "worker.h"

#define FLOOD 20000

static const struct worker_args *args;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char line[200];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(1);
}

static int tell(uint32_t kind, uint32_t a)
{
	const struct channel_msg msg = { .kind = kind, .a = a };

	return channel_send(args->control, &msg, NULL, 0);
}

/* --- refused: a positive errno, or 0 when it got through --- */

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int open_shadow(void)
{
	return result(open("/etc/shadow", O_RDONLY));
}

static int open_parents_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return result(open(path, O_RDWR));
}

static int create_file(void)
{
	return result(open("/tmp/hostile", O_WRONLY | O_CREAT, 0600));
}

static int reach_file_beside_log(void)
{
	return result(openat(STDERR_FILENO, "..", O_RDONLY | O_DIRECTORY));
}

static int look_at_file(void)
{
	char buf[256];

	return result(syscall(SYS_readlink, "/proc/self/exe", buf, sizeof(buf)));
}

static struct sockaddr_storage somebody(int family, uint16_t port)
{
	struct sockaddr_storage ss = { .ss_family = (sa_family_t)family };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ss;

	v4->sin_port = htons(port);
	if (family == AF_INET)
		v4->sin_addr.s_addr = htonl(0xc6336401);	/* 198.51.100.1 */
	else
		v6->sin6_addr = (struct in6_addr){ { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } } };
	return ss;
}

/* The address of a connection that is not held: by what is no connection at all, and by a listener. */
static int spoof_by(int accepted)
{
	const struct tiph_spoof opt = {
		.accepted_fd = accepted, .addr = { htonl(0xc6336401) }, .dport = htons(80),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int err = result(setsockopt(fd, SOL_IP, TIPH_SO_SPOOF, &opt, sizeof(opt)));

	close(fd);
	return err;
}

static int spoof_by_nothing(void)
{
	return spoof_by(1000);
}

static int spoof_by_channel(void)
{
	return spoof_by(args->control);
}

static int spoof_by_itself(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), err = spoof_by(fd);

	close(fd);
	return err;
}

static int want_socket(struct sockaddr_storage local, struct sockaddr_storage remote, uint32_t policy)
{
	struct channel_msg msg = { .kind = CHANNEL_WANT_SOCKET, .a = 1, .b = policy };

	endpoint_from_sockaddr(&msg.local, &local);
	endpoint_from_sockaddr(&msg.remote, &remote);
	return channel_send(args->sockets[0], &msg, NULL, 0);
}

/* What the parent answers: a positive errno, or 0 and it gave a socket. */
static int ask_parent(struct sockaddr_storage local, struct sockaddr_storage remote)
{
	struct pollfd pfd = { .fd = args->sockets[0], .events = POLLIN };
	struct channel_msg msg = { 0 };
	int fds[CHANNEL_FDS_MAX], r;
	size_t n = 0;

	if (!args->ops->give_socket)
		return EOPNOTSUPP;	/* a later life asks all the same */
	if (want_socket(local, remote, 0) || poll(&pfd, 1, 10000) != 1)
		return ETIMEDOUT;
	r = channel_recv(args->sockets[0], &msg, fds, &n);
	return r == 1 && !n ? (int)msg.b : 0;
}

/* A connection that does not exist. */
static int stranger_of_the_parent(void)
{
	return ask_parent(somebody(AF_INET, 80), somebody(AF_INET, 4000));
}

/* One that is none: the port's listener. */
static int listener_of_the_parent(void)
{
	struct sockaddr_storage local = { .ss_family = AF_INET }, remote = local;

	((struct sockaddr_in *)&local)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	((struct sockaddr_in *)&local)->sin_port = htons(8080);
	return ask_parent(local, remote);
}

static int shared_page_writable(void)
{
	return result(mprotect((void *)args->shm, 4096, PROT_READ | PROT_WRITE));
}

static int send_control(int level, int type, const void *data, size_t len)
{
	struct channel_msg msg = { .kind = CHANNEL_HEARTBEAT };
	struct iovec iov = { &msg, sizeof(msg) };
	union {
		struct cmsghdr header;
		char space[512];
	} control = { { 0 } };
	struct msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(len),
	};

	control.header.cmsg_level = level;
	control.header.cmsg_type = type;
	control.header.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&control.header), data, len);
	return result(sendmsg(args->control, &hdr, MSG_DONTWAIT));
}

static int be_root_in_a_message(void)
{
	const struct ucred root = { .pid = getppid(), .uid = 0, .gid = 0 };

	return send_control(SOL_SOCKET, SCM_CREDENTIALS, &root, sizeof(root));
}

static int datagram_with_address(void)
{
	struct in6_pktinfo from = { .ipi6_addr = { { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } } } };
	struct sockaddr_storage to = somebody(AF_INET6, 53);
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(from))];
	} control = { { .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(from)) } };
	struct iovec iov = { (char *)"", 1 };
	struct msghdr hdr = {
		.msg_name = &to, .msg_namelen = sizeof(struct sockaddr_in6), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), err;

	memcpy(CMSG_DATA(&control.header), &from, sizeof(from));
	err = result(sendmsg(fd, &hdr, 0));
	close(fd);
	return err;
}

/* --- what the parent bears: -1, it has to be alive afterwards --- */

static int flood_of_beats(void)
{
	int full = 0;

	for (int i = 0; i < FLOOD; i++)
		full += tell(CHANNEL_HEARTBEAT, 0) != 0;
	return full ? EAGAIN : -1;
}

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Each is answered at once, so that the next one could begin: the parent has other things to do. */
static int flood_of_reloads(void)
{
	static struct shm_page page;
	uint64_t until = clock_ms() + 3000, before;
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;

	shm_read(args->shm, &page);
	before = page.reloads;
	while (clock_ms() < until) {
		struct pollfd pfd = { .fd = args->control, .events = POLLIN };
		size_t n = 0;

		tell(CHANNEL_RELOAD, 0);
		tell(CHANNEL_HEARTBEAT, 0);
		if (poll(&pfd, 1, 5) == 1 && channel_recv(args->control, &msg, fds, &n) == 1 && msg.kind == CHANNEL_COMMIT)
			tell(CHANNEL_READY, 0);
		while (n)
			close(fds[--n]);
	}
	/* at most one in half a second, and the one that was under way */
	shm_read(args->shm, &page);
	return page.reloads - before <= 8 ? -1 : 0;
}

static int flood_of_log_openings(void)
{
	for (int i = 0; i < 1000; i++)
		tell(CHANNEL_REOPEN, 0);
	return -1;
}

/* Answers that nobody takes out of the channel. */
static int flood_of_socket_wishes(void)
{
	int full = 0;

	for (int i = 0; args->ops->give_socket && i < FLOOD; i++)
		full += want_socket(somebody(AF_INET, 80), somebody(AF_INET, 4000), 0) != 0;
	return full ? EAGAIN : -1;
}

struct attempt {
	const char *name;
	int (*fn)(void);
};

static const struct attempt refused[] = {
	{ "open_shadow", open_shadow },
	{ "open_parents_memory", open_parents_memory },
	{ "create_file", create_file },
	{ "reach_file_beside_log", reach_file_beside_log },
	{ "look_at_file", look_at_file },
	{ "stranger_of_the_parent", stranger_of_the_parent },
	{ "listener_of_the_parent", listener_of_the_parent },
	{ "spoof_by_nothing", spoof_by_nothing },
	{ "spoof_by_channel", spoof_by_channel },
	{ "spoof_by_itself", spoof_by_itself },
	{ "datagram_with_address", datagram_with_address },
	{ "shared_page_writable", shared_page_writable },
	{ "be_root_in_a_message", be_root_in_a_message },
	{ "flood_of_beats", flood_of_beats },
	{ "flood_of_reloads", flood_of_reloads },
	{ "flood_of_log_openings", flood_of_log_openings },
	{ "flood_of_socket_wishes", flood_of_socket_wishes },
};

static void first_life(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int err = refused[i].fn();

		if (!err)
			say("hostile %s: GOT THROUGH\n", refused[i].name);
		else
			say("hostile %s: refused %s\n", refused[i].name, err < 0 ? "by being borne" : strerror(err));
	}
}

/* --- what ends the process: system calls --- */

static int fd_of(int type)
{
	return socket(AF_INET6, type, 0);
}

static void do_execve(void)
{
	char *const argv[] = { (char *)"sh", NULL };

	execve("/bin/sh", argv, argv);
}

static void do_fork(void)
{
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void do_unshare(void)
{
	unshare(CLONE_NEWUSER);
}

static void do_ptrace(void)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void do_kill(void)
{
	kill(getppid(), SIGKILL);
}

static void do_tgkill(void)
{
	syscall(SYS_tgkill, getppid(), getppid(), SIGKILL);
}

static void do_read_memory(void)
{
	char buf[16];
	struct iovec iov = { buf, sizeof(buf) };

	process_vm_readv(getppid(), &iov, 1, &iov, 1, 0);
}

static void do_pidfd_open(void)
{
	syscall(SYS_pidfd_open, getppid(), 0);
}

static void do_netlink(void)
{
	socket(AF_NETLINK, SOCK_RAW, 16);
}

static void do_raw(void)
{
	socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static void do_packet(void)
{
	socket(AF_PACKET, SOCK_RAW, 0);
}

static void do_unix(void)
{
	socket(AF_UNIX, SOCK_STREAM, 0);
}

static void do_mptcp(void)
{
	socket(AF_INET, SOCK_STREAM, 262);
}

static void do_ping(void)
{
	socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
}

static void do_listen(void)
{
	listen(fd_of(SOCK_STREAM), 1);
}

static void do_bind(void)
{
	struct sockaddr_storage ss = somebody(AF_INET, 80);

	bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&ss, sizeof(ss));
}

static void do_accept(void)
{
	syscall(SYS_accept, args->control, NULL, NULL);
}

static void set_int(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

static void do_transparent(void)
{
	set_int(socket(AF_INET, SOCK_STREAM, 0), SOL_IP, IP_TRANSPARENT, 1);
}

static void do_freebind(void)
{
	set_int(fd_of(SOCK_STREAM), SOL_IPV6, IPV6_FREEBIND, 1);
}

static void do_listen_option(void)
{
	set_int(fd_of(SOCK_STREAM), SOL_IP, TIPH_SO_LISTEN, 0);
}

static void do_mark(void)
{
	set_int(fd_of(SOCK_STREAM), SOL_SOCKET, SO_MARK, 1);
}

static void do_device(void)
{
	setsockopt(fd_of(SOCK_STREAM), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
}

static void do_socket_filter(void)
{
	char prog[16] = "";

	setsockopt(fd_of(SOCK_DGRAM), SOL_SOCKET, SO_ATTACH_FILTER, prog, sizeof(prog));
}

static void do_rules(void)
{
	char table[84] = "filter";

	setsockopt(fd_of(SOCK_STREAM), SOL_IP, 64, table, sizeof(table));	/* IPT_SO_SET_REPLACE */
}

static void do_setuid(void)
{
	syscall(SYS_setuid, 0);
}

static void do_capset(void)
{
	struct { uint32_t version; int pid; } head = { 0x20080522, 0 };
	uint32_t data[6] = { 0xffffffff, 0xffffffff, 0xffffffff };

	syscall(SYS_capset, &head, data);
}

static void do_chroot(void)
{
	syscall(SYS_chroot, "/");
}

static void do_mount(void)
{
	syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static void do_setns(void)
{
	setns(args->control, 0);
}

static void do_unlink(void)
{
	unlink("/etc/passwd");
}

static void do_bpf(void)
{
	union bpf_attr attr = { 0 };

	syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static void do_io_uring(void)
{
	char params[120] = "";

	syscall(SYS_io_uring_setup, 1, params);
}

static void do_memfd(void)
{
	memfd_create("hostile", 0);
}

static void do_executable_memory(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void do_memory_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void do_terminal(void)
{
	ioctl(STDERR_FILENO, TIOCSTI, "x");
}

static void do_dumpable(void)
{
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void do_limits(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_NOFILE, &none);
}

static void do_module(void)
{
	syscall(SYS_finit_module, args->control, "", 0);
}

static void do_keyctl(void)
{
	syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static void do_userfaultfd(void)
{
	syscall(SYS_userfaultfd, 0);
}

static void do_perf(void)
{
	char attr[128] = "";

	syscall(SYS_perf_event_open, attr, 0, -1, -1, 0);
}

static void do_owner(void)
{
	fcntl(args->control, F_SETOWN, getppid());
}

static void do_filter(void)
{
	syscall(SYS_seccomp, 1, 0, NULL);
}

#ifdef __x86_64__
static void do_other_architecture(void)
{
	syscall(0x40000000 + SYS_getpid);	/* x32 */
}
#endif

/* --- what ends the process: messages --- */

static void send_octets(int channel, size_t n)
{
	static const char octets[4096];

	send(channel, octets, n, MSG_NOSIGNAL);
}

static void short_message(void)
{
	send_octets(args->control, 3);
}

static void long_message(void)
{
	send_octets(args->control, 4096);
}

static void message_of_no_kind(void)
{
	send_octets(args->control, sizeof(struct channel_msg));
}

static void message_of_unknown_kind(void)
{
	tell(CHANNEL_KIND_MAX + 1, 0);
}

static void message_of_the_parent(void)
{
	tell(CHANNEL_COMMIT, 0);
}

static void answer_without_question(void)
{
	tell(CHANNEL_READY, 0);
}

static void answer_out_of_range(void)
{
	tell(CHANNEL_READY, 100000);
}

static void confined_twice(void)
{
	const struct channel_msg msg = { .kind = CHANNEL_CONFINED, .b = 1 };
	int fd = fd_of(SOCK_STREAM);

	channel_send(args->control, &msg, &fd, 1);
}

static void message_with_descriptors(void)
{
	const struct channel_msg msg = { .kind = CHANNEL_HEARTBEAT };
	int fds[100];

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = args->control;
	if (send_control(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds)))
		channel_send(args->control, &msg, fds, 1);
}

static void want_of_no_policy(void)
{
	want_socket(somebody(AF_INET, 80), somebody(AF_INET, 4000), 100);
}

static void want_of_two_families(void)
{
	want_socket(somebody(AF_INET, 80), somebody(AF_INET6, 4000), 0);
}

static void want_of_no_family(void)
{
	const struct channel_msg msg = { .kind = CHANNEL_WANT_SOCKET, .a = 1 };

	channel_send(args->sockets[0], &msg, NULL, 0);
}

static void listener_that_nobody_wants(void)
{
	const struct channel_msg msg = { .kind = CHANNEL_LISTENER };
	int fd = fd_of(SOCK_STREAM);

	channel_send(args->control, &msg, &fd, 1);
}

static void gave_what_nobody_wants(void)
{
	tell(CHANNEL_GAVE, 0);
}

static void offer_of_another_daemon(void)
{
	tell(CHANNEL_TOOK, 7);
}

static void control_on_socket_channel(void)
{
	const struct channel_msg msg = { .kind = CHANNEL_RELOAD };

	channel_send(args->sockets[0], &msg, NULL, 0);
}

/* @call: by whose name the parent must know it; "" for another architecture's; NULL: a message */
struct fatal {
	const char *name;
	void (*fn)(void);
	const char *call;
};

static const struct fatal fatal[] = {
	{ "exec", do_execve, "execve" },
	{ "fork", do_fork, "clone" },
	{ "user_namespace", do_unshare, "unshare" },
	{ "trace_parent", do_ptrace, "ptrace" },
	{ "kill_parent", do_kill, "kill" },
	{ "kill_parents_thread", do_tgkill, "tgkill" },
	{ "read_parents_memory", do_read_memory, "process_vm_readv" },
	{ "open_parent", do_pidfd_open, "pidfd_open" },
	{ "netlink", do_netlink, "socket" },
	{ "raw_socket", do_raw, "socket" },
	{ "packet_socket", do_packet, "socket" },
	{ "unix_socket", do_unix, "socket" },
	{ "mptcp_socket", do_mptcp, "socket" },
	{ "ping_socket", do_ping, "socket" },
	{ "listen", do_listen, "listen" },
	{ "bind_stranger", do_bind, "bind" },
	{ "accept_of_old", do_accept, "accept" },
	{ "transparent_socket", do_transparent, "setsockopt" },
	{ "freebind_socket", do_freebind, "setsockopt" },
	{ "listener_of_a_port", do_listen_option, "setsockopt" },
	{ "marked_socket", do_mark, "setsockopt" },
	{ "socket_of_a_device", do_device, "setsockopt" },
	{ "socket_filter", do_socket_filter, "setsockopt" },
	{ "iptables", do_rules, "setsockopt" },
	{ "setuid", do_setuid, "setuid" },
	{ "capset", do_capset, "capset" },
	{ "chroot", do_chroot, "chroot" },
	{ "mount", do_mount, "mount" },
	{ "other_namespace", do_setns, "setns" },
	{ "unlink", do_unlink, "unlink" },
	{ "bpf", do_bpf, "bpf" },
	{ "io_uring", do_io_uring, "io_uring_setup" },
	{ "memory_file", do_memfd, "memfd_create" },
	{ "map_code", do_executable_memory, "mmap" },
	{ "make_code", do_memory_executable, "mprotect" },
	{ "type_into_terminal", do_terminal, "ioctl" },
	{ "dumpable", do_dumpable, "prctl" },
	{ "raise_limits", do_limits, "prlimit64" },
	{ "load_module", do_module, "finit_module" },
	{ "keys", do_keyctl, "keyctl" },
	{ "userfaultfd", do_userfaultfd, "userfaultfd" },
	{ "perf", do_perf, "perf_event_open" },
	{ "signals_to_parent", do_owner, "fcntl" },
	{ "another_filter", do_filter, "seccomp" },
#ifdef __x86_64__
	{ "other_architecture", do_other_architecture, "" },
#endif
	{ "short_message", short_message, NULL },
	{ "long_message", long_message, NULL },
	{ "message_of_no_kind", message_of_no_kind, NULL },
	{ "message_of_unknown_kind", message_of_unknown_kind, NULL },
	{ "message_of_the_parent", message_of_the_parent, NULL },
	{ "answer_without_question", answer_without_question, NULL },
	{ "answer_out_of_range", answer_out_of_range, NULL },
	{ "confined_twice", confined_twice, NULL },
	{ "message_with_descriptors", message_with_descriptors, NULL },
	{ "want_of_no_policy", want_of_no_policy, NULL },
	{ "want_of_two_families", want_of_two_families, NULL },
	{ "want_of_no_family", want_of_no_family, NULL },
	{ "listener_that_nobody_wants", listener_that_nobody_wants, NULL },
	{ "gave_what_nobody_wants", gave_what_nobody_wants, NULL },
	{ "offer_of_another_daemon", offer_of_another_daemon, NULL },
	{ "control_on_socket_channel", control_on_socket_channel, NULL },
};

/* --- lives --- */

/* Answers each commit, as a sound worker would; ends with the parent. */
static void behave(void)
{
	struct pollfd pfd = { .fd = args->control, .events = POLLIN };
	int fds[CHANNEL_FDS_MAX];
	struct channel_msg msg;
	size_t n;
	int r;

	while (poll(&pfd, 1, 500) >= 0) {
		n = 0;
		r = channel_recv(args->control, &msg, fds, &n);
		while (n)
			close(fds[--n]);
		if (!r || r == -ECONNRESET || (r == 1 && msg.kind == CHANNEL_DRAIN))
			_exit(0);
		if (r == 1 && msg.kind == CHANNEL_COMMIT)
			return;
		tell(CHANNEL_HEARTBEAT, 0);
	}
}

static void later_life(const struct fatal *f)
{
	if (f->call)
		say("hostile %s: tries %s\n", f->name, *f->call ? f->call : "another architecture's call");
	else
		say("hostile %s: breaks the rules\n", f->name);
	f->fn();
	if (f->call)
		say("hostile %s: GOT THROUGH\n", f->name);
	/* the parent has not read it yet, or bears it, and then the scenario waits in vain */
	for (;;)
		poll(NULL, 0, -1);
}

int worker_run(const struct worker_args *given)
{
	static struct shm_page page;
	size_t life;

	args = given;
	/* it reads as nothing while the parent writes it for long */
	while (shm_read(args->shm, &page), !page.datapath[0])
		poll(NULL, 0, 1);
	life = page.worker_restarts;
	behave();
	tell(CHANNEL_READY, 0);
	/* a daemon whose first worker ends before the parent has heard this ends, too */
	while (shm_read(args->shm, &page), page.generation <= life)
		poll(NULL, 0, 10);
	if (!life) {
		first_life();
		_exit(0);
	}
	if (life <= sizeof(fatal) / sizeof(fatal[0]))
		later_life(&fatal[life - 1]);
	say("hostile: done, %zu attempts\n",
	    sizeof(fatal) / sizeof(fatal[0]) + sizeof(refused) / sizeof(refused[0]));
	for (;;) {
		behave();
		tell(CHANNEL_READY, 0);
	}
}
