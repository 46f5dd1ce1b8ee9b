# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets.

BUILD ?= build
# One name for one directory: dependency files name their targets by it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
VERSION := $(shell sed -n 's/^\#define TIPHARES_VERSION "\(.*\)"/\1/p' version.h)

CC ?= gcc
WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wno-unused-parameter
OPT ?= -O2 -g
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_HARDEN := -pie -Wl,-z,relro,-z,now
CFLAGS_ALL = -std=gnu11 $(OPT) $(WARN) $(HARDEN) -D_GNU_SOURCE -I. -Iuapi -MMD -MP $(CFLAGS)

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
DAEMON_PKGS := libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libnftables yaml-0.1 libcares jansson libmicrohttpd libcap-ng libseccomp
CTL_PKGS := jansson libcurl libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libnftables

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
	$(CC) $(CFLAGS_ALL) -Idaemon -I$(BUILD)/daemon $(call pkg,--cflags,$(DAEMON_PKGS)) -pthread -c -o $@ $<

$(BUILD)/ctl/%.o: ctl/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Ictl $(call pkg,--cflags,$(CTL_PKGS)) -c -o $@ $<

# the status page as a string
$(BUILD)/daemon/page.inc: daemon/page.html
	@mkdir -p $(@D)
	{ echo 'static const char page[] ='; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } >$@
$(BUILD)/daemon/admin_page.o: $(BUILD)/daemon/page.inc

-include $(DAEMON_OBJ:.o=.d) $(CTL_OBJ:.o=.d)

clean:
	rm -rf $(BUILD)

# The README's test command. Every stage runs, whatever the one before it said; what counts
# is the sum. STAGES="unit native" runs less, T="modes bodies" only those scenarios; the stage "debug" is the
# debug kernel, which has to be built once.
STAGES ?= static unit http native vm

.PHONY: check $(STAGES:%=stage-%)
check: deps-check
	@rm -rf $(KTAP)
	@mkdir -p $(KTAP)
	@n=0; for stage in $(STAGES); do \
		n=$$((n + 1)) start=$$(date +%s); \
		last=$$(sed -n "s/^$$stage \(.*\)/, took \1 s the last time/p" $(BUILD)/stage-times 2>/dev/null | tail -n 1); \
		echo "== $$stage: stage $$n of $(words $(STAGES))$$last; alone: make check STAGES=$$stage"; \
		$(MAKE) --no-print-directory stage-$$stage || echo "== $$stage: not ok"; \
		took=$$(($$(date +%s) - start)); \
		echo "$$stage $$took" >>$(BUILD)/stage-times; \
		echo "== $$stage took $$took s"; \
	done
	@selftests/ktap-count $$(for s in $(STAGES); do case $$s in \
		static) echo $(KTAP)/static.log ;; unit) echo $(KTAP)/unit.log ;; \
		http) echo $(KTAP)/http.log ;; \
		native) echo $(native-logs) ;; \
		vm) echo $(stage-vm-logs) ;; \
		debug) echo $(KTAP)/vm-debug-kmod.log $(KTAP)/vm-debug-kmod-verdict.log ;; esac; done)

stage-static: check-static
stage-unit: check-unit
stage-http: ktap-http
stage-native: ktap-native
stage-debug:
	@$(MAKE) --no-print-directory ktap-debug T="$(or $(T),$(DEBUG_SHORT))"

help:
	@sed -n 's/^#: //p' Makefile

#: make                 the daemon, tipharesctl, and the module where kernel headers are
#: make demo            shows all modes at work in a virtual machine; DATAPATH=nft: natively
#: make check           all tests; T="name ..." some scenarios, STAGES="static unit http native vm"
#: make check-native    the scenarios on this machine, nft datapath
#: make check-vm        the scenarios in virtual machines; KERNELS="6.1 6.12" DATAPATHS="kmod nft"
#: make check-explain   is what explain says what happens, for 10,000 connections on both datapaths
#: make check-debug     the scenarios on a kernel with KASAN, lockdep, kmemleak; builds it the first time
#: make check-coverage  the same, and which lines of the module were run; T=none: what is known from before
#: make soak            reloads, takeovers, kills, hangs and floods under load; SOAK=10 times
#: make check-matrix    the module and the scenarios on Linux 6.1, 6.12 and 7.3
#: make fuzz-kernel      the module's interfaces and hooks fuzzed on that kernel, TIME= seconds long; make torture: churn
#: make check-http      HTTP conformance, end to end; H="chunked/ slow/" only some cases
#: make bench-kernel    instructions a packet costs, against a baseline; BENCH_KERNELS="6.1 6.12"
#: make bench           this proxy beside others; PEERS="haproxy-http tiphares" ROUNDS=1 for less
#: make bench-callgrind  instructions, allocations and system calls of a request, none more than before
#: make bench-time-wait  what a connect costs beside 30,000 pairs in TIME_WAIT
#: make check-unit      unit tests; make check-static: style and static analysis
#: make deps            installs Debian packages that are missing; FOR=build for fewer
#: make module          build/tiphares.ko for the running kernel, or KVER=
#: make install         the programs, unit, manual; DESTDIR= and PREFIX= as usual
#: make dkms-install    the module through DKMS, for all kernels whose headers are there, or KVER=
#: make deb             Debian packages, in build/deb
#: make check-install   installing, tried in Debian systems of its own; INSTALL_TESTS="dkms readme deb"
#: make clean           removes build/

# Each fragment stands beside what it builds.
-include scripts/deps.mk scripts/kmod.mk scripts/static.mk tests/tests.mk selftests/selftests.mk
-include bench/kernel/bench.mk scripts/install.mk scripts/demo.mk tests/http/http.mk bench/bench.mk
