#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Bypass: what an entry covers is forwarded, all else intercepted, and a flow keeps its verdict for life.
#
#   client (24 addresses a family)  ----  gateway: full on :80 and :8000, entries  ----  origin (3 addresses a family)
. "$(dirname "$0")/kmod.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "this asks the module"
lab_up
daemon_conf <<-CONF
	workers: 1
	ports: [{name: web, listen: 8080, mode: full, match: {ports: [80, 8000]}}]
CONF
second_of() { of_family "$1" "$O4B" "$O6B"; }
other_client() { of_family "$1" "${CLIENT4[1]}" "${CLIENT6[1]}"; }
taken() { intercepted "$1" "${2:-80}" src="${3:-$(client_of "$1")}" -- --interface "${3:-$(client_of "$1")}"; }
let_by() { direct "$1" "${2:-80}" src="${3:-$(client_of "$1")}" -- --interface "${3:-$(client_of "$1")}"; }
list_is() { diff <(genl bypass get "$1") <(printf '%s\n' "${@:2}" | sed '/^$/d'); }
counted() { [ "$(counter "$1" "$2")" -ge "$3" ]; }

check "the daemon starts" daemon_start || finish
genl_start
check "events are heard" events_start
for to in $O4 $O6; do
	second=$(second_of $to) net=$(of_family $to 10.71.2.11/32 fd71:2::11/128) wide=$(of_family $to 10.71.2.0/24 fd71:2::/64)
	own=$(client_of $to) other=$(other_client $to)
	check "$to: intercepted without entries" taken $to
	check "$to: static, a destination" genl bypass add static destination=$second
	check "$to: it is forwarded" let_by $second
	check "$to: and nothing else" taken $to
	check_eq "$to: the list" "static destination=$net" "$(genl bypass get static)"
	check "$to: explained" explains "bypass_static web destination=$net" source=$own destination=$second dport=80
	check "$to: and so is the rest" explains "intercepted web" source=$own destination=$to dport=80

	check "$to: static, a client and a wider destination" genl bypass replace static source=$own,destination=$wide
	check "$to: the client's are forwarded" let_by $to
	check "$to: to any of them" let_by $second
	check "$to: another client's are not" taken $to 80 $other
	check "$to: static, with a port" genl bypass replace static destination=$wide,port=8000
	check "$to: that port is forwarded" let_by $to 8000
	check "$to: the other is not" taken $to
	check "$to: a port only" genl bypass replace static port=80
	check "$to: that port is forwarded, too" let_by $to
	check "$to: removed" genl bypass del static port=80
	check "$to: intercepted again" taken $to
	check "$to: what is not there can't be removed" refused "No such file.*no such entry" bypass del static port=80

	check "$to: dynamic, for an hour" genl bypass add dynamic destination=$second,ttl=3600000,reason=3
	check "$to: dynamic: forwarded" let_by $second
	check "$to: dynamic: counted and listed" list_is dynamic "dynamic destination=$net reason=3 hits=1"
	check "$to: dynamic: explained" explains "bypass_dynamic web destination=$net reason=3 hits=1" source=$own destination=$second dport=80
	check "$to: dynamic: notified" wait_for "told '^bypass dynamic destination=$net reason=3'" 20
	check "$to: never: it is not forwarded" genl bypass add never destination=$wide
	check "$to: never: intercepted" taken $second
	check "$to: never: a new one is refused" refused "Permission denied.*never list" bypass add dynamic destination=$second,port=80,ttl=1000
	check "$to: never: what it does not cover whole is taken" genl bypass add dynamic source=$other,ttl=3600000
	check "$to: never: and has no effect there" taken $to 80 $other
	check "$to: never is no more" genl bypass flush never
	check "$to: dynamic again" let_by $second
	check "$to: by its client, too" let_by $to 80 $other
	check "$to: a shorter life" genl bypass add dynamic destination=$second,ttl=1,reason=0
	check "$to: it ends by itself" wait_for "told '^end dynamic destination=$net .*end=0'" 20
	check "$to: intercepted after its end" taken $second
	check "$to: flushed" genl bypass flush dynamic
	check "$to: told" wait_for "told '^end dynamic source=$other/.*end=2'" 20
	check "$to: all intercepted" taken $to 80 $other
done
check "the verdicts are counted" wait_for "counted web bypass_static 8 && counted web bypass_dynamic 6" 20

# the oldest goes
check "a limit" genl bypass limit 2
for n in 1 2 3; do check "entry $n" genl bypass add dynamic port=$n,ttl=3600000; done
check "one is refreshed" genl bypass add dynamic port=2,ttl=3600000,reason=1
check "entry 4" genl bypass add dynamic port=4,ttl=3600000
check "the newest are there" list_is dynamic "dynamic port=2 reason=1 hits=0" "dynamic port=4 reason=0 hits=0"
check "the oldest were evicted" wait_for "told '^end dynamic port=3 .*end=1'" 20
check_eq "as the module says" "limit=2 entries=2" "$(genl info | grep -o 'limit.*')"
check "the limit is lower" genl bypass limit 1
check_eq "one is left" "limit=1 entries=1" "$(genl info | grep -o 'limit.*')"

# what the daemon's death leaves
check "the daemon goes" daemon_kill
check "a new one comes" daemon_start
check "dynamic entries are still there" list_is dynamic "dynamic port=4 reason=0 hits=0"
check "the limit is what it was" genl bypass limit 100000
check "all go" genl bypass flush dynamic

# a flow keeps its verdict for life
fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >"$LAB/ours" 2>&1 & ours=$!
check "an intercepted download runs" wait_for 'flows_are 1' 20
check "all is bypassed" genl bypass add static port=80
fetch -o /dev/null "$(lab_url $O6 /slow/300M)" >"$LAB/theirs" 2>&1 & theirs=$!
check "a bypassed download runs" wait_for 'in_origin ss -Htn state established | grep -q "\[$O6\]:80"' 20
check "nothing is bypassed" genl bypass flush static
check "new ones are intercepted" taken $O6
check "the bypassed download goes on" kill -0 $theirs
check "and is not ours" flows_are 1
check "the intercepted one goes on" kill -0 $ours
end_job $ours
end_job $theirs

# many
begun=$(date +%s%N)
check "100000 static entries" genl bypass replace static -100000
diag "100000 entries took $((($(date +%s%N) - begun) / 1000000)) ms"
check "and one more" genl bypass add static destination=$O4B
check_eq "all are listed" 100001 "$(genl bypass count static)"
check "one of them decides" explains "bypass_static web destination=198.19.134.157/32" source=$C4 destination=198.19.134.157 dport=80
check "one at the end, too" explains "bypass_static web destination=2001:db8::1:869f/128" source=$C6 destination=2001:db8::1:869f dport=80
check "the last one" let_by $O4B
check "what they do not cover is intercepted" taken $O4
check "in IPv6, too" taken $O6
check "dynamic ones beside" genl bypass add dynamic source=10.71.1.9,ttl=3600000 destination=fd71:2::99,ttl=3600000,port=81
check "intercepted all the same" taken $O4
check "no longer" genl bypass flush static
check "forwarded no more" taken $O4B
finish
