#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Access logs: analysers that people have read them; SIGUSR1; a reader that stops reading holds nobody.
#
#	client (.10, .11)  ----  gateway, full on :80  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
# with_log FORMAT FILE: the daemon with that log
with_log() {
	daemon_conf <<-CONF
		workers: 1
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
		log: {access: {format: $1, to: $2}}
	CONF
	daemon_start
}
# some traffic: 6 requests, of two clients, one of them for nothing
traffic() {
	fetch -o /dev/null "$(lab_url $O4 '/f/1M')" && fetch -o /dev/null "$(lab_url $O6 '/whoami?a=%22b%22')" &&
		fetch -o /dev/null -A 'agent "x" \ y' -e http://from.example/ "$(lab_url $O4 /whoami)" &&
		fetch -o /dev/null --interface "${CLIENT4[1]}" "$(lab_url $O4 '/204?[1-2]')" && fetch -o /dev/null "$(lab_url $O4 /there-is-none)"
}
lines_are() { wait_for "[ \$(wc -l <$1) = $2 ]" 10; }
# goaccess FORMAT FILE: its report, as JSON
report() { goaccess "$2" "${@:3}" --log-format="$1" --no-global-config --ignore-crawlers --output="$LAB/report.json" >"$LAB/goaccess.out" 2>&1 && cat "$LAB/report.json"; }
valid() { report "$@" | in_json "(j['general']['valid_requests'], j['general']['failed_requests'], j['general']['unique_not_found']) == (6, 0, 1)"; }

log=$LAB/access.log
check "combined: the daemon starts" with_log combined "$log" || finish
check "combined: traffic" traffic
check "combined: a line each" lines_are "$log" 6
check "combined: goaccess reads all of it" valid COMBINED "$log"
check "combined: goaccess counts the octets" eval "report COMBINED '$log' | in_json \"j['general']['bandwidth'] > 1000000\""
check "combined: quotes in an agent stay in it" grep -qF '"agent \x22x\x22 \x5c y" port=web' "$log"

# rotated by renaming; the signal opens the new file, no line is lost in between
mv "$log" "$log.1"
check "renamed: lines go to the old file" eval 'fetch -o /dev/null "$(lab_url $O4 /204)" && lines_are "$log.1" 7'
kill -USR1 "$daemon_pid"
check "SIGUSR1: a new file" wait_for '[ -e "$log" ]' 10
check "SIGUSR1: lines go there" eval 'fetch -o /dev/null "$(lab_url $O4 /204)" && lines_are "$log" 1 && lines_are "$log.1" 7'
check "combined: the daemon ends" daemon_stop

log=$LAB/squid.log
check "squid: the daemon starts" with_log squid "$log" || finish
check "squid: traffic" traffic
check "squid: a line each" lines_are "$log" 6
check "squid: goaccess reads all of it" valid '%x.%^ %~%L %h %^/%s %b %m %U %^' "$log" --datetime-format=%s
check "squid: calamaris reads it" eval 'calamaris -a <"$log" >"$LAB/calamaris" 2>&1'
check "squid: calamaris counts the requests" says '^lines parsed: +lines +6 *$' cat "$LAB/calamaris"
check "squid: calamaris has no invalid line" says '^invalid lines: +lines +0 *$' cat "$LAB/calamaris"
check "squid: calamaris counts the clients" says '^unique hosts/users: +hosts +3 *$' cat "$LAB/calamaris"
check "squid: the daemon ends" daemon_stop

log=$LAB/json.log
check "json: the daemon starts" with_log json "$log" || finish
check "json: traffic" traffic
check "json: a line each" lines_are "$log" 6
check "json: each is an object, and says what the others say" eval "/usr/bin/python3 -c 'import json, sys; print(json.dumps([json.loads(l) for l in sys.stdin]))' <'$log' | in_json \"[e['status'] for e in j] == [200, 200, 200, 204, 204, 404] and j[2]['agent'].split(chr(34))[1] == 'x'\""
check "json: the daemon ends" daemon_stop

# a reader that has the pipe open and does not read
mkfifo "$LAB/pipe"
exec 7<>"$LAB/pipe"
check "a pipe: the daemon starts" with_log combined "$LAB/pipe" || finish
long=$(printf 'x%.0s' {1..6000})
check "a reader that stands still: no request waits" fetch -o /dev/null -m 100 "$(lab_url $O4 "/204?${long}[1-1400]")"
dropped() { ctl --json stats | /usr/bin/python3 -c 'import json, sys; print(sum(c["value"] for c in json.load(sys.stdin)["counters"] if c["name"] == "access_log_dropped"))'; }
check "what it can't take is dropped and counted" wait_for '[ "$(dropped)" -gt 100 ]' 10
check "the proxy goes on" intercepted $O6 80
cat <&7 >"$LAB/read" & reader=$!
check "the reader reads again: lines come again" wait_for 'fetch -o /dev/null "$(lab_url $O4 /again)" && grep -q "GET /again" "$LAB/read"' 20
exec 7>&-
check "the pipe's daemon ends" daemon_stop
kill $reader 2>/dev/null
finish
