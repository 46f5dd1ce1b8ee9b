#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A bridge with br_netfilter, with tagged frames, with tags that it filters, and beside a bridge of containers.
#
#   client c0.10 10.73.0.10  ----  lan0 [br0] up0  ----  r0.10 10.73.0.1 router
#   box e0 10.74.0.2         ----  [ctr0]          ----  e0 10.74.0.3 box2
. "$(dirname "$0")/bridge.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "nothing but the module can intercept what only crosses a bridge"
bridge_up
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80], bridges: [br0]}}
CONF
V4=10.73.0.10 V6=fd73::10
printf '%s\n' "link add link c0 name c0.10 type vlan id 10" "addr add $V4/24 dev c0.10" "addr add $V6/64 dev c0.10 nodad" \
	"link set c0.10 up" "rule add from $V4 lookup 10" "route add default via 10.73.0.1 dev c0.10 table 10" | lab_ip client
ip -n "$NS-client" -6 rule add from $V6 lookup 10
ip -n "$NS-client" -6 route add default via fd73::1 dev c0.10 table 10
printf '%s\n' "link add link r0 name r0.10 type vlan id 10" "addr add 10.73.0.1/24 dev r0.10" "addr add fd73::1/64 dev r0.10 nodad" \
	"link set r0.10 up" | lab_ip router
tagged() {	# NAME
	check "$1: tagged, $O4" intercepted $O4 80 src=$V4 -- --interface $V4
	check "$1: tagged, $O6" intercepted $O6 80 src=$V6 -- --interface $V6
	check "$1: tagged, 1 MiB" same_proxied "$(lab_url $O6 /f/1M)" 1M --interface $V6
	check "$1: untagged, $O4" intercepted $O4 80
}
check "the daemon starts" daemon_start || finish
watch_frames
tagged "tags"
printf '%s\n' "link set br0 type bridge vlan_filtering 1" | lab_ip gw
for p in lan0 up0; do in_gw bridge vlan add dev $p vid 10; done
tagged "tags are filtered"
check "tags: frames" frames_are_clean

# br_netfilter shows the frames to IP's hooks first
modprobe -q br_netfilter
check "br_netfilter is on" in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
in_gw nft -f - <<-NFT
	table inet firewall {
		chain forward { type filter hook forward priority 0; ct state invalid counter name invalid drop; }
		chain input { type filter hook input priority 0; ct state invalid counter name invalid drop; }
		counter invalid { }
	}
NFT
tagged "br_netfilter"
check "br_netfilter: untagged, $O6, 1 MiB" same_proxied "$(lab_url $O6 /f/1M)" 1M
check_eq "br_netfilter: nothing is invalid" "packets 0" "$(in_gw nft list counter inet firewall invalid | grep -o 'packets [0-9]*')"
in_gw nft delete table inet firewall
in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0

# a bridge of containers, which no port names
for n in box box2; do
	ip netns add "$NS-$n"
	ip -n "$NS-$n" link set lo up
	lab_link gw "v$n" "$n" e0
	printf '%s\n' "link set v$n up" | lab_ip gw
done
printf '%s\n' "link add ctr0 type bridge forward_delay 0" "link set vbox master ctr0" "link set vbox2 master ctr0" "link set ctr0 up" | lab_ip gw
printf '%s\n' "addr add 10.74.0.2/24 dev e0" "link set e0 up" | lab_ip box
printf '%s\n' "addr add 10.74.0.3/24 dev e0" "link set e0 up" | lab_ip box2
nsenter --net="/run/netns/$NS-box2" python3 "$TIPH_SELFTESTS/probe.py" serve banner 80 >/dev/null 2>&1 </dev/null & box_pid=$!
wait_for "nsenter --net=/run/netns/$NS-box2 ss -Hltn 'sport = :80' | grep -q ." 15 || die_lab "no server in the box"
check "containers are left alone" eval "nsenter --net=/run/netns/$NS-box timeout 20 bash -c 'read -r line </dev/tcp/10.74.0.3/80; echo \$line' | grep -q '^220 ready'"
kill -KILL $box_pid
wait $box_pid 2>/dev/null
for n in box box2; do ip netns del "$NS-$n"; done
finish
