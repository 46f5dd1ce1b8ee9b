#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flow stays what it was when it began: intercepted though its port is gone, forwarded though its first SYN was not.
#
#   client: downloads  ----  gateway: ports come and go, queues fill  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
in_gw sysctl -qw net.core.somaxconn=8
reload() {
	local before; before=$(ctl --json status | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["generation"])')
	kill -HUP "$daemon_pid"
	wait_for "ctl --json status | in_json 'j[\"generation\"] > $before'" 20
}
octets() { sed -n 's/^octets=\([0-9]*\) own.*/\1/p' "$LAB/$1" 2>/dev/null | tail -n 1; }
goes_on() {	# HOLD: two megabytes more
	local at; at=$(octets "$1")
	wait_for "[ \$(octets $1) -gt $((at + 2000000)) ]" 20 "more octets of $1"
}
hold() {	# NAME ADDRESS PORT
	rm -f "$LAB/stop.$1"
	probe hold "$2" "$3" /slow/300M --until "$LAB/stop.$1" >"$LAB/$1" 2>&1 &
}
let_go() {	# NAME PID
	touch "$LAB/stop.$1"
	wait "$2"
}

daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80, 443]}}
CONF
check "the daemon starts" daemon_start || finish
hold web4 $O4 80; web4=$!
hold web6 $O6 443; web6=$!
check "downloads through the proxy begin" wait_for '[ -n "$(octets web4)" ] && [ -n "$(octets web6)" ]' 20
check "they are the proxy's" says '^2$' sh -c "$(nsenter_of gw) ss -Htn state established '( sport = :80 or sport = :443 )' | wc -l"
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: other, listen: 8081, mode: inbound, match: {ports: [8000]}}
CONF
check "the ports are replaced by another" reload
check "what is new is forwarded" direct $O4 80
check "what was intercepted goes on" goes_on web4
check "what was intercepted goes on, IPv6" goes_on web6
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: asked, listen: 8082, mode: none}
CONF
check "there is no port at all but one that is asked" reload
check "what was intercepted goes on" goes_on web4
check "what was intercepted goes on, IPv6" goes_on web6
check "the table is put back" repaired nft flush ruleset
check "what was intercepted goes on" goes_on web4
check "its end" let_go web4 $web4
check "its end, IPv6" let_go web6 $web6
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
CONF
check "the port comes back" reload
check "intercepted" intercepted $O4 80

# The first SYN meets a full queue and gets no answer; the second is forwarded, because meanwhile that was seen. What
# looks like the end of a SYN cookie's exchange is then somebody else's.
worker=$(worker_pid)
for to in $O4 $O6; do
	: >"$LAB/daemon.log"
	kill -STOP "$worker" "$daemon_pid"
	rm -f "$LAB/go"
	probe connect $to 80 -n 60 --wait 2 --hold "$LAB/go" >"$LAB/connect" 2>&1 & held=$!
	check "$to: the queue is full" wait_for "in_gw ss -Hltn 'sport = :8080' | awk '\$2 > \$3 { full = 1 } END { exit !full }'" 20
	hold late $to 80; late=$!
	check "$to: a SYN waits for an answer" wait_for "in_client ss -Htn state syn-sent 'dst = $(of_family $to $to "[$to]")' | grep -q ." 20
	kill -CONT "$daemon_pid"
	check "$to: the next one is forwarded" wait_for '[ -n "$(octets late)" ]' 30
	touch "$LAB/go"
	wait $held
	kill -CONT "$worker"
	check "$to: the queue is short again" wait_for "grep -q 'is short again' '$LAB/daemon.log'" 20
	check "$to: new connections are intercepted again" wait_for "intercepted $to 80" 20
	check "$to: what was forwarded goes on" goes_on late
	check "$to: to its end" let_go late $late
done
finish
