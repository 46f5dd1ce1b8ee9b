#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A worker that is there but does not work is as good as dead: the failure policies rule until it shows life again, and
# one that stays so is replaced. One that has too much to do is spared: on_overload rules till it has less.
#
#   client  ----  gateway: a stopped worker, a stopped thread, a full one  ----  origin
. "$(dirname "$0")/proxy.inc"
lab_up
daemon_conf <<-CONF
	workers: 2
	heartbeat: $(by_size 1s 4s)
	hang_timeout: 1h
	limits: {sessions: 40}
	http: {header_timeout: 10m}
	ports:
	  - {name: open, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: closed, listen: 8081, mode: full, match: {ports: [8000]}, on_failure: closed, on_overload: closed}
	  - {name: reset, listen: 8082, mode: inbound, match: {ports: [443]}, on_failure: reset}
CONF
check "the daemon starts" daemon_start || finish
all_intercepted() {	# WHEN
	local to
	for to in $O4 $O6; do
		check "$1: $to:80" wait_for "intercepted $to 80 src=$(client_of $to)" 20
		check "$1: $to:8000" intercepted $to 8000 src="$(client_of $to)"
		check "$1: $to:443" intercepted $to 443 src="$(gw_of $to)"
	done
}
by_policy() {	# WHEN
	local to
	check "$1: noticed" wait_for "direct $O4 80 -- --connect-timeout 0.5 -m 1" 20
	for to in $O4 $O6; do
		check "$1: the next connection reaches $to:80 directly" direct $to 80 -- --connect-timeout "$(by_size 0.9 10)"
		check "$1: closed, $to:8000 is not answered" says "made=0 refused=0 unanswered=1" probe connect $to 8000 --wait 2
		check "$1: reset, $to:443 is refused" says "made=0 refused=1 unanswered=0" probe connect $to 443
	done
}
# freeze TID: stops one thread of a process, as a deadlock would, until stdin ends
freeze() {
	/usr/bin/python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
tid = int(sys.argv[1])
for request in (0x4206, 0x4207):	# PTRACE_SEIZE, PTRACE_INTERRUPT
    if libc.ptrace(request, tid, 0, 0):
        sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(tid, 0x40000000)
print("frozen", flush=True)
sys.stdin.read()' "$1"
}

all_intercepted "alive"
worker=$(worker_pid)
kill -STOP "$worker"
by_policy "stopped"
kill -CONT "$worker"
all_intercepted "continued"
check "continued: the same worker" test "$(worker_pid)" = "$worker"
check "both are said" eval 'says "shows? no life|heartbeats? (is|are) missing|has failed" daemon_log && says "life again|heartbeats? (is|are) back|alive again" daemon_log'

# one thread of the worker, the youngest of them or any: each has its part of the connections
mkfifo "$LAB/frozen"
thread=$(ls "/proc/$worker/task" | sed -n 2p)
freeze "$thread" <"$LAB/frozen" >"$LAB/freeze" 2>&1 & freezer=$!
exec 8>"$LAB/frozen"
check "one thread is stopped" wait_for 'grep -q frozen "$LAB/freeze"' 20
check "one thread: noticed, nobody hangs" wait_for "direct $O4 80 -- --connect-timeout 0.5 -m 1" 20
exec 8>&-
wait $freezer
all_intercepted "the thread goes on"

sed -i 's/hang_timeout: 1h/hang_timeout: 2s/' "$LAB/tiphares.yaml"
kill -HUP "$daemon_pid"
check "another hang_timeout" wait_for "ctl --json status | grep -q '\"reloads\": 1'" 20
kill -STOP "$worker"
check "stopped for long: replaced" wait_for '[ -n "$(worker_pid)" ] && [ "$(worker_pid)" != "$worker" ]' 40
all_intercepted "replaced"

# alive, but out of descriptors: what waits is not taken. At first that is an overload, then it is a failure.
worker=$(worker_pid)
limits=$(sed -n 's/^Max open files *\([0-9]*\) *\([0-9]*\) .*/\1:\2/p' "/proc/$worker/limits")
# whoever it runs as may change its limits, root may not everywhere
as_worker() { setpriv --reuid "$(stat -c %u "/proc/$worker")" --regid "$(stat -c %g "/proc/$worker")" --clear-groups "$@"; }
check "its limit is lowered" as_worker prlimit --pid "$worker" --nofile=1:"${limits#*:}"
for to in $O4 $O6; do
	rm -f "$LAB/go"
	probe connect $to 443 -n 3 --hold "$LAB/go" >"$LAB/connect.$to" 2>&1 & eval "held_${to//[.:]/_}=\$!"
done
check "out of descriptors: noticed, on_overload rules" wait_for "says 'made=0 refused=0 unanswered=1' probe connect $O4 8000 --wait 2" 20
check "out of descriptors: soon on_failure does" wait_for "says 'made=0 refused=1 unanswered=0' probe connect $O4 443" 20
by_policy "out of descriptors"
check "out of descriptors: that is said" says 'the worker does not accept' daemon_log
check "out of descriptors: it is the same worker" kill -0 "$worker"
check "its limit is raised" as_worker prlimit --pid "$worker" --nofile="$limits"
touch "$LAB/go"
for to in $O4 $O6; do eval "wait \$held_${to//[.:]/_}"; done
all_intercepted "descriptors again"
check "descriptors again: the same worker" test "$(worker_pid)" = "$worker"
check "descriptors again: that is said" says 'the worker accepts again' daemon_log
overloads=$(counter '' overloads)

# a full one: 36 of 40 are 90 %
for to in $O4 $O6; do
	rm -f "$LAB/go"
	probe connect $to 80 -n 37 --hold "$LAB/go" >"$LAB/connect" 2>&1 & held=$!
	check "$to, overload: noticed" wait_for "direct $to 80" 20
	check "$to, overload: connections are forwarded at once" direct $to 80 -- --connect-timeout "$(by_size 0.9 10)"
	check "$to, overload: closed, not answered" says "made=0 refused=0 unanswered=1" probe connect $to 8000 --wait 2
	check "$to, overload: those that were there stay" wait_for "! flows_are 0" 10
	touch "$LAB/go"
	wait $held
	check "$to, no overload any more: intercepted" wait_for "intercepted $to 80 src=$(client_of $to)" 20
	check "$to, no overload any more: the other port" wait_for "intercepted $to 8000" 20
done
check_eq "overloads are counted" $((overloads + 2)) "$(counter '' overloads)"
check "why is said" says 'overload: sessions: new connections go by on_overload' daemon_log
check_eq "no session was refused" 0 "$(counter '' sessions_refused_limit)"
finish
