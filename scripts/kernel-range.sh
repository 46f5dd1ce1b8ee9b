#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-range.sh RELEASE: is the module for this kernel? Says so and fails if not. Both the range and what is said stand
# in dkms.conf, where DKMS itself finds them.
action=build kernelver=$1
# shellcheck source=dkms.conf
. "$(dirname "$0")/../dkms.conf"
[ -n "$BUILD_EXCLUSIVE_KERNEL" ] || { echo "kernel-range: dkms.conf names no range" >&2; exit 2; }
[[ $kernelver =~ $BUILD_EXCLUSIVE_KERNEL ]]
