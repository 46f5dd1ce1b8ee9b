#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tipharesctl says what is: status, ports, stats, flows, for people and as JSON; and who may ask for what.
#
#   client  ----  gateway, full on :80, none on 8083  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
ctl status >"$LAB/out" 2>&1
check_eq "no daemon: exit code" 1 $?
check "no daemon: the socket is named" grep -q "$LAB/admin.sock" "$LAB/out"
ctl no-such-command >/dev/null 2>&1
check_eq "an unknown command: exit code" 2 $?

daemon_conf <<-CONF
	workers: 2
	ports:
	  - name: web
	    listen: 8080
	    mode: full
	    match: {ports: [80, 8000], interfaces: [lan0], sources: [10.71.1.0/24, "fd71:1::/64"], except: {destinations: [$O4C]}}
	    source_port: preserve
	  - {name: asked, listen: 8083, mode: none}
CONF
check "the daemon starts" daemon_start || finish

json() { ctl --json "$1" | in_json "$2"; }
check "status: for people" says 'datapath +'"$TIPH_DATAPATH"' ' ctl status
check "status: without a command" says 'datapath +'"$TIPH_DATAPATH"' ' ctl
check "status: as JSON" json status "j['datapath'] == '$TIPH_DATAPATH' and j['ports'] == 2 and j['threads'] == 2 and j['worker_restarts'] == 0"
check "status: the version is the daemon's" says "$(ctl --json status | sed -n 's/.*"version": "\(.*\)".*/\1/p')" "$TIPH_BUILD/tipharesd" --version
check "status: the pid is the worker's" json status "j['pid'] == $(pgrep -P "$daemon_pid")"
check "ports: for people" says '^web +full +http .*8080.* 80,8000 +lan0 +- +preserve' ctl ports
check "ports: as JSON" json ports "[p['name'] for p in j['ports']] == ['web', 'asked']"
check "ports: listeners" json ports "sorted(j['ports'][0]['listen']) == ['127.0.0.1:8080', '[::1]:8080'] and sorted(j['ports'][1]['listen']) == ['0.0.0.0:8083', '[::]:8083']"
check "ports: what they match" json ports "j['ports'][0]['match'] == {'ports': [80, 8000], 'interfaces': ['lan0'], 'bridges': [], 'sources': ['10.71.1.0/24', 'fd71:1::/64'], 'destinations': [], 'except': {'sources': [], 'destinations': ['$O4C/32']}}"
check "ports: policies" json ports "[j['ports'][0][k] for k in ('source_port', 'on_failure', 'on_overload', 'sample', 'mark')] == ['preserve', 'open', 'open', 100, 0]"

if [ "$TIPH_DATAPATH" = nft ]; then
	ctl port set more listen=8081 mode=full ports=81 >"$LAB/out" 2>&1
	check_eq "port set: not on nft" 1 $?
	check "port set: it says what to do" grep -q 'change it, then' "$LAB/out"
fi

# counters: what was done is counted, under the port's name
stats() { ctl --json stats | /usr/bin/python3 -c '
import json, sys
print(sum(c["value"] for c in json.load(sys.stdin)["counters"] if c["port"] == "web" and c["scope"] == sys.argv[1]))' "$1"; }
before_d=$(stats daemon) before_k=$(stats datapath)
check "a request through the proxy" intercepted $O4 80
check "stats: the daemon counted" wait_for '[ "$(stats daemon)" -gt $before_d ]' 10
check "stats: the datapath counted" wait_for '[ "$(stats datapath)" -gt $before_k ]' 10
check "stats: for people" says '^(daemon|datapath) +web +[a-z_]+ +[1-9]' ctl stats
check "stats: all, more lines" test "$(ctl stats all | wc -l)" -ge "$(ctl stats | wc -l)"

fetch -o /dev/null --local-port 45001 "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 & one=$!
fetch -o /dev/null "$(lab_url $O6 /slow/300M)" >/dev/null 2>&1 & two=$!
check "flows: two downloads" wait_for 'json flows "len(j[\"flows\"]) == 2"' 20
check "flows: both ends of one" json flows "[(f['destination'], f['source'], f['port'], f['mode'], f['requests']) for f in j['flows'] if f['client'] == '$C4:45001'] == [('$O4:80', '$C4:45001', 'web', 'full', 1)]"
check "flows: octets move" wait_for 'json flows "all(f[\"bytes_out\"] > 500000 for f in j[\"flows\"])"' 20
check "flows: for people" says "^$C4:45001 +$O4:80 +$C4:45001 +$O4:80 +web +full " ctl flows
check "flows: IPv6 in brackets" says "^\[$C6\]:[0-9]+ +\[$O6\]:80 +\[$C6\]:[0-9]+ +\[$O6\]:80 +web +full " ctl flows
check "status: two sessions" json status "j['sessions'] == 2"
end_job $one
end_job $two
check "flows: they go when the clients do" wait_for 'json flows "j[\"flows\"] == []"' 20

# whoever may open the socket may look, but not touch
chmod 666 "$LAB/admin.sock"
as() { in_gw setpriv --reuid "$1" --regid "$1" --clear-groups curl -sS --noproxy '*' -m 30 -o /dev/null -w '%{http_code}\n' --unix-socket "$LAB/admin.sock" "${@:2}"; }
check "anybody may look" says '^200$' as 12345 http://localhost/v1/status
check "not anybody may reload" says '^403$' as 12345 -X POST http://localhost/v1/reload
check "not anybody may drain" says '^403$' as 12345 -X POST http://localhost/v1/drain
check "an unknown path" says '^404$' as 0 http://localhost/v1/nothing
check "a wrong method" says '^405$' as 0 -X POST http://localhost/v1/status
check "nothing came of it" json status "j['reloads'] == 0"
check "reload" ctl reload
check "reload: counted" wait_for 'json status "j[\"reloads\"] == 1"' 10

# drain: what runs is finished, then the daemon ends by itself
drained=$(by_size 4000000 15000000)
fetch -f -o "$LAB/drained" -r 0-$((drained - 1)) "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 & one=$!
check "drain: a download runs" wait_for 'json flows "len(j[\"flows\"]) == 1 and j[\"flows\"][0][\"bytes_out\"] > 0"' 20
check "drain" ctl drain
check "drain: new connections are forwarded" wait_for "direct $O4 80" 10
check "drain: the download is finished" wait $one
check "drain: and whole" cmp -n "$drained" "$LAB/drained" "$TIPH_BUILD/www/f/300M"
check_eq "drain: its size" "$drained" "$(stat -c %s "$LAB/drained")"
check "drain: then the daemon is gone" wait_for '! daemon_alive' 60
wait "$daemon_pid"
check_eq "drain: with 0" 0 $?
daemon_pid=''
finish
