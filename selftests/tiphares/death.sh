#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a daemon leaves that is killed is reset on both sides at once: a client must neither take half an answer for a
# whole one nor wait for the rest, and the origin must not go on sending. What it ends itself ends in order.
#
#   client: a download, one that ends with the connection  ----  gateway: killed in the middle  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
daemon_conf <<-CONF
	workers: 1
	ports: [{name: web, listen: 8080, mode: full, match: {ports: [80]}}]
CONF
check "the daemon starts" daemon_start || finish
for to in $O4 $O6; do
	check "$to: an answer that ends with its connection ends in order" same_proxied "$(lab_url $to /close/1M)" 1M
	check "$to: so does one to a client that closes" same_proxied "$(lab_url $to /f/1M)" 1M -H "Connection: close"
done
for to in $O4 $O6; do
	fetch -o /dev/null "$(lab_url $to /slow/300M)" >"$LAB/long" 2>&1 & long=$!
	check "$to: a download runs" wait_for 'flows_are 1' 20
	daemon_kill
	check "$to: killed: the client is told at once" wait_for "! kill -0 $long" 10
	wait $long
	check_eq "$to: killed: by a reset, not by an end" 56 $?
	check "$to: killed: so is the origin" wait_for "negate says ':80 ' in_origin ss -Htn state established state close-wait state fin-wait-1 state fin-wait-2" 10
	check "$to: the daemon starts again" daemon_start || finish
done

finish
