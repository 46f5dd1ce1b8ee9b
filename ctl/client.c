// SPDX-License-Identifier: GPL-2.0-only
/* The admin interface, seen from the client: one HTTP request over the unix socket. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* A daemon that answers more than this is broken. */
#define ANSWER_MAX (256UL << 20)

struct answer {
	char *text;
	size_t len;
};

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;
	char *text;

	if (a->len + n > ANSWER_MAX)
		return 0;
	text = realloc(a->text, a->len + n + 1);
	if (!text)
		return 0;
	a->text = text;
	memcpy(a->text + a->len, data, n);
	a->len += n;
	a->text[a->len] = '\0';
	return n * size;
}

static json_t *parse(const struct answer *a)
{
	json_error_t error;
	json_t *value = json_loads(a->text ? a->text : "", 0, &error);

	if (!value)
		fprintf(stderr, "tipharesctl: the daemon's answer is not JSON: %s\n", error.text);
	return value;
}

static json_t *judge(long status, json_t *value)
{
	if (!value || (status >= 200 && status < 300))
		return value;
	fprintf(stderr, "tipharesctl: %s\n",
		*ctl_string(value, "error") ? ctl_string(value, "error") : "the daemon refused");
	json_decref(value);
	return NULL;
}

/* libcurl speaks of a host and a port; what failed is the path. */
static void report(const struct ctl *ctl, CURL *curl, CURLcode code, const char *error)
{
	long os_errno = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
	fprintf(stderr, "tipharesctl: no answer from the daemon on %s: %s\n", ctl->socket,
		code == CURLE_COULDNT_CONNECT && os_errno ? strerror((int)os_errno) : error);
	if (os_errno == ENOENT)
		fprintf(stderr, "tipharesctl: is tipharesd running? --admin PATH names another socket\n");
}

json_t *ctl_request(const struct ctl *ctl, const char *method, const char *path)
{
	struct answer answer = { NULL, 0 };
	char url[256], error[CURL_ERROR_SIZE] = "";
	json_t *value = NULL;
	CURL *curl = curl_easy_init();
	long status = 0;
	CURLcode code;

	if (!curl)
		return NULL;
	snprintf(url, sizeof(url), "http://localhost%s", path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK) {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		value = judge(status, parse(&answer));
	} else {
		report(ctl, curl, code, error);
	}
	free(answer.text);
	curl_easy_cleanup(curl);
	return value;
}
