#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lint.sh checkpatch|cppcheck|tidy: what an analyser has to say about the tree, a line each, without what
# scripts/lint-exceptions lets pass. Silence is approval. An exception that nothing needs is a complaint, too.
#
# LINT_CFLAGS: what the userspace sources are compiled with.
set -u
cd "$(dirname "$0")/.." || exit 1
tool=${1:-}
jobs=${TIPH_JOBS:-$(nproc)}

# "FILE:LINE: CHECK: TEXT" on stdin; a row of the list: TOOL CHECK FILES (a glob) -- REASON
apply_exceptions() {
	python3 -c '
import fnmatch, re, sys
rows = []
for n, line in enumerate(open("scripts/lint-exceptions"), 1):
    if not line.strip() or line.startswith("#"):
        continue
    what, dashes, reason = line.partition(" -- ")
    words = what.split()
    if len(words) != 3 or not reason.strip():
        print(f"scripts/lint-exceptions:{n}: not TOOL CHECK FILES -- REASON")
    elif words[0] == sys.argv[1]:
        rows.append([words[1], words[2], n, 0])
for line in sys.stdin:
    m = re.match(r"([^:]+):\d+: ([^:]+): ", line)
    hit = m and [r for r in rows if r[0] == m.group(2) and fnmatch.fnmatch(m.group(1), r[1])]
    for row in hit or []:
        row[3] += 1
    if not hit:
        print(line, end="")
for check, files, n, hits in rows:
    if not hits:
        print(f"scripts/lint-exceptions:{n}: nothing needs the exception {check} {files}")' "$1"
}

run_checkpatch() {
	local files
	files=$(find kmod uapi -name '*.[ch]') || return
	# shellcheck disable=SC2086
	scripts/checkpatch.sh --strict $files 2>&1 | sed -E 's/^([^:]+:[0-9]+): [A-Z]+:([A-Z_0-9]+): /\1: \2: /'
}

run_cppcheck() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability -j"$jobs" -D_GNU_SOURCE -I. -Iuapi \
		--library=posix --library=gnu --library=scripts/cppcheck.cfg --suppress=missingIncludeSystem \
		--template='{file}:{line}: {id}: {message}' daemon ctl 2>&1
}

# What is left out is taste: two parameters of one type, strcmp() as a condition, sizeof of a pointer in an array's
# size, branches alike, products of small constants, brackets around the names of types, and Annex K functions.
checks='-*,clang-analyzer-*,bugprone-*,performance-*
,-bugprone-easily-swappable-parameters,-bugprone-suspicious-string-compare,-bugprone-sizeof-expression,-bugprone-branch-clone
,-bugprone-implicit-widening-of-multiplication-result,-bugprone-macro-parentheses,-bugprone-assignment-in-if-condition
,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-security.insecureAPI.strcpy
,-performance-no-int-to-ptr'

run_tidy() {
	export LINT_CFLAGS checks=${checks//$'\n'/}
	# shellcheck disable=SC2016
	printf '%s\n' daemon/*.c ctl/*.c | xargs -P "$jobs" -n 3 sh -c 'for f; do
		clang-tidy --quiet --checks="$checks" "$f" -- -Wall -Wextra -Wno-unused-parameter $LINT_CFLAGS 2>/dev/null || echo "$f:0: clang-tidy: failed: it ended with $?"
	done' sh | sed -nE -e "s,^$PWD/,," -e 's/^([^ :]+:[0-9]+):[0-9]+: (warning|error): (.*) \[([^]]+)\]$/\1: \4: \3/p' \
		-e '/^[^ :]+:0: /p' | sort -u
}

case $tool in
checkpatch | cppcheck | tidy) run_$tool | apply_exceptions "$tool" ;;
*) sed -n '4,7s/^# \?//p' "$0" >&2; exit 2 ;;
esac
