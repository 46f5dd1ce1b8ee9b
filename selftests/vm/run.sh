#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [options] SCRIPT [ARGS]: boot a kernel on this machine's own root (read-only, changes are lost) and
# run a bash script in it. Everything has the same path there as here.
#
#	--kernel KEY	of scripts/kernel.sh, or the path of an image (6.1)
#	--modroot DIR	modules of an image given by path: DIR/lib/modules/RELEASE; "-" if all is built in
#	--smp N		processors (2)
#	--mem M		memory (1536M)
#	--timeout S	for the script, from its start (300)
#	--icount	one processor that takes a nanosecond for each instruction: what rdtsc counts is instructions
#	--qemu ARG	one more word for QEMU; may be repeated
#	--append ARG	one more word for the kernel's command line; may be repeated
#	--name NAME	of the directory of logs, build/vm/NAME (KEY-SCRIPT)
#	--quiet		the guest's output goes to the log only
#
# Variables of the environment whose names begin with TIPH_ reach the script; TIPH_BUILD and TIPH_KERNEL (the
# key) are always set there.
#
# Exit code:
#	0	the script ended with 0 and the kernel has nothing to complain about
#	1	the script failed (or ran out of its time)
#	2	wrong usage, or the host cannot do it
#	3	the kernel complained: panic, oops, warning, any splat, a leak
#	5	the machine hung
#	6	the machine ended early: the token that stands behind the last line of a run is missing
#
# On a kernel with GCOV, the counters of the module's lines are left in BUILD/coverage.
#
# Passed is what shows all of: QEMU's exit code that only vmexit makes, the token, rc 0, a clean console.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${TIPH_BUILD:-$top/build}
grace=${TIPH_VM_GRACE:-120}	# seconds for all but the script
virtiofsd=/usr/lib/qemu/virtiofsd

splats='BUG:|WARNING:|Oops|general protection fault|Kernel panic|KASAN|KFENCE: |UBSAN:|KCSAN:'
splats+='|possible circular locking|possible recursive locking|inconsistent lock state|suspicious RCU usage'
splats+='|sleeping function called|invalid context|bad unlock balance|held lock freed|lock held when returning'
splats+='|ODEBUG|INFO: task .* blocked|rcu.*(stall|self-detected)|soft lockup|hard LOCKUP|refcount_t:'
splats+='|Poison overwritten|Redzone overwritten|Right Redzone|Object .* corrupt|Freelist|page dumped because'
splats+='|unregister_netdevice: waiting|double fault|unable to handle|Bad page|scheduling while atomic|list_(add|del) corruption'

die() { echo "run: $*" >&2; exit 2; }
usage() { sed -n '4,18s/^# \?//p' "$0" >&2; exit 2; }

kernel=6.1 modroot='' accel='tcg,thread=multi' icount='' smp=2 mem=1536M timeout=300 append='' name='' quiet='' qemu_args=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=${2:?} && shift 2 ;;
	--modroot) modroot=${2:?} && shift 2 ;;
	--smp) smp=${2:?} && shift 2 ;;
	--mem) mem=${2:?} && shift 2 ;;
	--timeout) timeout=${2:?} && shift 2 ;;
	--icount) accel=tcg icount='-icount shift=0,sleep=off' smp=1 append+=' hung_task_panic=0' && shift ;;
	--qemu) qemu_args+=("${2:?}") && shift 2 ;;
	--append) append+=" ${2:?}" && shift 2 ;;
	--name) name=${2:?} && shift 2 ;;
	--quiet) quiet=1 && shift ;;
	-*) usage ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || usage
script=$(readlink -f "$1")
[ -r "$script" ] || die "no script $1"
shift

[ "$(id -u)" = 0 ] || die "needs root, to share this machine's files with the guest"
for t in qemu-system-x86_64 $virtiofsd busybox cpio gcc modprobe; do
	command -v $t >/dev/null || die "missing: $t (scripts/deps.sh check)"
done

case $kernel in
*/*)
	image=$(readlink -f "$kernel") && [ -r "$image" ] || die "no kernel image $kernel"
	key=$(basename "$kernel")
	modroot=${modroot:--} release=-
	[ "$modroot" = - ] || release=$(basename "$modroot"/lib/modules/*) ;;
*)
	key=$kernel
	image=$("$top/scripts/kernel.sh" image "$key") || exit 2
	modroot=$("$top/scripts/kernel.sh" modroot "$key") || exit 2
	release=$("$top/scripts/kernel.sh" release "$key") || exit 2 ;;
esac
name=${name:-$key-$(basename "$script" .sh)}
dir=$build/vm/$name
mkdir -p "$dir" || exit 2
exec 9>"$dir/lock"
flock -n 9 || die "a run named $name is under way (--name)"

token=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
{
	# its clock leaps while it waits for this machine
	[ -z "$icount" ] || guest_timeout=$((timeout * 10000))
	printf '%s=%q\n' run_token "$token" run_script "$script" run_release "$release" run_modroot "$modroot" \
		run_timeout "${guest_timeout:-$timeout}" run_cwd "$PWD" TIPH_BUILD "$build" TIPH_KERNEL "$key"
	for v in $(compgen -e TIPH_); do
		case $v in TIPH_BUILD | TIPH_KERNEL | TIPH_VM) ;; *) printf '%s=%q\n' "$v" "${!v}" ;; esac
	done
	printf 'export TIPH_BUILD TIPH_KERNEL %s\n' "$(compgen -e TIPH_ | tr '\n' ' ')"
} >"$dir/env"
: >"$dir/args"
[ $# = 0 ] || printf '%s\0' "$@" >"$dir/args"
"$here/initrd.sh" "$dir/initrd" "$modroot" "$release" >"$dir/initrd.log" 2>&1 ||
	die "cannot make the initramfs: $dir/initrd.log"

# The share: our root as it is, in a mount namespace where it cannot be written. It must outlive us not at all.
sock='' vfs_pid='' qemu_pid='' tee_pid=''
cleanup() {
	[ -n "$qemu_pid" ] && kill "$qemu_pid" 2>/dev/null
	[ -n "$vfs_pid" ] && kill "$vfs_pid" 2>/dev/null
	[ -n "$tee_pid" ] && kill "$tee_pid" 2>/dev/null
	[ -n "$sock" ] && rm -rf "$sock"
}
trap cleanup EXIT
trap 'exit 2' INT TERM HUP

share_root() {
	local n
	sock=$(mktemp -d) || exit 2
	unshare -m sh -c 'mount --make-rprivate / && mount --rbind / /mnt && mount -o remount,ro,bind /mnt &&
		exec "$0" --socket-path="$1" -o source=/mnt -o cache=always -o sandbox=chroot --thread-pool-size=0' \
		$virtiofsd "$sock/vfs" >"$dir/virtiofsd.log" 2>&1 </dev/null 9>&- &
	vfs_pid=$!
	for n in $(seq 500); do
		[ -S "$sock/vfs" ] && return
		kill -0 $vfs_pid 2>/dev/null || break
		sleep 0.02
	done
	die "virtiofsd did not start: $dir/virtiofsd.log"
}

boot() {
	share_root
	rm -f "$dir/result.log" "$dir/console.log"
	mkfifo "$sock/result"
	if [ -n "$quiet" ]; then
		cat <"$sock/result" >"$dir/result.log" 9>&- &
	else
		tee "$dir/result.log" <"$sock/result" 9>&- | grep -a -v --line-buffered '^# gcov: ' 9>&- &
	fi
	tee_pid=$!
	# shellcheck disable=SC2086
	# the guest ends the script in time; what is longer than that is a hang of the machine
	timeout -k 5 $((timeout + grace)) qemu-system-x86_64 -machine q35 -accel "$accel" $icount \
		-cpu max,-cx16,la57=off -smp "$smp" -m "$mem" \
		-object memory-backend-memfd,id=mem,size="$mem",share=on -numa node,memdev=mem \
		-nodefaults -no-user-config -display none -no-reboot \
		-chardev file,id=c0,path="$dir/console.log" -serial chardev:c0 \
		-chardev file,id=c1,path="$sock/result" -serial chardev:c1 \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 \
		-chardev socket,id=vfs,path="$sock/vfs" -device vhost-user-fs-pci,queue-size=1024,chardev=vfs,tag=root \
		-kernel "$image" -initrd "$dir/initrd" -append "console=ttyS0 tiph.guest=$here/guest.sh tiph.dir=$dir \
panic=-1 oops=panic panic_on_warn=1 softlockup_panic=1 hung_task_panic=1 mitigations=off tsc=reliable \
no_timer_check loglevel=7$append" "${qemu_args[@]}" >"$dir/qemu.log" 2>&1 </dev/null 9>&- &
	qemu_pid=$!
	wait $qemu_pid
	qemu_rc=$?
	qemu_pid=''
	wait $tee_pid
	tee_pid=''
	kill $vfs_pid 2>/dev/null
	wait $vfs_pid 2>/dev/null
	vfs_pid=''
	rm -rf "$sock"
}

# A machine that never reached user space says nothing about the script: once more, and tell it.
tries=0
while :; do
	tries=$((tries + 1))
	boot
	grep -q '^# vm: user space' "$dir/result.log" 2>/dev/null && break
	[ $tries -lt 3 ] || die "the machine did not reach user space in $tries tries: $dir/console.log $dir/qemu.log"
	echo "# vm: no user space (QEMU ended with $qemu_rc), trying again" >&2
done

verdict() {
	local code=$1; shift
	echo "# vm: FAILED: $name: $*"
	echo "# vm: logs: $dir/result.log $dir/console.log"
	exit "$code"
}

# how often lines of the module were run, for scripts/kmod-coverage.py
if grep -qa '^# gcov: ' "$dir/result.log"; then
	mkdir -p "$build/coverage"
	sed -n 's/^# gcov: //p' "$dir/result.log" | tr -d '\r' | base64 -d >"$build/coverage/$token.tgz"
fi
done_line=$(grep "^# vm: done $token " "$dir/result.log")
rc=$(sed -n 's/.* rc=\([0-9]*\) .*/\1/p' <<<"$done_line")
leaks=$(sed -n 's/.* leaks=\([a-z0-9]*\).*/\1/p' <<<"$done_line")
splat=$(grep -a -m 1 -E "$splats" "$dir/console.log" | tr -d '\r')
mark=$(grep -a -B 100000 -m 1 -E "$splats" "$dir/console.log" | tr -d '\r' | grep -a 'MARK ' | tail -n 1 | sed 's/.*MARK //')
where=${mark:+ (in $mark)}

if [ "$qemu_rc" = 124 ] || [ "$qemu_rc" = 137 ]; then
	verdict 5 "the machine hung and was ended after $((timeout + grace)) s${splat:+; console: $splat}"
fi
if grep -qa 'Kernel panic' "$dir/console.log"; then
	verdict 3 "the kernel panicked$where: $splat"
fi
[ -z "$splat" ] || verdict 3 "the kernel complained$where: $splat"
[ -n "$done_line" ] || verdict 6 "the machine ended early (QEMU: $qemu_rc): the closing token is missing"
[ "$qemu_rc" = 33 ] || verdict 6 "the machine ended with $qemu_rc instead of the exit code of a complete run"
case $leaks in none | 0) ;; *) verdict 3 "kmemleak reports $leaks objects: $dir/console.log" ;; esac
case $rc in
0) ;;
124 | 137) verdict 1 "the script did not end within $timeout s" ;;
*) verdict 1 "the script ended with $rc" ;;
esac
exit 0
