#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh BUILD KEY [WHAT...]: instructions a packet, on a kernel of scripts/kernel.sh; WHAT as of guest.sh (all of them),
# each in a machine of its own. Shows a table and leaves TAP in BUILD/ktap/bench-KEY.log: nothing may cost more than 2 %
# over bench/kernel/baseline-KEY.txt, which is of one kernel package.
#
# TIPH_BASELINE=renew: what is measured becomes the baseline.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(realpath -m "$1") key=$2; shift 2
[ $# -gt 0 ] || set -- none tiphares-1 tiphares-10 tiphares-100 tiphares-1-1000 tiphares-100-100000 iptables nft \
	none-ct tiphares-1-ct connect-module connect-transparent connect-module-ct connect-transparent-ct
out=$build/bench/$key
rm -rf "$out"
mkdir -p "$out" "$build/inject-$key" "$build/ktap"

"$top/scripts/kmod-for.sh" "$key" "$build" || exit 2
gcc -O2 -Wall -Wextra -D_GNU_SOURCE -I"$top/uapi" -o "$build/inject-$key/connect" "$here/connect.c" || exit 2
cp "$here/inject.c" "$here/Kbuild" "$build/inject-$key/"
(
	TIPH_CHROOT=$("$top/scripts/kernel.sh" chroot "$key")
	export TIPH_CHROOT=${TIPH_CHROOT#-}
	"$top/scripts/kbuild.sh" "$("$top/scripts/kernel.sh" build-dir "$key")" "$build/inject-$key"
) || exit 2
export TIPH_KMOD=$build/kmod-$key/tiphares.ko
for what; do
	echo "# bench: Linux $key, $what" >&2
	TIPH_BUILD=$build "$top/selftests/vm/run.sh" --icount --kernel "$key" --name "bench-$key-$what" --timeout 300 --quiet \
		"$here/guest.sh" "$what" "$build/inject-$key/inject.ko" >"$out/$what.verdict" 2>&1
	echo $? >"$out/$what.rc"
	tr -d '\r' <"$build/vm/bench-$key-$what/result.log" >"$out/$what.rows"
done
python3 "$here/compare.py" "$here/baseline-$key.txt" "$out" "$@" | tee "$build/ktap/bench-$key.log"
exit "${PIPESTATUS[0]}"
