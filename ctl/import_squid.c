// SPDX-License-Identifier: GPL-2.0-only
/* Squid: "http_port [ADDRESS:]NUMBER [MODE] [OPTION]..." and https_port. */
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define SAY(p, ...) import_say((p)->remarks, sizeof((p)->remarks), __VA_ARGS__)

/* [ADDRESS:]NUMBER; a host name stays a remark. */
static struct import_port *read_place(struct import *im, char *s)
{
	char *colon = strrchr(s, ':');
	struct import_port *p = import_port(im, colon ? colon + 1 : s);

	if (!p || !colon)
		return p;
	*colon = '\0';
	if (*s == '[') {
		s++;
		s[strcspn(s, "]")] = '\0';
	}
	if (strspn(s, "0123456789abcdefABCDEF.:") == strlen(s))
		snprintf(p->address, sizeof(p->address), "%s", s);
	else
		SAY(p, "it listened on %s: give the address\n", s);
	return p;
}

static void tell_word(struct import_port *p, const char *w)
{
	if (!strcmp(w, "tproxy"))
		p->mode = "full";
	else if (!strcmp(w, "intercept") || !strcmp(w, "transparent"))
		p->mode = "inbound";
	else if (!strcmp(w, "accel") || !strncmp(w, "defaultsite=", 12))
		SAY(p, "%s: say under routes where requests go\n", w);
	else
		SAY(p, "%s has no equal\n", w);
}

bool import_squid_line(struct import *im, char *line)
{
	bool https = !strncmp(line, "https_port", 10) && strchr(" \t", line[10]);
	char *save = NULL, *word;
	struct import_port *p;

	if (!https && (strncmp(line, "http_port", 9) || !strchr(" \t", line[9])))
		return false;
	strtok_r(line, " \t", &save);
	word = strtok_r(NULL, " \t", &save);
	p = word ? read_place(im, word) : NULL;
	if (!p) {
		fprintf(im->left_out, "not a port: %s\n", word ? word : line);
		return true;
	}
	if (https) {
		p->protocol = "tls";
		p->match = 443;
		SAY(p, "https_port: TLS is not ended here; it is relayed unread, and its server name can be filtered\n");
	}
	while ((word = strtok_r(NULL, " \t", &save)) && *word != '#')
		tell_word(p, word);
	return true;
}
