#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh BUILD KERNEL-DATAPATH[.N] TIMEOUT [TEST...]: the staged selftests in one machine, the Nth of its kind.
# Leaves two logs in BUILD/ktap: what the tests say, and what the runner says about the machine. Fails only if it
# cannot write them.
build=$1 what=$2 timeout=$3; shift 3
here=$(dirname "$0")
kernel=${what%-*} datapath=${what##*-}
datapath=${datapath%.*}
log=$build/ktap/vm-$what.log verdict=$build/ktap/vm-$what-verdict.log

echo "== in a VM, Linux $kernel, $datapath"
TIPH_BUILD=$build TIPH_DATAPATH=$datapath "$here/run.sh" --kernel "$kernel" --name "$what" --timeout "$timeout" \
	"$here/kselftest.sh" "$@" 2>&1 | tee "$log"
rc=${PIPESTATUS[0]}
{
	echo "TAP version 13"
	echo "1..1"
	name="Linux $kernel, $datapath: the machine ran to its end, its kernel has nothing to complain about"
	if [ "$rc" = 0 ]; then
		echo "ok 1 $name"
	else
		grep -a '^# vm: FAILED' "$log" || echo "# vm: run.sh ended with $rc"
		echo "not ok 1 $name"
	fi
} >"$verdict"
