#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-range.sh RELEASE: is the module for this kernel? Says so and fails if not. The range stands in dkms.conf, where
# DKMS itself looks.
range=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"$/\1/p' "$(dirname "$0")/../dkms.conf")
[ -n "$range" ] || { echo "kernel-range: dkms.conf names no range" >&2; exit 2; }
[[ $1 =~ $range ]] && exit
echo "tiphares: Linux $1 is outside of what the module is made and tested for, 6.1 to 7.3: it is not built;" \
	"tipharesd runs without it (datapath: nft)" >&2
exit 1
