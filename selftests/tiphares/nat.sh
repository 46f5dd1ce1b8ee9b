#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Beside connection tracking and NAT of the gateway's own: MASQUERADE towards the origin, a port forward, a firewall
# that drops what conntrack takes for INVALID.
#
#   client  ----  gateway, full on :80, inbound on :8000; MASQUERADE on wan0; :8443 of the gateway goes to the third origin  ----  origins
. "$(dirname "$0")/proxy.inc"
lab_up
in_gw nft -f - <<-NFT || die_lab "nft"
	table inet tracked {
		chain forward { type filter hook forward priority 0; ct state invalid counter drop; }
		chain input { type filter hook input priority 0; ct state invalid counter drop; }
		chain output { type filter hook output priority 0; ct state invalid counter; }
	}
NFT
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [8000]}}
	  - {name: preserve, listen: 8082, mode: full, match: {ports: [443], destinations: [$O4, "$O6"]}, source_port: preserve}
	  - {name: outbound, listen: 8083, mode: outbound}
CONF
check "the daemon starts" daemon_start || finish
for to in $O4 $O6; do
	check "tracked: full, $to" intercepted $to 80 src="$(client_of $to)"
	check "tracked: full, $to, 1 MiB" same_proxied "$(lab_url $to /f/1M)" 1M
	check "tracked: inbound, $to" intercepted $to 8000 src="$(gw_of $to)"
	check "tracked: the client's port, $to" intercepted $to 443 src="$(client_of $to)" sport="$(of_family $to 44001 44002)" \
		-- --local-port "$(of_family $to 44001 44002)"
	check "tracked: outbound, $to" says " src=$(client_of $to) |^src=$(client_of $to) " asked 8083 $to /whoami
done

# to what a port would match: it must not
in_gw nft -f - <<-NFT || die_lab "nft"
	table inet nat {
		chain post { type nat hook postrouting priority 100; oifname "wan0" masquerade; }
		chain pre {
			type nat hook prerouting priority -100;
			iifname "lan0" ip daddr $G4 tcp dport 8443 dnat ip to $O4C:80
			iifname "lan0" ip6 daddr $G6 tcp dport 8443 dnat ip6 to [$O6C]:80
		}
	}
NFT
# what is open keeps the address it has; begin anew
check "the daemon ends" daemon_stop
check "the daemon starts beside NAT" daemon_start || finish
for to in $O4 $O6; do
	gw=$(gw_of $to)
	check "MASQUERADE: full, the origin sees the gateway, $to" intercepted $to 80 src="$gw"
	check "MASQUERADE: full, 1 MiB, $to" same_proxied "$(lab_url $to /f/1M)" 1M
	check "MASQUERADE: inbound, $to" intercepted $to 8000 src="$gw"
	check "MASQUERADE: another client at the same time, $to" intercepted $to 80 src="$gw" \
		-- --interface "$(of_family $to "${CLIENT4[5]}" "${CLIENT6[5]}")"
	check "a port forward is followed, $to" whoami_is "$(lab_url "$(lan_of $to)" /whoami 8443)" "via= xff=" dst="$(of_family $to $O4C $O6C)" dport=80
done
check "port forwards are counted" wait_for '[ "$(counter "" redirected)" -ge 2 ]' 20

# ---- many connections: none is lost, conntrack understands all of it, nothing leaves with a client's address ----
in_origin nft -f - <<-NFT || die_lab "nft"
	table inet leak {
		chain seen { type filter hook prerouting priority -300; iifname "o0" ip saddr 10.71.1.0/24 counter; iifname "o0" ip6 saddr fd71:1::/64 counter; }
	}
NFT
packets() { echo $(($(nsenter --net="/run/netns/$NS-$1" nft list table inet "$2" | sed -n 's/.*counter packets \([0-9]*\).*/+\1/p' | tr -d '\n'))); }
many() {	# PORT-NAME DESTINATION-PORT
	local name=$1 port=$2 wanted n=${TIPH_NAT:-$(by_size 1000 150)}
	wanted=$(($(counter "$name" port_sessions_accepted) + n))
	rm -f "$LAB/until" "$LAB/failures"
	in_client "$(dirname "$(readlink -f "$0")")/load_helper" "$(by_size 400 50)" "$LAB/until" "$LAB/failures" "$port" "$O4,$O6" \
		"$(IFS=,; echo "${CLIENT4[*]},${CLIENT6[*]}")" >"$LAB/load" 2>&1 & load=$!
	wait_for "[ \$(counter $name port_sessions_accepted) -ge $wanted ]" 60 "$n connections"
	touch "$LAB/until"
	wait $load
	cat "$LAB/load"
	[ ! -s "$LAB/failures" ] || { cat "$LAB/failures"; return 1; }
	grep -q 'proxied=[1-9]' "$LAB/load"
}
for kind in "full 80" "inbound 8000"; do
	check "MASQUERADE: many connections, ${kind% *}: none fails" many $kind
done
sed -n 's/^/# /p' "$LAB/load"
check "MASQUERADE: 1 MiB after that" same_proxied "$(lab_url $O4 /f/1M)" 1M
check "conntrack took nothing for INVALID" test "$(packets gw tracked)" = 0
check "no packet had a client's address on the way to the origin" test "$(packets origin leak)" = 0
in_gw nft list table inet tracked | sed -n 's/^.*counter/# counter/p'
in_gw nft flush ruleset
finish
