#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh BUILD [-r ROUNDS] [-t SECONDS] [-i IDLE] [-o FILE] [PEER...]: the benchmarks, peers taken in turn, a lab made anew for each.
#
# Every figure goes to BUILD/bench/raw.tsv (round, peer, name, value), the table to BUILD/bench/report.md and stdout; to
# FILE, too, with what machine it was, if nothing failed and nobody else used the machine.
set -u
rounds=3 seconds=5 idle=5000 file=
usage() { sed -n 's/^# \(run.sh BUILD.*\): .*/usage: \1/p' "$0" >&2; exit 2; }
[ $# -gt 0 ] || usage
BENCH_BUILD=$(cd "$1" && pwd) || exit
export BENCH_BUILD
shift
while getopts r:t:i:o: o; do
	case $o in r) rounds=$OPTARG ;; t) seconds=$OPTARG ;; i) idle=$OPTARG ;; o) file=$OPTARG ;; *) usage ;; esac
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

# The open loop is at half of what the best of the others takes in a closed one, the same for all.
calibrate() {
	local best=0 got
	for peer in "${peers[@]}"; do
		case $peer in direct | tiphares*) continue ;; esac
		note "how fast is $peer?"
		lab_up "$out/lab"
		if peer_start "$peer"; then
			in_client "$load" keep -c 64 -t 1 $O4 80 /f/1k >/dev/null
			got=$(value rate "$(in_client "$load" keep -c 64 -t 2 -n 5000000 $O4 80 /f/1k | tail -n 1)")
			best=$(awk "BEGIN { print int(${got:-0} > $best ? ${got:-0} : $best) }")
		fi
		lab_down
	done
	[ "$best" = 0 ] || rate=$((best / 2))
}

machine() {
	echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, $(awk '$1 == "MemTotal:" { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB, Linux $(uname -r), $(. /etc/os-release && echo "$PRETTY_NAME")."
	echo "Peers: $(dpkg-query -W -f '${Package} ${Version}, ' haproxy nginx squid trafficserver 2>/dev/null | sed 's/, $//'), and none (direct)."
}

# what a reader of the table must know
write_file() {
	{
		echo "# This proxy beside others"
		echo
		echo "Written by \`make bench\`; \`bench/lab.inc\` says what is measured, \`bench/run.sh\` how. Proxy: the CPU time of its"
		echo "processes. Gateway: with that of the kernel threads that receive for it. Ratios below 1.00 are in favour of this"
		echo "proxy, but for rates. haproxy-tcp reads no HTTP: it is what copying bytes costs."
		echo
		machine
		echo
		cat "$out/report.md"
	} >"$file"
}

rate=${RATE:-3000}
[ -n "${RATE:-}" ] || calibrate
for ((round = 1; round <= rounds; round++)); do
	for ((k = 0; k < ${#peers[@]}; k++)); do
		peer=${peers[$(((k + round - 1) % ${#peers[@]}))]}
		note "round $round of $rounds: $peer"
		visit
	done
done
"$BENCH/report.py" "$raw" "$rounds rounds of $seconds s, $WORKERS worker, open loop at $rate requests/s, $(nproc) CPUs, Linux $(uname -r)" |
	tee "$out/report.md"
[ "${PIPESTATUS[0]}" = 0 ] || exit 1
[ -n "$file" ] || exit 0
noisy=$(awk '$3 == "noise" && $4 > most { most = $4 } END { printf "%.0f", most }' "$raw")
if [ "$noisy" -gt 10 ] && [ -z "${NOISY:-}" ]; then
	note "$file is left as it was: others used $noisy % of the machine in some round; NOISY=1 writes it all the same"
else
	write_file
fi
