#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A new daemon takes over from the one that runs: no connection is lost, whichever of the two is killed in the middle.
#
#   client: new connections all the time, downloads  ----  gateway: one daemon after the other  ----  origin
. "$(dirname "$0")/survive.inc"
lab_up
daemon_conf <<-CONF
	workers: 2
	drain_timeout: 30s
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: side, listen: 8081, mode: inbound, match: {ports: [8000]}}
CONF
check "the daemon starts" daemon_start || finish
another() { $(nsenter_of gw) "$TIPH_BUILD/tipharesd" -c "$LAB/tiphares.yaml" --foreground --datapath "$TIPH_DATAPATH" --admin "$LAB/other.sock"; }
another >"$LAB/another" 2>&1 </dev/null
check_eq "a second one does not start by the side of it" 1 $?
check "but says what would" grep -q -- '--takeover replaces it' "$LAB/another"
check "which harmed nobody" intercepted $O4 80 src="$C4"

load_start "$(by_size 300 20)"
last=$(worker_pid)
for n in 1 2 3; do
	get_same "$(lab_url $O6 /slow/1M 8000)" 1M >"$LAB/get" 2>&1 & get=$!
	wait_for 'flows_are 0 || origin_log | grep -q slow' 20
	successor
	check "takeover $n: it serves" wait_for took_over 20
	check "takeover $n: another worker answers" test "$(worker_pid)" != "$last"
	# both have had the same listeners: one that is closed is watched on as long as the other has it
	check "takeover $n: the one before watches no listener any more" wait_for "watches_sound $last || ended $last" 10
	last=$(worker_pid)
	check "takeover $n: a download ends as it should" wait $get
	check "takeover $n: the one before ends" wait_for "ended $before" 40
	wait "$before"
	check_eq "takeover $n: with 0" 0 $?
	check "takeover $n: intercepted" intercepted $O6 80 src="$C6"
	check "takeover $n: the other port, too" intercepted $O4 8000 src=$GW4
done

cp "$LAB/tiphares.yaml" "$LAB/first.yaml"
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: renamed, listen: 8080, mode: inbound, match: {ports: [80]}}
	  - {name: new, listen: 8090, mode: full, match: {ports: [443]}}
CONF
successor
check "another configuration: it serves" wait_for took_over 20
check "another configuration: its modes" intercepted $O4 80 src=$GW4
check "another configuration: a port more" intercepted $O6 443 src="$C6"
check "another configuration: a port less" direct $O4 8000
check "another configuration: nobody listens on its local port" wait_for "negate says 127.0.0.1:8081 in_gw ss -Hltn" 40
cp "$LAB/first.yaml" "$LAB/tiphares.yaml"
successor
check "and back" wait_for took_over 20
check "and back: intercepted" intercepted $O4 8000 src=$GW4

# the successor dies, at any step: which ones were hit is the machine's to decide, and told
served=0 given=0
for ms in 1 2 4 6 8 10 13 16 20 30 60; do
	successor
	sleep "$(printf '0.%03d' "$(by_size $ms $((ms * 5)))")"	# the step, not a wait
	killing kill_all "$daemon_pid"
	if took_over; then
		served=$((served + 1))
		check "successor killed after $ms ms, it served: the policy rules" direct $O4 80 -- --connect-timeout "$(by_size 0.9 10)"
		wait "$before"
		check "successor killed after $ms ms: a daemon starts" daemon_start || finish
		continue
	fi
	grep -q "process $daemon_pid takes over" "$LAB/daemon.log" && given=$((given + 1))
	daemon_pid=$before
	check "successor killed after $ms ms: the one before serves" wait_for "intercepted $O4 80 src=$C4" 20
	check "successor killed after $ms ms: IPv6" intercepted $O6 80 src="$C6"
	check "successor killed after $ms ms: the other port" intercepted $O4 8000 src=$GW4
done
diag "killed after it had asked: $given, after it served: $served"

# the predecessor dies, at any step
for ms in 1 3 5 8 11 15 30 60; do
	successor
	sleep "$(printf '0.%03d' "$(by_size $ms $((ms * 5)))")"
	killing kill_all "$before"
	if ! wait_for "status_is 'j[\"state\"] == \"serving\"' || ! daemon_alive" 20 || ! daemon_alive; then
		# it had not got what it came for: as if there had never been one
		check "predecessor killed after $ms ms: the policy rules" direct $O4 80 -- --connect-timeout "$(by_size 0.9 10)"
		check "predecessor killed after $ms ms: a daemon starts" daemon_start || finish
		continue
	fi
	check "predecessor killed after $ms ms: the new one serves" wait_for "intercepted $O4 80 src=$C4" 20
	check "predecessor killed after $ms ms: IPv6" intercepted $O6 80 src="$C6"
done

check "tipharesctl upgrade" ctl upgrade
check "upgrade: the program starts anew and serves" wait_for 'grep -q "process .* has taken over" <(tail -n +$(grep -n "upgrade: " "$LAB/daemon.log" | tail -n 1 | cut -d : -f 1) "$LAB/daemon.log")' 20
upgraded=$(grep -o 'process [0-9]* has taken over' "$LAB/daemon.log" | tail -n 1 | tr -dc 0-9)
check "upgrade: the one before ends" wait_for "ended $daemon_pid" 40
check "upgrade: intercepted" intercepted $O4 80 src="$C4"
successor
check "the next one takes over from it" wait_for took_over 20
check "which ends" wait_for "ended $upgraded" 40

load_stop
check "connections came through the proxy all the time" load_is 'proxied > 0.5 * begun'
# what is forwarded between a kill and the next start may have a 4-tuple of ours (docs/failure-modes.md)
check "hardly any connection failed but those under way at a kill" load_is "100 * $(load_unexcused) <= begun"
check "hardly any waited for a lost SYN" load_is '100 * slow <= begun'
finish
