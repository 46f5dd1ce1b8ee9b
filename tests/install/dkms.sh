#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-install in a system with headers of two kernels, and with one that is outside of the range.
. "$(dirname "$0")/lib.sh"
version=$(sed -n 's/^#define TIPHARES_VERSION "\(.*\)"/\1/p' "$top/version.h")

built() { in_root dkms status -m tiphares -v "$version" -k "$1" | grep -q ": installed"; }
module_of() { in_root modinfo -k "$1" -F "$2" tiphares; }

make_root
clone || die "no clone"
check "without dkms: it is said what is missing" refuses "apt-get install dkms" user_does sh -c 'apt-get -qq install make >/dev/null 2>&1 && make dkms-install'
in_root apt-get -qq install dkms git >/dev/null 2>&1 || die "cannot install dkms"
check "without headers: it is said what is missing" refuses "apt-get install linux-headers-" user_does make dkms-install
add_kernels bookworm linux-headers-cloud-amd64
add_kernels bookworm-backports linux-headers-cloud-amd64 linux-headers-"$(in_root apt-cache depends -t bookworm-backports linux-headers-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: linux-headers-//p' | head -n 1)"
mapfile -t kernels < <(in_root sh -c 'ls -d /lib/modules/*/build' | cut -d / -f 4)
check "headers of two kernels are there" test ${#kernels[@]} = 2
old=$(printf '%s\n' "${kernels[@]}" | grep '^6\.1\.') new=$(printf '%s\n' "${kernels[@]}" | grep '^6\.12\.')

check "make dkms-install" user_does make dkms-install
for k in "$old" "$new"; do
	check "Linux $k: installed" built "$k"
	check "Linux $k: the module is for it" says "^${k//+/\\+} " module_of "$k" vermagic
	check "Linux $k: it is GPL" says '^GPL' module_of "$k" license
done
check "again: the same" user_does make dkms-install
check "again: both are there" sh -c "$(declare -f built in_root); version=$version root=$root; built $old && built $new"

# a kernel that the module is not for
in_root sh -c "mkdir /lib/modules/5.10.0-99-amd64 && ln -s ../$old/build /lib/modules/5.10.0-99-amd64/build"
check "outside of the range: refused by name" refuses 'Linux 5\.10\.0-99-amd64 is outside .* 6\.1 to 7\.3' user_does make dkms-install KVER=5.10.0-99-amd64
check "outside of the range, all kernels: said" says 'Linux 5\.10\.0-99-amd64 is outside .* 6\.1 to 7\.3' user_does make dkms-install
check "outside of the range: nothing is built" refuses '' built 5.10.0-99-amd64
check "the others are" built "$new"
check "DKMS itself leaves it alone" refuses 'BUILD_EXCLUSIVE' in_root dkms build -m tiphares -v "$version" -k 5.10.0-99-amd64
check "a kernel without headers: said" refuses 'no headers of Linux 6\.1\.0-nowhere' user_does make dkms-install KVER=6.1.0-nowhere

# a kernel that comes later gets its module by what its package's hook runs
in_root dkms uninstall -m tiphares -v "$version" -k "$new" >/dev/null 2>&1
check "before: no module for the newer kernel" refuses '' built "$new"
check "a new kernel is installed" in_root /etc/kernel/postinst.d/dkms "$new"
check "it has its module" built "$new"

check "make dkms-remove" user_does make dkms-remove
check "nothing is left in DKMS" in_root sh -c 'test -z "$(dkms status -m tiphares)"'
check "no module is left" in_root sh -c '! ls /lib/modules/*/updates/dkms/tiphares.ko*'
check "no sources are left" refuses '' in_root ls -d "/usr/src/tiphares-$version"
finish
