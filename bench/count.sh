#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# count.sh BUILD: what a request and a connection cost the daemon in instructions, allocations and system calls.
#
# A namespace of its own, a port without transparency, one client: each request is read, forwarded on a kept connection
# and answered by itself, so that counts do not depend on the machine or its load. Each is the difference of two runs, of
# which one has more requests. Figures go to BUILD/bench/count.tsv; bench/count.txt has those that must not be exceeded.
set -eu
BUILD=$(cd "$1" && pwd)
BENCH=$(cd "$(dirname "$0")" && pwd)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
if [ -z "${COUNT_INSIDE:-}" ]; then
	COUNT_INSIDE=1 exec unshare -n "$0" "$@"
fi
LAB=$BUILD/bench/count
load=$BUILD/bench/load
daemon=$BUILD/count/tipharesd
base=100 more=1000
rm -rf "$LAB"
mkdir -p "$LAB/tmp"
chmod 777 "$LAB" # the worker writes what valgrind found
ip link set lo up
pids=()
end_all() { local p; for p in "${pids[@]}"; do kill -KILL "$p" 2>/dev/null || true; done; }
trap end_all EXIT
wait_for() { local end=$((SECONDS + 60)); while ! eval "$1" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || { echo "count: waited in vain for: $1" >&2; exit 1; }; sleep 0.05; done; }

sed -e "s,@LAB@,$LAB,g" -e "s,@WWW@,$BUILD/bench/www,g" "$BENCH/origin.conf.in" >"$LAB/origin.conf"
nginx -c "$LAB/origin.conf" -e "$LAB/origin.log" -g 'daemon off;' 2>"$LAB/origin.err" & pids+=($!)
cat >"$LAB/tiphares.yaml" <<-YAML
	datapath: nft
	user: nobody
	workers: 1
	ports: [{name: count, listen: "127.0.0.1:8080", mode: none}]
	routes: [{host: "*", to: ["127.0.0.1:80"]}]
	http: {idle_timeout: 300s}
	log: {access: {to: off}, level: error}
	admin: {socket: $LAB/admin.sock}
YAML
wait_for "[ -n \"\$(ss -Hltn 'sport = :80')\" ]"

# run NAME KEEP CLOSE COMMAND...: so many requests on one connection, so many on one each
run() {
	local name=$1 keep=$2 close=$3; shift 3
	"$@" "$daemon" -c "$LAB/tiphares.yaml" --foreground >"$LAB/$name.out" 2>&1 </dev/null & local pid=$!
	pids+=("$pid")
	wait_for "[ -n \"\$(ss -Hltn 'sport = :8080')\" ]"
	"$load" keep -c 1 -t 300 -n "$keep" 127.0.0.1 8080 /f/1k >"$LAB/$name.keep"
	grep -q "ok=$keep .*failed=0" "$LAB/$name.keep" || { cat "$LAB/$name.keep"; exit 1; }
	if [ "$close" -gt 0 ]; then
		"$load" close -c 1 -t 300 -n "$close" 127.0.0.1 8080 /f/1k >"$LAB/$name.close"
		grep -q "ok=$close .*failed=0" "$LAB/$name.close" || { cat "$LAB/$name.close"; exit 1; }
	fi
	"$BUILD/tipharesctl" --admin "$LAB/admin.sock" drain >/dev/null 2>&1 || true
	local tracee
	tracee=$(pgrep -P "$pid" -f tipharesd | head -n 1 || true)
	kill -TERM "${tracee:-$pid}" 2>/dev/null || true
	wait "$pid" || true
}
grind() { run "$1" "$2" "$3" valgrind -q --tool=callgrind --vgdb=no --trace-children=yes --callgrind-out-file="$LAB/$1.grind.%p"; }
trace() { run "$1" "$2" "$3" strace -f -qq -o "$LAB/$1.strace"; }

for kind in grind trace; do
	$kind $kind-base $base 0
	$kind $kind-keep $((base + more)) 0
	$kind $kind-close $base $more
done
"$BENCH/count.py" "$LAB" $more "$BENCH/count.txt" "$BUILD/bench/count.tsv"
