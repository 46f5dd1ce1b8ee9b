#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes through the proxy is what was sent: bodies of every size and framing, both ways, in bounded memory.
#
#   client  ----  gateway                       ----  origin, nginx
#                 full on :80 of the first origin, inbound on :80 of the second,
#                 outbound on 8082, none on 8083; full also on :7005, where a server swallows or listens only
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
daemon_conf <<-CONF
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80, 7005, 7006], destinations: [$O4, "$O6"]}}
	  - {name: inbound, listen: 8081, mode: inbound, match: {ports: [80], destinations: [$O4B, "$O6B"]}}
	  - {name: outbound, listen: 8082, mode: outbound}
	  - {name: none, listen: 8083, mode: none}
CONF
check "the daemon starts" daemon_start || finish
proxied=0

# MODE FAMILY -> the curl arguments that stand before the path, in $via and $to
route() {
	via=()
	case $1$2 in
	full4) to=$O4 ;; full6) to=$O6 ;;
	inbound4) to=$O4B ;; inbound6) to=$O6B ;;
	outbound4) to=$O4 via=(--noproxy '' -x "http://$G4:8082") ;;
	outbound6) to=$O6 via=(--interface "$C6" --noproxy '' -x "http://[$G6]:8082") ;;
	none4) to=$O4 via=(--noproxy '' -x "http://$G4:8083") ;;
	none6) to=$O6 via=(--interface "$C6" --noproxy '' -x "http://[$G6]:8083") ;;
	esac
	src=$(client_of $to)
	case $1 in inbound | none) src=$(gw_of $to) ;; esac
}

# POST of a file: the origin keeps what it got, to be compared
post_same() {	# FILE CURL ARGS
	local file=$1 got; shift
	got=$(fetch -f -H Expect: -w 'via=%header{via}' "$@" "$(lab_url $to /sink)") || return 1
	case $got in *"via=1.1 tiphares") ;; *) echo "not through the proxy: $got"; return 1 ;; esac
	got=${got##*body=}
	cmp "$file" "${got%% *}" && rm -f "${got%% *}"
}

range_same() {	# URL: octets 5 to 14 of the file 1M
	answer_is 206 -r 5-14 "$1" && fetch -f -r 5-14 -o "$LAB/range" "$1" && head -c 15 "$TIPH_BUILD/www/f/1M" | tail -c 10 | cmp - "$LAB/range"
}

head -c $((50 << 20)) "$TIPH_BUILD/www/f/300M" >"$LAB/post50"
cp "$TIPH_BUILD/www/f/1M" "$LAB/post1"
: >"$LAB/post0"

# every size and framing, one after the other on as few connections as it takes
all_same() {
	local i bad=0 paths=(f/0 f/1 f/1M chunked/1M f/1 chunked/0 close/1M f/0 f/1M)
	for i in "${!paths[@]}"; do
		printf 'url = "%s"\noutput = %s\n' "$(lab_url $to "/${paths[i]}")" "$LAB/all.$i"
	done >"$LAB/all"
	fetch -f -K "$LAB/all" -w '%{http_code} %header{via}\n' "${via[@]}" >"$LAB/all.out"
	[ "$(grep -cx '200 1.1 tiphares' "$LAB/all.out")" = ${#paths[@]} ] || { cat "$LAB/all.out"; bad=1; }
	for i in "${!paths[@]}"; do
		cmp "$LAB/all.$i" "$TIPH_BUILD/www/f/${paths[i]##*/}" || { echo "${paths[i]} is not what was sent"; bad=1; }
	done
	rm -f "$LAB"/all.*
	return $bad
}
origin_mark
for mode in full inbound outbound none; do
	for family in 4 6; do
		route $mode $family
		check "$mode v$family: 0, 1 and 1M, by length, chunked, ended by the connection's end" all_same
		check "$mode v$family: POST of 1 MiB" post_same "$LAB/post1" --data-binary @"$LAB/post1" "${via[@]}"
		proxied=$((proxied + 10))
		check_eq "$mode v$family: all from $src" "$proxied $src" \
			"$(origin_log | grep -c ' via=1.1 tiphares ') $(origin_log | tail -n 10 | cut -d ' ' -f 1 | sort -u | sed 's/src=//' | xargs)"
	done
done

route full 4
check "POST of nothing" post_same "$LAB/post0" --data-binary @"$LAB/post0"
check "POST of 50 MiB" post_same "$LAB/post50" --data-binary @"$LAB/post50"
check "POST of 50 MiB, chunked" post_same "$LAB/post50" -H 'Transfer-Encoding: chunked' --data-binary @"$LAB/post50"
check "POST of 1 MiB after 100 Continue" says 'HTTP/1.1 100 Continue.*' \
	fetch -f -o /dev/null -D - -H 'Expect: 100-continue' --expect100-timeout 60 --data-binary @"$LAB/post1" "$(lab_url $to /sink)"
route inbound 6
check "POST of 50 MiB, IPv6" post_same "$LAB/post50" --data-binary @"$LAB/post50"

for run in $(by_size "full4 full6 inbound4 inbound6 outbound4 outbound6 none4 none6" "full4"); do
	route "${run%?}" "${run#"${run%?}"}"
	check "${run%?} v${run#"${run%?}"}: 300 MiB" same_proxied "$(lab_url $to /f/300M)" 300M "${via[@]}"
done
[ -z "${TIPH_VM:-}" ] || skip "300 MiB in the other modes" "once is enough in an emulated machine"

for to in $O4 $O6; do
	check "HEAD $to" answer_is 200 -I "$(lab_url $to /f/1M)"
	check "HEAD $to: the length" says 'Content-Length: 1048576' fetch -f -I "$(lab_url $to /f/1M)"
	check "204 $to" answer_is 204 "$(lab_url $to /204)"
	tag=$(fetch -f -I "$(lab_url $to /f/1M)" | sed -n 's/^ETag: \(.*\)\r$/\1/p')
	check "304 $to" answer_is 304 -H "If-None-Match: $tag" "$(lab_url $to /f/1M)"
	check "404 $to" answer_is 404 "$(lab_url $to /f/none)"
	check "206 $to" range_same "$(lab_url $to /f/1M)"
	# answers without a body must not take the next answer's octets for one
	for path in /f/1M /204 /f/1M; do
		printf 'url = "%s"\noutput = /dev/null\n' "$(lab_url $to $path)"
	done >"$LAB/three"
	check_eq "HEAD, HEAD of a 204, HEAD on one connection $to" "200 1 tiphares, 204 0 tiphares, 200 0 tiphares, " \
		"$(fetch -I -K "$LAB/three" -w '%{http_code} %{num_connects} %header{via}, ' 2>&1 | sed 's/1\.1 //g')"
	check_eq "GET, 204, GET on one connection $to" "200 1 1048576 tiphares, 204 0 0 tiphares, 200 0 1048576 tiphares, " \
		"$(fetch -K "$LAB/three" -w '%{http_code} %{num_connects} %{size_download} %header{via}, ' 2>&1 | sed 's/1\.1 //g')"
done

# 100 requests on one connection, with bodies of all kinds between them
paths=(/whoami /f/0 /f/1 /204 /chunked/1 /sink)
for to in $O4 $O6B; do
	for ((i = 0; i < 100; i++)); do
		printf 'url = "%s"\noutput = /dev/null\n' "$(lab_url $to "${paths[i % 5]}")"
	done >"$LAB/hundred"
	origin_mark
	fetch -K "$LAB/hundred" -w '%{http_code} %{num_connects}\n' >"$LAB/hundred.out" 2>&1
	check_eq "100 requests on one connection, $to: all answered" 100 "$(grep -cE '^20[04] ' "$LAB/hundred.out")"
	check_eq "100 requests on one connection, $to: one connection" 1 \
		"$(awk '{ n += $2 } END { print n + 0 }' "$LAB/hundred.out")"
	check_eq "100 requests on one connection, $to: through the proxy" 100 "$(origin_log | grep -c ' via=1.1 tiphares ')"
done

# Back-pressure: who reads slowly makes the sender wait, not the daemon's memory grow.
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(worker_pid)/status"; }
within() { [ "$1" -lt "$2" ] || { echo "$1 is not below $2"; return 1; }; }
before=$(rss_kb)
fetch --limit-rate 100k -o /dev/null "$(lab_url $O4 /f/300M)" >/dev/null 2>&1 & slow=$!
check "a slow reader: the download runs" wait_for 'flows_are 1' 10
check "a slow reader: the origin is made to wait" wait_for \
	'[ "$(in_origin ss -Htn state established "sport = :80" | awk "\$2 > 0" | wc -l)" -gt 0 ] && sleep 1 &&
	[ "$(in_origin ss -Htn state established "sport = :80" | awk "\$2 > 0" | wc -l)" -gt 0 ]' 10
check "a slow reader: the daemon's memory stays (kB)" within $(($(rss_kb) - before)) 32768
end_job $slow
check "a server that never reads" lab_serve deaf 7005
before=$(rss_kb)
fetch -o /dev/null -H Expect: --data-binary @"$LAB/post50" "$(lab_url $O4 /sink 7005)" >/dev/null 2>&1 & slow=$!
check "a slow server: the client is made to wait" wait_for \
	'[ "$(in_client ss -Htn state established "dport = :7005" | awk "\$2 > 0" | wc -l)" -gt 0 ]' 10
check "a slow server: the daemon's memory stays (kB)" within $(($(rss_kb) - before)) 32768
end_job $slow
check "and others are served as ever" same_proxied "$(lab_url $O4 /f/1M)" 1M
finish
