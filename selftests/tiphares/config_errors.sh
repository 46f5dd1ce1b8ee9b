#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A wrong configuration starts nothing, and says everything that is wrong, each with its place.
#
#   gateway namespace only: tipharesd on files that hold mistakes
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
[ "$TIPH_DATAPATH" = nft ] || mod_load
yaml=$LAB/wrong.yaml

run() { in_gw timeout 60 "$TIPH_BUILD/tipharesd" -c "$yaml" --datapath "$TIPH_DATAPATH" --admin "$LAB/admin.sock" "$@" >"$LAB/out" 2>&1 </dev/null; }
nothing_started() {
	[ -z "$(ip netns pids "$NS-gw")" ] && [ -z "$(in_gw ss -Hltn)" ] && [ ! -e "$LAB/admin.sock" ] &&
		[ -z "$(in_gw nft list ruleset)" ] && ! in_gw ip rule | grep -qvE '^(0|32766|32767):'
}
# refused LINE TEXT: exit 2, exactly one error, there, that speaks of it
refused() {
	local line=$1 text=$2 rc
	run --foreground; rc=$?
	cat "$LAB/out"
	[ $rc = 2 ] || { echo "exit code $rc, wanted 2"; return 1; }
	[ "$(grep -cE "^$yaml:[0-9]+:[0-9]+: " "$LAB/out")" = 1 ] || { echo "not exactly one error"; return 1; }
	grep -E "^$yaml:$line:[0-9]+: " "$LAB/out" | grep -qiE -- "$text"
}
wrong() {	# NAME LINE TEXT < YAML
	cat >"$yaml"
	check "$1" refused "$2" "$3"
	check "$1: nothing was started" nothing_started
}

wrong "an unknown key" 3 'colour' <<-CONF
	ports:
	  - {listen: 8080, mode: full, match: {ports: [80]}}
	colour: blue
CONF
wrong "an unknown key of a port, with what was meant" 4 'sources' <<-CONF
	ports:
	  - listen: 8080
	    mode: full
	    match: {ports: [80], source: [10.0.0.0/8]}
CONF
wrong "a bad prefix" 4 '10\.0\.0\.0/33' <<-CONF
	ports:
	  - listen: 8080
	    mode: full
	    match: {ports: [80], sources: [10.0.0.0/33]}
CONF
wrong "a local port twice" 3 '8080' <<-CONF
	ports:
	  - {name: a, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: b, listen: 8080, mode: full, match: {ports: [81]}}
CONF
wrong "a name twice" 3 'name' <<-CONF
	ports:
	  - {name: a, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: a, listen: 8081, mode: full, match: {ports: [81]}}
CONF
wrong "match where the mode has none" 4 'match' <<-CONF
	ports:
	  - listen: 8080
	    mode: outbound
	    match: {ports: [80]}
CONF
wrong "a mode that there is not" 3 'half' <<-CONF
	ports:
	  - listen: 8080
	    mode: half
	    match: {ports: [80]}
CONF
wrong "a duration without a unit" 3 'idle_timeout|unit' <<-CONF
	ports:
	  - "8088:>"
	http: {idle_timeout: 60}
CONF
wrong "no ports" 1 'ports' <<-CONF
	workers: 1
CONF
wrong "not YAML" '[0-9]+' '.' <<-CONF
	ports: [{listen: 8080
CONF

# twenty mistakes, one on each line from 3 on but those that hold none
cat >"$yaml" <<-CONF
	# twenty mistakes
	datapath: auto
	workers: many
	user: "no body"
	colour: blue
	ports:
	  - name: "a name"
	    listen: 70000
	    mode: half
	  - listen: 8081
	    mode: full
	    protocol: gopher
	    match:
	      ports: [0]
	      sources: [10.0.0.0/33]
	      destinations: ["fd00::/129"]
	      except: {sources: [elsewhere]}
	    source_port: odd
	    on_failure: ajar
	    sample: 120%
	    mark: red
	  - name: c
	    listen: 8081
	    mode: none
	  - {name: c, listen: 8083, mode: none}
	http:
	  header_limit: 64
	  idle_timeout: 60
	resolver: {timeout: soon}
	log: {level: loud}
CONF
want="3 4 5 7 8 9 12 14 15 16 17 18 19 20 21 23 25 27 28 29"
run --foreground
check_eq "twenty errors: exit code" 2 $?
cp "$LAB/out" "$LAB/twenty"
check_eq "twenty errors: each line with a mistake is named" "$want" \
	"$(sed -nE "s,^$yaml:([0-9]+):[0-9]+: .*,\1,p" "$LAB/twenty" | grep -vx 30 | sort -n | uniq | xargs)"
check_eq "twenty errors: and the one after them" 1 "$(grep -cE "^$yaml:30:[0-9]+: " "$LAB/twenty")"
check_eq "twenty errors: once each" 21 "$(grep -c "^$yaml:" "$LAB/twenty")"
check_eq "twenty errors: below each its line, a caret, nothing else" 63 "$(grep -c . "$LAB/twenty")"
check "twenty errors: nothing was started" nothing_started
run --check
check_eq "--check says the same: exit code" 2 $?
check "--check says the same" diff "$LAB/twenty" "$LAB/out"
# the caret stands where the column says, whatever is before it: blanks, a letter of two octets
printf 'ports: ["8088:>"]\nlog: {level: "\303\274", lvel: x}\n' >"$yaml"
run --check
check "a caret below the misspelt key" grep -qxF '       |                   ^' "$LAB/out"
check "and below the value" grep -qxF '       |              ^' "$LAB/out"
check "the line itself" grep -qxF '     2 | log: {level: "ü", lvel: x}' "$LAB/out"

cat >"$yaml" <<-CONF
	ports:
	  - "8088:>"
	  - {name: web, listen: 8080, mode: full, match: {ports: [8000]}}
CONF
run --check
check_eq "--check of a right one: exit code" 0 $?
check "--check of a right one: it names its ports" says 'port-8088.*inbound|inbound.*port-8088' grep -E 'port-8088' "$LAB/out"
check "--check of a right one: nothing was started" nothing_started
rm "$yaml"
run --foreground
check_eq "no file: exit code" 2 $?
check "no file: it is named" grep -q "$yaml" "$LAB/out"
in_gw "$TIPH_BUILD/tipharesd" --no-such-option >"$LAB/out" 2>&1
check_eq "an unknown option: exit code" 2 $?

# what is right as text may still be impossible here
echo 'ports: ["8088:>"]' >"$yaml"
echo 'user: no-such-user' >>"$yaml"
run --foreground
check "an unknown user is an error" test $? -ne 0
check "an unknown user is named" grep -q 'no-such-user' "$LAB/out"
check "an unknown user: nothing was started" nothing_started
in_gw /usr/bin/python3 -c '
import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 8088))
s.listen()
time.sleep(600)' & taken=$!
wait_for 'in_gw ss -Hltn | grep -q 8088' 10
echo 'ports: ["8088:>"]' >"$yaml"
echo 'user: nobody' >>"$yaml"
run --foreground
check "a local port that is taken is an error" test $? -ne 0
check "a local port that is taken is named" grep -q '8088' "$LAB/out"
end_job $taken
# whose process takes a moment to die
check "a local port that is taken: nothing was started" wait_for nothing_started 10
check "and :80 is forwarded" direct $O4 80
finish
