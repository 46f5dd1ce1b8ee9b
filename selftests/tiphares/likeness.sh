#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ports.likeness: the origin sees the client's TTL or hop limit, DSCP and MSS, as it would without a proxy.
#
#   client: 90 hops, af21, MSS 1300  ----  gateway: likeness on :80, none on :8000  ----  origin counts SYNs by what they say
. "$(dirname "$0")/proxy.inc"
lab_up
in_client sysctl -qw net.ipv4.ip_default_ttl=90 net.ipv6.conf.c0.hop_limit=90
in_client ip route replace default via $G4 src $C4 advmss 1300
in_client ip -6 route replace default via $G6 src $C6 advmss 1300
in_client nft "table inet client { chain c { type filter hook output priority 0; meta nfproto ipv4 ip dscp set af21; meta nfproto ipv6 ip6 dscp set af21; }; }"
in_origin nft -f - <<-NFT || die_lab "nft"
	table inet seen {
		counter like4 { }
		counter like6 { }
		counter unlike { }
		chain syn {
			type filter hook input priority 0;
			tcp flags & (syn | ack) != syn accept
			ip ttl 89 ip dscp af21 tcp option maxseg size 1300 counter name like4 accept
			ip6 hoplimit 89 ip6 dscp af21 tcp option maxseg size 1300 counter name like6 accept
			tcp dport { 80, 8000, 443 } counter name unlike
		}
	}
NFT
seen() { in_origin nft list counter inet seen "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
# sees COUNTER CMD...: the command makes SYNs of that kind, and of no other
sees() {
	local name=$1 k n=(); shift
	for k in like4 like6 unlike; do n+=("$(seen $k)"); done
	"$@" || return 1
	for k in like4 like6 unlike; do
		if [ $k = "$name" ]; then
			[ "$(seen $k)" -gt "${n[0]}" ] || { echo "no SYN was $k"; in_origin nft list table inet seen; return 1; }
		else
			[ "$(seen $k)" = "${n[0]}" ] || { echo "some SYN was $k"; return 1; }
		fi
		n=("${n[@]:1}")
	done
}
for to in $O4 $O6; do
	check "without a proxy, $to" sees "$(of_family $to like4 like6)" whoami_is "$(lab_url $to /whoami)" via= src="$(client_of $to)"
done
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}, likeness: true}
	  - {name: other, listen: 8081, mode: full, match: {ports: [8000]}}
	  - {name: strict, listen: 8083, mode: full, match: {ports: [443]}, likeness: true, source_port: strict}
	  - {name: asked, listen: 8082, mode: outbound, likeness: true}
CONF
check "the daemon starts" daemon_start || finish
for to in $O4 $O6; do
	like=$(of_family $to like4 like6)
	check "with likeness, $to" sees $like intercepted $to 80 src="$(client_of $to)"
	check "without, $to" sees unlike intercepted $to 8000 src="$(client_of $to)"
	check "with likeness and the client's port, $to" sees $like intercepted $to 443 src="$(client_of $to)"
	check "1 MiB both ways of it, $to" same_proxied "$(lab_url $to /f/1M)" 1M
done
check "tipharesctl ports tells" eval "ctl --json ports | in_json \"[p['likeness'] for p in j['ports']] == [True, False, True, True]\""
# towards the gateway itself, the client's route has no such MSS
in_client ip route replace 10.71.1.0/24 dev c0 src $C4 advmss 1300
in_origin nft flush chain inet seen syn
in_origin nft add rule inet seen syn "tcp flags & (syn | ack) == syn tcp dport 8000 ip ttl 89 ip dscp af21 tcp option maxseg size 1300 counter name like4"
check "mode outbound" sees like4 fetch -o /dev/null --noproxy '' -x "http://$G4:8082" "http://$O4:8000/whoami"
sed -i 's/, likeness: true}/}/' "$LAB/tiphares.yaml"
check "a reload takes it away" eval 'ctl reload && wait_for "ctl --json ports | in_json \"not j[\\\"ports\\\"][0][\\\"likeness\\\"]\"" 20'
in_origin nft flush chain inet seen syn
in_origin nft add rule inet seen syn "tcp flags & (syn | ack) == syn tcp dport 80 ip ttl != 89 counter name unlike"
check "without after the reload" sees unlike intercepted $O4 80 src="${CLIENT4[3]}" -- --interface "${CLIENT4[3]}"
finish
