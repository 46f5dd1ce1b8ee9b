# SPDX-License-Identifier: GPL-2.0-only
# Selftests. Each run leaves a KTAP log in build/ktap; `selftests/ktap-count build/ktap/*.log` adds them up.
#
#	make check-native		on this machine, nft, in network namespaces
#	make check-native T=software	curl, git, apt, Node, a browser and more; make deps FOR=software
#	make check-vm			in virtual machines
#	make check-vm KERNELS=6.12 DATAPATHS=kmod T="forward"
#	make check-debug		with the module, on a kernel that looks for defects
#	make check-coverage		the same, and which lines of the module they came to
#	make check-matrix		with the module, on every kernel of the range

KERNELS ?= 6.1 6.12
DATAPATHS ?= kmod nft
KTAP := $(BUILD)/ktap
VM_TIMEOUT ?= 3600

# the whole range of kernels; dkms.conf names the same
MATRIX ?= 6.1 6.12 7.3

.PHONY: soak soak-vm stage-vm check-native check-vm check-runner check-debug check-matrix ktap-debug ktap-native ktap-vm selftests-stage
vm-runs := $(foreach k,$(KERNELS),$(foreach d,$(DATAPATHS),vm-$(k)-$(d)))
.PHONY: $(vm-runs)

selftests-stage: deps-check
	@selftests/stage.sh $(abspath $(BUILD))
	@selftests/origin/files.sh $(BUILD)/www
	@mkdir -p $(KTAP)

# The daemon with a worker that attacks its parent: selftests/hostile.
hostile := $(BUILD)/tipharesd-hostile
hostile-own := $(addprefix $(BUILD)/hostile/,worker.o parent_worker.o)
hostile-not := daemon/worker daemon/worker_admin daemon/worker_overload daemon/parent_worker
hostile-obj := $(filter-out $(hostile-not:%=$(BUILD)/%.o),$(DAEMON_OBJ))

$(BUILD)/hostile/worker.o: selftests/hostile/worker.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Idaemon $(call pkg,--cflags,$(DAEMON_PKGS)) -c -o $@ $<

$(BUILD)/hostile/parent_worker.o: daemon/parent_worker.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DBACKOFF_FIRST_MS=10 -DBACKOFF_LAST_MS=10 -Idaemon $(call pkg,--cflags,$(DAEMON_PKGS)) -c -o $@ $<

$(hostile): $(hostile-own) $(hostile-obj)
	$(CC) $(OPT) $(LINK_HARDEN) $(LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS)) -pthread

-include $(hostile-own:.o=.d)

# Natively, most of a scenario's time is waiting: two lanes, every other scenario each, side by side.
native := $(or $(T),$(filter-out software survive_long http_core,$(sort $(basename $(notdir $(wildcard selftests/tiphares/*.sh))))))
native-lanes := 1$(if $(word 2,$(native)), 2)
native-logs := $(native-lanes:%=$(KTAP)/native-nft-%.log)
.PHONY: $(native-lanes:%=native-lane-%)
$(native-lanes:%=native-lane-%): native-lane-%: selftests-stage daemon ctl $(hostile)
	@TIPH_BUILD=$(abspath $(BUILD)) TIPH_DATAPATH=nft $(MAKE) -s --no-print-directory -C $(BUILD)/kselftest/tiphares \
		run_tests T="$$(printf '%s\n' $(native) | sed -n '$*~$(words $(native-lanes))p' | tr '\n' ' ')" \
		2>&1 </dev/null | tee $(KTAP)/native-nft-$*.log | sed -u 's/^/$*: /'

ktap-native: selftests-stage daemon ctl $(hostile)
	@echo "== natively, nft$(if $(word 2,$(native-lanes)),: two lanes)"
	@$(MAKE) --no-print-directory -j2 $(native-lanes:%=native-lane-%)

# One machine for each kernel and datapath. The runner's verdict is a result of its own.
$(vm-runs): vm-%: selftests-stage daemon ctl $(hostile)
	@selftests/vm/check.sh $(abspath $(BUILD)) $* $(VM_TIMEOUT) $(T)

# the module for a kernel of scripts/kernel.sh
kmod-keys := $(foreach k,$(KERNELS),$(if $(filter vm-$(k)-kmod,$(vm-runs)),kmod-$(k)))
.PHONY: $(kmod-keys)
$(kmod-keys): kmod-%: deps-check
	@scripts/kmod-for.sh $* $(abspath $(BUILD))
$(foreach k,$(kmod-keys),$(eval vm-$(k:kmod-%=%)-kmod: $(k)))

ktap-vm: $(vm-runs)

# What `make check` does in machines: everything with the module on the oldest kernel, and the core of it on a
# newer one and with nft, which runs whole natively. check-vm and check-matrix run all of it everywhere.
CORE ?= modes before_interception fail_open forwarding_untouched_napi match privileges
CORE_NFT ?= modes fail_open match
# What asks the daemon about HTTP and protocols is the same on each datapath, and takes an emulated machine long.
NATIVE_ONLY ?= beside_router http protocols access proxy_protocol origins memory software survive_long soak attacks_long uapi_faults \
	explain metrics logs journal page config_errors probes attacks nft_%
WHOLE := $(filter-out $(NATIVE_ONLY),$(basename $(notdir $(wildcard selftests/tiphares/*.sh selftests/tiphares/uapi_*.c selftests/tiphares/fuzz_*.c))))
# Two machines at a time. All that runs with the module goes into two of them, every other test each.
halved := $(or $(T),$(WHOLE))
half = $(shell printf '%s\n' $(halved) | sed -n '$1~2p')
stage-vm-runs := 6.1-kmod.1 $(if $(word 2,$(halved)),6.1-kmod.2) 6.12-kmod 6.1-nft
stage-vm-logs := $(foreach r,$(stage-vm-runs),$(KTAP)/vm-$r.log $(KTAP)/vm-$r-verdict.log)
.PHONY: stage-vm-built $(stage-vm-runs:%=machine-%)
stage-vm-built: selftests-stage daemon ctl $(hostile) kmod-6.1 kmod-6.12
machine-6.1-kmod.1: runs = $(if $(word 2,$(halved)),$(call half,1),$(halved))
machine-6.1-kmod.2: runs = $(call half,2)
machine-6.12-kmod: runs = $(or $(T),$(CORE))
machine-6.1-nft: runs = $(or $(T),$(CORE_NFT))
$(stage-vm-runs:%=machine-%): machine-%:
	@selftests/vm/check.sh $(abspath $(BUILD)) $* $(VM_TIMEOUT) $(runs) | sed -u 's/^/$*: /'

stage-vm:
	@$(MAKE) --no-print-directory KERNELS="6.1 6.12" DATAPATHS=kmod stage-vm-built
	@$(MAKE) --no-print-directory -j2 $(stage-vm-runs:%=machine-%)

check-native: ktap-native
	@selftests/ktap-count $(native-logs)

check-vm: ktap-vm
	@selftests/ktap-count $(vm-runs:%=$(KTAP)/%.log) $(vm-runs:%=$(KTAP)/%-verdict.log)

# What the stage "debug" of make check runs, which has to stay short; check-debug runs all.
DEBUG_SHORT ?= isolation netns_exit

# Is what explain says what happens? For 10,000 connections on each datapath; make check asks about some hundreds.
EXPLAIN ?= 10000
.PHONY: check-explain
check-explain:
	@TIPH_EXPLAIN=$(EXPLAIN) $(MAKE) --no-print-directory check-native T=explain_random
	@TIPH_EXPLAIN=$(EXPLAIN) $(MAKE) --no-print-directory check-vm KERNELS=6.1 DATAPATHS=kmod T=explain_random

# Under load for long. soak: natively, SOAK times survive_long, then mixed load for SOAK_SECONDS; soak-vm: the same with
# the module, in a machine of two CPUs.
SOAK ?= 10
SOAK_SECONDS ?= 1800
SOAK_VM_SECONDS ?= 900
soak: selftests-stage daemon ctl
	@TIPH_BUILD=$(abspath $(BUILD)) TIPH_DATAPATH=nft TIPH_SURVIVE=$(SOAK) $(BUILD)/kselftest/tiphares/survive_long.sh
	@TIPH_BUILD=$(abspath $(BUILD)) TIPH_DATAPATH=nft TIPH_SOAK_SECONDS=$(SOAK_SECONDS) $(BUILD)/kselftest/tiphares/soak.sh
soak-vm:
	@TIPH_SURVIVE=$(SOAK) TIPH_SOAK_SECONDS=$(SOAK_VM_SECONDS) $(MAKE) --no-print-directory check-vm \
		KERNELS="$(firstword $(KERNELS))" DATAPATHS=kmod VM_TIMEOUT=7200 T="survive_long soak"

# The debug kernel: built the first time, then out of the cache (scripts/kernel-debug.sh).
ktap-debug:
	@$(MAKE) --no-print-directory ktap-vm KERNELS=debug DATAPATHS=kmod VM_TIMEOUT=5400 T="$(T)"

check-debug: ktap-debug
	@selftests/ktap-count $(KTAP)/vm-debug-kmod.log $(KTAP)/vm-debug-kmod-verdict.log

# Which lines of the module its tests come to, on the debug kernel. The counters of all its machines since the module was
# last built are added up, so that it can be done in portions: make check-debug T="..." and then check-coverage T=none.
.PHONY: check-coverage
check-coverage:
	@[ "$(T)" = none ] || $(MAKE) --no-print-directory ktap-debug T="$(T)"
	@scripts/kmod-coverage.py $(BUILD)
	@selftests/ktap-count $(KTAP)/coverage.log $(if $(filter none,$(T)),,$(KTAP)/vm-debug-kmod.log $(KTAP)/vm-debug-kmod-verdict.log)

# Long forms, in rounds of a machine each, every one with a seed of its own, until the time is over or one fails.
#	make fuzz-kernel FUZZ_SECONDS=7200	the fuzzers of the module's interfaces and hooks
#	make torture FUZZ_SECONDS=7200		ports, owners, namespaces, connections and unloading at once
FUZZ_KERNEL ?= debug
FUZZ_ROUND ?= 240
FUZZ_SEED ?= 1
.PHONY: fuzz-kernel torture
fuzz-kernel: rounds-of = fuzz_uapi fuzz_packets
torture: rounds-of = churn isolation module_lifetime netns_exit
fuzz-kernel torture: deps-check
	@end=$$(($$(date +%s) + $(FUZZ_SECONDS))); seed=$(FUZZ_SEED); while [ $$(date +%s) -lt $$end ]; do \
		echo "== seed $$seed"; \
		TIPH_FUZZ_SECONDS=$(FUZZ_ROUND) TIPH_FUZZ_SEED=$$seed $(MAKE) --no-print-directory ktap-vm \
			KERNELS=$(FUZZ_KERNEL) DATAPATHS=kmod VM_TIMEOUT=5400 T="$(rounds-of)"; \
		selftests/ktap-count $(KTAP)/vm-$(FUZZ_KERNEL)-kmod.log $(KTAP)/vm-$(FUZZ_KERNEL)-kmod-verdict.log || exit 1; \
		seed=$$((seed + 1)); \
	done

check-matrix: deps-check
	@mkdir -p $(KTAP)
	@scripts/kmod-check.sh $(abspath $(BUILD)) $(MATRIX) | tee $(KTAP)/kmod-check.log
	@$(MAKE) --no-print-directory ktap-vm KERNELS="$(MATRIX)" DATAPATHS=kmod T="$(T)"
	@selftests/ktap-count $(KTAP)/kmod-check.log $(foreach k,$(MATRIX),$(KTAP)/vm-$k-kmod.log $(KTAP)/vm-$k-kmod-verdict.log)

# the runner's own test: does each kind of failure fail?
check-runner: selftests-stage
	@selftests/vm/selftest.sh $(KERNELS) | tee $(KTAP)/runner.log
	@selftests/ktap-count $(KTAP)/runner.log
