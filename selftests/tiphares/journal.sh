#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The journal gets fields; a part of the exchanges is logged; the level changes at run time; who doesn't read holds nobody.
#
#	client  ----  gateway, full on :80, what stands where the journal's socket is  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
for program in unshare setpriv; do command -v $program >/dev/null || skip_all "$program is not installed"; done

# what the journal gets: each datagram as a JSON object of its fields, in a line
/usr/bin/python3 - "$LAB/journal" >"$LAB/journal.json" 2>"$LAB/journal.err" <<-'PY' &
	import json, os, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	os.chmod(sys.argv[1], 0o666)
	while True:
	    fields = s.recv(1 << 20).decode()
	    assert fields.endswith("\n"), fields
	    print(json.dumps(dict(f.split("=", 1) for f in fields[:-1].split("\n"))), flush=True)
PY
journal=$!
lab_exit_more() { kill $journal 2>/dev/null; }
check "somebody listens where the journal would" wait_for '[ -S "$LAB/journal" ]' 10
entries() { /usr/bin/python3 -c 'import json, sys; print(json.dumps([json.loads(l) for l in sys.stdin]))' <"$LAB/journal.json" | in_json "$1"; }

daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	access:
	  - {name: no-post, deny: {method: POST}}
	log: {access: {format: combined, to: journal}, level: info}
CONF
# a mount namespace in which the journal's socket is ours, and its word that the standard error is the journal's
: >"$LAB/daemon.log"
daemon_under=(unshare -m sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && ln -s "$1/journal" /run/systemd/journal/socket &&
	JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) && export JOURNAL_STREAM && shift && exec "$@"' sh "$LAB")
check "the daemon starts" daemon_start || finish
check "its own words are entries with fields" wait_for 'entries "[e for e in j if e[\"PRIORITY\"] == \"6\" and e[\"TIPHARES_PROCESS\"] == \"parent\" and e[\"SYSLOG_IDENTIFIER\"] == \"tipharesd\" and \"1 port is in force\" in e[\"MESSAGE\"]] != []"' 10
check "and nothing else: the standard error is empty" test ! -s "$LAB/daemon.log"
check "an exchange" intercepted $O4 80
check "one of IPv6" intercepted $O6 80
fetch -o /dev/null -X POST -A 'agent\nMESSAGE=forged' "$(lab_url $O4 '/whoami?%0aTIPHARES_PORT=forged')"
fetch -o /dev/null -A $'agent\x01\nMESSAGE=forged' "$(lab_url $O4 /whoami)"	# no request at all
of() { echo "[e for e in j if e.get('TIPHARES_CLIENT') == '$1' and e['TIPHARES_RESULT'] == '$2']"; }
check "an exchange is an entry with fields" wait_for "entries \"[(e['TIPHARES_PORT'], e['TIPHARES_MODE'], e['TIPHARES_ORIGINAL'], e['TIPHARES_UPSTREAM'], e['TIPHARES_STATUS'], e['TIPHARES_RULE']) for e in $(of $C4 ok)] == [('web', 'full', '$O4:80', '$O4:80', '200', '-')]\"" 10
check "its message is the line of the format" entries "'\"GET /whoami HTTP/1.1\" 200 ' in $(of $C4 ok)[0]['MESSAGE'] and 'port=web' in $(of $C4 ok)[0]['MESSAGE']"
check "its octets and its time are there" entries "int($(of $C4 ok)[0]['TIPHARES_BYTES_OUT']) > 100 and 0 < float($(of $C4 ok)[0]['TIPHARES_TIME']) < 60"
check "IPv6" entries "$(of $C6 ok)[0]['TIPHARES_ORIGINAL'] == '[$O6]:80'"
check "what a rule denied, and no field that a client made" wait_for "entries \"[(e['TIPHARES_RULE'], e['TIPHARES_STATUS'], e['TIPHARES_PORT']) for e in $(of $C4 denied)] == [('no-post', '403', 'web')] and not [e for e in j if e['MESSAGE'] == 'forged']\"" 10

# levels at run time
check_eq "the level" info "$(ctl log-level)"
debugs() { entries "[e for e in j if e['PRIORITY'] == '7'] != []"; }
check "debug, now" says '^debug, until the next reload$' ctl log-level debug
check_eq "it is in force" debug "$(ctl log-level)"
check "a word that is none: bad usage" eval 'ctl log-level loud; [ $? = 2 ]'
check "nor by the interface" says '"level is ' in_gw curl -s --noproxy '*' -X POST --unix-socket "$LAB/admin.sock" "http://localhost/v1/log-level/set?level=loud"
check "nobody else may" says '^403$' in_gw setpriv --reuid 12345 --regid 12345 --clear-groups curl -s -o /dev/null -w '%{http_code}\n' --noproxy '*' -X POST --unix-socket "$(chmod 666 "$LAB/admin.sock"; echo "$LAB/admin.sock")" "http://localhost/v1/log-level/set?level=debug"
ctl log-level error >/dev/null
was=$(wc -l <"$LAB/journal.json")
ctl reload >/dev/null
check "a reload: that of the configuration" wait_for '[ "$(ctl log-level)" = info ]' 10
check "error: the reload itself said nothing before that" eval "! tail -n +$((was + 1)) \"$LAB/journal.json\" | grep -q 'reading the configuration'"

# a share of what went well, all of what did not
sed -i 's/to: journal/&, sample: 25%/' "$LAB/tiphares.yaml"
check "a sample" eval 'ctl reload >/dev/null; wait_for "ctl --json status | grep -q \"\\\"reloads\\\": 2\"" 10'
fetch -o /dev/null --interface "${CLIENT4[3]}" "$(lab_url $O4 '/204?[1-40]')" >/dev/null
fetch -o /dev/null --interface "${CLIENT4[3]}" -X POST "$(lab_url $O4 '/204?[1-7]')" >/dev/null
check "a sample: 10 of 40 that went well, 7 of 7 that did not" wait_for "entries \"(len($(of ${CLIENT4[3]} ok)), len($(of ${CLIENT4[3]} denied))) == (10, 7)\"" 10
check_eq "a sample: the others are counted" 30 "$(counter "" access_log_left_out)"

# the journal stops reading
kill -STOP $journal
long=$(printf 'x%.0s' {1..6000})
check "a journal that stands still: no request waits" fetch -o /dev/null -m 100 --interface "${CLIENT4[4]}" -X POST "$(lab_url $O4 "/204?${long}[1-1400]")"
check "what it can't take is dropped and counted" wait_for '[ "$(counter "" access_log_dropped)" -gt 100 ]' 20
check "the proxy goes on, and can be told things" eval 'intercepted $O6 80 && ctl log-level debug >/dev/null && ctl log-level info >/dev/null'
kill -CONT $journal
check "it reads again: entries come again" wait_for "fetch -o /dev/null --interface ${CLIENT4[5]} -X POST '$(lab_url $O4 /204)' && entries \"$(of ${CLIENT4[5]} denied) != []\"" 20
finish
