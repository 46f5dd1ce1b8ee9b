# SPDX-License-Identifier: GPL-2.0-only
# The module for the running kernel, or KVER=; skipped, and said so, where its headers are not.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

.PHONY: module
module:
	@if [ -d $(KDIR) ]; then \
		scripts/kmod-build.sh $(KDIR) $(abspath $(BUILD))/kmod-$(KVER) && \
		cp $(BUILD)/kmod-$(KVER)/tiphares.ko $(BUILD)/tiphares.ko; \
	else \
		echo "module: left out, no kernel headers in $(KDIR) (KVER= names another kernel)"; \
	fi
