#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in the guest, as its first process after init: prepares the machine, runs the script, looks at what
# the kernel says about itself and ends the machine. DIR was made by run.sh and holds what to do:
#
#	env	shell assignments: run_token run_script run_release run_modroot run_timeout run_cwd, and TIPH_*
#	args	the script's arguments, NUL-separated
#
# The result channel, ttyS1, carries the script's output between our own lines, which begin with "# vm:".
# The last one holds the run's token: without it nothing counts.
# shellcheck disable=SC2154
dir=$1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TIPH_VM=1
stty -F /dev/ttyS1 raw -echo
exec </dev/null >/dev/ttyS1 2>&1
read -r up _ </proc/uptime
echo "# vm: user space of $(uname -r) at $up s"

# shellcheck source=/dev/null
. "$dir/env"
mapfile -d '' -t args <"$dir/args"
hostname vm
mount -t tmpfs tmp /var/tmp
mountpoint -q /sys/kernel/debug || mount -t debugfs debug /sys/kernel/debug
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracing /sys/kernel/tracing 2>/dev/null
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
# modprobe and the kernel's own module loading find the modules of this very kernel
if [ "$run_modroot" != - ]; then
	mkdir -p /lib/modules
	mount -t tmpfs modules /lib/modules
	ln -s "$run_modroot/lib/modules/$run_release" "/lib/modules/$run_release"
fi
leak=/sys/kernel/debug/kmemleak
[ -w $leak ] && echo clear >$leak
cd "$run_cwd" || cd /

timeout -k 5 "$run_timeout" bash "$run_script" "${args[@]}" &
wait $!
rc=$?

# what hangs, and where: on the console
if [ $rc = 124 ] || [ $rc = 137 ]; then
	echo 8 >/proc/sys/kernel/printk
	for key in w l; do
		echo $key >/proc/sysrq-trigger
	done
fi
leaks=none
if [ -w $leak ]; then
	# an object is reported by the second scan that finds it unreferenced
	echo scan >$leak
	echo scan >$leak
	leaks=$(grep -c '^unreferenced object' $leak)
	sed 's/^/kmemleak: /' $leak >/dev/kmsg
fi
# which lines of the module were run, also of one that is unloaded: the kernel keeps its counters
if [ -d /sys/kernel/debug/gcov ]; then
	mkdir /run/gcov
	find /sys/kernel/debug/gcov -name '*.gcda' | while read -r f; do cat "$f" >"/run/gcov/${f##*/}"; done
	tar -C /run/gcov -cz . | base64 | sed 's/^/# gcov: /'
fi
read -r tainted </proc/sys/kernel/tainted
echo "# vm: done $run_token rc=$rc leaks=$leaks tainted=$tainted"
exec >/dev/null 2>&1
/run/vmexit 16
