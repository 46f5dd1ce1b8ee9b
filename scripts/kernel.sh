#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel.sh COMMAND KEY: Debian's kernels for builds and for the VM, fetched but never installed.
#
#	get KEY		fetch image, modules and headers, once; print the directory
#	release KEY	what uname -r says in it
#	image KEY	the bootable image
#	modroot KEY	directory that holds lib/modules/RELEASE
#	build-dir KEY	directory for make -C DIR M=...
#	source KEY	fetch the kernel's source package, once; print its tar file
#	keys		the keys known
#
# Everything lies outside the tree, in ${XDG_CACHE_HOME:-~/.cache}/tiphares (or TIPH_CACHE). A kernel is
# there completely or not at all: it is put together beside its place and renamed.
set -u
. "$(dirname "$0")/apt-private.sh"

# A row per key: the suites, the packages. All else follows from the packages' dependencies.
kernel_row() {
	case $1 in
	6.1)
		suites="bookworm bookworm-updates bookworm-security"
		packages="linux-image-cloud-amd64 linux-headers-cloud-amd64" source=linux-source-6.1 ;;
	6.12)
		suites="bookworm-backports"
		packages="linux-image-cloud-amd64 linux-headers-cloud-amd64" source=linux-source-6.12 ;;
	*) die "no kernel is known by '$1' (there are: $(known_keys))" ;;
	esac
}
known_keys() { echo "6.1 6.12"; }

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

fetch_kernel() {
	local final=$1 new deb release
	new=$(mktemp -d "$cache/kernels/.new.XXXXXX") || die "cannot write $cache"
	# shellcheck disable=SC2064
	trap "rm -rf '$new'" EXIT
	# shellcheck disable=SC2086
	apt_setup "$new/.apt" $suites
	# shellcheck disable=SC2086
	mapfile -t debs < <(apt_closure '^linux-(image|binary|modules|headers|kbuild)-' $packages)
	[ ${#debs[@]} -ge 4 ] || die "the packages of the kernel were not found"
	(apt_fetch "$new/.debs" "${debs[@]}") || exit
	for deb in "$new"/.debs/*.deb; do
		dpkg-deb -x "$deb" "$new" || die "cannot unpack ${deb##*/}"
	done
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
[ -n "$key" ] && [ $# = 2 ] || { sed -n '4,15s/^# \?//p' "$0" >&2; exit 2; }
dir=$cache/kernels/$key
case $command in
get | release | image | modroot | build-dir) (get "$key") || exit ;;
source) (get_source "$key") || exit; readlink -f "$dir/../source-$key/tar"; exit ;;
*) die "no command '$command'" ;;
esac
release=$(cat "$dir/release")
case $command in
get | modroot) echo "$dir" ;;
release) echo "$release" ;;
image) echo "$dir/boot/vmlinuz-$release" ;;
build-dir) echo "$dir/usr/src/linux-headers-$release" ;;
esac
