#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an owner of the module's ports promises: heartbeats. One that misses them has failed until the next one, one that
# goes has failed at once, and the next owner begins anew.
#
#   gateway: an owner without listeners, asked what would become of a connection
. "$(dirname "$0")/kmod.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "this asks the module"
lab_up
check "the module is loaded" mod_load || finish
syn="source=$C4 destination=$O4 dport=80"
genl_start
check "events are heard" events_start
check "an owner without listeners" own_start name=web mode=3 listen=8080 dports=80 on_failure=1
# shellcheck disable=SC2086
{
	check "it has promised nothing" explains "failure_closed web" $syn
	check "its promise" beat promise=$(by_size 500 3000)
	check "is kept for now" explains "failure_closed web" $syn
	check "and then broken" wait_for "explains 'hung_closed web' $syn" 20
	check "which is told" wait_for "told '^state 1$'" 20
	check_eq "and shown" "state=1" "$(genl info | grep -o 'state=.')"
	check "a heartbeat" beat
	check "mends it at once" explains "failure_closed web" $syn
	check "which is told, too" wait_for "told '^state 0$'" 20
	check "overloaded, it says" beat overload=1
	check "told" wait_for "told '^state 2$'" 20
	check "no promise any more" beat promise=0 overload=0
	check "a promise again" beat promise=600000
	own_stop
	check "who promised and is gone has failed at once" explains "hung_closed web" $syn
	check "told" wait_for "told '^owner no$'" 20
	check "the next owner" own_start name=web mode=3 listen=8080 dports=80 on_failure=1
	check "begins anew" explains "failure_closed web" $syn
	check "without a promise" says "heartbeat=0 state=0" genl info
}
own_stop
check "the ports go" genl del web
check_eq "no reference to the module is left" 0 "$(cat /sys/module/tiphares/refcnt)"
finish
