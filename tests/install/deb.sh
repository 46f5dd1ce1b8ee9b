#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The packages of `make deb`: built in a clean Debian system with only what they say they need, lintian, then installed,
# used, upgraded under traffic and purged in another one that boots. Their autopkgtest is run there too.
#
#	client 10.72.1.2  ----  the booted system, full on :80, nft  ----  origin 10.72.2.2
. "$(dirname "$0")/lib.sh"
built=''

build_packages() {
	in_root apt-get -qq install git make dpkg-dev devscripts equivs lintian && clone &&
		in_root sh -ec 'cd /src && mk-build-deps -i -r -t "apt-get -qq -y"' &&
		user_does scripts/deb.sh /src/build/deb
}

make_root
check "the packages are built with what they say they need" build_packages || finish
check "lintian has nothing to say" says '^$' user_does sh -c 'lintian --allow-root -q -EI build/deb/*.changes'
check "what was built is what the tree has" user_does sh -c 'for p in build/deb/tiphares_*.deb; do dpkg-deb -f $p Version; done | grep -qx "$(dpkg-parsechangelog -S Version)"'
# the next version, to upgrade to: the same files
check "the next version" user_does sh -ec 'dpkg-deb -R build/deb/tiphares_*.deb build/next
	sed -i "s/^Version: .*/&+next/" build/next/DEBIAN/control && dpkg-deb -b build/next build/tiphares_$(dpkg-parsechangelog -S Version)+next_all.deb'
built=$(mktemp -d "$cache/install/.debs.XXXXXX") || die "cannot write $cache"
gone_at_end+=("$built")
cp "$root"/src/build/*.deb "$root"/src/build/deb/*.deb "$built/"
cp -r "$root/src/build/deb/source" "$built/"
make_root
mkdir "$root/debs" && cp -r "$built"/. "$root/debs/"
in_root apt-get -qq install systemd-sysv dbus iproute2 curl python3 logrotate >/dev/null 2>&1 || die "cannot install"
# what the next step needs of the network, which the booted system does not have
in_root sh -c 'apt-get -qq install -d /debs/tiphares_*[0-9]_*.deb nginx-light conntrack ethtool nftables openssl perl procps autopkgtest autodep8' >/dev/null 2>&1 ||
	die "cannot fetch what the packages need"
mkdir -p "$root/usr/share/www"
head -c 40000000 /dev/urandom >"$root/usr/share/www/file"
rm -f "$root/usr/sbin/policy-rc.d"
boot

version() { in_box dpkg-query -W -f '${Version}' tiphares; }
in_client() { in_box ip netns exec client "$@"; }
get() { in_client curl -sf -m 20 --retry 0 -o /dev/null -D - "http://10.72.2.2/$1"; }

check "install" in_box sh -c 'apt-get -q install /debs/tiphares_*[0-9]_*.deb'
check "the service runs at once" says '^active' in_box systemctl is-active tiphares
check "it says that the module is missing and takes nft" says 'datapath +nft' in_box tipharesctl status
check "the worker's user is there" in_box id tiphares
check "the manual is there" in_box sh -c 'ls /usr/share/man/man8/tipharesd.8.gz /usr/share/man/man8/tipharesctl.8.gz'

# the lab
in_box sh -e <<'SH' || die "no lab"
ip netns add client
ip netns add origin
ip link add lan0 type veth peer name c0 netns client
ip link add wan0 type veth peer name o0 netns origin
ip addr add 10.72.1.1/24 dev lan0
ip addr add 10.72.2.1/24 dev wan0
ip link set lan0 up
ip link set wan0 up
sysctl -qw net.ipv4.ip_forward=1 2>/dev/null || echo 1 >/proc/sys/net/ipv4/ip_forward
for ns in client:c0:10.72.1 origin:o0:10.72.2; do
	name=${ns%%:*} rest=${ns#*:} if=${rest%%:*}
	ip -n $name link set lo up
	ip -n $name addr add ${ns##*:}.2/24 dev $if
	ip -n $name link set $if up
	ip -n $name route add default via ${ns##*:}.1
done
SH
in_box ip netns exec origin python3 -m http.server -d /usr/share/www 80 >/dev/null 2>&1 </dev/null &
check "a request goes through the proxy" wait_for 'get "" | grep -qi "^via: .* tiphares"' 20

# the configuration is the operator's
in_box sh -c 'printf "log: {access: {to: /var/log/tiphares/access.log}}\n" >>/etc/tiphares/tiphares.yaml && systemctl reload tiphares'
check "an access log in a file" wait_for 'get "" && in_box grep -q "GET / HTTP" /var/log/tiphares/access.log' 10
check "logrotate turns it" in_box logrotate -f /etc/logrotate.d/tiphares
check "the new log is written to" wait_for 'get "?turned" && in_box grep -q "turned" /var/log/tiphares/access.log' 10
check "nobody else reads it" says '^640 tiphares-parent adm$' in_box stat -c '%a %U %G' /var/log/tiphares/access.log

# upgrade under traffic: the connection that runs is finished, none that begins meanwhile fails
in_client curl -sSf -m 120 --limit-rate 4M -o /run/whole http://10.72.2.2/file >"$built/download" 2>&1 </dev/null &
download=$!
check "a download runs through the proxy" wait_for 'in_box tipharesctl --json flows | grep -q "\"bytes_out\": [1-9]"' 20
before=$(in_box systemctl show -P MainPID tiphares)
in_client sh -c 'n=0; while [ ! -e /run/enough ]; do curl -sf -m 20 -o /dev/null http://10.72.2.2/ || echo failed; n=$((n + 1)); done; echo "asked $n"' >"$built/traffic" 2>&1 </dev/null &
traffic=$!
check "upgrade" in_box sh -c 'dpkg -i /debs/tiphares_*next_*.deb'
check "the download goes on" kill -0 $download
check "upgraded" says '\+next$' version
# the old program's file is gone
new_runs() { in_box sh -c 'p=$(systemctl show -P MainPID tiphares); [ "$p" != 0 ] && [ "$(readlink /proc/$p/exe)" = /usr/sbin/tipharesd ]'; }
check "the new daemon runs" wait_for new_runs 30
check "a request goes through the new one" wait_for 'get "" | grep -qi "^via: .* tiphares"' 20
in_box touch /run/enough
wait $traffic
check "no connection failed meanwhile" says '^asked [1-9]' cat "$built/traffic"
check "none at all" refuses '' grep failed "$built/traffic"
check "the download that ran is finished" wait $download || { cat "$built/download"; in_box tail -n 4 /var/log/tiphares/access.log; in_box journalctl -o short-precise -u tiphares -n 20 --no-pager; } | sed "s,^,# ,"
check "and whole" in_box cmp /run/whole /usr/share/www/file
check "systemd knows the new process" says '^new$' in_box sh -c "p=\$(systemctl show -P MainPID tiphares); [ \$p != 0 ] && [ \$p != $before ] && echo new"
check "the service is well" says '^active' in_box systemctl is-active tiphares
check "the configuration is still the operator's" in_box grep -q access.log /etc/tiphares/tiphares.yaml

# remove and purge
check "remove" in_box apt-get -q remove tiphares
check "removed: what it intercepted is forwarded" wait_for 'get "" >"$built/head" && ! grep -qi "^via:" "$built/head"' 10
check "removed: no trace in nft" in_box sh -c '! nft list tables | grep tiphares'
check "removed: the configuration stays" in_box test -e /etc/tiphares/tiphares.yaml
check "install again" in_box sh -c 'dpkg -i /debs/tiphares_*next_*.deb'
check "purge" in_box apt-get -q purge tiphares
check "purged: nothing is left" says '^$' in_box sh -c 'ls -d /etc/tiphares /var/log/tiphares /etc/logrotate.d/tiphares /run/tiphares /var/lib/tiphares 2>/dev/null; true'

check "autopkgtest" in_box sh -c 'apt-get -q install /debs/tiphares_*[0-9]_*.deb autopkgtest && cd /debs/source && autopkgtest -B --test-name=command1 . -- null'
finish
