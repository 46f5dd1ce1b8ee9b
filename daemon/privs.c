// SPDX-License-Identifier: GPL-2.0-only
/*
 * Privileges of the two processes.
 *
 * The parent keeps CAP_NET_ADMIN (interception, listeners, transparent
 * sockets), CAP_NET_BIND_SERVICE (listeners below 1024), CAP_SETUID,
 * CAP_SETGID and CAP_SETPCAP (to make the next worker harmless), and, where root
 * started it, CAP_DAC_READ_SEARCH (the configuration may be in a private
 * directory). The worker keeps nothing.
 */
#include "privs.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int find(const char *name, struct privs_user *ret)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		return -ENOENT;
	*ret = (struct privs_user){ .uid = pw->pw_uid, .gid = pw->pw_gid };
	return 0;
}

int privs_find_user(const char *name, struct privs_user *ret, char *why, size_t size)
{
	struct privs_user user;

	why[0] = '\0';
	if (!find(name, &user)) {
		if (user.uid && user.uid != geteuid()) {
			*ret = user;
			return 0;
		}
		snprintf(why, size, "user %s is %s: the worker must run as another user", name,
			 user.uid ? "the one that runs this" : "root");
		return -EPERM;
	}
	if (!strcmp(name, PRIVS_DEFAULT_USER) && !find("nobody", ret)) {
		snprintf(why, size, "user %s does not exist; the worker runs as nobody", name);
		return 0;
	}
	snprintf(why, size,
		 "user %s does not exist; create it: useradd --system --no-create-home --shell /usr/sbin/nologin %s",
		 name, name);
	return -ENOENT;
}

bool privs_suffice(void)
{
	capng_get_caps_process();
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN);
}

void privs_raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int privs_reduce_parent(void)
{
	static const unsigned int kept[] = { CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_SETUID, CAP_SETGID,
					     CAP_SETPCAP, CAP_DAC_READ_SEARCH };

	capng_get_caps_process();
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool keep = false;

		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			keep |= kept[i] == cap;
		if (!keep)
			capng_update(CAPNG_DROP,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_BOUNDING_SET,
				     cap);
	}
	if (capng_apply(CAPNG_SELECT_BOTH))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* While CAP_SETPCAP is there. */
static int clear_bounding(void)
{
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -errno;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ? -errno : 0;
}

/* Whoever is not root now keeps its capabilities over this. */
static int change_ids(const struct privs_user *user)
{
	return setgroups(0, NULL) || setresgid(user->gid, user->gid, user->gid) ||
	       setresuid(user->uid, user->uid, user->uid) ? -errno : 0;
}

/*
 * A change of ids clears the parent death signal: it is set afterwards, and a
 * parent that was gone by then is noticed by its pid.
 */
int privs_drop_worker(const struct privs_user *user, pid_t parent)
{
	int err = clear_bounding();

	if (!err)
		err = change_ids(user);
	if (err)
		return err;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}
