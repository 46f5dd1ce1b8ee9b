#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The network survives the proxy: under load from many clients the daemon is reloaded, replaced, drained, killed, stopped
# and flooded, and new connections do not fail. TIPH_SURVIVE=10 does all of it ten times as often (make soak), in a machine
# as often as natively; TIPH_SURVIVE_PARTS="reloads kills" only these parts; TIPH_SURVIVE_RATE: connections a second.
#
#   client: new connections all the time, a download from before  ----  gateway  ----  origin
. "$(dirname "$0")/survive.inc"
times() { if [ "${TIPH_SURVIVE:-1}" = 1 ]; then by_size "$1" "$2"; else echo $(($1 * TIPH_SURVIVE)); fi; }
wanted() { case " ${TIPH_SURVIVE_PARTS:-$1} " in *" $1 "*) ;; *) return 1 ;; esac; }
rate=${TIPH_SURVIVE_RATE:-$(by_size 500 20)}
lab_up
# a machine that is slow is neither hung nor full, but where that is what is looked at
heartbeat=30s limits='lag: off'
write_conf() {	# LISTEN MODE [PORT KEYS]
	daemon_conf <<-CONF
		workers: 2
		heartbeat: $heartbeat
		drain_timeout: 10s
		limits: {per_client: 10000, $limits}
		ports:
		  - {name: web, listen: $1, mode: $2, match: {ports: [80]}${3:-}}
	CONF
}
reload() {
	local n; n=$(ctl --json status | sed -n 's/.*"reloads": \([0-9]*\).*/\1/p')
	kill -HUP "$daemon_pid"
	wait_for "status_is 'j[\"reloads\"] > $n'" 20
}
# settle NAME: what came of the load
settle() {
	load_stop
	check_eq "$1: no connection failed but those under way at a kill" 0 "$(load_unexcused)"
	check "$1: none waited for a lost SYN" load_is "slow <= $(by_size 0 'begun / 10')"
}
# settle_forwarded NAME: the same where connections are forwarded while the proxy still has others on the addresses of the
# same clients. A client may choose a 4-tuple of these, and is not answered then (docs/failure-modes.md): one in a
# hundred is the bound.
settle_forwarded() {
	load_stop
	check "$1: hardly any connection failed but those under way at a kill" load_is "100 * $(load_unexcused) <= begun"
	check "$1: hardly any waited for a lost SYN" load_is "$(by_size 50 5) * slow <= begun"
}

# a flow from before interception
probe hold $O4 80 /slow/300M --until "$LAB/stop" >"$LAB/hold" 2>&1 & hold=$!
check "a download begins before there is a daemon" wait_for 'grep -q octets "$LAB/hold"' 20
write_conf 8080 full
check "the daemon starts" daemon_start || finish

if wanted reloads; then
	load_start "$rate"
	done=0
	for n in $(seq "$(times 10 4)"); do
		write_conf $((8080 + n % 100)) "$([ $((n % 2)) = 0 ] && echo full || echo inbound)"
		reload && done=$((done + 1))
	done
	check_eq "reloads, to another local port and mode" "$(times 10 4)" $done
	settle reloads
	check "reloads: none was forwarded" load_is 'direct == 0 and proxied > 0'
fi

if wanted takeovers; then
	load_start "$rate"
	done=0
	for n in $(seq "$(times 3 2)"); do
		successor
		wait_for took_over 20 && wait_for "ended $before" 40 && done=$((done + 1))
	done
	check_eq "takeovers" "$(times 3 2)" $done
	settle takeovers
	check "takeovers: none was forwarded" load_is 'direct == 0'
fi

if wanted drain; then
	load_start "$rate"
	check "drain" ctl drain
	check "drain: the daemon ends" wait_for '! daemon_alive' 30
	wait "$daemon_pid"
	check_eq "drain: with 0" 0 $?
	daemon_pid=''
	settle_forwarded drain
	check "the daemon starts again" daemon_start || finish
fi

if wanted kills; then
	load_start "$rate"
	done=0
	for n in $(seq "$(times 3 2)"); do
		killing kill_all "$daemon_pid"
		daemon_pid=''
		daemon_start && done=$((done + 1))
	done
	check_eq "kills of all" "$(times 3 2)" $done
	done=0
	for n in $(seq "$(times 1 1)"); do
		worker=$(worker_pid)
		killing kill_all "$worker"
		wait_for '[ -n "$(worker_pid)" ] && [ "$(worker_pid)" != "$worker" ] && daemon_serves' 20 && done=$((done + 1))
	done
	check_eq "kills of the worker" "$(times 1 1)" $done
	settle_forwarded kills
	check "kills: there was interception in between" load_is 'proxied > 0'
fi

if wanted hangs; then
	# those that were with it wait till it goes on; the others pass by
	heartbeat=$(by_size 1s 4s)
	write_conf 8080 full
	check "another heartbeat" reload
	load_start "$rate"
	done=0
	for n in $(seq "$(times 1 1)"); do
		worker=$(worker_pid)
		kill -STOP "$worker"
		wait_for "direct $O4 80 -- --connect-timeout 0.5 -m 1" 20 && done=$((done + 1))
		kill -CONT "$worker"
		wait_for "intercepted $O4 80" 20
	done
	check_eq "hangs, each noticed" "$(times 1 1)" $done
	settle_forwarded hangs
fi

if wanted floods; then
	# ten times what the daemon is allowed to have at once, each held
	limits='sessions: 200'
	write_conf 8080 full
	check "another limit" reload
	load_start "$rate"
	done=0
	for n in $(seq "$(times 1 1)"); do
		rm -f "$LAB/go"
		probe connect $O4B 80 -n 1000 --hold "$LAB/go" >"$LAB/connect" 2>&1 & held=$!
		wait_for 'grep -q made= "$LAB/connect"' 30
		grep -q 'made=1000 refused=0 unanswered=0' "$LAB/connect" && done=$((done + 1))
		touch "$LAB/go"
		wait $held
		wait_for "intercepted $O4 80" 30
	done
	check_eq "floods, all of each connected" "$(times 1 1)" $done
	settle_forwarded floods
	check "floods: some were forwarded" load_is 'direct > 0'
fi

if wanted closed; then
	check "the daemon ends" daemon_stop
	write_conf 8080 full ", on_failure: closed, on_overload: closed"
	check "closed: the daemon starts" daemon_start || finish
	check "closed: intercepted" intercepted $O4 80
	killing kill_all "$daemon_pid"
	daemon_pid=''
	for to in $O4 $O6; do
		check "closed: $to:80 is not answered after a kill" says 'made=0 refused=0 unanswered=1' probe connect $to 80 --wait 2
	done
	check "closed: the daemon starts again" daemon_start || finish
	check "closed: intercepted again" wait_for "intercepted $O4 80" 20
	load_start "$rate"
	done=0
	for n in $(seq "$(times 1 1)"); do
		killing kill_all "$daemon_pid"
		daemon_pid=''
		daemon_start && done=$((done + 1))
	done
	check_eq "closed: kills of all under load" "$(times 1 1)" $done
	load_stop
	check "closed: what was not intercepted never reached the origin" load_is 'direct == 0 and proxied > 0'
fi

touch "$LAB/stop"
check "the download from before went on all the time" wait $hold
finish
