#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two namespaces, two daemons, different ports: neither sees the other's, nor misses it when it goes.
#
#   lab a: client  ----  gateway, full on :80       ----  origin
#   lab b: client  ----  gateway, inbound on :8000  ----  origin, the same addresses
. "$(dirname "$0")/proxy.inc"
native_for_nft

# The library's idea of "the lab" is a few variables; there are two of them here.
lab_vars="LAB NS daemon_pid origin_from mod_loaded"
now='' other=''
use() {	# a|b
	local v
	[ "$1" != "$now" ] || return 0
	[ -z "$now" ] || for v in $lab_vars; do printf -v "${v}_$now" %s "${!v}"; done
	other=$now now=$1
	for v in LAB NS daemon_pid origin_from; do local -n saved=${v}_$1; printf -v "$v" %s "${saved:-}"; done
}
both_exit() {
	local rc=$?
	if [ -n "$other" ]; then
		use "$other"
		other=''
		[ -z "$daemon_pid" ] || kill -KILL "$daemon_pid" 2>/dev/null
		lab_down
		use "$([ "$now" = a ] && echo b || echo a)"
	fi
	(exit $rc)
	lab_exit
}
trap both_exit EXIT

use a
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: alpha, listen: 8080, mode: full, match: {ports: [80]}}
CONF
check "a: the daemon starts" daemon_start || finish
use b
lab_up
check "b: nothing here yet, :80 is forwarded" direct $O4 80
check "b: nothing here yet, IPv6" direct $O6 80
daemon_conf <<-CONF
	ports:
	  - {name: beta, listen: 8080, mode: inbound, match: {ports: [8000]}}
CONF
check "b: the daemon starts, on the same local port" daemon_start || finish

for to in $O4 $O6; do
	use a
	check "a: $to:80 is intercepted, full" intercepted $to 80 src="$(client_of $to)"
	check "a: $to:8000 is forwarded" direct $to 8000
	use b
	check "b: $to:80 is forwarded" direct $to 80
	check "b: $to:8000 is intercepted, inbound" intercepted $to 8000 src="$(gw_of $to)"
done
names() { ctl --json ports | /usr/bin/python3 -c 'import json, sys; print(*[p["name"] for p in json.load(sys.stdin)["ports"]])'; }
use a
check_eq "a: has one port" alpha "$(names)"
use b
check_eq "b: has the other" beta "$(names)"

use a
daemon_kill
check "a's daemon is killed: a is forwarded" direct $O4 80
use b
check "a's daemon is killed: b goes on" intercepted $O4 8000 src=$GW4
use a
check "a: starts again" daemon_start || finish
use b
check "b: ends" daemon_stop
check "b: is forwarded" direct $O6 8000
use a
check "b's end is nothing to a" intercepted $O6 80 src="$C6"
finish
