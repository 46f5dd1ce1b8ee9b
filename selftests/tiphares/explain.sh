#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tipharesctl explain says of a connection what then becomes of it; events and top tell about it.
#
#	client (.10, .11)  ----  gateway, ports one, two, asked  ----  origin (.10, .11, .12)
. "$(dirname "$0")/proxy.inc"
lab_up
daemon_conf <<-CONF
	workers: 2
	ports:
	  - name: one
	    listen: 8080
	    mode: full
	    match: {ports: [80], interfaces: [lan0], sources: [$C4, $C6], except: {destinations: [$O4C, "$O6C"]}}
	  - name: two
	    listen: 8081
	    mode: inbound
	    match: {ports: [80, 8000], destinations: [$O4B, "$O6B"]}
	  - {name: asked, listen: 8083, mode: none}
	access:
	  - {name: no-post, deny: {method: POST}}
CONF
check "the daemon starts" daemon_start || finish

gctl() { in_gw "$TIPH_BUILD/tipharesctl" --admin "$LAB/admin.sock" "$@"; }
bracket() { of_family "$1" "$1" "[$1]"; }
explained() { gctl --json explain "$1" "$(bracket "$2"):$3" | in_json "(j['verdict'], j['port']) == ('$4', '$5')"; }
judged() { gctl --json explain "$1" "$(bracket "$2"):80" | in_json "j['verdict'] == '$3'"; }
because() { gctl --json explain "$1" "$(bracket "$2"):$3" | in_json "'''$4''' in str(j)"; }

# predicted and seen SOURCE DESTINATION PORT taker ("" for none)
predicted_and_seen() {
	local v=unmatched
	[ -z "$4" ] || v=intercepted
	explained "$1" "$2" "$3" $v "$4" || return
	if [ -n "$4" ]; then
		seen_is "$2" "$3" "via=1.1 tiphares" -- --interface "$1" && gctl --json flows >/dev/null
	else
		seen_is "$2" "$3" via= -- --interface "$1"
	fi
}
for f in 4 6; do
	c=C$f o=O$f ob=O${f}B oc=O${f}C; c=${!c} o=${!o} ob=${!ob} oc=${!oc}
	list="CLIENT${f}[1]"; other=${!list}
	check "IPv$f: the first port that matches takes it" predicted_and_seen $c $ob 80 one
	check "IPv$f: a source that the first one does not want goes to the second" predicted_and_seen $other $ob 80 two
	check "IPv$f: no port wants that source and destination" predicted_and_seen $other $o 80 ""
	check "IPv$f: excepted" predicted_and_seen $c $oc 80 ""
	check "IPv$f: excepted: it says so" because $c $oc 80 "in match.except.destinations"
	check "IPv$f: another destination port" predicted_and_seen $c $ob 8000 two
	check "IPv$f: not to this host" judged $c "$(lan_of $o)" local
	check "IPv$f: not from this host" judged "$(gw_of $o)" $o own
	check "IPv$f: what was decided lately" because $c $ob 80 "'result': 'ok',"
	fetch -X POST --interface $c "$(lab_url $ob /whoami)" >/dev/null
	check "IPv$f: a rule that denied is named" because $c $ob 80 "'rule': 'no-post',"
done
check "by another interface" eval "gctl --json explain $C4 $O4 interface=wan0 | in_json \"j['verdict'] == 'unmatched' and 'match.interfaces' in str(j)\""
check "for people" says "^$C4 -> $O4B port 80, in by lan0: intercepted by port one \(full\)" gctl explain $C4 $O4B
check "for people: lately" says "\"POST .* 403 .*\(rule no-post\)" gctl explain $C4 $O4B
check "IPv6 without brackets" says "intercepted by port one" gctl explain $C6 $O6B
refused() { ctl "$@" >"$LAB/out" 2>&1; [ $? = 2 ]; }
check "no address: bad usage" refused explain nobody $O4
check "no port number: bad usage" refused explain $C4 $O4:http
check "an unknown key: bad usage" refused explain $C4 $O4 colour=red

# events: from now on, and with what is remembered
ctl --json events count=2 client=$C4 port=two >"$LAB/events" 2>&1 &
events=$!
check "events: follows" wait_for 'seen_is $O4B 8000 "via=1.1 tiphares" && ! kill -0 $events 2>/dev/null' 20
check "events: decisions, a line each" eval '[ "$(grep -c "^{\"at\":.*\"port\":\"two\".*\"event\":\"decision\"" "$LAB/events")" = 2 ]'
check "events: all: what was before" says 'two .* -> .*:8000 "GET /whoami HTTP/1.1" 200 ok' ctl events all count=1 client=$C4 port=two
ctl events >"$LAB/events" 2>&1 &
events=$!
check "events: a reload is one" wait_for 'ctl reload >/dev/null && grep -q "^configurations put into force: [0-9]" "$LAB/events"' 20
end_job $events

# top: rates of what moves
fetch -o /dev/null --local-port 45002 "$(lab_url $O4B /slow/300M)" >/dev/null 2>&1 & one=$!
check "top: the connection is there" wait_for 'flows_are 1' 20
ctl top interval=1 frames=1 >"$LAB/top" 2>&1
check "top: a frame" grep -qE "^$C4 +1 +[0-9]+$" "$LAB/top"
check "top: its port" grep -qE '^one +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$' "$LAB/top"
check "top: the destination" grep -qE "^$O4B +1 +[0-9]+$" "$LAB/top"
check "top: as JSON, a line a frame" eval "ctl --json top interval=1 frames=2 >'$LAB/top.json' && [ \$(wc -l <'$LAB/top.json') = 2 ] && head -n 1 '$LAB/top.json' | in_json \"j['seconds'] > 0.5 and j['status']['state'] == 'serving' and [f for f in j['flows'] if f['client'] == '$C4:45002'] and all(c['moved'] for c in j['counters'])\""
check "top: latency" grep -qE '^last [0-9]+ exchanges: half within' "$LAB/top"

# flows: which, and in which order
fetch -o /dev/null "$(lab_url $O6B /slow/300M)" >/dev/null 2>&1 & two=$!
check "flows: two now" wait_for 'flows_are 2' 20
only() { ctl --json flows "$@" | in_json "[f['client'].rsplit(':', 1)[0].strip('[]') for f in j['flows']]  == [$want]"; }
want="'$C4'"
check "flows: of a client" only client=$C4
check "flows: of a prefix" only client=10.71.1.0/24
check "flows: the oldest" only sort=age limit=1
want="'$C6'"
check "flows: to a destination" only destination=$O6B
want=""
check "flows: of another port" only port=two
check "flows: sort by what there is not: bad usage" refused flows sort=colour
check "flows: no prefix: bad usage" refused flows client=10.0.0.0/33
end_job $one
end_job $two
finish
