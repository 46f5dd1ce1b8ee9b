#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A worker that was taken over gets the address of a client whose connection it holds, and of nobody else.
#
#   client  ----  gateway: parent; something hostile in the worker's place; a service of the same user  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
user=daemon
daemon_conf <<-CONF
	workers: 1
	user: $user
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: asked, listen: 8081, mode: outbound}
CONF
check "the daemon starts" daemon_start || finish
worker=$(worker_pid)
hostile() { in_gw python3 "$TIPH_SELFTESTS/tiphares/hostile.py" "$@"; }
# the only established connection of that kind and family in the gateway: LOCAL LPORT CLIENT CPORT
connection() {	# SS-FILTER
	in_gw ss -Htn "$(of_family $to -4 -6)" state established "$1" | awk 'NR == 1 { print $3, $4 }' | sed -E 's/\[?([0-9a-f.:]*[0-9a-f])\]?:([0-9]+) \[?([0-9a-f.:]*[0-9a-f])\]?:([0-9]+)/\1 \2 \3 \4/'
}
# a service of the gateway's own that runs as the worker's user, to which the client and the origin have connections
in_gw setpriv --reuid $user --clear-groups python3 - serve echo 7070 <"$TIPH_SELFTESTS/probe.py" >"$LAB/echo.log" 2>&1 &
check "a service" wait_for "in_gw ss -Hltn 'sport = :7070' | grep -q ." 20
for to in $O4 $O6; do
	src=$(client_of $to) gw=$(lan_of $to)
	bracketed=$(of_family $to $to "[$to]")
	rm -f "$LAB/let-go"
	probe hold $to 80 /slow/300M --until "$LAB/let-go" >"$LAB/hold" 2>&1 & held=$!
	fetch --interface "$src" --noproxy '' -x "$(lab_url $gw '' 8081)" -o /dev/null "$(lab_url $to /slow/300M)" & asker=$!
	probe connect $gw 7070 --hold "$LAB/let-go" >/dev/null 2>&1 & guest=$!
	check "$to: a client's connections" wait_for '[ -n "$(connection "( sport = :80 )")" ] && [ -n "$(connection "( sport = :8081 )")" ] && [ -n "$(connection "( sport = :7070 )")" ] && [ -n "$(connection "( dport = :80 )")" ]' 20
	read -r -a intercepted <<<"$(connection '( sport = :80 )')"
	read -r -a explicit <<<"$(connection '( sport = :8081 )')"
	read -r -a served <<<"$(connection '( sport = :7070 )')"
	read -r -a upstream <<<"$(connection "( dport = :80 and dst = $bracketed )")"
	other=$(of_family $to "${CLIENT4[7]}" "${CLIENT6[7]}")

	check "$to: of an intercepted client: given" says "^errno=0 address=$src port=0" hostile ask "$worker" "${intercepted[@]}"
	check "$to: with its port" says "^errno=0 address=$src port=0" hostile ask "$worker" "${intercepted[@]}" 1
	check "$to: of a client that asked: given" says "^errno=0 address=$src port=0" hostile ask "$worker" "${explicit[@]}"
	check "$to: of another client" says "^errno=EACCES" hostile ask "$worker" "${intercepted[@]:0:2}" "$other" "${intercepted[3]}"
	check "$to: of a client's other connection" says "^errno=EACCES" hostile ask "$worker" "${intercepted[@]:0:3}" $((intercepted[3] - 1))
	check "$to: of the origin that it is connected to" says "^errno=EACCES" hostile ask "$worker" "${upstream[@]}"
	check "$to: of the client of a service of the same user" says "^errno=EACCES" hostile ask "$worker" "${served[@]}"
	check "$to: of a listener's anybody" says "^errno=EACCES" hostile ask "$worker" "$(of_family $to 127.0.0.1 ::1)" 8080 "$(of_family $to 0.0.0.0 ::)" 0
	touch "$LAB/let-go"
	end_job $asker 2>/dev/null
	wait $held $guest
	check "$to: of a client that has gone" wait_for "hostile ask $worker ${intercepted[*]} | grep -q '^errno=EACCES'" 20

	# what it accepted can be disconnected and would then spoof the origin
	check "$to: a spoofed connection of the worker's user" says "^errno=ETIMEDOUT" hostile syn "$(id -u $user)" "$other" $to 80
	check "$to: of another user" says "^errno=0" hostile syn "$(id -u mail)" "$other" $to 80
done
check "spoofing was counted" wait_for '[ "$(counter "" stray_spoof)" -ge 2 ]' 5
check_eq "it is the same worker still" "$worker" "$(worker_pid)"
check "it serves" intercepted $O4 80
finish
