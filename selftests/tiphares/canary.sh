#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A canary: a share of the clients is intercepted, always the same ones, a larger share has those of the smaller among its
# own, and a change moves new connections only. A dry run counts and touches nothing.
#
#   client (8 of its addresses a family)  ----  gateway: full on :80, sample, dry_run  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
N=8
conf() {	# OPTION...
	daemon_conf <<-CONF
		workers: 1
		ports: [{name: web, listen: 8080, mode: full, match: {ports: [80]}, on_failure: closed, $*}]
	CONF
}
# take NAME ADDRESS: the clients of the address's family that are intercepted; the others are forwarded as if nobody
# were there
take() {
	local to=$2 from clients=("${CLIENT4[@]:0:$N}") found=""
	case $to in *:*) clients=("${CLIENT6[@]:0:$N}") ;; esac
	for from in "${clients[@]}"; do
		if intercepted "$to" 80 src="$from" -- --interface "$from" >/dev/null; then
			found+=" $from"
		else
			direct "$to" 80 src="$from" -- --interface "$from" || return 1
		fi
	done
	printf -v "$1" %s "${found# }"
}
subset() { local w; for w in $1; do case " $2 " in *" $w "*) ;; *) return 1 ;; esac; done; }
count() { wc -w <<<"$1"; }
reload() { local before; before=$(generation); conf "$@"; kill -HUP "$daemon_pid"; wait_for "[ \"\$(generation)\" -gt $before ]" 20; }
generation() { ctl --json status | sed -n 's/.*"reloads": \([0-9]*\).*/\1/p'; }
counted() { [ "$(counter web "$1")" -ge "$2" ]; }

conf sample: 50%
check "the daemon starts" daemon_start || finish
half4='' half6='' again='' more4='' more6='' all=''
check "50%: who is intercepted, IPv4" take half4 $O4
check "50%: who is intercepted, IPv6" take half6 $O6
diag "of $N clients: $(count "$half4") and $(count "$half6")"
check "50%: some are, some are not" test $(($(count "$half4") + $(count "$half6"))) -gt 0 -a $(($(count "$half4") + $(count "$half6"))) -lt $((2 * N))
check "50%: counted" wait_for "counted sampled_out $((2 * N - $(count "$half4") - $(count "$half6")))" 20
check "50%: asked again" take again $O4
check_eq "50%: they are the same" "$half4" "$again"
# the hash is the kernel's jhash with a seed of ours: both datapaths choose the same clients
check_eq "50%: those that the hash says, IPv4" "10.71.1.15 10.71.1.17" "$half4"
check_eq "50%: those that the hash says, IPv6" "fd71:1::10 fd71:1::14 fd71:1::17" "$half6"

check "80%" reload sample: 80%
check "80%: IPv4" take more4 $O4
check "80%: IPv6" take more6 $O6
check "80%: the former ones are among them" subset "$half4 $half6" "$more4 $more6"
check "80%: and they are more" test $(($(count "$more4") + $(count "$more6"))) -gt $(($(count "$half4") + $(count "$half6")))

from=${more4%% *}
fetch --interface "$from" -o /dev/null "$(lab_url $O4 /slow/300M)" >"$LAB/long" 2>&1 & long=$!
check "a download of a client in the sample runs" wait_for 'flows_are 1' 20
check "0%" reload sample: 0%
check "0%: nobody new" take all $O4
check_eq "0%: nobody at all" "" "$all"
check "0%: the download goes on" flows_are 1
check "0%: it does" kill -0 $long
end_job $long

check "a dry run" reload dry_run: true
check "dry run: nobody is intercepted" take all $O4
check_eq "dry run: really nobody" "" "$all"
check "dry run: nor in IPv6" direct $O6 80
check "dry run: counted" wait_for "counted dry_run $((N + 1))" 20
check "dry run: no connection is here" wait_for 'flows_are 0' 20
daemon_kill
check "dry run: whatever on_failure says, a dead daemon is nobody's trouble" direct $O4 80
check "the daemon starts" daemon_start || finish
check "for real" reload sample: 100%
check "for real: all of them" take all $O4
check_eq "for real: all" "$N" "$(count "$all")"
finish
