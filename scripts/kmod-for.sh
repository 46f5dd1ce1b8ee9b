#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmod-for.sh KEY BUILD [MAKE ARGS]: the module for one of kernel.sh's kernels: BUILD/kmod-KEY/tiphares.ko. For the
# debug kernel with everything that this kernel can look for in a module.
set -eu
here=$(dirname "$0")
key=$1 build=$2; shift 2
headers=$("$here/kernel.sh" build-dir "$key")
chroot=$("$here/kernel.sh" chroot "$key")
[ "$chroot" = - ] || export TIPH_CHROOT=$chroot
[ "$key" != debug ] || set -- CC=gcc-12 UBSAN_SANITIZE=y GCOV_PROFILE=y KCOV_INSTRUMENT=y "$@"
exec "$here/kmod-build.sh" "$headers" "$build/kmod-$key" "$@"
