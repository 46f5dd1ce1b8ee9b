/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second opinion: what llhttp, built strict, makes of a message.
 *
 * Its results go into the same struct whatever it thinks, so that tests compare
 * them with ours octet by octet.
 */
#ifndef TIPHARES_ORACLE_H
#define TIPHARES_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http1.h"

#define ORACLE_TEXT 65536

/**
 * struct oracle - llhttp's view
 * @ok: it accepted the head (and the body, where one was fed)
 * @complete: it saw the end of the message
 * @text: "METHOD target\n" or "STATUS\n", then "name: value\n" of each field
 * @value: where the last value begins in @text
 * @body: content it decoded
 */
struct oracle {
	bool ok;
	bool complete;
	bool chunked;
	bool has_length;
	bool upgrade;
	bool keep_alive;
	uint64_t content_length;
	size_t text_len;
	size_t value;
	size_t body_len;
	const char *error;
	char text[ORACLE_TEXT];
	char body[ORACLE_TEXT];
};

void oracle_request(struct oracle *ret, const char *buf, size_t len);
void oracle_response(struct oracle *ret, const char *buf, size_t len);

/*
 * Does llhttp take the head that we took for the same message? It gets the
 * octets as they came, but for what we decided otherwise than it does
 * (docs/http-decisions.md): unknown methods, minor versions above 1, HTAB
 * behind a framing field's value, empty elements of Transfer-Encoding, and of
 * responses blanks before a colon and a repeated equal Content-Length.
 * Return: NULL, or what differs.
 */
const char *oracle_compare(const struct http_head *head, const char *buf);

#endif /* TIPHARES_ORACLE_H */
