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
write_conf() {	# NAME LISTEN MODE
	daemon_conf <<-CONF
		workers: 2
		drain_timeout: 10s
		ports:
		  - {name: $1, listen: $2, mode: $3, match: {ports: [80]}}
	CONF
}
reloaded() { status_is "j['reloads'] == $reloads"; }
reload() {
	reloads=$((reloads + 1))
	kill -HUP "$daemon_pid"
	wait_for reloaded 20
}

write_conf web0 8080 full
check "the daemon starts" daemon_start || finish
load_start "$(by_size 500 20)"
for n in $(seq "$(times "$(by_size 60 9)")"); do
	# another name, to another local port, another name, and back: what waits there is older than the move
	write_conf "web$(((n + 1) / 2 % 2))" $((8080 + n / 2 % 2)) "$([ $((n % 3)) = 0 ] && echo inbound || echo full)"
	reload || break
done
check_eq "reloads, to another name, local port and mode" "$(times "$(by_size 60 9)")" $reloads
load_stop
check_eq "reloads: no connection failed" 0 "$(load_unexcused)"
check "reloads: none waited for a lost SYN" load_is 'slow == 0'
check "reloads: none was forwarded" load_is 'direct == 0 and proxied > 0'
finish
