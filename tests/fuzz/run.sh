#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh PROGRAM SECONDS DICTIONARY CORPUS: fuzz for that long, from the seeds in CORPUS and what earlier runs found.
# TAP: one result; not ok when there is a finding, or when hardly anything was tried. A finding stays in CORPUS.findings/.
set -u
program=$1 seconds=$2 dictionary=$3 corpus=$4
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mkdir -p "$corpus.found" "$corpus.findings"
echo "TAP version 13"
timeout -k 10 $((seconds + 120)) "$program" -max_total_time="$seconds" -max_len=2048 -timeout=10 -rss_limit_mb=2048 \
	-dict="$dictionary" -artifact_prefix="$corpus.findings/" -print_final_stats=1 -verbosity=0 \
	"$corpus.found" "$corpus" >"$log" 2>&1
status=$?
tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
verdict=ok
[ $status = 0 ] && [ "${tried:-0}" -ge 1000 ] || verdict="not ok"
echo "$verdict 1 - ${program##*/}: ${tried:-0} inputs in $seconds s"
[ "$verdict" = ok ] || { echo "# ended with status $status"; tail -n 40 "$log" | sed 's/^/# /'; }
echo "1..1"
[ "$verdict" = ok ]
