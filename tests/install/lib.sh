# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced. Tests of installing: each in a Debian system of its own, which is an overlay on one that debootstrap made
# (kept in scripts/apt-private.sh's cache), with packages from this machine's Debian mirror. The script is run again in
# a mount and PID namespace, so that mounts and processes end with it, however it ends.
#
#	in_root CMD...		as root of the new system
#	user_does CMD...	the same in a clean clone of this tree, /src; answers yes where a tool asks
#	clone			makes /src; only what is committed is in it
#	add_kernels SUITE PACKAGE...	installs headers and what they need
#	boot			starts systemd in the new system, in a network of its own; what is done before is done by chroot
#	in_box CMD...		as root of the system that was booted
#	wait_for 'CMD' SECONDS	until it succeeds
#	check NAME CMD...	a TAP result; what it printed is shown if it failed
#	says REGEX CMD...	succeeds, and the output matches
#	refuses REGEX CMD...	fails, and the output matches
#	finish			the plan and the exit code
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ -z "${TIPH_INSTALL_NS:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 4; }
	exec env TIPH_INSTALL_NS=1 unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" "$@"
fi
# shellcheck source=scripts/apt-private.sh
. "$top/scripts/apt-private.sh"
suite=bookworm
base=$cache/install/base-$suite
root='' tap_count=0 tap_failed=0 gone_at_end=() said=$(mktemp)

# systems and other directories of this run; mounts in them went with their namespace, or go now
clean_up() {
	local dir
	rm -f "$said"
	for dir in "${gone_at_end[@]}"; do
		umount -Rl "$dir/root" 2>/dev/null
		rm -rf --one-file-system "$dir"
	done
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

make_base() {
	local new uri name
	# one at a time: they share the packages that apt fetches, which apt locks
	mkdir -p "$cache/install" && exec 9>"$cache/install/lock" && flock 9 || die "cannot lock $cache"
	[ -d "$base" ] && return
	command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
	mkdir -p "$cache/install/archives/partial"
	new=$(mktemp -d "$cache/install/.new.XXXXXX") || die "cannot write $cache"
	read -r uri name < <(apt_mirrors "$suite") || exit
	debootstrap --variant=minbase --include=ca-certificates "$suite" "$new" "$uri" >"$cache/install/debootstrap.log" 2>&1 ||
		{ tail -n 5 "$cache/install/debootstrap.log" >&2; rm -rf "$new"; die "debootstrap could not make $suite"; }
	chmod 755 "$new"
	mv -T "$new" "$base" 2>/dev/null || [ -d "$base" ] || die "cannot make $base"
}

make_root() {
	local dir uri name d
	make_base
	mkdir -p "$cache/install/archives/partial"
	dir=$(mktemp -d "$cache/install/.run.XXXXXX") || die "cannot write $cache"
	mkdir "$dir"/{upper,work,root}
	gone_at_end+=("$dir")
	mount -t overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root" || die "no overlay"
	root=$dir/root
	mount -t proc proc "$root/proc" && mount -t sysfs -o ro sys "$root/sys" && mount --rbind /dev "$root/dev" &&
		mount -t tmpfs -o mode=755 run "$root/run" && mount --bind "$cache/install/archives" "$root/var/cache/apt/archives" ||
		die "cannot mount what the new system needs"
	for d in "$suite" "$suite-updates" "$suite-security" "$suite-backports"; do
		while read -r uri name; do echo "deb $uri $name main"; done < <(apt_mirrors "$d")
	done >"$root/etc/apt/sources.list"
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\nAPT::Keep-Downloaded-Packages "true";\n' \
		>"$root/etc/apt/apt.conf.d/90test"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	in_root apt-get -qq update >"$dir/update.log" 2>&1 || { cat "$dir/update.log" >&2; die "no package lists"; }
}

in_root() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}
user_does() { in_root sh -ec 'cd /src && exec "$@"' sh "$@"; }
clone() { git clone -q --no-hardlinks "file://$top" "$root/src"; }
add_kernels() {
	local from=$1; shift
	in_root apt-get -qq install -t "$from" "$@" >/dev/null 2>&1 || die "cannot install $*"
}

box=''
boot() {
	local pid
	umount -R "$root/proc" "$root/sys" "$root/dev" "$root/run" || die "cannot unmount"
	systemd-nspawn -q --register=no --keep-unit --private-network --console=pipe --directory="$root" \
		--bind="$cache/install/archives:/var/cache/apt/archives" --boot >"${root%/*}/console" 2>&1 </dev/null &
	pid=$!
	wait_for "box=\$(pgrep -P $pid -o .) && in_box systemctl is-system-running | grep -qE 'running|degraded'" 60 ||
		{ tail -n 20 "${root%/*}/console" >&2; die "the new system does not boot"; }
	box=$(pgrep -P $pid -o .)
}
in_box() {
	nsenter -t "$box" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
wait_for() {
	local end=$((SECONDS + $2))
	while ! eval "$1" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited in vain for: $1"; return 1; }
		sleep 0.1
	done
}

check() {
	local name=$1 rc; shift
	# in this shell: it may wait for a job
	"$@" >"$said" 2>&1 </dev/null
	rc=$?
	tap_count=$((tap_count + 1))
	[ $rc != 0 ] || { echo "ok $tap_count $name"; return 0; }
	tap_failed=$((tap_failed + 1))
	tail -n 30 "$said" | sed 's/^/# /'
	echo "not ok $tap_count $name"
	return 1
}
says() {
	local want=$1 out rc; shift
	out=$("$@" 2>&1); rc=$?
	printf '%s\n' "$out"
	[ $rc = 0 ] && grep -qE -- "$want" <<<"$out"
}
refuses() {
	local want=$1 out rc; shift
	out=$("$@" 2>&1); rc=$?
	printf '%s\n' "$out"
	[ $rc != 0 ] && grep -qE -- "$want" <<<"$out"
}
finish() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ] && [ "$tap_count" -gt 0 ]
	exit
}
