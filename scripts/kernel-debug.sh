#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-debug.sh COMMAND: the debug kernel, out of Debian's source package and selftests/debug/*.config.
#
#	there	print its directory if it is built; else fail, and do nothing else
#	get	build it if it is not there; print its directory
#
# The directory's name is a hash of what goes in: source archive, configuration, compiler. In it: bzImage,
# release, and build/, a source tree reduced to what modules are built against. Objects of an aborted build
# or of another configuration come out of ccache, as far as they are equal.
set -u
. "$(dirname "$0")/apt-private.sh"
here=$(cd "$(dirname "$0")" && pwd)
config=$(cd "$here/../selftests/debug" && pwd) || exit
base=6.1
cc=gcc-12
jobs=${TIPH_JOBS:-$(nproc)}
export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache}
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_USER=tiphares KBUILD_BUILD_HOST=tiphares

# archive_sum TAR: computed once, kept beside it
archive_sum() {
	local sum=${1%/*}/sha256
	[ -s "$sum" ] || { sha256sum <"$1" >"$sum.$$" && mv "$sum.$$" "$sum"; } || return
	cat "$sum"
}

place() {
	local sum
	sum=$(archive_sum "$1") || return
	echo "$cache/kernels/debug-$({
		echo "$sum"
		$cc -dumpfullversion
		cat "$config"/*.config
	} | sha256sum | cut -c 1-16)"
}

unpack() {
	tar -xf "$1" -C "$2" --strip-components=1 --exclude='linux-source-*/Documentation/*/*' --exclude='*/boot/dts' \
		--exclude='*/drivers/gpu/drm/amd/include' --exclude='linux-source-*/tools/testing' --exclude='linux-source-*/tools/perf'
}

# What a fragment asks for and the kernel does not grant is an error, not a lesser kernel.
configure() {
	local line name
	make -s CC=$cc tinyconfig >/dev/null || return
	cp .config .tiny
	scripts/kconfig/merge_config.sh -m .tiny "$config"/*.config >merge.log 2>&1 && make -s CC=$cc olddefconfig 2>>merge.log || return
	while read -r line; do
		name=${line#\# } name=${name%%[ =]*}
		case $line in
		CONFIG_*) grep -qxF "$line" .config ;;
		'# CONFIG_'*' is not set') ! grep -q "^$name=" .config ;;
		esac || { echo "kernel-debug: not granted: $line" >&2; return 1; }
	done < <(cat "$config"/*.config)
}

# what a module's build reads stays: headers, makefiles, the tools of scripts/ and objtool
reduce() {
	cp arch/x86/boot/bzImage ../bzImage && cat include/config/kernel.release >../release || return
	find . -path ./scripts -prune -o -path ./tools/objtool/objtool -prune -o -type f \
		\( -name '*.[coaS]' -o -name '*.cmd' -o -name '*.mod' -o -name '*.dts*' -o -name vmlinux -o -name 'vmlinux.*' \
		-o -name bzImage -o -name '*.order' -o -name modules.builtin\* \) -exec rm -f {} +
	rm -rf Documentation LICENSES drivers/{gpu,media,staging,infiniband} sound
	find . -type d -empty -delete
}

build() {
	local tar=$1 final=$2 new start=$SECONDS
	"$here/deps.sh" debug || exit
	new=$(mktemp -d "$cache/kernels/.new.XXXXXX") || die "cannot write $cache"
	# shellcheck disable=SC2064
	trap "rm -rf '$new'" EXIT
	mkdir "$new/build" && unpack "$tar" "$new/build" && cd "$new/build" || die "cannot unpack $tar"
	configure || die "the configuration failed"
	echo "kernel-debug: building $(make -s kernelrelease) with $jobs jobs; the first time this takes a quarter of an hour or more" >&2
	nice -n 15 make -s -j"$jobs" CC="ccache $cc" bzImage modules_prepare >"$new/log" 2>&1 ||
		{ tail -n 20 "$new/log" >&2; die "the kernel could not be built"; }
	# no kernel module is built, so the symbols are the image's
	[ -s Module.symvers ] || cp vmlinux.symvers Module.symvers || die "no symbols to build modules against"
	reduce || die "cannot keep what was built"
	chmod 755 "$new"
	mv -T "$new" "$final" 2>/dev/null || [ -e "$final/release" ] || die "cannot make $final"
	echo "kernel-debug: built in $((SECONDS - start)) s" >&2
}

case ${1:-} in
there)
	tar=$cache/kernels/source-$base/tar
	[ -e "$tar" ] && dir=$(place "$tar") && [ -e "$dir/release" ] || exit 1 ;;
get)
	tar=$("$here/kernel.sh" source $base) || exit
	dir=$(place "$tar") || die "cannot tell what the kernel would be"
	[ -e "$dir/release" ] || (build "$tar" "$dir") || exit ;;
*) sed -n '4,11s/^# \?//p' "$0" >&2; exit 2 ;;
esac
echo "$dir"
