#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's port table is the truth: a port that somebody else adds, changes or removes there takes effect in the
# running daemon, and the next reload makes the table the file's again.
#
#   client  ----  gateway: tipharesd, and genl.py in its place  ----  origin
. "$(dirname "$0")/proxy.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "the nft datapath has no port table"
lab_up
genl() { in_gw /usr/bin/python3 "$(dirname "$0")/genl.py" "$@"; }
served() { ctl --json ports | in_json "[p['name'] for p in j['ports']] == $1"; }
serves() { wait_for "served \"$1\"" 20; }
table() { genl get | xargs; }

daemon_conf <<-CONF
	workers: 2
	ports:
	  - {name: web, listen: 8080, mode: full, protocol: http, match: {ports: [80]}}
	admin: {socket: $LAB/admin.sock, metrics: "127.0.0.1:9180"}
CONF
check "the daemon starts" daemon_start || finish
first=$(worker_pid)
check ":80 is intercepted" intercepted $O4 80 src="$C4"
check ":8000 is not" direct $O4 8000
check_eq "the table has the file's port" "web" "$(table)"

check "somebody adds a port" genl set name=more mode=1 listen=8081 dports=8000 sources=10.71.1.0/24
check "added: the daemon serves it" serves "['web', 'more']"
check "added: it intercepts" wait_for "intercepted $O4 8000 src=$GW4" 20
check "added: where it matches" direct $O6 8000
check "added: the file's port goes on" intercepted $O4 80 src="$C4"

check "somebody changes it" genl set name=more mode=3 listen=8082 dports=8000
check "changed: on another local port" wait_for "in_gw ss -Hltn | grep -q 127.0.0.1:8082" 20
check "changed: in another mode" wait_for "intercepted $O4 8000 src=$C4" 20
check "changed: with another match" wait_for "intercepted $O6 8000 src=$C6" 20
check "changed: nobody listens on the old one" wait_for "negate says 127.0.0.1:8081 in_gw ss -Hltn" 20

check "somebody removes and adds it again" genl del more
check "removed and added" genl set name=more mode=3 listen=8082 dports=8000
check "removed and added: it intercepts" wait_for "intercepted $O4 8000 src=$C4" 20
check "removed and added: the file's port goes on" intercepted $O6 80 src="$C6"

check "somebody removes it" genl del more
check "removed: the daemon serves it no more" serves "['web']"
check "removed: nobody listens" wait_for "negate says 127.0.0.1:8082 in_gw ss -Hltn" 20
check "removed: it is forwarded" direct $O4 8000
check "removed: the file's port goes on" intercepted $O4 80 src="$C4"

check "somebody removes all" genl del
check "all removed: nothing is served" serves "[]"
check "all removed: forwarded" direct $O4 80

# the same by tipharesctl, which speaks with the module itself
port() { in_gw "$TIPH_BUILD/tipharesctl" --admin "$LAB/admin.sock" port "$@"; }
port_says() { port "${@:3}" >"$LAB/said" 2>&1; [ $? = "$1" ] && grep -qE -- "$2" "$LAB/said" || { cat "$LAB/said"; return 1; }; }
check "port set" port set mine listen=8083 mode=inbound ports=8000 interfaces=lan0 sources=10.71.1.0/24,fd71:1::/64 except_destinations=$O4C on_failure=reset mark=0x10
check "port set: the daemon serves it" serves "['mine']"
check "port set: as it was said" eval "ctl --json ports | in_json \"[(p['mode'], p['match']['ports'], p['match']['interfaces'], p['match']['sources'], p['match']['except']['destinations'], p['on_failure'], p['mark']) for p in j['ports']] == [('inbound', [8000], ['lan0'], ['10.71.1.0/24', 'fd71:1::/64'], ['$O4C/32'], 'reset', 16)]\""
check "port set: it intercepts" wait_for "intercepted $O4 8000 src=$GW4" 20
check "port set: a refusal in the module's words" port_says 1 'the module refuses: [a-zA-Z]' set other listen=8083 mode=inbound ports=8001
check "port set: an unknown key" port_says 2 'does not know' set other colour=red
check "port set: no port" port_says 2 "ports: 'http' is not possible" set other listen=8084 mode=full ports=http
check "port del" port del mine
check "port del: the daemon serves it no more" serves "[]"
check "port del: there is none" port_says 1 'the module refuses: ' del mine

check "somebody adds what the daemon can't serve" genl set name=other mode=3 listen=9180 dports=8000
check "not served: why is in the log" wait_for "daemon_log | grep -q 'admin.metrics: port 9180 is the listen of \"other\"'" 20
check "not served: its connections are forwarded" direct $O4 8000
kill -HUP "$daemon_pid"
check "a reload makes the table the file's again" serves "['web']"
check "and intercepts" wait_for "intercepted $O4 80 src=$C4" 20
check_eq "the table has the file's port again" "web" "$(table)"
check "the same worker all the time" test "$(worker_pid)" = "$first"
check_eq "no reload was refused" 0 "$(ctl --json status | sed -n 's/.*"reload_failures": \([0-9]*\).*/\1/p')"

# another daemon takes the ports: ours ends and leaves them alone
mkfifo "$LAB/hold"
genl own name=theirs mode=3 listen=8090 dports=80 <"$LAB/hold" >"$LAB/owner" 2>&1 & owner=$!
exec 9>"$LAB/hold"
check "somebody takes the ports over" wait_for 'grep -q owner "$LAB/owner"' 20
check "taken over: the daemon ends" wait_for '! daemon_alive' 30
wait "$daemon_pid"
check_eq "taken over: with 0" 0 $?
daemon_pid=''
check_eq "taken over: the table is theirs" "theirs" "$(table)"
check "taken over: why is in the log" says 'took over' daemon_log
daemon_conf <<-CONF
	ports: [{name: web, listen: 8080, mode: full, match: {ports: [80]}}]
CONF
check_not "owned by a living one: the daemon does not start" timeout 60 nsenter --net="/run/netns/$NS-gw" "$TIPH_BUILD/tipharesd" \
	-c "$LAB/tiphares.yaml" --foreground --datapath kmod --admin "$LAB/other.sock"
check_eq "and the table is still theirs" "theirs" "$(table)"
exec 9>&-
wait $owner
check "owner gone: the daemon starts, and takes its place" daemon_start
check_eq "the table is the file's" "web" "$(table)"
check "and it intercepts" intercepted $O4 80 src="$C4"
finish
