// SPDX-License-Identifier: GPL-2.0-only
/* The rules of access in force, and how often each of them decided. */
#include <stdio.h>
#include <stdlib.h>

#include "admin_internal.h"
#include "conf_write.h"

#define SHOWN_MAX 200	/* octets of a rule; a list in it may have a million */

static json_t *rule_object(const struct conf_rule *rule, uint64_t decided)
{
	size_t len = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);
	json_t *ret;

	if (!out)
		return NULL;
	conf_write_rule(rule, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	if (len > SHOWN_MAX)
		sprintf(text + SHOWN_MAX - 3, "...");
	ret = json_pack("{s:i, s:s, s:s, s:I}", "number", (int)rule->index + 1, "name", rule->name, "rule", text,
			"decided", (json_int_t)decided);
	free(text);
	return ret;
}

json_t *admin_rules(struct admin *a)
{
	struct conf *conf = a->ops->conf(a->arg);
	size_t n = conf ? conf->n_rules : 0;
	uint64_t *decided = calloc(n + 1, sizeof(*decided));
	json_t *rules = json_array();

	if (conf && decided)
		a->ops->rules(a->arg, conf, decided);
	for (size_t i = 0; decided && i < n; i++)
		json_array_append_new(rules, rule_object(&conf->rules[i], decided[i]));
	free(decided);
	conf_put(conf);
	return json_pack("{s:o}", "rules", rules);
}
