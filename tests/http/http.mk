# SPDX-License-Identifier: GPL-2.0-only
# HTTP conformance, end to end, on loopback: the cases in tests/http against build/tipharesd.
#
#	make check-http				all cases, as reverse proxy and as forward proxy
#	make check-http H="chunked/ slow/"	only cases with one of these in their names
#	make http-peers				the same cases against nginx and haproxy: what they fail is shown, not judged

.PHONY: check-http ktap-http http-peers

ktap-http: daemon
	@mkdir -p $(KTAP)
	@tests/http/run.py --daemon $(BUILD)/tipharesd $(H) >$(KTAP)/http.log 2>&1 </dev/null; \
		grep -vE '^ok |^TAP ' $(KTAP)/http.log || true

check-http: ktap-http
	@selftests/ktap-count $(KTAP)/http.log

http-peers:
	@for peer in nginx haproxy; do \
		echo "== $$peer"; \
		tests/http/run.py --target $$peer --seconds 8 $(H) >$(BUILD)/http-$$peer.log 2>&1 </dev/null; \
		grep -E '^not ok|^# [A-Z]+:' $(BUILD)/http-$$peer.log; \
	done
