// SPDX-License-Identifier: GPL-2.0-only
/* A network namespace: its ports, its hooks, its owner. */
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/netns/generic.h>
#include <net/tcp.h>

#include "lately.h"
#include "net.h"
#include "tag.h"
#include "way.h"

static unsigned int net_id __read_mostly;
static const struct tiph_hook_set *hook_sets __read_mostly;
static work_func_t tend_work __read_mostly;
static struct workqueue_struct *workqueue __read_mostly;

/**
 * tiph_net_get() - our state of a namespace
 * @net: the namespace
 *
 * Return: the state, which exists as long as @net and the module do
 */
struct tiph_net *tiph_net_get(const struct net *net)
{
	return net_generic(net, net_id);
}

/* What a part has been made stays when a later one fails: for the next try. */
static int parts_create(struct tiph_net *tn)
{
	if (!tn->gate)
		tn->gate = kvzalloc(sizeof(*tn->gate), GFP_KERNEL_ACCOUNT);
	if (!tn->stats)
		tn->stats = tiph_stats_create();
	if (!tn->forwarded)
		tn->forwarded = kvcalloc(TIPH_FORWARDED, sizeof(u64),
					 GFP_KERNEL_ACCOUNT);
	if (!tn->lately) /* whoever finds it finds it whole */
		smp_store_release(&tn->lately, tiph_lately_create());
	if (!tn->gate || !tn->stats || !tn->forwarded || !tn->lately)
		return -ENOMEM;
	return tn->dst.rt4 ? 0 : tiph_dst_create(&tn->dst, tn->net);
}

static void gate_open(struct tiph_net *tn, const struct tiph_ports *ports)
{
	u16 i, j;

	for (i = 0; i < ports->n; i++) {
		const struct tiph_port *port = ports->port[i];

		for (j = 0; j < port->n_dports; j++) {
			__be16 dport = htons(port->dports[j]);

			tiph_gate_open(tn->gate->dport, dport);
			if (port->mode & TIPH_OUTBOUND)
				tiph_gate_open(tn->gate->sport, dport);
		}
	}
}

static int hooks_up(struct tiph_net *tn, enum tiph_hook_sets which)
{
	const struct tiph_hook_set *set = &hook_sets[which];
	struct nf_hook_ops *hooks = tn->hooks[which];
	unsigned int i;
	int err;

	if (tn->hooked[which])
		return 0;
	memcpy(hooks, set->ops, set->n * sizeof(*hooks));
	for (i = 0; i < set->n; i++)
		hooks[i].priv = tn;
	err = nf_register_net_hooks(tn->net, hooks, set->n);
	WRITE_ONCE(tn->hooked[which], !err);

	return err;
}

static void hooks_down(struct tiph_net *tn, enum tiph_hook_sets which)
{
	if (!tn->hooked[which])
		return;
	nf_unregister_net_hooks(tn->net, tn->hooks[which], hook_sets[which].n);
	WRITE_ONCE(tn->hooked[which], false);
}

static int bridge_up(struct tiph_net *tn, const struct tiph_ports *ports)
{
	if (!ports->has_bridge)
		return 0;
	if (!tn->ways)
		tn->ways = tiph_ways_create();
	return tn->ways ? hooks_up(tn, TIPH_HOOKS_BRIDGE) : -ENOMEM;
}

/**
 * tiph_net_commit() - publish a new version of the port table
 * @tn: namespace, locked
 * @ports: the new version; consumed if this succeeds
 *
 * The version before is to be given to tiph_net_retire() after the unlock.
 *
 * Return: 0, or a negative errno and nothing has changed
 */
int tiph_net_commit(struct tiph_net *tn, struct tiph_ports *ports)
{
	struct tiph_ports *old = tiph_net_ports(tn);
	int err;

	lockdep_assert_held(&tn->lock);
	if (ports->n) {
		/* the guard comes before what it is about, and stays */
		err = parts_create(tn) ?: hooks_up(tn, TIPH_HOOKS_GUARD);
		if (err)
			return err;
		gate_open(tn, ports);
	}
	ports->generation = tn->generation + 1;
	rcu_assign_pointer(tn->ports, ports);
	if (ports->n) {
		/* the first SYN finds the ports that the hooks are for */
		err = bridge_up(tn, ports) ?: hooks_up(tn, TIPH_HOOKS_IN);
		if (err) {
			rcu_assign_pointer(tn->ports, old);
			synchronize_rcu();
			return err;
		}
	} else if (tn->hooked[TIPH_HOOKS_IN]) {
		hooks_down(tn, TIPH_HOOKS_IN);
		hooks_down(tn, TIPH_HOOKS_BRIDGE);
		memset(tn->gate, 0, sizeof(*tn->gate));
	}
	tn->generation++;

	return 0;
}

/**
 * tiph_net_retire() - free a version of the table that was replaced
 * @ports: the version, or NULL
 */
void tiph_net_retire(struct tiph_ports *ports)
{
	might_sleep();
	if (!ports)
		return;
	synchronize_rcu();
	tiph_ports_free(ports);
}

/**
 * tiph_net_own() - make somebody the owner of the ports
 * @tn: namespace, locked
 * @owner: netlink port id, or 0 for nobody
 *
 * Return: whether this changed the owner
 */
bool tiph_net_own(struct tiph_net *tn, u32 owner)
{
	u32 before = tn->owner;

	lockdep_assert_held(&tn->lock);
	if (owner == before)
		return false;
	tn->owner = owner;
	/* who promised to be heard and is gone has failed for certain */
	if (!owner && tn->heartbeat)
		WRITE_ONCE(tn->state, TIPH_STATE_FAILED);
	else
		WRITE_ONCE(tn->state, 0);
	if (owner)
		WRITE_ONCE(tn->heartbeat, 0);
	if (!before)
		__module_get(THIS_MODULE);
	if (!owner)
		module_put(THIS_MODULE);

	return true;
}

/**
 * tiph_net_beat() - the owner was heard
 * @tn: namespace, locked
 */
void tiph_net_beat(struct tiph_net *tn)
{
	lockdep_assert_held(&tn->lock);
	WRITE_ONCE(tn->beat, jiffies);
	WRITE_ONCE(tn->state, tn->state & ~TIPH_STATE_FAILED);
}

/**
 * tiph_net_tend() - have the work look after a namespace
 * @tn: namespace
 * @delay: in how many jiffies; replaces what was said before
 *
 * Any context. The work knows itself when it is needed next.
 */
void tiph_net_tend(struct tiph_net *tn, unsigned long delay)
{
	mod_delayed_work(workqueue, &tn->tend, delay);
}

/**
 * tiph_net_tend_again() - the same, unless the work is asked for already
 * @tn: namespace
 * @delay: in how many jiffies
 */
void tiph_net_tend_again(struct tiph_net *tn, unsigned long delay)
{
	queue_delayed_work(workqueue, &tn->tend, delay);
}

/**
 * tiph_net_bypass() - the bypass of a namespace, for who wants to write it
 * @tn: namespace, locked
 *
 * Return: the bypass, made now if there was none, or NULL
 */
struct tiph_bypass *tiph_net_bypass(struct tiph_net *tn)
{
	lockdep_assert_held(&tn->lock);
	if (!tn->bypass) /* whoever finds it finds it whole */
		smp_store_release(&tn->bypass, tiph_bypass_create());
	return tn->bypass;
}

static int __net_init net_init(struct net *net)
{
	struct tiph_net *tn = tiph_net_get(net);

	tn->net = net;
	tn->cookie_stamp = jiffies - TCP_SYNCOOKIE_VALID - HZ;
	tn->spoof_stamp = jiffies - TIPH_LOOP_PERIOD - HZ;
	/* ids are not those of the module's last life, and there are enough */
	tn->last_id = get_random_u32() & (TIPH_TAG_MAX >> 1);
	tn->forward_stamp = jiffies - TIPH_SYN_PERIOD - HZ;
	tn->loop_stamp = jiffies - TIPH_LOOP_NEWS_PERIOD - HZ;
	INIT_DELAYED_WORK(&tn->tend, tend_work);
	mutex_init(&tn->lock);

	return 0;
}

/*
 * A namespace ends, or the module does. No netlink message and no socket
 * option can be under way: there is no user of the namespace any more, or
 * main.c has unregistered both. The phases:
 *
 *   1. The hooks are unregistered. A packet that is in one may still read
 *      gate, counters, ports and dst.
 *   2. The references to the loopback device, through the dst, are given up
 *      while that device waits for them. Packets and sockets may have
 *      references of their own, and RCU holds the memory for those without.
 *   3. The owner's reference to the module goes, if one is left.
 *   4. The core waits for a grace period, then calls net_exit(): nobody is in
 *      a hook any more. The work, which a hook may have asked for until then,
 *      is waited for, and all the rest is freed.
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct tiph_net *tn = tiph_net_get(net);

	mutex_lock(&tn->lock);
	hooks_down(tn, TIPH_HOOKS_IN);
	hooks_down(tn, TIPH_HOOKS_BRIDGE);
	hooks_down(tn, TIPH_HOOKS_GUARD);
	tiph_dst_kill(&tn->dst);
	tiph_net_own(tn, 0);
	mutex_unlock(&tn->lock);
}

static void __net_exit net_exit(struct net *net)
{
	struct tiph_net *tn = tiph_net_get(net);

	cancel_delayed_work_sync(&tn->tend);
	tiph_ports_free(rcu_dereference_protected(tn->ports, true));
	tiph_bypass_free(tn->bypass);
	free_percpu(tn->stats);
	kvfree(tn->lately);
	kvfree(tn->forwarded);
	tiph_ways_free(tn->ways);
	kvfree(tn->gate);
	mutex_destroy(&tn->lock);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct tiph_net),
};

/**
 * tiph_net_init() - begin to have state in each namespace
 * @sets: what to register in a namespace that has ports, by enum tiph_hook_sets
 * @tend: the work of a struct tiph_net
 *
 * Return: 0 or a negative errno
 */
int __init tiph_net_init(const struct tiph_hook_set *sets, work_func_t tend)
{
	int err;

	hook_sets = sets;
	tend_work = tend;
	workqueue = alloc_workqueue("tiphares", WQ_UNBOUND, 0);
	if (!workqueue)
		return -ENOMEM;
	err = register_pernet_subsys(&net_ops);
	if (err)
		destroy_workqueue(workqueue);

	return err;
}

/**
 * tiph_net_exit() - give up the state in all namespaces
 */
void tiph_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
	destroy_workqueue(workqueue);
}
