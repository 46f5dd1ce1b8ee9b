#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module: not to be taken away while owned; loaded, used and unloaded again and again, it leaves nothing behind.
#
#   client  ----  gateway, full on :80  ----  origin
. "$(dirname "$0")/proxy.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "the nft datapath has no module of ours"
lab_up
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: outbound, listen: 8082, mode: outbound}
CONF

mod_load
check "loaded, nobody owns it: it can go" mod_unload
mod_load
check "the daemon starts" daemon_start || finish
check "intercepted" intercepted $O4 80 src="$C4"
check_not "rmmod is refused while it is owned" rmmod tiphares
check "and nothing happened" intercepted $O6 80 src="$C6"
fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 & get=$!
check "a download runs" wait_for 'flows_are 1' 20
check_not "rmmod is refused while flows live" rmmod tiphares
daemon_kill
wait $get 2>/dev/null
check "after kill -9 it can go" mod_unload
check "and :80 is forwarded" direct $O4 80

# Rounds. What the first ones leave is caches; from then on nothing may grow.
slabs() {	# objects in use, all caches; and of those that a leak of ours would be in
	echo 3 >/proc/sys/vm/drop_caches
	awk 'NR > 2 { n[$1] = $2 } END {
		for (c in n) all += n[c]
		print all, n["TCP"] + 0, n["TCPv6"] + 0, n["tw_sock_TCP"] + n["tw_sock_TCPv6"], n["request_sock_TCP"] + n["request_sock_TCPv6"], n["net_namespace"] + 0 }' /proc/slabinfo
}
unreclaimable() { awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }
round() {
	mod_load
	daemon_start || return 1
	intercepted $O4 80 src="$C4" && intercepted $O6 80 src="$C6" || return 1
	[ $(($1 % 5)) != 0 ] || says "src=$C6 " asked 8082 $O6 /whoami || return 1
	if [ $(($1 % 2)) = 0 ]; then daemon_kill; else daemon_stop || return 1; fi
	mod_unload
}
rounds() {	# FROM TO
	local i
	for ((i = $1; i <= $2; i++)); do round "$i" || { echo "round $i"; return 1; }; done
}
check "rounds 1 to 10: load, configure, traffic, unload" rounds 1 10
wait_for '[ -z "$(in_gw ss -Htan)" ]' 90
first=$(unreclaimable)
diag "after 10: $first kB; all, TCP, TCPv6, TIME_WAIT, requests, namespaces: $(slabs)"
check "rounds 11 to 50" rounds 11 50
wait_for '[ -z "$(in_gw ss -Htan)" ]' 90
last=$(unreclaimable)
diag "after 50: $last kB; all, TCP, TCPv6, TIME_WAIT, requests, namespaces: $(slabs)"
# a kB for each of the 40 rounds would be a leak of one object each; TIME_WAIT and per-CPU caches make some noise
check "no slab growth: $first kB, then $last kB" test $((last - first)) -lt 1024
check "nothing in the kernel's log" negate says 'tiphares.*(leak|still|busy|BUG|WARN)' dmesg
finish
