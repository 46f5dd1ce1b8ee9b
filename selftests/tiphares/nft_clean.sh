#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the nft datapath installs is gone when the daemon ends, to the last octet of what the tools print; and what a
# dead one left over is told from others' rules and goes with the next one.
#
#   client: asks all the time  ----  gateway with rules and routes of its own: 200 ends, 50 deaths  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
in_gw nft -f - <<-NFT || die_lab "nft"
	table inet mine {
		set hosts { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.7 } }
		chain pre { type filter hook prerouting priority mangle; ip saddr @hosts counter drop; }
		chain forward { type filter hook forward priority 0; policy accept; ip daddr 198.51.100.0/24 drop; }
	}
NFT
in_gw ip rule add pref 20000 from 198.51.100.0/24 lookup 200
in_gw ip -6 rule add pref 20000 from 2001:db8::/32 lookup 200
in_gw ip route add 203.0.113.0/24 via $O4 table 200
in_gw ip route add default via $O4 table 8087 proto 83
conf() {	# [NFT-SETTINGS]
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80], sources: [10.0.0.0/8, "fd71::/16"]}}
		  - {name: asked, listen: 8081, mode: outbound}
		${1:-}
	CONF
}
conf
host_state "$LAB/state.before"

check "the daemon starts" daemon_start || finish
check "the table, the rules and the routes are there" is_installed
check "intercepted" intercepted $O4 80
check "intercepted, IPv6" intercepted $O6 80
check "the daemon ends" daemon_stop
host_is "$LAB/state.before" "after one start and stop the host is as it was"

again() {	# N: starts and stops
	local i
	for ((i = 0; i < $1; i++)); do
		daemon_start && is_installed && daemon_stop && is_gone || { echo "round $i"; return 1; }
	done
}
n=$(by_size 200 10)
check "$n starts and stops" again "$n"
host_is "$LAB/state.before" "after $n starts and stops the host is as it was"

# Deaths under traffic. A request that meets a daemon's death may fail; one that began after it and ended before the
# next may not. The count of deaths, odd while one is under way, tells them apart.
deaths=0
mourn() {	# CMD...: a daemon's end
	local rc
	echo $((++deaths)) >"$LAB/deaths"
	"$@"; rc=$?
	echo $((++deaths)) >"$LAB/deaths"
	return $rc
}
asking() {
	local before after code
	while ! [ -e "$LAB/stop" ]; do
		for to in $O4 $O6; do
			before=$(cat "$LAB/deaths")
			code=$(fetch -m 60 -o /dev/null -w '%{http_code}' "$(lab_url $to /f/1)" 2>&1)
			after=$(cat "$LAB/deaths")
			[ -n "$before" ] && [ "$before" = "$after" ] && [ $((before % 2)) = 0 ] && echo "calm $code" || echo "met a death: $code"
		done
	done
}
echo 0 >"$LAB/deaths"
asking >"$LAB/asked" & asker=$!
die() {	# N: deaths
	local i
	for ((i = 0; i < $1; i++)); do
		daemon_start && intercepted $O4 80 || { echo "round $i: start"; return 1; }
		mourn daemon_kill
		is_installed || { echo "round $i: what is left over"; return 1; }
		direct $O4 80 && direct $O6 80 || { echo "round $i: not forwarded"; return 1; }
	done
}
n=$(by_size 50 5)
check "$n deaths under traffic: forwarded at once, intercepted again" die "$n"
check "the table of a dead daemon is still there" is_installed
check "the next daemon starts" daemon_start || finish
check "there is one table, one set of rules" is_installed
check "it ends" mourn daemon_stop
touch "$LAB/stop"
wait $asker
host_is "$LAB/state.before" "after $n deaths, a start and a stop the host is as it was"
check "there was traffic between the deaths" says '^calm 200$' cat "$LAB/asked"
diag "$(grep -c '^calm' "$LAB/asked") requests met no death, $(grep -c '^met' "$LAB/asked") met one: $(grep '^met' "$LAB/asked" | grep -vc ' 200$') of them failed"
check_eq "those that failed without" '' "$(grep '^calm' "$LAB/asked" | grep -v ' 200$')"

# a successor with other settings
check "a daemon to leave something over" daemon_start || finish
daemon_kill
conf "nft: {mark: 0x400, priority: 300, table: 301}"
check "a successor with another mark, priority and table" daemon_start || finish
check "intercepts" intercepted $O4 80
check_eq "its policy rules are the only ones" 3 "$(in_gw ip rule | grep -c 'proto 84')"
check_eq "at its priority" 3 "$(in_gw ip rule | grep -cE '^30[012]:.* fwmark 0x400/0x400 ')"
check_eq "the routes of its predecessor are gone" 0 "$(our_routes)"
check "ends" daemon_stop
host_is "$LAB/state.before" "after a successor with other settings the host is as it was"

# one that can't start
conf "nft: {table: 8087}"
check "a routing table of somebody else: refused" refused 'IPv4 routing table 8087 holds routes of somebody else'
host_is "$LAB/state.before" "a daemon that could not start leaves the host as it was"
finish
