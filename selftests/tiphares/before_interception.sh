#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flow that began before interception is never touched: not when it begins, not when it ends.
#
#   client  ----  gateway: nothing, then full on :80, then nothing again  ----  origin, 1 MB/s
#       a download and a keep-alive connection, begun while there was nothing
. "$(dirname "$0")/proxy.inc"
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
CONF

# the download goes on: more octets than now, and the client still there
moves() {
	local was
	was=$(stat -c %s "$LAB/get$1")
	wait_for "[ \$(stat -c %s '$LAB/get$1') -gt $((was + 300000)) ]" 20 "more of the download than $was octets" &&
		kill -0 "${get[$1]}"
}
in_one_piece() {
	cmp -n "$(stat -c %s "$LAB/get$1")" "$LAB/get$1" "$TIPH_BUILD/www/f/300M"
}
ports_of() { in_client ss -Htn state established "dport = :80" | awk '{ print $3 }' | sort; }

get=() tick=()
for family in 4 6; do
	to=$O4
	[ $family = 4 ] || to=$O6
	in_client curl -sSf -N --noproxy '*' -m 600 -o "$LAB/get$family" "$(lab_url $to /slow/300M)" >"$LAB/get$family.out" 2>&1 &
	get[family]=$!
	probe tick $to 80 --until "$LAB/stop" >"$LAB/tick$family" 2>&1 &
	tick[family]=$!
	check "IPv$family: a download begins" wait_for "[ -s '$LAB/get$family' ]" 20
done
check "four connections are there" wait_for '[ "$(ports_of | wc -l)" = 4 ]' 20
before=$(ports_of)

for round in 1 2; do
	check "round $round: the daemon starts" daemon_start || finish
	check "round $round: IPv4 is intercepted now" intercepted $O4 80 src="$C4"
	check "round $round: IPv6 is intercepted now" intercepted $O6 80 src="$C6"
	check "round $round: the IPv4 download goes on" moves 4
	check "round $round: the IPv6 download goes on" moves 6
	if [ $round = 1 ]; then
		check "round $round: the daemon ends" daemon_stop
	else
		daemon_kill
	fi
	check "round $round: IPv4 is forwarded again" direct $O4 80
	check "round $round: IPv6 is forwarded again" direct $O6 80
	check "round $round: the IPv4 download goes on without it" moves 4
	check "round $round: the IPv6 download goes on without it" moves 6
done
check_eq "the same four connections" "$before" "$(ports_of | grep -Fx "$before")"
touch "$LAB/stop"
for family in 4 6; do
	check "IPv$family: the keep-alive connection answered all the time" wait "${tick[family]}"
	end_job "${get[family]}"
	check "IPv$family: what was downloaded is right" in_one_piece $family
	check "IPv$family: no word of an error" negate test -s "$LAB/get$family.out"
done
origin_log >"$LAB/log"
check "the origin never saw the proxy on them" says '^0$' awk '/ uri=\/slow\// && !/ via=- / { n++ } END { print n + 0 }' "$LAB/log"
finish
