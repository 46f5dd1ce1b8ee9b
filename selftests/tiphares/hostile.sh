#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A worker that was taken over tries what its rights allow it to try: nothing of it succeeds, the parent names what
# it was, lives, and keeps doing its work.
#
#   client  ----  gateway: the daemon's parent, with the worker of selftests/hostile  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
[ -x "$TIPH_BUILD/tipharesd-hostile" ] || die_lab "$TIPH_BUILD/tipharesd-hostile is not built"
[ "$TIPH_DATAPATH" = nft ] || mod_load
daemon_conf <<-CONF
	workers: 1
	user: nobody
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: outbound, listen: 8082, mode: outbound}
CONF
nsenter --net="/run/netns/$NS-gw" "$TIPH_BUILD/tipharesd-hostile" -c "$LAB/tiphares.yaml" --foreground \
	--datapath "$TIPH_DATAPATH" --admin "$LAB/admin.sock" >>"$LAB/daemon.log" 2>&1 </dev/null &
daemon_pid=$!

check "all attempts were made, one life after the other" wait_for 'grep -q "^hostile: done" "$LAB/daemon.log" || ! daemon_alive' 120
grep '^hostile [a-z_0-9]*: ' "$LAB/daemon.log" >"$LAB/attempts"
check_eq "each said what came of it" "$(sed -n 's/^hostile: done, \([0-9]*\) attempts$/\1/p' "$LAB/daemon.log")" \
	"$(cut -d : -f 1 "$LAB/attempts" | sort -u | wc -l)"
check "they are more than sixty" test "$(wc -l <"$LAB/attempts")" -ge 60
check_not "none got through" grep 'GOT THROUGH' "$LAB/attempts"

# what the parent said next about each: a line of "ok" or of what it said, and the attempt
judge() {
	python3 - "$LAB/daemon.log" <<-'PY'
	import re, sys
	attempt = None
	for line in open(sys.argv[1]):
	    said = re.match(r"hostile ([a-z_0-9]+): (.*)", line)
	    if said:
	        attempt = said.group(1, 2)
	        if attempt[1].startswith("refused "):
	            print("ok", *attempt, sep="\t")
	        continue
	    error = re.search(r" error: (.*)", line)
	    if not error or not attempt or attempt[1].startswith("refused "):
	        continue
	    name, what = attempt
	    call = what.removeprefix("tries ")
	    want = r"worker \d+ was ended by signal 31 .*" if call.startswith("another") else \
	        rf"the worker is ended: it made the system call {call}, which it may not" if call != what else \
	        r"the worker is ended: (control|socket) channel: Protocol error"
	    print("ok" if re.fullmatch(want, error.group(1)) else error.group(1), name, what, sep="\t")
	    attempt = None
	PY
}
judge >"$LAB/judged"
while IFS=$'\t' read -r verdict name what; do
	if [ "$verdict" = ok ]; then pass "$name: $what"; else fail "$name: $what" "$verdict"; fi
done <"$LAB/judged"
check_eq "each was judged" "$(wc -l <"$LAB/attempts")" "$(wc -l <"$LAB/judged")"
check "the parent lives" daemon_alive
check "what was ended for a system call is counted" test "$(grep -c 'it made the system call' "$LAB/daemon.log")" = "$(grep -c ': tries [a-z_0-9]*$' "$LAB/attempts")"
before=$(grep -c 'ports are in force' "$LAB/daemon.log")
check "it still hears of a changed configuration" kill -HUP "$daemon_pid"
check "and puts it into force" wait_for '[ "$(grep -c "ports are in force" "$LAB/daemon.log")" -gt $before ]' 20
check_not "nothing was left in /tmp" test -e /tmp/hostile
check_not "nobody listens who was not told to" grep -qvE ':(8080|8082)$' <(in_gw ss -Hltn | awk '{ print $4 }')
finish
