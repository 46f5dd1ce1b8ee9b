/* SPDX-License-Identifier: GPL-2.0-only */
/* Going to the background, where nothing supervises the daemon. */
#ifndef TIPHARES_BACKGROUND_H
#define TIPHARES_BACKGROUND_H

/**
 * background_enter() - go on as a session of one's own
 *
 * The process that was started waits for background_ready() and then exits with
 * 0, or with the status of the daemon that ended before. Standard output and
 * error stay what they were. Return: what to give to background_ready(), or a
 * negative errno.
 */
int background_enter(void);
/* The daemon serves. -1 is legal. */
void background_ready(int fd);

#endif /* TIPHARES_BACKGROUND_H */
