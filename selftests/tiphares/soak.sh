#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Mixed load for long: what the daemon and the kernel hold for it stays the same. TIPH_SOAK_SECONDS says how long
# (make soak); without it a minute, which shows that the scenario works, not that nothing leaks.
#
#   client: new connections, kept ones, downloads, uploads, who gives up, who holds  ----  gateway  ----  origin
. "$(dirname "$0")/survive.inc"
seconds=${TIPH_SOAK_SECONDS:-60}
lab_up
write_conf() {
	daemon_conf <<-CONF
		workers: 2
		ports:
		  - {name: web, listen: $1, mode: full, match: {ports: [80]}}
		  - {name: in, listen: 8300, mode: inbound, match: {ports: [8000]}}
		  - {name: asked, listen: 8301, mode: none}
	CONF
}
write_conf 8080
check "the daemon starts" daemon_start || finish
worker=$(worker_pid)

# the field of /proc/PID/status in KiB; descriptors; what the kernel can't give back, in KiB
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
fds() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
slab() { sed -n 's/^SUnreclaim:[^0-9]*\([0-9]*\) kB/\1/p' /proc/meminfo; }
sample() { echo "$SECONDS $(rss "$daemon_pid") $(rss "$worker") $(fds "$daemon_pid") $(fds "$worker") $(slab)" >>"$LAB/samples"; }

round() {	# one of each
	local to
	for to in $O4 $O6; do
		get_same "$(lab_url $to /slow/1M)" 1M >/dev/null
		get_same "$(lab_url $to /chunked/1M 8000)" 1M >/dev/null
		fetch -o /dev/null --data-binary "@$TIPH_BUILD/www/f/1M" "$(lab_url $to /sink)"
		fetch -m 0.5 -o /dev/null "$(lab_url $to /slow/300M 8000)"
		fetch -o /dev/null --noproxy '' -p -x "http://$G4:8301" "$(lab_url $to /f/1M)"
		rm -f "$LAB/go"
		probe connect $to 80 -n 30 --hold "$LAB/go" >/dev/null & held=$!
		fetch -o /dev/null "$(lab_url $to /f/1M)"
		touch "$LAB/go"
		wait $held
	done 2>/dev/null
}
probe tick $O4 80 --until "$LAB/stop" >"$LAB/tick" 2>&1 & tick=$!
load_start "$(by_size 100 15)"
end=$((SECONDS + seconds)) n=0 reloads=0
while [ $SECONDS -lt $end ]; do
	round
	n=$((n + 1))
	if [ $((n % 4)) = 0 ]; then
		reloads=$((reloads + 1))
		write_conf $((8080 + reloads % 100))
		kill -HUP "$daemon_pid"
		wait_for "status_is \"j['reloads'] == $reloads\"" 20 || break
		ctl bypass add destination=$O4C port=$((reloads % 1000 + 1)) ttl=10s
	fi
	sample
done
touch "$LAB/stop"
check "the kept connection answered all the time" wait $tick
load_stop
check_eq "no connection failed" 0 "$(load_unexcused)"
check "it was one worker" test "$(worker_pid)" = "$worker"
diag "$n rounds, $reloads reloads in $seconds s"
# flat NAME COLUMN SLACK: the least of the last quarter is not above the least of the second one by more
flat() {
	local got
	got=$(awk -v c="$2" '{ v[NR] = $c } END {
		for (i = int(NR / 4) + 1; i <= NR / 2; i++) if (!a || v[i] < a) a = v[i]
		for (i = int(NR * 3 / 4) + 1; i <= NR; i++) if (!b || v[i] < b) b = v[i]
		print a + 0, b + 0 }' "$LAB/samples")
	diag "$1: ${got% *} in the second quarter, ${got#* } in the last"
	check "$1 stay the same" test "${got#* }" -gt 0 -a "${got#* }" -le $((${got% *} + $3))
}
flat "kilobytes of the parent" 2 512
flat "kilobytes of the worker" 3 2048
flat "descriptors of the parent" 4 2
flat "descriptors of the worker" 5 20
# of the whole machine: natively others use it as well
flat "kilobytes of slabs" 6 "$(by_size 65536 4096)"
finish
