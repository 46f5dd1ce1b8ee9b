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

# A storm of changes must not keep the parent busy: how often it wakes is looked at, not how long anything takes.
wakes() { sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$daemon_pid/status"; }
storm() {	# routes that bear our number, in a table that is not ours: each is told of
	local i verb
	for ((i = 0; i < 60000; i++)); do
		[ $((i % 2)) = 0 ] && verb=add || verb=del
		printf 'route %s 198.51.100.%d/32 dev wan0 table 999 proto 84\n' $verb $((i / 2 % 250))
	done >"$LAB/storm"
	from=$(wakes) at=$SECONDS
	in_gw ip -batch "$LAB/storm"
}
storm
woke=$(($(wakes) - from)) took=$((SECONDS - at + 1))
diag "in a storm of 60000 changes and $took s the parent woke $woke times"
check "a storm of other people's changes wakes it no more than 40 times a second" test "$woke" -lt $((took * 40))
check "it is not taken for a change of ours" test "$(repairs)" = $((before + 1))
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
