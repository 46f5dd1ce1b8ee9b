# SPDX-License-Identifier: GPL-2.0-only
# HTTP conformance, end to end, on loopback: the cases in tests/http against build/tipharesd.
#
#	make check-http				all cases, as reverse proxy and as forward proxy
#	make check-http H="chunked/ slow/"	only cases with one of these in their names
#	make check-http-asan			the same with the daemon built with ASan and UBSan, which have to be silent
#	make check-http-valgrind		the same under valgrind, with more time for everything
#	make http-peers				the same cases against nginx and haproxy: what they fail is shown, not judged

.PHONY: check-http ktap-http check-http-asan check-http-valgrind http-peers

ktap-http: daemon
	@mkdir -p $(KTAP)
	@tests/http/run.py --daemon $(BUILD)/tipharesd $(H) >$(KTAP)/http.log 2>&1 </dev/null; \
		grep -vE '^ok |^TAP ' $(KTAP)/http.log || true

check-http: ktap-http
	@selftests/ktap-count $(KTAP)/http.log

# Leaks are valgrind's: the worker can't be looked at by a process of its own user, which is how it should be.
ASAN_OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
check-http-asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan OPT="$(ASAN_OPT)" HARDEN=-fPIE daemon
	@mkdir -p $(KTAP)
	@ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
		tests/http/run.py --daemon $(BUILD)/asan/tipharesd --scale 2 $(H) >$(KTAP)/http-asan.log 2>&1 </dev/null; \
		grep -vE '^ok |^TAP ' $(KTAP)/http-asan.log || true
	@selftests/ktap-count $(KTAP)/http-asan.log

# Valgrind makes system calls that a confined worker may not make.
check-http-valgrind:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/unconfined OPT="-O1 -g" HARDEN="-fPIE -DTIPH_UNCONFINED" daemon
	@mkdir -p $(KTAP)
	@tests/http/run.py --daemon $(BUILD)/unconfined/tipharesd --scale 10 --jobs 4 --under \
		"valgrind -q --trace-children=yes --vgdb=no --suppressions=$(CURDIR)/tests/http/valgrind.supp --leak-check=full --errors-for-leak-kinds=definite" \
		$(H) >$(KTAP)/http-valgrind.log 2>&1 </dev/null; \
		grep -vE '^ok |^TAP ' $(KTAP)/http-valgrind.log || true
	@selftests/ktap-count $(KTAP)/http-valgrind.log

http-peers:
	@for peer in nginx haproxy; do \
		echo "== $$peer"; \
		tests/http/run.py --target $$peer --seconds 8 $(H) >$(BUILD)/http-$$peer.log 2>&1 </dev/null; \
		grep -E '^not ok|^# [A-Z]+:' $(BUILD)/http-$$peer.log; \
	done
