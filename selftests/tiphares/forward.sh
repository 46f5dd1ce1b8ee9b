#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lab itself, with no proxy: the gateway only forwards. What fails here is no fault of Tiphares.
#
#   client 10.71.1.10 ... .33, fd71:1::10 ... ::33  ----  gateway  ----  origins 10.71.2.10 .11 .12, fd71:2::10 ...
. "$(dirname "$0")/../lib.sh"
lab_up

for to in "$O4" "$O6"; do
	from=$C4
	[ "$to" = "$O4" ] || from=$C6
	check "$to sees the client's address" whoami_is "$(lab_url "$to" /whoami)" src="$from" dst="$to" dport=80
	for port in 443 8000; do
		check "$to answers on port $port" whoami_is "$(lab_url "$to" /whoami $port)" src="$from" dst="$to" dport=$port
	done
	for name in 0 1 1M 300M; do
		check "$to sends the file $name" get_same "$(lab_url "$to" /f/$name)" $name
	done
	for kind in chunked close; do
		check "$to sends the file 1M, $kind" get_same "$(lab_url "$to" /$kind/1M)" 1M
	done
done
check "another origin of the network" whoami_is "$(lab_url $O4C /whoami)" src="$C4" dst=$O4C

last4=${CLIENT4[-1]} last6=${CLIENT6[-1]}
check "another client address, IPv4" whoami_is "$(lab_url $O4 /whoami)" src="$last4" -- --interface "$last4"
check "another client address, IPv6" whoami_is "$(lab_url $O6 /whoami)" src="$last6" -- --interface "$last6"

head -c $((50 << 20)) "$TIPH_BUILD/www/f/300M" >"$LAB/post"
origin_mark
check "POST of 50 MiB is taken" fetch -f -o "$LAB/sink.answer" -H Expect: --data-binary @"$LAB/post" "$(lab_url $O4 /sink)"
body=$(sed -n 's/.* body=\([^ ]*\).*/\1/p' "$LAB/sink.answer")
check "POST of 50 MiB arrives whole" cmp "$LAB/post" "${body:-none}"
check "POST stands in the origin's log" origin_saw "src=$C4 .*method=POST uri=/sink .*len=$((50 << 20)) "
finish
