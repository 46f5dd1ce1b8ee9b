#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The gateway is a bridge: what only crosses it is intercepted, and neither side sees that there is somebody. First without
# an address of its own, then with one and STP, then with br_netfilter and tags. A second bridge is no port's.
#
#   client  ----  lan0 [br0] up0, full on :80, full and strict on :8000  ----  router  ----  origin
. "$(dirname "$0")/bridge.inc"
if [ "$TIPH_DATAPATH" = nft ]; then
	lab_up
	daemon_conf <<-CONF
		ports:
		  - {name: full, listen: 8080, mode: full, match: {ports: [80], bridges: [br0]}}
	CONF
	check_not "a port that names a bridge is refused without the module" daemon_start
	check "and it says why" grep -q "bridge br0 can't be intercepted without the module" "$LAB/daemon.log"
	finish
fi
bridge_up
in_gw sysctl -qw net.ipv4.ip_forward=0
conf() {	# LISTEN-MODE of the second port, more of its match
	daemon_conf <<-CONF
		ports:
		  - {name: full, listen: 8080, mode: full, match: {ports: [80], bridges: [br0]}}
		  - {name: second, listen: 8081, $1, match: {ports: [8000], bridges: [br0]${2:-}}}
	CONF
}
both_families() {	# NAME
	local to
	for to in $O4 $O6; do
		check "$1: full, $to" intercepted $to 80 src="$(client_of $to)"
		check "$1: 1 MiB, $to" same_proxied "$(lab_url $to /f/1M)" 1M
	done
}
conf "mode: full, source_port: strict"
watch_frames
check_eq "there is no route" "" "$(in_gw ip route show default; in_gw ip -6 route show default)"
check "the daemon starts" daemon_start || finish
both_families "no address"
for to in $O4 $O6; do
	check "no address: strict, $to" intercepted $to 8000 src="$(client_of $to)"
	check "no address: other ports, $to" direct $to 443
	check "no address: many clients, $to" probe swarm $to 80 --from "$(of_family $to "${CLIENT4[*]}" "${CLIENT6[*]}" | tr ' ' ,)" -c "$(by_size 48 12)" -n 4
	check "no address: large upload, $to" eval "fetch -f --data-binary @$TIPH_BUILD/www/f/1M $(lab_url $to /sink) >/dev/null"
done
check "no address: no frame of the gateway's own MAC addresses, none of others'" frames_are_clean
check "no address: the route is nobody else's" negate in_gw setpriv --reuid 1 --clear-groups ip route get 192.0.2.1

# daemon gone: the frames of its flows and all others cross as ever
daemon_kill
for to in $O4 $O6; do check "no daemon: $to" forwarded $to 80; done
check "the daemon starts again" daemon_start || finish
both_families "again"
daemon_stop
check_eq "nothing is left of the route" "" "$(in_gw ip rule show pref 32856; in_gw ip route show table 8088; in_gw ip -6 rule show pref 32856)"

# its own address, and the spanning tree
in_gw ip link set br0 type bridge stp_state 1
bridge_address
wait_for "ip -n $NS-gw -d link show up0 | grep -q 'state forwarding'" 40 "the spanning tree"
conf "mode: inbound" ", interfaces: [lan0]"
check "with an address: the daemon starts" daemon_start || finish
watch_frames
both_families "with an address, STP"
check "with an address: frames" frames_are_clean
check "with an address: inbound, $O4" intercepted $O4 8000 src=$BR4
check "with an address: inbound, $O6" intercepted $O6 8000 src=$BR6
check "with an address: to the gateway itself" eval "! fetch -m 5 http://$BR4/ 2>/dev/null"
finish
