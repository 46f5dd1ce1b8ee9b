#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh WHAT INJECT.KO: runs in the machine that counts instructions. WHAT intercepts port 80 here: none, tiphares-N
# (with N ports) or tiphares-N-M (and M bypass entries), iptables or nft, each of those two as its manual has it. Or it
# connects from a client's address to an origin: connect-module, connect-transparent. With "-ct" behind, conntrack is on.
# Prints what rows.py prints.
#
#   client (namespace) c0 ---- lan0 (this machine) sink0, where forwarded packets end
set -eu
what=$1 inject=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv4.ip_forward=1 \
	net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
insmod "$inject"
ip netns add client
ip link add lan0 type veth peer name c0 netns client
ip -batch - <<-IP
	addr add 10.0.0.1/24 dev lan0
	addr add fd00:a::1/64 dev lan0 nodad
	link set lan0 up
	addr add 192.0.2.254/24 dev sink0
	addr add 2001:db8::fe/64 dev sink0 nodad
	link set sink0 up
	route add 198.18.0.0/15 dev sink0
IP
ip -n client -batch - <<-IP
	addr add 10.0.0.2/24 dev c0
	addr add fd00:a::2/64 dev c0 nodad
	link set c0 up
	route add default via 10.0.0.1
IP
ip -n client -6 route add default via fd00:a::1

policy_routing() {
	local f
	for f in -4 -6; do
		ip $f rule add fwmark 1 lookup 100
		ip $f route add local default dev lo table 100
	done
}

case $what in
*-ct)
	nft -f - <<-NFT
		table inet tracking {
			chain in { type filter hook prerouting priority 0; ct state new counter; }
			chain out { type filter hook output priority 0; ct state new counter; }
		}
	NFT
	;;
esac
case $what in
none | none-ct) ;;
tiphares-* | connect-*)
	for m in $(modinfo -F depends "$TIPH_KMOD" | tr ',' ' '); do modprobe -q "$m"; done
	insmod "$TIPH_KMOD" ;;
iptables)
	policy_routing
	for t in iptables ip6tables; do
		$t -t mangle -N DIVERT
		$t -t mangle -A DIVERT -j MARK --set-mark 1
		$t -t mangle -A DIVERT -j ACCEPT
		$t -t mangle -A PREROUTING -p tcp -m socket --transparent -j DIVERT
		$t -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 8080 --tproxy-mark 1/1
	done ;;
nft)
	policy_routing
	nft -f - <<-NFT
		table inet bench {
			chain divert {
				type filter hook prerouting priority mangle; policy accept;
				meta l4proto tcp socket transparent 1 meta mark set 1 accept
				tcp dport 80 tproxy to :8080 meta mark set 1 accept
			}
		}
	NFT
	;;
*) echo "guest: $what?" >&2; exit 2 ;;
esac
PYTHONPATH=$top/selftests/tiphares PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/rows.py" "$what" "$(dirname "$inject")/connect"
