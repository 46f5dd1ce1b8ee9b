// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bypass: what is forwarded on purpose. The datapath has the lists and decides by
 * them; the configuration makes the static one and that of destinations that are
 * never bypassed, triggers in the worker and administrators make dynamic ones.
 *
 * The worker is not trusted with more than it could do by closing connections: it
 * may have single connections forwarded, never a destination of the never list.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bypass_text.h"
#include "log.h"
#include "parent_internal.h"

#define SAVE_MS 5000

/* --- the configuration's lists --- */

static struct prefix one_prefix(const struct prefix_list *list)
{
	struct prefix none = { .len = 0 };

	return list->n ? *list->v : none;
}

static int replace(struct parent *p, enum tiph_bypass_kind kind, const struct datapath_bypass *v, size_t n)
{
	char why[WHY_MAX] = "";
	int err = p->ops->bypass_replace(p->dp, kind, v, n, why, sizeof(why));

	if (err && (err != -EOPNOTSUPP || n))
		log_error("bypass: %s", *why ? why : strerror(-err));
	return err;
}

static void apply_static(struct parent *p)
{
	const struct conf_bypass *bypass = &p->conf->bypass;
	struct datapath_bypass *v = calloc(bypass->n_entries + 1, sizeof(*v));

	for (size_t i = 0; v && i < bypass->n_entries; i++)
		v[i] = (struct datapath_bypass){
			.source = one_prefix(&bypass->entries[i].source),
			.destination = one_prefix(&bypass->entries[i].destination),
			.dport = bypass->entries[i].dport, .kind = TIPH_BYPASS_STATIC,
		};
	if (v)
		replace(p, TIPH_BYPASS_STATIC, v, bypass->n_entries);
	else
		log_error("bypass: out of memory");
	free(v);
}

static void apply_never(struct parent *p)
{
	const struct prefix_list *never = &p->conf->bypass.never;
	struct datapath_bypass *v = calloc(never->n + 1, sizeof(*v));

	for (size_t i = 0; v && i < never->n; i++)
		v[i] = (struct datapath_bypass){ .destination = never->v[i], .kind = TIPH_BYPASS_NEVER };
	if (v)
		replace(p, TIPH_BYPASS_NEVER, v, never->n);
	else
		log_error("bypass: out of memory");
	free(v);
}

void parent_bypass_apply(struct parent *p)
{
	char why[WHY_MAX] = "";
	int err = p->ops->bypass_limit(p->dp, p->conf->bypass.limit, why, sizeof(why));

	if (err && err != -EOPNOTSUPP)
		log_error("bypass: %s", *why ? why : strerror(-err));
	apply_static(p);
	apply_never(p);
}

/* --- the worker's requests --- */

static struct prefix host_prefix(const struct addr *addr)
{
	return (struct prefix){ .addr = *addr, .len = addr->family == AF_INET ? 32 : 128 };
}

static bool is_host(const struct addr *addr)
{
	return addr->family == AF_INET || addr->family == AF_INET6;
}

/* All of the prefix, whoever the client and whatever the port. */
static void widen(const struct conf_bypass *bypass, struct datapath_bypass *e, const struct addr *origin)
{
	char text[ENDPOINT_STRLEN];

	e->source = (struct prefix){ .len = 0 };
	e->destination = addr_prefix(origin,
				   origin->family == AF_INET ? bypass->prefix4 : bypass->prefix6);
	e->dport = 0;
	log_warning("the path to %s is asymmetric: its answers to clients' addresses do not come through this host; it is bypassed for %u s",
		    prefix_format(&e->destination, text, sizeof(text)), bypass->ttl / 1000);
}

/* A refusal is no news: the destination is on the never list. */
static int on_trigger(struct parent *p, const struct channel_msg *msg)
{
	const struct conf_bypass *bypass = &p->conf->bypass;
	struct datapath_bypass e = { .kind = TIPH_BYPASS_DYNAMIC, .reason = (uint8_t)msg->a, .ttl = bypass->ttl,
				     .dport = msg->remote.port };
	char why[WHY_MAX] = "";
	int err;

	if (msg->a > TIPH_BYPASS_REASON_MAX || !is_host(&msg->local.addr) || !msg->remote.port ||
	    msg->local.addr.family != msg->remote.addr.family)
		return -EPROTO;
	if (!bypass->enabled || !(bypass->triggers & 1U << msg->a))
		return 0;
	if (bypass->scope != SCOPE_DESTINATION)
		e.source = host_prefix(&msg->local.addr);
	if (bypass->scope != SCOPE_SOURCE)
		e.destination = host_prefix(&msg->remote.addr);
	if (msg->a == TIPH_BYPASS_ASYMMETRIC)
		widen(bypass, &e, &msg->remote.addr);
	err = p->ops->bypass_add(p->dp, &e, 1, why, sizeof(why));
	if (err && err != -EACCES)
		log_warning("bypass: %s", *why ? why : strerror(-err));
	else if (!err)
		p->bypass_dirty = true;
	return 0;
}

static bool take_prefix(const struct addr *addr, uint32_t len, struct prefix *ret)
{
	if (addr->family == AF_UNSPEC)
		return true;
	if (!is_host(addr) || len > (addr->family == AF_INET ? 32 : 128))
		return false;
	*ret = (struct prefix){ .addr = *addr, .len = (uint8_t)len };
	return true;
}

static int change(struct parent *p, const struct channel_msg *msg)
{
	struct datapath_bypass e = { .kind = TIPH_BYPASS_DYNAMIC, .reason = TIPH_BYPASS_MANUAL,
				     .dport = msg->remote.port };
	char why[WHY_MAX] = "";

	e.ttl = msg->b ? msg->b : p->conf->bypass.ttl;
	if (msg->kind == CHANNEL_BYPASS_FLUSH)
		return p->ops->bypass_flush(p->dp, TIPH_BYPASS_DYNAMIC, why, sizeof(why));
	if (!take_prefix(&msg->local.addr, msg->c & 0xff, &e.source) ||
	    !take_prefix(&msg->remote.addr, msg->c >> 8 & 0xff, &e.destination) || e.ttl > TIPH_BYPASS_TTL_MAX ||
	    (!e.source.addr.family && !e.destination.addr.family && !e.dport))
		return -EINVAL;
	return msg->kind == CHANNEL_BYPASS_ADD ? p->ops->bypass_add(p->dp, &e, 1, why, sizeof(why)) :
						 p->ops->bypass_del(p->dp, &e, 1, why, sizeof(why));
}

/* --- lists --- */

struct listing {
	FILE *out;
	uint32_t n;
};

static int list_binary(const struct datapath_bypass *e, void *arg)
{
	struct listing *l = arg;

	l->n++;
	return fwrite(e, sizeof(*e), 1, l->out) == 1 ? 0 : -EIO;
}

static const enum tiph_bypass_kind kinds[] = { TIPH_BYPASS_STATIC, TIPH_BYPASS_DYNAMIC, TIPH_BYPASS_NEVER };

/* A memory file with all entries. */
static int list_all(struct parent *p, uint32_t *n)
{
	int fd = memfd_create("tiphares-bypass", MFD_CLOEXEC), copy, err = 0;
	struct listing l = { 0 };

	copy = fd < 0 ? -1 : dup(fd);
	l.out = copy < 0 ? NULL : fdopen(copy, "w");
	if (!l.out)
		err = -errno;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err; i++)
		err = p->ops->bypass_list(p->dp, kinds[i], list_binary, &l);
	if (l.out && fclose(l.out) && !err)
		err = -EIO;
	else if (!l.out && copy >= 0)
		close(copy);
	if (err && fd >= 0)
		close(fd);
	*n = l.n;
	return err ? err : fd;
}

void parent_answer(struct parent *p, const struct channel_msg *done, int fd)
{
	int err = channel_patient(p->worker.control, done, &fd, fd >= 0);

	if (fd >= 0)
		close(fd);
	if (err)
		parent_worker_condemn(p, "it does not take answers", err);
}

static void answer(struct parent *p, const struct channel_msg *msg, int result, uint32_t n)
{
	struct channel_msg done = { .kind = CHANNEL_BYPASS_DONE, .a = msg->a, .c = n };

	done.b = result < 0 ? (uint32_t)-result : 0;
	parent_answer(p, &done, msg->kind == CHANNEL_BYPASS_LIST && result >= 0 ? result : -1);
}

int parent_bypass_serve(struct parent *p, const struct channel_msg *msg)
{
	uint32_t n = 0;
	int result;

	if (p->lost)
		return 0;
	if (msg->kind == CHANNEL_BYPASS)
		return on_trigger(p, msg);
	result = msg->kind == CHANNEL_BYPASS_LIST ? list_all(p, &n) : change(p, msg);
	if (msg->kind != CHANNEL_BYPASS_LIST && !result)
		p->bypass_dirty = true;
	answer(p, msg, result, n);
	return 0;
}

/* --- the snapshot: one entry a line, with the second of the epoch at which it ends --- */

static int list_text(const struct datapath_bypass *e, void *arg)
{
	struct listing *l = arg;

	bypass_text_write(e, (uint64_t)time(NULL), l->out);
	return ferror(l->out) ? -EIO : 0;
}

static int write_snapshot(struct parent *p, const char *path)
{
	char fresh[PATH_MAX];
	struct listing l;
	int err, fd;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	l.out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!l.out)
		return -errno;
	err = p->ops->bypass_list(p->dp, TIPH_BYPASS_DYNAMIC, list_text, &l);
	if (!err && (fflush(l.out) || fsync(fd)))
		err = -errno;
	fclose(l.out);
	if (!err && rename(fresh, path))
		err = -errno;
	if (err)
		unlink(fresh);
	return err;
}

void parent_bypass_save(struct parent *p, bool now)
{
	const char *path = p->conf->bypass.snapshot;
	int err;

	if (!path || !p->bypass_dirty || p->lost || (!now && parent_now() < p->bypass_save_at))
		return;
	p->bypass_save_at = parent_now() + SAVE_MS;
	err = write_snapshot(p, path);
	if (err)
		log_error("bypass snapshot %s: %s", path, strerror(-err));
	p->bypass_dirty = err;
}

void parent_bypass_restore(struct parent *p)
{
	const char *path = p->conf->bypass.snapshot;
	FILE *in = path ? fopen(path, "re") : NULL;
	struct datapath_bypass e;
	char line[256], why[WHY_MAX];
	unsigned int n = 0;

	while (in && fgets(line, sizeof(line), in))
		if (!bypass_text_read(line, (uint64_t)time(NULL), &e) &&
		    !p->ops->bypass_add(p->dp, &e, 1, why, sizeof(why)))
			n++;
	if (in) {
		fclose(in);
		log_info("bypass: %u entries of the snapshot are in force again", n);
	} else if (path && errno != ENOENT) {
		log_error("bypass snapshot %s: %s", path, strerror(errno));
	}
}
