#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration itself, where TIPH_DATAPATH says: a client, a gateway and an origin; a download in each mode and
# family; a table of what both ends saw. demo.sh runs it.
. "$(dirname "$0")/../selftests/lib.sh"
file=1M
kept=0 broken=0

seconds() { local ms=$((($(date +%s%N) - $1) / 1000000)); printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100)); }
row() { printf '%-9s  %-3s  %-13s  %-13s  %-17s  %-5s  %-4s  %-18s  %7s  %s\n' "$@"; }

start=$(date +%s%N)
lab_up
echo
printf '   %-14s  %-38s  %s\n' "client" "gateway" "origin" "curl" "tipharesd, datapath $TIPH_DATAPATH" "nginx" \
	"$C4" "lan0 $G4     wan0 $GW4" "$O4, $O4B" "$C6" "     $G6         $GW6" "$O6, $O6B"
echo

daemon_conf <<-CONF
	ports:
	  - {name: full,     listen: 8080, mode: full,    match: {ports: [80], destinations: [$O4, "$O6"]}}
	  - {name: inbound,  listen: 8081, mode: inbound, match: {ports: [80], destinations: [$O4B, "$O6B"]}}
	  - {name: outbound, listen: 8082, mode: outbound}
	  - {name: none,     listen: 8083, mode: none}
CONF
echo "== the lab stands ($(seconds "$start")); the gateway's whole configuration:"
sed -n '/^ports:/,$s/^/   /p' "$LAB/tiphares.yaml"
rules() { echo "$(in_gw nft list ruleset | grep -c .) nft, $(in_gw ip rule | grep -cvE '^(0|32766|32767):') ip rule"; }
before=$(rules)
start=$(date +%s%N)
daemon_start || { tap_finished=1; exit 1; }
echo "== tipharesd serves ($(seconds "$start")); rules on the gateway: none set up by hand ($before), now $(rules)"
ctl status | sed -n '/^version\|^datapath\|^worker/s/^/   /p'
echo
row "" "" "the client" "the origin" "promise:" via "" "SHA-256 against" "" ""
row mode IP "saw as peer" "saw as peer" "the two peers" proxy HTTP "the origin's file" time promise

# download MODE FAMILY PROMISED-CLIENT-PEER PROMISED-ORIGIN-PEER PROMISE PROXY URL [CURL ARGS]
download() {
	local sum mode=$1 family=$2 want_peer=$3 want_src=$4 promise=$5 want_proxy=$6 url=$7 out code peer time seen src proxy same ok; shift 7
	local probe=demo-$mode-$family
	out=$(fetch -o "$LAB/got" -H "X-Probe: $probe" -w '%{http_code} %{remote_ip}|%{remote_port} %{time_total}' "$@" "$url" 2>"$LAB/curl.err")
	read -r code peer time <<<"$out"
	origin_saw "probe=$probe " 5 >/dev/null
	seen=$(origin_log | grep "probe=$probe " | tail -n 1)
	src=$(sed -n 's/^src=\([^ ]*\) .*/\1/p' <<<"$seen")
	proxy=no
	case $seen in *" via=1.1 tiphares "*) proxy=yes ;; esac
	sum=$(sha256sum "$LAB/got" 2>/dev/null)
	same=DIFFERENT
	[ -n "$sum" ] && [ "${sum%% *}" = "$(file_sha $file)" ] && same=equal
	rm -f "$LAB/got"
	ok=BROKEN
	if [ "${peer%|*}" = "$want_peer" ] && [ "$src" = "$want_src" ] && [ "$code" = 200 ] && [ $same = equal ] && [ $proxy = "$want_proxy" ]; then
		ok=kept kept=$((kept + 1))
	else
		broken=$((broken + 1))
	fi
	row "$mode" "v$family" "${peer%|*}" "${src:-nobody}" "$promise" $proxy "${code:-none}" "${sum:0:8}... $same" "$(LC_ALL=C printf '%.2f s' "${time:-0}")" $ok
	[ $ok = kept ] || echo "   wanted: client's peer $want_peer, origin's peer $want_src, through the proxy $want_proxy, 200; $(cat "$LAB/curl.err")"
}
both() {	# MODE PROMISE O4 O6 SRC4 SRC6
	download "$1" 4 "$3" "$5" "$2" yes "$(lab_url "$3" /f/$file)"
	download "$1" 6 "$4" "$6" "$2" yes "$(lab_url "$4" /f/$file)"
}
both_asked() {	# MODE PROMISE PORT SRC4 SRC6
	download "$1" 4 $G4 "$4" "$2" yes "$(lab_url $O4 /f/$file)" --interface "$C4" --noproxy '' -x "http://$G4:$3"
	download "$1" 6 $G6 "$5" "$2" yes "$(lab_url $O6 /f/$file)" --interface "$C6" --noproxy '' -x "http://[$G6]:$3"
}
start=$(date +%s%N)
both full "origin / client" $O4 $O6 "$C4" "$C6"
both inbound "origin / gateway" $O4B $O6B $GW4 $GW6
both_asked outbound "gateway / client" 8082 "$C4" "$C6"
both_asked none "gateway / gateway" 8083 $GW4 $GW6
echo "   (eight downloads: $(seconds "$start"))"

start=$(date +%s%N)
echo
echo "== kill -9 of tipharesd: the next connections go straight to the origin"
daemon_kill
download killed 4 $O4 "$C4" "origin / client" no "$(lab_url $O4 /f/$file)"
download killed 6 $O6 "$C6" "origin / client" no "$(lab_url $O6 /f/$file)"
daemon_start || broken=$((broken + 1))
both restarted "origin / client" $O4 $O6 "$C4" "$C6"
echo "   ($(seconds "$start"))"
daemon_stop || { echo "the daemon did not end well"; broken=$((broken + 1)); }
[ "$TIPH_DATAPATH" = nft ] || mod_unload || { echo "the module did not go"; broken=$((broken + 1)); }
after=$(rules)
[ "$before" = "$after" ] || { echo "rules were left behind: $after"; broken=$((broken + 1)); }
echo
echo "$kept promises kept, $broken broken"
tap_finished=1
[ $broken = 0 ]
exit
