#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmod-build.sh HEADERS OUT [MAKE ARGS]: the module against these kernel headers: OUT/tiphares.ko. Kbuild leaves its
# objects beside the sources, so OUT holds a copy of them: any number of kernels, and a clean tree.
#
# TIPH_CHROOT: a tree with a compiler, in which HEADERS lie; the build is done in there, as root of a mount
# namespace of its own.
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
set -- CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules
[ -n "${TIPH_CHROOT:-}" ] || exec make -s -C "$headers" M="$out" "$@"
# shellcheck disable=SC2016
exec unshare -m sh -ec 'root=$1 out=$2 headers=$3; shift 3
	mount --make-rprivate /
	mount --bind "$out" "$root/mnt"
	mount -t proc proc "$root/proc"
	mount -t tmpfs tmp "$root/tmp"
	mount --bind /dev "$root/dev"
	exec env -i PATH=/usr/sbin:/usr/bin LC_ALL=C chroot "$root" make -s -C "$headers" M=/mnt "$@"' \
	sh "$TIPH_CHROOT" "$out" "$headers" "$@"
