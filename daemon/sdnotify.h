/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells the service manager how we are, where there is one. */
#ifndef TIPHARES_SDNOTIFY_H
#define TIPHARES_SDNOTIFY_H

/* "READY=1", "STOPPING=1"; fails silently. */
void sdnotify(const char *state);
/* RELOADING=1 with the time that goes with it. */
void sdnotify_reloading(void);

/* WATCHDOG=1, where the manager waits for it. */
void sdnotify_alive(void);

#endif /* TIPHARES_SDNOTIFY_H */
