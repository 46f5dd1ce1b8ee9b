// SPDX-License-Identifier: GPL-2.0-only
/* Two marks with room between them, so that shedding does not flap. */
#include "overload.h"

#include <errno.h>
#include <sys/eventfd.h>

#define HOLD_MS 1000

static int poke_fd = -1;
static bool poked;

int overload_open(void)
{
	poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return poke_fd < 0 ? -errno : poke_fd;
}

void overload_poke(void)
{
	if (!__atomic_load_n(&poked, __ATOMIC_RELAXED) && !__atomic_exchange_n(&poked, true, __ATOMIC_ACQ_REL))
		eventfd_write(poke_fd, 1);
}

void overload_calm(void)
{
	eventfd_t n;

	eventfd_read(poke_fd, &n);
	__atomic_store_n(&poked, false, __ATOMIC_RELEASE);
}

/* What is at its mark of @share, or NULL. */
static const char *above(const struct conf_limits *limits, const struct overload_load *load, uint64_t share,
			 uint64_t lag)
{
	if (load->exhausted)
		return "no descriptors are left";
	if (share && load->sessions * TIPH_SHARE >= limits->sessions * share)
		return "sessions";
	if (share && load->memory * TIPH_SHARE >= limits->memory * share)
		return "buffers";
	return lag && load->stuck >= lag ? "a thread is late" : NULL;
}

bool overload_look(struct overload *o, const struct conf_limits *limits, const struct overload_load *load,
		   uint64_t now)
{
	const char *high = above(limits, load, limits->shed_high, limits->lag);
	const char *low = above(limits, load, limits->shed_low, limits->lag / 2);

	if (!o->engaged) {
		o->engaged = high;
		o->reason = high;
		o->easy_since = 0;
		return high;
	}
	if (low)
		o->easy_since = 0;
	else if (!o->easy_since)
		o->easy_since = now;
	else if (now - o->easy_since >= HOLD_MS)
		o->engaged = false;
	return !o->engaged;
}
