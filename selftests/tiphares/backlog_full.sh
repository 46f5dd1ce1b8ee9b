#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The whole daemon is there but does nothing: the accept queue fills. What then comes goes by the port's on_overload
# (kmod). On nft that choice is the parent's, which hangs as well here: the kernel does not answer, the client waits.
#
#   client: 60 connections  ----  gateway: stopped daemon with short queues  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
in_gw sysctl -qw net.core.somaxconn=4
daemon_conf <<-CONF
	workers: 1
	heartbeat: off
	ports:
	  - {name: open, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: reset, listen: 8081, mode: full, match: {ports: [8000]}, on_overload: reset}
	  - {name: closed, listen: 8082, mode: full, match: {ports: [443]}, on_overload: closed}
CONF

stop_daemon() { kill -STOP "$daemon_pid" "$worker"; }
cont_daemon() { kill -CONT "$daemon_pid" "$worker"; }
# connections that the origin has from the client; some of them may be idle ones of the proxy
at_origin() { in_origin ss -Htn state established "sport = :$1" | wc -l; }
overflow() {	# ADDRESS PORT: 60 connections, held until $LAB/go
	rm -f "$LAB/connect"
	probe connect "$1" "$2" -n 60 --wait "$(by_size 3 10)" --hold "$LAB/go" >"$LAB/connect" 2>&1 & held=$!
	wait_for "grep -q made= '$LAB/connect'" 20 "60 connections"
}
let_go() {
	touch "$LAB/go"
	wait "$held"
	rm -f "$LAB/go"
}

if [ "$TIPH_DATAPATH" = nft ]; then
	sed -i 's/, on_overload: reset//' "$LAB/tiphares.yaml"
	skip "on_overload: open, with the parent stopped, too" "nft: the parent decides (docs/datapaths.md; nft_overload.sh tests it)"
	skip "on_overload: reset" "nft: an error at start (docs/datapaths.md)"
fi
check "the daemon starts" daemon_start || finish
check "intercepted" intercepted $O4 80 src="$C4"

for to in $O4 $O6; do
	# who was stopped for long may have been taken for hanging
	worker=$(worker_pid)
	stop_daemon
	idle=$(at_origin 80)
	check "$to: 60 connections while nobody accepts" overflow $to 80
	diag "$(tail -n 1 "$LAB/connect")"
	if [ "$TIPH_DATAPATH" = kmod ]; then
		check "$to, open: all are made, none waits" grep -q 'made=60 refused=0 unanswered=0' "$LAB/connect"
		check "$to, open: the surplus is at the origin" test $(($(at_origin 80) - idle)) -ge 40
		check "$to, open: but not all" test $(($(at_origin 80) - idle)) -lt 60
		check "$to, open: the next request is answered by the origin" direct $to 80
		check "$to, open: another server's, too" direct "$(of_family $to $O4B $O6B)" 80
		let_go
		check "$to: 60 more, reset" overflow $to 8000
		check "$to, reset: the surplus is refused" says 'refused=[45][0-9] unanswered=0' cat "$LAB/connect"
	else
		check "$to: none is refused" grep -q ' refused=0 ' "$LAB/connect"
		check_eq "$to: none reaches the origin" "$idle" "$(at_origin 80)"
	fi
	let_go
	check "$to: 60 more, closed" overflow $to 443
	check "$to, closed: the surplus is not answered" says 'refused=0 unanswered=[45][0-9]' cat "$LAB/connect"
	let_go
	cont_daemon
	check "$to: the daemon goes on, intercepted again" wait_for "intercepted $to 80 src=$(client_of $to)" 20
done
finish
