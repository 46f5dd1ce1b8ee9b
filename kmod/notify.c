// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications: what the namespace tells everybody who listens.
 *
 * All are sent under the namespace's lock, so that they come in the order of
 * what they tell about. Who misses one is told so by its socket, and asks.
 */
#include "fill.h"
#include "notify.h"

/* An empty message, or NULL: nobody listens, or there is no memory. */
static struct sk_buff *event_new(struct tiph_net *tn, size_t size, u8 cmd,
				 void **head)
{
	struct sk_buff *msg;

	lockdep_assert_held(&tn->lock);
	if (!genl_has_listeners(&tiph_family, tn->net, 0))
		return NULL;
	msg = genlmsg_new(size + nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!msg)
		return NULL;
	*head = genlmsg_put(msg, 0, 0, &tiph_family, 0, cmd);
	if (!*head ||
	    nla_put_u32(msg, TIPH_A_GENERATION, tn->generation)) {
		nlmsg_free(msg);
		return NULL;
	}

	return msg;
}

/* Consumes @msg. @err: it could not be filled in. */
static void event_send(struct tiph_net *tn, struct sk_buff *msg, void *head,
		       int err)
{
	if (err) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, head);
	genlmsg_multicast_netns(&tiph_family, tn->net, msg, 0, 0, GFP_KERNEL);
}

static void announce_port(struct tiph_net *tn, const struct tiph_port *port)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, tiph_fill_port_size(port), TIPH_CMD_PORT_NTF,
			&head);
	if (msg)
		event_send(tn, msg, head, tiph_fill_port(msg, port));
}

static void announce_port_gone(struct tiph_net *tn,
			       const struct tiph_port *port)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, tiph_fill_ident_size(), TIPH_CMD_PORT_DEL_NTF,
			&head);
	if (msg)
		event_send(tn, msg, head, tiph_fill_ident(msg, port->ident));
}

/**
 * tiph_announce_commit() - the port table has changed
 * @tn: namespace, locked
 * @old: the version before, or NULL
 * @new: the version now; it shares unchanged ports with @old
 */
void tiph_announce_commit(struct tiph_net *tn, const struct tiph_ports *old,
			  const struct tiph_ports *new)
{
	u16 i;

	for (i = 0; old && i < old->n; i++)
		if (!tiph_ports_by_name(new, old->port[i]->name))
			announce_port_gone(tn, old->port[i]);
	for (i = 0; i < new->n; i++)
		if (tiph_ports_by_name(old, new->port[i]->name) !=
		    new->port[i])
			announce_port(tn, new->port[i]);
}

/**
 * tiph_announce_owner() - the owner has changed
 * @tn: namespace, locked
 */
void tiph_announce_owner(struct tiph_net *tn)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, nla_total_size(sizeof(u32)), TIPH_CMD_OWNER_NTF,
			&head);
	if (msg)
		event_send(tn, msg, head,
			   nla_put_u32(msg, TIPH_A_OWNER, tn->owner));
}

/**
 * tiph_announce_state() - something began or ended
 * @tn: namespace, locked
 * @ident: the port it is about, or NULL for the namespace
 */
void tiph_announce_state(struct tiph_net *tn, const struct tiph_ident *ident)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, tiph_fill_ident_size() +
			nla_total_size(sizeof(u32)), TIPH_CMD_STATE_NTF, &head);
	if (msg)
		event_send(tn, msg, head,
			   ident ? tiph_fill_state(msg, ident) :
				   nla_put_u32(msg, TIPH_A_STATE, tn->state));
}

/**
 * tiph_announce_loop() - a SYN of this host came back
 * @tn: namespace, locked
 * @loop: that SYN
 */
void tiph_announce_loop(struct tiph_net *tn, const struct tiph_tuple *loop)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, TIPH_FILL_TUPLE_MAX, TIPH_CMD_LOOP_NTF, &head);
	if (msg)
		event_send(tn, msg, head, tiph_fill_tuple(msg, loop));
}

static int fill_entry(struct sk_buff *msg, u8 kind,
		      const struct tiph_bypass_entry *entry, int end)
{
	int err = nla_put_u8(msg, TIPH_A_BYPASS_KIND, kind);

	return err || !entry ? err :
	       tiph_fill_bypass(msg, &entry->key, entry, end);
}

/**
 * tiph_announce_bypass() - bypass entries were added, changed or flushed
 * @tn: namespace, locked
 * @kind: of which list
 * @entry: the dynamic entry, NULL for other kinds
 */
void tiph_announce_bypass(struct tiph_net *tn, u8 kind,
			  const struct tiph_bypass_entry *entry)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, TIPH_FILL_BYPASS_MAX, TIPH_CMD_BYPASS_NTF, &head);
	if (msg)
		event_send(tn, msg, head, fill_entry(msg, kind, entry, -1));
}

/**
 * tiph_announce_bypass_end() - a dynamic bypass entry ended
 * @tn: namespace, locked
 * @entry: the entry
 * @end: enum tiph_bypass_end
 */
void tiph_announce_bypass_end(struct tiph_net *tn,
			      const struct tiph_bypass_entry *entry, u8 end)
{
	struct sk_buff *msg;
	void *head;

	msg = event_new(tn, TIPH_FILL_BYPASS_MAX, TIPH_CMD_BYPASS_DEL_NTF,
			&head);
	if (msg)
		event_send(tn, msg, head,
			   fill_entry(msg, TIPH_BYPASS_DYNAMIC, entry, end));
}
