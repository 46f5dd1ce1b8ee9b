# SPDX-License-Identifier: GPL-2.0-only
# Unit tests: each tests/unit/test_NAME.c is a program that prints TAP, built and run twice, as the daemon is
# built and with AddressSanitizer and UndefinedBehaviorSanitizer. `make check-unit UNIT="addr http1_head"` runs less.
#
# unit-NAME lists what it is linked with: sources of daemon/ and tests/unit/ without ".c". unit-libs-NAME: libraries.

UNIT_HTTP1 := daemon/http1 daemon/http1_fields daemon/http1_target daemon/http1_chunked daemon/http1_octets daemon/addr
UNIT_CASES := tests/unit/cases_request tests/unit/cases_response tests/unit/cases_chunked tests/unit/describe
UNIT_ORACLE := tests/unit/oracle tests/unit/llhttp daemon/http_msg

unit-addr := daemon/addr
unit-http1_head := $(UNIT_HTTP1) $(UNIT_CASES) $(UNIT_ORACLE)
unit-http1_mutate := $(UNIT_HTTP1) $(UNIT_CASES) $(UNIT_ORACLE)
unit-http1_limits := $(UNIT_HTTP1)
unit-http1_octets := $(UNIT_HTTP1)
unit-conf := daemon/conf daemon/conf_check daemon/conf_keys daemon/conf_value daemon/conf_write daemon/conf_yaml daemon/addr
unit-libs-conf := -lyaml
unit-http1_chunked := $(UNIT_HTTP1) $(UNIT_CASES) $(UNIT_ORACLE)
unit-http_msg := $(UNIT_HTTP1) $(UNIT_CASES) daemon/http_msg tests/unit/forwarded
unit-resolver := daemon/resolver daemon/dns daemon/loop daemon/timer daemon/addr tests/unit/dns_server
unit-libs-resolver = $(call pkg,--libs,libcares)
unit-timer := daemon/timer
unit-body := daemon/body daemon/buf daemon/loop daemon/timer $(UNIT_HTTP1)
unit-upstream := daemon/upstream daemon/buf daemon/loop daemon/timer daemon/metrics daemon/addr
unit-origin := daemon/origin daemon/clients daemon/addr

UNIT ?= $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_VARIANTS := plain sanitized
UNIT_SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
unit-cflags-plain := $(OPT) $(HARDEN)
unit-cflags-sanitized := $(UNIT_SANITIZE) -fPIE
UNIT_PROGRAMS := $(foreach v,$(UNIT_VARIANTS),$(UNIT:%=$(BUILD)/unit/$v/test_%))

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

# A program of a variant: $1 variant, $2 name
define unit-program
$(BUILD)/unit/$1/test_$2: $(patsubst %,$(BUILD)/unit/$1/%.o,tests/unit/test_$2 $(unit-$2))
	$(CC) $(unit-cflags-$1) $(LINK_HARDEN) -o $$@ $$^ $$(unit-libs-$2) -pthread
endef

$(foreach v,$(UNIT_VARIANTS),$(eval $(call unit-variant,$v)))
$(foreach v,$(UNIT_VARIANTS),$(foreach n,$(UNIT),$(eval $(call unit-program,$v,$n))))
-include $(foreach v,$(UNIT_VARIANTS),$(wildcard $(BUILD)/unit/$v/daemon/*.d $(BUILD)/unit/$v/tests/unit/*.d))

ktap-unit: $(UNIT_PROGRAMS)
	@tests/unit/run.sh $(BUILD)/ktap/unit.log $^

check-unit: ktap-unit
	@selftests/ktap-count $(BUILD)/ktap/unit.log
