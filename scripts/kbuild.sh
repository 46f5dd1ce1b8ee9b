#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kbuild.sh HEADERS DIR [MAKE ARGS]: the modules of DIR against these kernel headers.
#
# TIPH_CHROOT: a tree with a compiler, in which HEADERS lie; the build is done in there, as root of a mount
# namespace of its own.
set -eu
headers=$1 dir=$2; shift 2
set -- CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules
[ -n "${TIPH_CHROOT:-}" ] || exec make -s -C "$headers" M="$dir" "$@"
# shellcheck disable=SC2016
exec unshare -m sh -ec 'root=$1 dir=$2 headers=$3; shift 3
	mount --make-rprivate /
	mount --bind "$dir" "$root/mnt"
	mount -t proc proc "$root/proc"
	mount -t tmpfs tmp "$root/tmp"
	mount --bind /dev "$root/dev"
	exec env -i PATH=/usr/sbin:/usr/bin LC_ALL=C chroot "$root" make -s -C "$headers" M=/mnt "$@"' \
	sh "$TIPH_CHROOT" "$dir" "$headers" "$@"
