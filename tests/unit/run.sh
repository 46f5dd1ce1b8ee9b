#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh PROGRAM LOG: run a unit test; its TAP goes to LOG, what failed to the screen. A program that dies, or
# says less than its plan, leaves a result that is not ok. The exit status is 0 either way: the count decides.
set -u
program=$1 log=$2
mkdir -p "${log%/*}"
timeout -k 5 "${UNIT_TIMEOUT:-300}" "$program" >"$log" 2>&1
status=$?
if [ $status -gt 1 ]; then
	results=$(grep -cE '^(not )?ok ' "$log")
	echo "not ok $((results + 1)) - ${program##*/} ended with status $status" >>"$log"
	echo "1..$((results + 1))" >>"$log"
fi
failed=$(grep -c '^not ok ' "$log")
echo "${log##*/}: $(grep -c '^ok ' "$log") ok, $failed not ok"
[ "$failed" = 0 ] || grep -A4 '^not ok ' "$log" | head -n 60
exit 0
