# SPDX-License-Identifier: GPL-2.0-only
# Unit tests: each tests/unit/test_NAME.c is a program that prints TAP, built and run twice, as the daemon is
# built and with AddressSanitizer and UndefinedBehaviorSanitizer. `make check-unit UNIT="addr http1_head"` runs less.
#
# unit-NAME lists what it is linked with: sources of daemon/ and tests/unit/ without ".c". unit-libs-NAME: libraries.

UNIT_HTTP1 := daemon/http1 daemon/http1_fields daemon/http1_target daemon/http1_chunked daemon/http1_octets daemon/addr
UNIT_CASES := tests/unit/cases_request tests/unit/cases_response tests/unit/cases_chunked tests/unit/describe
UNIT_ORACLE := tests/unit/oracle tests/unit/llhttp daemon/http_msg daemon/http_page

unit-addr := daemon/addr
unit-http1_head := $(UNIT_HTTP1) $(UNIT_CASES) $(UNIT_ORACLE)
unit-http1_mutate := $(UNIT_HTTP1) $(UNIT_CASES) $(UNIT_ORACLE)
unit-http1_limits := $(UNIT_HTTP1)
unit-http1_octets := $(UNIT_HTTP1)
unit-conf := daemon/conf daemon/conf_check daemon/conf_format daemon/conf_keys daemon/conf_value daemon/conf_write daemon/conf_yaml daemon/addr
unit-libs-conf := -lyaml
unit-channel := daemon/channel daemon/broker daemon/shm
unit-http1_chunked := $(UNIT_HTTP1) $(UNIT_CASES) $(UNIT_ORACLE) tests/unit/chunked_oracle
unit-http_msg := $(UNIT_HTTP1) $(UNIT_CASES) daemon/http_msg daemon/http_page tests/unit/forwarded
unit-resolver := daemon/resolver daemon/dns daemon/sysnames daemon/loop daemon/timer daemon/addr tests/unit/dns_server
unit-libs-resolver = $(call pkg,--libs,libcares)
unit-sysnames := daemon/sysnames daemon/addr
unit-confine := daemon/confine daemon/channel daemon/dns daemon/loop daemon/timer daemon/addr
unit-libs-confine = $(call pkg,--libs,libcares libseccomp)
unit-timer := daemon/timer
unit-access := daemon/access $(unit-conf)
unit-libs-access := -lyaml
unit-tls_hello := daemon/tls_hello tests/unit/hello
unit-proxy_header := daemon/proxy_header daemon/addr
unit-bypass_text := daemon/bypass_text daemon/addr
unit-overload := daemon/overload
unit-likeness := daemon/likeness
unit-health := daemon/health daemon/addr
unit-speakers := daemon/speakers daemon/addr
unit-tally := daemon/tally daemon/addr
unit-http1_begin := $(UNIT_HTTP1) daemon/http1_begin
unit-body := daemon/body daemon/body_splice daemon/pipes daemon/buf daemon/loop daemon/timer daemon/http_trailers $(UNIT_HTTP1)
unit-http_trailers := daemon/http_trailers tests/unit/trailers $(UNIT_HTTP1)
unit-upstream := daemon/upstream daemon/buf daemon/loop daemon/timer daemon/metrics daemon/addr
unit-origin := daemon/origin daemon/clients daemon/addr

# The module's logic as a program: its very sources, over tests/unit/kernel.h in place of the kernel.
unit-kmod_prefix := kmod/prefix tests/unit/kernel
unit-kmod_port := kmod/port kmod/prefix kmod/stats kmod/tag tests/unit/kernel
unit-kmod_gate := tests/unit/kernel
unit-kmod_tag := kmod/tag kmod/guard kmod/stats tests/unit/kernel
unit-kmod_frag := kmod/frag kmod/tag tests/unit/kernel
unit-kmod_icmp := kmod/icmp kmod/stats tests/unit/kernel
unit-kmod_rules := kmod/rules kmod/prefix tests/unit/kernel
unit-kmod_hook := kmod/hook kmod/begin kmod/lately kmod/port kmod/prefix kmod/stats kmod/tag tests/unit/kernel

UNIT ?= $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c)) $(UNIT_SCRIPTS)
# scripts that print TAP about the programs, as they are
UNIT_SCRIPTS := $(patsubst tests/ctl/%.sh,%,$(wildcard tests/ctl/*.sh))
UNIT_C = $(filter-out $(UNIT_SCRIPTS),$(UNIT))
UNIT_VARIANTS := plain sanitized
UNIT_SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
unit-cflags-plain := $(OPT) $(HARDEN)
unit-cflags-sanitized := $(UNIT_SANITIZE) -fPIE
UNIT_PROGRAMS := $(foreach v,$(UNIT_VARIANTS),$(UNIT_C:%=$(BUILD)/unit/$v/test_%)) \
	$(patsubst %,$(BUILD)/unit/ctl_%,$(filter $(UNIT_SCRIPTS),$(UNIT)))

.PHONY: check-unit ktap-unit

# What a variant's object is made of. llhttp comes as source, and has two warnings.
define unit-variant
$(BUILD)/unit/$1/%.o: %.c
	@mkdir -p $$(@D)
	$(CC) -std=gnu11 $(WARN) $(unit-cflags-$1) -D_GNU_SOURCE -DLLHTTP_STRICT_MODE=1 -I. -Iuapi -Idaemon \
		-I/usr/share/include/llhttp -MMD -MP $$(CFLAGS) $$(call pkg,--cflags,$$(DAEMON_PKGS)) -pthread -c -o $$@ $$<

$(BUILD)/unit/$1/tests/unit/llhttp.o: | deps-check
	@mkdir -p $$(@D)
	$(CC) -std=gnu11 -O1 -g $(filter -fsanitize%,$(unit-cflags-$1)) -fPIE -DLLHTTP_STRICT_MODE=1 \
		-I/usr/share/include/llhttp -r -nostdlib -o $$@ $$(addprefix /usr/share/llhttp/,api.c http.c llhttp.c)
endef

# Headers of the kernel's own: empty, kernel.h stands for all of them.
UNIT_KERNEL_HEADERS := $(addprefix $(BUILD)/unit/kernel/,$(patsubst %,linux/%.h,cpumask gfp hash icmpv6 inetdevice \
	jhash jiffies log2 module mutex netdevice netfilter_bridge percpu random rbtree refcount rhashtable siphash slab sort spinlock \
	tracepoint workqueue) $(patsubst %,net/%.h,addrconf dst_metadata inet6_hashtables inet_hashtables \
	ip ip6_fib ip6_route ipv6 ipv6_frag net_namespace netlink netns/generic route sock tcp netfilter/ipv4/nf_reject \
	netfilter/ipv6/nf_defrag_ipv6 netfilter/ipv6/nf_reject netfilter/nf_conntrack) trace/define_trace.h)
$(UNIT_KERNEL_HEADERS):
	@mkdir -p $(@D)
	@: >$@

define unit-kernel-variant
$(UNIT_KERNEL_OBJ:%=$(BUILD)/unit/$1/%.o): $(BUILD)/unit/$1/%.o: %.c | $(UNIT_KERNEL_HEADERS)
	@mkdir -p $$(@D)
	$(CC) -std=gnu11 $(WARN) -Wno-sign-compare -Wno-pointer-sign -fno-strict-aliasing $(unit-cflags-$1) -include tests/unit/kernel.h -Ikmod -Iuapi \
		-I$(BUILD)/unit/kernel -MMD -MP $$(CFLAGS) -c -o $$@ $$<
endef

# A program of a variant: $1 variant, $2 name
define unit-program
$(BUILD)/unit/$1/test_$2: $(patsubst %,$(BUILD)/unit/$1/%.o,tests/unit/test_$2 $(unit-$2))
	$(CC) $(unit-cflags-$1) $(LINK_HARDEN) -o $$@ $$^ $$(unit-libs-$2) -pthread
endef

$(foreach v,$(UNIT_VARIANTS),$(eval $(call unit-variant,$v)))
UNIT_KERNEL_OBJ := $(sort $(foreach n,$(filter kmod_%,$(UNIT)),tests/unit/test_$n $(unit-$n)))
$(foreach v,$(UNIT_VARIANTS),$(eval $(call unit-kernel-variant,$v)))
$(foreach v,$(UNIT_VARIANTS),$(foreach n,$(UNIT_C),$(eval $(call unit-program,$v,$n))))
-include $(foreach v,$(UNIT_VARIANTS),$(wildcard $(BUILD)/unit/$v/daemon/*.d $(BUILD)/unit/$v/kmod/*.d $(BUILD)/unit/$v/tests/unit/*.d))

$(BUILD)/unit/ctl_%: tests/ctl/%.sh | daemon ctl man
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec %s %s\n' $< $(BUILD) >$@ && chmod +x $@

# Fuzz targets, by libFuzzer with both sanitizers. They include what they are about and are linked with the rest.
# `make fuzz TIME=3600 FUZZ="request chunked"`, in seconds. check-unit gives each FUZZ_UNIT_SECONDS, as long as make check
# stays short on two CPUs; a minute each: make check-unit FUZZ_UNIT_SECONDS=60.
FUZZ_TARGETS := request response forward chunked hello proxy conf resolver admin
FUZZ ?= $(FUZZ_TARGETS)
FUZZ_SECONDS ?= $(or $(TIME),60)
FUZZ_UNIT_SECONDS ?= 30
FUZZ_CC ?= clang-14
FUZZ_DIR := $(BUILD)/fuzz
FUZZ_CFLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-D_GNU_SOURCE -DLLHTTP_STRICT_MODE=1 -I. -Iuapi -Idaemon -I$(BUILD)/daemon -I/usr/share/include/llhttp
FUZZ_LLHTTP := $(addprefix /usr/share/llhttp/,api.c http.c llhttp.c)
FUZZ_PROGRAMS := $(FUZZ:%=$(FUZZ_DIR)/fuzz_%)

fuzz-request := daemon/http1_octets.c daemon/http1_chunked.c daemon/http_msg.c daemon/http_page.c daemon/addr.c tests/unit/oracle.c
fuzz-response := $(fuzz-request)
fuzz-forward := $(UNIT_HTTP1:%=%.c) daemon/http_page.c tests/unit/forwarded.c
fuzz-chunked := daemon/http1_octets.c daemon/http1.c daemon/http1_fields.c daemon/http1_target.c daemon/http_msg.c daemon/http_page.c \
	daemon/addr.c daemon/http_trailers.c tests/unit/oracle.c tests/unit/chunked_oracle.c tests/unit/trailers.c
fuzz-dict-chunked := chunked
fuzz-hello :=
fuzz-dict-hello := hello
fuzz-proxy := daemon/addr.c
fuzz-dict-proxy := proxy
fuzz-conf := $(unit-conf:%=%.c)
fuzz-libs-conf := -lyaml
fuzz-dict-conf := conf
fuzz-resolver := daemon/addr.c daemon/timer.c daemon/loop.c daemon/sysnames.c
fuzz-dict-resolver := events
fuzz-admin := $(filter-out daemon/admin_socket.c,$(wildcard daemon/admin*.c)) $(addprefix daemon/,explain.c bypass_text.c log.c shm.c recent.c metrics.c) \
	$(unit-conf:%=%.c)
$(FUZZ_DIR)/fuzz_admin: $(BUILD)/daemon/page.inc
fuzz-libs-admin := -lyaml -ljansson -lmicrohttpd
fuzz-dict-admin := admin
fuzz-dict = tests/fuzz/$(or $(fuzz-dict-$1),http).dict

# llhttp is the oracle, not under test: nothing in it may steer the fuzzer or stop it.
$(FUZZ_DIR)/llhttp.o: | deps-check
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=gnu11 -O2 -w -DLLHTTP_STRICT_MODE=1 -I/usr/share/include/llhttp -r -nostdlib -o $@ $(FUZZ_LLHTTP)

define fuzz-program
$(FUZZ_DIR)/fuzz_$1: tests/fuzz/fuzz_$1.c $(fuzz-$1) $(wildcard daemon/http*.[ch] daemon/tls_hello.[ch] daemon/proxy_header.[ch] daemon/resolver.[ch] daemon/conf*.h tests/unit/*.h tests/fuzz/*.h) $(FUZZ_DIR)/llhttp.o
	@mkdir -p $$(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -o $$@ tests/fuzz/fuzz_$1.c $(fuzz-$1) $(FUZZ_DIR)/llhttp.o $(fuzz-libs-$1)

# a program that fuzzes for a short time: run.sh of the unit tests runs it like them
$(FUZZ_DIR)/short_$1: $(FUZZ_DIR)/fuzz_$1 $(FUZZ_DIR)/seeds
	@printf '#!/bin/sh\nexec tests/fuzz/run.sh %s %s %s %s\n' $$< $(FUZZ_UNIT_SECONDS) $(call fuzz-dict,$1) \
		$(FUZZ_DIR)/corpus/$1 >$$@ && chmod +x $$@

fuzz-$1: $(FUZZ_DIR)/fuzz_$1 $(FUZZ_DIR)/seeds
	@tests/fuzz/run.sh $$< $(FUZZ_SECONDS) $(call fuzz-dict,$1) $(FUZZ_DIR)/corpus/$1
endef
$(foreach n,$(FUZZ_TARGETS),$(eval $(call fuzz-program,$n)))

$(FUZZ_DIR)/seeds: tests/fuzz/seeds.c $(UNIT_CASES:%=%.c) tests/unit/hello.c $(wildcard examples/*.yaml)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 $(WARN) -D_GNU_SOURCE -I. -Iuapi -Idaemon -o $@ tests/fuzz/seeds.c $(UNIT_CASES:%=%.c) tests/unit/hello.c
	$@ $(FUZZ_DIR)/corpus
	@mkdir -p $(FUZZ_DIR)/corpus/conf && cp examples/*.yaml $(FUZZ_DIR)/corpus/conf

.PHONY: fuzz $(FUZZ:%=fuzz-%)
fuzz: $(FUZZ:%=fuzz-%)

# What must not cost more than it does, counted in instructions. UNIT="..." leaves it out.
COST := $(if $(filter $(origin UNIT),file),$(BUILD)/unit/cost_access.run)
$(BUILD)/unit/cost_access: $(patsubst %,$(BUILD)/unit/plain/%.o,tests/unit/cost_access $(unit-access))
	$(CC) $(unit-cflags-plain) $(LINK_HARDEN) -o $@ $^ -lyaml
$(BUILD)/unit/cost_access.run: $(BUILD)/unit/cost_access tests/unit/cost_access.sh | deps-check
	@printf '#!/bin/sh\nexec tests/unit/cost_access.sh %s\n' $< >$@ && chmod +x $@

ktap-unit: $(UNIT_PROGRAMS) $(COST) $(FUZZ:%=$(FUZZ_DIR)/short_%)
	@tests/unit/run.sh $(BUILD)/ktap/unit.log $^

check-unit: ktap-unit
	@selftests/ktap-count $(BUILD)/ktap/unit.log
