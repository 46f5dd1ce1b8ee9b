#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The daemon dies: new connections go where each port's policy says, at once, and none hangs.
#
#   client  ----  gateway: full on :80 (on_failure: open), :8000 closed, :443 reset  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: open, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: closed, listen: 8081, mode: full, match: {ports: [8000]}, on_failure: closed}
	  - {name: reset, listen: 8082, mode: inbound, match: {ports: [443]}, on_failure: reset}
CONF

all_intercepted() {	# WHEN
	local to
	for to in $O4 $O6; do
		check "$1: $to:80" intercepted $to 80 src="$(client_of $to)"
		check "$1: $to:8000" intercepted $to 8000 src="$(client_of $to)"
		check "$1: $to:443" intercepted $to 443 src="$(gw_of $to)"
	done
}
by_policy() {	# WHEN
	local to
	for to in $O4 $O6; do
		# the first attempt counts: a retransmitted SYN would be a second late
		check "$1: the next connection reaches $to:80 directly" direct $to 80 -- --connect-timeout "$(by_size 0.9 10)"
		check "$1: closed, $to:8000 is not answered" says "made=0 refused=0 unanswered=1" probe connect $to 8000 --wait 2
		check "$1: reset, $to:443 is refused" says "made=0 refused=1 unanswered=0" probe connect $to 443
		check "$1: another server's :80, too" direct "$(of_family $to $O4B $O6B)" 80
	done
}

check "the daemon starts" daemon_start || finish
all_intercepted "intercepted"
for n in 1 2; do
	fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >"$LAB/long" 2>&1 & long=$!
	check "kill $n: a download runs" wait_for 'flows_are 1' 10
	daemon_kill
	by_policy "kill $n"
	# its connection died with the daemon: told, not left hanging
	check "kill $n: the client of the dead daemon is told" wait_for "! kill -0 $long" 15
	wait $long 2>/dev/null
	check "kill $n: the daemon starts again" daemon_start || finish
	all_intercepted "restart $n"
done

# only the worker: the parent starts another
old=$(worker_pid)
kill -KILL "$old"
check "the worker dies: a new one serves" wait_for '[ "$(worker_pid)" != "$old" ] && [ -n "$(worker_pid)" ]' 20
check "the worker dies: it is counted" says '"worker_restarts": 1' ctl --json status
all_intercepted "after the worker's death"

# only the parent: the worker must not go on alone
old=$(worker_pid)
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
check "the parent dies: so does the worker" wait_for "! kill -0 $old" 20
daemon_pid=''
by_policy "the parent died"
check "the daemon starts after its parent's death" daemon_start || finish
all_intercepted "after the parent's death"

check "a clean end" daemon_stop
for to in $O4 $O6; do
	for port in 80 8000 443; do
		check "after a clean end $to:$port is forwarded, whatever the policy" direct $to $port
	done
done
finish
