#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh BUILD kmod|nft [KERNEL]: build everything, then download through each mode over IPv4 and IPv6 and show what
# both ends saw. kmod: in a virtual machine with that kernel (6.1); nft: on this machine. Both in network namespaces.
#
# Exit code 0 only if every promise held.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=${1:?usage: demo.sh BUILD kmod|nft [KERNEL]} datapath=${2:-kmod} kernel=${3:-6.1}
case $datapath in
kmod | nft) ;;
*) echo "demo: DATAPATH is kmod or nft" >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo "demo: needs root, for network namespaces and to share this machine's files with the guest" >&2; exit 2; }
cd "$top" || exit 2
mkdir -p "$build" || exit 2
log=$build/demo.log
begun=$(date +%s%N)

seconds() { local ms=$((($(date +%s%N) - $1) / 1000000)); printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100)); }

# step TEXT CMD...: quiet, unless it fails
step() {
	local text=$1 start; shift
	start=$(date +%s%N)
	printf '== %-64s' "$text"
	if "$@" >"$log" 2>&1; then
		seconds "$start"
		echo
	else
		echo "FAILED"
		tail -n 40 "$log"
		exit 1
	fi
}

step "building tipharesd and tipharesctl" make --no-print-directory BUILD="$build" daemon ctl
if [ "$datapath" = kmod ]; then
	step "Debian's Linux $kernel: image and headers (fetched once)" scripts/kernel.sh get "$kernel"
	step "building tiphares.ko for Linux $kernel" scripts/kmod-for.sh "$kernel" "$build"
fi
step "files for the origin to serve (made once)" selftests/origin/files.sh "$build/www"

start=$(date +%s%N)
if [ "$datapath" = kmod ]; then
	echo "== booting Linux $kernel in a virtual machine (emulated: it takes a while)"
	TIPH_BUILD=$build TIPH_DATAPATH=kmod selftests/vm/run.sh --kernel "$kernel" --name demo --timeout 200 scripts/demo-lab.sh |
		grep --line-buffered -v '^# vm: done '
	rc=${PIPESTATUS[0]}
else
	echo "== on this machine, in network namespaces"
	TIPH_BUILD=$build TIPH_DATAPATH=nft scripts/demo-lab.sh
	rc=$?
fi
echo "== it took $(seconds "$start"), $(seconds "$begun") with all steps"
[ "$rc" = 0 ] && echo "demo: every promise was kept" && exit 0
echo "demo: FAILED"
exit 1
