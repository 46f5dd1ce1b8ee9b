// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker's confinement: Landlock without a single rule, then a filter of
 * system calls that knows what a worker needs and nothing else.
 *
 *	on the list				takes place
 *	asks for a path				ENOENT: there are no files here
 *	clone3, rseq of a new C library		ENOSYS: it has another way
 *	anything else				the caller waits, the parent hears of
 *						it, names it in the log, and kills
 *
 * The parent, not the worker, tells which call it was: a worker that was taken
 * over could lie. It closed its end of that conversation before its first
 * octet from the network came.
 *
 * A build with a sanitizer or with -DTIPH_UNCONFINED (coverage, valgrind) makes
 * calls of its own from within the process and is not confined; the parent says
 * so at every start. There is no switch at run time.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/tiphares.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(TIPH_UNCONFINED)
#define CONFINED false
#else
#define CONFINED true
#endif

/* --- Landlock --- */

/* The kernel's numbers; headers may be older than the kernel. */
struct landlock_ruleset {
	uint64_t access_fs;
	uint64_t access_net;
	uint64_t scoped;
};

#define LANDLOCK_VERSION_FLAG 1U
#define LANDLOCK_SCOPES 3U	/* abstract unix sockets, signals */
#define LANDLOCK_SIZE_FIRST 8U	/* before there were networks and scopes */
#define LANDLOCK_SIZE_NET 16U

/* All that an ABI can refuse; what is refused by nothing else stays allowed. */
static uint64_t landlock_fs(long abi)
{
	static const unsigned int bits[] = { 0, 13, 14, 15, 15, 16 };
	long last = (long)(sizeof(bits) / sizeof(bits[0])) - 1;

	return (UINT64_C(1) << bits[abi < last ? abi : last]) - 1;
}

/* TCP is not handled: where a worker may connect to is the access rules' matter. */
static int landlock(unsigned int *ret_abi)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);
	struct landlock_ruleset rules = { 0 };
	long fd;
	int err = 0;

	*ret_abi = 0;
	if (abi < 1)
		return 0;
	rules.access_fs = landlock_fs(abi);
	rules.scoped = abi >= 6 ? LANDLOCK_SCOPES : 0;
	fd = syscall(SYS_landlock_create_ruleset, &rules,
		     abi >= 6 ? sizeof(rules) : abi >= 4 ? LANDLOCK_SIZE_NET : LANDLOCK_SIZE_FIRST, 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_restrict_self, (int)fd, 0))
		err = -errno;
	close((int)fd);
	if (!err)
		*ret_abi = (unsigned int)abi;
	return err;
}

/* --- system calls --- */

/* In whatever way they are called. */
static const int allowed[] = {
	/* octets */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg), SCMP_SYS(splice), SCMP_SYS(lseek),
	/*
	 * sockets; neither bind nor listen: what listens is the parent's to make, and
	 * what it bound to a client never gets the address of another
	 */
	SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(getpeername),
	SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(shutdown),
	/* descriptors and waiting */
	SCMP_SYS(close), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(pipe2),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(pselect6), SCMP_SYS(select),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
	/* threads, time, chance */
	SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(getcpu), SCMP_SYS(getrandom),
	SCMP_SYS(gettimeofday), SCMP_SYS(membarrier), SCMP_SYS(nanosleep), SCMP_SYS(restart_syscall),
	SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list),
	SCMP_SYS(sigaltstack), SCMP_SYS(time),
	/* who am I */
	SCMP_SYS(getegid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(getrusage), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(sysinfo), SCMP_SYS(uname),
};

/* There is no file system: libc, c-ares and libmicrohttpd look into it and do without. */
static const int pathless[] = {
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fstat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(stat), SCMP_SYS(statfs), SCMP_SYS(statx),
};

/* One way in which a call may be made: all of @args hold. */
struct way {
	int call;
	unsigned int n;
	struct scmp_arg_cmp args[3];
};

#define ARG_BITS(arg, mask, value) SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), (scmp_datum_t)(value))
/* Nobody, the kernel neither, looks at the upper half of the register of an int. */
#define ARG_IS(arg, value) ARG_BITS(arg, UINT32_MAX, (uint32_t)(value))
#define ARG_NULL(arg) SCMP_CMP64(arg, SCMP_CMP_EQ, (scmp_datum_t)0)

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51	/* Linux 6.3 */
#endif
#define SOCK_TYPE_MASK 0xf
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
		      CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define SOCKET(family, type, protocol)							\
	{ SCMP_SYS(socket), 3, { ARG_IS(0, family), ARG_BITS(1, SOCK_TYPE_MASK, type),	\
				 ARG_IS(2, protocol) } }
#define FCNTL(command) { SCMP_SYS(fcntl), 1, { ARG_IS(1, command) } }
#define IOCTL(request) { SCMP_SYS(ioctl), 1, { ARG_IS(1, request) } }
#define SOCKOPT(level, name) { SCMP_SYS(setsockopt), 2, { ARG_IS(1, level), ARG_IS(2, name) } }
#define TCPOPT(name) SOCKOPT(IPPROTO_TCP, name)

static const struct way ways[] = {
	SOCKET(AF_INET, SOCK_STREAM, 0), SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(AF_INET6, SOCK_STREAM, 0), SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(AF_INET, SOCK_DGRAM, 0), SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(AF_INET6, SOCK_DGRAM, 0), SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	SOCKOPT(SOL_SOCKET, SO_KEEPALIVE), SOCKOPT(SOL_SOCKET, SO_LINGER), SOCKOPT(SOL_SOCKET, SO_RCVBUF),
	SOCKOPT(SOL_SOCKET, SO_RCVLOWAT), SOCKOPT(SOL_SOCKET, SO_SNDBUF),
	/*
	 * Not IPV6_FREEBIND: it needs no privilege, and a socket that has it sends from
	 * any address whatever.
	 */
	SOCKOPT(IPPROTO_IP, IP_LOCAL_PORT_RANGE), SOCKOPT(IPPROTO_IP, TIPH_SO_SPOOF),
	SOCKOPT(IPPROTO_IPV6, TIPH_SO_SPOOF),
	SOCKOPT(IPPROTO_IP, IP_TOS), SOCKOPT(IPPROTO_IP, IP_TTL), SOCKOPT(IPPROTO_IPV6, IPV6_TCLASS),
	SOCKOPT(IPPROTO_IPV6, IPV6_UNICAST_HOPS),
	/* not TCP_ULP: no protocols of the kernel on top of TCP; not TCP_REPAIR and the like */
	TCPOPT(TCP_CORK), TCPOPT(TCP_KEEPCNT), TCPOPT(TCP_KEEPIDLE), TCPOPT(TCP_KEEPINTVL),
	TCPOPT(TCP_LINGER2), TCPOPT(TCP_MAXSEG), TCPOPT(TCP_NODELAY), TCPOPT(TCP_NOTSENT_LOWAT),
	TCPOPT(TCP_QUICKACK), TCPOPT(TCP_SAVE_SYN), TCPOPT(TCP_USER_TIMEOUT),
	FCNTL(F_DUPFD_CLOEXEC), FCNTL(F_GETFD), FCNTL(F_SETFD), FCNTL(F_GETFL), FCNTL(F_SETFL), FCNTL(F_GETPIPE_SZ),
	FCNTL(F_SETPIPE_SZ),
	IOCTL(FIONREAD), IOCTL(FIONBIO), IOCTL(TIOCOUTQ), IOCTL(TCGETS),
	/* no memory that is or becomes code */
	{ SCMP_SYS(mmap), 1, { ARG_BITS(2, PROT_EXEC, 0) } },
	{ SCMP_SYS(mprotect), 1, { ARG_BITS(2, PROT_EXEC, 0) } },
	/* threads, never processes or namespaces */
	{ SCMP_SYS(clone), 1, { ARG_IS(0, THREAD_FLAGS) } },
	{ SCMP_SYS(prctl), 1, { ARG_IS(0, PR_SET_NAME) } },
	{ SCMP_SYS(prlimit64), 1, { ARG_NULL(2) } },
};

/* abort() sends a signal, to nobody else. */
static int add_ways(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp ourselves[] = { ARG_IS(0, getpid()) };
	int err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ourselves);

	for (size_t i = 0; !err && i < sizeof(ways) / sizeof(ways[0]); i++)
		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, ways[i].call, ways[i].n, ways[i].args);
	return err;
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int err = 0;

	for (size_t i = 0; !err && i < n; i++)
		err = seccomp_rule_add(filter, action, calls[i], 0);
	return err;
}

static int fill(scmp_filter_ctx filter)
{
	int err = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0]));

	if (!err)
		err = add_all(filter, SCMP_ACT_ERRNO(ENOENT), pathless, sizeof(pathless) / sizeof(pathless[0]));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!err)
		err = add_ways(filter);
	/* system calls of another architecture */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* as a tree; the kernel answers for most of @allowed without asking it */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return err;
}

/* @otherwise: what becomes of a call that is not on the list. */
static int filter_calls(uint32_t otherwise, int *ret_notify)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int err = filter ? fill(filter) : -ENOMEM;

	if (!err)
		err = seccomp_load(filter);
	if (!err)
		*ret_notify = otherwise == SCMP_ACT_NOTIFY ? seccomp_notify_fd(filter) : -1;
	if (filter)
		seccomp_release(filter);
	return err;
}

/* A process has room for one listener: a container's may have taken it. */
int confine(struct confinement *ret)
{
	struct confinement done = { .filtered = CONFINED, .notify = -1 };
	int err = CONFINED ? landlock(&done.landlock) : 0;

	if (!err && CONFINED) {
		err = filter_calls(SCMP_ACT_NOTIFY, &done.notify);
		if (err)
			err = filter_calls(SCMP_ACT_KILL_PROCESS, &done.notify);
	}
	if (!err)
		*ret = done;
	return err;
}

/* --- in the parent --- */

/* A caller that is gone meanwhile leaves nothing to read. */
static bool read_violation(int notify, struct seccomp_notif *request)
{
	struct pollfd pfd = { .fd = notify, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & POLLIN && !seccomp_notify_receive(notify, request);
}

bool confine_violation(int notify, char *name, size_t size)
{
	struct seccomp_notif *request = NULL;
	struct seccomp_notif_resp *response = NULL;
	char *resolved;
	bool heard;

	if (seccomp_notify_alloc(&request, &response))
		return false;
	heard = read_violation(notify, request);
	if (heard) {
		resolved = seccomp_syscall_resolve_num_arch(request->data.arch, request->data.nr);
		if (resolved)
			snprintf(name, size, "%s", resolved);
		else
			snprintf(name, size, "system call %d", request->data.nr);
		free(resolved);
	}
	seccomp_notify_free(request, response);
	return heard;
}
