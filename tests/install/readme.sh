#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# README.md's "Put it on your gateway", as a new user does it: each command of it as it stands, in a Debian system
# with nothing but git and make, in a clean clone. The module can't be loaded there, the daemon takes nft.
. "$(dirname "$0")/lib.sh"

# block LANGUAGE N: the Nth such block of the section, without its indent
block() {
	awk -v lang="$1" -v n="$2" '
		/^## / { on = ($0 == "## Put it on your gateway") }
		on && /^ *```/ { if (inside) inside = 0; else { inside = 1; name = $0; sub(/^ *```/, "", name); if (name == lang) k++ } ; next }
		inside && name == lang && k == n' "$top/README.md" | sed 's/^   //'
}

make_root
in_root apt-get -qq install git make systemd-sysv dbus iproute2 >/dev/null 2>&1 || die "cannot install git"
clone || die "no clone"

n=0
while read -r command; do
	n=$((n + 1))
	check "$command" user_does sh -c "$command"
done < <(block '' 1)
check "there were commands to install" test $n -ge 4
check "the worker's user is there" in_root id tiphares
check "the module is there for Debian's kernel" says ': installed' in_root dkms status -m tiphares
check "the clone is as clean as it was" says '^$' user_does git status --porcelain

block yaml 1 >"$root/etc/tiphares/tiphares.yaml"
check "the README's configuration is one" says '^web ' in_root tipharesd --check

boot
# a gateway: the documents' clients behind lan0, their origins behind wan0
in_box sh -e <<'SH' || die "no interfaces"
ip link add lan0 type veth peer name lan1
ip link add wan0 type veth peer name wan1
for name in lan0 lan1 wan0 wan1; do ip link set $name up; done
ip addr add 10.1.0.1/16 dev lan0
ip addr add 192.0.2.1/24 dev wan0
SH
n=0
while read -r command; do
	n=$((n + 1))
	check "$command" in_box sh -c "$command"
done < <(block '' 2)
check "there were commands to start it" test $n -ge 4
check "it runs" says '^active' in_box systemctl is-active tiphares
check "it is there at the next boot" says '^enabled' in_box systemctl is-enabled tiphares
check "status: it intercepts" says '^datapath +nft ' in_box tipharesctl status
check "ports: the README's" says '^web +full .* 80 +lan0' in_box tipharesctl ports
check "systemctl reload" in_box systemctl reload tiphares
check "reload: done" wait_for 'in_box tipharesctl --json status | grep -q "\"reloads\": 1"' 10
worker=$(in_box tipharesctl --json status | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
check "the worker is the user tiphares" says '^tiphares$' in_box stat -c %U "/proc/$worker"
# a parent that hangs is replaced by systemd
hung=$(in_box systemctl show -P MainPID tiphares)
in_box sh -c "kill -STOP $hung"
check "the watchdog replaces a parent that hangs" wait_for 'p=$(in_box systemctl show -P MainPID tiphares) && [ "$p" != 0 ] && [ "$p" != '"$hung"' ] && in_box tipharesctl status' 90

# each howto: its configuration, then its commands, in blocks that name no language, as they stand
howto_block() {
	awk -v n="$2" '/^```/ { if (inside) inside = 0; else { inside = 1; plain = ($0 == "```"); k += plain } ; next }
		inside && plain && k == n' "$1"
}
for howto in "$top"/docs/howto/*.md; do
	name=$(basename "$howto" .md)
	awk '/^```yaml/ { on = 1; next } /^```/ { on = 0 } on' "$howto" >"$root/etc/tiphares/tiphares.yaml"
	n=0 k=1
	while [ -n "$(howto_block "$howto" $k)" ]; do
		while read -r command; do
			n=$((n + 1))
			check "$name: $command" in_box timeout 30 sh -c "$command"
		done < <(howto_block "$howto" $k)
		k=$((k + 1))
	done
	# what needs the module or other hosts has scenarios of its own
	[ $n -gt 0 ] || { check "$name: its configuration is right" in_box tipharesd --check; continue; }
	check "$name: there were commands" test $n -ge 3
	check "$name: it is in force" wait_for 'in_box tipharesctl --json status | grep -q "\"state\": \"serving\"" && in_box tipharesctl --json status | grep -q "\"reload_failures\": 0"' 10
done

check "systemctl stop" in_box systemctl stop tiphares
check "stopped: no trace in nft" in_box sh -c '! nft list tables | grep tiphares'
finish
