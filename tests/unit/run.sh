#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh LOG PROGRAM...: run unit tests, one after the other. LOG gets KTAP: a result for each program, its own
# results nested before it. A program that dies or takes too long is not ok, whatever it said before.
#
# What failed is shown on the screen. The exit status is 0 either way: who counts the log decides.
set -u
log=$1
shift
mkdir -p "${log%/*}"
out=$(mktemp)
trap 'rm -f "$out"' EXIT

run_one() { # NUMBER PROGRAM
	local name=${2#*build/} status verdict=ok
	timeout -k 5 "${UNIT_TIMEOUT:-300}" "$2" >"$out" 2>&1
	status=$?
	[ $status = 0 ] || verdict="not ok"
	sed 's/^/  /' "$out"
	echo "$verdict $1 - $name"
	[ $status -le 1 ] || echo "# $name ended with status $status"
	{
		echo "$name: $(grep -c '^ok ' "$out") ok, $(grep -c '^not ok ' "$out") not ok"
		[ $status = 0 ] || grep -A4 '^not ok ' "$out" | head -n 60
		[ $status -le 1 ] || { echo "ended with status $status"; tail -n 30 "$out"; }
	} >&2
}

{
	echo "KTAP version 1"
	echo "1..$#"
	i=0
	for program; do
		run_one $((i += 1)) "$program"
	done
} >"$log"
