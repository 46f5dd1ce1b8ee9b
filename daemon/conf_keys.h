/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one table of configuration keys. It drives parsing, writing, the list of
 * keys that --dump-keys prints, and the manual's section made from that.
 */
#ifndef TIPHARES_CONF_KEYS_H
#define TIPHARES_CONF_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * enum conf_kind - what a key's value is
 * @CONF_MAP: a mapping; its keys have this key's path as prefix
 * @CONF_PORTS, @CONF_ROUTES, @CONF_RULES, @CONF_ENTRIES: a list of mappings
 * @CONF_CONDITIONS: "all", or a mapping with the keys of "access.*."
 * @CONF_CHOICE: one of the key's words
 * @CONF_COUNT: a number without unit
 * @CONF_NUMBER: the same, decimal or 0x hexadecimal, written in hexadecimal
 * @CONF_SIZE: octets with a unit (B, KiB, MiB, GiB)
 * @CONF_DURATION: milliseconds, with a unit (ms, s, m, h, d)
 * @CONF_PERCENT: "12.5%", kept in 1/10000
 * @CONF_STRING: text, at least one character
 * @CONF_PATH: an absolute path or one of the key's words
 * @CONF_NAME: a port's name
 * @CONF_LISTEN: PORT, ADDR:PORT or [ADDR6]:PORT
 * @CONF_ENDPOINT: ADDR:PORT or [ADDR6]:PORT
 * @CONF_ENDPOINTS: a list of them
 * @CONF_SERVERS: a list of addresses, with port or without (53)
 * @CONF_TCP_PORTS, @CONF_INTERFACES, @CONF_PREFIXES: lists
 * @CONF_CHOICES: a list of the key's words, kept as bits
 * @CONF_NUMBERS: a list of TCP ports of any length
 * @CONF_HOSTS, @CONF_METHODS, @CONF_PATHS, @CONF_NAMES, @CONF_TOKENS: lists of
 *	words: host names or "*.NAME", methods, paths, port names, protocols
 */
enum conf_kind {
	CONF_MAP,
	CONF_PORTS,
	CONF_ROUTES,
	CONF_RULES,
	CONF_ENTRIES,
	CONF_CONDITIONS,
	CONF_CHOICE,
	CONF_COUNT,
	CONF_NUMBER,
	CONF_SIZE,
	CONF_DURATION,
	CONF_PERCENT,
	CONF_STRING,
	CONF_PATH,
	CONF_NAME,
	CONF_HOST,
	CONF_LISTEN,
	CONF_ENDPOINT,
	CONF_ENDPOINTS,
	CONF_SERVERS,
	CONF_TCP_PORTS,
	CONF_INTERFACES,
	CONF_PREFIXES,
	CONF_CHOICES,
	CONF_NUMBERS,
	CONF_HOSTS,
	CONF_METHODS,
	CONF_PATHS,
	CONF_NAMES,
	CONF_TOKENS,
};

/* Words of a CONF_CHOICE; the first one of a value is the one written. */
struct conf_choice {
	const char *word;
	unsigned int value;
};

/* The key must be given. */
#define CONF_F_REQUIRED	(1U << 0)
/* Another value than the default needs a port whose client side is transparent. */
#define CONF_F_INBOUND	(1U << 1)
/* The same for the server side. */
#define CONF_F_OUTBOUND	(1U << 2)
/* An empty list is a mistake. */
#define CONF_F_FILLED	(1U << 3)

/**
 * struct conf_key - one key
 * @path: with dots, "ports.match.sources"
 * @offset: of the value in struct conf; in struct conf_port for "ports.", in
 *	struct conf_route for "routes.", in struct conf_rule for "access.", in
 *	struct conf_entry for "bypass.static."
 * @size: of a number's or choice's field
 * @flags: CONF_F_
 * @fallback: default as it would be written; NULL: none, or an empty list
 * @none: word for "no value" (0, NULL, AF_UNSPEC, empty list), or NULL
 * @min, @max: of numbers, in the value's own unit; of lists of prefixes and
 *	words: @max entries
 * @choices: of CONF_CHOICE, CONF_CHOICES and CONF_PATH, ended by a NULL word
 * @doc: one line
 */
struct conf_key {
	const char *path;
	enum conf_kind kind;
	size_t offset;
	size_t size;
	unsigned int flags;
	const char *fallback;
	const char *none;
	uint64_t min;
	uint64_t max;
	const struct conf_choice *choices;
	const char *doc;
};

extern const struct conf_key conf_keys[];
#define CONF_KEYS_MAX 128	/* at least as many as there are */
size_t conf_keys_count(void);

/* Is @kind a list? */
int conf_kind_is_list(enum conf_kind kind);
/* Number of the key @path, or -1. */
int conf_key_find(const char *path);
/* Key of @prefix ("" or "http.") that @name (@n octets) is likely meant to be, @max mistakes in it at most; or NULL. */
const struct conf_key *conf_key_suggest(const char *prefix, const char *name, size_t n, unsigned int max);
/* Key with that last part that stands elsewhere, or NULL. */
const struct conf_key *conf_key_elsewhere(const char *name, size_t n);
/* Last part of the path. */
const char *conf_key_name(const struct conf_key *key);
/* Word nearest to @s among @choices, or NULL when none is near. */
const char *conf_choice_suggest(const struct conf_choice *choices, const char *s, size_t n);
/* The keys as a table: path, type, unit, default, bounds, doc; tabs between. */
void conf_keys_dump(FILE *out);

#endif /* TIPHARES_CONF_KEYS_H */
