# SPDX-License-Identifier: GPL-2.0-only
# Instructions a packet costs in the kernel. BENCH_KERNELS="6.1 6.12", BENCH="none tiphares-1" measure less or
# elsewhere; BASELINE=renew writes bench/kernel/baseline-*.txt.
BENCH_KERNELS ?= 6.1

.PHONY: bench-kernel
bench-kernel: deps-check
	@for k in $(BENCH_KERNELS); do TIPH_BASELINE=$(BASELINE) bench/kernel/bench.sh $(BUILD) $$k $(BENCH) || :; done
	@selftests/ktap-count $(BENCH_KERNELS:%=$(BUILD)/ktap/bench-%.log)
