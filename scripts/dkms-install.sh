#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms-install.sh VERSION [RELEASE...]: DKMS builds and installs the module for these kernels, by default for all whose
# headers are installed. The sources are in /usr/src/tiphares-VERSION already; DKMS itself sees to kernels to come.
set -u
here=$(dirname "$0")
version=$1; shift
die() { echo "dkms-install: $*" >&2; exit 1; }

command -v dkms >/dev/null || die "dkms is missing: apt-get install dkms"
[ $# -gt 0 ] || for d in /lib/modules/*/build; do
	[ -d "$d/" ] && set -- "$@" "$(basename "${d%/build}")"
done
[ $# -gt 0 ] || die "no kernel's headers are in /lib/modules: apt-get install linux-headers-$(dpkg --print-architecture 2>/dev/null || uname -m)"

wanted=() refused=0
for release; do
	[ -d "/lib/modules/$release/build/" ] || die "no headers of Linux $release: apt-get install linux-headers-$release"
	if "$here/kernel-range.sh" "$release"; then
		wanted+=("$release")
	else
		refused=$((refused + 1))
	fi
done
[ ${#wanted[@]} -gt 0 ] || die "nothing to build for"

# what DKMS knows of this version is of other sources
if [ -n "$(dkms status -m tiphares -v "$version")" ]; then
	dkms remove -m tiphares -v "$version" --all || die "dkms could not forget what it had"
fi
dkms add -m tiphares -v "$version" || die "dkms refused the sources"
for release in "${wanted[@]}"; do
	dkms install -m tiphares -v "$version" -k "$release" || die "no module for Linux $release"
done
dkms status -m tiphares -v "$version"
case " ${wanted[*]} " in
*" $(uname -r) "*) ;;
*) echo "dkms-install: no module for the running kernel, $(uname -r); tipharesd uses nft until another one is booted" >&2 ;;
esac
