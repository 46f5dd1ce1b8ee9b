#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Many clients at once: no request ever leaves on another client's address, no answer goes to another client.
#
#   64 connections of 20 client addresses  ----  gateway, full on :80, inbound on :8000  ----  origin
#
# Each request carries its client's address in X-Probe; the origin logs it beside the address it saw.
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
from4=$(IFS=,; echo "${CLIENT4[*]:0:20}") from6=$(IFS=,; echo "${CLIENT6[*]:0:20}")
requests=$(by_size 50 5)

# of the origin's log: lines with a probe, lines whose probe is not the source, different sources
log_sums() {
	origin_log | awk '{
		for (i = 1; i <= NF; i++) { eq = index($i, "="); v[substr($i, 1, eq - 1)] = substr($i, eq + 1) }
		if (v["probe"] == "-" || v["probe"] == "") next
		n++; foreign += v["probe"] != v["src"]; proxied += / via=1\.1 tiphares /; s[v["src"]] = 1
	} END { printf "requests=%d foreign=%d proxied=%d sources=%d\n", n, foreign, proxied, length(s) }'
}

daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [8000]}}
	  - {name: outbound, listen: 8082, mode: outbound}
CONF
check "the daemon starts" daemon_start || finish

total=$((64 * requests))
for to in $O4 $O6; do
	from=$(of_family $to "$from4" "$from6")
	origin_mark
	check "full $to: 64 clients, 20 addresses" says "answers=$total foreign=0 errors=0" \
		probe swarm $to 80 --from "$from" -n "$requests"
	check_eq "full $to: each request on its own client's address" \
		"requests=$total foreign=0 proxied=$total sources=20" "$(log_sums)"
	origin_mark
	check "inbound $to: 64 clients, 20 addresses" says "answers=$total foreign=0 errors=0" \
		probe swarm $to 8000 --from "$from" -n "$requests" --masked
	# the same sums see a foreign address when there is one: here all requests but none leave on their client's
	check_eq "inbound $to: the gateway's address for all" \
		"requests=$total foreign=$total proxied=$total sources=1" "$(log_sums)"
done

# real clients with a process each, a body of 1 MiB and a connection per client
n=$(by_size 64 20)
curls() {	# ADDRESS PORT
	local to=$1 port=$2 i from pids=() bad=0
	for ((i = 0; i < n; i++)); do
		from=$(of_family "$to" "${CLIENT4[i % 20]}" "${CLIENT6[i % 20]}")
		same_proxied "$(lab_url "$to" /f/1M "$port")" 1M --interface "$from" -H "X-Probe: $from" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || bad=$((bad + 1)); done
	[ $bad = 0 ] || { echo "$bad of $n failed"; return 1; }
}
for to in $O4 $O6; do
	[ -z "${TIPH_VM:-}" ] || [ $to = $O4 ] || { skip "$n curls at once, IPv6" "an emulated machine does it for IPv4 only"; continue; }
	origin_mark
	check "full $to: $n curls at once get the file" curls $to 80
	check_eq "full $to: each on its own client's address" "requests=$n foreign=0 proxied=$n sources=20" "$(log_sums)"
done

# One after the other, so that an idle upstream connection of the one is there when the other asks.
alternate() {	# CURL ARGS...: ten requests by turns of three clients
	local i from
	for i in {0..9}; do
		from=${CLIENT4[i % 3]}
		fetch -f -o /dev/null --interface "$from" -H "X-Probe: $from" "$@" || return 1
	done
}
origin_mark
check "full: three clients by turns" alternate "$(lab_url $O4 /whoami)"
check_eq "full: an idle connection is never another client's" "requests=10 foreign=0 proxied=10 sources=3" "$(log_sums)"
origin_mark
check "outbound: three clients by turns" alternate --noproxy '' -x "http://$G4:8082" "$(lab_url $O4 /whoami)"
check_eq "outbound: an idle connection is never another client's" "requests=10 foreign=0 proxied=10 sources=3" "$(log_sums)"

# two hosts behind one address: the original destination decides, whatever Host says
check "full: Host names another origin" intercepted $O4 80 "host=$O4B" -- -H "Host: $O4B"
finish
