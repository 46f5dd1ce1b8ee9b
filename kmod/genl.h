/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family "tiphares". */
#ifndef TIPHARES_GENL_H
#define TIPHARES_GENL_H

int tiph_genl_init(void);
void tiph_genl_exit(void);

#endif /* TIPHARES_GENL_H */
