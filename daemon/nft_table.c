// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table in the kernel: installed by one transaction, then listed, and that
 * listing is the reference every later look is compared with. The kernel counts
 * all changes of all tables of a namespace in one generation number, so a look
 * costs one small message while nobody changes anything.
 */
#include "nft.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LIST_FLAGS (NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_TERSE)
#define SET_FLAGS (NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS)

/* What probe tries: every expression a script may use. */
static const char probe_script[] =
	"table inet tiphares-probe {\n"
	"	counter c { packets 1 bytes 0 }\n"
	"	set p { type ipv4_addr; flags interval; auto-merge; elements = { 192.0.2.0/24 } }\n"
	"	set t { type ipv4_addr . inet_service; size 16; flags dynamic,timeout; timeout 1s; }\n"
	"	chain c {\n"
	"		fib daddr type != unicast accept\n"
	"		meta iifkind \"bridge\" accept\n"
	"		meta nfproto ipv4 jhash ip saddr mod 10000 seed 0x1 >= 1 accept\n"
	"		socket transparent 1 socket wildcard 0 accept\n"
	"		update @t { ip saddr . tcp sport }\n"
	"		meta nfproto ipv4 meta l4proto tcp tproxy ip to 127.0.0.1:1 meta mark set meta mark | 0x1 counter name c accept\n"
	"		meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [::1]:1 accept\n"
	"		meta l4proto tcp reject with tcp reset\n"
	"	}\n"
	"	chain p {\n"
	"		type filter hook prerouting priority dstnat + 10; policy accept;\n"
	"		tcp dport 1 ip saddr @p goto c\n"
	"	}\n"
	"	chain o {\n"
	"		type filter hook output priority -90; policy accept;\n"
	"		fib saddr type local accept\n"
	"		meta skuid 1 drop\n"
	"		delete @t { ip saddr . tcp sport }\n"
	"	}\n"
	"}\n";

static int run(struct nft_table *table, const char *command, unsigned int flags)
{
	nft_ctx_output_set_flags(table->ctx, flags);
	return nft_run_cmd_from_buffer(table->ctx, command) ? -EINVAL : 0;
}

/* The first line of what libnftables said, without its "Error: ". */
static void explain(struct nft_table *table, const char *what, char *why, size_t size)
{
	const char *text = nft_ctx_get_error_buffer(table->ctx);
	const char *error = strstr(text, "Error: ");

	if (error)
		text = error + strlen("Error: ");
	snprintf(why, size, "%s: nft says: %.*s", what, (int)strcspn(text, "\n"), text);
}

char *nft_table_terse(struct nft_table *table, const char *command)
{
	if (run(table, command, NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_TERSE))
		return NULL;
	return strdup(nft_ctx_get_output_buffer(table->ctx));
}

/* ---- raw netlink: generation and counters -------------------------------- */

static int on_generation(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct nfgenmsg), NFTA_GEN_ID);

	if (attr && nla_len(attr) == sizeof(uint32_t)) {
		memcpy(arg, nla_data(attr), sizeof(uint32_t));
		*(uint32_t *)arg = ntohl(*(uint32_t *)arg);
	}
	return NL_OK;
}

static int request(struct nl_sock *sock, struct nl_msg *msg, nl_recvmsg_msg_cb_t cb, void *arg)
{
	int err;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, cb, arg);
	err = nl_send_auto(sock, msg);
	if (err >= 0)
		err = nl_recvmsgs_default(sock);
	return err < 0 ? -EIO : 0;
}

static struct nl_msg *nft_message(int kind, int flags)
{
	struct nfgenmsg head = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };
	struct nl_msg *msg = nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | kind, NLM_F_REQUEST | flags);

	if (msg && nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int read_generation(struct nft_table *table, uint32_t *ret)
{
	struct nl_msg *msg = nft_message(NFT_MSG_GETGEN, 0);
	uint32_t generation = 0;
	int err;

	if (!msg)
		return -ENOMEM;
	err = request(table->sock, msg, on_generation, &generation);
	nlmsg_free(msg);
	if (!err)
		*ret = generation;
	return err;
}

struct counter_dump {
	struct datapath_counter *v;
	size_t n;
	size_t max;
};

/* Objects are called VERDICT.PORT, or VERDICT alone. */
static int on_object(struct nl_msg *msg, void *arg)
{
	struct counter_dump *dump = arg;
	struct nlattr *attrs[NFTA_OBJ_MAX + 1], *data;
	struct datapath_counter *counter = &dump->v[dump->n];
	const char *name, *port;

	if (dump->n == dump->max ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(struct nfgenmsg), attrs, NFTA_OBJ_MAX, NULL) < 0 ||
	    !attrs[NFTA_OBJ_NAME] || !attrs[NFTA_OBJ_DATA] || !attrs[NFTA_OBJ_TABLE] ||
	    strcmp(nla_get_string(attrs[NFTA_OBJ_TABLE]), NFT_TABLE))
		return NL_OK;
	data = nla_find(nla_data(attrs[NFTA_OBJ_DATA]), nla_len(attrs[NFTA_OBJ_DATA]), NFTA_COUNTER_PACKETS);
	if (!data || nla_len(data) != sizeof(uint64_t))
		return NL_OK;
	name = nla_get_string(attrs[NFTA_OBJ_NAME]);
	port = strchrnul(name, '.');
	snprintf(counter->name, sizeof(counter->name), "%.*s", (int)(port - name), name);
	snprintf(counter->port, sizeof(counter->port), "%s", *port ? port + 1 : "");
	memcpy(&counter->value, nla_data(data), sizeof(uint64_t));
	counter->value = be64toh(counter->value);
	dump->n++;
	return NL_OK;
}

int nft_table_counters(struct nft_table *table, struct datapath_counter *ret, size_t max)
{
	struct counter_dump dump = { .v = ret, .max = max };
	struct nl_msg *msg = nft_message(NFT_MSG_GETOBJ, NLM_F_DUMP);
	int err = -ENOMEM;

	if (msg && !nla_put_string(msg, NFTA_OBJ_TABLE, NFT_TABLE) &&
	    !nla_put_u32(msg, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER)))
		err = request(table->sock, msg, on_object, &dump);
	nlmsg_free(msg);
	return err ? err : (int)dump.n;
}

/* ---- looking ------------------------------------------------------------- */

/*
 * Append the listing of each static set. One command each: libnftables looks at
 * the set of the last one only when there are several.
 */
static int read_sets(struct nft_table *table, FILE *out)
{
	char command[128];

	for (const char *s = table->list, *end; *s; s = end + 1) {
		end = strchrnul(s, '\n');
		snprintf(command, sizeof(command), "list set inet " NFT_TABLE " %.*s", (int)(end - s), s);
		if (run(table, command, SET_FLAGS))
			return -ENOENT;
		fputs(nft_ctx_get_output_buffer(table->ctx), out);
	}
	return 0;
}

/* Listing of everything that is ours; NULL when something is not there. */
static char *read_table(struct nft_table *table)
{
	char *all = NULL;
	size_t size;
	FILE *out = open_memstream(&all, &size);
	int err = -ENOMEM;

	if (out) {
		err = run(table, "list table inet " NFT_TABLE, LIST_FLAGS);
		if (!err)
			fputs(nft_ctx_get_output_buffer(table->ctx), out);
		if (!err)
			err = read_sets(table, out);
		if (fclose(out))
			err = -ENOMEM;
	}
	if (err) {
		free(all);
		return NULL;
	}
	return all;
}

static unsigned int count_handles(const char *listing)
{
	const char *end = strstr(listing, "\n}\n");
	unsigned int n = 0;

	for (const char *s = strstr(listing, "# handle "); s && (!end || s < end); s = strstr(s + 1, "# handle "))
		n++;
	return n;
}

enum nft_table_owner nft_table_owner(struct nft_table *table)
{
	char *listing = nft_table_terse(table, "list table inet " NFT_TABLE);
	enum nft_table_owner owner = NFT_OWNER_STRANGER;

	if (!listing)
		owner = NFT_OWNER_NOBODY;
	else if (strstr(listing, table->instance))
		owner = NFT_OWNER_SELF;
	else if (strstr(listing, "comment \"tipharesd "))
		owner = NFT_OWNER_DAEMON;
	free(listing);
	return owner;
}

int nft_table_check(struct nft_table *table)
{
	uint32_t generation;
	char *listing;
	bool same;
	int err = read_generation(table, &generation);

	if (err)
		return err;
	table->changed = !table->reference || generation != table->generation;
	if (!table->changed)
		return NFT_TABLE_INTACT;
	listing = read_table(table);
	same = listing && table->reference && !strcmp(listing, table->reference);
	free(listing);
	if (same) {
		table->generation = generation;
		return NFT_TABLE_INTACT;
	}
	return nft_table_owner(table) == NFT_OWNER_DAEMON ? NFT_TABLE_FOREIGN : NFT_TABLE_CHANGED;
}

/* ---- changing ------------------------------------------------------------ */

static int take_reference(struct nft_table *table, char *why, size_t size)
{
	uint32_t generation;
	char *listing;

	if (read_generation(table, &generation)) {
		snprintf(why, size, "the kernel does not answer about nft");
		return -EIO;
	}
	listing = read_table(table);
	if (!listing || count_handles(listing) != table->objects) {
		snprintf(why, size, "table inet %s is not what was installed: %u objects instead of %u", NFT_TABLE,
			 listing ? count_handles(listing) : 0, table->objects);
		free(listing);
		return -EIO;
	}
	free(table->reference);
	table->reference = listing;
	table->generation = generation;
	return 0;
}

int nft_table_remove(struct nft_table *table)
{
	free(table->reference);
	table->reference = NULL;
	return run(table, "add table inet " NFT_TABLE "\ndelete table inet " NFT_TABLE, 0);
}

int nft_table_install(struct nft_table *table, const struct nft_script *script, char *why, size_t size)
{
	char *list = strdup(script->list);
	int err = list ? run(table, script->text, 0) : -ENOMEM;

	if (err) {
		free(list);
		explain(table, "the rules could not be installed", why, size);
		return err;
	}
	free(table->list);
	table->list = list;
	table->objects = script->objects;
	err = take_reference(table, why, size);
	if (err)
		nft_table_remove(table);
	return err;
}

int nft_table_command(struct nft_table *table, const char *command)
{
	return run(table, command, 0);
}

int nft_table_patch(struct nft_table *table, const char *command, int more, char *why, size_t size)
{
	int err = run(table, command, 0);

	if (err) {
		explain(table, "the rules could not be changed", why, size);
		return err;
	}
	table->objects += more;
	return take_reference(table, why, size);
}

int nft_table_probe(struct nft_table *table, char *why, size_t size)
{
	int err;

	nft_ctx_set_dry_run(table->ctx, true);
	err = run(table, probe_script, 0);
	nft_ctx_set_dry_run(table->ctx, false);
	if (err)
		explain(table, "this kernel can't do what the nft datapath needs", why, size);
	return err;
}

int nft_table_open(struct nft_table *table)
{
	uint64_t id;

	memset(table, 0, sizeof(*table));
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	snprintf(table->instance, sizeof(table->instance), "%016" PRIx64, id);
	table->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	table->sock = nl_socket_alloc();
	if (!table->ctx || !table->sock || nft_ctx_buffer_output(table->ctx) || nft_ctx_buffer_error(table->ctx) ||
	    nl_connect(table->sock, NETLINK_NETFILTER)) {
		nft_table_close(table);
		return -EPERM;
	}
	nl_socket_disable_auto_ack(table->sock);
	return 0;
}

void nft_table_close(struct nft_table *table)
{
	if (table->ctx)
		nft_ctx_free(table->ctx);
	nl_socket_free(table->sock);
	free(table->list);
	free(table->reference);
	memset(table, 0, sizeof(*table));
}
