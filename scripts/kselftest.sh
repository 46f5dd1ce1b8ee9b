#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kselftest.sh DIR: the kernel's selftest harness, out of Debian's source package, into DIR. Once: the five
# files are kept outside the tree.
set -u
. "$(dirname "$0")/apt-private.sh"
files="lib.mk kselftest.h kselftest_harness.h kselftest/runner.sh kselftest/prefix.pl"
key=6.1
from=$cache/kselftest-$key
dir=${1:?usage: kselftest.sh DIR}

complete() {
	local f
	for f in $files; do
		[ -s "$1/$f" ] || return
	done
}

if ! complete "$from"; then
	tar=$("$(dirname "$0")/kernel.sh" source $key) || exit
	new=$(mktemp -d "$cache/.new.XXXXXX") || die "cannot write $cache"
	trap 'rm -rf "$new"' EXIT
	# shellcheck disable=SC2086
	tar -xf "$tar" -C "$new" --strip-components=4 --wildcards $(printf '*/tools/testing/selftests/%s ' $files) 2>/dev/null
	complete "$new" || die "the source package does not hold the harness"
	chmod 755 "$new"
	rm -rf "$from"
	mv -T "$new" "$from" 2>/dev/null || complete "$from" || die "cannot make $from"
fi
mkdir -p "$dir" && cp -r "$from"/. "$dir/"
