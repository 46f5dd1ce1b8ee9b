// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configurations: whatever is in a file, it is taken or every error has a place and
 * a text of one line; what is taken is written as text that means the same.
 */
#include "../../daemon/conf.h"
#include "../../daemon/conf_write.h"
#include "fuzz.h"

static char *write_conf(const struct conf *conf, size_t *len)
{
	char *text = NULL;

	must(!conf_write(conf, conf->ports, conf->n_ports, &text, len), "not written");
	return text;
}

static void write_again(const struct conf *conf)
{
	struct conf_errors errors = { 0 };
	struct conf *copy = NULL;
	size_t n, m;
	char *a = write_conf(conf, &n), *b;
	int err = conf_load_written("written", a, n, &copy, &errors);

	must(!err, "what was written is refused: %s\n%.*s", errors.n ? errors.v[0].text : "?", (int)n, a);
	b = write_conf(copy, &m);
	must(n == m && !memcmp(a, b, n), "written otherwise:\n%.*s\n%.*s", (int)n, a, (int)m, b);
	free(a);
	free(b);
	conf_put(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_errors errors = { 0 };
	struct conf *conf = NULL;
	char *text = exactly(data, size);
	int err = conf_load_buffer("fuzz", text, size, &conf, &errors);

	free(text);
	if (err) {
		must(errors.n, "refused without a word");
		for (size_t i = 0; i < errors.n; i++)
			must(errors.v[i].line && errors.v[i].column && *errors.v[i].text && !strchr(errors.v[i].text, '\n'),
			     "%u:%u: %s", errors.v[i].line, errors.v[i].column, errors.v[i].text);
		conf_errors_free(&errors);
		return 0;
	}
	must(!errors.n, "taken with errors");
	write_again(conf);
	conf_put(conf);
	return 0;
}
