#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Beside other people's rules: a firewall that drops by policy, NAT as containers have it, TPROXY of somebody else,
# policy routing. Nobody's rules suffer; what can't go together is refused by name.
#
#   client  ----  gateway: firewall, NAT, other proxies, policy rules  ----  origins
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
conf() {	# [PORT OPTIONS [OTHER LINES]]
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80]}${1:+, $1}}
		  - {name: asked, listen: 8081, mode: outbound}
		${2:-}
	CONF
}
log_has() { wait_for "grep -q -- '$1' '$LAB/daemon.log'" 10 "$1 in the log"; }
foreign() { in_gw nft -s list ruleset | grep -v '^$' | awk '/^table inet tiphares /{ours=1} !ours{print} /^}/{ours=0}'; }

# ---- nobody asks for connection tracking: neither do we ----
conf
check "the daemon starts" daemon_start || finish
fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 & get=$!
check "a download runs" wait_for 'flows_are 1' 10
check_eq "no connection is tracked" 0 "$(in_gw cat /proc/sys/net/netfilter/nf_conntrack_count)"
kill $get
wait $get 2>/dev/null

# ---- NAT appears while we run, with forwards of our own port, also of an address that is not ours ----
in_gw nft -f - <<-NFT || die_lab "nft"
	table ip nat {
		chain pre {
			type nat hook prerouting priority dstnat;
			ip daddr $G4 tcp dport 80 dnat to $O4C:80
			ip daddr 203.0.113.80 tcp dport 80 dnat to $O4C:80
		}
		chain post { type nat hook postrouting priority srcnat; oifname wan0 ip saddr 172.17.0.0/16 masquerade; }
	}
	table ip6 nat {
		chain pre { type nat hook prerouting priority dstnat; ip6 daddr 2001:db8::80 tcp dport 80 dnat to [$O6C]:80; }
	}
NFT
foreign >"$LAB/nat.before"
check "NAT is noticed" wait_for 'in_gw nft list chain inet tiphares syn | grep -q "ct status dnat"' 5
check "a port forward of our port" whoami_is "http://$G4/whoami" "via= xff=" dst=$O4C dport=80 src="$C4"
check "a port forward of an address that is not ours" whoami_is http://203.0.113.80/whoami "via= xff=" dst=$O4C src="$C4"
check "the same, IPv6" whoami_is 'http://[2001:db8::80]/whoami' "via= xff=" dst=$O6C src="$C6"
check "what is not forwarded elsewhere is intercepted" intercepted $O4 80 src="$C4"
check "what is not forwarded elsewhere is intercepted, IPv6" intercepted $O6 80 src="$C6"
foreign >"$LAB/nat.after"
check "the NAT rules are as they were" diff -u "$LAB/nat.before" "$LAB/nat.after"
in_gw nft delete table ip nat
in_gw nft delete table ip6 nat
check "NAT goes: so does our question" wait_for '! in_gw nft list chain inet tiphares syn | grep -q "ct status"' 5
check "the daemon ends" daemon_stop

# ---- a firewall like firewalld's: INPUT and FORWARD drop, IPv6 reverse path filter, INVALID dropped ----
firewall() {
	in_gw nft -f - <<-NFT
		table inet firewalld {
			chain mangle_PREROUTING {
				type filter hook prerouting priority mangle + 10;
				meta nfproto ipv6 fib saddr . mark . iif oif missing drop
			}
			chain filter_PREROUTING {
				type filter hook prerouting priority filter + 10;
				icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
				meta nfproto ipv6 fib saddr . mark . iif oif missing drop
			}
			chain filter_INPUT {
				type filter hook input priority filter + 10; policy drop;
				ct state { established, related } accept
				iifname "lo" accept
				ct state invalid drop
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
				meta mark 0x10 accept
				iifname lan0 tcp dport 8081 accept
			}
			chain filter_FORWARD {
				type filter hook forward priority filter + 10; policy drop;
				ct state { established, related } accept
				ct state invalid drop
				iifname lan0 oifname wan0 accept
			}
		}
	NFT
}
firewall
foreign >"$LAB/fw.before"
conf
check "behind a firewall: starts" daemon_start || finish
first=$(fetch -o /dev/null -w '%{http_code}' "$(lab_url $O4 /whoami)")
check_eq "behind a firewall: a client's SYN gets lost, its third does not" 200 "$first"
check "it is said, with the remedy" log_has 'error: port web: .*firewall drops what is intercepted; accept mark 0x10000000'
check "behind a firewall: forwarded meanwhile" direct $O4 80 -- --connect-timeout 0.9
check "behind a firewall: forwarded meanwhile, IPv6" direct $O6 80 -- --connect-timeout 0.9
check "behind a firewall: what it accepts works" says "src=$C4 " asked 8081 $O4 /whoami
in_gw nft insert rule inet firewalld filter_INPUT meta mark and 0x10000000 == 0x10000000 accept
check "the remedy helps, at once" wait_for "intercepted $O4 80" 10
check "the remedy helps, IPv6" intercepted $O6 80
check "and is said" log_has 'warning: port web: what is intercepted arrives again'
check "ends" daemon_stop
in_gw nft delete table inet firewalld
firewall
conf "mark: 0x10"
check "a port with a mark that the firewall accepts: starts" daemon_start || finish
for n in 1 2 3; do
	for to in $O4 $O6; do
		check "mark $n: intercepted, $to" intercepted $to 80 src="$(client_of $to)"
		check "mark $n: 1 MiB, $to" get_same "$(lab_url $to /f/1M)" 1M
	done
done
check "mark: nothing is blocked" negate grep -q 'firewall drops' <(sed '1,/accept mark/d' "$LAB/daemon.log")
foreign >"$LAB/fw.after"
check "the firewall is as it was" diff -u "$LAB/fw.before" "$LAB/fw.after"
check "ends" daemon_stop
in_gw nft flush ruleset

# ---- TPROXY of somebody else ----
conf
nft_foreign() { in_gw nft "add table inet foreign; add chain inet foreign pre { type filter hook prerouting priority mangle; }; flush chain inet foreign pre; add rule inet foreign pre $1"; }
for rule in 'tcp dport 80 tproxy to :12345 meta mark set 1' 'tcp dport { 22, 70-90 } tproxy to :12345' \
	'meta l4proto { tcp, udp } iifname lan0 tproxy to :12345'; do
	nft_foreign "$rule"
	check "nft: $rule: refused" refused 'table inet foreign, chain pre has a TPROXY rule of somebody else'
done
for rule in 'tcp dport 8443 tproxy to :12345 meta mark set 1' 'tcp dport { 22, 8000-8443 } tproxy to :12345' \
	'udp dport 53 tproxy to :12345'; do
	nft_foreign "$rule"
	check "nft: $rule: no obstacle" daemon_start
	check "nft: beside it: intercepted" intercepted $O4 80
	check "ends" daemon_stop
done
check "starts" daemon_start
nft_foreign 'tcp dport 80 tproxy to :12345 meta mark set 1'
check "one that comes later is reported" log_has 'error: table inet foreign, chain pre has a TPROXY rule'
check "ends" daemon_stop
in_gw nft flush ruleset

legacy() { local t=$1; shift; in_gw "$t-legacy" -t mangle -F && in_gw "$t-legacy" -t mangle -A PREROUTING "$@"; }
for t in iptables ip6tables; do
	legacy $t -p tcp --dport 80 -j TPROXY --on-port 3129 --tproxy-mark 1/1
	check "$t-legacy --dport 80: refused" refused "table mangle of $t-legacy has a TPROXY rule of somebody else"
	legacy $t -p tcp -m multiport --dports 22,79:81 -j TPROXY --on-port 3129
	check "$t-legacy multiport: refused" refused "table mangle of $t-legacy has a TPROXY rule of somebody else"
	legacy $t -i lan0 -p tcp -j TPROXY --on-port 3129
	check "$t-legacy, every port: refused" refused "table mangle of $t-legacy has a TPROXY rule of somebody else"
	legacy $t -p tcp -m multiport --dports 22,443,8000:8443 -j TPROXY --on-port 3129 --tproxy-mark 1/1
	in_gw $t-legacy -t mangle -A PREROUTING -p udp --dport 80 -j TPROXY --on-port 3129
	in_gw $t-legacy -t mangle -A PREROUTING -p tcp --dport 80 -j MARK --set-mark 2/2
	in_gw $t-legacy-save -t mangle | grep -v '^#' | sed 's/\[.*\]//' >"$LAB/legacy.before"
	check "$t-legacy, other ports: no obstacle" daemon_start
	check "beside it: intercepted" intercepted "$(of_family "$([ $t = iptables ] || echo :)" $O4 $O6)" 80
	check "ends" daemon_stop
	in_gw $t-legacy-save -t mangle | grep -v '^#' | sed 's/\[.*\]//' >"$LAB/legacy.after"
	check "$t-legacy is as it was" diff -u "$LAB/legacy.before" "$LAB/legacy.after"
	in_gw $t-legacy -t mangle -F
done

# ---- policy rules ----
try_rule() {	# REGEX RULE...
	local want=$1; shift
	in_gw ip rule add "$@" || return 1
	refused "$want"; local rc=$?
	in_gw ip rule del "$@"
	return $rc
}
harmless() {	# RULE...
	in_gw ip rule add "$@" || return 1
	daemon_start && intercepted $O4 80 && daemon_stop; local rc=$?
	in_gw ip rule del "$@"
	return $rc
}
check "before ours, for all: refused" try_rule 'IPv4 rule 50 \(table 300\) would route intercepted packets: set nft.priority below 50' pref 50 lookup 300
check "before ours, by source: refused" try_rule 'IPv4 rule 50 ' pref 50 from 10.71.1.0/24 lookup 300
check "before ours, inverted: refused" try_rule 'IPv4 rule 60 ' pref 60 not fwmark 0xca6c lookup 300
check "our mark: refused" try_rule 'IPv4 rule 20000 matches mark 0x30000000/0x30000000: set nft.mark' pref 20000 fwmark 0x30000000/0x30000000 lookup 300
check "our table: refused" try_rule 'IPv4 rule 20000 uses routing table 8088' pref 20000 from 192.0.2.1 lookup 8088
check "before ours, for other marks: no obstacle" harmless pref 50 fwmark 0x200/0xf00 lookup 300
check "before ours, for what this host sends: no obstacle" harmless pref 50 iif lo lookup main
check "before ours, UDP: no obstacle" harmless pref 50 ipproto udp lookup 300
check "behind ours: no obstacle" harmless pref 200 from 10.71.1.0/24 lookup main
conf "" "nft: {priority: 40}"
check "the remedy: nft.priority" harmless pref 50 from 10.71.1.0/24 lookup main
conf
check "starts" daemon_start
in_gw ip rule add pref 50 from 192.0.2.0/24 lookup 300
check "one that comes later is reported" log_has 'error: IPv4 rule 50 '
check "ends" daemon_stop
in_gw ip rule del pref 50

# ---- what nft can't do is said before anything starts ----
conf "on_overload: reset"
check "on_overload: reset" refused 'port web: datapath nft can.t honour on_overload: reset'
conf "mark: 0x10000001"
check "a port's mark with the bit of nft.mark" refused 'port web: mark 0x10000001 has a bit of nft.mark'
finish
