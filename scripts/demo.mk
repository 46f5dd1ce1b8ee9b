# SPDX-License-Identifier: GPL-2.0-only
# `make demo`: the job, being done. With the module in a virtual machine, or natively with nft:
#
#	make demo
#	make demo DATAPATH=nft
#	make demo KERNEL=6.12

DATAPATH ?= kmod
KERNEL ?= 6.1
.PHONY: demo
demo: deps-demo
	@scripts/demo.sh $(abspath $(BUILD)) $(DATAPATH) $(KERNEL)
