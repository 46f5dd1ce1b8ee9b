# SPDX-License-Identifier: GPL-2.0-only
# Benchmarks: this proxy beside others, in one lab.
#
#	make bench				all peers, 3 rounds of 5 s a load: about 20 minutes; writes BENCH.md
#	make bench PEERS="haproxy-http tiphares" ROUNDS=1 DURATION=2 IDLE=1000

ROUNDS ?= 3
DURATION ?= 5
IDLE ?= 5000
.PHONY: bench
bench: deps-bench daemon $(BUILD)/bench/load $(BUILD)/bench/listen_transparent $(BUILD)/bench/www/f/100m
	@WORKERS=$(or $(WORKERS),1) bench/run.sh $(abspath $(BUILD)) -r $(ROUNDS) -t $(DURATION) -i $(IDLE) $(if $(PEERS),,-o BENCH.md) $(PEERS)

$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LINK_HARDEN) -o $@ $<

$(BUILD)/bench/www/f/100m:
	@mkdir -p $(@D)
	@head -c 1024 /dev/urandom >$(@D)/1k
	@head -c 104857600 /dev/urandom >$@

# What a request and a connection cost in instructions, allocations and system calls, guarded by bench/count.txt.
.PHONY: bench-callgrind
bench-callgrind: $(BUILD)/bench/load $(BUILD)/bench/www/f/100m ctl
	@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/count CFLAGS="$(CFLAGS) -DTIPH_UNCONFINED" daemon
	@bench/count.sh $(BUILD)

# What connect(2) costs a client's address beside 30,000 pairs of it in TIME_WAIT.
.PHONY: bench-time-wait
bench-time-wait: $(BUILD)/bench/connects
	@$<
