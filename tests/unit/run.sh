#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh LOG PROGRAM...: run unit tests, as many at once as there are CPUs (TIPH_JOBS). LOG gets KTAP, in the order of
# the programs: a result for each, its own results nested before it. A program that dies or takes too long is not ok,
# whatever it said before.
#
# What failed is shown on the screen. The exit status is 0 either way: who counts the log decides.
set -u
log=$1
shift
mkdir -p "${log%/*}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jobs=${TIPH_JOBS:-$(nproc)}

run_one() { # NUMBER PROGRAM
	local name=${2#*build/} status verdict=ok out=$work/$1.out
	timeout -k 5 "${UNIT_TIMEOUT:-300}" "$2" >"$out" 2>&1
	status=$?
	[ $status = 0 ] || verdict="not ok"
	{
		sed 's/^/  /' "$out"
		echo "$verdict $1 - $name"
		[ $status -le 1 ] || echo "# $name ended with status $status"
	} >"$work/$1.log"
	{
		echo "$name: $(grep -c '^ok ' "$out") ok, $(grep -c '^not ok ' "$out") not ok"
		[ $status = 0 ] || grep -A4 '^not ok ' "$out" | head -n 60
		[ $status -le 1 ] || { echo "ended with status $status"; tail -n 30 "$out"; }
	} >"$work/$1.said"
	cat "$work/$1.said" >&2
	rm -f "$out"
}

i=0
for program; do
	[ "$(jobs -rp | wc -l)" -lt "$jobs" ] || wait -n
	i=$((i + 1))
	run_one $i "$program" &
done
wait
{
	echo "KTAP version 1"
	echo "1..$#"
	for ((i = 1; i <= $#; i++)); do
		cat "$work/$i.log"
	done
} >"$log"
