#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmod-for.sh KEY BUILD: the module for one of kernel.sh's kernels: BUILD/kmod-KEY/tiphares.ko. Kbuild leaves its
# objects beside the sources, so each kernel has its own copy of them.
set -eu
key=$1 dir=$2/kmod-$1
top=$(cd "$(dirname "$0")/.." && pwd)
headers=$("$top/scripts/kernel.sh" build-dir "$key")

mkdir -p "$dir"
cd "$top"
sources=$(git ls-files -co --exclude-standard Kbuild version.h kmod uapi 2>/dev/null) || sources=''
[ -n "$sources" ] || sources=$(find Kbuild version.h kmod uapi -name '*.[ch]' -o -name 'Kbuild' -o -name Makefile)
# unchanged files keep their time, so that only what changed is compiled; what is gone goes there too
for f in $sources; do
	[ -f "$f" ] || continue
	cmp -s "$f" "$dir/$f" || install -D -m 644 -p "$f" "$dir/$f"
done
(cd "$dir" && find . -type f \( -name '*.c' -o -name '*.h' \) ! -name '*.mod.c') | sed 's,^\./,,' | while read -r f; do
	[ -e "$f" ] || rm -f "$dir/$f"
done
exec make -s -C "$headers" M="$(cd "$dir" && pwd)" modules
