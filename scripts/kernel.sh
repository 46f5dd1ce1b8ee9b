#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh COMMAND KEY: kernels for builds and for the VM, fetched but never installed: Debian's by their
# versions, and "debug", ours (kernel-debug.sh).
#
#	get KEY		fetch (debug: build) image, modules and headers, once; print the directory
#	release KEY	what uname -r says in it
#	image KEY	the bootable image
#	modroot KEY	directory that holds lib/modules/RELEASE; "-" if all is built in
#	build-dir KEY	directory for make -C DIR M=...
#	chroot KEY	the tree to do that in, where this machine's own compiler will not do; else "-"
#	source KEY	fetch the kernel's source package, once; print its tar file
#	keys		the keys known
#
# Everything lies outside the tree, in ${XDG_CACHE_HOME:-~/.cache}/tiphares (or TIPH_CACHE). A kernel is
# there completely or not at all: it is put together beside its place and renamed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/apt-private.sh"

# A row per key: the suites, the packages. All else follows from the packages' dependencies. Where the headers'
# tools and compiler options are newer than this machine, a release and a compiler to make a chroot of.
kernel_row() {
	toolchain='' release_suite=''
	case $1 in
	6.1)
		suites="bookworm bookworm-updates bookworm-security"
		packages="linux-image-cloud-amd64 linux-headers-cloud-amd64" source=linux-source-6.1 ;;
	6.12)
		suites="bookworm-backports"
		packages="linux-image-cloud-amd64 linux-headers-cloud-amd64" source=linux-source-6.12 ;;
	7.3)
		suites="trixie-backports" release_suite="trixie" toolchain="gcc-14"
		packages="linux-image-cloud-amd64 linux-headers-cloud-amd64" source=linux-source-7.3 ;;
	*) die "no kernel is known by '$1' (there are: $(known_keys))" ;;
	esac
}
known_keys() { echo "6.1 6.12 7.3 debug"; }

# the headers look for each other under /usr/src; let them look where they lie
relocate_headers() {
	local prefix=$1 final=$2
	find "$prefix/usr/src" -maxdepth 2 -name Makefile -type f -exec \
		sed -i "s,\(include\|:=\|=\) */usr/\(src\|lib\)/,\1 $final/usr/\2/," {} +
}

# merged /usr: newer packages carry usr/lib/modules
modules_of() {
	local d
	for d in "$1"/usr/lib/modules/* "$1"/lib/modules/*; do
		[ -d "$d/kernel" ] && { echo "$d"; return; }
	done
	return 1
}

# sparse too: the machine's own may not know what the headers say
fetch_chroot() {
	local common
	apt_setup "$1/.apt-chroot" $release_suite $suites
	apt_tree "$1/chroot" bash dash coreutils findutils diffutils grep sed mawk make binutils sparse "$toolchain" \
		"linux-headers-cloud-amd64/$suites"
	# the headers' makefile asks this script, which the package leaves out
	for common in "$1"/chroot/usr/src/linux-headers-*-common/scripts; do
		[ -e "$common/checker-valid.sh" ] || printf '#!/bin/sh\necho 1\n' >"$common/checker-valid.sh"
		chmod 755 "$common/checker-valid.sh"
	done
	ln -sf mawk "$1/chroot/usr/bin/awk" && ln -sf "$toolchain" "$1/chroot/usr/bin/gcc" || die "cannot make the chroot"
	rm -f "$1"/chroot/usr/src/linux-headers-*/vmlinux
	rm -rf "$1/.apt-chroot" "$1"/chroot/usr/share/{doc,man,locale}
}

fetch_kernel() {
	local final=$1 new deb release
	new=$(mktemp -d "$cache/kernels/.new.XXXXXX") || die "cannot write $cache"
	# shellcheck disable=SC2064
	trap "rm -rf '$new'" EXIT
	# shellcheck disable=SC2086
	apt_setup "$new/.apt" $suites
	# shellcheck disable=SC2086
	mapfile -t debs < <(apt_closure '^linux-(image|binary|modules|base|headers|kbuild)-' $packages)
	[ ${#debs[@]} -ge 4 ] || die "the packages of the kernel were not found"
	(apt_fetch "$new/.debs" "${debs[@]}") || exit
	for deb in "$new"/.debs/*.deb; do
		dpkg-deb -x "$deb" "$new" || die "cannot unpack ${deb##*/}"
	done
	[ -z "$toolchain" ] || fetch_chroot "$new"
	rm -rf "$new/.debs" "$new/.apt"
	release=$(basename "$(modules_of "$new")") || die "the packages hold no modules"
	[ -d "$new/lib/modules/$release/kernel" ] || {
		mkdir -p "$new/lib/modules" && mv "$new/usr/lib/modules/$release" "$new/lib/modules/"; }
	[ -e "$new/boot/vmlinuz-$release" ] || {
		mkdir -p "$new/boot" && ln "$new/lib/modules/$release/vmlinuz" "$new/boot/vmlinuz-$release"; } || die "no image of $release"
	rm -f "$new"/usr/src/linux-headers-*/vmlinux	# a module's BTF would need pahole, and nothing here needs BTF
	relocate_headers "$new" "$final"
	depmod -b "$new" "$release" || die "depmod failed"
	echo "$release" >"$new/release"
	chmod 755 "$new"
	mv -T "$new" "$final" 2>/dev/null || [ -e "$final/release" ] || die "cannot make $final"
}

get() {
	local dir=$cache/kernels/$1
	[ "$1" != debug ] || { "$here/kernel-debug.sh" get >/dev/null; return; }
	kernel_row "$1"
	[ -e "$dir/release" ] && return
	mkdir -p "$cache/kernels"
	echo "kernel: fetching $1 ($packages of ${suites%% *})" >&2
	fetch_kernel "$dir"
}

get_source() {
	local dir=$cache/kernels/source-$1 new
	kernel_row "$1"
	[ -e "$dir/tar" ] && return
	mkdir -p "$cache/kernels"
	echo "kernel: fetching $source" >&2
	new=$(mktemp -d "$cache/kernels/.new.XXXXXX") || die "cannot write $cache"
	# shellcheck disable=SC2064
	trap "rm -rf '$new'" EXIT
	# shellcheck disable=SC2086
	apt_setup "$new/.apt" $suites
	(apt_fetch "$new" "$source") || exit
	dpkg-deb --fsys-tarfile "$new"/*.deb | tar -x -C "$new" --wildcards --transform 's,.*/,,' "./usr/src/linux-source-*.tar.*" ||
		die "no source archive in $source"
	rm -rf "$new"/*.deb "$new/.apt" "$new/download.log"
	(cd "$new" && ln -s linux-source-*.tar.* tar) && chmod 755 "$new"
	mv -T "$new" "$dir" 2>/dev/null || [ -e "$dir/tar" ] || die "cannot make $dir"
}

command=${1:-} key=${2:-}
[ "$command" = keys ] && { known_keys; exit; }
[ -n "$key" ] && [ $# = 2 ] || { sed -n '4,19s/^# \?//p' "$0" >&2; exit 2; }
case $command in
get | release | image | modroot | build-dir | chroot) (get "$key") || exit ;;
source) (get_source "$key") || exit; readlink -f "$cache/kernels/source-$key/tar"; exit ;;
*) die "no command '$command'" ;;
esac
if [ "$key" = debug ]; then
	dir=$("$here/kernel-debug.sh" there) || exit
	image=$dir/bzImage modroot=- build=$dir/build
else
	dir=$cache/kernels/$key
	image=$dir/boot/vmlinuz-$(cat "$dir/release") modroot=$dir build=$dir/usr/src/linux-headers-$(cat "$dir/release")
fi
chroot=-
if [ -d "$dir/chroot" ]; then
	chroot=$dir/chroot build=/usr/src/linux-headers-$(cat "$dir/release")
fi
case $command in
get) echo "$dir" ;;
release) cat "$dir/release" ;;
image) echo "$image" ;;
modroot) echo "$modroot" ;;
build-dir) echo "$build" ;;
chroot) echo "$chroot" ;;
esac
