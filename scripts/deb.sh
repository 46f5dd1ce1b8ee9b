#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deb.sh OUT: Debian packages of this tree, into OUT. They are built in a copy of what git knows, so that nothing of
# earlier builds gets into them.
set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
rm -rf "$out"
mkdir -p "$out/source"
if git rev-parse -q --git-dir >/dev/null 2>&1; then
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done
else
	find . -path ./build -prune -o -type f -print0
fi | tar -c --null -T - | tar -x -C "$out/source"
cd "$out/source"
dpkg-buildpackage -b -us -uc >"$out/build.log" 2>&1 || { tail -n 30 "$out/build.log" >&2; echo "deb: see $out/build.log" >&2; exit 1; }
ls "$out"/*.deb
