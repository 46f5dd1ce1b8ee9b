# SPDX-License-Identifier: GPL-2.0-only
# Style and static analysis; one TAP result a rule.

.PHONY: check-static
check-static: deps-check $(BUILD)/daemon/page.inc
	@mkdir -p $(BUILD)/ktap
	@LINT_CFLAGS="-std=gnu11 -D_GNU_SOURCE -I. -Iuapi -I$(abspath $(BUILD))/daemon $(sort $(call pkg,--cflags,$(DAEMON_PKGS) $(CTL_PKGS)))" \
		scripts/static.sh | tee $(BUILD)/ktap/static.log
	@selftests/ktap-count $(BUILD)/ktap/static.log
