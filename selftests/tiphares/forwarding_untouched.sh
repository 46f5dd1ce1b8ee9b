#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is not ours is forwarded as if we were not there, while :80 of one origin is intercepted under load.
#
#   client  ----  gateway, full on :80 of the first origin  ----  origins: 80, 443, 8000 on each address
#
# forwarding_untouched_napi.sh is the same with packets that arrive in lists: there the kernel lets a packet have
# the route of the one before it if both have the same destination, and that one may have been ours.
. "$(dirname "$0")/proxy.inc"
[ -n "${TIPH_NAPI:-}" ] || native_for_nft
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80], destinations: [$O4, "$O6"]}}
CONF

untouched() {	# WHEN
	local to port
	for to in $O4 $O6; do
		for port in 443 8000; do
			check "$1, $to:$port is forwarded" forwarded $to $port
			check "$1, $to:$port sees no Via" direct $to $port
		done
		check "$1, $to:7999 refuses by itself" says "made=0 refused=1 unanswered=0" probe connect $to 7999
	done
	for to in $O4B $O6B $O4C $O6C; do
		check "$1, another server $to:80 is forwarded" forwarded $to 80
	done
	check "$1, ping $O4" in_client ping -q -c 1 -W 10 $O4
	check "$1, ping $O6" in_client ping -q -c 1 -W 10 $O6
}

untouched "without the daemon"
check "without the daemon, :80 is forwarded too" forwarded $O4 80
check "the daemon starts" daemon_start || finish
check "IPv4 is intercepted on :80" intercepted $O4 80 src="$C4"
check "IPv6 is intercepted on :80" intercepted $O6 80 src="$C6"
check_not "the client's port tells" forwarded $O4 80
untouched "idle"

# Uploads fill the gateway's receive path with packets of both kinds, to the same server and to its neighbour.
head -c $((50 << 20)) "$TIPH_BUILD/www/f/300M" >"$LAB/post"
size=$(by_size 50 4)
truncate -s $((size << 20)) "$LAB/post"
upload_same() {	# ADDRESS PORT
	local got
	got=$(fetch -f -H Expect: -H "X-Probe: up-$1-$2" --data-binary @"$LAB/post" "$(lab_url "$1" /sink "$2")") || return 1
	got=${got##*body=}
	cmp "$LAB/post" "${got%% *}" && rm -f "${got%% *}"
}
ended() { wait "$2" || { cat "$1"; return 1; }; }	# OUTPUT PID
for family in 4 6; do
	to=$O4 other=$O4B
	[ $family = 4 ] || to=$O6 other=$O6B
	origin_mark
	probe tick $to 443 --until "$LAB/stop$family" >"$LAB/tick" 2>&1 & tick=$!
	check "IPv$family: a connection to :443 begins" wait_for "grep -q begun '$LAB/tick'" 30
	pids=() where=("$to 80" "$to 443" "$to 80" "$to 8000" "$other 80")
	for w in "${where[@]}"; do
		# shellcheck disable=SC2086
		upload_same $w >"$LAB/up.${#pids[@]}" 2>&1 &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		check "IPv$family, all at once: POST of $size MiB to ${where[i]}" wait "${pids[i]}"
	done
	touch "$LAB/stop$family"
	check "IPv$family, all at once: a connection to :443 never falters" ended "$LAB/tick" $tick
	check_eq "IPv$family, all at once: two through the proxy, three forwarded" "2 3" \
		"$(origin_log | grep ' method=POST ' | grep -c ' via=1.1 tiphares ') $(origin_log | grep ' method=POST ' | grep -c ' via=- ')"
done
untouched "after load"
check "the daemon ends" daemon_stop
untouched "after the daemon"
check "after the daemon, :80 is forwarded again" forwarded $O6 80
finish
