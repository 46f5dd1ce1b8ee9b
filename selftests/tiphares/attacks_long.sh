#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What takes attackers and the machine longer than attacks.sh: twenty thousand slow heads at once, and one client's
# address that has a connection from every port to four origins.
#
#   attackers: all of the client's addresses but the last  ----  gateway, full on :80  ----  origin, four addresses
#   everybody else: the last one
#
#	TIPH_CROWD	how many slow heads (20000)
. "$(dirname "$0")/proxy.inc"
crowd=${TIPH_CROWD:-20000}
helper=$(dirname "$(readlink -f "$0")")/crowd_helper
ulimit -n 200000 2>/dev/null || skip_all "needs 200000 descriptors, and may have $(ulimit -Hn)"
lab_up
in_gw sysctl -qw net.ipv4.tcp_syncookies=1 net.core.somaxconn=4096
in_origin ip addr add 10.71.2.13/24 dev o0
daemon_conf <<-CONF
	workers: 2
	limits: {per_client: $crowd, sessions: $((2 * crowd)), memory: 512MiB}
	http: {header_timeout: $(by_size 30s 180s)}
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
CONF
check "the daemon starts" daemon_start || finish
worker=$(worker_pid)
last4=${CLIENT4[-1]} last6=${CLIENT6[-1]}
rss() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$worker/status"; }
quiet=$(rss)
list() { local IFS=,; echo "$*"; }
counted() { [ "$(counter '' "$1")" -ge "$2" ] || { echo "$1 is $(counter '' "$1"), wanted at least $2"; return 1; }; }
everybody_else() {
	whoami_is "$(lab_url $O4 /whoami)" "via=1.1 tiphares" "src=$last4" -- --interface "$last4" &&
		whoami_is "$(lab_url $O6 /whoami)" "via=1.1 tiphares" "src=$last6" -- --interface "$last6"
}

in_client "$helper" slow "$crowd" 80 "$O4,$O4B,$O4C" "$(list "${CLIENT4[@]:0:23}")" >"$LAB/slow.out" 2>&1 & slow=$!
check "slow heads: all of them are there" wait_for "grep -q '^opened' '$LAB/slow.out'" 120
opened=$(sed -n 's/^opened //p' "$LAB/slow.out")
diag "$opened were opened, $(counter '' sessions) sessions, $(($(rss) - quiet)) KiB more than before"
check "slow heads: that many" test "${opened:-0}" -ge $((crowd * 99 / 100))
check "slow heads: everybody else is served" everybody_else
# a session that has not asked for anything has no buffer to speak of
check "slow heads: memory is bounded, 8 KiB for each" test $(($(rss) - quiet)) -le $((crowd * 8))
check "slow heads: their time comes" wait_for "grep -qx 'left 0' '$LAB/slow.out'" 240
check "slow heads: counted" counted timeouts_header $((opened * 99 / 100))
check "slow heads: nothing of it is left" wait_for '[ "$(counter "" sessions)" = 0 ]' 30
end_job $slow

# 28232 ports to each of four addresses
in_gw "$helper" take 120000 80 "$O4,$O4B,$O4C,10.71.2.13" "$C4" >"$LAB/take.out" 2>&1 & take=$!
check "ports: each is taken" wait_for "grep -q '^opened' '$LAB/take.out'" 240
check_eq "ports: to four origins" "opened $((4 * 28232))" "$(cat "$LAB/take.out")"
for to in $O4 $O4B $O4C 10.71.2.13; do
	check "ports: the client is served by $to all the same" whoami_is "$(lab_url $to /whoami)" "via=1.1 tiphares" "src=$C4" -- --interface "$C4"
done
check "ports: from its own port" counted source_ports_exhausted 4
check "ports: everybody else is served" everybody_else
kill "$take"; wait "$take" 2>/dev/null
check_eq "one and the same worker stood all of it" "$worker" "$(worker_pid)"
finish
