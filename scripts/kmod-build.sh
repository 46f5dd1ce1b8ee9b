#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmod-build.sh HEADERS OUT [MAKE ARGS]: the module against these kernel headers: OUT/tiphares.ko. Kbuild leaves its
# objects beside the sources, so OUT holds a copy of them: any number of kernels, and a clean tree.
set -eu
headers=$1 out=$(realpath -m "$2"); shift 2
cd "$(dirname "$0")/.."
mkdir -p "$out"

sources() { find Kbuild version.h kmod uapi -type f \( -name '*.[chS]' -o -name Kbuild -o -name Makefile \); }

# unchanged files keep their time, so that only what changed is compiled; what is gone goes there too
sources | while read -r f; do
	cmp -s "$f" "$out/$f" || install -D -m 644 "$f" "$out/$f"
done
(cd "$out" && sources) | grep -v '\.mod\.c$' | while read -r f; do
	[ -e "$f" ] || rm -f "$out/$f"
done
exec scripts/kbuild.sh "$headers" "$out" "$@"
