#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What explain says of connections made by chance is what becomes of them, for ports and bypass entries made by chance.
# TIPH_EXPLAIN=N: so many connections; make check-explain does 10,000 on both datapaths.
. "$(dirname "$0")/proxy.inc"
lab_up
lab_ip gw <<-END
	route add 198.51.100.0/24 via $O4
	route add 172.20.0.0/16 via $C4
	route add 2001:db8:5::/48 via $O6
	route add fd71:20::/48 via $C6
END
total=${TIPH_EXPLAIN:-$(by_size 500 200)}
seed=${TIPH_FUZZ_SEED:-$RANDOM}
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: first, listen: 8080, mode: full, match: {ports: [80]}}
CONF
check "the daemon starts" daemon_start || finish
diag "seed $seed (TIPH_FUZZ_SEED)"
conf=$LAB/tiphares.yaml
sed '/^ports:/,$d' "$conf" >"$conf.base"
compare() {
	in_gw /usr/bin/python3 "$(dirname "$0")/explain_random.py" $TIPH_DATAPATH "$LAB/admin.sock" "$conf" $NS-client \
		$((total / 25)) 25 $seed | tee "$LAB/compared"
	return ${PIPESTATUS[0]}
}
check "$total connections: what was said is what happened" compare
diag "$(tail -n 2 "$LAB/compared")"

# and one after the other: a bypass entry is named, and what it did is remembered
cat "$conf.base" - >"$conf" <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	bypass: {static: [{destination: $O4B}, {destination: "$O6B", port: 80}]}
CONF
ctl reload >/dev/null
entry_is() { ctl --json explain "$1" "$2" | in_json "j['verdict'] == 'bypass_static' and j['bypass']['destination'] == '$3'"; }
past_is() { ctl --json explain "$1" "$2" | in_json "[p['verdict'] for p in j['past']] == [$3]"; }
for f in 4 6; do
	b=O${f}B b=${!b} c=C$f c=${!c} o=O$f o=${!o}
	at=$(of_family $b $b:80 "[$b]:80") other=$(of_family $o $o:80 "[$o]:80")
	check "IPv$f: the entry that covers it" wait_for "entry_is $c $at $b/$(of_family $b 32 128)" 20
	check "IPv$f: and it is forwarded" direct $b 80
	if [ $TIPH_DATAPATH = kmod ]; then
		check "IPv$f: the module remembers that" past_is $c $at "'bypass_static'"
		check "IPv$f: and nothing of another" past_is $c $other ""
	else
		check "IPv$f: nft remembers nothing" past_is $c $at ""
	fi
done
finish
