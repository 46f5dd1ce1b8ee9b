#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initrd.sh OUT MODROOT RELEASE: the guest's initramfs: busybox, vmexit, init and the modules that the root
# needs, in the order of their dependencies. MODROOT may be "-" for a kernel that has all of it built in.
set -eu
out=$1 modroot=$2 release=$3
here=$(cd "$(dirname "$0")" && pwd)
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT

mkdir -p "$t"/root/{bin,dev,proc,sys,run,lower,upper,new,m}
cp /bin/busybox "$t/root/bin/"
gcc -O2 -Wall -Wextra -static -o "$t/root/bin/vmexit" "$here/vmexit.c"
cp "$here/init" "$t/root/init"
chmod 755 "$t/root/init"

n=0 have=' '
add_module() {
	local word file name
	while read -r word file _; do
		[ "$word" = insmod ] || continue
		case $have in *" $file "*) continue ;; esac
		have+="$file " n=$((n + 1)) name=${file##*/}
		name=$t/root/m/$(printf %02d $n)-${name%%.ko*}.ko
		case $file in
		*.xz) xz -dc "$file" >"$name" ;;
		*.zst) zstd -qdc "$file" >"$name" ;;
		*) cp "$file" "$name" ;;
		esac
	done < <(modprobe -d "$modroot" -S "$release" --show-depends "$1")
}
if [ "$modroot" != - ]; then
	for m in virtio_pci virtiofs overlay; do
		add_module $m
	done
fi
(cd "$t/root" && find . | cpio -o -H newc --quiet -R 0:0) >"$out.new"
mv "$out.new" "$out"
