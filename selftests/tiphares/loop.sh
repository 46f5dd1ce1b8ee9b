#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server's address that somebody behind the gateway routes back to it: the connection that the proxy makes with the
# client's address comes in again, and must not be taken for a client's.
#
#   client  ----  gateway: full, asked; 198.51.100.0/24 lies behind the origin  ----  origin: it lies behind the gateway
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
L4=198.51.100.1 L6=fd71:9::1
in_gw ip route add 198.51.100.0/24 via $O4
in_gw ip -6 route add fd71:9::/64 via $O6
in_origin sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
in_origin ip route add 198.51.100.0/24 via $GW4
in_origin ip -6 route add fd71:9::/64 via $GW6
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: kept, listen: 8081, mode: full, match: {ports: [443]}, source_port: strict}
	  - {name: asked, listen: 8082, mode: outbound}
	http: {connect_timeout: 2s}
CONF
check "the daemon starts" daemon_start || finish
taken() { echo $(($(counter full intercepted) + $(counter kept intercepted))); }
# With the client's own port the 4-tuple is that of the client's connection; the module gives a SYN on it to that one.
once() {	# KIND SYNS CMD...: 504; what came back was counted and not taken for SYNs of clients, of which there were so many
	local before loops code kind=$1 syns=$2; shift 2
	before=$(taken) loops=$(counter "" loop)
	code=$("$@" -o /dev/null -w '%{http_code}')
	[ "$code" = 504 ] || { echo "answered with $code"; return 1; }
	wait_for "[ \$(counter '' loop) -gt $loops ] || [ '$TIPH_DATAPATH $kind' = 'kmod strict' ]" 5 "a loop is counted" || return 1
	wait_for "[ \$(taken) -ge $((before + syns)) ]" 5 "the client's SYN is counted" || return 1
	[ "$(taken)" = $((before + syns)) ] || { echo "$(($(taken) - before)) SYNs were taken"; return 1; }
}
for to in $L4 $L6; do
	check "$to, full" once any 1 fetch "$(lab_url $to /)"
	check "$to, the client's port" once strict 1 fetch "$(lab_url $to / 443)"
	check "$to, asked" once any 0 asked 8082 $to /
done
before=$(counter "" loop)
for to in $O4 $O6; do
	check "$to: what is no loop is none" intercepted $to 80
	check "$to: connections from one port, one after the other" says done=5 probe reuse $to 443 --bind "$(client_of $to),44044" -n 5
done
check_eq "none was counted" "$before" "$(counter "" loop)"
finish
