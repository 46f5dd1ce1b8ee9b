# SPDX-License-Identifier: GPL-2.0-only
# Style and static analysis; one TAP result a rule.

.PHONY: check-static
check-static:
	@mkdir -p $(BUILD)/ktap
	@scripts/static.sh | tee $(BUILD)/ktap/static.log
	@selftests/ktap-count $(BUILD)/ktap/static.log
