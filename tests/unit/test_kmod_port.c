// SPDX-License-Identifier: GPL-2.0-only
/*
 * The port table: what is refused, what a commit makes of the version before,
 * and which port wants a connection. Run by AddressSanitizer, which sees a
 * reference that is given back too often or never.
 */
#include "port.h"
#include "tap.h"
#include "tag.h"

static struct net_device lan = { "lan0", 2 }, wan = { "wan0", 3 };

static void dports_set(struct tiph_port *port, u16 first, u16 n)
{
	u16 i;

	port->dports = calloc(n, sizeof(*port->dports));
	port->n_dports = n;
	for (i = 0; i < n; i++)
		port->dports[i] = (u16)(first + i);
}

static struct tiph_port *port_make(const char *name, u16 listen, u16 dport)
{
	struct tiph_port *port = tiph_port_create();

	strscpy(port->name, name, sizeof(port->name));
	port->listen = listen;
	port->mode = TIPH_MODE_FULL;
	dports_set(port, dport, 1);
	return port;
}

static void name_add(struct tiph_names *names, const char *name)
{
	names->name = realloc(names->name, (names->n + 1U) * sizeof(*names->name));
	strscpy(names->name[names->n++], name, IFNAMSIZ);
}

static void prefix_add(struct tiph_prefixes *set, u8 family, u32 first, u8 len)
{
	set->given = realloc(set->given, (set->n + 1U) * sizeof(*set->given));
	set->given[set->n++] = (struct tiph_prefix){ family, len, 0, { htonl(first) } };
}

static bool is_refused(struct tiph_port *port, const char *why)
{
	struct netlink_ext_ack extack = { 0 };
	int err = tiph_port_check(port, &extack);
	bool good = err == -EINVAL && extack._msg && strstr(extack._msg, why);

	if (!good)
		printf("# err=%d: %s\n", err, extack._msg ? extack._msg : "nothing said");
	tiph_port_put(port);
	return good;
}

static void test_refusals(void)
{
	struct tiph_port *port = port_make("", 8080, 80);

	ok(is_refused(port, "name of a port is empty"), "refused: no name");
	ok(is_refused(port_make("a b", 8080, 80), "character other than"), "refused: a space in a name");
	ok(is_refused(port_make("a", 0, 80), "needs the local port"), "refused: nowhere to listen");
	ok(is_refused(port_make("a", 8080, 0), "0 is no destination"), "refused: destination port 0");
	port = port_make("a", 8080, 80);
	dports_set((free(port->dports), port), 80, 3);
	port->dports[2] = 80;
	ok(is_refused(port, "occurs twice"), "refused: a destination port twice");
	port = port_make("a", 8080, 80);
	port->n_dports = 0;
	ok(is_refused(port, "needs destination ports"), "refused: full without destination ports");
	port = port_make("a", 8080, 80);
	port->mode = TIPH_MODE_OUTBOUND;
	ok(is_refused(port, "intercepts nothing"), "refused: outbound with destination ports");
	port = port_make("a", 8080, 80);
	port->mode = TIPH_MODE_NONE;
	port->n_dports = 0;
	name_add(&port->interfaces, "lan0");
	ok(is_refused(port, "intercepts nothing"), "refused: none with an interface");
	port = port_make("a", 8080, 80);
	port->mode = TIPH_MODE_INBOUND;
	port->source_port = TIPH_SOURCE_PORT_PRESERVE;
	ok(is_refused(port, "source port policy"), "refused: a source port where nothing is spoofed");
}

static u32 last_id;

/* The ports are the caller's; a version of the table comes back, or an error. */
static struct tiph_ports *merged(const struct tiph_ports *old, struct tiph_port **port, unsigned int n, bool replace)
{
	struct netlink_ext_ack extack = { 0 };
	struct tiph_ports *ret = NULL;
	int err = 0;
	unsigned int i;

	for (i = 0; i < n && !err; i++)
		err = tiph_port_check(port[i], &extack);
	if (!err)
		err = tiph_ports_merge(old, port, n, replace, &last_id, &ret, &extack);
	for (i = 0; i < n; i++)
		tiph_port_put(port[i]);
	return err ? ERR_PTR(err) : ret;
}

static const char *names_of(const struct tiph_ports *ports)
{
	static char text[256];
	u16 i;

	text[0] = '\0';
	for (i = 0; i < ports->n; i++)
		strcat(strcat(text, i ? " " : ""), ports->port[i]->name);
	return text;
}

static struct nlattr *name_attr(const char *name)
{
	struct nlattr *attr = calloc(1, NLA_HDRLEN + TIPH_NAME_MAX);

	strscpy((char *)nla_data(attr), name, TIPH_NAME_MAX);
	return attr;
}

static void test_commits(void)
{
	struct tiph_port *set[3] = { port_make("a", 1, 80), port_make("b", 2, 81), port_make("c", 3, 82) };
	struct tiph_ports *v1 = merged(NULL, set, 3, true), *v2, *v3, *none = NULL;
	const struct nlattr *gone[2] = { name_attr("a"), name_attr("nobody") };
	struct netlink_ext_ack extack = { 0 };
	u32 id = v1->port[1]->ident->id;

	is(names_of(v1), "a b c", "a table in the order it was given");
	v1->port[1]->ident->stats->count[TIPH_V_INTERCEPTED] = 42;
	set[0] = port_make("d", 4, 83);
	set[1] = port_make("b", 5, 80);
	v2 = merged(v1, set, 2, false);
	is(names_of(v2), "a b c d", "a port that is set again keeps its place, a new one comes last");
	ok(v2->port[1]->ident->id == id && v2->port[1]->listen == 5 &&
	   v2->port[1]->ident->stats->count[TIPH_V_INTERCEPTED] == 42, "it keeps its id and its counters");
	ok(v1->port[1]->listen == 2, "the version before is as it was");
	ok(tiph_ports_by_id(v2, id) == v2->port[1] && !tiph_ports_by_id(v2, 0) && !tiph_ports_by_id(NULL, id),
	   "found by its id");
	ok(tiph_ports_by_name(v2, "d") == v2->port[3] && !tiph_ports_by_name(v2, "e") && !tiph_ports_by_name(NULL, "a"),
	   "found by its name");
	tiph_ports_free(v1);
	ok(v2->port[0]->dports[0] == 80, "what both versions have outlives the first");

	ok(tiph_ports_remove(v2, gone, 2, &none, &extack) == -ENOENT && !none && extack.bad_attr == gone[1],
	   "an unknown name among those to remove: nothing is, and it is named");
	ok(!tiph_ports_remove(v2, gone, 1, &v3, &extack), "one is removed");
	is(names_of(v3), "b c d", "the others stay in their order");
	tiph_ports_free(v2);
	set[0] = port_make("e", 2, 80);
	set[1] = port_make("f", 2, 81);
	ok(IS_ERR(merged(v3, set, 2, false)), "refused: two ports that listen at one");
	set[0] = port_make("b", 9, 80);
	v2 = merged(v3, set, 1, true);
	is(names_of(v2), "b", "replace: the others are gone");
	ok(v2->port[0]->ident->id == id, "replace: the one that stays keeps its id");
	tiph_ports_free(v3);
	ok(!tiph_ports_remove(v2, NULL, 0, &v3, &extack) && !v3->n && !v3->n_match, "all are removed");
	tiph_ports_free(v2);
	set[0] = port_make("b", 9, 80);
	v2 = merged(v3, set, 1, false);
	ok(v2->port[0]->ident->id != id && !v2->port[0]->ident->stats->count[TIPH_V_INTERCEPTED],
	   "a port that was removed and set again is another one");
	tiph_ports_free(v3);
	tiph_ports_free(v2);
	free((void *)gone[0]);
	free((void *)gone[1]);
}

/* Commits, one after the other; @claimed: its listener came before the next one. */
static void test_moves(void)
{
	static const struct { const char *name, *set; u16 listen, claimed, before; bool same; u8 mode; } steps[] = {
		{ "a port", "a", 1, 1, 0, false, TIPH_MODE_FULL },
		{ "moved", "a", 2, 0, 1, true, TIPH_MODE_FULL },
		{ "moved again before anybody came", "a", 3, 3, 1, true, TIPH_MODE_INBOUND },
		{ "the same again", "a", 3, 0, 1, true, TIPH_MODE_FULL },
		{ "moved after somebody came", "a", 1, 1, 3, true, TIPH_MODE_FULL },
		{ "renamed", "b", 1, 0, 3, true, TIPH_MODE_FULL },
		{ "and moved", "b", 2, 2, 1, true, TIPH_MODE_FULL },
		{ "renamed and moved at once: a new one", "c", 3, 3, 0, false, TIPH_MODE_FULL },
		{ "clients ask it now: listeners of another kind", "c", 4, 4, 0, true, TIPH_MODE_OUTBOUND },
		{ "under another name", "d", 4, 4, 0, true, TIPH_MODE_OUTBOUND },
		{ "a new name and another kind", "e", 4, 4, 0, false, TIPH_MODE_FULL },
	};
	struct tiph_ports *table = NULL;
	u8 seen = 0;
	u32 ids[sizeof(steps) / sizeof(*steps)];
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct tiph_port *port = port_make(steps[i].set, steps[i].listen, 80);
		struct tiph_ports *old = table;

		port->mode = steps[i].mode;
		if (!(port->mode & TIPH_INBOUND))
			port->n_dports = 0;
		table = merged(old, &port, 1, true);
		port = table->port[0];
		ids[i] = port->ident->id;
		ok(port->before == steps[i].before, "%s: it was at %u", steps[i].name, port->before);
		ok(port->ident->modes == (steps[i].same ? seen : 0), "%s: the modes it had: %u", steps[i].name, port->ident->modes);
		seen = (steps[i].same ? seen : 0) | port->mode;
		ok((i && ids[i] == ids[i - 1]) == steps[i].same, "%s: %s id", steps[i].name, steps[i].same ? "the same" : "another");
		tiph_ports_free(old);
		if (steps[i].claimed)
			port->ident->served = steps[i].claimed;
	}
	tiph_ports_free(table);
}

/* Where another port goes, the one that was there does not come along. */
static void test_swap(void)
{
	struct tiph_port *set[2] = { port_make("a", 1, 80), port_make("b", 2, 81) };
	struct tiph_ports *v1 = merged(NULL, set, 2, true), *v2;

	v1->port[0]->ident->served = 1;
	v1->port[1]->ident->served = 2;
	set[0] = port_make("a", 2, 80);
	set[1] = port_make("b", 1, 81);
	v2 = merged(v1, set, 2, true);
	ok(v2->port[0]->before == 1 && v2->port[1]->before == 2 && v2->port[0]->ident == v1->port[0]->ident,
	   "two ports change places: each has its own listeners");
	tiph_ports_free(v1);
	tiph_ports_free(v2);
}

static void test_limit(void)
{
	static struct tiph_port *set[TIPH_PORTS_MAX + 1];
	struct tiph_ports *ports;
	unsigned int n, i;

	for (n = TIPH_PORTS_MAX; n <= TIPH_PORTS_MAX + 1; n++) {
		for (i = 0; i < n; i++) {
			char name[16];

			snprintf(name, sizeof(name), "p%u", i);
			set[i] = port_make(name, (u16)(1000 + i), (u16)(1 + i));
		}
		ports = merged(NULL, set, n, true);
		ok(IS_ERR(ports) == (n > TIPH_PORTS_MAX), "%u ports are %s", n, IS_ERR(ports) ? "too many" : "a table");
		if (!IS_ERR(ports))
			tiph_ports_free(ports);
	}
}

static void test_marks(void)
{
	static const struct { u32 mark[3]; bool any; u32 common; const char *name; } cases[] = {
		{ { 0, 0, 0 }, false, 0, "no marks" }, { { 0, 7, 0 }, true, 7, "one mark" },
		{ { 7, 0, 7 }, true, 7, "the same twice" }, { { 7, 8, 0 }, true, 0, "two marks" },
		{ { 7, 8, 7 }, true, 0, "two marks, one of them twice" },
	};
	unsigned int i, j;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tiph_port *set[3] = { port_make("a", 1, 80), port_make("b", 2, 81), port_make("c", 3, 82) };
		struct tiph_ports *ports;

		for (j = 0; j < 3; j++)
			set[j]->mark = cases[i].mark[j];
		ports = merged(NULL, set, 3, true);
		ok(ports->has_mark == cases[i].any && ports->mark == cases[i].common, "%s", cases[i].name);
		tiph_ports_free(ports);
	}
}

/* Each allocation of a commit fails once; nothing is left behind. */
static void test_no_memory(void)
{
	int left;

	for (left = 0; left < 20; left++) {
		struct tiph_port *set[2] = { port_make("a", 1, 80), port_make("b", 2, 81) };
		struct tiph_ports *ports;

		prefix_add(&set[1]->sources, AF_INET, 0x0a000000, 8);
		memory_left = left;
		ports = merged(NULL, set, 2, true);
		memory_left = -1;
		if (!IS_ERR(ports)) {
			tiph_ports_free(ports);
			break;
		}
		if (PTR_ERR(ports) != -ENOMEM)
			break;
	}
	ok(left == 8, "a commit of two ports without memory at each of its %d allocations", left);
}

static const char *wants(const struct tiph_ports *ports, const struct net_device *in, u8 family, u32 saddr, u32 daddr,
			 u16 dport)
{
	struct in6_addr saddr6 = { .s6_addr32 = { htonl(saddr) } }, daddr6 = { .s6_addr32 = { htonl(daddr) } };
	struct tiph_syn syn = { .in = in, .family = family, .dport = dport };
	const struct tiph_port *port;

	if (family == AF_INET) {
		syn.saddr4 = htonl(saddr);
		syn.daddr4 = htonl(daddr);
	} else {
		syn.saddr6 = &saddr6;
		syn.daddr6 = &daddr6;
	}
	port = tiph_ports_match(ports, &syn);
	return port ? port->name : "none";
}

#define WANTS(port, in, family, saddr, daddr, dport) \
	is(wants(ports, in, family, saddr, daddr, dport), port, #in " IPv" #family " " #saddr " " #daddr ":" #dport ": " port)

static void test_match(void)
{
	struct tiph_port *set[6] = {
		port_make("few", 1, 80), port_make("lan", 2, 80), port_make("server", 3, 80), port_make("rest", 4, 80),
		port_make("many", 5, 0), port_make("six", 6, 8080),
	};
	struct tiph_ports *ports;

	prefix_add(&set[0]->sources, AF_INET, 0x0a000000, 24);
	prefix_add(&set[0]->except_destinations, AF_INET, 0xc0000200, 24);
	name_add(&set[1]->interfaces, "lan");
	name_add(&set[1]->interfaces, "lan0");
	prefix_add(&set[1]->except_sources, AF_INET, 0x0a000000, 8);
	prefix_add(&set[1]->except_sources, AF_INET6, 0x0a000000, 8);
	prefix_add(&set[2]->destinations, AF_INET, 0xc0000201, 32);
	dports_set((free(set[4]->dports), set[4]), 60000, TIPH_MATCH_PORTS_MAX);
	prefix_add(&set[5]->sources, AF_INET6, 0xfd000000, 8);
	ports = merged(NULL, set, 6, true);

	WANTS("few", &wan, AF_INET, 0x0a000001, 0xcb007101, 80);
	WANTS("rest", &wan, AF_INET, 0x0a000101, 0xcb007101, 80);
	WANTS("server", &wan, AF_INET, 0x0a000001, 0xc0000201, 80);
	WANTS("rest", &wan, AF_INET, 0x0a000001, 0xc0000202, 80);
	WANTS("lan", &lan, AF_INET, 0x0b000001, 0xc0000201, 80);
	WANTS("server", &lan, AF_INET, 0x0a000001, 0xc0000201, 80);
	WANTS("lan", &lan, AF_INET6, 0xfd000000, 0x20010000, 80);
	WANTS("rest", &lan, AF_INET6, 0x0a000000, 0x20010000, 80);
	WANTS("rest", &wan, AF_INET6, 0xfd000000, 0x20010000, 80);
	WANTS("many", &wan, AF_INET, 0x0a000001, 0xc0000201, 60000);
	WANTS("many", &wan, AF_INET, 0x0a000001, 0xc0000201, 60063);
	WANTS("none", &wan, AF_INET, 0x0a000001, 0xc0000201, 60064);
	WANTS("none", &wan, AF_INET, 0x0a000001, 0xc0000201, 79);
	WANTS("none", &wan, AF_INET, 0x0a000001, 0xc0000201, 0);
	WANTS("six", &wan, AF_INET6, 0xfd000000, 0x20010000, 8080);
	WANTS("none", &wan, AF_INET, 0x0a000001, 0xc0000201, 8080);
	ok(tiph_port_has_dport(ports->port[4], 60063) && !tiph_port_has_dport(ports->port[4], 60064),
	   "a port tells its destination ports");
	tiph_ports_free(ports);
}

static const char *crosses(const struct tiph_ports *ports, const struct net_device *br, const struct net_device *port)
{
	struct tiph_syn syn = { .in = br, .port = port, .family = AF_INET, .dport = 80, .saddr4 = 1, .daddr4 = 2 };
	const struct tiph_port *found = tiph_ports_match(ports, &syn);

	return found ? found->name : "none";
}

static void test_bridges(void)
{
	static const struct net_device br = { "br0", 4 }, other = { "ctr0", 5 };
	struct tiph_port *set[3] = { port_make("all", 1, 80), port_make("port", 2, 80), port_make("bridge", 3, 80) };
	struct tiph_ports *ports;

	prefix_add(&set[0]->sources, AF_INET, 0x0a000000, 24);
	name_add(&set[1]->bridges, "br0");
	name_add(&set[1]->interfaces, "lan0");
	name_add(&set[2]->bridges, "br0");
	ports = merged(NULL, set, 3, true);
	is(crosses(ports, &br, &lan), "port", "what crosses a bridge: a port that names its bridge port");
	is(crosses(ports, &br, &wan), "bridge", "what crosses a bridge: a port that names the bridge only");
	is(crosses(ports, &other, &lan), "none", "what crosses a bridge that no port names");
	ok(tiph_ports_have_bridge(ports, &br) && !tiph_ports_have_bridge(ports, &other), "a table tells its bridges");
	tiph_ports_free(ports);
}

int main(void)
{
	tiph_tag_init();
	test_refusals();
	test_commits();
	test_moves();
	test_swap();
	test_limit();
	test_marks();
	test_no_memory();
	test_match();
	test_bridges();
	return tap_done();
}
