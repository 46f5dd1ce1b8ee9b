#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a port matches: ingress interface, source, destination, exceptions, order; and what it never takes.
#
#   client  ----  lan0 gateway wan0  ----  origins
#   a server on :80 of the gateway itself, and one on :80 of the client's side
. "$(dirname "$0")/proxy.inc"
lab_up
from() { echo "-- --interface $1"; }
use_ports() {	# < a list of ports
	{ echo "ports:"; cat; } | daemon_conf
	if [ -z "$daemon_pid" ]; then
		check "the daemon starts" daemon_start || finish
	else
		daemon_stop && daemon_start || { fail "the daemon starts again"; finish; }
	fi
}
A4=${CLIENT4[1]} A6=${CLIENT6[1]} B4=${CLIENT4[2]} B6=${CLIENT6[2]}

# ---- sources ----
use_ports <<-CONF
	  - name: web
	    listen: 8080
	    mode: full
	    match: {ports: [80], sources: [$A4, $B4/32, "$A6", "$B6/128"], except: {sources: [$B4, "$B6"]}}
CONF
check "source in the list" intercepted $O4 80 src="$A4" -- --interface "$A4"
check "source in the list, IPv6" intercepted $O6 80 src="$A6" -- --interface "$A6"
check "source not in the list" direct $O4 80 src="$C4"
check "source not in the list, IPv6" direct $O6 80 src="$C6"
check "source in the list but excepted" direct $O4 80 src="$B4" -- --interface "$B4"
check "source in the list but excepted, IPv6" direct $O6 80 src="$B6" -- --interface "$B6"

# prefixes that end within an octet: .16 to .31
use_ports <<-CONF
	  - {name: web, listen: 8080, mode: full, match: {ports: [80], sources: [10.71.1.16/28, "fd71:1::10/124"]}}
CONF
check "below a /28" direct $O4 80 src=10.71.1.15 -- --interface 10.71.1.15
check "first of a /28" intercepted $O4 80 src=10.71.1.16 -- --interface 10.71.1.16
check "last of a /28" intercepted $O4 80 src=10.71.1.31 -- --interface 10.71.1.31
check "above a /28" direct $O4 80 src=10.71.1.32 -- --interface 10.71.1.32
check "in a /124" intercepted $O6 80 src=fd71:1::15 -- --interface fd71:1::15
check "above a /124" direct $O6 80 src=fd71:1::20 -- --interface fd71:1::20

# ---- destinations, and families ----
use_ports <<-CONF
	  - name: web
	    listen: 8080
	    mode: full
	    match:
	      ports: [80, 8000]
	      destinations: [10.71.2.0/24]
	      except: {destinations: [$O4B]}
CONF
check "destination in the list" intercepted $O4 80
check "destination in the list, the second port" intercepted $O4 8000
check "destination in the list, another port" direct $O4 443
check "destination excepted" direct $O4B 80
check "a list of IPv4 prefixes matches no IPv6 address" direct $O6 80
use_ports <<-CONF
	  - {name: web, listen: 8080, mode: full, match: {ports: [80], destinations: ["$O6B/128"]}}
CONF
check "a list of IPv6 prefixes matches no IPv4 address" direct $O4 80
check "IPv6 destination in the list" intercepted $O6B 80
check "IPv6 destination not in the list" direct $O6 80

# ---- the first port that matches decides ----
use_ports <<-CONF
	  - {name: first, listen: 8080, mode: inbound, match: {ports: [80], sources: [$A4]}}
	  - {name: second, listen: 8081, mode: full, match: {ports: [80]}}
CONF
check "the first port that matches decides" intercepted $O4 80 src=$GW4 -- --interface "$A4"
check "what it does not match goes to the next" intercepted $O4 80 src="$C4"

# ---- ingress interface ----
in_client /usr/bin/python3 "$TIPH_SELFTESTS/probe.py" serve banner 80 --file "$LAB/peers" >/dev/null 2>&1 </dev/null &
wait_for 'in_client ss -Hltn "sport = :80" | grep -q .' 20
origin_asks() {	# ADDRESS WANTED-SOURCE: the origin's side connects to the client's
	: >"$LAB/peers"
	in_origin /usr/bin/python3 "$TIPH_SELFTESTS/probe.py" peer "$1" 80 >/dev/null 2>&1 & local p=$!
	wait_for "grep -q 'src=$2 ' '$LAB/peers'" 10; local rc=$?
	end_job $p
	cat "$LAB/peers"
	return $rc
}
use_ports <<-CONF
	  - {name: web, listen: 8080, mode: inbound, match: {ports: [80], interfaces: [lan0, later0]}}
CONF
check "from the named interface" intercepted $O4 80 src=$GW4
check "from the named interface, IPv6" intercepted $O6 80 src=$GW6
check "from another interface" origin_asks "$C4" $O4
check "from another interface, IPv6" origin_asks "$C6" $O6
use_ports <<-CONF
	  - {name: web, listen: 8080, mode: inbound, match: {ports: [80], interfaces: [wan0]}}
CONF
check "from the one interface that is not named" direct $O4 80
check "from the one that is, the other way" origin_asks "$C4" $G4

# ---- never: what is addressed to this machine, what this machine itself asks for ----
in_gw /usr/bin/python3 "$TIPH_SELFTESTS/probe.py" serve echo 80 --file "$LAB/local" >/dev/null 2>&1 </dev/null &
wait_for 'in_gw ss -Hltn "sport = :80" | grep -q .' 20
use_ports <<-CONF
	  - {name: web, listen: 8080, mode: full, match: {ports: [80, 7999]}}
CONF
for to in $G4 $G6 $GW4 $GW6; do
	: >"$LAB/local"
	check "the gateway's own $to:80 is reached" says "made=1" probe connect "$to" 80 --bind "$(client_of "$to")"
	check "the gateway's own $to:80 is reached by the client itself" \
		wait_for "grep -q 'src=$(client_of "$to") .*dst=$to' '$LAB/local'" 10
	check "the gateway's own $to:7999 refuses by itself" says "refused=1" probe connect "$to" 7999
done
for to in 127.0.0.1 ::1 $G4 $G6 $GW4 $GW6; do
	check "the gateway reaches its own $to:80 from itself" \
		says "made=1" in_gw /usr/bin/python3 "$TIPH_SELFTESTS/probe.py" connect "$to" 80
done
for to in $O4 $O6; do
	check "what the gateway itself asks $to for is not taken" \
		says "src=$(gw_of $to) .* via= xff=" in_gw curl -sS --noproxy '*' -m 60 "$(lab_url $to /whoami)"
	check "while it is for the client" intercepted $to 80 src="$(client_of $to)"
done
finish
