#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Settings of the host that trip TPROXY: reverse path filters, marks that sockets inherit, forwarding off, bridges that
# show their frames to IP, listeners on every address, marks for INPUT, a share of the clients.
#
#   client  ----  gateway with each of them  ----  origin
#   two containers on a bridge of the gateway
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_exit_more() {	# the containers
	local n p
	for n in 1 2; do
		for p in $(ip netns pids "$NS-ctr$n" 2>/dev/null); do kill -KILL "$p"; done
		ip netns del "$NS-ctr$n" 2>/dev/null
	done
}
lab_up
conf() {
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80]}${1:+, $1}}
		  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [8000]}}
		  - {name: asked, listen: 8082, mode: outbound}
	CONF
}
in_all_modes() {	# WHEN
	local to
	for to in $O4 $O6; do
		check "$1: full, $to" intercepted $to 80 src="$(client_of $to)"
		check "$1: full, 1 MiB, $to" get_same "$(lab_url $to /f/1M)" 1M
		check "$1: inbound, $to" intercepted $to 8000 src="$(gw_of $to)"
		check "$1: outbound, $to" says " ?src=$(client_of $to) " asked 8082 $to /whoami
	done
}
conf
check "the daemon starts" daemon_start || finish
in_all_modes "as it is"

# ---- what is asked about the source of a marked packet ----
for dev in all default lan0 wan0; do in_gw sysctl -qw net.ipv4.conf.$dev.rp_filter=1; done
in_all_modes "rp_filter"
for dev in all default lan0 wan0; do in_gw sysctl -qw net.ipv4.conf.$dev.src_valid_mark=1; done
in_all_modes "rp_filter and src_valid_mark"
for dev in all default lan0 wan0; do in_gw sysctl -qw net.ipv4.conf.$dev.src_valid_mark=0 net.ipv4.conf.$dev.rp_filter=0; done

# ---- marks that what we send would inherit ----
in_gw sysctl -qw net.ipv4.tcp_fwmark_accept=1 net.ipv4.fwmark_reflect=1 net.ipv6.fwmark_reflect=1
in_all_modes "tcp_fwmark_accept and fwmark_reflect"
in_gw sysctl -qw net.ipv4.tcp_fwmark_accept=0 net.ipv4.fwmark_reflect=0 net.ipv6.fwmark_reflect=0

# ---- a transparent listener of somebody else on every address, on a port of ours ----
in_gw /usr/bin/python3 - >/dev/null 2>&1 <<-PY &
	import socket, time
	for family, level, opt, addr in ((socket.AF_INET, socket.SOL_IP, 19, "0.0.0.0"), (socket.AF_INET6, socket.IPPROTO_IPV6, 75, "::")):
	    s = socket.socket(family)
	    s.setsockopt(level, opt, 1)
	    if family == socket.AF_INET6:
	        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
	    s.bind((addr, 80))
	    s.listen()
	    globals()[addr] = s
	time.sleep(3600)
PY
other=$!
check "another transparent listener on *:80" wait_for '[ "$(in_gw ss -Hltn "sport = :80" | wc -l)" = 2 ]' 10
check "the daemon ends" daemon_stop
holds=()
for to in $O4 $O6; do
	probe hold $to 80 /slow/300M --until "$LAB/stop" >"$LAB/hold.${#holds[@]}" 2>&1 &
	holds+=($!)
done
check "downloads are forwarded" wait_for '[ "$(grep -c . "$LAB/hold.0")" -ge 2 ] && [ "$(grep -c . "$LAB/hold.1")" -ge 2 ]' 20
check "the daemon starts" daemon_start
in_all_modes "beside it"
octets() { sed -n 's/^octets=\([0-9]*\) own.*/\1/p' "$LAB/hold.$1" | tail -n 1; }
for n in 0 1; do
	at=$(octets $n)
	check "what was forwarded before still gets data, $n" wait_for "[ \$(octets $n) -gt $((at + 2000000)) ]" 20
done
touch "$LAB/stop"
for n in 0 1; do
	wait "${holds[$n]}"
	check_eq "what was forwarded before goes on, $n" 0 $?
done
kill $(in_gw ss -Hltnp "sport = :80" | sed -n 's/.*pid=\([0-9]*\),.*/\1/p' | sort -u)
wait $other 2>/dev/null

# ---- forwarding off: intercepting works, and it is said what does not ----
check "ends" daemon_stop
in_gw sysctl -qw net.ipv4.ip_forward=0
check "starts without forwarding" daemon_start
check "without forwarding: intercepted" intercepted $O4 80 src="$C4"
check "without forwarding: it is said" wait_for "grep -q 'warning: net.ipv4.ip_forward is 0' '$LAB/daemon.log'" 5
in_gw sysctl -qw net.ipv4.ip_forward=1

# ---- a mark for INPUT: exactly the port's, on what is intercepted, and on nothing else ----
check "ends" daemon_stop
conf "mark: 0x10"
check "starts with a mark" daemon_start
in_gw nft -f - <<-NFT
	table inet seen {
		counter right { }
		counter ours { }
		counter wrong { }
		chain input {
			type filter hook input priority 0;
			tcp dport 80 meta mark 0x10 counter name right
			meta mark and 0x10000000 != 0 tcp dport 80 counter name ours
			tcp dport { 8000, 8082 } meta mark and 0x10 != 0 counter name wrong
		}
	}
NFT
in_all_modes "with a mark"
seen() { in_gw nft list counter inet seen "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
check "INPUT saw the port's mark" test "$(seen right)" -gt 10
check_eq "INPUT did not see the datapath's own bit beside it" 0 "$(seen ours)"
check_eq "nothing else has the port's mark" 0 "$(seen wrong)"
in_gw nft delete table inet seen

# ---- a share of the clients ----
check "ends" daemon_stop
conf "sample: 50%"
check "starts with a sample" daemon_start
took() {	# how many of the 24 clients of a family are intercepted
	local a n=0 v=$1; shift
	for a; do [ "$(fetch --interface "$a" "$(lab_url $v /whoami)" | grep -c 'via=1.1 tiphares')" = 1 ] && n=$((n + 1)) && echo "$a"; done
	return 0
}
for v in 4 6; do
	[ $v = 4 ] && { to=$O4; all=("${CLIENT4[@]}"); } || { to=$O6; all=("${CLIENT6[@]}"); }
	took $to "${all[@]}" >"$LAB/took.1"
	took $to "${all[@]}" >"$LAB/took.2"
	diag "$(wc -l <"$LAB/took.1") of ${#all[@]} clients"
	check "sample: some of them, IPv$v" test "$(wc -l <"$LAB/took.1")" -gt 2
	check "sample: not all of them, IPv$v" test "$(wc -l <"$LAB/took.1")" -lt 22
	check "sample: always the same, IPv$v" cmp "$LAB/took.1" "$LAB/took.2"
done

# ---- containers on a bridge, which br_netfilter shows to us ----
check "ends" daemon_stop
conf
in_gw ip link add ctr0 type bridge
if ! in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1; then
	skip "bridges" "this kernel has no br_netfilter"
	finish
fi
in_gw ip link set ctr0 up
in_gw ip addr add 172.18.0.1/24 dev ctr0
in_gw ip addr add fd18::1/64 dev ctr0 nodad
for n in 1 2; do
	ip netns add "$NS-ctr$n"
	nsenter --net="/run/netns/$NS-ctr$n" ip link set lo up
	ip link add eth0 netns "$NS-ctr$n" type veth peer name ctr$n netns "$NS-gw"
	in_gw ip link set ctr$n master ctr0 up
	ip -n "$NS-ctr$n" link set eth0 up
	ip -n "$NS-ctr$n" addr add 172.18.0.1$n/24 dev eth0
	ip -n "$NS-ctr$n" addr add fd18::1$n/64 dev eth0 nodad
	ip -n "$NS-ctr$n" route add default via 172.18.0.1
	ip -n "$NS-ctr$n" -6 route add default via fd18::1
done
ctr() { local n=$1; shift; nsenter --net="/run/netns/$NS-ctr$n" "$@"; }
ctr 2 /usr/bin/python3 "$TIPH_SELFTESTS/probe.py" serve banner 80 >/dev/null 2>&1 </dev/null &
check "a server in a container" wait_for 'ctr 2 ss -Hltn "sport = :80" | grep -q .' 20
between() {	# ADDRESS: one container to the other, on a port of ours
	ctr 1 /usr/bin/python3 "$TIPH_SELFTESTS/probe.py" connect "$1" 80 | grep -q 'made=1 refused=0 unanswered=0'
}
out() { ctr 1 curl -sS -m 20 "$(lab_url "$1" /whoami)"; }
check "starts beside a bridge" daemon_start
check "it is said what is not intercepted" wait_for "grep -q 'warning: net.bridge.bridge-nf-call-iptables is 1: not intercepted from bridges: ctr0' '$LAB/daemon.log'" 5
for to in 172.18.0.12 fd18::12; do check "containers reach each other, $to" wait_for "between $to" 10; done
for to in $O4 $O6; do
	src=$(of_family $to 172.18.0.11 fd18::11)
	check "br_netfilter: a container's connection is forwarded, $to" says "src=$src .* via= " out $to
	check "br_netfilter: others are intercepted, $to" intercepted $to 80 src="$(client_of $to)"
done
in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
for to in $O4 $O6; do
	src=$(of_family $to 172.18.0.11 fd18::11)
	check "without br_netfilter a container's is intercepted, too, $to" wait_for "out $to | grep -q 'src=$src .*via=1.1 tiphares'" 10
done
for to in 172.18.0.12 fd18::12; do check "containers reach each other, $to" between $to; done
check "ends" daemon_stop
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80], interfaces: [ctr0]}}
CONF
check "a port of a bridge" daemon_start
check "a port of a bridge: intercepted" wait_for "out $O4 | grep -q 'via=1.1 tiphares'" 5
check "ends" daemon_stop
in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=1
check "a port of a bridge that br_netfilter shows: refused" \
	refused 'port web: nothing can be intercepted from bridge ctr0 while net.bridge.bridge-nf-call-iptables is 1'
finish
