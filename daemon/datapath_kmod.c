// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datapath of the kernel module: its port table by generic netlink, its
 * listeners and spoofed sockets by socket options.
 *
 * The module's table is the truth about interception. We own the ports as long
 * as the socket "commands" is open; another socket hears the notifications, our
 * own commits' among them. What tells a foreign change is a fingerprint of the
 * table, taken after each of our commits and compared after each notification.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tiphares.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datapath.h"
#include "kmod_bypass.h"
#include "kmod_internal.h"
#include "kmod_msg.h"
#include "nl.h"
#include "version.h"

#define DUMP_TRIES 10

struct info {
	char version[32];
	uint32_t owner;
};

static int take_info(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1];
	struct info *info = arg;
	int err = kmod_parse(hdr, a);

	if (err)
		return err;
	if (a[TIPH_A_VERSION])
		nla_strlcpy(info->version, a[TIPH_A_VERSION], sizeof(info->version));
	if (a[TIPH_A_OWNER])
		info->owner = nla_get_u32(a[TIPH_A_OWNER]);
	return 0;
}

static int get_info(struct nl_sock *sock, int family, struct info *ret, char *why, size_t size)
{
	struct nl_msg *msg = nl_message(family, TIPH_CMD_GET_INFO, 0, 0);

	*ret = (struct info){ 0 };
	return nl_request(sock, msg, take_info, ret, why, size);
}

static void __attribute__((noreturn)) exec_modprobe(void)
{
	char *const args[] = { "modprobe", "-q", "tiphares", NULL };
	char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	execve("/sbin/modprobe", args, environment);
	_exit(127);
}

static void load_module(void)
{
	pid_t pid = fork();

	if (!pid)
		exec_modprobe();
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Number of the family, after an attempt to load the module. */
static int find_family(struct nl_sock *sock)
{
	int family = nl_family(sock, TIPH_GENL_NAME);

	if (family >= 0)
		return family;
	load_module();
	return nl_family(sock, TIPH_GENL_NAME);
}

/* Same major and minor number: only then nobody lacks what the other one needs. */
static int check_version(const char *module, char *why, size_t size)
{
	unsigned int major = 0, minor = 0, our_major = 0, our_minor = 0;
	bool read = sscanf(module, "%u.%u", &major, &minor) == 2;

	sscanf(TIPHARES_VERSION, "%u.%u", &our_major, &our_minor);
	if (read && major == our_major && minor == our_minor)
		return 0;
	snprintf(why, size, "the module is version %s, this daemon %s: the %s is too old", module,
		 TIPHARES_VERSION,
		 major > our_major || (major == our_major && minor > our_minor) ? "daemon" : "module");
	return -EPROTO;
}

/* Open a socket to the module that fits. */
static int connect_module(struct nl_sock **ret, int *family, struct info *info, char *why, size_t size)
{
	struct nl_sock *sock;
	int err = nl_open(&sock);

	if (err) {
		snprintf(why, size, "no generic netlink: %s", strerror(-err));
		return err;
	}
	*family = find_family(sock);
	if (*family < 0) {
		snprintf(why, size, "the module tiphares is not loaded and can't be");
		err = *family;
	} else {
		err = get_info(sock, *family, info, why, size);
	}
	if (!err)
		err = check_version(info->version, why, size);
	if (err)
		nl_socket_free(sock);
	else
		*ret = sock;
	return err;
}

static int kmod_probe(char *why, size_t size)
{
	struct nl_sock *sock;
	struct info info;
	int family, err = connect_module(&sock, &family, &info, why, size);

	if (!err)
		nl_socket_free(sock);
	return err;
}

/* The module honours every option of every port. */
static int kmod_check(const struct conf *conf, char *why, size_t size)
{
	return 0;
}

static void kmod_free(struct datapath *dp)
{
	for (size_t i = 0; i < dp->n_listed; i++)
		kmod_free_port(&dp->listed[i]);
	if (dp->commands)
		nl_socket_free(dp->commands);
	if (dp->events)
		nl_socket_free(dp->events);
	free(dp);
}

/* Ports that a dead daemon left have no owner; those of a living one are taken by takeover only. */
static int kmod_open(const struct conf *conf, bool takeover, struct datapath **ret, char *why, size_t size)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	struct info info;
	int err;

	if (!dp) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	err = connect_module(&dp->commands, &dp->family, &info, why, size);
	if (!err && info.owner && !takeover) {
		snprintf(why, size, "the ports of this network namespace are owned by netlink port %u already",
			 info.owner);
		err = -EBUSY;
	}
	if (!err) {
		err = nl_open_events(TIPH_GENL_NAME, TIPH_GENL_GROUP, &dp->events);
		if (err)
			snprintf(why, size, "no notifications from the module: %s", strerror(-err));
	}
	if (err) {
		kmod_free(dp);
		return err;
	}
	dp->port_id = nl_socket_get_local_port(dp->commands);
	*ret = dp;
	return 0;
}

/* FNV-1a over the ports in their order, but for what happens to them. */
static int take_fingerprint(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1], *attr;
	uint64_t *hash = arg;
	int err = kmod_parse(hdr, a), rem;

	if (err || !a[TIPH_A_PORT])
		return err;
	nla_for_each_nested(attr, a[TIPH_A_PORT], rem) {
		const uint8_t *octets = (const uint8_t *)attr;

		for (int i = 0; i < NLA_HDRLEN + nla_len(attr) && nla_type(attr) != TIPH_PORT_STATE; i++)
			*hash = (*hash ^ octets[i]) * 0x100000001b3ULL;
	}
	return 0;
}

static int read_fingerprint(struct datapath *dp, uint64_t *ret)
{
	int err = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && err == -EAGAIN; i++) {
		uint64_t hash = 0xcbf29ce484222325ULL;

		err = nl_request(dp->commands, nl_message(dp->family, TIPH_CMD_PORT_GET, NLM_F_DUMP, 0),
				 take_fingerprint, &hash, NULL, 0);
		if (!err)
			*ret = hash;
	}
	return err;
}

/* The promise is told when it is a new one; what keeps it is every call. */
static int beat(struct datapath *dp, const bool *overloaded)
{
	struct nl_msg *msg = nl_message(dp->family, TIPH_CMD_HEARTBEAT, 0, 64);
	bool promise = dp->promised != dp->heartbeat;
	int err;

	if (msg && ((promise && nla_put_u32(msg, TIPH_A_HEARTBEAT, dp->heartbeat) < 0) ||
		    (overloaded && nla_put_u8(msg, TIPH_A_OVERLOAD, *overloaded) < 0))) {
		nlmsg_free(msg);
		return -ENOBUFS;
	}
	err = nl_request(dp->commands, msg, NULL, NULL, NULL, 0);
	if (!err)
		dp->promised = dp->heartbeat;
	return err;
}

static struct nl_msg *set_message(struct datapath *dp, const struct conf *conf)
{
	struct nl_msg *msg = nl_message(dp->family, TIPH_CMD_PORT_SET, 0, kmod_ports_size(conf));
	bool full = !msg || nla_put_u32(msg, TIPH_A_FLAGS, TIPH_FLAG_REPLACE | TIPH_FLAG_OWN) < 0;

	for (size_t i = 0; i < conf->n_ports && !full; i++)
		full = kmod_put_port(msg, &conf->ports[i]);
	if (!full)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static int kmod_apply(struct datapath *dp, const struct conf *conf, char *why, size_t size)
{
	char sentence[200] = "";
	int err = kmod_routes_apply(&dp->routes, conf);

	if (err) {
		snprintf(why, size, "no route for bridges without an address: %s", strerror(-err));
		return err;
	}
	err = nl_request(dp->commands, set_message(dp, conf), NULL, NULL, sentence, sizeof(sentence));
	if (err) {
		snprintf(why, size, "the module refuses the ports: %s", sentence);
		return err;
	}
	if (dp->owner_lost)
		dp->promised = 0;	/* to whom it was, it no longer counts */
	dp->owner_lost = false;
	dp->lost_told = false;
	dp->heartbeat = conf->heartbeat;
	/* one that was made is kept until it is changed, maybe to none */
	if (dp->promised && dp->promised != dp->heartbeat)
		beat(dp, NULL);
	if (read_fingerprint(dp, &dp->fingerprint))
		dp->dirty = true;
	return 0;
}

static int kmod_mark_listener(struct datapath *dp, const struct conf_port *port, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct tiph_listen arg = { 0 };
	int level, err;

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	err = kmod_routes_listener(&dp->routes, fd);
	if (err)
		return err;
	level = ss.ss_family == AF_INET6 ? SOL_IPV6 : SOL_IP;
	memcpy(arg.port, port->name, sizeof(arg.port));
	return setsockopt(fd, level, TIPH_SO_LISTEN, &arg, sizeof(arg)) ? -errno : 0;
}

static int kmod_pollfd(struct datapath *dp)
{
	return nl_socket_get_fd(dp->events);
}

static void take_news(struct datapath *dp, uint8_t cmd, struct nlattr **a)
{
	struct datapath_event ignored = { .kind = DP_EVENT_NOTICE };
	struct datapath_event *to = dp->n_news < KMOD_NEWS_MAX ? &dp->news[dp->n_news] : &ignored;

	if (!kmod_describe(cmd, a, &dp->state, to))
		return;
	if (to == &ignored)
		dp->unsaid++;
	else
		dp->n_news++;
}

/* The next of the news, in @ret. */
static bool tell_news(struct datapath *dp, struct datapath_event *ret)
{
	if (dp->told < dp->n_news) {
		*ret = dp->news[dp->told++];
		return true;
	}
	dp->told = dp->n_news = 0;
	if (!dp->unsaid)
		return false;
	ret->kind = DP_EVENT_BYPASS;
	snprintf(ret->text, sizeof(ret->text), "and %u more such changes", dp->unsaid);
	dp->unsaid = 0;
	return true;
}

static int take_event(struct nlmsghdr *hdr, void *arg)
{
	const struct genlmsghdr *genl = genlmsg_hdr(hdr);
	struct nlattr *a[TIPH_A_MAX + 1];
	struct datapath *dp = arg;

	if (genl->cmd == TIPH_CMD_PORT_NTF || genl->cmd == TIPH_CMD_PORT_DEL_NTF) {
		dp->dirty = true;
		return 0;
	}
	if (kmod_parse(hdr, a))
		return 0;
	if (genl->cmd != TIPH_CMD_OWNER_NTF)
		take_news(dp, genl->cmd, a);
	else if (a[TIPH_A_OWNER])
		dp->owner_lost = nla_get_u32(a[TIPH_A_OWNER]) != dp->port_id;
	return 0;
}

/* What we can't know any more, we read. */
static void ask_owner(struct datapath *dp)
{
	struct info info;

	dp->dirty = true;
	if (!get_info(dp->commands, dp->family, &info, NULL, 0))
		dp->owner_lost = info.owner != dp->port_id;
}

static int event(struct datapath_event *ret, enum datapath_event_kind kind, const char *text)
{
	ret->kind = kind;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
	return 1;
}

static int kmod_dispatch(struct datapath *dp, struct datapath_event *ret)
{
	uint64_t fingerprint;

	if (nl_hear(dp->events, take_event, dp))
		ask_owner(dp);
	if (dp->owner_lost && !dp->lost_told) {
		dp->lost_told = true;
		return event(ret, DP_EVENT_OWNER_LOST, "somebody else took over the module's ports");
	}
	if (tell_news(dp, ret))
		return 1;
	if (!dp->dirty || read_fingerprint(dp, &fingerprint))
		return 0;
	dp->dirty = false;
	if (fingerprint == dp->fingerprint)
		return 0;
	dp->fingerprint = fingerprint;
	return event(ret, DP_EVENT_PORTS, "the module's ports were changed by somebody else");
}

/* What one dump fills. */
struct listing {
	struct datapath *dp;
	size_t max;
};

static int take_port(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1];
	struct listing *l = arg;
	int err = kmod_parse(hdr, a);

	if (err || !a[TIPH_A_PORT])
		return err;
	if (l->dp->n_listed == l->max)
		return -ENOSPC;
	err = kmod_get_port(a[TIPH_A_PORT], &l->dp->listed[l->dp->n_listed]);
	if (!err)
		l->dp->n_listed++;
	return err;
}

static void forget_listed(struct datapath *dp)
{
	while (dp->n_listed)
		kmod_free_port(&dp->listed[--dp->n_listed]);
}

static int kmod_ports(struct datapath *dp, struct conf_port *ret, size_t max)
{
	struct listing l = { dp, max < TIPH_PORTS_MAX ? max : TIPH_PORTS_MAX };
	int err = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && err == -EAGAIN; i++) {
		forget_listed(dp);
		err = nl_request(dp->commands, nl_message(dp->family, TIPH_CMD_PORT_GET, NLM_F_DUMP, 0),
				 take_port, &l, NULL, 0);
	}
	if (err)
		return err;
	memcpy(ret, dp->listed, dp->n_listed * sizeof(*ret));
	return (int)dp->n_listed;
}

struct counting {
	struct datapath_counter *v;
	size_t n;
	size_t max;
};

static int take_stats(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *a[TIPH_A_MAX + 1], *port[TIPH_PORT_MAX + 1] = { NULL };
	struct counting *c = arg;
	int err = kmod_parse(hdr, a);

	if (err || !a[TIPH_A_STATS])
		return err;
	if (a[TIPH_A_PORT] && nla_parse_nested(port, TIPH_PORT_MAX, a[TIPH_A_PORT], NULL) < 0)
		return -EBADMSG;
	c->n = kmod_get_counters(a[TIPH_A_STATS],
				 port[TIPH_PORT_NAME] ? nla_get_string(port[TIPH_PORT_NAME]) : "", c->v, c->n,
				 c->max);
	return 0;
}

static int kmod_counters(struct datapath *dp, struct datapath_counter *ret, size_t max)
{
	struct counting c = { .v = ret, .max = max };
	int err = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && err == -EAGAIN; i++) {
		c.n = 0;
		err = nl_request(dp->commands, nl_message(dp->family, TIPH_CMD_STATS_GET, NLM_F_DUMP, 0),
				 take_stats, &c, NULL, 0);
	}
	return err ? err : (int)c.n;
}

static int kmod_heartbeat(struct datapath *dp, bool overloaded)
{
	kmod_routes_keep(&dp->routes);
	return beat(dp, &overloaded);
}

/* Ports that stay behind have no owner any more: their failure policy rules. */
static void kmod_close(struct datapath *dp, bool remove)
{
	if (!dp)
		return;
	if (remove && !dp->owner_lost)
		nl_request(dp->commands, nl_message(dp->family, TIPH_CMD_PORT_DEL, 0, 0), NULL, NULL, NULL, 0);
	kmod_routes_close(&dp->routes, remove && !dp->owner_lost);
	kmod_free(dp);
}

/* @accepted is the authority for the address; no capability is asked for. */
static int kmod_connect(uint8_t source_port, int accepted, int given, const struct endpoint *client,
			const struct endpoint *dst)
{
	bool v6 = dst->addr.family == AF_INET6;
	struct tiph_spoof arg = {
		.accepted_fd = accepted, .flags = TIPH_SPOOF_CONNECT, .dport = htons(dst->port),
		.source_port = (__u8)(source_port + 1),
	};
	int err;

	memcpy(arg.addr, dst->addr.bytes, v6 ? 16 : 4);
	if (!setsockopt(given, v6 ? SOL_IPV6 : SOL_IP, TIPH_SO_SPOOF, &arg, sizeof(arg)) ||
	    errno == EINPROGRESS)
		return given;
	err = -errno;
	close(given);
	return err == -EADDRNOTAVAIL && source_port == TIPH_SOURCE_PORT_STRICT ? -EADDRINUSE : err;
}

const struct datapath_ops datapath_kmod_ops = {
	.name = "kmod",
	.probe = kmod_probe,
	.check = kmod_check,
	.open = kmod_open,
	.apply = kmod_apply,
	.mark_listener = kmod_mark_listener,
	.pollfd = kmod_pollfd,
	.dispatch = kmod_dispatch,
	.ports = kmod_ports,
	.counters = kmod_counters,
	.heartbeat = kmod_heartbeat,
	.bypass_replace = kmod_bypass_replace,
	.bypass_add = kmod_bypass_add,
	.bypass_del = kmod_bypass_del,
	.bypass_flush = kmod_bypass_flush,
	.bypass_limit = kmod_bypass_limit,
	.bypass_list = kmod_bypass_list,
	.explain = kmod_explain,
	.close = kmod_close,
	.connect = kmod_connect,
};
