// SPDX-License-Identifier: GPL-2.0-only
/*
 * Privileges of the two processes.
 *
 * The parent keeps CAP_NET_ADMIN (interception, listeners, transparent
 * sockets), CAP_NET_BIND_SERVICE (listeners below 1024), CAP_SETUID,
 * CAP_SETGID and CAP_SETPCAP (to make the next worker harmless), CAP_KILL (to
 * end it) and CAP_DAC_READ_SEARCH (the configuration may be in a private
 * directory). The worker keeps nothing.
 */
#include "privs.h"

#include <cap-ng.h>
#include <errno.h>
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
		if (user.uid) {
			*ret = user;
			return 0;
		}
		snprintf(why, size, "user %s is root: the worker must run as another user", name);
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
					     CAP_SETPCAP, CAP_KILL, CAP_DAC_READ_SEARCH };

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

/*
 * The bounding set goes while CAP_SETPCAP is there, the ids while CAP_SETUID
 * is. A change of ids clears the parent death signal: it is set afterwards, and
 * a parent that was gone by then is noticed by its pid.
 */
int privs_drop_worker(const struct privs_user *user, pid_t parent)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_change_id((int)user->uid, (int)user->gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
		return errno ? -errno : -EPERM;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}
