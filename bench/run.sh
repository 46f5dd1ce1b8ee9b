#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh BUILD [-r ROUNDS] [-t SECONDS] [-i IDLE] [PEER...]: the benchmarks, peers taken in turn, a lab made anew for each.
#
# Every figure goes to BUILD/bench/raw.tsv (round, peer, name, value), the table to BUILD/bench/report.md and stdout.
set -u
rounds=3 seconds=5 idle=5000
usage() { sed -n 's/^# \(run.sh BUILD.*\): .*/usage: \1/p' "$0" >&2; exit 2; }
[ $# -gt 0 ] || usage
BENCH_BUILD=$(cd "$1" && pwd) || exit
export BENCH_BUILD
shift
while getopts r:t:i: o; do
	case $o in r) rounds=$OPTARG ;; t) seconds=$OPTARG ;; i) idle=$OPTARG ;; *) usage ;; esac
done
shift $((OPTIND - 1))
peers=("$@")
[ $# -gt 0 ] || peers=(direct haproxy-tcp haproxy-http nginx squid ats tiphares)
. "$(dirname "$0")/lab.inc"
[ "$(id -u)" = 0 ] || die "needs root"
for peer in "${peers[@]}"; do [ -e "$BENCH/peers/$peer.sh" ] || die "no such peer: $peer"; done
ulimit -n "$(ulimit -Hn)"
out=$BENCH_BUILD/bench
raw=$out/raw.tsv
: >"$raw"
load=$out/load
trap 'lab_down' EXIT
trap 'exit 1' INT TERM

put() { printf '%s\t%s\t%s\t%s\n' "$round" "$peer" "$1" "$2" >>"$raw"; }
calc() { awk "BEGIN { printf \"%.6f\", $1 }"; }
value() { tr ' ' '\n' <<<"$2" | sed -n "s/^$1=//p"; }	# NAME LINE
add_failed() { errors=$((errors + ${1:-1})); }

# measure CMD...: runs it; its last line in $line, and what was spent meanwhile, in microseconds: $proxy, $gateway
measure() {
	local p r l b w
	p=$(usec peer) r=$(receive_usec gw) l=$(lab_usec) b=$(busy_usec) w=$(date +%s%N)
	line=$("$@" | tail -n 1)
	proxy=$(($(usec peer) - p))
	gateway=$((proxy + $(receive_usec gw) - r))
	wall=$((($(date +%s%N) - w) / 1000))
	noise=$((noise + $(busy_usec) - b - ($(lab_usec) - l)))
	noise_of=$((noise_of + wall * $(nproc)))
}
lab_usec() { echo $(($(usec peer) + $(usec client) + $(usec origin) + $(usec other) + $(receive_usec gw) + $(receive_usec ends))); }
per() {	# NAME COUNT UNIT: CPU seconds for UNIT of what COUNT was done
	[ "$2" -gt 0 ] || return 0
	put "$1_proxy" "$(calc "$proxy / 1e6 * $3 / $2")"
	put "$1_gateway" "$(calc "$gateway / 1e6 * $3 / $2")"
}
times() { local t; for t in p50 p99 p999; do put "$1_$t" "$(value ${t}_ms "$line")"; done; }
memory() {
	local p sum=0
	for p in $(pids_of peer); do sum=$((sum + $(awk '$1 == "Pss:" { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null || echo 0))); done
	echo $((sum * 1024))
}
foreign() {	# connections to the origin that are not from the client's address, now
	in_origin ss -Htn state established 'sport = :80' | awk -v own="$C4" '{ sub(/:[0-9]+$/, "", $4); if ($4 != own) n++ } END { print n + 0 }'
}

idle_clients() {
	local before after
	in_client "$load" keep -c 4 -t 1 $O4 80 /f/1k >/dev/null
	before=$(memory)
	mkfifo "$LAB/hold"
	in_client "$load" idle -c "$idle" -t 300 $O4 80 /f/1k <"$LAB/hold" >"$LAB/idle" &
	exec 9>"$LAB/hold"
	wait_for "grep -q held '$LAB/idle'" 120
	# what was lent for the requests is given back within a moment
	wait_for "! in_gw ss -Htin state established | grep -q unacked" 2
	after=$(memory)
	line=$(grep held "$LAB/idle")
	put idle_held "$(value held "$line")"
	[ "$(value held "$line")" = 0 ] || put idle_octets "$(calc "($after - $before) / $(value held "$line")")"
	exec 9>&-
	wait $!
	add_failed "$(value closed "$(grep closed "$LAB/idle")")"
	rm "$LAB/hold"
}
keep_alive() {
	in_client "$load" keep -c 64 -t 1 $O4 80 /f/1k >/dev/null
	measure in_client "$load" keep -c 64 -t "$seconds" -n 5000000 $O4 80 /f/1k
	per keep "$(value ok "$line")" 100000
	put keep_rate "$(value rate "$line")"
	add_failed "$(value failed "$line")"
	put foreign "$(foreign)"
}
open_loop() {
	measure in_client "$load" keep -c 128 -t "$seconds" -n $((rate * seconds)) -r "$rate" $O4 80 /f/1k
	times open
	add_failed "$(value failed "$line")"
}
connections() {
	measure in_client "$load" close -c 32 -t "$seconds" -n 1000000 $O4 80 /f/1k
	per close "$(value ok "$line")" 100000
	put close_rate "$(value rate "$line")"
	times close
	add_failed "$(value failed "$line")"
	# the same once more, with all those pairs in TIME_WAIT
	put time_wait "$(in_gw ss -Htan state time-wait | wc -l)"
	measure in_client "$load" close -c 32 -t "$seconds" -n 1000000 $O4 80 /f/1k
	per late "$(value ok "$line")" 100000
	add_failed "$(value failed "$line")"
}
download() { in_client curl -s -m 60 -o /dev/null -w '%{http_code} %{size_download}\n' "http://$O4/f/100m"; }
downloads() {
	local end=$((SECONDS + seconds)) n=0 got
	while [ $SECONDS -lt $end ] || [ $n = 0 ]; do
		got=$(download)
		[ "$got" = "200 104857600" ] || { echo "failed=1"; return; }
		n=$((n + 1))
	done
	echo "downloads=$n"
}
bulk() {
	measure downloads
	local n; n=$(value downloads "$line")
	[ -n "$n" ] || { add_failed 1; return; }
	per bulk $((n * 100)) 1024
	put bulk_rate "$(calc "$n * 104.8576 / ($wall / 1e6)")"
}

visit() {
	local errors=0 noise=0 noise_of=1 line proxy gateway wall
	lab_up "$out/lab"
	if ! peer_start "$peer"; then
		put failed 1
	else
		[ "$idle" = 0 ] || [ "$peer" = direct ] || idle_clients
		keep_alive
		open_loop
		connections
		bulk
		put errors "$errors"
		put noise "$(calc "100 * $noise / $noise_of")"
		[ "$peer" = direct ] || [ -n "$(pids_of peer)" ] || put failed 1
	fi
	lab_down
}

# half of what the slowest of the usual peers takes, so that nobody is saturated
rate=${RATE:-3000}
for ((round = 1; round <= rounds; round++)); do
	for ((k = 0; k < ${#peers[@]}; k++)); do
		peer=${peers[$(((k + round - 1) % ${#peers[@]}))]}
		note "round $round of $rounds: $peer"
		visit
	done
done
"$BENCH/report.py" "$raw" "$rounds rounds of $seconds s, $WORKERS worker, open loop at $rate requests/s, $(nproc) CPUs, Linux $(uname -r)" |
	tee "$out/report.md"
