# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The scenario library: one lab, one way to report, for both datapaths.
#
#   client ns                    gateway ns                        origin ns
#   c0 10.71.1.10 ... .33  ----  lan0 10.71.1.1   wan0 10.71.2.1  ----  o0 10.71.2.10 .11 .12
#      fd71:1::10 ... ::33       fd71:1::1        fd71:2::1             fd71:2::10 ::11 ::12
#   curl, probe.py               forwards; tipharesd               nginx on 80, 8000, 443 (plain HTTP)
#
# A scenario is a bash script in selftests/tiphares:
#
#	. "$(dirname "$0")/../lib.sh"
#	lab_up
#	daemon_conf <<-CONF
#		ports:
#		  - {name: web, listen: 8080, mode: full}
#	CONF
#	daemon_start
#	check "client's address reaches the origin" whoami_is "http://$O4/whoami" src="$C4"
#	finish
#
# Results	check NAME CMD...    check_eq NAME WANT GOT    pass NAME    fail NAME [WHY]    skip NAME WHY
#		skip_all WHY         diag TEXT                 plan N (optional)             finish (must be the end)
#		The script ends with 1 if a result is "not ok" or if it ends before finish.
# Lab		lab_up  in_client CMD...  in_gw CMD...  in_origin CMD...  nsenter_of client|gw|origin
#		$LAB scratch directory  $C4 $C6 first client  ${CLIENT4[@]} ${CLIENT6[@]} all 24
#		$O4 $O6 $O4B $O6B $O4C $O6C origins  $G4 $G6 gateway, client side  $GW4 $GW6 origin side
#		lab_url ADDRESS PATH [PORT]	a URL, IPv6 in brackets
# Waiting	wait_for 'CMD' SECONDS [WHAT]	polls; fails after that time (scaled up in a VM)
# Client	fetch ARGS...	curl with sane limits     body_sha URL...   sha256 of what it got
#		whoami_is URL KEY=VALUE... [-- CURL ARGS]	what the origin saw (keys below)
#		get_same URL NAME	the body of URL is the file NAME (0 1 1M 300M), status 200
# Origin	/f/NAME  /slow/NAME (1 MB/s)  /chunked/NAME  /close/NAME  /204  /whoami  POST /sink
#		origin_mark	forget earlier log lines    origin_log	lines since then
#		origin_saw REGEX [SECONDS]	waits for a log line
#		whoami and log: src= sport= dst= dport= conn= nth= method= uri= host= via= xff= fwd= probe= (X-Probe) len= body=
#		lab_serve KIND PORT [ARGS]	one of probe.py's servers in the origin namespace
# Daemon	daemon_conf < YAML   daemon_start [ARGS]   daemon_stop   daemon_kill   daemon_pid   ctl ARGS...   daemon_log
#		mod_load   mod_unload	the module, where TIPH_DATAPATH=kmod
#
# Environment	TIPH_DATAPATH=kmod|nft (nft)  TIPH_BUILD (build directory)  TIPH_NAPI=1 (veth by NAPI: GRO and the list
#		receive path)  TIPH_KEEP=1 (keep $LAB)  TIPH_KMOD (the module's file)  TIPH_RP_FILTER (2)
#
# Names are unique per run: any number of labs may be up at once, except that the module is one per machine.

set -u
TIPH_SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -z "${TIPH_BUILD:-}" ]; then
	case $TIPH_SELFTESTS in
	*/kselftest) TIPH_BUILD=$(dirname "$TIPH_SELFTESTS") ;;
	*) TIPH_BUILD=$(dirname "$TIPH_SELFTESTS")/build ;;
	esac
fi
export TIPH_BUILD
TIPH_DATAPATH=${TIPH_DATAPATH:-nft}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
TEST_NAME=$(basename "$0" .sh)

# ---- results -------------------------------------------------------------------------------------

tap_count=0 tap_failed=0 tap_plan='' tap_finished='' tap_why=''
check_out=$(mktemp)

tap_begin() {
	[ "$tap_count" = 0 ] && [ -z "$tap_plan" ] && echo "TAP version 13"
	tap_count=$((tap_count + 1))
}
diag() { local l; while IFS= read -r l; do printf '# %s\n' "$l"; done <<<"$*"; }
# what the kernel says next on its console belongs to this
kmark() { [ -z "${TIPH_VM:-}" ] || echo "MARK $TEST_NAME: $*" >/dev/kmsg; }

plan() { echo "TAP version 13"; echo "1..$1"; tap_plan=$1; }
pass() { tap_begin; echo "ok $tap_count $1"; kmark "after: $1"; }
fail() {
	tap_begin
	tap_failed=$((tap_failed + 1))
	local why
	for why in "${@:2}"; do [ -z "$why" ] || diag "$why"; done
	echo "not ok $tap_count $1"
	tap_why+="failed: $tap_count $1"$'\n'"$(printf '%s\n' "${@:2}" | tail -n 6)"$'\n'
	kmark "after: $1"
}
skip() { tap_begin; echo "ok $tap_count $1 # SKIP $2"; }
skip_all() { echo "TAP version 13"; echo "1..0 # SKIP $1"; tap_finished=1; exit 4; }

# check NAME CMD...: passed when the command succeeds (in this shell); its output is shown when it does not
check() {
	local name=$1 rc; shift
	kmark "$name"
	"$@" >"$check_out" 2>&1 </dev/null; rc=$?
	if [ $rc = 0 ]; then
		pass "$name"
	else
		fail "$name" "$* -> $rc" "$(tail -n 30 "$check_out")"
	fi
	return $rc
}
check_not() { local name=$1; shift; check "$name" negate "$@"; }
negate() { ! "$@"; }
check_eq() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "wanted: $2" "got:    $3"
		return 1
	fi
}

finish() {
	[ -z "$daemon_pid" ] || check "the daemon ends when told to, with 0" daemon_stop
	[ -z "$mod_loaded" ] || check "the module is unloaded, nothing holds it" mod_unload
	if [ -n "$tap_plan" ]; then
		[ "$tap_plan" = "$tap_count" ] || { tap_failed=$((tap_failed + 1)); diag "planned $tap_plan results, had $tap_count"; }
	else
		echo "1..$tap_count"
	fi
	[ "$tap_count" -gt 0 ] || { tap_failed=1; diag "no result at all"; }
	tap_finished=1
	[ "$tap_failed" = 0 ]
	exit
}

lab_exit_more() { :; }	# a script's own cleaning up
# The script's end, however it comes about.
lab_exit() {
	local rc=$?
	trap - EXIT
	if [ -z "$tap_finished" ]; then
		diag "$TEST_NAME ended before finish (exit code $rc)"
		tap_failed=$((tap_failed + 1)) rc=1
	fi
	[ "$tap_failed" = 0 ] || lab_show
	lab_down
	lab_exit_more
	rm -f "$check_out"
	exit $rc
}
trap lab_exit EXIT
trap 'diag "stopped by a signal"; exit 1' INT TERM HUP

# ---- waiting -------------------------------------------------------------------------------------

# wait_for 'CMD' SECONDS [WHAT]: an emulated machine gets four times as long
wait_for() {
	local end=$((SECONDS + $2 * (${TIPH_VM:-0} ? 4 : 1)))
	while ! eval "$1" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited in vain for: ${3:-$1}"; return 1; }
		sleep 0.05
	done
}

# ---- the lab -------------------------------------------------------------------------------------

LAB='' NS='' mod_loaded='' daemon_pid='' origin_from=0
G4=10.71.1.1 G6=fd71:1::1 GW4=10.71.2.1 GW6=fd71:2::1
O4=10.71.2.10 O4B=10.71.2.11 O4C=10.71.2.12 O6=fd71:2::10 O6B=fd71:2::11 O6C=fd71:2::12
CLIENT4=() CLIENT6=()
for n in {10..33}; do CLIENT4+=("10.71.1.$n") CLIENT6+=("fd71:1::$n"); done
C4=${CLIENT4[0]} C6=${CLIENT6[0]}

nsenter_of() { echo "nsenter --net=/run/netns/$NS-$1"; }
in_client() { nsenter --net="/run/netns/$NS-client" "$@"; }
in_gw() { nsenter --net="/run/netns/$NS-gw" "$@"; }
in_origin() { nsenter --net="/run/netns/$NS-origin" "$@"; }
lab_url() { case $1 in *:*) echo "http://[$1]${3:+:$3}$2" ;; *) echo "http://$1${3:+:$3}$2" ;; esac; }
die_lab() { diag "lab: $*"; exit 1; }

lab_link() {	# NS-A IF-A NS-B IF-B
	ip link add "$2" netns "$NS-$1" type veth peer name "$4" netns "$NS-$3"
	if [ -n "${TIPH_NAPI:-}" ]; then
		nsenter --net="/run/netns/$NS-$1" ethtool -K "$2" tso off gro on
		nsenter --net="/run/netns/$NS-$3" ethtool -K "$4" tso off gro on
	fi
}

lab_up() {
	local n a labs
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ "$TIPH_DATAPATH" = kmod ] || [ "$TIPH_DATAPATH" = nft ] || die_lab "TIPH_DATAPATH is kmod or nft"
	labs=$TIPH_BUILD/lab
	mkdir -p "$labs" || die_lab "cannot write $TIPH_BUILD"
	# the users that scenarios act as can't come to a checkout in a private directory
	setpriv --reuid 12345 --regid 12345 --clear-groups test -x "$labs" ||
		{ labs=/tmp/tiphares-lab; mkdir -p "$labs"; }
	# what failed runs of other days left behind
	find "$labs" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} + 2>/dev/null
	LAB=$(mktemp -d "$labs/$TEST_NAME.XXXXXX") || die_lab "cannot write $labs"
	chmod 755 "$LAB"
	NS=th${LAB##*.}
	"$TIPH_SELFTESTS/origin/files.sh" "$TIPH_BUILD/www" || die_lab "no files to serve"
	for n in client gw origin; do
		ip netns add "$NS-$n" || die_lab "no namespace"
		nsenter --net="/run/netns/$NS-$n" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
			net.ipv4.conf.all.rp_filter="${TIPH_RP_FILTER:-2}" net.ipv4.conf.default.rp_filter="${TIPH_RP_FILTER:-2}"
		ip -n "$NS-$n" link set lo up
	done
	lab_link client c0 gw lan0
	lab_link gw wan0 origin o0
	{
		for a in "${CLIENT4[@]}"; do echo "addr add $a/24 dev c0"; done
		for a in "${CLIENT6[@]}"; do echo "addr add $a/64 dev c0 nodad"; done
		printf '%s\n' "link set c0 up" "route add default via $G4 src $C4"
	} | lab_ip client
	ip -n "$NS-client" -6 route add default via $G6 src "$C6"
	printf '%s\n' "addr add $G4/24 dev lan0" "addr add $G6/64 dev lan0 nodad" "addr add $GW4/24 dev wan0" \
		"addr add $GW6/64 dev wan0 nodad" "link set lan0 up" "link set wan0 up" | lab_ip gw
	{
		for a in $O4 $O4B $O4C; do echo "addr add $a/24 dev o0"; done
		for a in $O6 $O6B $O6C; do echo "addr add $a/64 dev o0 nodad"; done
		printf '%s\n' "link set o0 up" "route add default via $GW4 src $O4"
	} | lab_ip origin
	ip -n "$NS-origin" -6 route add default via $GW6 src $O6
	in_gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# neighbours are asked for from link-local addresses; those come up to a second later
	for n in client:1 gw:2 origin:1; do
		wait_for "[ \$(ip -n $NS-${n%:*} -6 -o addr show scope link -tentative | wc -l) = ${n#*:} ]" 10 \
			"link-local addresses of ${n%:*}" || die_lab "no link-local address"
	done
	origin_start
}

# lab_ip NS: what stands on stdin, in one go
lab_ip() { ip -n "$NS-$1" -batch - || die_lab "addresses of $1"; }

lab_pids() { local n; for n in client gw origin; do ip netns pids "$NS-$n" 2>/dev/null; done; }

# what helps to understand a failure: in a VM nothing else survives
lab_show() {
	local f
	[ -n "$LAB" ] || return
	for f in daemon.log origin-error.log origin.log; do
		[ -s "$LAB/$f" ] || continue
		diag "---- the end of $f"
		diag "$(tail -n 25 "$LAB/$f")"
	done
	[ -n "${TIPH_VM:-}" ] || { TIPH_KEEP=1; diag "kept: $LAB"; }
	# last, where a reader of the end of a log finds it
	diag "---- what failed"
	diag "${tap_why%$'\n'}"
}

lab_down() {
	local n p
	[ -n "$NS" ] || return
	for p in $(lab_pids); do kill -TERM "$p" 2>/dev/null; done
	wait_for '[ -z "$(lab_pids)" ]' 5 || for p in $(lab_pids); do kill -KILL "$p" 2>/dev/null; done
	[ -z "$mod_loaded" ] || mod_unload
	for n in client gw origin; do ip netns del "$NS-$n" 2>/dev/null; done
	[ -n "${TIPH_KEEP:-}" ] || rm -rf "$LAB"
}

# ---- origin --------------------------------------------------------------------------------------

origin_start() {
	mkdir -p "$LAB/body" "$LAB/tmp"
	sed -e "s,@LAB@,$LAB,g" -e "s,@WWW@,$TIPH_BUILD/www,g" "$TIPH_SELFTESTS/origin/nginx.conf.in" >"$LAB/nginx.conf"
	: >"$LAB/origin.log"
	in_origin nginx -c "$LAB/nginx.conf" -e "$LAB/origin-error.log" >"$LAB/nginx.out" 2>&1 </dev/null &
	wait_for "in_origin curl -sf -m 5 -o /dev/null http://$O4/204 && in_origin curl -sf -m 5 -o /dev/null 'http://[$O6]/204'" 15 ||
		die_lab "nginx does not answer: $(cat "$LAB/nginx.out" "$LAB/origin-error.log" 2>/dev/null)"
	origin_mark
}
origin_mark() { origin_from=$(wc -l <"$LAB/origin.log"); }
origin_log() { tail -n +$((origin_from + 1)) "$LAB/origin.log"; }
origin_saw() { wait_for "origin_log | grep -qE -- $(printf %q "$1")" "${2:-5}" "$1 in the origin's log"; }

lab_serve() {
	local kind=$1 port=$2; shift 2
	in_origin python3 "$TIPH_SELFTESTS/probe.py" serve "$kind" "$port" "$@" >>"$LAB/serve-$port.log" 2>&1 </dev/null &
	wait_for "in_origin ss -Hltn 'sport = :$port' | grep -q ." 15 "a server on port $port"
}
probe() { in_client python3 "$TIPH_SELFTESTS/probe.py" "$@"; }

# ---- client --------------------------------------------------------------------------------------

fetch() { in_client curl -sS --noproxy '*' --connect-timeout 20 -m 240 "$@"; }
body_sha() { fetch "$@" | sha256sum | cut -d ' ' -f 1; }
file_sha() { sed -n "s,^\([0-9a-f]*\)  $1\$,\1,p" "$TIPH_BUILD/www/f.sha256"; }

# get_same URL NAME [CURL ARGS]
get_same() {
	local url=$1 name=$2 got want; shift 2
	want=$(file_sha "$name")
	got=$(set -o pipefail; fetch -f "$@" "$url" | sha256sum) || { echo "$url: no complete answer"; return 1; }
	[ -n "$want" ] && [ "${got%% *}" = "$want" ] || { echo "$url is not the file $name: ${got%% *}, wanted $want"; return 1; }
}

# whoami_is URL KEY=VALUE... [-- CURL ARGS]: each word must stand in the answer
whoami_is() {
	local url=$1 got word bad=0; shift
	local words=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do words+=("$1"); shift; done
	[ $# = 0 ] || shift
	got=$(fetch -f "$@" "$url") || { echo "no answer from $url: $got"; return 1; }
	for word in "${words[@]}"; do
		case " $got " in *" $word "*) ;; *) echo "missing: $word"; bad=1 ;; esac
	done
	[ $bad = 0 ] || { echo "the origin saw: $got"; return 1; }
}

# ---- daemon and module ---------------------------------------------------------------------------

mod_file() {
	if [ -n "${TIPH_KMOD:-}" ]; then
		echo "$TIPH_KMOD"
	elif [ -n "${TIPH_KERNEL:-}" ]; then
		echo "$TIPH_BUILD/kmod-$TIPH_KERNEL/tiphares.ko"
	else
		echo "$TIPH_BUILD/tiphares.ko"
	fi
}
mod_load() {
	local m
	[ -d /sys/module/tiphares ] && return
	for m in $(modinfo -F depends "$(mod_file)" | tr ',' ' '); do modprobe -q "$m"; done	# else insmod says it
	insmod "$(mod_file)" || die_lab "cannot load $(mod_file)"
	mod_loaded=1
}
mod_unload() {
	wait_for 'rmmod tiphares || ! [ -d /sys/module/tiphares ]' 10 "rmmod tiphares" || {
		rmmod tiphares
		return 1
	}
	mod_loaded=''
}

# daemon_conf < YAML: what the lab needs is added, unless the scenario says otherwise
daemon_conf() {
	local yaml key
	yaml=$(cat)
	for key in "datapath: $TIPH_DATAPATH" "user: nobody" "admin: {socket: $LAB/admin.sock}"; do
		grep -q "^${key%%:*}:" <<<"$yaml" || echo "$key"
	done >"$LAB/tiphares.yaml"
	printf '%s\n' "$yaml" >>"$LAB/tiphares.yaml"
}
ctl() { "$TIPH_BUILD/tipharesctl" --admin "$LAB/admin.sock" "$@"; }
daemon_under=()	# what to start it by; it must end in an exec
daemon_alive() { [ -n "$daemon_pid" ] && kill -0 "$daemon_pid" 2>/dev/null; }
# the admin socket answers before the first configuration is in force
daemon_serves() { ctl --json status | grep -q '"generation": [1-9]'; }
daemon_log() { cat "$LAB/daemon.log"; }

daemon_start() {
	[ -x "$TIPH_BUILD/tipharesd" ] || die_lab "$TIPH_BUILD/tipharesd is not built"
	[ "$TIPH_DATAPATH" = nft ] || mod_load
	rm -f "$LAB/admin.sock"
	# no function in between: $! must be the daemon itself, which signals are meant for
	nsenter --net="/run/netns/$NS-gw" "${daemon_under[@]}" "$TIPH_BUILD/tipharesd" -c "$LAB/tiphares.yaml" --foreground --datapath "$TIPH_DATAPATH" \
		--admin "$LAB/admin.sock" "$@" >>"$LAB/daemon.log" 2>&1 </dev/null &
	daemon_pid=$!
	wait_for "daemon_serves || ! daemon_alive" 20 "a configuration in force" && daemon_alive && return
	diag "the daemon did not start: $(tail -n 20 "$LAB/daemon.log")"
	daemon_pid=''
	return 1
}

# daemon_stop: TERM; must end with 0
daemon_stop() {
	local rc
	[ -n "$daemon_pid" ] || return 0
	kill -TERM "$daemon_pid" 2>/dev/null
	wait_for '! daemon_alive' 20 "the daemon's end" || kill -KILL "$daemon_pid"
	wait "$daemon_pid"; rc=$?
	daemon_pid=''
	[ $rc = 0 ] || echo "the daemon ended with $rc: $(tail -n 5 "$LAB/daemon.log")"
	return $rc
}

# daemon_kill: kill -9 of all its processes at once
daemon_kill() {
	local p pids
	pids="$daemon_pid $(pgrep -P "$daemon_pid")"
	for p in $pids; do kill -KILL "$p" 2>/dev/null; done
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=''
}
