#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The proxy beside the router, by the very commands of docs/howto/beside-router.md: on a segment of its own, through a
# tunnel, dead, and two of them.
#
#   client  ----  lan0 router wan0  ----  origin
#                      px0
#                       |  a bridge of nobody's: the proxies' segment
#            +----------+----------+
#            p0                    p0
#   proxy 10.71.4.2, fd71:4::2    second 10.71.4.3, fd71:4::3
. "$(dirname "$0")/proxy.inc"
howto=$TIPH_SELFTESTS/howto/beside-router.md
[ -e "$howto" ] || howto=$TIPH_SELFTESTS/../docs/howto/beside-router.md
second='' tracker=''
lab_exit_more() {
	local n p
	for n in router second segment; do
		for p in $(ip netns pids "$NS-$n" 2>/dev/null); do kill -KILL "$p"; done
		ip netns del "$NS-$n" 2>/dev/null
	done
}
lab_up
in_ns() { local n=$1; shift; nsenter --net="/run/netns/$NS-$n" "$@"; }
block() { awk -v want="\`\`\`sh $1" '$0 == want { on = 1; next } /^```/ { on = 0 } on' "$howto"; }
# done_as NAMESPACE BLOCK: the commands of the howto succeed, each of them
done_as() {
	[ -n "$(block "$2")" ] || { echo "the howto has no block $2"; return 1; }
	in_ns "$1" sh -ec "$(block "$2")"
}

# ---- the gateway of the lab becomes the proxy; its interfaces and addresses the router's ----
for n in router second segment; do
	ip netns add "$NS-$n"
	in_ns $n sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=1
	ip -n "$NS-$n" link set lo up
done
in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0
for dev in lan0 wan0; do ip -n "$NS-gw" link set $dev netns "$NS-router"; done
printf '%s\n' "addr add $G4/24 dev lan0" "addr add $G6/64 dev lan0 nodad" "addr add $GW4/24 dev wan0" \
	"addr add $GW6/64 dev wan0 nodad" "link set lan0 up" "link set wan0 up" | lab_ip router
ip -n "$NS-segment" link add br0 type bridge
ip -n "$NS-segment" link set br0 up
plug() {	# NAMESPACE DEVICE NUMBER
	ip link add "$2" netns "$NS-$1" type veth peer name "s$3" netns "$NS-segment"
	ip -n "$NS-segment" link set "s$3" master br0 up
	printf '%s\n' "addr add 10.71.4.$3/24 dev $2" "addr add fd71:4::$3/64 dev $2 nodad" "link set $2 up" | lab_ip "$1"
}
plug router px0 1
plug gw p0 2
plug second p0 3
for to in $O4 $O6; do
	check "without a proxy, $to" wait_for "whoami_is $(lab_url $to /whoami) via= src=$(client_of $to)" 20
done

# ---- by the howto ----
check "the howto's commands: proxy" done_as gw proxy
check "the howto's commands: router" done_as router router
for to in $O4 $O6; do
	check "no daemon: through the proxy's host and back, $to" wait_for "whoami_is $(lab_url $to /whoami) via= src=$(client_of $to)" 20
done
awk '/^```yaml$/ { on = 1; next } /^```/ { on = 0 } on' "$howto" | daemon_conf
check "the howto's configuration: the daemon starts" daemon_start || finish
taken() {	# WHEN
	local to
	for to in $O4 $O6; do
		check "$1: full, $to" intercepted $to 80 src="$(client_of $to)"
		check "$1: another port is not, $to" whoami_is "$(lab_url $to /whoami 8000)" via= src="$(client_of $to)"
	done
	check "$1: 1 MiB" same_proxied "$(lab_url $O4 /f/1M)" 1M
	check "$1: 1 MiB, IPv6" same_proxied "$(lab_url $O6 /f/1M)" 1M
}
taken "same segment"
check "nothing came back to the proxy as a loop" test "$(counter '' loop)" = 0
check "ICMP of others comes through" in_client ping -c 1 -W 20 $O4
check "ICMPv6 of others comes through" in_client ping -c 1 -W 20 $O6

# ---- a dead host ----
in_ns router sh -c "$(block track)" >"$LAB/track" 2>&1 & tracker=$!
ip -n "$NS-segment" link set s2 down
for to in $O4 $O6; do
	check "the proxy's host is dead: the router goes on without, $to" \
		wait_for "whoami_is $(lab_url $to /whoami) via= src=$(client_of $to) -- -m 5" 60
done
ip -n "$NS-segment" link set s2 up
for to in $O4 $O6; do
	check "it is back: intercepted again, $to" wait_for "intercepted $to 80 src=$(client_of $to)" 60
done
end_job $tracker

# ---- through a tunnel ----
if ip -n "$NS-router" link add probe1 type gre local 10.71.4.1 remote 10.71.4.2 2>/dev/null; then
	ip -n "$NS-router" link del probe1
	check "the howto's commands: tunnel, router" done_as router tunnel-router
	check "the howto's commands: tunnel, proxy" done_as gw tunnel-proxy
	taken "tunnel"
	head -c 300000 "$TIPH_BUILD/www/f/1M" >"$LAB/upload"
	for to in $O4 $O6; do
		check "tunnel: an upload finds its size, $to" \
			answer_is 200 -m 120 -H Expect: --data-binary "@$LAB/upload" "$(lab_url $to /sink)"
	done
	check "packets went through the tunnel" test "$(in_gw ip -s -j link show gre1 | sed 's/.*"rx":{"bytes":\([0-9]*\).*/\1/')" -gt 100000
	ip -n "$NS-router" link del gre1
	in_gw ip link del gre1
else
	skip "through a tunnel" "this kernel has no GRE"
fi

# ---- two of them ----
in_ns second sh -ec "$(block proxy)" >"$LAB/second.setup" 2>&1 || fail "the second proxy's commands" "$(cat "$LAB/second.setup")"
sed -e "s,admin.sock,second.sock," "$LAB/tiphares.yaml" >"$LAB/second.yaml"
echo 'http: {via: second}' >>"$LAB/second.yaml"
$(nsenter_of second) "$TIPH_BUILD/tipharesd" -c "$LAB/second.yaml" --foreground --datapath "$TIPH_DATAPATH" --admin "$LAB/second.sock" \
	>"$LAB/second.log" 2>&1 </dev/null & second=$!
check "the second daemon starts" wait_for '"$TIPH_BUILD/tipharesctl" --admin "$LAB/second.sock" --json status | grep -q "\"generation\": [1-9]"' 20
check "the howto's commands: ecmp" done_as router ecmp
for f in 4 6; do
	list="CLIENT${f}[@]"; to=O$f; to=${!to}
	n=$(by_size 24 10)
	for a in "${!list}"; do
		[ $((n--)) -gt 0 ] || break
		fetch -m 20 --interface "$a" "$(lab_url $to /whoami)" 2>&1
		fetch -m 20 --interface "$a" "$(lab_url $to /whoami)" 2>&1
	done >"$LAB/spread.$f"
	n=$(by_size 48 20)
	check_eq "two proxies: all answered, with the client's address, IPv$f" $n \
		"$(grep -cE "^src=$(of_family $to 10.71.1. fd71:1::).*via=1.1 (tiphares|second) " "$LAB/spread.$f")"
	check "two proxies: the first has some, IPv$f" grep -q 'via=1.1 tiphares' "$LAB/spread.$f"
	check "two proxies: the second has some, IPv$f" grep -q 'via=1.1 second' "$LAB/spread.$f"
done
kill -TERM $second
wait $second
check_eq "the second daemon ends" 0 $?
finish
