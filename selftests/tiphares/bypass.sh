#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is forwarded on purpose: static entries, dynamic ones by hand and by triggers, those that end, those that may not
# be. A SYN decides: what runs is left alone, whatever becomes of its entry.
#
#   client  ----  gateway: full on :80, :8000, :9000 to :9002, TLS on :9004  ----  origin: nginx, and servers that are no HTTP
. "$(dirname "$0")/proxy.inc"
lab_up
write_conf() {	# BYPASS
	daemon_conf <<-CONF
		workers: 1
		$1
		http: {connect_timeout: 2s}
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80, 8000, 9000, 9001, 9002]}}
		  - {name: tls, listen: 8081, mode: full, protocol: tls, match: {ports: [9004]}}
	CONF
}
reloads=0
takes() { reloads=$((reloads + 1)); kill -HUP "$daemon_pid"; wait_for "ctl --json status | grep -q '\"reloads\": $reloads'" 20; }
entries() { ctl --json bypass | in_json "$1"; }
on() { in_client curl -s -o /dev/null -w '%header{via}' --noproxy '*' --interface "$3" -m 10 "$(lab_url "$1" /whoami "$2")"; }
goes() {	# proxied|direct ADDRESS PORT FROM
	local via; via=$(on "$2" "$3" "$4") || { echo "no answer"; return 1; }
	[ "$1" = "$([ -n "$via" ] && echo proxied || echo direct)" ] || { echo "via: $via"; return 1; }
}
refused() { local want=$1 out; shift; out=$("$@" 2>&1) && return 1; grep -q -- "$want" <<<"$out"; }
unreachable() { fetch -m 5 -o /dev/null --interface "$2" "$(lab_url "$1" / 9001)"; [ $? = 7 ]; }
D4=${CLIENT4[1]} D6=${CLIENT6[1]}

write_conf "bypass: {static: [{destination: $O4B}, {destination: \"$O6B\"}, {source: ${CLIENT4[2]}}, {source: \"${CLIENT6[2]}\"}, {source: $D4, destination: $O4C, port: 80}, {source: \"$D6\", destination: \"$O6C\", port: 80}, {port: 8000}]}"
check "the daemon starts" daemon_start || finish
for family in 4 6; do
	[ $family = 4 ] && to=$O4 b=$O4B c=$O4C from=$C4 d=$D4 e=${CLIENT4[2]}
	[ $family = 6 ] && to=$O6 b=$O6B c=$O6C from=$C6 d=$D6 e=${CLIENT6[2]}
	check "static $to: intercepted" goes proxied $to 80 "$from"
	check "static $to: by destination" goes direct $b 80 "$from"
	check "static $to: by source" goes direct $to 80 "$e"
	check "static $to: by all three" goes direct $c 80 "$d"
	check "static $to: by all three, another source" goes proxied $c 80 "$from"
	check "static $to: by all three, another destination" goes proxied $to 80 "$d"
	check "static $to: by port" goes direct $to 8000 "$from"
done
check "bypass_static is counted" wait_for "[ \"\$(counter '' bypass_static)\" -ge 8 ]" 20
check "they are listed" entries 'len([e for e in j["entries"] if e["kind"] == "static"]) == 7'

write_conf "bypass: {never: [$O4C, \"$O6C\"]}"
check "without static entries" takes
check "without static entries: intercepted" goes proxied $O4B 80 "$C4"
for family in 4 6; do
	[ $family = 4 ] && to=$O4 c=$O4C from=$C4 d=$D4 net=10.71.2.0/24 all=32
	[ $family = 6 ] && to=$O6 c=$O6C from=$C6 d=$D6 net=fd71:2::/64 all=128
	check "$to by hand: not yet" says done=1 probe reuse $to 80 --bind "$from,20123" -n 1
	check "$to by hand: add" ctl bypass add source="$from" destination="$to" port=80
	origin_mark
	check "$to by hand: forwarded from a port that a proxied connection had" says done=1 probe reuse $to 80 --bind "$from,20123" -n 1
	check "$to by hand: with that port" origin_saw "src=$from sport=20123 .* via=-"
	check "$to by hand: forwarded" goes direct $to 80 "$from"
	check "$to by hand: another client is not" goes proxied $to 80 "$d"
	check "$to by hand: another port is not" goes proxied $to 8000 "$from"
	check "$to by hand: listed" entries "[e for e in j['entries'] if (e['kind'], e['source'], e['destination'], e['port'], e.get('reason')) == ('dynamic', '$from/$all', '$to/$all', 80, 'manual') and 500000 < e['ttl_ms'] <= 600000]"
	probe hold $to 80 /slow/300M --bind "$from" --until "$LAB/stop$family" >"$LAB/hold$family" 2>&1 & eval "hold$family=\$!"
	check "$to by hand: a download begins" wait_for 'grep -q octets "$LAB/hold'$family'"' 20
	check "$to by hand: del" ctl bypass del source="$from" destination="$to" port=80
	check "$to by hand: intercepted again" goes proxied $to 80 "$from"
	check "$to by hand: del of what is not there" refused 'no such entry' ctl bypass del source="$from" destination="$to" port=80
	check "$to by hand: a network" ctl bypass add destination="$net"
	check "$to by hand: forwarded to it" goes direct $to 8000 "$from"
	check "$to by hand: but not where that is never done" goes proxied $c 80 "$from"
	check "$to by hand: nor on demand" refused 'bypass.never forbids it' ctl bypass add destination="$c" port=80
	check "$to by hand: flush" ctl bypass flush
	check "$to by hand: flushed" goes proxied $to 8000 "$from"
	check "$to by hand: one second" ctl bypass add destination="$to" port=80 ttl=1s
	check "$to by hand: and a network" ctl bypass add source="$from" destination="$net" ttl=1s
	check "$to by hand: over" wait_for "goes proxied $to 80 $from && goes proxied $to 80 $d" 20
	check "$to by hand: not listed any more" wait_for "entries \"not [e for e in j['entries'] if e['kind'] == 'dynamic']\"" 20
done
for family in 4 6; do
	touch "$LAB/stop$family"
	hold=hold$family
	check "IPv$family: the download went on after its entry was removed" wait "${!hold}"
done

write_conf "bypass: {dynamic: {enabled: true, ttl: 1h, limit: 6, snapshot: $LAB/snapshot}, never: [$O4C, \"$O6C\"]}"
check "triggers" takes
lab_serve echo 9000
lab_serve banner 9002
# a client that speaks something else: what it says comes back only from the echo itself
echoes() {
	in_client /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
s.settimeout(10)
s.bind((sys.argv[3], 0))
s.connect((sys.argv[1], int(sys.argv[2])))
s.sendall(b"\x00\x01not http at all\r\n\r\n")
sys.exit(not s.recv(100).startswith(b"\x00\x01not"))' "$@"
}
for family in 4 6; do
	[ $family = 4 ] && to=$O4 c=$O4C from=$C4 d=$D4
	[ $family = 6 ] && to=$O6 c=$O6C from=$C6 d=$D6
	check_not "$to not_http: the first connection is refused" echoes $to 9000 "$from"
	check "$to not_http: the next one is forwarded" wait_for "echoes $to 9000 $from" 20
	check_not "$to not_http: not for other clients" echoes $to 9000 "$d"
	check_not "$to not_http: never where that is never done" echoes $c 9000 "$from"
	check_not "$to not_http: still not" echoes $c 9000 "$from"
	check "$to bad_response: it is answered" says 'HTTP/1.1 502' fetch -i -m 20 --interface "$from" "$(lab_url $to / 9002)"
	check "$to bad_response: the next one is forwarded" wait_for "! fetch -i -m 5 --http0.9 --interface $from $(lab_url $to / 9002) | grep -q 502" 20
	check "$to connect_error: it is answered" says 'HTTP/1.1 502' fetch -i -m 20 --interface "$from" "$(lab_url $to / 9001)"
	check "$to connect_error: the next one is refused by the origin" wait_for "unreachable $to $from" 20
done
reasons() { entries "sorted(e['reason'] for e in j['entries'] if e['kind'] == 'dynamic') == $1"; }
check "limit: the oldest made room" wait_for 'entries "len([e for e in j[\"entries\"] if e[\"kind\"] == \"dynamic\"]) == 6"' 20
check "limit: by hand as well" ctl bypass add source="$D4" destination=$O4B port=80 ttl=2h
check "limit: the newest is there" entries "[e for e in j['entries'] if e.get('reason') == 'manual']"
check "limit: and still 6" entries "len([e for e in j['entries'] if e['kind'] == 'dynamic']) == 6"
check "bypass_dynamic is counted" wait_for "[ \"\$(counter '' bypass_dynamic)\" -ge 8 ]" 20
check "bypass_triggers are counted" test "$(counter '' bypass_triggers)" -ge 6
check "people can read it" says 'dynamic +10\.71\.1\.11/32 +10\.71\.2\.11/32 +80 +manual' ctl bypass

# what the worker tells the parent is the same on each datapath, and takes an emulated machine long
if [ -z "${TIPH_VM:-}" ]; then
	write_conf "bypass: {dynamic: {enabled: true, triggers: [server_error, tls_alert], server_errors: 3, ttl: 1h, limit: 100, snapshot: $LAB/snapshot}}"
	check "other triggers" takes
	lab_serve banner 9004
	# a client that refuses what a server says to its hello
	refuses_tls() {
		in_client /usr/bin/python3 -c '
import socket, ssl, sys
bio, out = ssl.MemoryBIO(), ssl.MemoryBIO()
try:
    ssl.create_default_context().wrap_bio(bio, out, server_hostname="a.example").do_handshake()
except ssl.SSLWantReadError:
    pass
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
s.settimeout(20)
s.bind((sys.argv[2], 0))
s.connect((sys.argv[1], 9004))
s.sendall(out.read())
s.recv(100)
s.sendall(bytes([21, 3, 3, 0, 2, 2, 48]))
s.recv(1)' "$1" "$2" 2>&1
	}
	has_entry() { entries "[e for e in j['entries'] if e.get('reason') == '$1' and e['source'] == '$2' and e['destination'] == '$3' and e['port'] == $4]"; }
	for family in 4 6; do
		[ $family = 4 ] && to=$O4 from=$C4 d=$D4 all=32
		[ $family = 6 ] && to=$O6 from=$C6 d=$D6 all=128
		check "$to tls_alert: a client says one" refuses_tls $to "$from"
		check "$to tls_alert: an entry" wait_for "has_entry tls_alert $from/$all $to/$all 9004" 20
		for n in 1 2; do check "$to server_error $n" says '^500' fetch -o /dev/null -w '%{http_code}' --interface "$from" "$(lab_url $to /500)"; done
		check "$to server_error: one that is none" goes proxied $to 80 "$from"
		for n in 1 2; do check "$to server_error $n again" says '^500' fetch -o /dev/null -w '%{http_code}' --interface "$from" "$(lab_url $to /500)"; done
		check "$to server_error: not three in a row: intercepted" goes proxied $to 80 "$from"
		for n in 1 2 3; do check "$to server_error $n of 3" says '^500' fetch -o /dev/null -w '%{http_code}' --interface "$from" "$(lab_url $to /500)"; done
		check "$to server_error: an entry" wait_for "has_entry server_error $from/$all $to/$all 80" 20
		check "$to server_error: forwarded" goes direct $to 80 "$from"
		check "$to server_error: another client is not" goes proxied $to 80 "$d"
	done
	write_conf "bypass: {dynamic: {enabled: true, ttl: 1h, limit: 100, snapshot: $LAB/snapshot}}"
fi

check "a reload keeps them" takes
check "a reload keeps them: forwarded" goes direct $O4B 80 "$D4"
check "a restart" daemon_stop
check "a restart: the daemon starts" daemon_start || finish
check "a restart: forwarded" goes direct $O4B 80 "$D4"
check "a restart: listed, with its end" entries "[e for e in j['entries'] if e.get('reason') == 'manual' and 7000000 < e['ttl_ms'] <= 7200000]"
reloads=0
write_conf "bypass: {dynamic: {enabled: false}}"
check "triggers switched off" takes
check "triggers switched off: flush" ctl bypass flush
check_not "triggers switched off: refused" echoes $O4 9000 "$C4"
check_not "triggers switched off: and again" echoes $O4 9000 "$C4"
check_eq "no entry of a mistake" 2 "$(ctl bypass add destination=10.0.0.1/8 >/dev/null 2>&1; ctl bypass add sideways 2>/dev/null; echo $?)"
finish
