#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tipharesctl doctor: nothing to say about a host where all is well; each finding is provoked, and gone when its cause
# is; its own connections tell whether interception works.
#
#   client  ----  lan0 gateway wan0  ----  origin, the gateway's router to everywhere else
. "$(dirname "$0")/proxy.inc"
lab_up
in_gw ip route add default via $O4
in_gw ip -6 route add default via $O6
conf() {	# SOURCE_PORT, [more keys of the port]
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: 8080, mode: full, source_port: $1, match: {ports: [80]${2:-}}}
		  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [8000]}}
		  - {name: asked, listen: 8082, mode: outbound}
	CONF
}
doctor() { in_gw "$TIPH_BUILD/tipharesctl" --admin "$LAB/admin.sock" --json doctor "$@" >"$LAB/doctor.json" 2>"$LAB/doctor.err"; }
status_is() {	# WANTED [ARGS]
	local want=$1 rc; shift
	doctor "$@"; rc=$?
	[ $rc = "$want" ] || { echo "exit status $rc, wanted $want"; cat "$LAB/doctor.json" "$LAB/doctor.err"; return 1; }
}
reported() { in_json "$1" <"$LAB/doctor.json"; }
found() {	# ID SEVERITY WORD-IN-EVIDENCE
	in_json "any(f['id'] == '$1' and f['severity'] == '$2' and '''$3''' in f['evidence'] and f['remedy'] for f in j['findings'])" <"$LAB/doctor.json"
}
finds() {	# ID SEVERITY WORD-IN-EVIDENCE
	doctor
	case "$? $2" in "4 error" | "3 warning" | "0 note" | "4 warning" | "[34] note") ;; *) echo "exit status and severity"; cat "$LAB/doctor.json"; return 1 ;; esac
	found "$@"
}
all_well() { status_is 0 "$@" && in_json "j['findings'] == [] and j['checks'] > 15" <"$LAB/doctor.json"; }
# provoked ID SEVERITY EVIDENCE 'HOW' 'HOW BACK'
# An emulated machine takes seconds for each: there it is those of which other kernels have more.
provoked() {
	case "${TIPH_VM:-} $1" in " "* | *" tc_ingress" | *" conntrack_helper" | *" queue" | *" vrf" | *" br_netfilter") ;; *) return ;; esac
	if ! in_gw sh -c "$4" >"$LAB/out" 2>&1; then
		fail "$1: provoked" "$(cat "$LAB/out")"
		return
	fi
	check "$1: found" finds "$1" "$2" "$3"
	in_gw sh -c "$5" >"$LAB/out" 2>&1 || fail "$1: undone" "$(cat "$LAB/out")"
}
ruleset() {	# ID SEVERITY EVIDENCE RULES
	provoked "$1" "$2" "$3" "echo '$4' | nft -f -" 'nft delete table inet other'
}
chain() { echo "table inet other { chain c { type $1; $2 }; }"; }

# ---- no daemon ----
conf any
check "no daemon: the first finding" finds daemon error "no answer on $LAB/admin.sock"
check "the daemon starts" daemon_start || finish
check "all is well" all_well
check "for people" says '^[0-9]+ checks: 0 errors, 0 warnings, 0 notes$' in_gw "$TIPH_BUILD/tipharesctl" --admin "$LAB/admin.sock" doctor
refused() { ctl "$@" >"$LAB/out" 2>&1; [ $? = 2 ]; }
check "an argument: bad usage" refused doctor everything
check "--probe of something else: bad usage" refused --probe status

# ---- settings ----
for s in "forwarding net.ipv4.ip_forward 0 1" "forwarding net.ipv6.conf.all.forwarding 0 1" "pmtu net.ipv4.ip_no_pmtu_disc 1 0" \
	"somaxconn net.core.somaxconn 100 4096" "ipv6 net.ipv6.conf.lo.disable_ipv6 1 0"; do
	read -r id key bad good <<<"$s"
	provoked "$id" warning "$key is $bad" "sysctl -qw $key=$bad" "sysctl -qw $key=$good"
done
provoked port_range warning "50000 to 50100" "sysctl -qw net.ipv4.ip_local_port_range='50000 50100'" \
	"sysctl -qw net.ipv4.ip_local_port_range='32768 60999'"
# a strict filter alone is none: a packet has to have failed it
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lan0.rp_filter=1
check "a strict rp_filter that drops nothing: all is well" all_well
# neighbours first: an ARP request from that address would fail it as well, uncounted
check "the gateway is there" in_client ping -c 1 -W 10 $G4
in_client ip addr add 10.71.2.99/32 dev c0
in_client ping -c 1 -W 0.2 -I 10.71.2.99 $O4 >/dev/null 2>&1
provoked rp_filter warning "strict) on lan0" true true
in_gw sysctl -qw net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.lan0.rp_filter=2
in_client ip addr del 10.71.2.99/32 dev c0

# ---- interfaces and routes ----
provoked loopback error "lo is down" 'ip link set lo down' 'ip link set lo up'
provoked mtu warning "wan0 has an MTU of 1200" 'ip link set wan0 mtu 1200' "ip link set wan0 mtu 1500 && ip addr replace $GW6/64 dev wan0 nodad && ip -6 route replace default via $O6"
provoked mtu_probing note "lan0 has an MTU of 1400" 'sysctl -qw net.ipv4.tcp_mtu_probing=0; ip link set lan0 mtu 1400' 'ip link set lan0 mtu 1500'
provoked tc_ingress warning "lan0 has" 'tc qdisc add dev lan0 clsact && tc filter add dev lan0 ingress protocol ip u32 match ip dport 80 0xffff flowid 1:1' \
	'tc qdisc del dev lan0 clsact'
provoked no_route warning "IPv4, 198.51.100.1" 'ip route del default' "ip route add default via $O4"
provoked no_route warning "IPv6, 2001:db8:ffff::1" 'ip -6 route del default' "ip -6 route add default via $O6"
provoked policy_routing warning "comes in by lan0, leads to table 99" 'ip rule add pref 2000 iif lan0 lookup 99' 'ip rule del pref 2000'

# ---- rules of somebody else ----
ruleset input_policy error "table inet other, chain c" "$(chain 'filter hook input priority 0; policy drop' 'ct state established,related accept; iifname "lo" accept; tcp dport 22 accept;')"
ruleset input_policy warning "can't be told" "table inet other { chain more { tcp dport 80 accept; }; chain c { type filter hook input priority 0; policy drop; jump more; }; }"
ruleset input_policy error "by a rule" "$(chain 'filter hook input priority 0; policy accept' 'tcp dport { 80, 443 } drop;')"
in_gw nft "$(chain 'filter hook input priority 0; policy drop' 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; ct state established accept; tcp dport { 80, 8000-8100 } accept;')"
check "an INPUT policy that accepts the ports: all is well" all_well
in_gw nft delete table inet other
ruleset output_policy error "chain c" "$(chain 'filter hook output priority 0; policy drop' 'ct state established accept;')"
ruleset redirect error "redirect to :3128" "$(chain 'nat hook prerouting priority -100' 'iifname "lan0" tcp dport 80 redirect to :3128;')"
ruleset redirect error "dnat ip to" "$(chain 'nat hook prerouting priority -100' 'ip daddr 203.0.113.1 tcp dport 80 dnat ip to 10.71.2.11;')"
queue=$(chain 'filter hook prerouting priority -150' 'udp dport 53 accept; tcp dport 80 queue num 7 bypass;')
if in_gw nft -c "$queue" 2>/dev/null; then
	ruleset queue warning "queue" "$queue"
else
	skip "queue" "this kernel has no queues"
fi
ruleset icmp warning "destination-unreachable" "$(chain 'filter hook prerouting priority -150' 'icmp type { destination-unreachable } drop;')"
ruleset icmp warning "packet-too-big" "$(chain 'filter hook input priority -150' 'icmpv6 type packet-too-big drop;')"
in_gw nft "$(chain 'nat hook prerouting priority -100' 'tcp dport 8443 dnat ip to 10.71.2.11; udp dport 53 redirect to :5353;')"
check "rules about other ports: all is well" all_well
in_gw nft delete table inet other
if in_gw nft 'table inet other { ct helper ftp { type "ftp" protocol tcp; }; }' 2>/dev/null; then
	in_gw nft delete table inet other
	ruleset conntrack_helper warning "ct helper set" "table inet other { ct helper ftp { type \"ftp\" protocol tcp; }; chain c { type filter hook prerouting priority 0; tcp dport 80 ct helper set \"ftp\"; }; }"
else
	skip "conntrack_helper" "this kernel has no helper"
fi
if in_gw nft 'table inet other { flowtable f { hook ingress priority 0; devices = { lan0, wan0 }; }; chain c { type filter hook forward priority 0; meta l4proto tcp flow add @f; }; }' 2>/dev/null; then
	check "flowtable: found" finds flowtable warning "flow add @f"
	in_gw nft delete table inet other
else
	skip "flowtable" "this kernel has no flow tables"
fi
provoked legacy_iptables note "iptables-legacy has the tables filter" 'iptables-legacy -t filter -L' 'true'
[ -z "${TIPH_VM:-}" ] || [ "$TIPH_DATAPATH" = kmod ] || modprobe -q br_netfilter
if in_gw ip link add br0 type bridge && in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null; then
	in_gw sysctl -qw net.bridge.bridge-nf-call-iptables=0
	[ "$TIPH_DATAPATH" != nft ] ||
		provoked br_netfilter warning "br0 is a bridge" "sysctl -qw net.bridge.bridge-nf-call-iptables=1" "sysctl -qw net.bridge.bridge-nf-call-iptables=0"
else
	skip "br_netfilter" "this kernel has none"
fi
in_gw ip link del br0
if in_gw ip link add vrf0 type vrf table 77 2>/dev/null; then
	[ "$TIPH_DATAPATH" != nft ] ||
		provoked vrf error "x0 is in VRF vrf0" 'ip link add x0 type veth peer name x1; ip link set x0 master vrf0' 'ip link del x0'
	in_gw ip link del vrf0
else
	skip "vrf" "this kernel has none"
fi
if [ -n "${TIPH_VM:-}" ] && [ -w /proc/sys/net/netfilter/nf_conntrack_max ]; then
	max=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
	probe connect $O4 81 --wait 1 >/dev/null
	sysctl -qw net.netfilter.nf_conntrack_max=1
	check "conntrack_full: found" finds conntrack_full warning "of 1 entries"
	sysctl -qw net.netfilter.nf_conntrack_max="$max"
fi

# ---- connections of its own ----
probes_are() {	# OK: of both ports and families
	in_json "[p['ok'] for p in j['probes']] == [$1] * 4" <"$LAB/doctor.json"
}
no_trace() { [ -z "$(in_gw ip -o link show | grep tiphprobe)" ] && [ -z "$(in_gw ip -o addr | grep -E '198\.18\.84|fd54:6970')" ]; }
doctor --probe
check "--probe: both ports, both families" probes_are True
check "--probe: the origin saw the client in mode full, the gateway in mode inbound" \
	reported "'saw 198.18.84.2' in j['probes'][0]['result'] and 'saw fd54:6970:6800::2' in j['probes'][1]['result'] and 'saw 198.18.84.5' in j['probes'][2]['result']"
check "--probe leaves nothing" no_trace
in_gw nft "$(chain 'filter hook input priority 0; policy accept' 'tcp dport { 80, 8000 } reject with tcp reset;')"
check "--probe: what INPUT refuses fails" status_is 4 --probe
check "--probe: and says so" found probe error "the client was refused"
in_gw nft delete table inet other
in_gw nft "$(chain 'filter hook output priority 0; policy accept' 'tcp dport { 80, 8000 } drop;')"
check "--probe leaves nothing after a failure" no_trace
in_gw nft delete table inet other
in_gw ip route add 198.18.84.0/24 via $O4 dev wan0 metric 5
in_gw ip link add dummy84 type bridge; in_gw ip link set dummy84 up; in_gw ip route replace 198.18.84.0/24 dev dummy84 metric 5
provoked_probe() { doctor --probe; found no_probe warning "is routed somewhere"; }
check "--probe: not where its addresses are somebody's" provoked_probe
in_gw ip link del dummy84

# ---- what depends on the configuration ----
check "the daemon ends" daemon_stop
conf preserve ", interfaces: [lan0, lan9], sources: [10.71.1.0/24, 10.99.0.0/16, 10.71.2.0/24]"
if daemon_start >"$LAB/out" 2>&1; then
	check "interface: found" finds interface error "port web names lan9, which is not there"
	check "return_path: found" finds return_path warning "clients of 10.71.2.0/24"
	in_gw ip route add unreachable 10.99.0.0/16
	check "return_path: found, no route" finds return_path error "clients of 10.99.0.0/16"
	in_gw ip route del unreachable 10.99.0.0/16
	[ "$TIPH_DATAPATH" != nft ] ||
		ruleset nat_source_port warning "port web has source_port preserve" "$(chain 'nat hook postrouting priority 100' 'oifname "wan0" masquerade;')"
	in_gw ip link set lan0 down
	check "interface: found, down" finds interface error "port web names lan0, which is down"
	in_gw ip link set lan0 up
	doctor --probe
	check "--probe: says what it can't probe" reported "'not probed' in j['probes'][0]['result'] and 'intercepted' in j['probes'][2]['result']"
else
	fail "the daemon starts with sources" "$(cat "$LAB/out")"
fi

# ---- origins whose answers go elsewhere ----
check "the daemon ends" daemon_stop
conf any
check "the daemon starts" daemon_start
in_gw ip -4 neigh flush all
in_origin ip route replace blackhole 10.71.1.0/24
fetch -m 60 "$(lab_url $O4 /whoami)" >"$LAB/out" 2>&1 & waiting=$!
check "no_return: found" wait_for "finds no_return warning '1 of 1 connections'" 20
in_origin ip route del blackhole 10.71.1.0/24
end_job $waiting

# ---- a daemon that takes nothing new ----
fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 & slow=$!
check "a download" wait_for 'flows_are 1' 20
ctl drain >/dev/null
check "state: found" wait_for 'finds state warning draining' 20
end_job $slow
wait_for '! daemon_alive' 20 || daemon_kill
daemon_pid=''
finish
