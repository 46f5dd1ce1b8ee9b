#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmod-for.sh KEY BUILD: the module for one of kernel.sh's kernels: BUILD/kmod-KEY/tiphares.ko.
set -eu
here=$(dirname "$0")
headers=$("$here/kernel.sh" build-dir "$1")
exec "$here/kmod-build.sh" "$headers" "$2/kmod-$1"
