#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The HTTP cases of tests/http where nobody asked for a proxy: full transparency, each case with an origin
# address of its own. http_core.sh plays a part of them.
#
#   client  ----  gateway                         ----  origin
#                 full, or inbound where PROXY            all of 10.72.0.0/16
#                 headers come: :8090 of everybody
. "$(dirname "$0")/../lib.sh"
lab_up

suite=$(dirname "$0")/../http
[ -d "$suite" ] || suite=$(dirname "$0")/../../tests/http
[ "$TIPH_DATAPATH" = nft ] || mod_load
ip -n "$NS-origin" route add local 10.72.0.0/16 dev lo
ip -n "$NS-gw" route add 10.72.0.0/16 via $O4

# of a folder: all cases passed, and there were some
all_passed() {
	local n
	n=$(grep -cE "^ok [0-9]+ $1/" "$LAB/http.tap")
	grep -E "^(not ok [0-9]+ $1/|#)" "$LAB/http.tap" | grep -B 20 '^not ok' | cut -c 1-300
	[ "$n" -gt 0 ] && ! grep -qE "^not ok [0-9]+ $1/" "$LAB/http.tap"
}

# Cases about slowness measure time, which an emulated machine has in excess.
scale=1 part=${part:-} folders="message target framing chunked fields expect upgrade responses connections proxy_protocol client_hello slow"
[ -z "$part" ] || folders=$(printf '%s\n' $part | sed 's,/.*,,' | sort -u)
if [ -n "${TIPH_VM:-}" ]; then
	scale=5
	[ -n "$part" ] || skip "slow: every case" "an emulated machine is slower than the limits that they test"
	folders=${folders% slow}
fi
"$suite/run.py" --mode transparent --netns "$NS-client,$NS-gw,$NS-origin" --client "$C4" --network 10.72 \
	--daemon "$TIPH_BUILD/tipharesd" --datapath "$TIPH_DATAPATH" --scale $scale $part >"$LAB/http.tap" 2>"$LAB/http.err" </dev/null
ended=$?
for folder in $folders; do
	check "$folder: every case" all_passed $folder
done
check "the suite played to its end" eval "[ $ended = 0 ] || { tail -n 5 $LAB/http.err; grep '^not ok' $LAB/http.tap | head; false; }"
finish
