#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A namespace goes away with live flows in it: all of it goes, and nothing holds the module.
#
#   client  ----  gateway: its processes are killed, its name removed, while it serves  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft

daemon_pids() { echo "$daemon_pid $(pgrep -P "$daemon_pid")"; }
gone() { negate in_client ip link show c0; }

for round in $(seq "$(by_size 5 2)"); do
	lab_up
	daemon_conf <<-CONF
		ports:
		  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
		  - {name: outbound, listen: 8082, mode: outbound}
	CONF
	check "round $round: the daemon starts" daemon_start || finish
	fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 &
	fetch -o /dev/null "$(lab_url $O6 /slow/300M)" >/dev/null 2>&1 &
	fetch -o /dev/null --noproxy '' -x "http://$G4:8082" "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 &
	check "round $round: three downloads run" wait_for 'flows_are 3' 20
	# the name first: the namespace then lives only by its processes and by what the kernel holds
	pids=$(daemon_pids)
	umount "/run/netns/$NS-gw" && rm -f "/run/netns/$NS-gw"
	check "round $round: it lives while the daemon does" in_client ip link show c0
	for p in $pids; do kill -KILL "$p" 2>/dev/null; done
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=''
	# the client's end of the link goes when the gateway's does, and that when nothing holds its namespace
	check "round $round: then all of the gateway goes" wait_for gone 20
	[ "$TIPH_DATAPATH" != kmod ] || check "round $round: nothing holds the module" \
		wait_for '[ "$(cat /sys/module/tiphares/refcnt)" = 0 ]' 10
	lab_down_keep_module() { local mod_loaded=''; lab_down; }
	lab_down_keep_module
done
NS='' LAB=''
finish
