#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmod-check.sh BUILD KEY...: does the module build for these kernels of kernel.sh without a word from the compiler
# (W=1) and from sparse? TAP on stdout, two results a kernel; the modules are left in BUILD/kmod-KEY, as by kmod-for.sh.
set -u
here=$(dirname "$0")
build=$1; shift
n=0 failed=0
# what headers of 7.3 say and sparse 0.6.4 does not understand; the compiler sees it as it is
sparse_lacks="-D__typeof_unqual__=__typeof__ '-D_Static_assert(...)='"

# said NAME OUTPUT RC
said() {
	n=$((n + 1))
	[ "$3" = 0 ] && [ -z "$2" ] && { echo "ok $n $1"; return; }
	failed=1
	[ -z "$2" ] || sed 's/^/# /' <<<"$2"
	[ "$3" = 0 ] || echo "# make ended with $3"
	echo "not ok $n $1"
}

echo "TAP version 13"
echo "1..$(($# * 2))"
for key; do
	mkdir -p "$build"
	"$here/kernel.sh" get "$key" >/dev/null || exit
	# what is up to date would say nothing; CHECK must be asked for, or nothing is checked
	rm -rf "$build/kmod-$key"
	out=$("$here/kmod-for.sh" "$key" "$build" W=1 2>&1)
	said "Linux $key: the module builds, W=1 has nothing to say" "$out" $?
	out=$("$here/kmod-for.sh" "$key" "$build" C=2 CHECK=sparse CF="$sparse_lacks" 2>&1)
	said "Linux $key: sparse has nothing to say" "$out" $?
done
exit $failed
