/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place where the version stands; Makefile and dkms.conf read it. */
#ifndef TIPHARES_VERSION_H
#define TIPHARES_VERSION_H

#define TIPHARES_VERSION "0.1.0"

#endif /* TIPHARES_VERSION_H */
