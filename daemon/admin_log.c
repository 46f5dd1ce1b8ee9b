// SPDX-License-Identifier: GPL-2.0-only
/* The level of the daemon's own log in the admin API: of the parent and of the worker, until the next reload. */
#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "admin_internal.h"
#include "conf_keys.h"
#include "log.h"

static const struct conf_choice *levels(void)
{
	return conf_keys[conf_key_find("log.level")].choices;
}

json_t *admin_log_level(struct admin *a)
{
	const struct conf_choice *c = levels();

	while (c[1].word && (int)c->value != log_level())
		c++;
	return json_pack("{s:s}", "level", c->word);
}

const char *admin_log_change(struct admin *a, struct MHD_Connection *c)
{
	const char *word = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "level");
	struct channel_msg msg = { .kind = CHANNEL_LOG_LEVEL };
	const struct conf_choice *choice = levels();
	uint32_t n;
	int fd = -1;

	while (word && choice->word && strcmp(choice->word, word))
		choice++;
	if (!word || !choice->word)
		return "level is error, warning, info or debug";
	msg.b = (uint32_t)choice->value;
	if (a->ops->ask(a->arg, &msg, &fd, &n))
		return "the parent process does not answer";
	log_set_level((int)choice->value);
	return NULL;
}
