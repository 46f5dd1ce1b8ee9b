#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The probe itself, with no proxy between: what it reports of plain forwarding, so that a scenario may trust it.
#
#   client  ----  gateway  ----  origins, nginx on 80; probe.py's own servers on 7001 and up
. "$(dirname "$0")/../lib.sh"
lab_up

says() {	# says REGEX CMD...: the command succeeds and its output matches
	local want=$1 out rc; shift
	out=$("$@"); rc=$?
	printf '%s\n' "$out"
	[ $rc = 0 ] && grep -qE -- "$want" <<<"$out"
}
from4=$(IFS=,; echo "${CLIENT4[*]:0:20}") from6=$(IFS=,; echo "${CLIENT6[*]:0:20}")

check "peer: IPv4" says "^peer=$O4 peerport=80 own=$C4 .* src=$C4 .*dst=$O4 dport=80" probe peer $O4 80
check "peer: IPv6" says "^peer=$O6 peerport=80 own=$C6 .* src=$C6 .*dst=$O6 dport=80" probe peer $O6 80
check "reuse: three connections from one port" says "done=3" probe reuse $O4 80 --bind "$C4,40001" -n 3
check "a late server starts" lab_serve late 7002
check "half: an answer after our FIN" says "status=200 body=1048576 end=eof" probe half $O6 7002 /
check "swarm: IPv4" says "answers=320 foreign=0 errors=0" probe swarm $O4 80 --from "$from4" -n 5
check "swarm: IPv6" says "answers=320 foreign=0 errors=0" probe swarm $O6 80 --from "$from6" -n 5
in_gw nft -f - <<-NFT || die_lab "nft"
	table ip nat {
		chain post { type nat hook postrouting priority 100; oifname "wan0" masquerade; }
	}
NFT
check_not "swarm: another address is noticed" probe swarm $O4 80 --from "$from4" -c 8 -n 2
in_gw nft flush ruleset

check "syn: an open port answers" says "answer=SYN.ACK" probe syn "$C4" 40002 $O4 80
check "syn: a closed port refuses" says "answer=ACK.RST" probe syn "$C6" 40003 $O6 7999
check "ack: a stray one is refused" says "answer=RST" probe ack "$C4" 40004 $O4 80
in_gw nft -f - <<-NFT || die_lab "nft"
	table inet lossy {
		chain forward { type filter hook forward priority 0; tcp dport 7998 drop; }
	}
NFT
check "syn: a dropped one is not answered" says "answer=none" probe syn "$C4" 40005 $O4 7998 --wait 1
check "connect: refused and unanswered ones are told apart" says "made=0 refused=0 unanswered=2" \
	probe connect $O4 7998 -n 2 --wait 1
check "connect: refused" says "made=0 refused=3 unanswered=0" probe connect $O4 7997 -n 3
check "connect: made" says "made=5 refused=0 unanswered=0" probe connect $O6 80 -n 5

check "a banner server starts" lab_serve banner 7001 --file "$LAB/banner.peers"
probe connect $O4 7001 >/dev/null
check "a server notes its peers" wait_for "grep -q 'src=$C4 ' $LAB/banner.peers" 5
check "a banner is sent first" says "220 ready" in_client bash -c "exec 3<>/dev/tcp/$O4/7001; head -n 1 <&3"

probe hold $O4 80 /slow/300M --until "$LAB/stop" >"$LAB/hold" 2>&1 & hold=$!
probe tick $O6 80 --until "$LAB/stop" >"$LAB/tick" 2>&1 & tick=$!
check "hold: the download runs" wait_for "grep -q 'octets=[1-9]' $LAB/hold" 20
check "tick: the first answer" wait_for "grep -q begun $LAB/tick" 20
touch "$LAB/stop"
check "hold: ends when told to" wait $hold
check "tick: ends when told to" wait $tick
check "hold: no error" grep -q 'end=stopped' "$LAB/hold"
check "tick: no error" grep -qE 'answers=[1-9][0-9]* .*end=stopped' "$LAB/tick"

probe tick $O4 80 --until "$LAB/never" >"$LAB/tick" 2>&1 & tick=$!
check "tick: runs" wait_for "in_client ss -Htn state established 'dport = :80' | grep -q ." 10
kill "$(cat "$LAB/nginx.pid")"
check_not "tick: a cut connection is noticed" wait $tick
finish
