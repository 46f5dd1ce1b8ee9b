// SPDX-License-Identifier: GPL-2.0-only
/*
 * The admin API's server: routes, rights and the life of libmicrohttpd.
 *
 * Each listener has a thread of libmicrohttpd's own; requests are small, their
 * bodies are not wanted and thrown away.
 */
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin_internal.h"

#define CLIENTS_MAX 64U
#define TIMEOUT_S 30U
#define CLIENT_MEMORY ((size_t)32768)
#define BODY_MAX 65536

/* A body that will be sent: text that malloc() made, or NULL when that failed. @policy: of the page, or "" */
struct answer {
	unsigned int status;
	const char *type;
	char policy[256];
	char *text;
	size_t len;
};

/**
 * struct route - what may be asked for
 * @json: makes the answer of a GET
 * @asked: the same, of one that has arguments
 * @text: the same, of one that is not JSON
 * @type: what that is
 * @kind: what a POST asks of the parent
 * @public: also on the TCP listener
 * @page: only there, and only where admin.page is on
 */
struct route {
	const char *path;
	const char *method;
	json_t *(*json)(struct admin *a);
	json_t *(*asked)(struct admin *a, struct MHD_Connection *c, const char **why);
	char *(*text)(struct admin *a, size_t *len);
	const char *type;
	enum channel_kind kind;
	bool public;
	bool page;
};

static const struct route routes[] = {
	{ "/v1/status", "GET", .json = admin_status },
	{ "/v1/ports", "GET", .json = admin_ports },
	{ "/v1/stats", "GET", .json = admin_stats },
	{ "/v1/flows", "GET", .json = admin_flows },
	{ "/v1/rules", "GET", .json = admin_rules },
	{ "/v1/recent", "GET", .asked = admin_recent },
	{ "/v1/explain", "GET", .asked = admin_explain },
	{ "/v1/reload", "POST", .kind = CHANNEL_RELOAD },
	{ "/v1/drain", "POST", .kind = CHANNEL_DRAIN_REQUEST },
	{ "/v1/upgrade", "POST", .kind = CHANNEL_UPGRADE },
	{ "/v1/log-level", "GET", .json = admin_log_level },
	{ "/v1/log-level/set", "POST", .kind = CHANNEL_LOG_LEVEL },
	{ "/v1/bypass", "GET", .json = admin_bypass },
	{ "/v1/bypass/add", "POST", .kind = CHANNEL_BYPASS_ADD },
	{ "/v1/bypass/del", "POST", .kind = CHANNEL_BYPASS_DEL },
	{ "/v1/bypass/flush", "POST", .kind = CHANNEL_BYPASS_FLUSH },
	{ "/metrics", "GET", .text = admin_metrics, .type = "text/plain; version=0.0.4; charset=utf-8", .public = true },
	{ "/events", "GET", .text = admin_event, .type = "text/event-stream", .page = true },
	{ "/", "GET", .type = "text/html; charset=utf-8", .page = true },
};

static void answer_json(struct answer *ret, unsigned int status, json_t *value)
{
	ret->status = status;
	ret->type = "application/json";
	ret->text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	ret->len = ret->text ? strlen(ret->text) : 0;
	json_decref(value);
}

static void answer_error(struct answer *ret, unsigned int status, const char *sentence)
{
	answer_json(ret, status, json_pack("{s:s}", "error", sentence));
}

/* Root, or the user that we run as. */
static bool may_change(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	return !peer.uid || peer.uid == geteuid();
}

static void answer_change(struct admin *a, struct MHD_Connection *c, enum channel_kind kind,
			  struct answer *ret)
{
	bool bypass = kind >= CHANNEL_BYPASS_ADD && kind <= CHANNEL_BYPASS_FLUSH, level = kind == CHANNEL_LOG_LEVEL;
	const char *why = NULL;

	if (!may_change(c)) {
		answer_error(ret, MHD_HTTP_FORBIDDEN, "only root and the daemon's user may do this");
		return;
	}
	if (bypass || level)
		why = level ? admin_log_change(a, c) : admin_bypass_change(a, c, kind);
	if (why)
		answer_error(ret, MHD_HTTP_BAD_REQUEST, why);
	else if (bypass || level)
		answer_json(ret, MHD_HTTP_OK, json_pack("{s:b}", "done", 1));
	else if (a->ops->request(a->arg, kind))
		answer_error(ret, MHD_HTTP_SERVICE_UNAVAILABLE, "the parent process can't be asked now");
	else
		answer_json(ret, MHD_HTTP_ACCEPTED, json_pack("{s:b}", "accepted", 1));
}

static void answer_asked(struct admin *a, struct MHD_Connection *c, const struct route *r,
			 struct answer *ret)
{
	const char *why = NULL;
	json_t *value = r->asked(a, c, &why);

	if (why)
		answer_error(ret, MHD_HTTP_BAD_REQUEST, why);
	else
		answer_json(ret, MHD_HTTP_OK, value);
}

static void answer_route(struct admin *a, struct MHD_Connection *c, const struct route *r,
			 struct answer *ret)
{
	pthread_mutex_lock(&a->lock);
	if (r->kind) {
		answer_change(a, c, r->kind, ret);
	} else if (r->json) {
		answer_json(ret, MHD_HTTP_OK, r->json(a));
	} else if (r->asked) {
		answer_asked(a, c, r, ret);
	} else {
		ret->status = MHD_HTTP_OK;
		ret->type = r->type;
		ret->text = r->text ? r->text(a, &ret->len) : admin_page(&ret->len, ret->policy, sizeof(ret->policy));
	}
	pthread_mutex_unlock(&a->lock);
}

static bool method_fits(const struct route *r, const char *method)
{
	return !strcmp(method, r->method) || (!strcmp(method, "HEAD") && !strcmp(r->method, "GET"));
}

static bool has_page(const struct admin *a)
{
	struct conf *conf = a->ops->conf(a->arg);
	bool page = conf && conf->admin.page;

	conf_put(conf);
	return page;
}

/* Return: the route, or NULL with the refusal in @ret. */
static const struct route *find_route(struct admin *a, const char *path, const char *method, bool tcp,
				      struct answer *ret)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct route *r = &routes[i];

		if (strcmp(path, r->path) || (r->page ? !tcp || !has_page(a) : tcp && !r->public))
			continue;
		if (method_fits(r, method))
			return r;
		answer_error(ret, MHD_HTTP_METHOD_NOT_ALLOWED,
			     *r->method == 'G' ? "only GET is possible here" : "only POST is possible here");
		return NULL;
	}
	answer_error(ret, MHD_HTTP_NOT_FOUND, "there is nothing of this name");
	return NULL;
}

static enum MHD_Result send_answer(struct MHD_Connection *c, struct answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result sent;

	if (!answer->text)
		return MHD_NO;
	response = MHD_create_response_from_buffer(answer->len, answer->text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(answer->text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (*answer->policy)
		MHD_add_response_header(response, "Content-Security-Policy", answer->policy);
	if (*answer->policy)
		MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					strstr(answer->text, "POST") ? "POST" : "GET, HEAD");
	sent = MHD_queue_response(c, answer->status, response);
	MHD_destroy_response(response);
	return sent;
}

/*
 * Called first with the head, then with each piece of the body, at last without
 * one: only then it is answered. @state counts the body's octets, from 1.
 */
static enum MHD_Result serve(struct admin *a, bool tcp, struct MHD_Connection *c, const char *path,
			     const char *method, size_t *body, void **state)
{
	struct answer answer = { 0 };
	const struct route *r;
	size_t seen = (size_t)*state;

	if (!seen || *body) {
		seen += seen ? *body : 1;
		*body = 0;
		*state = (void *)seen;
		return seen > BODY_MAX ? MHD_NO : MHD_YES;
	}
	r = find_route(a, path, method, tcp, &answer);
	if (r && r->page && !admin_page_allowed(c))
		answer_error(&answer, MHD_HTTP_FORBIDDEN, "this is asked for by an address, or as localhost");
	else if (r)
		answer_route(a, c, r, &answer);
	return send_answer(c, &answer);
}

static enum MHD_Result serve_unix(void *arg, struct MHD_Connection *c, const char *path, const char *method,
				  const char *version, const char *data, size_t *body, void **state)
{
	return serve(arg, false, c, path, method, body, state);
}

static enum MHD_Result serve_tcp(void *arg, struct MHD_Connection *c, const char *path, const char *method,
				 const char *version, const char *data, size_t *body, void **state)
{
	return serve(arg, true, c, path, method, body, state);
}

/* Signals are the main thread's. */
static struct MHD_Daemon *start_server(struct admin *a, int fd, MHD_AccessHandlerCallback handler)
{
	struct MHD_Daemon *server;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	server = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handler, a,
				  MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CLIENTS_MAX,
				  MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, CLIENT_MEMORY, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return server;
}

/* The parent listens on the same socket for the next worker: it is closed, never shut down. */
static void stop_server(struct MHD_Daemon *server)
{
	MHD_socket fd;

	if (!server)
		return;
	fd = MHD_quiesce_daemon(server);
	MHD_stop_daemon(server);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

static int start_servers(struct admin *a, int admin_fd, int metrics_fd)
{
	if (admin_fd >= 0) {
		a->unix_server = start_server(a, admin_fd, serve_unix);
		if (!a->unix_server) {
			close(admin_fd);
			if (metrics_fd >= 0)
				close(metrics_fd);
			return -EIO;
		}
	}
	if (metrics_fd < 0)
		return 0;
	a->tcp_server = start_server(a, metrics_fd, serve_tcp);
	if (a->tcp_server)
		return 0;
	close(metrics_fd);
	return -EIO;
}

int admin_start(int admin_fd, int metrics_fd, unsigned int threads, const struct shm_page *shm,
		const struct admin_ops *ops, void *arg, struct admin **ret)
{
	struct admin *a = calloc(1, sizeof(*a));
	int err;

	if (!a) {
		if (admin_fd >= 0)
			close(admin_fd);
		if (metrics_fd >= 0)
			close(metrics_fd);
		return -ENOMEM;
	}
	a->threads = threads;
	a->shm = shm;
	a->ops = ops;
	a->arg = arg;
	pthread_mutex_init(&a->lock, NULL);
	err = start_servers(a, admin_fd, metrics_fd);
	if (err)
		admin_stop(a);
	else
		*ret = a;
	return err;
}

void admin_stop(struct admin *a)
{
	if (!a)
		return;
	stop_server(a->unix_server);
	stop_server(a->tcp_server);
	pthread_mutex_destroy(&a->lock);
	json_decref(a->bypass);
	free(a);
}
