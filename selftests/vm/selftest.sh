#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# selftest.sh [KEY...]: does the runner fail when it should, and say why? A machine for each kind of failure;
# then the same for the count of results.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
top=$(cd "$here/../.." && pwd)
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ $# -gt 0 ] || set -- 6.1
work=$(mktemp -d)
lab_exit_more() { rm -rf "$work"; }


# ends KEY CODE REGEX OPTIONS... -- SCRIPT-TEXT: the run ends with CODE, what it says matches
ends() {
	local key=$1 code=$2 regex=$3 options=() rc; shift 3
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	printf '%s\n' "$2" >"$work/script.sh"
	TIPH_BUILD=$work "$here/run.sh" --kernel "$key" --timeout 60 "${options[@]}" "$work/script.sh" >"$work/out" 2>&1
	rc=$?
	cat "$work/out"
	[ $rc = "$code" ] || { echo "run.sh ended with $rc, wanted $code"; return 1; }
	grep -qE -- "$regex" "$work/out" || { echo "nothing matches: $regex"; return 1; }
}

with_grace() { local TIPH_VM_GRACE=$1; shift; export TIPH_VM_GRACE; "$@"; }

counts() {	# counts CODE LINE TEXT...: ktap-count of a log of these lines
	local code=$1 line=$2 rc; shift 2
	[ $# = 0 ] && rm -f "$work/log" || printf '%s\n' "$@" >"$work/log"
	"$here/../ktap-count" "$work/log" >"$work/out"
	rc=$?
	cat "$work/out"
	[ $rc = "$code" ] && [ "$(tail -n 1 "$work/out")" = "$line" ]
}

head='TAP version 13'
check "count: a plain log" counts 0 "2 passed, 0 failed, 1 skipped" "$head" 1..3 "ok 1 a" "ok 2 b # SKIP no c" "ok 3 d"
check "count: not ok" counts 1 "1 passed, 1 failed, 0 skipped" "$head" 1..2 "ok 1 a" "not ok 2 b"
check "count: only skipped is not success" counts 1 "0 passed, 0 failed, 1 skipped" "$head" 1..1 "ok 1 a # SKIP"
check "count: nested results stand for their file" counts 0 "2 passed, 0 failed, 0 skipped" \
	"$head" 1..1 "# $head" "# ok 1 a" "# ok 2 b" "# 1..2" "ok 1 selftests: x"
check "count: KTAP's own nesting" counts 1 "1 passed, 1 failed, 0 skipped" \
	"KTAP version 1" 1..1 "  KTAP version 1" "  1..2" "  ok 1 a" "  not ok 2 b" "not ok 1 x"
check "count: a file that fails with all its results ok" counts 1 "1 passed, 1 failed, 0 skipped" \
	"$head" 1..1 "# $head" "# ok 1 a" "# 1..1" "not ok 1 selftests: x # exit=139"
check "count: a file skipped as a whole" counts 1 "0 passed, 0 failed, 1 skipped" \
	"$head" 1..1 "# $head" "# 1..0 # SKIP needs root" "ok 1 selftests: x # SKIP"
check "count: nested results missing" counts 1 "1 passed, 1 failed, 0 skipped" \
	"$head" 1..1 "# $head" "# 1..3" "# ok 1 a" "ok 1 selftests: x"
check "count: a file missing" counts 1 "1 passed, 1 failed, 0 skipped" "$head" 1..2 "ok 1 a"
check "count: no plan" counts 1 "1 passed, 1 failed, 0 skipped" "$head" "ok 1 a"
check "count: a diagnosis is no result" counts 0 "1 passed, 0 failed, 0 skipped" "$head" 1..1 "# ok 7 said the test" "ok 1 a"
check "count: ended within a file" counts 1 "1 passed, 2 failed, 0 skipped" "$head" 1..1 "# $head" "# ok 1 a"
check "count: no log" counts 1 "0 passed, 1 failed, 0 skipped"

for key; do
	mkdir "$work/bad-$key"
	cp "$here/bad.c" "$work/bad-$key/"
	echo 'obj-m := bad.o' >"$work/bad-$key/Kbuild"
	check "$key: the defective module is built" make -s -C "$("$top/scripts/kernel.sh" build-dir "$key")" M="$work/bad-$key" modules
	bad="insmod $work/bad-$key/bad.ko what"

	check "$key: a good run passes" ends "$key" 0 "^said: $key" -- "echo said: \$TIPH_KERNEL"
	check "$key: the guest cannot write the host" ends "$key" 0 "^wrote it" -- "echo x >$work/written && echo wrote it"
	check_not "$key: nothing was written" test -e "$work/written"
	check "$key: a failing script" ends "$key" 1 "FAILED: .*the script ended with 3" -- "exit 3"
	check "$key: a script that never ends" ends "$key" 1 "did not end within 3 s" --timeout 3 -- "sleep 1000"
	check "$key: no token" ends "$key" 6 "the closing token is missing" -- "/run/vmexit 16"
	check "$key: a token made up" ends "$key" 6 "the closing token is missing" -- \
		"echo '# vm: done 0123456789abcdef rc=0 leaks=none tainted=0'; /run/vmexit 16"
	check "$key: power off" ends "$key" 6 "the closing token is missing" -- "echo o >/proc/sysrq-trigger; sleep 1000"
	check "$key: a warning" ends "$key" 3 "the kernel panicked \(in here\): .*WARNING: " -- "echo MARK here >/dev/kmsg; $bad=warn"
	check "$key: a warning that does not panic" ends "$key" 3 "the kernel complained.*WARNING: " --append panic_on_warn=0 -- "$bad=warn"
	check "$key: an oops" ends "$key" 3 "the kernel panicked.*BUG: kernel NULL pointer" -- "$bad=oops"
	check "$key: a loop in the kernel" ends "$key" 3 "soft lockup" --smp 1 -- "sysctl -q kernel.watchdog_thresh=2; $bad=loop"
	check "$key: a write after free" ends "$key" 3 "the kernel (panicked|complained).*(Poison overwritten|corrupt)" --append slub_debug=FZPU -- \
		"$bad=stale; for s in /sys/kernel/slab/*kmalloc*-64/validate; do echo 1 >\$s; done; true"
	check "$key: a machine that hangs" with_grace 15 ends "$key" 5 "the machine hung" --timeout 5 -- "$bad=hang; sleep 1000"
	check "$key: no user space" ends "$key" 2 "did not reach user space in 3 tries" --append rdinit=/none -- true
done
finish
