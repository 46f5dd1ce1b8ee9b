# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets.

BUILD ?= build
VERSION := $(shell sed -n 's/^\#define TIPHARES_VERSION "\(.*\)"/\1/p' version.h)

CC ?= gcc
WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wno-unused-parameter
OPT ?= -O2 -g
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_HARDEN := -pie -Wl,-z,relro,-z,now
CFLAGS_ALL = -std=gnu11 $(OPT) $(WARN) $(HARDEN) -D_GNU_SOURCE -I. -Iuapi -MMD -MP $(CFLAGS)

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
DAEMON_PKGS := libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libnftables yaml-0.1 libcares jansson libmicrohttpd libcap-ng libseccomp
CTL_PKGS := jansson libcurl

DAEMON_SRC := $(wildcard daemon/*.c)
CTL_SRC := $(wildcard ctl/*.c)
DAEMON_OBJ := $(DAEMON_SRC:%.c=$(BUILD)/%.o)
CTL_OBJ := $(CTL_SRC:%.c=$(BUILD)/%.o)

.DEFAULT_GOAL := all
.PHONY: all daemon ctl clean help

all: daemon ctl module

daemon: $(BUILD)/tipharesd
ctl: $(BUILD)/tipharesctl

$(BUILD)/tipharesd: $(DAEMON_OBJ)
	$(CC) $(OPT) $(LINK_HARDEN) $(LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS)) -pthread

$(BUILD)/tipharesctl: $(CTL_OBJ)
	$(CC) $(OPT) $(LINK_HARDEN) $(LDFLAGS) -o $@ $^ $(call pkg,--libs,$(CTL_PKGS))

$(BUILD)/daemon/%.o: daemon/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Idaemon $(call pkg,--cflags,$(DAEMON_PKGS)) -pthread -c -o $@ $<

$(BUILD)/ctl/%.o: ctl/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Ictl $(call pkg,--cflags,$(CTL_PKGS)) -c -o $@ $<

-include $(DAEMON_OBJ:.o=.d) $(CTL_OBJ:.o=.d)

clean:
	rm -rf $(BUILD)

# Each fragment stands beside what it builds.
-include scripts/deps.mk scripts/kmod.mk tests/tests.mk selftests/selftests.mk scripts/install.mk
