#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the path says. Routers in the middle complain to the address they see, the client's or the origin's, which is also
# that of a socket of the proxy: the complaint must reach the socket; and who traces a route through the gateway
# sees what is there without a proxy.
#
#   client c0 ---- near (1300) ---- lan0 gateway wan0 ---- far (1300) ---- o0 origin
#   10.71.5.10     .5.1 .1.254      10.71.1.1  10.71.2.1   .2.254 .3.1     10.71.3.10
#   fd71:5::10     ...                                                     fd71:3::10
. "$(dirname "$0")/proxy.inc"
lab_exit_more() { ip netns del "$NS-near" 2>/dev/null; ip netns del "$NS-far" 2>/dev/null; }
lab_up

# router NAME END DEV N M: the end's link becomes the router's towards the gateway (net N), a narrow one leads to the
# end (net M)
router() {
	local r=$1 end=$2 dev=$3 n=$4 m=$5 gw4=10.71.$4.1 gw6=fd71:$4::1
	ip netns add "$NS-$r"
	nsenter --net="/run/netns/$NS-$r" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	ip -n "$NS-$end" link set "$dev" netns "$NS-$r"
	ip -n "$NS-$r" link set "$dev" name wide
	ip link add narrow netns "$NS-$r" type veth peer name "$dev" netns "$NS-$end"
	printf '%s\n' "link set lo up" "addr add 10.71.$n.254/24 dev wide" "addr add fd71:$n::fe/64 dev wide nodad" \
		"addr add 10.71.$m.1/24 dev narrow" "addr add fd71:$m::1/64 dev narrow nodad" \
		"link set wide up" "link set narrow up" "route add default via $gw4" | ip -n "$NS-$r" -batch -
	ip -n "$NS-$r" -6 route add default via $gw6
	printf '%s\n' "addr add 10.71.$m.10/24 dev $dev" "addr add fd71:$m::10/64 dev $dev nodad" \
		"link set $dev up" "route add default via 10.71.$m.1" | ip -n "$NS-$end" -batch -
	ip -n "$NS-$end" -6 route add default via fd71:$m::1
	in_gw ip route add 10.71.$m.0/24 via 10.71.$n.254
	in_gw ip -6 route add fd71:$m::/64 via fd71:$n::fe
	# narrow for the router alone: neither end may know it from its link
	ip -n "$NS-$r" route add 10.71.$m.10/32 dev narrow mtu lock 1300
	ip -n "$NS-$r" -6 route add fd71:$m::10/128 dev narrow mtu lock 1300
}
router far origin o0 2 3
router near client c0 1 5
in_far() { nsenter --net="/run/netns/$NS-far" "$@"; }
in_near() { nsenter --net="/run/netns/$NS-near" "$@"; }
N4=10.71.3.10 N6=fd71:3::10 S4=10.71.5.10 S6=fd71:5::10
for to in $N4 $N6; do
	check "without a proxy: $to" wait_for "whoami_is $(lab_url $to /whoami) via= src=$(of_family $to $S4 $S6)" 10
done

for n in gw near far; do nsenter --net="/run/netns/$NS-$n" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0; done

# ---- tracing: what comes without a proxy must come with one ----
in_far ip route add unreachable 10.71.9.0/24
in_far ip -6 route add unreachable fd71:9::/64
in_far ip route add prohibit 10.71.8.0/24
in_far ip -6 route add prohibit fd71:8::/64
in_far ip route add 10.71.9.2 via $N4
in_far ip -6 route add fd71:9::2 via $N6
in_far nft "table inet closed { chain c { type filter hook forward priority 0; ip daddr 10.71.9.2 reject; ip6 daddr fd71:9::2 reject; }; }"
in_gw ip route add 10.71.8.0/23 via 10.71.2.254
for n in 8 9; do in_gw ip -6 route add fd71:$n::/64 via fd71:2::fe; done
hop() {	# KIND ADDRESS PORT HOPS
	case $1 in
	icmp) in_client ping -n -c 1 -W 20 -t "$4" "$2" | sed -n 's/^From \([^ ]*\) icmp_seq.*\(Time\|Dest\).*/by=\1/p; s/.* bytes from .*/by=reached/p' ;;
	*) probe trace "$1" "$2" "$3" "$4" ;;
	esac
}
hops_to() {	# ADDRESS HOPS
	[ -n "${TIPH_VM:-}" ] && [ "$2" = 1 ] || echo "icmp $1 $2 $(hop icmp $1 0 $2)"
	[ -n "${TIPH_VM:-}" ] && [ "$2" != 2 ] || echo "udp $1 $2 $(hop udp $1 33434 $2)"
	[ -n "${TIPH_VM:-}" ] || echo "tcp 81 $1 $2 $(hop tcp $1 81 $2)"
	# near, then the gateway itself
	[ "$2" -gt 2 ] || echo "tcp 80 $1 $2 $(hop tcp $1 80 $2)"
}
hops_of() {	# FILE
	local to n jobs=()
	for to in $N4 $N6; do
		for n in 1 2 3 4; do
			hops_to $to $n >"$1.$to.$n" & jobs+=($!)
		done
	done
	wait "${jobs[@]}"
	cat "$1".* >"$1"
	rm "$1".*
}
hops_of "$LAB/hops.without"
check "the traces without a proxy are whole" \
	eval '! grep -qE "nobody| $" "$LAB/hops.without" && grep -q "tcp 80 $N4 2 by=10.71.1.1" "$LAB/hops.without" && grep -q "tcp 80 $N6 2 by=fd71:1::1" "$LAB/hops.without"'

head -c "$(by_size 1048576 262144)" "$TIPH_BUILD/www/f/300M" >"$LAB/upload"
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: inbound, listen: 8082, mode: inbound, match: {ports: [8000]}}
	  - {name: asked, listen: 8081, mode: outbound}
	http: {connect_timeout: 60s}
CONF
check "the daemon starts" daemon_start || finish
hops_of "$LAB/hops.with"
check "the traces with it are the same" diff -u "$LAB/hops.without" "$LAB/hops.with"
check "the SYNs on their last hop are counted" wait_for '[ "$(counter "" expiring)" = 2 ]' 20

# ---- sizes ----
in_gw sysctl -qw net.ipv4.tcp_mtu_probing=0
upload() {	# ADDRESS PORT [CURL ARGS]
	local to=$1 port=$2 got; shift 2
	got=$(fetch -m 60 -o /dev/null -w '%{http_code}' -H 'Expect:' --data-binary "@$LAB/upload" "$@" "$(lab_url "$to" /sink "$port")")
	[ "$got" = 200 ] || { echo "status $got"; return 1; }
}
download() {	# ADDRESS PORT [CURL ARGS]
	local to=$1 port=$2; shift 2
	get_same "$(lab_url "$to" /f/1M "$port")" 1M -m 60 "$@"
}
said() { echo $(($(in_$1 nstat -asz "$2" | awk -v n="$2" '$1 == n { print $2 }'))); }
for to in $N4 $N6; do
	src=$(of_family $to $S4 $S6)
	proxy="$(lab_url "$(lan_of $to)" '' 8081)"
	check "full, $to: whose address is it" whoami_is "$(lab_url $to /whoami)" src="$src" "via=1.1 tiphares"
	check "full, $to: to the origin" upload $to 80
	check "full, $to: to the client" download $to 80
	check "inbound, $to: to the origin" upload $to 8000
	[ -z "${TIPH_VM:-}" ] || continue
	check "inbound, $to: to the client" download $to 8000
	check "outbound, $to: to the origin" upload $to 80 --noproxy '' -x "$proxy"
	check "outbound, $to: to the client" download $to 80 --noproxy '' -x "$proxy"
done
check "the router before the origin complained" test "$(said far IcmpOutDestUnreachs)" -gt 0
check "the router before the client complained" test "$(said near IcmpOutDestUnreachs)" -gt 0
check "the router before the origin complained, IPv6" test "$(said far Icmp6OutPktTooBigs)" -gt 0
check "the router before the client complained, IPv6" test "$(said near Icmp6OutPktTooBigs)" -gt 0

# ---- what can't be reached: an answer as soon as it is known, long before the timeout ----
answer() {	# CODE ADDRESS PORT
	local got
	got=$(fetch -m 30 -o /dev/null -w '%{http_code}' "$(lab_url "$2" / "$3")")
	[ "$got" = "$1" ] || { echo "$got"; return 1; }
}
for to in 10.71.9.1 fd71:9::1 10.71.8.1 fd71:8::1; do
	check "full, $to: unreachable is 502" answer 502 $to 80
	[ -n "${TIPH_VM:-}" ] || check "inbound, $to: unreachable is 502" answer 502 $to 8000
done
for to in 10.71.9.2 fd71:9::2; do check "full, $to: port unreachable is 502" answer 502 $to 80; done

# ---- a black hole: nobody complains, TCP finds out (net.ipv4.tcp_mtu_probing) ----
check "the daemon ends" daemon_stop
for n in near far; do
	nsenter --net="/run/netns/$NS-$n" nft "table inet quiet { chain c { type filter hook output priority 0;
		icmp type destination-unreachable drop; icmpv6 type packet-too-big drop; }; }"
done
in_gw ip route flush cache
in_gw ip -6 route flush cache
in_gw sysctl -qw net.ipv4.tcp_mtu_probing=1
check "the daemon starts" daemon_start
for what in upload download; do
	for to in $N4 $N6; do
		$what $to 80 >"$LAB/$what.$to" 2>&1 &
		eval "${what}_$(of_family $to 4 6)=\$!"
	done
done
for what in upload download; do
	for f in 4 6; do
		job=${what}_$f
		check "full, IPv$f: $what through a black hole" wait ${!job}
	done
done
check "and nobody told it" eval '! in_gw ip route show cache | grep -q "mtu 1300"'
finish
