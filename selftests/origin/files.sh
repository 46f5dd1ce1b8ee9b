#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# files.sh DIR: the files that the origin serves, DIR/f/{0,1,1M,300M}, the same octets everywhere, and their
# checksums in DIR/f.sha256. Made once.
set -eu
dir=$1
[ -e "$dir/f.sha256" ] && exit
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
[ -e "$dir/f.sha256" ] && exit
mkdir -p "$dir/f"
# a keystream: incompressible, so that no lost, doubled or misplaced piece goes unseen
stream() {
	head -c "$2" /dev/zero | openssl enc -aes-128-ctr -nosalt -K "$(printf %032x "$1")" -iv "$(printf %032x 0)" 2>/dev/null
}
: >"$dir/f/0"
stream 1 1 >"$dir/f/1"
stream 2 $((1 << 20)) >"$dir/f/1M"
stream 3 $((300 << 20)) >"$dir/f/300M"
(cd "$dir/f" && sha256sum 0 1 1M 300M) >"$dir/f.sha256.new"
mv "$dir/f.sha256.new" "$dir/f.sha256"
