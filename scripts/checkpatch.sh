#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# checkpatch.sh [OPTIONS] FILE...: the kernel's checkpatch.pl over whole files. It comes out of Debian's source package
# and is kept outside the tree.
set -u
. "$(dirname "$0")/apt-private.sh"
key=6.1
dir=$cache/checkpatch-$key

if ! [ -s "$dir/checkpatch.pl" ]; then
	tar=$("$(dirname "$0")/kernel.sh" source $key) || exit
	new=$(mktemp -d "$cache/.new.XXXXXX") || die "cannot write $cache"
	trap 'rm -rf "$new"' EXIT
	tar -xf "$tar" -C "$new" --strip-components=2 --wildcards '*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' && [ -s "$new/checkpatch.pl" ] || die "the source package does not hold checkpatch.pl"
	chmod 755 "$new"
	mv -T "$new" "$dir" 2>/dev/null || [ -s "$dir/checkpatch.pl" ] || die "cannot make $dir"
fi
exec perl "$dir/checkpatch.pl" --no-tree --quiet --no-summary --terse --show-types --file "$@"
