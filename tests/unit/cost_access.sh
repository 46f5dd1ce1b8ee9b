#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cost_access.sh PROGRAM: 10,000 rules about hosts cost a question no more than 10, in instructions, which no machine's
# load changes. A list that is walked would cost hundreds of times as much.
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# instructions in access_find() and what it calls
count() {
	valgrind --tool=callgrind --callgrind-out-file="$work/out" --collect-atstart=no --toggle-collect=access_find \
		"$program" "$1" >"$work/said" 2>"$work/err" || return
	sed -n 's/^summary: *//p' "$work/out"
}

echo "TAP version 13"
few=$(count 10) many=$(count 10000)
if [ "${few:-0}" -gt 100000 ] && [ "${many:-0}" -gt 0 ] && [ "$many" -le $((few * 11 / 10)) ]; then
	echo "ok 1 - 10,000 rules cost ${many} instructions for 3,001 questions, 10 cost ${few}"
else
	echo "not ok 1 - 10,000 rules cost ${many:-?} instructions, 10 cost ${few:-?}"
	sed 's/^/# /' "$work/err"
fi
echo "1..1"
[ "$many" -le $((few * 11 / 10)) ]
