#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Odd hosts: nothing to install, lo that is down, no IPv6, a table of our name that is not ours, strict reverse path filter.
#
#   client  ----  gateway  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
full() {
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80]}, on_failure: ${1:-open}}
	CONF
}
plain() {
	daemon_conf <<-CONF
		ports:
		  - {name: asked, listen: 8081, mode: none}
	CONF
}
host_state "$LAB/state.before"

# ports that need no rules
plain
check "only a port that is asked: starts" daemon_start || finish
host_is "$LAB/state.before" "which installs nothing"
check "and serves" says "src=$GW4 " asked 8081 $O4 /whoami
check "ends" daemon_stop
full closed
check "one that dies and leaves something over" daemon_start
check "dies" daemon_kill
check "what it left is there" is_installed
plain
check "the next one needs nothing" daemon_start
host_is "$LAB/state.before" "and takes it away"
full
kill -HUP "$daemon_pid"
check "a port that needs rules comes" wait_for "is_installed && intercepted $O4 80" 20
plain
kill -HUP "$daemon_pid"
check "and goes: what began with it needs them still" wait_for "direct $O4 80 && is_installed" 20
check "ends" daemon_stop
host_is "$LAB/state.before" "nothing is left over"

# lo
full
in_gw ip link set lo down
check "lo is down: refused" refused 'interface lo'
in_gw ip link set lo up
check "lo is up: starts" daemon_start || finish
in_gw ip link set lo down
check "lo goes down: it is said" wait_for "grep -q 'interface lo is down: ip link set lo up' '$LAB/daemon.log'" 10
in_gw ip link set lo up
check "lo comes back: all is there again" wait_for "is_installed && intercepted $O4 80 && intercepted $O6 80" 10
check "ends" daemon_stop

# a reverse path filter that is strict
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lan0.rp_filter=1 net.ipv4.conf.wan0.rp_filter=1
check "strict reverse path filter: starts" daemon_start
check "strict reverse path filter: intercepted" intercepted $O4 80 src="$C4"
check "ends" daemon_stop
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=2

# somebody else's table of our name
in_gw nft add table inet tiphares
in_gw nft add set inet tiphares mine '{ type ipv4_addr; }'
check "a table of our name: refused" refused 'table inet tiphares is there already, and not of a tipharesd'
check "and left alone" in_gw nft list set inet tiphares mine
in_gw nft delete table inet tiphares

# another one of us
check "a daemon" daemon_start || finish
first=$daemon_pid
cp "$LAB/daemon.log" "$LAB/first.log"
check_not "a second one without being told to take over" in_gw timeout 20 "$TIPH_BUILD/tipharesd" -c "$LAB/tiphares.yaml" \
	--foreground --datapath nft --admin "$LAB/admin.sock"
check "harms nobody" intercepted $O4 80
check_eq "the first one serves" "$first" "$daemon_pid"
check "ends" daemon_stop

# no IPv6
in_gw sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
check "no IPv6: starts" daemon_start || finish
check "no IPv6: intercepted" intercepted $O4 80 src="$C4"
check_eq "no IPv6: three rules of IPv4" 3 "$(our_rules)"
check "ends" daemon_stop
finish
