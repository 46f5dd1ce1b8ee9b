#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A new configuration takes the old one's place, whole or not at all, and no connection notices.
#
#   client: a keep-alive connection and a download, all the time  ----  gateway: the ports change  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up

reloads=0 refusals=0
# the files stand before the checks: those have no input
status_has() { ctl --json status | grep -qE "\"$1\": $2,?\$"; }
hup() { kill -HUP "$daemon_pid"; }
takes() {	# what daemon_conf wrote is taken
	reloads=$((reloads + 1))
	hup
	wait_for "status_has reloads $reloads" 20
}
refuses() {	# it is not
	refusals=$((refusals + 1))
	hup
	wait_for "status_has reload_failures $refusals" 20
}

daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
CONF
check "the daemon starts" daemon_start || finish
first=$(worker_pid)
check ":80 is intercepted" intercepted $O4 80 src="$C4"
check ":8000 is not" direct $O4 8000
origin_mark
probe tick $O4 80 --until "$LAB/stop" >"$LAB/tick" 2>&1 & tick=$!
fetch -N -o "$LAB/get" "$(lab_url $O6 /slow/300M)" >"$LAB/get.out" 2>&1 & get=$!
check "a download begins" wait_for '[ -s "$LAB/get" ]' 20
check "requests on one connection begin" wait_for "grep -q begun '$LAB/tick'" 20

daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: more, listen: 8081, mode: inbound, match: {ports: [8000]}}
CONF
check "a port more" takes
check "the old port goes on" intercepted $O4 80 src="$C4"
check "the new one is there, IPv4" intercepted $O4 8000 src=$GW4
check "the new one is there, IPv6" intercepted $O6 8000 src=$GW6

daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: inbound, match: {ports: [80], destinations: [$O4, "$O6"]}}
	  - {name: more, listen: 8081, mode: full, match: {ports: [443]}}
CONF
check "another mode, another match" takes
check "the mode changed" intercepted $O4 80 src=$GW4
check "the match changed: another server" direct $O4B 80
check "the match changed: port gone" direct $O4 8000
check "the match changed: port come" intercepted $O6 443 src="$C6"

daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [8000]}}
	colour: blue
CONF
check "a bad file is refused" refuses
check "its mistake is in the log, with its place" says 'tiphares.yaml:[0-9]+:[0-9]+: .*colour' daemon_log
check "a bad file changes nothing" intercepted $O4 80 src=$GW4
check "a bad file adds nothing" direct $O4 8000
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8090, mode: full, match: {ports: [80]}}
	  - {name: asked, listen: 8091, mode: outbound}
CONF
check "another local port" takes
check "on another local port" intercepted $O4 80 src="$C4"
check "a port that clients ask" says "src=$C4 " asked 8091 $O4 /whoami
check "nobody listens on the old one" wait_for "negate says 127.0.0.1:8080 in_gw ss -Hltn" 20
echo "ports: [" >"$LAB/tiphares.yaml"
refusals=$((refusals + 1))
check "tipharesctl reload" ctl reload
check "tipharesctl reload of a broken file" wait_for "status_has reload_failures $refusals" 20
for n in 1 2 3 4 5; do
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: $((8090 + n)), mode: full, match: {ports: [80]}}
	CONF
	check "again and again $n" takes
done
check "still intercepted" intercepted $O6 80 src="$C6"

# its listeners of before stay for a while, for what is on its way, but must not get what is the new port's
write_pair() {
	daemon_conf <<-CONF
		ports:
		  - {name: web, listen: 8095, mode: full, match: {ports: [80]}}
		  ${1:-}
	CONF
}
for n in 1 2; do
	write_pair '- {name: back, listen: 8081, mode: full, match: {ports: [8000]}}'
	check "a port comes $n" takes
	write_pair
	check "it goes $n" takes
done
write_pair '- {name: back, listen: 8081, mode: full, match: {ports: [8000]}}'
check "it comes back at once" takes
for n in {1..12}; do
	check "all its connections are intercepted $n" intercepted $O4 8000 src="$C4"
done

check "the same worker" test "$(worker_pid)" = "$first"
touch "$LAB/stop"
check "the keep-alive connection answered all the time" wait $tick
# how many upstream connections that took is the pool's business
check_eq "and came to the origin from the client's address all the time" "$C4" \
	"$(origin_log | awk '/ via=1\.1 tiphares .* probe=tick / { sub("src=", "", $1); src = src == "" || src == $1 ? $1 : "mixed" } END { print src }')"
kill -0 $get
check_eq "the download goes on" 0 $?
end_job $get
check "what was downloaded is right" cmp -n "$(stat -c %s "$LAB/get")" "$LAB/get" "$TIPH_BUILD/www/f/300M"
finish
