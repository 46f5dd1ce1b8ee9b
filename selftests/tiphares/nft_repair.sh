#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody changes what the nft datapath installed: it is put back within a second, said and counted; what does not
# concern it costs nothing.
#
#   client: asks all the time  ----  gateway: flushed, cut, stormed  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80, 8000], sources: [10.0.0.0/8, "fd71::/16"], interfaces: [lan0]}}
CONF
check "the daemon starts" daemon_start || finish
check "intercepted" intercepted $O4 80
check_eq "nothing was repaired yet" 0 "$(repairs)"

asking() {
	while ! [ -e "$LAB/stop" ]; do
		for to in $O4 $O6; do fetch -m 20 -o /dev/null -w '%{http_code}\n' "$(lab_url $to /f/1)" 2>&1; done
	done
}
asking >"$LAB/asked" & asker=$!
fetch -N -o "$LAB/get" "$(lab_url $O4 /slow/300M)" >"$LAB/get.out" 2>&1 & get=$!
check "a download begins" wait_for '[ -s "$LAB/get" ]' 20

rule_handle() { in_gw nft -a list chain inet tiphares "$1" | sed -n "s/.*$2.*# handle //p" | head -1; }
check "nft flush ruleset" repaired nft flush ruleset
check "intercepted again" intercepted $O4 80
check "intercepted again, IPv6" intercepted $O6 80
check "the table is deleted" repaired nft delete table inet tiphares
check "a chain is flushed" repaired nft flush chain inet tiphares client
check "a rule is deleted" repaired nft delete rule inet tiphares take.web handle "$(rule_handle take.web 'tproxy ip to')"
check "a rule is added" repaired nft insert rule inet tiphares prerouting accept
check "an element is deleted" repaired nft delete element inet tiphares dports.web '{ 8000 }'
check "an element is added" repaired nft add element inet tiphares src4.web '{ 192.0.2.0/24 }'
check "a set is flushed" repaired nft flush set inet tiphares interfaces.web
for f in -4 -6; do
	check "policy rule $f" repaired ip $f rule del pref 101
	check "policy rule that keeps others away $f" repaired ip $f rule del pref 100
	check "its target $f" repaired ip $f rule del pref 102
	check "route $f" repaired ip $f route del local default dev lo table 8088
done
check "all at once" repaired sh -c 'nft flush ruleset; ip route del local default dev lo table 8088; for i in 100 101 102; do ip rule del pref $i; done'
check "and once more" repaired nft flush ruleset
check "intercepted after all of it" intercepted $O4 8000
check "intercepted after all of it, IPv6" intercepted $O6 8000
check_eq "each is in the log" "$(repairs)" "$(grep -c 'warning: somebody changed .*: put back' "$LAB/daemon.log")"

# Only other people's: nothing is done.
before=$(repairs)
in_gw nft -f - <<-NFT
	table inet other {
		chain c { type filter hook forward priority 0; }
	}
NFT
in_gw ip route add 198.51.100.0/24 via $O4
in_gw ip rule add pref 30000 from 198.51.100.0/24 lookup 77
in_gw nft delete table inet other
in_gw nft flush chain inet tiphares taken
check "a change after them is repaired" wait_for "[ \$(repairs) = $((before + 1)) ]" 5
check "and nothing else was: other tables, routes and rules are left alone" test "$(repairs)" = $((before + 1))

# A storm of changes must not keep the parent busy: CPU time, not the clock.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$daemon_pid/stat"; }
storm() {	# changes of other people's rules, as fast as the tools can
	local end=$((SECONDS + 4)) i
	{
		while [ $SECONDS -lt $end ]; do
			for i in {1..100}; do printf 'add rule inet storm c ip saddr 192.0.2.%d accept\nflush chain inet storm c\n' $i; done
		done | in_gw nft -i >/dev/null
	} &
	while [ $SECONDS -lt $end ]; do
		for i in {1..500}; do printf 'rule add pref 31000 from 198.51.100.%d lookup 77\nrule del pref 31000\n' $((i % 200)); done |
			in_gw ip -batch -
	done
	wait $!
}
in_gw nft -f - <<<'table inet storm { chain c { type filter hook forward priority 0; }; }'
from=$(cpu) at=$SECONDS
storm
used=$(($(cpu) - from)) took=$((SECONDS - at))
diag "a storm of $took s took $used ms of the parent's CPU time"
check "a storm of other people's changes takes less than an eighth of a CPU" test "$used" -lt $((took * 125))
check "it is not taken for a change of ours" test "$(repairs)" = $((before + 1))
in_gw nft delete table inet storm
check "and what is changed after it is repaired" repaired nft delete table inet tiphares

touch "$LAB/stop"
wait $asker
check "no request failed: what was not intercepted was forwarded" negate grep -v '^200$' "$LAB/asked"
diag "$(wc -l <"$LAB/asked") requests"
kill -0 $get
check_eq "the download goes on" 0 $?
kill $get 2>/dev/null
wait $get 2>/dev/null
check "what was downloaded is right" cmp -n "$(stat -c %s "$LAB/get")" "$LAB/get" "$TIPH_BUILD/www/f/300M"
check "the daemon ends" daemon_stop
check "nothing is left" is_gone
finish
