#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The gateway routes several networks of clients, which come in by a cable, a VLAN and tunnels, to a WAN with NAT for IPv4
# and the MTU of PPPoE.
#
#   client c0      10.71.1.10   fd71:1::10  ----  lan0
#          c0.20   10.73.20.10  fd73:20::10 ----  lan0.20
#          vx0     10.73.30.10  fd73:30::10 ----  vx0 (VXLAN in lan0's network)    gateway  wan0 (MTU 1492)  ----  origin
#          gre0    10.73.40.10  fd73:40::10 ----  gre1 (GRE in lan0's network)
#          wg0     10.73.50.10  fd73:50::10 ----  wg0 (WireGuard in lan0's network)
. "$(dirname "$0")/proxy.inc"
lab_up
ways=("c0 $C4 $C6")
number=20

# a second network for both ends of an interface; what the kernel does not have is left out, and said
network() {	# IF-OF-CLIENT IF-OF-GATEWAY
	local v4=10.73.$number v6=fd73:$number:
	printf '%s\n' "addr add $v4.10/24 dev $1" "link set $1 up" "rule add from $v4.10 lookup $number" \
		"route add default via $v4.1 dev $1 table $number" | lab_ip client
	printf '%s\n' "addr add $v4.1/24 dev $2" "link set $2 up" | lab_ip gw
	ip -n "$NS-client" -6 addr add $v6:10/64 dev "$1" nodad
	ip -n "$NS-gw" -6 addr add $v6:1/64 dev "$2" nodad
	ip -n "$NS-client" -6 rule add from $v6:10 lookup $number
	ip -n "$NS-client" -6 route add default via $v6:1 dev "$1" table $number
	ip -n "$NS-origin" route replace $v4.0/24 via $GW4
	ways+=("$1 10.73.$number.10 fd73:$number::10")
	number=$((number + 10))
}
tunnel() {	# NAME TYPE-AND-OPTIONS-OF-CLIENT TYPE-AND-OPTIONS-OF-GATEWAY IF-OF-GATEWAY [LOWER-IF-OF-CLIENT OF-GATEWAY]
	if ! ip -n "$NS-client" link add ${5:+link $5} name "$1" type $2 2>/dev/null; then
		skip "$1: ${2%% *}" "this kernel has none"
		return
	fi
	ip -n "$NS-gw" link add ${6:+link $6} name "$4" type $3 || die_lab "no $4"
	network "$1" "$4"
}
wireguard() {
	local own theirs
	command -v wg >/dev/null || { skip "wg0: wireguard" "there is no wg"; return; }
	tunnel wg0 wireguard wireguard wg0
	case ${ways[-1]} in wg0*) ;; *) return ;; esac
	own=$(wg genkey) theirs=$(wg genkey)
	in_client wg set wg0 listen-port 5555 private-key <(echo "$own") peer "$(wg pubkey <<<"$theirs")" endpoint $G4:5555 allowed-ips 0.0.0.0/0,::/0
	in_gw wg set wg0 listen-port 5555 private-key <(echo "$theirs") peer "$(wg pubkey <<<"$own")" endpoint "$C4:5555" allowed-ips 10.73.0.0/16,fd73::/16
}
tunnel c0.20 "vlan id 20" "vlan id 20" lan0.20 c0 lan0
tunnel vx0 "vxlan id 30 dstport 4789 local $C4 remote $G4" "vxlan id 30 dstport 4789 local $G4 remote $C4" vx0
tunnel gre1 "gre local $C4 remote $G4" "gre local $G4 remote $C4" gre1
wireguard
ip -n "$NS-gw" link set wan0 mtu 1492
ip -n "$NS-origin" link set o0 mtu 1492
in_gw nft -f - <<-NFT
	table ip nat {
		chain post { type nat hook postrouting priority srcnat; oifname "wan0" masquerade; }
	}
NFT
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [8000]}}
	  - {name: vlan, listen: 8082, mode: full, match: {ports: [443], interfaces: [lan0.20]}}
CONF
check "the daemon starts" daemon_start || finish

for way in "${ways[@]}"; do
	read -r way v4 v6 <<<"$way"
	check "$way: full, IPv4, NAT" intercepted $O4 80 src=$GW4 -- --interface $v4
	check "$way: full, IPv6" intercepted $O6 80 src=$v6 -- --interface $v6
	check "$way: 1 MiB, IPv4" same_proxied "$(lab_url $O4 /f/1M)" 1M --interface $v4
	check "$way: 1 MiB, IPv6" same_proxied "$(lab_url $O6 /f/1M)" 1M --interface $v6
	check "$way: 1 MiB to the origin" eval "fetch -f --interface $v6 --data-binary @$TIPH_BUILD/www/f/1M $(lab_url $O6 /sink) >/dev/null"
	check "$way: inbound" intercepted $O6 8000 src=$GW6 -- --interface $v6
	if [ "$way" = c0.20 ]; then
		check "$way: a port that names the interface" intercepted $O6 443 src=$v6 -- --interface $v6
	else
		check "$way: another interface's port" direct $O6 443 src=$v6 -- --interface $v6
	fi
done
# what only the first SYN has is not taken up, and nothing breaks
for kind in mptcp tfo; do
	if [ $kind = tfo ]; then
		in_client sysctl -qw net.ipv4.tcp_fastopen=5	# data in a SYN without a cookie, too
	elif ! in_client sysctl -n net.mptcp.enabled >/dev/null 2>&1; then
		skip "$kind" "this kernel has none"
		continue
	fi
	check "$kind: IPv4" says "src=$GW4 .*via=1.1 tiphares" probe odd $O4 80 $kind
	check "$kind: IPv6" says "src=$C6 .*via=1.1 tiphares" probe odd $O6 80 $kind
done
check "many clients at once" probe swarm $O6 80 --from "$(tr ' ' , <<<"${CLIENT6[*]}")" -c "$(by_size 250 12)" -n 4
finish
