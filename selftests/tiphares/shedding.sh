#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A worker that does not accept for a while: from the high-water mark of its queue on, new connections are forwarded, and
# nobody waits or is refused; down at the low one they are intercepted again. Both is told, and counted.
#
#   client: 40 connections  ----  gateway: stopped worker, a queue for 16, marks at 8 and 4  ----  origin
. "$(dirname "$0")/proxy.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "nft looks at queues from time to time: nft_overload.sh"
lab_up
in_gw sysctl -qw net.core.somaxconn=16
daemon_conf <<-CONF
	workers: 1
	heartbeat: off
	hang_timeout: 10m
	ports: [{name: web, listen: 8080, mode: full, match: {ports: [80]}, shed_high: 50%, shed_low: 25%}]
CONF
at_origin() { in_origin ss -Htn state established "sport = :80" | wc -l; }
queue() { in_gw ss -Hltn "sport = :8080" | awk '{ n += $2 } END { print n }'; }
said() { [ "$(grep -c "$1" "$LAB/daemon.log")" -ge "$2" ]; }

check "the daemon starts" daemon_start || finish
worker=$(worker_pid)
n=0
for to in $O4 $O6; do
	n=$((n + 1))
	check "$to: intercepted" intercepted $to 80
	kill -STOP "$worker"
	idle=$(at_origin)
	rm -f "$LAB/go"
	probe connect $to 80 -n 40 --wait "$(by_size 3 10)" --hold "$LAB/go" >"$LAB/connect" 2>&1 & held=$!
	check "$to: 40 connections" wait_for "grep -q made= '$LAB/connect'" 20
	diag "$(tail -n 1 "$LAB/connect"), $(queue) in the queues"
	check "$to: all are made, none waits" grep -q 'made=40 refused=0 unanswered=0' "$LAB/connect"
	check_eq "$to: up to the mark they wait for the worker" 8 "$(queue)"
	check_eq "$to: the others are at the origin" 32 "$(($(at_origin) - idle))"
	check "$to: that is told" wait_for "said 'port web: an accept queue is above' $n" 20
	check "$to: the next request is answered by the origin" direct $to 80
	kill -CONT "$worker"
	check "$to: the worker goes on: intercepted again" wait_for "intercepted $to 80" 20
	check "$to: that is told" wait_for "said 'port web: the accept queues are down' $n" 20
	touch "$LAB/go"
	wait $held
done
check "it is counted" wait_for '[ "$(counter web overload_open)" -ge 66 ]' 20
finish
