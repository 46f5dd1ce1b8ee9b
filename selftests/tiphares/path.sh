#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Paths that are narrower than they look. The router in the middle complains to the address it sees, the client's or
# the origin's, which is also that of a socket of the proxy: the complaint must reach the socket.
#
#   client c0 ---- near (1300) ---- lan0 gateway wan0 ---- far (1300) ---- o0 origin
#   10.71.5.10     .5.1 .1.254      10.71.1.1  10.71.2.1   .2.254 .3.1     10.71.3.10
#   fd71:5::10     ...                                                     fd71:3::10
. "$(dirname "$0")/nft.inc"
nft_scenario
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

head -c 1048576 "$TIPH_BUILD/www/f/300M" >"$LAB/upload"
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: asked, listen: 8081, mode: outbound}
CONF
check "the daemon starts" daemon_start || finish
in_gw sysctl -qw net.ipv4.tcp_mtu_probing=0
upload() {	# ADDRESS [CURL ARGS]
	local to=$1 got; shift
	got=$(fetch -m 30 -o /dev/null -w '%{http_code}' -H 'Expect:' --data-binary "@$LAB/upload" "$@" "$(lab_url "$to" /sink)")
	[ "$got" = 200 ] || { echo "status $got"; return 1; }
}
download() {	# ADDRESS [CURL ARGS]
	local to=$1; shift
	get_same "$(lab_url "$to" /f/1M)" 1M -m 30 "$@"
}
said() { echo $(($(in_$1 nstat -asz "$2" | awk -v n="$2" '$1 == n { print $2 }'))); }
for to in $N4 $N6; do
	src=$(of_family $to $S4 $S6)
	proxy="$(lab_url "$(lan_of $to)" '' 8081)"
	check "full, $to: whose address is it" whoami_is "$(lab_url $to /whoami)" src="$src" "via=1.1 tiphares"
	check "full, $to: 1 MiB to the origin" upload $to
	check "full, $to: 1 MiB to the client" download $to
	check "outbound, $to: 1 MiB to the origin" upload $to --noproxy '' -x "$proxy"
	check "outbound, $to: 1 MiB to the client" download $to --noproxy '' -x "$proxy"
done
check "the router before the origin complained" test "$(said far IcmpOutDestUnreachs)" -gt 0
check "the router before the client complained" test "$(said near IcmpOutDestUnreachs)" -gt 0
check "the router before the origin complained, IPv6" test "$(said far Icmp6OutPktTooBigs)" -gt 0
check "the router before the client complained, IPv6" test "$(said near Icmp6OutPktTooBigs)" -gt 0
finish
