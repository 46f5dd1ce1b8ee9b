#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The corners of TCP, on intercepted connections: TIME_WAIT, SYN cookies, half-closed clients, strays, rp_filter.
#
#   client  ----  gateway, full on :80 and :7002, inbound on :8000  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80, 7002, 7004]}}
	  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [8000]}}
CONF
check "the daemon starts" daemon_start || finish
origin_mark

for to in $O4 $O6; do
	src=$(client_of $to)
	# The proxy closes first and keeps the TIME_WAIT: a SYN from the same port must find the listener.
	for port in 80 8000; do
		check "TIME_WAIT: ten connections from one port, $to:$port" says done=10 probe reuse $to $port --bind "$src,$((41000 + port / 80))" -n 10
	done
done
check_eq "TIME_WAIT: all of them were intercepted" 40 "$(origin_log | grep -c ' via=1.1 tiphares ')"

# Cookies always: the connection exists only when its third packet comes.
in_gw sysctl -qw net.ipv4.tcp_syncookies=2
origin_mark
for to in $O4 $O6; do
	src=$(client_of $to)
	check "SYN cookies: $to" intercepted $to 80 src="$src"
	check "SYN cookies: $to, inbound" intercepted $to 8000 src="$(gw_of $to)"
	check "SYN cookies: $to, 1 MiB" same_proxied "$(lab_url $to /f/1M)" 1M
	check "SYN cookies: $to, ten connections from one port" says done=10 probe reuse $to 80 --bind "$src,41100" -n 10
	check "SYN cookies: $to, other ports are forwarded" direct $to 443
done
check "SYN cookies: were they there?" says 'TcpExtSyncookiesRecv +[1-9]' in_gw nstat -asz TcpExtSyncookiesRecv
in_gw sysctl -qw net.ipv4.tcp_syncookies=1

check "a server that answers after the client's FIN" lab_serve late 7002
for to in $O4 $O6; do
	check "a client that closes its half: $to answers to the end" says "status=200 .*end=eof" probe half $to 80 /f/1M
done

for to in $O4 $O6; do
	src=$(client_of $to)
	check "a SYN of an intercepted port is answered: $to" says "answer=SYN.ACK" probe syn "$src" 43001 $to 80
	# belongs to no connection of ours: forwarded, and the origin says what it thinks of it
	check "a stray ACK is forwarded: $to" says "answer=RST" probe ack "$src" 43002 $to 80
	check "a stray ACK, other port: $to" says "answer=RST" probe ack "$src" 43003 $to 443
done
stray_at_origin() {	# is it the origin that answers a stray ACK, or the gateway?
	in_gw nft -f - <<-NFT
		table inet seen {
			chain forward { type filter hook forward priority 0; tcp sport 43010 tcp dport 80 counter accept; }
		}
	NFT
	probe ack "$1" 43010 "$2" 80 >/dev/null
	in_gw nft list table inet seen | grep -qE 'counter packets [1-9]'; local rc=$?
	in_gw nft delete table inet seen
	return $rc
}
check "a stray ACK passes the gateway: IPv4" stray_at_origin "$C4" $O4
check "a stray ACK passes the gateway: IPv6" stray_at_origin "$C6" $O6

# fragments and large packets
for to in $O4 $O6; do
	check "large requests: $to" answer_is 404 -H "X-Long: $(head -c 6000 /dev/zero | tr '\0' x)" "$(lab_url $to /f/none)"
done

# An address that does not belong on lan0 is refused as it would be without us.
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lan0.rp_filter=1
in_client ip addr add 10.71.2.99/32 dev c0
check "rp_filter: an address of the other side gets no answer" says "answer=none" probe syn 10.71.2.99 43004 $O4 80 --wait 2
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.lan0.rp_filter=0
check "rp_filter 1 holds for nobody else" intercepted $O4 80 src="$C4"
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lan0.rp_filter=1
check "rp_filter 1 and an honest client" intercepted $O4 80 src="$C4"
check "rp_filter 1, inbound" intercepted $O4 8000 src=$GW4
finish
