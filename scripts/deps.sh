#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deps.sh [build|check|demo|bench|software|debug|deb|install]...: install the Debian packages that a purpose needs and that are missing.
#
# Nothing missing: nothing is done, nothing is printed, no privilege is needed. Services that come
# with a package are neither started nor enabled.
set -u

# The one place where package names stand.
build="gcc libc6-dev make pkg-config kmod
	libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libnftables-dev libc-ares-dev libcap-ng-dev
	libseccomp-dev libjansson-dev libcurl4-openssl-dev libmicrohttpd-dev libyaml-dev node-llhttp"
vm="qemu-system-x86 qemu-system-common busybox-static cpio xz-utils gcc-12 dpkg apt debian-archive-keyring util-linux"
scenarios="nginx curl nftables iproute2 python3 iputils-ping ethtool tcpdump conntrack iptables
	procps perl openssl coreutils wireguard-tools"
demo="$build $vm $scenarios"
check="$demo valgrind groff-base prometheus goaccess calamaris sparse shellcheck cppcheck clang-tidy clang-14 libclang-rt-14-dev"
software="$build $scenarios wget git apt dpkg-dev nodejs slowhttptest chromium"
deb="$build dpkg-dev debhelper dh-dkms fakeroot"
install="debootstrap git systemd-container util-linux apt debian-archive-keyring"
bench="$build $scenarios haproxy squid trafficserver"
debug="$check bison flex libelf-dev libssl-dev bc ccache gcovr"

die() { echo "deps: $*" >&2; exit 1; }

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# "no" to every service that wants to start while we install, unless the machine has its own say
hold_services() {
	local policy=/usr/sbin/policy-rc.d
	[ -e $policy ] && return
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
}

# nginx serves only in namespaces of the tests; it must not take port 80 at the next boot
keep_disabled() {
	local unit
	for unit in "$@"; do
		command -v systemctl >/dev/null && systemctl -q disable "$unit" 2>/dev/null
	done
}

[ $# -gt 0 ] || set -- build
missing='' units=''
for purpose in "$@"; do
	case $purpose in
	build | check | demo | bench | software | debug | deb | install) ;;
	*) echo "usage: deps.sh [build|check|demo|bench|software|debug|deb|install]..." >&2; exit 2 ;;
	esac
	for p in ${!purpose}; do
		case " $missing " in *" $p "*) continue ;; esac
		installed "$p" || missing+="${missing:+ }$p"
	done
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || die "these packages are missing and this is not Debian: $missing"
[ "$(id -u)" = 0 ] || die "not root; as root, run: apt-get install $missing"
case " $missing " in *" nginx "*) units+=" nginx.service" ;; esac
case " $missing " in *" prometheus "*) units+=" prometheus.service" ;; esac

echo "deps: installing for $*: $missing"
hold_services
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
{
	apt-get update &&
	apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing
} >"$log" 2>&1 || { tail -n 20 "$log" >&2; rm -f "$log"; die "apt-get could not install them"; }
rm -f "$log"
keep_disabled $units
for p in $missing; do
	installed "$p" || die "$p is still missing"
done
