#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The worker hangs and its accept queues fill: the parent sees it and has new connections forwarded, until it goes on.
# A policy other than open leaves them to the kernel, which does not answer when the queue is full.
#
#   client: 60 connections, again and again  ----  gateway: stopped worker with short queues  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
in_gw sysctl -qw net.core.somaxconn=8
daemon_conf <<-CONF
	workers: 1
	heartbeat: off
	ports:
	  - {name: open, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: closed, listen: 8081, mode: full, match: {ports: [8000]}, on_overload: closed}
CONF
check "the daemon starts" daemon_start || finish
check "intercepted" intercepted $O4 80
worker=$(worker_pid)
log_has() { wait_for "grep -q -- '$1' '$LAB/daemon.log'" 10 "$1 in the log"; }
fill() {	# ADDRESS PORT
	rm -f "$LAB/go" "$LAB/connect"
	probe connect "$1" "$2" -n 60 --wait 2 --hold "$LAB/go" >"$LAB/connect" 2>&1 & held=$!
}
let_go() {
	touch "$LAB/go"
	wait $held
}

for to in $O4 $O6; do
	: >"$LAB/daemon.log"
	kill -STOP "$worker"
	fill $to 80
	check "$to: it is noticed, and said" log_has 'warning: port open: its accept queue is [0-9]* % full: new connections are forwarded'
	for n in 1 2 3; do
		check "$to: new connections are forwarded at once, $n" direct $to 80 -- --connect-timeout "$(by_size 0.9 10)"
	done
	check "$to: another server's, too" direct "$(of_family $to $O4B $O6B)" 80
	let_go
	kill -CONT "$worker"
	check "$to: the worker goes on: intercepted again" wait_for "intercepted $to 80" 20
	check "$to: that is said" log_has 'warning: port open: its accept queue is short again'
	kill -STOP "$worker"
	fill $to 8000
	check "$to, closed: the queue fills" wait_for "in_gw ss -Hltn 'sport = :8081' | awk '\$2 > \$3 { full = 1 } END { exit !full }'" 20
	check "$to, closed: not answered" says 'made=0 refused=0 unanswered=1' probe connect $to 8000 --wait 2
	let_go
	kill -CONT "$worker"
	check "$to, closed: the worker goes on: intercepted again" wait_for "intercepted $to 8000" 20
done
check "overload_open is counted" test "$(counter open overload_open)" -ge 8
check "nothing was repaired: it is no change of others" test "$(repairs)" = 0
finish
