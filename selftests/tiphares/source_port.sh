#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The source port towards the origin: the kernel's choice, the client's if it is free, or only the client's.
#
#   client, from a port of its own choice  ----  gateway: any :80, preserve :443, strict :8000  ----  origin
#                                                asked: preserve and strict
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: any, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: preserve, listen: 8081, mode: full, match: {ports: [443]}, source_port: preserve}
	  - {name: strict, listen: 8082, mode: full, match: {ports: [8000]}, source_port: strict}
	  - {name: asked, listen: 8083, mode: outbound, source_port: preserve}
	  - {name: demanded, listen: 8084, mode: outbound, source_port: strict}
	routes:
	  - {host: $G4, to: ["$O4:443"]}
	  - {host: "$G6", to: ["[$O6]:443"]}
	log: {access: {format: json, to: $LAB/access.log}}
CONF
check "the daemon starts" daemon_start || finish

port=42000
# curl would not bind to a port that is in TIME_WAIT, the probe does
same_port() {	# SOURCE ITS-PORT ADDRESS PORT
	says "peer=$3 .* own=$1 ownport=$2 .* src=$1 sport=$2 dst=$3 dport=$4 via=1.1" probe peer "$3" "$4" --bind "$1,$2"
}
# a fresh one: what was used may be in TIME_WAIT
next() { port=$((port + 1)); }
for to in $O4 $O6; do
	src=$(client_of $to)
	next
	check "$to, any: the client's address" intercepted $to 80 src="$src" -- --local-port $port
	for dport in 443 8000; do
		next
		other=$(of_family $to "${CLIENT4[3]}" "${CLIENT6[3]}")
		check "$to:$dport: the client's address and port" same_port "$src" $port $to $dport
		check "$to:$dport: the same port of another address" same_port "$other" $port $to $dport
		check "$to:$dport: the same port to another server" same_port "$src" $port "$(of_family $to $O4B $O6B)" $dport
	done
	for dport in 443 8000 80; do
		next
		origin_mark
		check "$to:$dport: five connections from one port, one after the other" says done=5 \
			probe reuse $to $dport --bind "$src,$port" -n 5
		[ $dport = 80 ] || check_eq "$to:$dport: five times the client's address and port" 5 \
			"$(origin_log | grep -c "^src=$src sport=$port .* via=1.1 tiphares ")"
	done
	next
	check "$to, outbound with preserve" says " sport=$port " \
		asked 8083 $to /whoami --local-port $port
done

# The client's port is taken: it has a connection to the same server by another way. One port lies in the range
# from which the kernel chooses, the other doesn't.
other_port() {	# PORT SOURCE CMD...
	local port=$1 src=$2 got; shift 2
	got=$("$@"); echo "$got"
	case $got in *" status=200 src=$src sport=$port "*) return 1 ;; *" status=200 src=$src sport="*) ;; *) return 1 ;; esac
}
for to in $O4 $O6; do
	src=$(client_of $to)
	for port in 43000 20001; do
		rm -f "$LAB/let-go" "$LAB/hold"
		probe hold $to 443 /slow/300M --bind "$src,$port" --until "$LAB/let-go" >"$LAB/hold" 2>&1 & held=$!
		check "$to: port $port is taken" wait_for "grep -q octets= '$LAB/hold'" 20
		check "$to: preserve: another port than $port" other_port $port "$src" \
			probe peer "$(lan_of $to)" 8083 --bind "$src,$port"
		check "$to: strict: $port or none" says 'status=503' probe peer "$(lan_of $to)" 8084 --bind "$src,$port"
		touch "$LAB/let-go"
		wait $held
	done
done
check "strict: the log says why" wait_for '[ "$(grep -c port_taken "$LAB/access.log")" = 4 ]' 10

# As many connections to one server as there are ports for one address would not do with bind() alone: the choice
# is made for each pair of ends.
in_gw sysctl -qw net.ipv4.ip_local_port_range="50000 50019"
many() {	# ADDRESS PORT N: connections that are open at once
	local i
	for ((i = 0; i < $3; i++)); do printf 'url = "%s"\noutput = /dev/null\n' "$(lab_url "$1" "/whoami?$i" "$2")"; done >"$LAB/many"
	fetch -f -Z --parallel-immediate --parallel-max "$3" -K "$LAB/many" -w '%{http_code} %header{via}\n' 2>/dev/null | grep -c '200 1.1 tiphares'
}
check_eq "a range of 20 ports: 15 connections to the first origin" 15 "$(many $O4 80 15)"
check_eq "a range of 20 ports: 15 more to the second" 15 "$(many $O4B 80 15)"
check_eq "a range of 20 ports: 15 more to the third" 15 "$(many $O4C 80 15)"
check_eq "a range of 20 ports: 15 to IPv6" 15 "$(many $O6 80 15)"
finish
