// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a configuration comes into force:
 *
 *	parse, check		a mistake changes nothing
 *	bind the listeners	nor does an address that is taken
 *	apply to the datapath	atomically
 *	mark the listeners	undone by applying the previous configuration
 *	hand over, commit	the worker swaps
 *	the worker answers	only now the previous one is forgotten
 *
 * A port that stays where it was keeps its listeners, so that no connection in
 * their queues is lost.
 *
 * Ports that somebody changed in the datapath take the same way without
 * "apply": they are made a configuration by putting them in the place of the
 * ports of the one in force, and the worker gets it as YAML like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_write.h"
#include "log.h"
#include "parent_internal.h"
#include "sdnotify.h"
#include "sysnames.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_MAX 65536

/* Room for what the datapath says about its ports; the parent has one thread. */
static struct conf_port table[TIPH_PORTS_MAX];

/* The numbers by which the datapath knows the ports of @conf, by index. */
static void read_ids(struct parent *p, const struct conf *conf, uint32_t *ret)
{
	int n = p->ops->ports(p->dp, table, TIPH_PORTS_MAX);

	memset(ret, 0, TIPH_PORTS_MAX * sizeof(*ret));
	for (int i = 0; i < n; i++) {
		const struct conf_port *port = conf_port_by_name(conf, table[i].name);

		if (port)
			ret[port->index] = table[i].id;
	}
}

static bool same_listeners(const struct conf_port *a, const struct conf_port *b)
{
	if ((a->mode ^ b->mode) & TIPH_INBOUND || a->n_listen != b->n_listen)
		return false;
	for (size_t i = 0; i < a->n_listen; i++)
		if (!endpoint_equal(&a->listen[i], &b->listen[i]))
			return false;
	return true;
}

/* The port in force whose listeners are what @port wants: itself, or one that goes and is replaced by it. */
static const struct conf_port *predecessor(const struct conf *old, const struct conf *conf, const struct conf_port *port)
{
	const struct conf_port *before = conf_port_at(old, &port->listen[0]);

	if (!before || !same_listeners(before, port))
		return NULL;
	return !strcmp(before->name, port->name) || !conf_port_by_name(conf, before->name) ? before : NULL;
}

/*
 * A listener bears its port's number. A port that stays in a commit keeps it, and
 * leaves it to one that replaces it; one that somebody removed and added again has
 * another now.
 */
static void choose_kept(struct parent *p, const struct conf *conf, bool *kept)
{
	uint32_t ids[TIPH_PORTS_MAX];

	read_ids(p, p->conf, ids);
	for (size_t i = 0; p->has_listeners && i < conf->n_ports; i++) {
		const struct conf_port *old = predecessor(p->conf, conf, &conf->ports[i]);

		kept[i] = old && ids[old->index] == p->ids[old->index];
	}
}

/* Everything up to the hand-over. On failure what was in force still is. */
static int prepare(struct parent *p, const struct conf *conf, bool apply, struct port_sockets *set,
		   char *why)
{
	char ignored[WHY_MAX];
	int err = port_sockets_bind(conf, p->env.threads, set, why, WHY_MAX);

	if (err)
		return err;
	port_sockets_start_early(set, conf, p->ops, p->dp);
	if (apply)
		err = p->ops->apply(p->dp, conf, why, WHY_MAX);
	if (err) {
		port_sockets_close(set);
		return err;
	}
	err = port_sockets_start(set, conf, p->ops, p->dp, why, WHY_MAX);
	if (!err)
		return 0;
	port_sockets_close(set);
	if (apply && p->conf != conf && p->ops->apply(p->dp, p->conf, ignored, WHY_MAX))
		log_error("the previous ports could not be restored: %s", ignored);
	return err;
}

void parent_reopen_log(struct parent *p)
{
	int err = p->worker.pid ? worker_proc_log(&p->worker, p->conf) : 0;

	if (err)
		parent_worker_condemn(p, "it does not take its access log", err);
}

/* A worker that can't be told is replaced; the next one gets p->conf. */
static void hand_over(struct parent *p, struct port_sockets *set)
{
	int err = worker_proc_configure(&p->worker, p->conf, set);

	port_sockets_close(set);
	if (err) {
		parent_worker_condemn(p, "it does not take its configuration", err);
		return;
	}
	p->awaiting = true;
	p->has_listeners = true;
}

/* @conf is consumed on success. Return: 0 or a negative errno with @why. */
static int install(struct parent *p, struct conf *conf, bool apply, char *why)
{
	struct port_sockets set = { 0 };
	int err;

	choose_kept(p, conf, set.kept);
	err = prepare(p, conf, apply, &set, why);
	if (err)
		return err;
	p->previous = p->conf;
	p->conf = conf;
	read_ids(p, conf, p->ids);
	parent_bypass_apply(p);
	log_set_level((int)conf->log.level);
	if (p->worker.pid) {
		hand_over(p, &set);
		return 0;
	}
	port_sockets_close(&set);	/* the next worker gets its own */
	conf_put(p->previous);
	p->previous = NULL;
	return 0;
}

/* Octets of a small file; 0 where it can't be read. */
static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size);

	if (fd >= 0)
		close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* "system" becomes what resolv.conf says: the worker can't read it. */
static int complete(struct conf *conf)
{
	static char text[RESOLV_CONF_MAX];
	struct endpoint *v;

	if (conf->n_resolver_servers)
		return 0;
	v = calloc(SYSNAMES_SERVERS_MAX, sizeof(*v));
	if (!v)
		return -ENOMEM;
	conf->resolver_servers = v;
	conf->n_resolver_servers = sysnames_servers(text, read_file(RESOLV_CONF, text, sizeof(text)), v);
	return 0;
}

int parent_conf_first(struct parent *p)
{
	struct port_sockets set = { .given = &p->inherited };
	char why[WHY_MAX] = "";
	int err = complete(p->conf);

	if (!err)
		err = prepare(p, p->conf, true, &set, why);
	if (err) {
		log_error("%s", *why ? why : strerror(-err));
		return err;
	}
	read_ids(p, p->conf, p->ids);
	parent_bypass_apply(p);
	parent_bypass_restore(p);
	hand_over(p, &set);
	return 0;
}

void parent_conf_again(struct parent *p)
{
	struct port_sockets set = { 0 };
	char why[WHY_MAX] = "";

	if (prepare(p, p->conf, false, &set, why))
		parent_worker_condemn(p, why, 0);
	else
		hand_over(p, &set);
}

/* Ports that it removed and we add again need listeners anew: that is a commit as any other. */
void parent_conf_retake(struct parent *p)
{
	char why[WHY_MAX] = "";
	int err;

	p->lost = false;
	err = install(p, conf_get(p->conf), true, why);
	if (!err)
		return;
	log_error("the ports could not be taken back: %s", *why ? why : strerror(-err));
	conf_put(p->conf);
	p->lost = true;
	parent_drain(p);
}

static void count(struct parent *p, uint64_t *counter)
{
	shm_write_begin(p->env.shm);
	++*counter;
	shm_write_end(p->env.shm);
}

static void log_errors(const struct conf *conf, const struct conf_errors *errors, int err)
{
	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];

		if (e->line)
			log_error("%s:%u:%u: %s", conf->path, e->line, e->column, e->text);
		else
			log_error("%s: %s", conf->path, e->text);
	}
	if (!errors->n)
		log_error("%s: %s", conf->path, strerror(-err));
}

static bool differ(const char *a, const char *b)
{
	return (!a != !b) || (a && strcmp(a, b));
}

/* What is fixed for the life of the process. */
static void warn_fixed(const struct conf *old, const struct conf *conf)
{
	static const char need[] = "changed, which takes effect after a restart only";

	if (old->datapath != conf->datapath)
		log_warning("datapath %s", need);
	if (old->workers != conf->workers)
		log_warning("workers %s", need);
	if (differ(old->user, conf->user))
		log_warning("user %s", need);
	if (differ(old->admin.socket, conf->admin.socket) ||
	    !endpoint_equal(&old->admin.metrics, &conf->admin.metrics))
		log_warning("admin %s", need);
	if (memcmp(&old->nft, &conf->nft, sizeof(old->nft)))
		log_warning("nft %s", need);
}

static int load_and_install(struct parent *p)
{
	struct conf_errors errors = { 0 };
	char why[WHY_MAX] = "";
	struct conf *conf = NULL;
	int err = conf_load_file(p->args->path, &conf, &errors);

	if (err) {
		log_errors(p->conf, &errors, err);
		conf_errors_free(&errors);
		return err;
	}
	warn_fixed(p->conf, conf);
	err = p->ops->check(conf, why, sizeof(why));
	if (!err)
		err = complete(conf);
	if (!err)
		err = install(p, conf, true, why);
	if (err) {
		log_error("%s", *why ? why : strerror(-err));
		conf_put(conf);
	}
	return err;
}

void parent_reload(struct parent *p)
{
	if (p->state != SERVING)
		return;
	p->reload_wanted = p->awaiting || p->heir_state > MET;
	if (p->reload_wanted)
		return;
	sdnotify_reloading();
	if (load_and_install(p)) {
		count(p, &p->env.shm->reload_failures);
		log_error("reload refused: the previous configuration stays in force");
	} else if (p->awaiting) {
		p->reloading = true;	/* counted when the worker has answered */
		return;
	} else {
		count(p, &p->env.shm->reloads);
	}
	sdnotify("READY=1");
}

/* What the datapath does not know about a port is taken from the one of that name. */
static void complete_port(const struct conf *conf, struct conf_port *port)
{
	const struct conf_port *old = conf_port_by_name(conf, port->name);

	if (!old)
		return;
	port->protocol = old->protocol;
	port->likeness = old->likeness;
	if (!(port->mode & TIPH_OUTBOUND))
		port->proxy_senders = old->proxy_senders;
	if (old->listen[0].port == port->listen[0].port && !((old->mode ^ port->mode) & TIPH_INBOUND)) {
		memcpy(port->listen, old->listen, sizeof(port->listen));
		port->n_listen = old->n_listen;
	}
}

static bool same_text(const struct conf *a, const struct conf *b)
{
	char *s = NULL, *t = NULL;
	size_t n = 0, m = 0;
	bool same = !conf_write(a, a->ports, a->n_ports, &s, &n) &&
		    !conf_write(b, b->ports, b->n_ports, &t, &m) && n == m && !memcmp(s, t, n);

	free(s);
	free(t);
	return same;
}

/* Positions are those of a text that nobody sees. */
static void log_refused_ports(const struct conf_errors *errors, int err)
{
	for (size_t i = 0; i < errors->n; i++)
		log_error("%s", errors->v[i].text);
	log_error("ports changed by somebody else are not served%s%s", errors->n ? "" : ": ",
		  errors->n ? "" : strerror(-err));
}

void parent_follow_ports(struct parent *p)
{
	uint32_t ids[TIPH_PORTS_MAX];
	struct conf_errors errors = { 0 };
	char why[WHY_MAX] = "";
	struct conf *conf = NULL;
	int n, err;

	p->ports_wanted = p->awaiting || p->state == STARTING || p->heir_state > MET;
	if (p->ports_wanted || p->state != SERVING)
		return;
	n = p->ops->ports(p->dp, table, TIPH_PORTS_MAX);
	if (n < 0) {
		log_error("the datapath's ports can't be read: %s", strerror(-n));
		return;
	}
	for (int i = 0; i < n; i++)
		complete_port(p->conf, &table[i]);
	err = conf_derive(p->conf, table, (size_t)n, &conf, &errors);
	if (err) {
		log_refused_ports(&errors, err);
		conf_errors_free(&errors);
		return;
	}
	read_ids(p, conf, ids);
	if (same_text(conf, p->conf) && !memcmp(ids, p->ids, sizeof(ids))) {
		conf_put(conf);
		return;
	}
	log_info("somebody else changed the ports; there are %zu now", conf->n_ports);
	err = install(p, conf, false, why);
	if (err) {
		log_error("%s", *why ? why : strerror(-err));
		conf_put(conf);
	}
}

/* Ports that went and came again need listeners that bear their new numbers. */
static void go_back(struct parent *p, int error)
{
	char why[WHY_MAX] = "";

	log_error("the worker refuses the configuration: %s; the previous one stays in force",
		  strerror(error));
	if (p->reloading)
		count(p, &p->env.shm->reload_failures);
	p->reloading = false;
	conf_put(p->conf);
	p->conf = p->previous;
	p->previous = NULL;
	if (p->ops->apply(p->dp, p->conf, why, sizeof(why)))
		log_error("the previous ports could not be restored: %s", why);
	read_ids(p, p->conf, p->ids);
	parent_bypass_apply(p);
	parent_conf_again(p);
}

void parent_answered(struct parent *p, int error)
{
	p->awaiting = false;
	if (error && p->previous) {
		go_back(p, error);
		return;
	}
	if (error) {
		parent_worker_condemn(p, "it refuses its configuration", -error);
		return;
	}
	conf_put(p->previous);
	p->previous = NULL;
	shm_write_begin(p->env.shm);
	p->env.shm->generation++;
	p->env.shm->reloads += p->reloading;
	shm_write_end(p->env.shm);
	p->reloading = false;
	log_info("%zu %s in force", p->conf->n_ports, p->conf->n_ports == 1 ? "port is" : "ports are");
	sdnotify("READY=1");
	if (p->reload_wanted)
		parent_reload(p);
	else if (p->ports_wanted)
		parent_follow_ports(p);
}
