/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steps of loading a configuration share; for conf*.c only. */
#ifndef TIPHARES_CONF_LOAD_H
#define TIPHARES_CONF_LOAD_H

#include <stdbool.h>

#include "conf.h"
#include "conf_keys.h"

/* Where something stands in the file, from 1; @line 0: it does not. */
struct conf_pos {
	unsigned int line;
	unsigned int column;
};

/**
 * struct conf_seen - which keys of one mapping were given, and where
 * @at: the mapping itself
 * @key: position of each key's value
 * @bad: its value was refused: what follows from it is not checked
 */
struct conf_seen {
	struct conf_pos at;
	struct conf_pos key[CONF_KEYS_MAX];
	bool bad[CONF_KEYS_MAX];
};

/*
 * The file's positions beside the configuration that was read from it. @written:
 * it is none, conf_write() made it.
 */
struct conf_source {
	bool written;
	struct conf_seen top;
	struct conf_seen *ports;	/* as many as conf->ports */
	struct conf_seen *routes;	/* as many as conf->routes */
	struct conf_seen *rules;	/* as many as conf->rules */
};

/* Errors are kept in the order of the file. Return: 0 or -ENOMEM. */
int conf_errors_add(struct conf_errors *errors, struct conf_pos pos, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fill in what follows from the values given: names, addresses, positions. */
void conf_complete(struct conf *conf, const struct conf_source *source);
/* Report what no value alone shows to be wrong. Return: 0 or -ENOMEM. */
int conf_check(const struct conf *conf, const struct conf_source *source, struct conf_errors *errors);

#endif /* TIPHARES_CONF_LOAD_H */
