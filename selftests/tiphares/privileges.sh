#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The process that speaks with the network has nothing to lose: no root, no capability, no way to get one.
#
#   client  ----  gateway: privileged parent, worker as nobody  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
daemon_conf <<-CONF
	workers: 2
	user: nobody
	hang_timeout: $(by_size 2s 8s)
	ports:
	  - {name: full, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: outbound, listen: 8082, mode: outbound}
CONF
check "the daemon starts" daemon_start || finish
worker=$(worker_pid)
nobody=$(id -u nobody) group=$(id -g nobody)

# every thread of it, before and after traffic: a privilege that one thread keeps is a privilege
all_threads() {	# FIELD "VALUE"
	local t got
	for t in "/proc/$worker"/task/*/status; do
		got=$(awk -v f="$1:" '$1 == f { $1 = ""; print }' "$t" | xargs)
		[ "$got" = "$2" ] || { echo "$t: $1 is \"$got\", wanted \"$2\""; return 1; }
	done
}
look() {
	check "$1: user" all_threads Uid "$nobody $nobody $nobody $nobody"
	check "$1: group" all_threads Gid "$group $group $group $group"
	check "$1: no supplementary groups" all_threads Groups ""
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		check "$1: $set is empty" all_threads $set 0000000000000000
	done
	check "$1: no new privileges" all_threads NoNewPrivs 1
	check "$1: system calls are filtered" all_threads Seccomp 2
}
check "the worker is another process" test "$worker" != "$daemon_pid"
check "the worker has more than one thread" test "$(ls "/proc/$worker/task" | wc -l)" -ge 2
check_not "the parent would not pass: it keeps what it needs" grep -q 'CapEff:\s*0000000000000000' "/proc/$daemon_pid/status"
look "idle"
for to in $O4 $O6; do
	check "it takes the client's address all the same: $to" intercepted $to 80 src="$(client_of $to)"
	check "where it is asked, too: $to" says "src=$(client_of $to) " asked 8082 $to /whoami
done
look "after traffic"

# What it holds: no netlink socket, no file that can be written but its log and its channels.
held() { ls -l "/proc/$worker/fd" | sed -n 's/.* -> //p'; }
held >"$LAB/held"
inodes=$(in_gw ss -Hf netlink -ae 2>/dev/null | grep -c "tipharesd/$worker ")
check_eq "it holds no netlink socket" 0 "$inodes"
check "only the parent does, or nobody" test "$(in_gw ss -Hf netlink -a -p 2>/dev/null | grep -c "/$worker ")" = 0
check_not "it holds no directory or file of the system" grep -E '^/(etc|proc|sys|dev/mem|root|home)' "$LAB/held"
check "the admin socket is not for everybody" says '^(600|640|660) ' stat -c '%a %U' "$LAB/admin.sock"
# a worker that is killed is replaced, also where the parent has no right to send it a signal
worker_status() { ctl --json status | in_json "$1"; }
check "the parent could not kill it by a signal" test "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$daemon_pid/status" | sed 's/.*\(..\)$/0x\1/')" = 0xc4
check "who may look may not change" says '^403$' in_gw setpriv --reuid 12345 --regid "$group" --clear-groups \
	curl -sS --noproxy '*' -o /dev/null -w '%{http_code}\n' --unix-socket "$LAB/admin.sock" -X POST http://localhost/v1/reload
check "who is in its group may look" says '^200$' in_gw setpriv --reuid 12345 --regid "$group" --clear-groups \
	curl -sS --noproxy '*' -o /dev/null -w '%{http_code}\n' --unix-socket "$LAB/admin.sock" http://localhost/v1/status
check_not "nobody else may even connect" in_gw setpriv --reuid 12345 --regid 12345 --clear-groups \
	curl -sS --noproxy '*' -o /dev/null --unix-socket "$LAB/admin.sock" http://localhost/v1/status
check "the daemon ends" daemon_stop

# The service's unit: a parent that is not root, with the capabilities that the unit names and no other.
unit=$TIPH_SELFTESTS/tiphares.service
[ -e "$unit" ] || unit=$(dirname "$TIPH_SELFTESTS")/systemd/tiphares.service
caps=$(sed -n 's/^AmbientCapabilities=//p' "$unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
cat >"$LAB/unit" <<-'SCRIPT'
	#!/bin/sh
	caps=$1 group=$2; shift 2
	exec setpriv --reuid 12346 --regid "$group" --clear-groups --inh-caps "-all,$caps" --ambient-caps "$caps" \
		--bounding-set "-all,$caps" --no-new-privs "$@"
SCRIPT
chmod 755 "$LAB/unit"
chown 12346 "$LAB"
daemon_under=("$LAB/unit" "$caps" "$group")
check "the unit's capabilities are enough to start" daemon_start || finish
worker=$(worker_pid)
check "its parent is not root" test "$(awk '$1 == "Uid:" { print $2 $3 $4 $5 }' "/proc/$daemon_pid/status")" = 12346123461234612346
[ -n "${TIPH_VM:-}" ] || look "a worker of the unit"	# no kernel decides about it
for to in $O4 $O6; do
	check "it works: $to" intercepted $to 80 src="$(client_of $to)"
	check "and: $to" says "src=$(client_of $to) " asked 8082 $to /whoami
done
check "it reloads" ctl reload
check "and has" wait_for 'worker_status "j[\"reloads\"] == 1"' 10
kill -STOP "$worker"
check "a worker that hangs is replaced" wait_for 'ctl --json status | grep -q "\"worker_restarts\": 1"' 60
if command -v systemd-analyze >/dev/null; then
	check "the unit's exposure is at most 2.0" says 'Overall exposure level for tiphares.service: ([01]\.[0-9]|2\.0) ' \
		systemd-analyze security --offline=true "$unit"
else
	skip "the unit's exposure" "no systemd-analyze"
fi
finish
