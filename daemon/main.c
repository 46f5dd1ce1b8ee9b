// SPDX-License-Identifier: GPL-2.0-only
/* tipharesd: options, the first configuration, the choice of the datapath. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_keys.h"
#include "conf_print.h"
#include "datapath.h"
#include "parent.h"
#include "privs.h"
#include "version.h"

#define DEFAULT_CONF "/etc/tiphares/tiphares.yaml"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
	const char *path;
	const char *datapath;
	const char *admin;
	bool check;
	bool foreground;
	bool takeover;
};

static void print_help(FILE *out)
{
	fputs("usage: tipharesd [-c FILE] [--check] [--foreground] [--datapath auto|kmod|nft] [--admin PATH]\n"
	      "                 [--takeover]\n"
	      "  -c, --config FILE    configuration, default " DEFAULT_CONF "\n"
	      "      --check          check it, print the ports and rules that it means, and exit\n"
	      "      --foreground     stay in the foreground and log to standard error\n"
	      "      --datapath NAME  instead of the key datapath: auto, kmod or nft\n"
	      "      --admin PATH     instead of the key admin.socket\n"
	      "      --takeover       replace the daemon that runs here: it gives its listeners away and drains\n"
	      "      --dump-keys      print the table of configuration keys and exit\n"
	      "      --version        print the version and exit\n"
	      "      --help           print this and exit\n"
	      "exit status: 0 done, 1 failure at run time, 2 bad usage or configuration\n", out);
}

enum { OPT_CHECK = 256, OPT_FOREGROUND, OPT_DATAPATH, OPT_ADMIN, OPT_TAKEOVER, OPT_DUMP_KEYS, OPT_VERSION, OPT_HELP };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "foreground", no_argument, NULL, OPT_FOREGROUND },
	{ "datapath", required_argument, NULL, OPT_DATAPATH },
	{ "admin", required_argument, NULL, OPT_ADMIN },
	{ "takeover", no_argument, NULL, OPT_TAKEOVER },
	{ "dump-keys", no_argument, NULL, OPT_DUMP_KEYS },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int bad_usage(const char *what, const char *arg)
{
	fprintf(stderr, "tipharesd: %s%s%s%s\n", what, arg ? " \"" : "", arg ? arg : "", arg ? "\"" : "");
	print_help(stderr);
	return EXIT_USAGE;
}

/* Return: -1 to go on, else the exit status. */
static int parse_option(int c, struct options *o)
{
	switch (c) {
	case 'c':
		o->path = optarg;
		return -1;
	case OPT_CHECK:
		o->check = true;
		return -1;
	case OPT_FOREGROUND:
		o->foreground = true;
		return -1;
	case OPT_DATAPATH:
		o->datapath = optarg;
		return -1;
	case OPT_ADMIN:
		o->admin = optarg;
		return -1;
	case OPT_TAKEOVER:
		o->takeover = true;
		return -1;
	case OPT_DUMP_KEYS:
		conf_keys_dump(stdout);
		return EXIT_OK;
	case OPT_VERSION:
		puts("tipharesd " TIPHARES_VERSION);
		return EXIT_OK;
	case OPT_HELP:
		print_help(stdout);
		return EXIT_OK;
	default:
		print_help(stderr);
		return EXIT_USAGE;
	}
}

static int parse_options(int argc, char **argv, struct options *o)
{
	int c, status;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		status = parse_option(c, o);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return bad_usage("unexpected argument", argv[optind]);
	if (o->datapath && strcmp(o->datapath, "auto") && strcmp(o->datapath, "kmod") &&
	    strcmp(o->datapath, "nft"))
		return bad_usage("--datapath is auto, kmod or nft, not", o->datapath);
	if (o->admin && o->admin[0] != '/')
		return bad_usage("--admin needs an absolute path, not", o->admin);
	return -1;
}

static enum conf_datapath wanted_datapath(const struct options *o, const struct conf *conf)
{
	if (!o->datapath)
		return conf->datapath;
	return !strcmp(o->datapath, "kmod") ? DATAPATH_KMOD :
	       !strcmp(o->datapath, "nft") ? DATAPATH_NFT : DATAPATH_AUTO;
}

/*
 * The backend to use; @why tells in one sentence why. What was asked for by
 * name is never replaced: then @why tells what is missing.
 */
static const struct datapath_ops *choose_datapath(enum conf_datapath wanted, char *why, size_t size)
{
	char kmod[160], nft[160];

	if (wanted == DATAPATH_KMOD || wanted == DATAPATH_NFT) {
		const struct datapath_ops *ops =
			wanted == DATAPATH_KMOD ? &datapath_kmod_ops : &datapath_nft_ops;

		if (ops->probe(why, size))
			return NULL;
		snprintf(why, size, "asked for");
		return ops;
	}
	if (!datapath_kmod_ops.probe(kmod, sizeof(kmod))) {
		snprintf(why, size, "the module is there");
		return &datapath_kmod_ops;
	}
	if (!datapath_nft_ops.probe(nft, sizeof(nft))) {
		snprintf(why, size, "no module: %s", kmod);
		return &datapath_nft_ops;
	}
	snprintf(why, size, "no module: %s; no nft: %s", kmod, nft);
	return NULL;
}

static int start(const struct options *o, struct conf *conf, char *const *argv)
{
	struct parent_args args = {
		.path = o->path, .conf = conf, .admin = o->admin, .foreground = o->foreground,
		.takeover = o->takeover, .argv = argv,
	};
	char why[360] = "", refusal[256] = "";

	if (!privs_suffice()) {
		fputs("tipharesd: needs CAP_NET_ADMIN: start it as root\n", stderr);
		conf_put(conf);
		return EXIT_FAILED;
	}
	args.ops = choose_datapath(wanted_datapath(o, conf), why, sizeof(why));
	if (!args.ops) {
		fprintf(stderr, "tipharesd: no datapath: %s\n", why);
		conf_put(conf);
		return EXIT_FAILED;
	}
	if (args.ops->check(conf, refusal, sizeof(refusal))) {
		fprintf(stderr, "tipharesd: datapath %s: %s\n", args.ops->name, refusal);
		conf_put(conf);
		return EXIT_USAGE;
	}
	args.why = why;
	return parent_run(&args);
}

int main(int argc, char **argv)
{
	struct options o = { .path = DEFAULT_CONF };
	struct conf_errors errors;
	struct conf *conf;
	int status = parse_options(argc, argv, &o), err;

	if (status >= 0)
		return status;
	/* said, so that libc doesn't look again where a worker can't */
	setenv("TZ", ":/etc/localtime", 0);
	err = conf_load_file(o.path, &conf, &errors);
	if (err) {
		conf_print_errors(stderr, o.path, &errors, err);
		conf_errors_free(&errors);
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	if (!o.check)
		return start(&o, conf, argv);
	conf_print_ports(stdout, conf);
	conf_print_rules(stdout, conf);
	conf_put(conf);
	return EXIT_OK;
}
