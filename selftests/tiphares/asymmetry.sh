#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The origin's way back to the clients does not lead through the gateway: what the proxy begins from a client's address is
# never answered here. That is told from an origin that answers nobody, and the prefix is bypassed for a time.
#
#   client  c0 ----- lan0  gateway  wan0 ----- o0  origin
#           a0 --------------------------------- a1
#           10.71.3.1, fd71:3::1                 10.71.3.2, fd71:3::2
. "$(dirname "$0")/proxy.inc"
lab_up
lab_link client a0 origin a1
printf '%s\n' "addr add 10.71.3.1/24 dev a0" "addr add fd71:3::1/64 dev a0 nodad" "link set a0 up" | lab_ip client
printf '%s\n' "addr add 10.71.3.2/24 dev a1" "addr add fd71:3::2/64 dev a1 nodad" "link set a1 up" | lab_ip origin
in_client sysctl -qw net.ipv6.conf.all.forwarding=0
other_way() { ip -n "$NS-origin" route replace 10.71.1.0/24 via 10.71.3.1 && ip -n "$NS-origin" -6 route replace fd71:1::/64 via fd71:3::1; }
same_way() { ip -n "$NS-origin" route del 10.71.1.0/24; ip -n "$NS-origin" -6 route del fd71:1::/64; }
entries() { ctl --json bypass | in_json "$1"; }
timed_out() { [ "$(fetch -o /dev/null -w '%{http_code}' --interface "$(client_of "$1")" "$(lab_url "$1" "/$2")")" = 504 ]; }
none_made() { entries "not [e for e in j['entries'] if e['kind'] == 'dynamic']"; }
daemon_conf <<-CONF
	workers: 1
	bypass: {dynamic: {enabled: true, triggers: [asymmetric], ttl: $(by_size 5s 40s), unanswered: 3, prefix_ipv4: 24, prefix_ipv6: 64}}
	http: {connect_timeout: $(by_size 1s 4s), idle_timeout: 1s}
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: in, listen: 8081, mode: inbound, match: {ports: [8000]}}
CONF
check "the daemon starts" daemon_start || finish
for to in $O4 $O6; do check "$to, the same way back: intercepted" intercepted $to 80 src="$(client_of $to)"; done

# an origin that answers nobody is none of the path's doing
in_origin nft -f - <<-RULES
	table inet dead {
		chain input {
			type filter hook input priority 0;
			ip daddr $O4C tcp dport 80 ip saddr $GW4 counter
			ip6 daddr $O6C tcp dport 80 ip6 saddr $GW6 counter
			ip daddr $O4C tcp dport 80 drop
			ip6 daddr $O6C tcp dport 80 drop
		}
	}
RULES
# one question of its own at a time: the families take turns
for to in $O4C $O6C; do for n in 1 2 3; do timed_out $to dead$n; done; done
check "an origin that answers nobody was asked by the gateway itself" wait_for \
	"[ \"\$(in_origin nft list chain inet dead input | grep -c 'saddr.*packets [1-9]')\" = 2 ]" 20
in_origin nft delete table inet dead
for to in $O4C $O6C; do check "$to answers again: intercepted" wait_for "intercepted $to 80" 20; done
# the gateway's own question is repeated after a second, and answered now
check "which is not of the path's doing: nothing is bypassed" none_made
check_eq "nor counted" 0 "$(counter '' asymmetric_paths)"
check "no idle connection is left" wait_for '[ "$(counter "" upstream_idle)" = 0 ]' 20

other_way
for to in $O4 $O6; do
	net=$(of_family $to 10.71.2.0/24 fd71:2::/64) b=$(of_family $to $O4B $O6B)
	check "$to, another way back: the first is not answered" timed_out $to 1
	check "$to: nor the second" timed_out $b 2
	check "$to: one more or less makes no rule" none_made
	check "$to: nor the third" timed_out $to 3
	check "$to: then its prefix is bypassed" wait_for "entries \"[e for e in j['entries'] if (e['kind'], e['source'], e['destination'], e['port'], e.get('reason')) == ('dynamic', None, '$net', None, 'asymmetric')]\" || ctl bypass | grep -qE '^dynamic .*$net .*asymmetric'" 20
	check "$to: forwarded" wait_for "direct $to 80 -- --connect-timeout $(by_size 0.9 10)" 20
	check "$to: so are others of the prefix" direct $b 80 -- --connect-timeout "$(by_size 0.9 10)"
	check "$to: on whatever port" direct $to 8000 -- --connect-timeout "$(by_size 0.9 10)"
	check "$to: that is said" says "path to $net is asymmetric" daemon_log
	check "$to: and shown" says "dynamic .*$net .*asymmetric" ctl bypass
	[ $to = $O6 ] || check "$to: the entry ends" ctl bypass flush
done
check_eq "both are counted" 2 "$(counter '' asymmetric_paths)"
same_way
for to in $O4 $O6; do check "$to, the same way again: intercepted when the entry ended by itself" wait_for "intercepted $to 80 src=$(client_of $to)" 60; done
finish
