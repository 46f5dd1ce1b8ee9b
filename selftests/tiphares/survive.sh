#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The network survives the proxy: under load from many clients the daemon is reloaded, replaced, killed, stopped and
# flooded, and no new connection fails. TIPH_SURVIVE=10 does all of it ten times as often.
#
#   client: new connections all the time, a bypassed download  ----  gateway  ----  origin
. "$(dirname "$0")/survive.inc"
times() { echo $(($1 * ${TIPH_SURVIVE:-1})); }
lab_up
reloads=0
write_conf() {	# LISTEN MODE
	daemon_conf <<-CONF
		workers: 2
		drain_timeout: 10s
		ports:
		  - {name: web, listen: $1, mode: $2, match: {ports: [80]}}
	CONF
}
reloaded() { status_is "j['reloads'] == $reloads"; }
reload() {
	reloads=$((reloads + 1))
	kill -HUP "$daemon_pid"
	wait_for reloaded 20
}

write_conf 8080 full
check "the daemon starts" daemon_start || finish
load_start "$(by_size 500 20)"
for n in $(seq "$(times "$(by_size 20 4)")"); do
	write_conf $((8080 + n % 100)) "$([ $((n % 2)) = 0 ] && echo full || echo inbound)"
	reload || break
done
check_eq "reloads, to another local port and mode" "$(times "$(by_size 20 4)")" $reloads
load_stop
check_eq "reloads: no connection failed" 0 "$(load_unexcused)"
check "reloads: none waited for a lost SYN" load_is 'slow == 0'
# with the module those of the moment between the commit and the marking of the new listeners are (docs/failure-modes.md)
[ "$TIPH_DATAPATH" = kmod ] || check "reloads: none was forwarded" load_is 'direct == 0'
check "reloads: most were intercepted" load_is '2 * proxied > begun'
finish
