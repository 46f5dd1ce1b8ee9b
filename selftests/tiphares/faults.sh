#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is around the daemon fails: each time what docs/failure-modes.md says, and afterwards all is as before. (Others:
# out of descriptors: liveness; out of memory: memory; the processes themselves: fail_open, survive, takeover.)
#
#   client  ----  gateway: logs on a full disk, no name server, too many notifications, another time  ----  origin
. "$(dirname "$0")/kmod.inc"
lab_up
daemon_conf <<-CONF
	workers: 1
	log: {access: {format: combined, to: /dev/full}}
	resolver: {servers: [127.0.0.1], timeout: 1s}
	http: {connect_timeout: $(by_size 1s 4s)}
	bypass: {dynamic: {enabled: true, triggers: [not_http], snapshot: $LAB/none/snapshot}}
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80, 9000]}}
	  - {name: asked, listen: 8083, mode: none}
CONF
all_well() {
	local to
	for to in $O4 $O6; do check "$1: $to is intercepted" wait_for "intercepted $to 80 src=$(client_of $to)" 20; done
}
answer_is_own() {	# CODE ADDRESS PORT
	local got; got=$(fetch -m 30 -o /dev/null -w '%{http_code}' --interface "$(client_of "$2")" "$(lab_url "$2" / "$3")")
	[ "$got" = "$1" ] || { echo "$got"; return 1; }
}
check "the daemon starts" daemon_start || finish
all_well "the access log's disk is full"
check "the access log's disk is full: lines are dropped, and counted" wait_for '[ "$(counter "" access_log_dropped)" -ge 2 ]' 20

check "an entry" ctl bypass add destination=$O4C port=80
check "the snapshot's directory is not there: said" wait_for "daemon_log | grep -q 'bypass snapshot.*No such file'" 20
check "the entry is in force" direct $O4C 80
mkdir "$LAB/none"
check "the directory is there: it is written after all" wait_for "grep -q '$O4C' '$LAB/none/snapshot'" 30

check "no name server answers: the client is told" says '^50[34]' fetch -m 30 -o /dev/null -w '%{http_code}' --noproxy '' -x "http://$G4:8083" http://nobody.example/
all_well "no name server answers"

for to in $O4 $O6; do
	check "$to: an origin that is not there refuses: 502" answer_is_own 502 $to 9000
done
in_origin nft -f - <<-RULES
	table inet dead {
		chain input {
			type filter hook input priority 0;
			tcp dport 9000 drop
		}
	}
RULES
for to in $O4 $O6; do
	check "$to: an origin in a black hole: 504" answer_is_own 504 $to 9000
	all_well "$to: an origin in a black hole"
done
in_origin nft delete table inet dead
lab_serve reset 9000
for to in $O4 $O6; do check "$to: an origin that resets: 502" answer_is_own 502 $to 9000; done

# more news than fit while nobody reads them, and among them one that matters
kill -STOP "$daemon_pid"
if [ "$TIPH_DATAPATH" = kmod ]; then
	words=()
	for n in {1..1500}; do words+=("port=$n,ttl=60000"); done
	check "many notifications while the parent stands" genl bypass add dynamic "${words[@]}"
	check "and a port of somebody else" genl set name=more mode=3 listen=8090 dports=8000
	kill -CONT "$daemon_pid"
	check "the parent goes on: the entries are flushed" wait_for 'ctl bypass flush' 20
	for to in $O4 $O6; do check "and has followed: $to:8000 is intercepted" wait_for "intercepted $to 8000" 20; done
else
	check "many notifications while the parent stands" eval '{ echo "add table inet noise"; for n in {1..5000}; do echo "add counter inet noise n$n"; done; echo "delete table inet noise"; echo "delete table inet tiphares"; } | in_gw nft -f -'
	check "and the table is gone: forwarded" direct $O4 80
	kill -CONT "$daemon_pid"
fi
all_well "the parent goes on"

# nobody can set the time of a host that others use
if [ -n "${TIPH_VM:-}" ]; then
	check "an entry for a minute" ctl bypass add destination=$O4C port=80 ttl=60s
	for hours in 48 -96 48; do
		check "the clock jumps by $hours hours" date -s "@$(($(date +%s) + hours * 3600))"
		all_well "the clock jumps by $hours hours"
		check "the clock jumps by $hours hours: the entry stays" direct $O4C 80
	done
fi
finish
