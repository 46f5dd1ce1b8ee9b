/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket options: listen, spoof, verdict. */
#ifndef TIPHARES_SOCKOPT_H
#define TIPHARES_SOCKOPT_H

int tiph_sockopt_init(void);
void tiph_sockopt_exit(void);

#endif /* TIPHARES_SOCKOPT_H */
